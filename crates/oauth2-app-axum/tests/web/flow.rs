//! Sign in, read the account, top up, sign out: as the page does it, and without its script.

use wellspring_simulator::Endpoint;

use crate::browser::Browser;
use crate::site::Site;

#[tokio::test]
async fn a_browser_signs_in_shows_the_account_and_signs_out() {
    let site = Site::of(
        |url, app| app.revocation_url(format!("{url}/api/oauth2/revoke")),
        |login| login.title("Tea & <Cakes>"),
    )
    .await;
    let mut browser = Browser::default();

    let page = browser.get(&site.at("/")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Tea &amp; &lt;Cakes&gt;"), "{}", page.body);
    for id in ["login", "login-popup", "error"] {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}: {}", page.body);
    }
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let back = browser.get(&callback).await;
    assert_eq!((back.status, back.location()), (302, "/?login=success"));

    let page = browser.get(&site.at("/?login=success")).await;
    assert!(page.body.contains("<dd id=\"username\">user123</dd>"), "{}", page.body);
    assert!(page.body.contains("<dd id=\"balance\">750.00</dd>"), "{}", page.body);
    for id in ["refresh", "topup", "logout", "error"] {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}: {}", page.body);
    }
    let info = browser.fetch(&site.at("/api/user/info")).await;
    assert_eq!(info.header("content-type"), Some("application/json"));
    assert!(info.body.contains(r#""username":"user123""#), "{}", info.body);

    let topup = browser.fetch(&site.at("/api/user/topup")).await;
    assert_eq!(topup.body, r#"{"topup_url":"https://aihubmix.com/topup"}"#);
    let topup = browser.get(&site.at("/api/user/topup")).await;
    assert_eq!(topup.location(), "https://aihubmix.com/topup");

    let signed_in = browser.clone();
    let out = browser.post(&site.at("/auth/logout")).await;
    assert_eq!((out.status, out.location()), (303, "/?logout=success"));
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 1);
    // The back button loads the page again, because the browser has not cached it.
    assert!(browser.get(&site.at("/")).await.body.contains("id=\"login\""));
    // A copy of the old session's cookie is not signed in.
    let mut kept = signed_in;
    assert_eq!(kept.get(&site.at("/mine")).await.location(), "/auth/oauth/start?next=%2Fmine");
    let info = kept.fetch(&site.at("/api/user/info")).await;
    assert_eq!((info.status, info.body.as_str()), (401, r#"{"error":"Not authenticated"}"#));
}

#[tokio::test]
async fn without_a_sign_in_the_answer_is_401() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    for path in ["/api/user/info", "/api/user/topup"] {
        let answer = browser.fetch(&site.at(path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, r#"{"error":"Not authenticated"}"#));
    }
    assert_eq!(browser.get(&site.at("/api/user/topup")).await.location(), "/?error=login_required");
    assert_eq!(browser.post(&site.at("/auth/logout")).await.location(), "/?logout=success");
    // A browser that only loads the page gets no session.
    assert!(browser.cookies.is_empty(), "{browser:?}");
    assert_eq!(site.simulator.asked(Endpoint::Any), 0);
}

#[tokio::test]
async fn denied_consent_and_a_forged_link_show_only_a_sentence() {
    let site = Site::of(|_, app| app.authorize_parameter("auto_authorize", ""), |login| login).await;
    let mut browser = Browser::default();
    let away = browser.get(&site.at("/auth/oauth/start")).await;
    let denied = Browser::default().get(&format!("{}&decision=deny", away.location())).await;
    let back = browser.get(denied.location()).await;
    assert_eq!(back.location(), "/?error=access_denied");
    let page = browser.get(&site.at(back.location())).await;
    assert!(page.body.contains("You did not allow the sign-in."), "{}", page.body);
    // The state was valid for one callback.
    assert_eq!(browser.get(denied.location()).await.location(), "/?error=access_denied");
    let code = denied.location().replace("error=access_denied", "code=c");
    assert_eq!(browser.get(&code).await.location(), "/?error=invalid_state");

    for made in ["Call+0900-1234", "%3Cscript%3Ealert(1)%3C/script%3E", "%22onload=%22x", "a&error=b"] {
        let page = browser.get(&site.at(&format!("/?error={made}"))).await;
        assert_eq!(page.status, 200);
        for part in ["0900", "alert(1)", "onload="] {
            assert!(!page.body.contains(part), "{made}: {}", page.body);
        }
    }
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 0);
}

#[tokio::test]
async fn two_tabs_sign_in_at_once_and_the_second_replaces_the_first() {
    let site =
        Site::of(|url, app| app.revocation_url(format!("{url}/api/oauth2/revoke")), |login| login).await;
    let mut browser = Browser::default();
    let first = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let second = browser.sent_back(&site.at("/auth/oauth/start?popup=1")).await;

    assert_eq!(browser.get(&first).await.location(), "/?login=success");
    let between = browser.cookies.clone();
    assert_eq!(browser.get(&second).await.location(), "/?login=success&popup=1");
    assert_ne!(browser.cookies, between, "the session has a new id after each sign-in");
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 200);
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 0, "both may share a grant, so none is revoked");
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 2);
}

#[tokio::test]
async fn after_the_sign_in_the_browser_is_redirected_to_next() {
    let site = Site::start().await;
    for (next, then) in [
        ("%2Fmine%3Fpage%3D2", "/mine?page=2"),
        ("https://evil.example/", "/?login=success"),
        ("//evil.example", "/?login=success"),
        ("/%5Cevil.example", "/?login=success"),
        ("/%09/evil.example", "/?login=success"),
        ("/%0d%0aSet-Cookie:%20a=b", "/?login=success"),
        ("/mine&next=/other", "/?login=success"),
    ] {
        let mut browser = Browser::default();
        let callback = browser.sent_back(&site.at(&format!("/auth/oauth/start?next={next}"))).await;
        // A `next` in the callback is ignored.
        let back =
            browser.get(&format!("{callback}&next=https://evil.example/&redirect_uri=//evil.example")).await;
        assert_eq!(back.location(), then, "{next}");
        assert!(!browser.cookies.contains_key("a"));
    }
}

#[tokio::test]
async fn a_logout_from_another_site_is_refused() {
    let site = Site::start().await;
    let mut browser = site.signed_in().await;
    for from in ["cross-site", "same-site"] {
        let headers = format!("Content-Length: 0\r\nSec-Fetch-Site: {from}\r\n");
        assert_eq!(browser.ask("POST", &site.at("/auth/logout"), &headers).await.status, 403);
    }
    assert_eq!(browser.get(&site.at("/auth/logout")).await.status, 405);
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 200);
}
