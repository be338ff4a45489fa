//! Client id and secret, checked before any request.

use core::fmt;
use core::ops::RangeInclusive;

use wellspring_core::{ClientSecret, TokenError};

/// The credentials of one client.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    /// `None` for a client that authenticates by its certificate.
    pub(crate) secret: Option<ClientSecret>,
}

/// A property of the credentials that is allowed and usually a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// The client id begins or ends with white space. It is sent as it is.
    ClientIdPadded,
    /// The client secret begins or ends with white space. It is sent as it is.
    ClientSecretPadded,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientIdPadded => "the client id begins or ends with white space; it is sent as it is",
            Self::ClientSecretPadded => {
                "the client secret begins or ends with white space; it is sent as it is"
            }
        })
    }
}

impl Credentials {
    pub(crate) fn new(
        id: String,
        secret: Option<ClientSecret>,
        length: Option<&RangeInclusive<usize>>,
    ) -> Result<Self, TokenError> {
        if id.is_empty() {
            return Err(TokenError::misconfigured("the client id is empty"));
        }
        if let Some(secret) = &secret {
            // Characters, not bytes.
            let characters = secret.expose().chars().count();
            if characters == 0 {
                return Err(TokenError::misconfigured("the client secret is empty"));
            }
            if let Some(length) = length.filter(|length| !length.contains(&characters)) {
                let (min, max) = (length.start(), length.end());
                return Err(TokenError::misconfigured(format!(
                    "the client secret must be {min} to {max} characters long, this one has {characters}"
                )));
            }
        }
        Ok(Self { id, secret })
    }

    pub(crate) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let padded = |text: &str| text.trim() != text;
        let id = padded(&self.id).then_some(Warning::ClientIdPadded);
        let secret = self.secret.as_ref().is_some_and(|secret| padded(secret.expose()));
        id.into_iter().chain(secret.then_some(Warning::ClientSecretPadded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_secret(secret: &str) -> Result<Credentials, TokenError> {
        Credentials::new("account-93".into(), Some(ClientSecret::new(secret)), Some(&(8..=64)))
    }

    // covers: W9
    #[test]
    fn a_secret_is_eight_to_sixty_four_characters_not_bytes() {
        assert!(with_secret(&"x".repeat(7)).is_err());
        assert!(with_secret(&"x".repeat(8)).is_ok());
        assert!(with_secret(&"x".repeat(64)).is_ok());
        assert!(with_secret(&"x".repeat(65)).is_err());
        assert!(with_secret("çãéíõúâê").is_ok(), "eight characters, sixteen bytes");
        assert!(with_secret("çãéí").is_err(), "four characters, eight bytes");
        assert!(with_secret(&"é".repeat(64)).is_ok(), "128 bytes");
    }

    #[test]
    fn the_error_names_the_length_and_not_the_secret() {
        let error = with_secret("canary").unwrap_err();
        assert_eq!(error.to_string(), "the client secret must be 8 to 64 characters long, this one has 6");
        assert!(!format!("{error:?} {:?}", with_secret("canary-canary")).contains("canary"));
    }

    #[test]
    fn an_empty_client_id_or_secret_is_rejected() {
        assert!(Credentials::new(String::new(), None, None).is_err());
        assert!(Credentials::new("x".into(), Some(ClientSecret::new("")), None).is_err());
    }

    #[test]
    fn white_space_at_either_end_is_kept_and_leads_to_a_warning() {
        let secret = ClientSecret::new("12345678\n");
        let kept = Credentials::new("id ".into(), Some(secret.clone()), Some(&(8..=64))).unwrap();
        assert_eq!(kept.secret, Some(secret));
        assert_eq!(
            kept.warnings().collect::<Vec<_>>(),
            [Warning::ClientIdPadded, Warning::ClientSecretPadded]
        );
        assert_eq!(with_secret("12345678").unwrap().warnings().count(), 0);
    }
}
