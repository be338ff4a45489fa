//! Callbacks of a sign-in: only one with the right state, one code and no error brings a grant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth2_app::{App, Callback, CallbackErrorKind, PendingLogin, RedirectUri};
use wellspring_core::{AuthorizationGrant, CodeVerifier};
use wellspring_fuzz::{SECRET, check_error, lines};
use wellspring_wire::{Form, append_query, form_decode, percent_encode};

const ISSUER: &str = "https://as.example";

fuzz_target!(|input: &[u8]| {
    let Some(([issuers, query, text], _)) = lines(input) else { return };
    let one_issuer = issuers == "1";
    round_trip(query, text);
    let callback = Callback::read(query);
    assert_eq!(format!("{callback:?}"), "Callback(..)");
    let (app, redirect_uri) =
        (app(one_issuer), RedirectUri::new("https://app.example/cb").expect("it is HTTPS"));
    let login =
        PendingLogin::from_parts(SECRET, Some(CodeVerifier::new("v")), redirect_uri).expect("it has a state");
    match app.finish(login, &callback) {
        Ok(AuthorizationGrant::AuthorizationCode { code, .. }) => is_sound(query, code.expose(), one_issuer),
        Ok(_) => panic!("a callback brings an authorization code or an error"),
        Err(error) => {
            check_error(&error);
            if let CallbackErrorKind::Refused { code, description } = error.kind() {
                let description = description.as_deref().unwrap_or_default();
                assert!(code.len() <= 64 && description.len() <= 200, "{error}");
            }
        }
    }
    // It knows no sign-in, so it cannot tell what is a state.
    assert!(!app.unmatched(&callback).to_string().chars().any(char::is_control));
});

fn app(one_issuer: bool) -> App {
    let app = App::builder()
        .authorize_url("https://as.example/authorize")
        .token_url("https://as.example/token")
        .client_id("c")
        .redirect_uri("https://app.example/cb");
    let app = if one_issuer { app.issuer(ISSUER) } else { app };
    app.build().expect("the app is complete")
}

/// The model: what a callback with a grant must hold.
fn is_sound(query: &str, code: &str, one_issuer: bool) {
    if ["/", "http://", "https://"].iter().any(|start| query.starts_with(start)) {
        return;
    }
    let pairs = form_decode(query.strip_prefix('?').unwrap_or(query));
    let all = |name: &str| -> Vec<&str> {
        let named = pairs.iter().filter(|(known, value)| known == name && !value.is_empty());
        named.map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!((all("code"), all("state"), all("error")), (vec![code], vec![SECRET], vec![]), "{query}");
    let issuers = all("iss");
    assert!(issuers.is_empty() || issuers.len() == 1 && (!one_issuer || issuers == [ISSUER]), "{query}");
}

/// A form that is written is read as it was, in a body and in a URL.
fn round_trip(name: &str, value: &str) {
    let form = Form::new().pair(name.to_owned(), value).pair("last", "x y&=+%");
    let expected = [(name.to_owned(), value.to_owned()), ("last".to_owned(), "x y&=+%".to_owned())];
    assert_eq!(form_decode(&form.encode()), expected);
    let url = append_query("https://a.example/b", &form);
    assert_eq!(form_decode(url.split_once('?').map_or("", |(_, query)| query)), expected);
    assert!(percent_encode(value).bytes().all(|byte| byte.is_ascii_graphic()), "{value:?}");
}
