//! What to do after an error of a profile's source: the end of the sentence, and the exit status that goes with it.
//!
//! Nothing is added to a sentence that says already what to do.

use std::borrow::Cow;

use wellspring_core::{ErrorKind, ErrorSubject, LoginReason, StoreError, TokenError};

use super::status::Exit;
use crate::span::rounded_up;

/// What to do about what the store refuses. The error itself says how.
const CORRECT: &str = "correct that first: a retry changes nothing";

/// What to do about a store that is full, busy or out of reach.
const TRY_LATER: &str = "try again later; `wellspring doctor` checks the store";

/// What to do about a client certificate that the server refuses or asks for.
const CERTIFICATE: &str =
    "set or renew `client_certificate` in the profile's section `tls`; `wellspring doctor` checks it";

/// What to do about what a store holds and no retry makes readable.
const UNREADABLE: &str = "nothing overwrites it: repair it, or move it away and sign in again";

/// The exit status and the advice for this error of a profile's source. Empty advice: the error says what to do.
pub(super) fn of(error: &TokenError, profile: Option<&str>) -> (Exit, Cow<'static, str>) {
    let (exit, advice) = match error.kind() {
        ErrorKind::LoginRequired { reason } => return (Exit::LoginRequired, sign_in(reason, profile).into()),
        // No response, hence no status. A failure of the connection says what to check.
        ErrorKind::Misconfigured if error.status().is_none() && error.is_local() => (Exit::Usage, ""),
        // In TLS 1.3 the server refuses the certificate after the handshake.
        ErrorKind::Misconfigured
            if error.status().is_none() && error.subject() == Some(ErrorSubject::ClientCertificate) =>
        {
            (Exit::Usage, CERTIFICATE)
        }
        // The provider refused to build a request.
        ErrorKind::Misconfigured if error.status().is_none() => (Exit::Usage, "correct the profile"),
        ErrorKind::Misconfigured => (Exit::Refused, refused(error)),
        ErrorKind::Protocol if !error.is_transient() => (Exit::Refused, protocol(error)),
        ErrorKind::Protocol => (Exit::TryLater, intermediary(error)),
        ErrorKind::Store => match behind(error) {
            Some(error) => store(error),
            None if error.is_transient() => (Exit::TryLater, TRY_LATER),
            None => (Exit::Usage, CORRECT),
        },
        ErrorKind::Unavailable { .. } if error.to_string().contains("; not asked again before ") => {
            (Exit::TryLater, "try again then")
        }
        ErrorKind::Unavailable { .. } if error.status() == Some(501) => (
            Exit::TryLater,
            "a server that cannot do this may not be the token endpoint: check the profile's URL",
        ),
        ErrorKind::Unavailable { retry_at: Some(at) } if error.retry_after().is_some() => {
            let at = rounded_up(at);
            return (Exit::TryLater, format!("the endpoint asks for a pause: try again after {at}").into());
        }
        _ => (Exit::TryLater, "try again later"),
    };
    (exit, advice.into())
}

/// The exit of every command for this failure of the store, and what to do.
pub(super) const fn store(error: &StoreError) -> (Exit, &'static str) {
    if error.is_unreadable() {
        (Exit::Usage, UNREADABLE)
    } else if error.is_refused() {
        (Exit::Usage, CORRECT)
    } else {
        (Exit::TryLater, TRY_LATER)
    }
}

/// The store's error behind this one.
fn behind(error: &TokenError) -> Option<&StoreError> {
    core::error::Error::source(error)?.downcast_ref()
}

fn sign_in(reason: LoginReason, profile: Option<&str>) -> String {
    let command = match profile {
        Some(profile) => format!("`wellspring login {profile}`"),
        None => "`wellspring login`".to_owned(),
    };
    match reason {
        LoginReason::NotSignedIn => format!("sign in with {command}"),
        LoginReason::LoggedOut => format!("sign in again with {command} if you want a session"),
        LoginReason::StoreLost => {
            format!("sign in again with {command}, and make sure that nothing empties or restores the store")
        }
        _ => format!("sign in again with {command}"),
    }
}

