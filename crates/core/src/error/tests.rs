//! What an error says, and what can be read back.

use super::*;
use std::format;

#[test]
fn display_gives_the_sentence_then_what_the_endpoint_said_and_never_the_source() {
    let source: Arc<dyn Error + Send + Sync> = Arc::new(TokenError::protocol("canary"));
    let error = TokenError::misconfigured("the endpoint does not know this client")
        .with_status(401, Some("application/json"))
        .with_code("invalid_client")
        .with_source(source);
    assert_eq!(error.to_string(), "the endpoint does not know this client (status 401, code invalid_client)");
    assert!(!format!("{error:?}").contains("canary"));
    assert!(error.source().is_some());
    assert_eq!(TokenError::busy("wait").to_string(), "wait");
}

#[test]
fn what_the_endpoint_said_can_be_read_back() {
    let error = TokenError::from_intermediary("not a token response")
        .with_status(502, Some("text/html"))
        .with_code("7")
        .with_description("try later")
        .with_snippet("<html>")
        .with_fate(Fate::Unknown)
        .with_retry_after(Duration::from_secs(3));
    assert_eq!((error.status(), error.content_type()), (Some(502), Some("text/html")));
    assert_eq!(
        (error.code(), error.description(), error.snippet()),
        (Some("7"), Some("try later"), Some("<html>"))
    );
    assert_eq!((error.fate(), error.retry_after()), (Fate::Unknown, Some(Duration::from_secs(3))));
    assert!(error.is_transient() && !TokenError::protocol("no").is_transient());
    assert_eq!(
        format!("{error:?}"),
        "TokenError { kind: Protocol, fate: Unknown, text: not a token response (status 502, code 7, try later, body \
         starts: <html>), .. }"
    );
}

#[test]
fn each_reason_to_sign_in_again_has_its_own_sentence() {
    let reasons = [
        LoginReason::NotSignedIn,
        LoginReason::Refused,
        LoginReason::InteractionRequired,
        LoginReason::Expired,
        LoginReason::Ambiguous,
        LoginReason::LoggedOut,
        LoginReason::StoreLost,
    ];
    let texts = reasons.map(|reason| TokenError::login_required(reason).to_string());
    assert_eq!(texts[0], "not signed in");
    assert!(texts.iter().enumerate().all(|(n, text)| text.len() > 10 && !texts[..n].contains(text)));
}

#[test]
fn a_builder_never_changes_the_error_that_others_hold() {
    let shared = TokenError::unavailable("down");
    let mine = shared.clone().with_retry_at(UnixTime::from_secs(9));
    assert_eq!(shared.kind(), ErrorKind::Unavailable { retry_at: None });
    assert_eq!(mine.kind(), ErrorKind::Unavailable { retry_at: Some(UnixTime::from_secs(9)) });
}

#[test]
fn a_pause_is_told_in_whole_units_and_never_as_none() {
    for (milliseconds, told) in [(1, "1 s"), (1_000, "1 s"), (119_000, "119 s"), (1_199_500, "20 min")] {
        assert_eq!(Pause(Duration::from_millis(milliseconds)).to_string(), told);
    }
}
