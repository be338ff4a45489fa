//! The logout at the authorization server.

use oauth2_app::EndSession;
use wellspring_core::IdToken;

use super::*;

fn app() -> App {
    confidential().end_session_url("https://as.example.com/logout?tenant=1").build().unwrap()
}

#[test]
fn the_url_names_the_client_and_no_id_token_unless_the_program_adds_it() {
    let logout = EndSession::new().post_logout_redirect_uri("https://client.example.com/bye").state("a b");
    let url = app().end_session_url(&logout).unwrap();
    assert_eq!(
        url,
        "https://as.example.com/logout?tenant=1&client_id=s6BhdRkqt3\
         &post_logout_redirect_uri=https%3A%2F%2Fclient.example.com%2Fbye&state=a+b"
    );
    let hinted = logout.id_token_hint(IdToken::new("h.p.s")).logout_hint("ann");
    let url = app().end_session_url(&hinted).unwrap();
    assert!(url.contains("&id_token_hint=h.p.s&logout_hint=ann&"), "{url}");
    let shown = format!("{hinted:?}");
    assert!(!shown.contains("h.p.s") && !shown.contains("ann") && !shown.contains("a b"), "{shown}");
}

#[test]
fn without_the_endpoint_there_is_no_url() {
    let app = confidential().build().unwrap();
    assert!(!app.has_end_session());
    assert_eq!(app.end_session_url(&EndSession::new()), None);
    assert!(self::app().has_end_session());
    for bad in ["http://as.example.com/logout", "logout"] {
        let error = confidential().end_session_url(bad).build().unwrap_err();
        assert!(error.to_string().contains("end_session_url is invalid"), "{error}");
    }
}
