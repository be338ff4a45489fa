//! The callback: the checks in the order of the published page, and every way in which a callback can be invalid.

use super::*;

// covers: W4
#[test]
fn the_checks_of_a_callback_run_in_the_pages_order() {
    let app = app();
    let code = |query: &str| {
        app.finish(authorize(&app).login, &Callback::read(query)).map_err(|e| e.code().to_owned())
    };
    let refused = |query: &str| code(query).unwrap_err();
    assert_eq!(refused("error=access_denied"), "access_denied");
    assert_eq!(refused(&format!("error=access_denied&code=c&state={STATE}")), "access_denied");
    assert_eq!(refused("error=access_denied&code=c&state=wrong"), "access_denied");
    assert_eq!(refused(""), "missing_parameters");
    assert_eq!(refused("code=c"), "missing_parameters");
    assert_eq!(refused(&format!("state={STATE}")), "missing_parameters");
    assert_eq!(refused("state=wrong"), "missing_parameters");
    assert_eq!(refused("code=c&state=wrong"), "invalid_state");
    assert!(code(&format!("code=c&state={STATE}")).is_ok());
    assert!(code(&format!("https://yourapp.com/oauth/callback?code=c&state={STATE}&unknown=1#_=_")).is_ok());
}

#[test]
fn a_callback_is_read_from_a_query_a_path_or_a_url() {
    let app = app();
    let code = |text: String| match app.finish(authorize(&app).login, &Callback::read(&text)) {
        Ok(AuthorizationGrant::AuthorizationCode { code, .. }) => code.expose().to_owned(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(code(format!("code=c&state={STATE}")), "c");
    assert_eq!(code(format!("?code=c&state={STATE}")), "c");
    assert_eq!(code(format!("/cb?code=c&state={STATE}")), "c");
    assert_eq!(code(format!("http://127.0.0.1:8765/cb?code=c&state={STATE}#_=_")), "c");
    assert_eq!(code(format!("code=a?b/c&state={STATE}")), "a?b/c", "a question mark within a query");
    let nothing = app.finish(authorize(&app).login, &Callback::read("https://yourapp.com/code=c"));
    assert_eq!(nothing.unwrap_err().code(), "missing_parameters");
}

// covers: W2
#[test]
fn a5_two_missing_states_are_never_equal() {
    let app = app();
    let uri = || RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
    assert!(oauth2_app::PendingLogin::from_parts("", None, uri()).is_err());
    for query in ["code=c", "code=c&state=", "code=c&state", "code=c&state=null", "code=c&state=undefined"] {
        let login = authorize(&app).login;
        assert!(!login.answers(&Callback::read(query)), "{query}");
        let error = app.finish(login, &Callback::read(query)).unwrap_err();
        assert!(error.into_pending().is_some(), "{query}");
    }
    // This holds even if the application stored the text `null` as the state.
    let login = oauth2_app::PendingLogin::from_parts("null", None, uri()).unwrap();
    assert!(!login.answers(&Callback::read("code=c")));
}

// covers: W5
#[test]
fn a6_a23_an_error_code_is_repeated_only_up_to_64_allowed_characters() {
    let app = app();
    let code = |error: &str| {
        let query = format!("error={error}&state={STATE}");
        app.finish(authorize(&app).login, &Callback::read(&query)).unwrap_err().code().to_owned()
    };
    assert_eq!(code("access_denied"), "access_denied");
    assert_eq!(code(&"x".repeat(64)), "x".repeat(64));
    for bad in
        ["x".repeat(65), "%22".into(), "a%0Ab".into(), "caf%C3%A9".into(), "%5C".into(), "a&error=b".into()]
    {
        assert_eq!(code(&bad), "server_error", "{bad}");
    }
    let with_markup = code("%3Cscript%3E");
    assert_eq!(with_markup, "<script>", "the standard allows these characters, so a page must escape them");
}

#[test]
fn a23_the_description_is_cut_to_200_allowed_characters() {
    let app = app();
    let query = format!("error=access_denied&error_description=no%0D%0A%22thanks%22{}", "x".repeat(300));
    let error = app.finish(authorize(&app).login, &Callback::read(&query)).unwrap_err();
    let oauth2_app::CallbackErrorKind::Refused { description, .. } = error.kind() else {
        panic!("{error:?}")
    };
    let description = description.as_deref().unwrap();
    assert!(description.starts_with("nothanksxxx") && description.len() == 200);
}

// covers: W1
#[test]
fn a8_the_state_has_256_bits_of_the_supplied_entropy() {
    let mut entropy = [0; 64];
    let state = |entropy| app().authorize(&Entropy::new(entropy)).unwrap().login.state().expose().to_owned();
    let first = state(entropy);
    assert_eq!(first.len(), 43);
    for at in 0..32 {
        entropy[at] ^= 1;
        assert_ne!(state(entropy), first, "the state depends on byte {at}");
        entropy[at] ^= 1;
    }
}

// covers: W1
#[test]
fn a9_a_state_is_valid_for_one_callback_whatever_its_result() {
    let app = app();
    let has_ended = |query: String| {
        app.finish(authorize(&app).login, &Callback::read(&query)).unwrap_err().into_pending().is_none()
    };
    assert!(has_ended(format!("error=access_denied&state={STATE}")));
    assert!(has_ended(format!("state={STATE}")), "the code is missing, but the state matches");
    assert!(!has_ended("error=access_denied".into()), "any site can make a browser load this");
    assert!(!has_ended("code=c&state=wrong".into()));
}

#[test]
fn a10_a_state_mismatch_is_reported_and_the_sign_in_can_still_finish() {
    let app = app();
    let error = app.finish(authorize(&app).login, &Callback::read("code=forged&state=wrong")).unwrap_err();
    assert_eq!(error.to_string(), "the callback's state does not match this sign-in");
    let login = error.into_pending().unwrap();
    assert!(app.finish(login, &Callback::read(&format!("code=c&state={STATE}"))).is_ok());
}

#[test]
fn a_callback_without_a_pending_sign_in_is_checked_in_the_same_order() {
    let app = app();
    for (query, code) in [
        ("error=access_denied&code=c&state=s", "access_denied"),
        ("error=a&error=b&code=c&state=s", "server_error"),
        ("code=c", "missing_parameters"),
        ("state=s", "missing_parameters"),
        ("code=c&code=d&state=s", "missing_parameters"),
        ("", "missing_parameters"),
        ("code=c&state=s", "invalid_state"),
        ("code=c&state=s&state=s&iss=https%3A%2F%2Fother.example", "invalid_state"),
    ] {
        let error = app.unmatched(&Callback::read(query));
        assert_eq!(error.code(), code, "{query}");
        assert!(error.into_pending().is_none());
    }
}

// covers: W3
#[test]
fn a_repeated_state_is_invalid_and_a_repeated_code_is_missing() {
    let app = app();
    let refused = |query: &str| {
        app.finish(authorize(&app).login, &Callback::read(query)).unwrap_err().code().to_owned()
    };
    assert_eq!(refused(&format!("code=c&state={STATE}&state={STATE}")), "invalid_state");
    assert_eq!(refused(&format!("code=c&state={STATE}&state=other")), "invalid_state");
    assert_eq!(refused(&format!("code=c&code=d&state={STATE}")), "missing_parameters");
    assert_eq!(refused(&format!("code=c&code=c&state={STATE}")), "missing_parameters");
    assert_eq!(refused(&format!("code=&state={STATE}")), "missing_parameters");
    assert!(
        app.finish(authorize(&app).login, &Callback::read(&format!("code=&code=c&state={STATE}&state=")))
            .is_ok()
    );
}

#[test]
fn a20_a_space_is_read_in_both_spellings() {
    for query in ["error=no+way", "error=no%20way"] {
        let error = app().finish(authorize(&app()).login, &Callback::read(query)).unwrap_err();
        assert_eq!(error.code(), "no way");
    }
}
