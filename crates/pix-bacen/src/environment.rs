//! Client id and secret from the environment.

use wellspring_core::{ClientSecret, TokenError};

/// The environment variables that the published page names.
const CLIENT_ID: &str = "CLIENT_ID";
const CLIENT_SECRET: &str = "CLIENT_SECRET";

/// Reads client id and secret from the two environment variables.
pub(crate) fn from_environment(
    read: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<(String, ClientSecret), TokenError> {
    let variable = |name: &str| {
        read(name)
            .ok_or_else(|| TokenError::misconfigured(format!("the environment variable {name} is not set")))?
            .into_string()
            .map_err(|_| TokenError::misconfigured(format!("the environment variable {name} is not UTF-8")))
    };
    Ok((variable(CLIENT_ID)?, ClientSecret::new(variable(CLIENT_SECRET)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_missing_variable() {
        let neither = from_environment(|_| None).unwrap_err();
        assert_eq!(neither.to_string(), "the environment variable CLIENT_ID is not set");
        let only_id = from_environment(|name| (name == "CLIENT_ID").then(|| "id".into())).unwrap_err();
        assert_eq!(only_id.to_string(), "the environment variable CLIENT_SECRET is not set");
        let (id, secret) = from_environment(|name| Some(format!("value of {name}").into())).unwrap();
        assert_eq!((id.as_str(), secret.expose()), ("value of CLIENT_ID", "value of CLIENT_SECRET"));
    }
}
