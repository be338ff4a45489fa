//! Bearer tokens on API calls ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).

use alloc::string::String;

use wellspring_core::{ResponseHead, Scope, Verdict};

use crate::challenge::challenges;

/// The value of the `Authorization` field that carries this token
/// ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
#[must_use]
pub fn bearer_authorization(token: &str) -> String {
    ["Bearer ", token].concat()
}

/// What a response says about the bearer token that its request carried.
///
/// Every 401 refuses the token. A 403 refuses the token only if its challenge says `invalid_token`
/// ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)). Any other 403 concerns permissions, which a new
/// token does not change.
#[must_use]
pub fn judge_bearer(head: &ResponseHead) -> Verdict {
    match head.status() {
        401 => Verdict::TokenRefused,
        403 => judge_forbidden(head),
        _ => Verdict::Accepted,
    }
}

fn judge_forbidden(head: &ResponseHead) -> Verdict {
    let challenges = challenges(head);
    let mut bearer = challenges.iter().filter(|challenge| challenge.is("Bearer"));
    if bearer.clone().any(|challenge| challenge.error() == Some("invalid_token")) {
        return Verdict::TokenRefused;
    }
    match bearer.find(|challenge| challenge.error() == Some("insufficient_scope")) {
        Some(challenge) => {
            Verdict::ScopeMissing(challenge.scope().map(Scope::parse).filter(|scope| !scope.is_empty()))
        }
        None => Verdict::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, challenge: &str) -> Verdict {
        judge_bearer(&ResponseHead::new(status).header("WWW-Authenticate", challenge))
    }

    #[test]
    fn r01_a_401_refuses_the_token_with_or_without_a_challenge() {
        assert_eq!(judge_bearer(&ResponseHead::new(401)), Verdict::TokenRefused);
        assert_eq!(judge(401, "Bearer realm=\"x\""), Verdict::TokenRefused);
        assert_eq!(judge(401, "garbage = = \""), Verdict::TokenRefused);
    }

    #[test]
    fn r05_a_403_with_invalid_token_refuses_the_token() {
        assert_eq!(judge(403, "Basic realm=a, Bearer error=\"invalid_token\""), Verdict::TokenRefused);
        assert_eq!(judge(403, "Other error=\"invalid_token\""), Verdict::Accepted);
    }

    #[test]
    fn r06_a_403_with_insufficient_scope_names_the_scope() {
        assert_eq!(
            judge(403, "Bearer error=\"insufficient_scope\", scope=\"pix:write cob:write\""),
            Verdict::ScopeMissing(Some(Scope::parse("cob:write pix:write")))
        );
        assert_eq!(judge(403, "bearer error=insufficient_scope"), Verdict::ScopeMissing(None));
    }

    #[test]
    fn r07_any_other_response_is_accepted() {
        assert_eq!(judge_bearer(&ResponseHead::new(403)), Verdict::Accepted);
        assert_eq!(judge(403, "Bearer realm=x"), Verdict::Accepted);
        assert_eq!(judge(200, "Bearer error=invalid_token"), Verdict::Accepted);
        assert_eq!(judge(500, "Bearer error=invalid_token"), Verdict::Accepted);
        assert_eq!(judge_bearer(&ResponseHead::new(407)), Verdict::Accepted);
    }

    #[test]
    fn the_header_is_the_scheme_a_space_and_the_token() {
        assert_eq!(bearer_authorization("mF_9.B5f-4.1JqM"), "Bearer mF_9.B5f-4.1JqM");
    }
}