/// What to correct after the server has refused the client or does not know the URL.
fn refused(error: &TokenError) -> &'static str {
    match (error.subject(), error.code()) {
        (Some(ErrorSubject::TokenUrl), _) => "set the profile's URL to that of the token endpoint",
        (Some(ErrorSubject::EndpointUrl), _) => {
            "correct that URL in the profile: compare it with the provider's documentation"
        }
        (_, Some("invalid_scope")) => "correct the profile's `scopes`",
        (_, Some("unauthorized_client" | "unsupported_grant_type")) => {
            "have the server's operator permit this grant to the client, or use another client"
        }
        (Some(ErrorSubject::Admission), _) => {
            "set `client_certificate` in the profile's section `tls` if the provider demands one; otherwise ask whether it \
             admits this host's address"
        }
        (Some(ErrorSubject::ClientCertificate), _) => CERTIFICATE,
        (_, Some("invalid_client")) => {
            "compare the profile's `client_id` and `client_secret` with the provider's console, and \
             `client_authentication` with its documentation"
        }
        _ => "check the profile's client id, secret, scopes, certificate and URL",
    }
}

/// What to do about an answer that is no token response, and stays so.
fn protocol(error: &TokenError) -> &'static str {
    let text = error.to_string();
    let is_json = error.content_type().is_some_and(|media_type| media_type.ends_with("json"));
    match error.status() {
        _ if text.contains("uncompressed") => "",
        Some(300..=399) => "set the profile's URL to the one that the endpoint redirects to",
        Some(_) if error.code().is_some() => {
            "the code says what the server refuses: check the profile's parameters, or ask the server's operator; a code of \
             the provider's own gets its meaning by `codes` in the profile's section `response`"
        }
        Some(200..=299) if text.contains("token type") => {
            "check the provider's documentation: a type of its own is named by `token_types` in the profile's section `response`"
        }
        Some(200..=299) if text.contains("no access token") => {
            "check the provider's documentation: another name of the token or of an error is set by `access_token` or `error` in \
             the profile's section `response`"
        }
        Some(200..=299) if is_json && !text.contains("is empty") => {
            "the endpoint answers in JSON, but not as RFC 6749 section 5.1 says: check the profile's provider, or tell the \
             server's operator"
        }
        Some(406 | 415) => {
            "the server takes another kind of body: set `encoding` in the profile's section `request` as its documentation says"
        }
        Some(400 | 422) => {
            "compare URL, `encoding` and parameters of the profile with the provider's documentation, or show the server's \
             operator this answer and its time"
        }
        Some(400..) if error.is_without_verdict() => {
            "check that the profile's URL is that of the token endpoint, and show the server's operator this answer and its time"
        }
        _ => "check that the profile's URL is that of the token endpoint",
    }
}

