//! Secrets that no browser may see, and the security headers of every answer.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::Level;
use wellspring_simulator::Endpoint;
use wellspring_transport::Clock;

use crate::browser::Browser;
use crate::site::{SECRET, Site};

/// Every secret that this site sent to the simulator or received from it.
async fn secrets(site: &Site, browser: &Browser) -> Vec<String> {
    let mut secrets = vec![SECRET.to_owned()];
    for request in site.simulator.received(Endpoint::Any) {
        let fields = request.form();
        let named = ["code", "refresh_token", "client_secret", "code_verifier", "token"];
        secrets.extend(fields.into_iter().filter(|(name, _)| named.contains(&name.as_str())).map(|(_, v)| v));
        secrets.extend(
            request.header("authorization").and_then(|v| v.strip_prefix("Bearer ")).map(str::to_owned),
        );
    }
    // The pool's keys are secret too, and the session's id outside of its cookie.
    secrets.extend(browser.cookies.values().cloned());
    secrets.retain(|secret| secret.len() > 8);
    secrets
}

#[tokio::test]
async fn no_token_code_or_secret_is_in_any_answer_after_the_callback() {
    let site =
        Site::of(|url, app| app.revocation_url(format!("{url}/api/oauth2/revoke")).pkce(true), |login| login)
            .await;
    let mut browser = Browser::default();
    let callback = browser.sent_back(&site.at("/auth/oauth/start?next=/mine")).await;
    assert_eq!(browser.get(&callback).await.location(), "/mine");
    for path in ["/mine", "/", "/?login=success", "/auth/oauth/page.js", "/auth/oauth/page.css"] {
        assert_eq!(browser.get(&site.at(path)).await.status, 200, "{path}");
    }
    site.simulator.revoke_access_tokens();
    for path in ["/api/user/info", "/api/user/topup", "/mine"] {
        assert_eq!(browser.fetch(&site.at(path)).await.status, 200, "{path}");
    }
    browser.get(&callback).await;
    let secrets_of_session = secrets(&site, &browser).await;
    browser.post(&site.at("/auth/logout")).await;
    browser.get(&site.at("/")).await;
    let all = secrets(&site, &browser).await.into_iter().chain(secrets_of_session).collect::<Vec<_>>();
    // Client secret, code, verifier, two access tokens, two refresh tokens, the cookie.
    assert!(all.iter().collect::<std::collections::BTreeSet<_>>().len() >= 8, "{}", all.len());

    for (url, page) in &browser.seen {
        let said: String =
            page.head.lines().filter(|line| !line.starts_with("set-cookie: ")).collect::<Vec<_>>().join("\n");
        for secret in &all {
            assert!(!page.body.contains(secret.as_str()), "in the body of {url}");
            assert!(!said.contains(secret.as_str()), "in the head of {url}: {said}");
        }
    }
}

#[tokio::test]
async fn every_answer_is_never_cached_sends_no_referrer_and_runs_no_foreign_script() {
    let site = Site::start().await;
    let mut browser = site.signed_in().await;
    for path in [
        "/",
        "/?error=access_denied",
        "/auth/oauth/start",
        "/auth/oauth/page.js",
        "/auth/oauth/page.css",
        "/oauth/callback",
        "/api/user/info",
        "/api/user/topup",
    ] {
        let headers = "Origin: https://evil.example\r\nAccept: application/json\r\n";
        let page = browser.ask("GET", &site.at(path), headers).await;
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(page.header("access-control-allow-origin"), None, "{path}");
        if page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            let scripts = page.body.matches("<script").count();
            assert_eq!(
                scripts,
                page.body.matches("<script src=\"/auth/oauth/page.js\" defer></script>").count()
            );
            assert!(
                !page.body.contains("<style") && !page.body.contains(" style=") && !page.body.contains(" on")
            );
        }
    }
}

#[tokio::test]
async fn the_cookie_is_only_for_this_site() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let start = browser.get(&site.at("/auth/oauth/start")).await;
    let cookie = start.header("set-cookie").unwrap();
    assert!(cookie.starts_with("signed-in-"), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let clock = Clock::manual(Clock::system().now().unix.as_secs());
    let signed_in = Site::of(|_, app| app, |login| login.clock(&clock)).await.signed_in().await;
    let set: Vec<_> = signed_in.seen.iter().flat_map(|(_, page)| page.head.lines()).collect();
    let session =
        set.iter().find(|line| line.starts_with("set-cookie: ") && line.contains("Max-Age=1209600"));
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.unwrap().contains(attribute), "{attribute}: {set:?}");
    }
    // The authorization URL contains the client and the state, and no secret.
    assert!(!start.location().contains(SECRET) && start.location().contains("state="));
}

/// Everything that this process logs, also by other tests.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Starts to capture, at every level.
    fn start() -> Self {
        let log = Self::default();
        let to = log.clone();
        let all = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false);
        all.with_writer(move || to.clone()).try_init().expect("no other subscriber");
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_visit_with_all_its_failures_logs_no_secret() {
    let log = Log::start();
    let revoking =
        |url: &str, app: oauth2_app::AppBuilder| app.revocation_url(format!("{url}/api/oauth2/revoke"));
    let mut site = Site::of(|url, app| revoking(url, app).pkce(true), |login| login).await;
    let mut browser = Browser::default();
    let mut states = Vec::new();
    let mut sent_back = async |browser: &mut Browser, site: &Site| {
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        states.push(callback.rsplit_once("state=").unwrap().1.split('&').next().unwrap().to_owned());
        callback
    };
    // The failures: a forged callback, a refused code, a code for a server that is down.
    let forged = "/oauth/callback?code=code-of-another-browser&state=state-of-another-browser&error=";
    browser.get(&site.at(forged)).await;
    let callback = sent_back(&mut browser, &site).await;
    let bad = callback.replace("code=", "code=not-a-code-");
    assert_eq!(browser.get(&bad).await.location(), "/?error=server_error");
    let callback = sent_back(&mut browser, &site).await;
    site.simulator.unplug();
    assert_eq!(browser.get(&callback).await.location(), "/?error=server_error");
    site.simulator.plug_in().unwrap();
    // A sign-in that works, and then fails.
    let callback = sent_back(&mut browser, &site).await;
    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
    let cookies: Vec<_> = browser.cookies.values().cloned().collect();
    site.simulator.revoke_access_tokens();
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 200);
    site.simulator.revoke_families();
    assert_eq!(browser.fetch(&site.at("/api/user/topup")).await.status, 401);
    let mut secrets = secrets(&site, &browser).await;
    browser.post(&site.at("/auth/logout")).await;

    secrets.extend(states);
    secrets.extend(["code-of-another-browser", "state-of-another-browser", "not-a-code-"].map(str::to_owned));
    secrets.extend(cookies);
    let log = log.text();
    for said in ["web.failed", "at=\"callback\"", "at=\"topup\"", "TRACE", "DEBUG"] {
        assert!(log.contains(said), "{said} is not in the log: {log}");
    }
    for secret in secrets {
        let at = log.find(&secret);
        assert_eq!(at, None, "{secret} in {}", &log[at.unwrap_or_default().saturating_sub(300)..][..400]);
    }
}
