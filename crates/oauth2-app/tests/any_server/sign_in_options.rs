//! Options of one sign-in, its nonce, and a callback in a form.

use core::time::Duration;

use oauth2_app::{SignInOptions, StepUp};

use super::*;

fn url(builder: AppBuilder, options: &SignInOptions) -> Result<String, TokenError> {
    builder.build().unwrap().authorize_with(&Entropy::new([7; 64]), options).map(|started| started.url)
}

fn openid() -> AppBuilder {
    confidential().scopes(["openid", "email"]).jwks_url("https://as.example.com/jwks")
}

#[test]
fn each_option_is_a_parameter_of_this_sign_in_and_without_options_nothing_is_added() {
    let options = SignInOptions::new()
        .prompt("login consent")
        .login_hint("ann@example.com")
        .acr_values("urn:a urn:b")
        .max_age(Duration::from_millis(60_900))
        .form_post();
    let sent = url(confidential(), &options).unwrap();
    let end = "&code_challenge_method=S256&prompt=login+consent&login_hint=ann%40example.com\
               &acr_values=urn%3Aa+urn%3Ab&max_age=60&response_mode=form_post";
    assert!(sent.ends_with(end), "{sent}");
    let app = confidential().build().unwrap();
    let plain = app.authorize(&Entropy::new([7; 64])).unwrap();
    assert_eq!(url(confidential(), &SignInOptions::new().prompt("").login_hint("")).unwrap(), plain.url);
    assert!(plain.url.ends_with("&code_challenge_method=S256"), "{}", plain.url);
    assert_eq!((plain.login.nonce(), plain.login.max_age(), plain.login.acr_values()), (None, None, None));
    let login = app.authorize_with(&Entropy::new([7; 64]), &options).unwrap().login;
    assert_eq!(login.max_age(), Some(Duration::from_secs(60)));
    assert_eq!(login.acr_values(), Some("urn:a urn:b"));
}

#[test]
fn an_option_replaces_the_parameter_of_the_app_and_never_one_of_the_url() {
    let app =
        || confidential().authorize_parameter("prompt", "consent").authorize_parameter("audience", "api");
    let sent = url(app(), &SignInOptions::new().prompt("login")).unwrap();
    assert!(sent.ends_with("&code_challenge_method=S256&audience=api&prompt=login"), "{sent}");
    assert!(url(app(), &SignInOptions::new()).unwrap().ends_with("&prompt=consent&audience=api"));
    let fixed = || confidential().authorize_url("https://as.example.com/authorize?prompt=consent");
    let error = url(fixed(), &SignInOptions::new().prompt("login")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("a sign-in cannot set prompt"), "{error}");
    assert!(url(fixed(), &SignInOptions::new().login_hint("ann")).is_ok());
}

#[test]
fn a_value_that_no_server_accepts_is_refused_before_the_browser_leaves() {
    let long = "a".repeat(257);
    for (options, reason) in [
        (SignInOptions::new().prompt("none login"), "`none` must stand by itself"),
        (SignInOptions::new().prompt("login  consent"), "words of visible ASCII"),
        (SignInOptions::new().prompt(" login"), "words of visible ASCII"),
        (SignInOptions::new().acr_values("a\nb"), "words of visible ASCII"),
        (SignInOptions::new().acr_values("\u{e9}"), "words of visible ASCII"),
        (SignInOptions::new().login_hint("ann\r\n"), "it has a control character"),
        (SignInOptions::new().login_hint(&long), "longer than 256 bytes"),
        (SignInOptions::new().prompt(&long), "longer than 256 bytes"),
    ] {
        let error = url(confidential(), &options).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(url(confidential(), &SignInOptions::new().prompt("none").login_hint("J\u{f6}rg")).is_ok());
}

#[test]
fn a_sign_in_that_brings_a_verifiable_id_token_has_a_nonce_of_its_own() {
    let app = openid().build().unwrap();
    let of = |byte| app.authorize(&Entropy::new([byte; 64])).unwrap();
    let (one, other) = (of(7), of(8));
    let nonce = one.login.nonce().unwrap().to_owned();
    assert!(one.url.contains(&format!("&nonce={nonce}")), "{}", one.url);
    assert_eq!(nonce.len(), 43);
    assert_ne!(Some(nonce.as_str()), other.login.nonce());
    assert!(!nonce.contains(one.login.state().expose()));
    let (state, verifier, uri) = one.login.into_parts();
    let kept = PendingLogin::from_parts(state.expose(), verifier, uri)
        .unwrap()
        .with_nonce(Some(nonce.clone()))
        .with_max_age(Some(Duration::from_secs(9)))
        .with_acr_values(Some("urn:a".into()));
    assert_eq!(kept.nonce(), Some(nonce.as_str()));
    assert_eq!((kept.max_age(), kept.acr_values()), (Some(Duration::from_secs(9)), Some("urn:a")));
    for without in [
        confidential().scopes(["openid"]),
        confidential().scopes(["email"]).jwks_url("https://as.example.com/jwks"),
        openid().authorize_parameter("nonce", "own"),
        openid().authorize_url("https://as.example.com/authorize?nonce=own"),
    ] {
        let started = without.build().unwrap().authorize(&Entropy::new([7; 64])).unwrap();
        assert_eq!(started.login.nonce(), None);
        assert!(started.url.matches("nonce=").count() <= 1, "{}", started.url);
    }
}

#[test]
fn a_step_up_challenge_becomes_options() {
    let head = ResponseHead::new(401).header(
        "WWW-Authenticate",
        r#"Bearer error="insufficient_user_authentication", acr_values="urn:mfa", max_age="30""#,
    );
    let asked = SignInOptions::new().step_up(&StepUp::of(&head).unwrap());
    assert_eq!(asked, SignInOptions::new().acr_values("urn:mfa").max_age(Duration::from_secs(30)));
    let kept = SignInOptions::new().acr_values("urn:mine").max_age(Duration::from_secs(5));
    assert_eq!(kept.clone().step_up(&StepUp::default()), kept);
}

#[test]
fn a_callback_in_a_form_is_read_as_one_in_a_url() {
    let app = confidential().issuer("https://as.example.com").build().unwrap();
    let started = app.authorize(&Entropy::new([7; 64])).unwrap();
    let state = started.login.state().expose().to_owned();
    let body = format!("code=c%2B1&state={state}&iss=https%3A%2F%2Fas.example.com&id_token=ignored");
    let callback = Callback::read_form(body.as_bytes());
    assert!(started.login.answers(&callback));
    let grant = app.finish(started.login, &callback).unwrap();
    let AuthorizationGrant::AuthorizationCode { code, .. } = grant else { panic!("{grant:?}") };
    assert_eq!(code.expose(), "c+1");
    let refused = app.unmatched(&Callback::read_form(b"error=access_denied&state=s"));
    assert_eq!(refused.code(), "access_denied");
    let other = app.authorize(&Entropy::new([9; 64])).unwrap().login;
    let forged = format!("code=c&state={}&iss=https%3A%2F%2Fevil.example", other.state().expose());
    let error = app.finish(other, &Callback::read_form(forged.as_bytes())).unwrap_err();
    assert_eq!(*error.kind(), CallbackErrorKind::InvalidIssuer);
    for bytes in [&b"\xff\xfe=%"[..], b"", b"/?code=c&state=s"] {
        assert_eq!(app.unmatched(&Callback::read_form(bytes)).code(), "missing_parameters");
    }
}