/// What to do about an answer that may come from something before the endpoint.
fn intermediary(error: &TokenError) -> &'static str {
    let text = error.to_string();
    match error.status() {
        Some(407) => {
            "set user and password in the proxy's URL (`HTTPS_PROXY`), or except the host in `NO_PROXY`"
        }
        _ if error.is_without_verdict() => "try again later; if it stays so, ask the server's operator",
        _ if text.contains("longer than") || text.contains("larger than") => {
            "check that the profile's URL is that of the token endpoint; try again later"
        }
        _ => {
            "it says who sends it: open the URL in a browser from the same network, or ask the operator of the network or of the \
             server; try again later"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Failure;
    use super::*;

    fn said(error: TokenError) -> String {
        Failure::of_token(&error, Some("bank")).to_string()
    }

    #[test]
    fn the_advice_about_an_answer_fits_what_is_wrong_with_it() {
        let advice = |text: &'static str, status, media_type: &str| {
            said(TokenError::protocol(text).with_status(status, Some(media_type)))
        };
        assert!(advice("x", 200, "application/json").contains("check the profile's provider"));
        assert!(advice("x", 302, "text/html").contains("the one that the endpoint redirects to"));
        assert!(advice("x", 411, "application/json").contains("is that of the token endpoint"));
        assert!(advice("x", 200, "text/plain").contains("is that of the token endpoint"));
        assert!(
            advice("the response is empty", 200, "application/json")
                .contains("is that of the token endpoint")
        );
        assert!(advice("the token type is not Bearer", 200, "application/json").contains("`token_types`"));
        assert!(
            advice("the response has no access token", 200, "application/json").contains("`access_token`")
        );
        assert!(advice("x", 415, "application/json").contains("`encoding`"));
        assert!(advice("x", 422, "application/json").contains("parameters"));
        let own_code = TokenError::protocol("x").with_status(200, Some("application/json")).with_code("gone");
        assert!(said(own_code).contains("`codes` in the profile's section `response`"));
    }

    #[test]
    fn a_sentence_that_says_what_to_do_gets_no_other_advice() {
        let compressed = "have the server or the proxy before it send token responses uncompressed";
        for error in [
            TokenError::protocol(compressed).with_status(200, Some("application/json")),
            TokenError::misconfigured("the server's certificate has expired: its operator renews it")
                .as_local(),
        ] {
            let text = error.to_string();
            assert_eq!(said(error), text);
        }
    }

    #[test]
    fn the_advice_after_a_refusal_names_what_to_correct() {
        let advice = |subject: Option<ErrorSubject>, status, code: Option<&'static str>| {
            let error = TokenError::misconfigured("x").with_status(status, None);
            let error = subject.into_iter().fold(error, TokenError::about);
            said(code.into_iter().fold(error, TokenError::with_code))
        };
        assert!(advice(None, 400, Some("invalid_scope")).ends_with("; correct the profile's `scopes`"));
        assert!(advice(None, 400, Some("invalid_client")).contains("`client_id` and `client_secret`"));
        assert!(advice(None, 400, Some("unauthorized_client")).contains("permit this grant to the client"));
        let certificate = advice(Some(ErrorSubject::ClientCertificate), 400, None);
        assert!(certificate.contains("set or renew `client_certificate`"), "{certificate}");
        assert!(!certificate.contains("secret"), "{certificate}");
        assert!(advice(Some(ErrorSubject::Admission), 403, None).contains("admits this host's address"));
        assert!(advice(None, 400, None).ends_with("client id, secret, scopes, certificate and URL"));
        let wrong_url = |subject| advice(Some(subject), 404, None);
        assert!(
            wrong_url(ErrorSubject::TokenUrl)
                .ends_with("set the profile's URL to that of the token endpoint")
        );
        assert!(wrong_url(ErrorSubject::EndpointUrl).contains("correct that URL in the profile"));
        // The endpoint itself has answered, with a status of its own choice.
        assert!(advice(None, 404, Some("invalid_client")).contains("`client_id` and `client_secret`"));
    }

    #[test]
    fn a_certificate_that_is_refused_after_the_handshake_is_named_and_the_profile_is_not() {
        let error = TokenError::misconfigured("the server refused it").about(ErrorSubject::ClientCertificate);
        let failure = Failure::of_token(&error, Some("bank"));
        assert!(failure.to_string().contains("set or renew `client_certificate`"), "{failure}");
        assert!(
            !failure.to_string().contains("correct the profile") && failure.exit == Exit::Usage,
            "{failure}"
        );
    }

    #[test]
    fn an_answer_from_before_the_endpoint_is_no_riddle() {
        let advice =
            |text: &'static str, status| said(TokenError::from_intermediary(text).with_status(status, None));
        assert!(advice("a page", 200).contains("open the URL in a browser from the same network"));
        assert!(advice("a proxy requires credentials", 407).contains("`HTTPS_PROXY`"));
        assert!(!advice("the endpoint's response is longer than 1 MiB", 200).contains("browser"));
    }

    #[test]
    fn a_sign_in_is_a_command_that_can_be_copied() {
        let error = TokenError::login_required(LoginReason::Refused);
        assert!(said(error.clone()).ends_with("; sign in again with `wellspring login bank`"));
        assert!(Failure::from(error).to_string().ends_with("; sign in again with `wellspring login`"));
    }
}
