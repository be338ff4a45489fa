//! Signing in at an authorization server that shares no code with this project.

use crate::authorization_server::{ACCESS, AuthorizationServer, REFRESH};
use crate::browser::{Browser, parameter};
use crate::program::{Folder, SECRET};

#[test]
fn people_sign_in_at_a_server_that_wants_pkce_and_names_itself_in_the_callback() {
    // The profile of the book, with this server's issuer.
    let server = AuthorizationServer::start("client_of_this_site", SECRET);
    let profile = include_str!("../../wellspring.toml");
    let folder = Folder::with(&profile.replace("https://accounts.example", &server.issuer));
    let site = folder.site("people");
    server.register(&site.redirect_uri);
    let mut browser = Browser::default();
    let start = browser.get(&site.at("/auth/oauth/start"));
    let back = Browser::default().get(start.location());
    assert_eq!(back.status, 303, "{back:?}");
    let callback = back.location().to_owned();
    assert_eq!(parameter(&callback, "iss").as_deref(), Some(server.issuer.as_str()));

    // The same callback with another issuer is refused.
    let mut deceived = Browser::default();
    let start = deceived.get(&site.at("/auth/oauth/start"));
    let forged = Browser::default().get(start.location()).location().replace("iss=", "iss=x");
    assert_eq!(deceived.get(&forged).location(), "/?error=invalid_issuer");

    assert_eq!(browser.get(&callback).location(), "/?login=success", "{:?}", server.refusals());
    let page = browser.get(&site.at("/?login=success"));
    assert!(page.body.contains("<dd id=\"username\">Jane Doe</dd>"), "{}", page.body);
    assert!(!page.body.contains("id=\"balance\""), "{}", page.body);
    assert!(browser.get(&site.at("/account")).body.contains("248289761001"));
    assert_eq!(browser.post(&site.at("/auth/logout")).location(), "/?logout=success");
    assert_eq!(server.refusals(), [""; 0]);
    assert_eq!(server.revoked(), [REFRESH]);

    let output = site.end();
    for secret in server.secrets() {
        assert!(!output.contains(&secret), "{output}");
    }
}

#[test]
fn where_there_is_no_refresh_token_people_are_asked_to_sign_in_again() {
    let server = AuthorizationServer::start("client_of_this_site", SECRET);
    server.grants_no_refresh_token();
    let profile = include_str!("../../wellspring.toml");
    let folder = Folder::with(&profile.replace("https://accounts.example", &server.issuer));
    let site = folder.site("people");
    server.register(&site.redirect_uri);
    let mut browser = Browser::default();
    let sign_in = |browser: &mut Browser, start: &str| {
        let start = browser.get(start);
        let back = Browser::default().get(start.location());
        browser.get(back.location()).location().to_owned()
    };
    assert_eq!(sign_in(&mut browser, &site.at("/auth/oauth/start")), "/?login=success");
    assert!(browser.get(&site.at("/")).body.contains("<dd id=\"username\">Jane Doe</dd>"));

    // Seconds after the sign-in, another one would not help: no redirect leads there by itself.
    server.expire_access_token();
    let page = browser.get(&site.at("/")).body;
    assert!(page.contains("the server does not accept the sign-in"), "{page}");
    let refused = browser.get(&site.at("/account"));
    assert_eq!((refused.status, refused.location()), (302, "/?error=sign_in_not_accepted&next=%2Faccount"));

    assert_eq!(sign_in(&mut browser, &site.at("/auth/oauth/start?next=%2Faccount")), "/account");
    assert!(browser.get(&site.at("/account")).body.contains("248289761001"));
    assert_eq!(server.revoked(), [""; 0], "an expired token is not revoked");
    assert_eq!(browser.post(&site.at("/auth/logout")).location(), "/?logout=success");
    assert_eq!(server.revoked(), [ACCESS]);
    assert!(browser.get(&site.at("/")).body.contains("id=\"login\""));
    let expired = "invalid_token: another token, or an expired one";
    assert!(server.refusals().iter().all(|refusal| refusal == expired), "{:?}", server.refusals());
}

#[test]
fn an_id_token_that_proves_nothing_signs_no_user_in() {
    let server = AuthorizationServer::start("client_of_this_site", SECRET);
    server.grants_a_forged_id_token();
    let profile = include_str!("../../wellspring.toml");
    let folder = Folder::with(&profile.replace("https://accounts.example", &server.issuer));
    let site = folder.site("people");
    server.register(&site.redirect_uri);
    let mut browser = Browser::default();
    let start = browser.get(&site.at("/auth/oauth/start"));
    let back = Browser::default().get(start.location());
    assert_eq!(browser.get(back.location()).location(), "/?error=invalid_id_token");
    assert!(browser.get(&site.at("/")).body.contains("id=\"login\""));
}
