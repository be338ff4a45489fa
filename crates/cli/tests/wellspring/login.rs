//! `wellspring login`: the test plays the browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use wellspring_simulator::{Endpoint, Fault, OauthClient, Simulator};

use crate::command::{Folder, Ran};

pub(crate) const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const ID: &str = "client_abc123def456";
const SECRET: &str = "secret_xyz789uvw012";

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A simulator with this redirect URI, and a folder with a profile and a store for it.
pub(crate) fn stage(redirect_uri: &str, store: &str) -> (Simulator, Folder) {
    let simulator = Simulator::builder()
        .configure(|config| {
            config.app.clients = vec![OauthClient::confidential(ID, SECRET, redirect_uri)];
        })
        .start()
        .unwrap();
    let folder = Folder::with(&profile(&simulator, redirect_uri, store));
    (simulator, folder)
}

fn profile(simulator: &Simulator, redirect_uri: &str, store: &str) -> String {
    let url = simulator.url();
    format!(
        "[store]\nurl = \"{store}\"\n[profile.user]\nprovider = \"oauth2-app\"\n\
         authorize_url = \"{url}/api/oauth2/authorize\"\ntoken_url = \"{url}/api/oauth2/token\"\n\
         userinfo_url = \"{url}/api/oauth2/userinfo\"\nrevocation_url = \"{url}/api/oauth2/revoke\"\n\
         client_id = \"{ID}\"\nclient_secret = \"{SECRET}\"\nredirect_uri = \"{redirect_uri}\"\n\
         scopes = [\"profile\", \"balance\"]\nauthorize_parameters = {{ auto_authorize = \"true\" }}\n"
    )
}

/// A login that waits for the browser.
pub(crate) struct Login {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    /// The URL that it printed.
    pub(crate) url: String,
}

impl Login {
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::of(&mut folder.command(&[&["login", "user", "--no-browser"], arguments].concat()))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        stdout.read_line(&mut url).unwrap();
        Self { child, stdout, url: url.trim_end().to_owned() }
    }

    pub(crate) fn child(&self) -> &Child {
        &self.child
    }

    /// Waits for the end and checks that standard output carried only the URL.
    pub(crate) fn end(mut self) -> Ran {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        Ran::from(self.child.wait_with_output().unwrap())
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.url.split_once('?').unwrap();
        let start = format!("{name}=");
        query.split('&').find_map(|pair| pair.strip_prefix(&start)).map(decoded)
    }

    pub(crate) fn redirect_uri(&self) -> String {
        self.parameter("redirect_uri").unwrap()
    }
}

fn decoded(text: &str) -> String {
    text.replace("%3A", ":").replace("%2F", "/").replace("%5B", "[").replace("%5D", "]")
}

