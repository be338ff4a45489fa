//! The browser's side of a sign-in.

use wellspring_simulator::{Answer, Endpoint, Fault, Request, World};

use crate::exchange::{NOW, world};

const CALLBACK: &str = "https://yourapp.com/oauth/callback";

pub(crate) fn authorize(parameters: &str) -> Request {
    Request::get(&format!("/api/oauth2/authorize?{parameters}"))
}

pub(crate) fn usual(more: &str) -> Request {
    authorize(&format!(
        "client_id=client_abc123def456&redirect_uri={CALLBACK}&response_type=code&state=a%2Bb%20c{more}"
    ))
}

/// The parameters of the callback.
pub(crate) fn back(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 302);
    let location = answer.header("Location").expect("a redirect");
    let query = location.strip_prefix(&format!("{CALLBACK}?")).expect("the registered URI");
    Request::get(&format!("/?{query}")).parameters()
}

pub(crate) fn value(answer: &Answer, name: &str) -> Option<String> {
    back(answer).into_iter().find(|(have, _)| have == name).map(|(_, value)| value)
}

#[test]
fn without_consent_the_browser_is_redirected_with_a_code_and_the_same_state() {
    let mut world = world();
    for scope in ["", "&scope=profile+balance", "&scope=profile%20balance"] {
        let answer = world.answer(&usual(&format!("{scope}&auto_authorize=true")), NOW);
        assert!(value(&answer, "code").is_some());
        assert_eq!(value(&answer, "state").as_deref(), Some("a+b c"));
        assert_eq!(value(&answer, "iss"), None);
    }
}

#[test]
fn with_auto_approve_the_user_agrees_at_once_and_may_still_refuse() {
    let mut world = world();
    world.config_mut().app.auto_approve = true;
    assert!(value(&world.answer(&usual(""), NOW), "code").is_some());
    let refused = world.answer(&usual("&decision=deny"), NOW);
    assert_eq!(value(&refused, "error").as_deref(), Some("access_denied"));
}

#[test]
fn no_redirect_goes_to_a_uri_that_is_not_registered_character_by_character() {
    let mut world = world();
    for other in [
        "https://yourapp.com/oauth/callback/",
        "https://yourapp.com:443/oauth/callback",
        "https://YOURAPP.com/oauth/callback",
        "http://yourapp.com/oauth/callback",
        "https://yourapp.com/oauth/callback?x=1",
        "",
    ] {
        let asked = format!(
            "client_id=client_abc123def456&redirect_uri={other}&response_type=code&state=s&auto_authorize=true"
        );
        let answer = world.answer(&authorize(&asked), NOW);
        assert_eq!((answer.status, answer.header("Location")), (400, None), "{other}");
    }
}

#[test]
fn without_client_or_state_or_with_a_duplicate_there_is_no_redirect() {
    let mut world = world();
    let with = |parameters: &str| {
        authorize(&format!("redirect_uri={CALLBACK}&response_type=code&auto_authorize=true&{parameters}"))
    };
    for parameters in [
        "client_id=client_abc123def456",
        "client_id=unknown&state=s",
        "state=s",
        "client_id=client_abc123def456&state=",
        "client_id=client_abc123def456&state=s&state=s",
    ] {
        let answer = world.answer(&with(parameters), NOW);
        assert_eq!((answer.status, answer.header("Location")), (400, None), "{parameters}");
    }
}

#[test]
fn other_errors_are_redirected_with_the_state() {
    let mut world = world();
    let mut error = |asked: &Request| {
        let answer = world.answer(asked, NOW);
        assert!(value(&answer, "state").is_some() && value(&answer, "code").is_none());
        value(&answer, "error").unwrap()
    };
    assert_eq!(error(&usual("&scope=admin&auto_authorize=true")), "invalid_scope");
    assert_eq!(error(&usual("&code_challenge=x&code_challenge_method=S512")), "invalid_request");
    let token = format!("client_id=client_abc123def456&redirect_uri={CALLBACK}&response_type=token&state=s");
    assert_eq!(error(&authorize(&token)), "unsupported_response_type");
    let public = format!("client_id=client_public&redirect_uri={CALLBACK}&response_type=code&state=s");
    assert_eq!(error(&authorize(&public)), "invalid_request");
}

/// The URL of a link on the consent page.
fn link(page: &str, id: &str) -> String {
    let after = page.split(&format!("id=\"{id}\" href=\"")).nth(1).expect("the link");
    after.split('"').next().expect("its address").replace("&amp;", "&")
}

#[test]
fn the_consent_page_leads_to_a_code_or_to_access_denied() {
    let mut world = world();
    let page = world.answer(&usual("&scope=profile&x=%22%3E%3Cscript%3E"), NOW);
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<script>"));
    let allowed = world.answer(&Request::get(&link(&page.text(), "allow")), NOW);
    assert!(value(&allowed, "code").is_some());
    let denied = world.answer(&Request::get(&link(&page.text(), "deny")), NOW);
    assert_eq!(value(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(value(&denied, "state").as_deref(), Some("a+b c"));
}

#[test]
fn the_callback_names_the_issuer_if_configured() {
    let mut world = world();
    world.config_mut().app.issuer_in_callback = true;
    let asked = usual("&auto_authorize=true").with_header("Host", "127.0.0.1:5");
    assert_eq!(value(&world.answer(&asked, NOW), "iss").as_deref(), Some("http://127.0.0.1:5"));
    world.config_mut().app.issuer = Some("https://as.example".into());
    assert_eq!(value(&world.answer(&asked, NOW), "iss").as_deref(), Some("https://as.example"));
}

fn with_fault(world: &mut World, fault: &str) -> Answer {
    world.fault(Endpoint::Authorize, Fault::parse(fault).unwrap());
    world.answer(&usual("&auto_authorize=true"), NOW)
}

#[test]
fn faults_change_each_part_of_the_callback() {
    let mut world = world();
    world.config_mut().app.issuer_in_callback = true;
    let has = |answer: &Answer, name: &str| back(answer).iter().filter(|(have, _)| have == name).count();
    assert_eq!(has(&with_fault(&mut world, "callback-without-state"), "state"), 0);
    assert_eq!(value(&with_fault(&mut world, "callback-wrong-state"), "state").as_deref(), Some("a+b cx"));
    assert_eq!(has(&with_fault(&mut world, "callback-twice-state"), "state"), 2);
    assert_eq!(has(&with_fault(&mut world, "callback-without-code"), "code"), 0);
    assert_eq!(has(&with_fault(&mut world, "callback-without-issuer"), "iss"), 0);
    let other = with_fault(&mut world, "callback-wrong-issuer");
    assert_eq!((value(&other, "iss").as_deref(), has(&other, "iss")), (Some("https://attacker.example"), 1));
    let denied = with_fault(&mut world, "consent-denied");
    assert_eq!((value(&denied, "error").as_deref(), has(&denied, "code")), (Some("access_denied"), 0));
    assert_eq!(value(&denied, "state").as_deref(), Some("a+b c"));
}
