//! From an endpoint to a provider: the id and the secret key.

use wellspring_core::{ClientSecret, TokenError};

use crate::endpoint::Endpoint;
use crate::hive::HiveAuth;

/// The environment variables of [`Endpoint::credentials_from_env`].
const ID: &str = "HIVE_ID";
const SECRET_KEY: &str = "HIVE_SECRET_KEY";

impl Endpoint {
    /// The provider for these credentials. Both are sent as they are, whatever their length.
    ///
    /// # Errors
    ///
    /// Fails if the id or the secret key is empty.
    pub fn credentials(
        self,
        id: impl Into<String>,
        secret_key: impl Into<ClientSecret>,
    ) -> Result<HiveAuth, TokenError> {
        let (id, secret_key) = (id.into(), secret_key.into());
        if id.is_empty() {
            return Err(TokenError::misconfigured("the id is empty"));
        }
        if secret_key.expose().is_empty() {
            return Err(TokenError::misconfigured("the secret key is empty"));
        }
        Ok(HiveAuth::new(self, id, secret_key))
    }

    /// Like [`credentials`](Self::credentials), with the environment variables `HIVE_ID` and `HIVE_SECRET_KEY`.
    ///
    /// # Errors
    ///
    /// Fails if a variable is not set, is not UTF-8, or is empty. The error names a variable that cannot be read.
    #[expect(clippy::disallowed_methods, reason = "configuration is made here")]
    pub fn credentials_from_env(self) -> Result<HiveAuth, TokenError> {
        self.credentials_from(|name| std::env::var_os(name).and_then(|value| value.into_string().ok()))
    }

    fn credentials_from(self, read: impl Fn(&str) -> Option<String>) -> Result<HiveAuth, TokenError> {
        let variable = |name| {
            read(name).ok_or_else(|| {
                TokenError::misconfigured(format!(
                    "the environment variable {name} is not set or is not UTF-8"
                ))
            })
        };
        self.credentials(variable(ID)?, variable(SECRET_KEY)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wellspring_core::ErrorKind;

    #[test]
    fn credentials_come_from_two_variables_and_the_error_names_the_missing_one() {
        let read = |name: &str| (name == "HIVE_ID").then(|| "operator".to_owned());
        let error = HiveAuth::sandbox().credentials_from(read).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains("HIVE_SECRET_KEY"), "{error}");
        assert!(HiveAuth::sandbox().credentials_from(|name| Some(name.to_owned())).is_ok());
    }

    #[test]
    fn empty_credentials_are_rejected_before_any_request() {
        for (id, secret_key) in [("", "1234"), ("test", "")] {
            let error = HiveAuth::live().credentials(id, secret_key).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
        }
    }
}