/// Sends a browser's GET to a plain HTTP URL; returns head and body of the response.
pub(crate) fn visit(url: &str) -> (String, String) {
    let (authority, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let request = format!("GET /{target} HTTP/1.1\r\nHost: {authority}\r\nAccept: text/html\r\n\r\n");
    exchange(authority, request.as_bytes())
}

pub(crate) fn exchange(authority: &str, request: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(authority).unwrap();
    // The server may close the connection before a long request is sent.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

/// The URL to which the authorization server redirects the browser.
fn sent_back(url: &str) -> String {
    let (head, _) = visit(url);
    let location = head.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    location.to_owned()
}

/// Plays a person who agrees; returns the last page.
pub(crate) fn agree(login: &Login) -> (String, String) {
    agree_by(&login.url)
}

/// As [`agree`], with another URL of the authorization server, such as a button of its page.
pub(crate) fn agree_by(url: &str) -> (String, String) {
    visit(&sent_back(url))
}

#[test]
fn one_sign_in_serves_every_later_process() {
    for transport in TRANSPORTS {
        for store in ["file:tokens", "sqlite:wellspring.db"] {
            let uri = format!("http://127.0.0.1:{}/oauth/callback", free_port());
            let (simulator, folder) = stage(&uri, store);
            let login = Login::start(&folder, &["--transport", transport]);
            assert!(
                login.url.starts_with(&format!("{}/api/oauth2/authorize?", simulator.url())),
                "{}",
                login.url
            );
            assert_eq!(login.redirect_uri(), uri);
            assert_eq!(login.parameter("code_challenge_method").as_deref(), Some("S256"));
            let (head, page) = agree(&login);
            assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
            assert!(page.contains("You are signed in to user."), "{page}");
            let ran = login.end();
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            assert_eq!(ran.stderr, "wellspring: signed in; user has a token for 2h\n");
            assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
            // The access token of the sign-in serves other processes without a token request.
            let first = folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((first.status, first.stderr.as_str()), (0, ""));
            assert_eq!(simulator.asked(Endpoint::Token), 1);
            // And it lives long enough for a lifetime of nearly two hours.
            for round in 1..=2 {
                let ran = folder.run(&["token", "user", "--valid-for", "119m", "--transport", transport]);
                assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{round}");
            }
            assert_eq!(simulator.asked(Endpoint::RefreshGrant), 0, "two hours are enough");
            let ran =
                folder.run(&["call", "user", "GET", &format!("{}/api/oauth2/userinfo", simulator.url())]);
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        }
    }
}

#[test]
fn a_redirect_uri_without_a_port_gets_a_free_one() {
    let (simulator, folder) = stage("http://127.0.0.1/callback", "file:tokens");
    let login = Login::start(&folder, &[]);
    let uri = login.redirect_uri();
    assert!(uri.starts_with("http://127.0.0.1:") && uri.ends_with("/callback"), "{uri}");
    // RFC 8252 §7.3: servers accept any port here. The simulator compares every byte, so it gets the URI with the port.
    simulator.configure(|config| {
        config.app.clients = vec![OauthClient::confidential(ID, SECRET, &uri)];
    });
    let (_, page) = agree(&login);
    assert!(page.contains("You are signed in"), "{page}");
    assert_eq!(login.end().status, 0);
}

#[test]
fn a_redirect_uri_with_localhost_works_and_is_warned_about() {
    let uri = format!("http://localhost:{}/callback", free_port());
    let (_simulator, folder) = stage(&uri, "file:tokens");
    let login = Login::start(&folder, &[]);
    assert_eq!(login.redirect_uri(), uri);
    let (_, page) = agree(&login);
    assert!(page.contains("You are signed in"), "{page}");
    let ran = login.end();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let warning = "has the host `localhost`, which may lead the code to another program; register http://127.0.0.1/PATH";
    assert!(ran.stderr.contains(warning), "{}", ran.stderr);
}

#[test]
fn a_denied_sign_in_has_status_3_and_other_refusals_the_status_of_their_cause() {
    for (error, status, says) in [
        (
            "access_denied",
            3,
            "the authorization server refused the sign-in (access_denied); run the command again",
        ),
        ("temporarily_unavailable", 5, "(temporarily_unavailable); try again later"),
        (
            "invalid_scope&error_description=%3Cb%3Eno",
            4,
            "(invalid_scope: <b>no); check the profile's client id",
        ),
    ] {
        let uri = format!("http://127.0.0.1:{}/oauth/callback", free_port());
        let (simulator, folder) = stage(&uri, "file:tokens");
        let login = Login::start(&folder, &[]);
        let state = login.parameter("state").unwrap();
        let (head, page) = visit(&format!("{uri}?error={error}&state={state}"));
        assert!(head.starts_with("HTTP/1.1 400"), "{head}");
        assert!(page.contains("The server did not grant the sign-in.") && !page.contains("<b>"), "{page}");
        let ran = login.end();
        assert_eq!(ran.status, status, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        assert_eq!(simulator.asked(Endpoint::Token), 0);
    }
}

#[test]
fn a_failed_code_exchange_is_reported_in_the_browser_and_in_the_terminal() {
    let uri = format!("http://127.0.0.1:{}/oauth/callback", free_port());
    let (simulator, folder) = stage(&uri, "file:tokens");
    simulator.fault(Endpoint::Token, Fault::parse("oauth-error=invalid_client").unwrap());
    let login = Login::start(&folder, &[]);
    let (_, page) = agree(&login);
    assert!(page.contains("The server granted the sign-in, but the token request failed."), "{page}");
    let ran = login.end();
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("invalid_client"), "{}", ran.stderr);
    assert_eq!(folder.run(&["token", "user"]).status, 3);
}

#[test]
fn the_wait_ends_at_the_deadline_and_with_ctrl_c() {
    let uri = format!("http://127.0.0.1:{}/oauth/callback", free_port());
    let (_simulator, folder) = stage(&uri, "file:tokens");
    let ran = Login::start(&folder, &["--deadline", "300ms"]).end();
    assert_eq!(ran.status, 5);
    assert_eq!(
        ran.stderr,
        "wellspring: the sign-in timed out after 300ms; run the command again, with a longer --deadline if needed\n"
    );
    let login = Login::start(&folder, &[]);
    crate::signals::signal("INT", &login.child);
    assert_eq!(login.end().status, 130);
}

#[test]
fn a_sign_in_without_a_persistent_store_or_a_usable_redirect_uri_does_not_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let place = "must be a loopback URL for a sign-in from this machine: register and write http://127.0.0.1:PORT/PATH";
    let taken_uri = format!("http://127.0.0.1:{port}/callback");
    let is_taken = format!("needs port {port}, which another program uses; stop that program first");
    for (uri, store, says) in [
        ("https://yourapp.com/oauth/callback", "file:tokens", place),
        ("http://localhost.example:8765/callback", "file:tokens", place),
        (taken_uri.as_str(), "file:tokens", is_taken.as_str()),
        ("http://127.0.0.1/callback", "memory:", "keeps nothing after this command; add a persistent store"),
    ] {
        let (simulator, folder) = stage(uri, store);
        let ran = folder.run(&["login", "user", "--no-browser"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{uri}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{uri}: {}", ran.stderr);
        assert_eq!(simulator.asked(Endpoint::Any), 0);
    }
}

#[cfg(unix)]
#[test]
fn the_systems_browser_gets_the_url_as_one_argument_and_inherits_no_secret_and_no_open_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_simulator, folder) = stage("http://127.0.0.1/callback", "file:tokens");
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    folder.write(
        opener,
        "#!/bin/sh\n{ printf '%s %s\\n' \"$#\" \"$1\"; env; ls -l /proc/$$/fd; } > seen.new && mv seen.new seen\n",
    );
    let path = folder.path().join(opener);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    // The configuration names a variable; another variable and an open file hold secrets too.
    let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    let named = format!("client_secret = \"{SECRET}\"");
    folder.write("wellspring.toml", &text.replace(&named, "client_secret = { env = \"APP_SECRET\" }"));
    // Not every shell knows descriptors of two digits.
    let mut command = Command::new("bash");
    command.args(["-c", "exec 7<wellspring.toml 50<wellspring.toml; exec \"$0\" login user --deadline 20s"]);
    command.arg(env!("CARGO_BIN_EXE_wellspring")).current_dir(folder.path()).env_clear().stdin(Stdio::null());
    command.env("APP_SECRET", SECRET).env("XDG_SECRET", SECRET).env("DISPLAY", ":7");
    let paths = format!("{}:/usr/bin:/bin", folder.path().display());
    let child = command.env("PATH", paths).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let seen = loop {
        match std::fs::read_to_string(folder.path().join("seen")) {
            Ok(seen) => break seen,
            Err(_) => std::thread::yield_now(),
        }
    };
    assert!(seen.starts_with("1 http://127.0.0.1:") && seen.contains("&state="), "{seen}");
    assert!(seen.contains("DISPLAY=:7") && !seen.contains(SECRET), "{seen}");
    for never in ["socket:", "wellspring.toml", "/tokens"] {
        assert!(!seen.lines().skip(1).any(|line| line.contains(" -> ") && line.contains(never)), "{seen}");
    }
    crate::signals::signal("TERM", &child);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (143, ""));
    // Without an opener the error names the alternative.
    let mut command = folder.command(&["login", "user", "--deadline", "20s"]);
    let ran = Ran::of(command.env("PATH", "/nowhere").env("APP_SECRET", SECRET));
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("run `wellspring login user --no-browser` and open the URL"),
        "{}",
        ran.stderr
    );
}
