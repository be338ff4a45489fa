//! The challenge of a resource server that wants a stronger or newer authentication of the user
//! ([RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)).

use alloc::string::{String, ToString};
use core::time::Duration;

use wellspring_core::ResponseHead;

use crate::challenge::challenges;

/// The longest value that is read, in bytes.
const LONGEST: usize = 256;

/// What a resource server asks of the next sign-in: its challenge says `insufficient_user_authentication`
/// ([RFC 9470 §3](https://www.rfc-editor.org/rfc/rfc9470#section-3)).
///
/// ```
/// use core::time::Duration;
/// use wellspring_core::ResponseHead;
/// use wellspring_wire::StepUp;
///
/// let head = ResponseHead::new(401).header(
///     "WWW-Authenticate",
///     r#"Bearer error="insufficient_user_authentication", acr_values="myACR", max_age="5""#,
/// );
/// let step_up = StepUp::of(&head).unwrap();
/// assert_eq!(step_up.acr_values.as_deref(), Some("myACR"));
/// assert_eq!(step_up.max_age, Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepUp {
    /// The authentication context classes that the server accepts, separated by spaces, the preferred one first.
    pub acr_values: Option<String>,
    /// How long ago the user may have authenticated at most.
    pub max_age: Option<Duration>,
}

impl StepUp {
    /// What the response asks for; `None` if no challenge of it says `insufficient_user_authentication`.
    ///
    /// A value that is no number of seconds, or longer than 256 bytes, counts as missing.
    #[must_use]
    pub fn of(head: &ResponseHead) -> Option<Self> {
        let challenges = challenges(head);
        let challenge = challenges.iter().find(|challenge| {
            // RFC 9470 §3: other schemes of access tokens, such as DPoP, use the same parameters.
            challenge.error() == Some("insufficient_user_authentication")
        })?;
        let value = |name| challenge.parameter(name).filter(|value| value.len() <= LONGEST);
        let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self {
            acr_values: value("acr_values").filter(|value| !value.is_empty()).map(ToString::to_string),
            max_age: value("max_age")
                .filter(digits)
                .and_then(|text| text.parse().ok())
                .map(Duration::from_secs),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> Option<StepUp> {
        StepUp::of(&ResponseHead::new(401).header("WWW-Authenticate", field))
    }

    #[test]
    fn r15_the_examples_of_rfc_9470_are_read() {
        // Figure 2: a resource that needs another authentication context class.
        let acr = read(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"A different authentication level is required\", acr_values=\"myACR\"",
        );
        assert_eq!(acr, Some(StepUp { acr_values: Some("myACR".into()), max_age: None }));
        // Figure 3: a resource that needs a recent authentication.
        let age = read(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"More recent authentication is required\", max_age=\"5\"",
        );
        assert_eq!(age, Some(StepUp { acr_values: None, max_age: Some(Duration::from_secs(5)) }));
    }

    #[test]
    fn r16_a_challenge_beside_others_and_of_another_scheme_is_found() {
        let both = read(
            "Basic realm=\"x\", DPoP algs=\"ES256\", error=insufficient_user_authentication, \
             acr_values=\"a b\", max_age=0",
        );
        let expected = StepUp { acr_values: Some("a b".into()), max_age: Some(Duration::ZERO) };
        assert_eq!(both, Some(expected));
    }

    #[test]
    fn r17_other_errors_ask_for_no_step_up_and_values_that_cannot_be_used_count_as_missing() {
        assert_eq!(read("Bearer error=invalid_token, acr_values=a, max_age=5"), None);
        assert_eq!(StepUp::of(&ResponseHead::new(401)), None);
        for value in ["-1", "", "5s", "99999999999999999999999", " 5"] {
            let field = alloc::format!("Bearer error=insufficient_user_authentication, max_age=\"{value}\"");
            assert_eq!(read(&field), Some(StepUp::default()), "{value}");
        }
        let long = "a".repeat(LONGEST + 1);
        let field = alloc::format!("Bearer error=insufficient_user_authentication, acr_values=\"{long}\"");
        assert_eq!(read(&field), Some(StepUp::default()));
    }
}
