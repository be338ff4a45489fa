//! What the operator is told: one warning for each sign-in that fails, with the server's words and no secret.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::Level;

use crate::local::{Jar, Local, Shared, callback, until};

/// What this thread logs. Its tasks run on this thread too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let to = log.clone();
        let all = tracing_subscriber::fmt().with_max_level(Level::INFO).with_ansi(false);
        let guard = tracing::subscriber::set_default(all.with_writer(move || to.clone()).finish());
        (log, guard)
    }

    /// The login's own lines since the last look.
    fn look(&self) -> Vec<String> {
        let text = core::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("canary") && !text.contains("the-access-token"), "{text}");
        text.lines().filter(|line| line.contains(" web.")).map(str::to_owned).collect()
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
async fn each_failed_sign_in_is_one_warning_with_the_servers_words_and_no_secret() {
    let (log, _guard) = Log::start();
    let site = Local::start();
    let mut jar = Jar::default();
    let bad = r#"{"error":"invalid_client","error_description":"wrong secret"}"#;
    for (query, answer, says) in [
        // A refusal, a wrong secret, a code that is refused, a server that is down, a lost state.
        (
            "error=invalid_scope&error_description=no%20such%20scope",
            None,
            &["web.refused", "by=\"server\"", "invalid_scope", "no such scope"][..],
        ),
        (
            "code=canary-code",
            Some((401, bad)),
            &["web.failed", "Misconfigured", "invalid_client", "wrong secret"],
        ),
        (
            "code=canary-code",
            Some((400, r#"{"error":"invalid_grant"}"#)),
            &["web.failed", "at=\"callback\"", "invalid_grant"],
        ),
        ("code=canary-code", Some((503, "{}")), &["web.failed", "at=\"callback\"", "503"]),
        ("code=canary-code", None, &["web.signed_in", "provider=\"default\""]),
    ] {
        let state = site.started(&mut jar, "").await;
        let (status, body) = answer.unwrap_or((200, crate::double::TOKENS));
        site.server.answers(status, body);
        log.look();
        jar.get(&site, &format!("/oauth/callback?{query}&state={state}")).await;
        let told = log.look();
        let [line] = &told[..] else { panic!("{query}: {told:?}") };
        for word in says {
            assert!(line.contains(word), "{word}: {line}");
        }
        assert_eq!(line.contains("WARN"), !line.contains("web.signed_in"), "{line}");
        assert!(!line.contains(&state), "{line}");
    }
    // A callback of another browser: its words may be an attacker's, and are not repeated.
    jar.get(&site, "/oauth/callback?error=canary&error_description=canary&state=canary").await;
    let told = log.look();
    assert!(told.len() == 1 && told[0].contains("no pending sign-in of this browser"), "{told:?}");
    jar.post(&site, "/auth/logout").await;
    until(|| site.server.count("/revoke") == 1).await;
    let told = log.look();
    assert!(told.len() == 1 && told[0].contains("web.signed_out") && told[0].contains("done"), "{told:?}");
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_to_the_user_as_a_fault_of_the_site() {
    let site = Shared::new().process(|app| app, |login| login, axum::Router::new());
    site.server.answers(401, r#"{"error":"invalid_client"}"#);
    let mut jar = Jar::default();
    let state = site.started(&mut jar, "").await;
    let back = jar.get(&site, &callback(&state, "c")).await;
    assert_eq!(back.location(), "/?error=misconfigured");
    let page = jar.get(&site, back.location()).await.body;
    assert!(page.contains("Trying again does not help"), "{page}");
}
