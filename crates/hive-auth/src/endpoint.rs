//! Where tokens come from, before anybody has credentials there.

use wellspring_core::{ClientSecret, Origin, TokenError};

use crate::HiveAuth;

/// The environment variables of [`Endpoint::credentials_from_env`].
const ID: &str = "HIVE_ID";
const SECRET_KEY: &str = "HIVE_SECRET_KEY";

/// The auth service without credentials. Made by [`HiveAuth::live`] and its neighbours;
/// [`credentials`](Self::credentials) makes it a provider.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: String,
}

impl Endpoint {
    /// One of the hosts on the page.
    pub(crate) fn published(base: &str) -> Self {
        Self { base: base.to_owned() }
    }

    pub(crate) fn at(url: &str) -> Result<Self, TokenError> {
        Origin::of(url)
            .map_err(|error| TokenError::misconfigured(format!("the base URL is no good: {error}")))?;
        if url.contains('?') {
            return Err(TokenError::misconfigured("the base URL must not carry a query"));
        }
        Ok(Self { base: url.trim_end_matches('/').to_owned() })
    }

    /// The service as the owner of these credentials knows it. Both are sent as they are, whatever their length.
    ///
    /// # Errors
    ///
    /// When one of them is empty.
    pub fn credentials(
        self,
        id: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Result<HiveAuth, TokenError> {
        let (id, secret_key) = (id.into(), ClientSecret::new(secret_key));
        if id.is_empty() {
            return Err(TokenError::misconfigured("the id is empty"));
        }
        if secret_key.expose().is_empty() {
            return Err(TokenError::misconfigured("the secret key is empty"));
        }
        Ok(HiveAuth::new(self, id, secret_key))
    }

    /// As [`credentials`](Self::credentials), out of the variables `HIVE_ID` and `HIVE_SECRET_KEY`.
    ///
    /// # Errors
    ///
    /// When one of them is not set, which the error names, or is empty.
    #[expect(clippy::disallowed_methods, reason = "configuration is made here")]
    pub fn credentials_from_env(self) -> Result<HiveAuth, TokenError> {
        self.credentials_from(|name| std::env::var_os(name).and_then(|value| value.into_string().ok()))
    }

    fn credentials_from(self, read: impl Fn(&str) -> Option<String>) -> Result<HiveAuth, TokenError> {
        let variable = |name| {
            read(name).ok_or_else(|| {
                TokenError::misconfigured(format!(
                    "the environment variable {name} is not set, or is no text"
                ))
            })
        };
        self.credentials(variable(ID)?, variable(SECRET_KEY)?)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        [&self.base, path].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wellspring_core::ErrorKind;

    #[test]
    fn credentials_come_from_two_variables_and_an_error_names_the_one_that_is_missing() {
        let read = |name: &str| (name == "HIVE_ID").then(|| "operator".to_owned());
        let error = HiveAuth::sandbox().credentials_from(read).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains("HIVE_SECRET_KEY"), "{error}");
        assert!(HiveAuth::sandbox().credentials_from(|name| Some(name.to_owned())).is_ok());
    }

    #[test]
    fn empty_credentials_are_refused_before_any_request() {
        for (id, secret_key) in [("", "1234"), ("test", "")] {
            let error = HiveAuth::live().credentials(id, secret_key).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
        }
    }

    #[test]
    fn a_base_url_is_https_or_loopback_and_plain() {
        for good in ["https://auth.example", "https://auth.example/hive/", "http://127.0.0.1:9001"] {
            assert!(HiveAuth::base_url(good).is_ok(), "{good}");
        }
        for bad in ["http://auth.example", "auth.example", "https://auth.example/?x=y", "https://a@b/", ""] {
            assert_eq!(HiveAuth::base_url(bad).unwrap_err().kind(), ErrorKind::Misconfigured, "{bad}");
        }
    }
}
