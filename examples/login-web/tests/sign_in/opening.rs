//! A site that starts while its authorization server is down, and what its operator reads.

use std::net::TcpListener;
use std::process::Command;

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::browser::Browser;
use crate::program::{Folder, SECRET};
use crate::simulator::{endpoints, people, register, sign_in};

#[test]
fn a_site_opens_while_its_server_is_down_and_tells_visitors_until_it_is_up() {
    // The port is refused until the server is there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let issuer = format!("http://127.0.0.1:{port}");
    let folder = Folder::with(&people(&format!("issuer = \"{issuer}\"")));
    let site = folder.site("people");
    let mut browser = Browser::default();
    for path in ["/", "/auth/oauth/start", "/account", "/oauth/callback?code=a&state=b"] {
        let page = browser.get(&site.at(path));
        assert_eq!(page.status, 503, "{page:?}");
        assert!(page.body.contains("You cannot sign in yet: the server with the accounts does not answer."));
        assert_eq!(page.header("retry-after"), Some("10"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }

    let simulator = Simulator::builder().port(port).start().unwrap();
    register(&simulator, &site);
    while browser.get(&site.at("/")).status == 503 {
        std::thread::yield_now();
    }
    assert_eq!(sign_in(&site, &mut browser).1.location(), "/?login=success");
    assert!(browser.get(&site.at("/account")).body.contains("user123"));
    site.signal("TERM");
    let (status, output) = site.ended_with_output();
    assert_eq!(status, Some(143));
    assert!(
        output.contains("WARN") && output.contains("the authorization server does not answer"),
        "{output}"
    );
    assert!(!output.contains(SECRET), "{output}");
}

#[test]
fn a_site_whose_server_never_answers_ends_at_a_signal() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = Folder::with(&people(&format!("issuer = \"http://127.0.0.1:{port}\"")));
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        let site = folder.site("people");
        site.signal(signal);
        assert_eq!(site.ended(), Some(status));
    }
}

#[test]
fn a_failed_sign_in_is_one_warning_with_the_servers_words_and_no_secret() {
    let simulator = Simulator::start().unwrap();
    let folder = Folder::with(&people(&endpoints(&simulator.url())));
    let site = folder.site("people");
    register(&simulator, &site);
    let mut browser = Browser::default();
    simulator.fault(Endpoint::CodeGrant, Fault::oauth_error(401, "invalid_client"));
    let (_, page) = sign_in(&site, &mut browser);
    assert!(page.location().starts_with("/?error="), "{page:?}");
    let code = simulator.received(Endpoint::CodeGrant)[0].form();
    let (_, code) = code.into_iter().find(|(name, _)| name == "code").unwrap();
    // The server refuses the user.
    let start = browser.get(&site.at("/auth/oauth/start"));
    let back = Browser::default().get(&format!("{}&decision=deny", start.location()));
    assert!(browser.get(back.location()).location().starts_with("/?error=access_denied"));
    let output = site.end();
    let warnings: Vec<_> = output.lines().filter(|line| line.contains(" WARN wellspring: web.")).collect();
    let [failed, refused] = warnings.as_slice() else { panic!("{output}") };
    assert!(failed.contains("web.failed") && failed.contains("invalid_client"), "{output}");
    assert!(refused.contains("web.refused") && refused.contains("access_denied"), "{output}");
    assert!(!output.contains(SECRET) && !output.contains(&code), "{output}");
}

#[test]
fn the_log_says_more_or_less_as_rust_log_asks() {
    let folder = Folder::with("");
    let quiet = folder.site_with_log("error");
    let mut browser = Browser::default();
    browser.get(&quiet.at("/oauth/callback?error=access_denied&state=x"));
    assert!(!quiet.end().contains("WARN"));
    let mut wrong = Command::new(env!("CARGO_BIN_EXE_login-web"));
    let said = wrong.env("RUST_LOG", "wellspring=loud").output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8(said.stderr).unwrap().contains("RUST_LOG is not a valid filter"));
}
