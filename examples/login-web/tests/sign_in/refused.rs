//! Errors of the user: one line that says what to do, the right exit status, no secret.

use std::net::TcpListener;

use crate::program::{Folder, SECRET};

const ARGUMENTS: [&str; 6] =
    ["--config", "wellspring.toml", "--profile", "people", "--listen", "127.0.0.1:0"];

/// The error output. The program must end with this status.
fn refused(configuration: &str, arguments: &[&str], status: i32) -> String {
    let (ended, out, all) = Folder::with(configuration).run(arguments);
    assert_eq!((ended, out.as_str()), (Some(status), ""), "{all}");
    // The log comes before the error. Tokens in memory are worth a warning.
    let (log, said): (Vec<&str>, Vec<&str>) =
        all.split_inclusive('\n').partition(|line| line.contains(" WARN wellspring: store.weak "));
    assert!(log.len() <= 2 && !log.concat().contains("sentinel"), "{all}");
    let said = said.concat();
    assert!(said.starts_with("login-web: ") && said.ends_with('\n'), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for never in ["sentinel", "panicked", "Error", "Settings(", SECRET] {
        assert!(!said.contains(never), "{said}");
    }
    said
}

/// A valid profile whose server cannot be reached.
fn people(lines: &str) -> String {
    format!(
        "[profile.people]\nprovider = \"oauth2-app\"\nclient_id = \"id\"\n\
         client_secret = \"sentinel-of-a-secret\"\nauthorize_url = \"http://127.0.0.1:1/a\"\n\
         token_url = \"http://127.0.0.1:1/t\"\n{lines}\n"
    )
}

#[test]
fn each_error_of_the_command_line_is_named() {
    for (arguments, says) in [
        (&["--config", "wellspring.toml"][..], "--config needs --profile NAME"),
        (&["--profile", "people"], "--profile needs --config FILE"),
        (&ARGUMENTS[..4], "--config needs --listen 127.0.0.1:PORT"),
        (&["--listen"], "--listen needs a value; usage: login-web "),
        (&["--listen", "--title", "x"], "--listen needs a value; usage: login-web "),
        (&["--listen", ""], "--listen needs a value; usage: login-web "),
        (&["--listen", "8080"], "--listen 8080 is no address; write --listen 127.0.0.1:PORT"),
        (&["--listen", "localhost:8080"], "--listen localhost:8080 is no address; "),
        (&["--port", "8080"], "--port is not known; usage: login-web "),
        (&["wellspring.toml"], "wellspring.toml is not known; usage: login-web "),
    ] {
        let said = refused(&people(""), arguments, 2);
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let says = format!("{address} is taken by another program; choose another port with --listen");
    let with_profile = ["--config", "wellspring.toml", "--profile", "people", "--listen", &address];
    assert!(refused(&people(""), &with_profile, 2).contains(&says));
    assert!(refused("", &["--listen", &address], 2).contains(&says));
}

#[test]
fn a_file_or_a_profile_that_is_not_there_is_named() {
    let elsewhere = ["--config", "missing.toml", "--profile", "people", "--listen", "127.0.0.1:0"];
    let missing = refused("", &elsewhere, 2);
    assert!(missing.starts_with("login-web: missing.toml cannot be read: "), "{missing}");
    let unknown = ["--config", "wellspring.toml", "--profile", "peple", "--listen", "127.0.0.1:0"];
    let said = refused(&people(""), &unknown, 2);
    assert_eq!(said, "login-web: wellspring.toml: there is no [profile.peple]; profiles there: people\n");
}

#[test]
fn a_profile_without_a_sign_in_for_users_is_refused_with_its_line() {
    let shop = "[profile.people]\nprovider = \"pix-bacen\"\ngateway = \"goforge\"\nclient_id = \"account-93\"\n\
                client_secret = \"sentinel-of-a-secret\"\n";
    let chain = "[profile.people]\nprovider = \"hive-auth\"\nenvironment = \"sandbox\"\nid = \"operator\"\n\
                 secret_key = \"sentinel-of-a-secret\"\n";
    let machine = people("grant_type = \"client_credentials\"");
    for profile in [shop, chain, &machine] {
        let said = refused(profile, &ARGUMENTS, 2);
        assert!(
            said.starts_with(
                "login-web: wellspring.toml:1: [profile.people] has no sign-in for users; name "
            ),
            "{said}"
        );
    }
    for (lines, says) in [
        ("redirect_uri = \"http://10.0.0.1/cb\"", "the redirect URI is invalid"),
        ("redirect_uri = \"http://127.0.0.1/cb?x=y\"", "the redirect URI must not have a query"),
        (
            "redirect_uri = \"http://127.0.0.1/auth/logout\"",
            "has the path of the sign-out route, `/auth/logout`: give one of them another path",
        ),
        ("api_urls = [\"http://10.0.0.1/\"]", "`api_urls` is invalid"),
        (
            "refresh_token = { env = \"NO_SUCH\" }\nscopes = { env = \"NO_SUCH\" }",
            "`scopes` needs the environment variable",
        ),
        ("[profile.people.policy]\ndeadline = \"0s\"", "`deadline` must not be zero"),
        (
            "[profile.people.tls]\nca_certificate = \"wellspring.toml\"",
            "`ca_certificate` is neither PEM, DER nor PKCS #12",
        ),
        ("[store]\nurl = \"file:no/such/folder\"", "which is not a folder; create it first"),
        ("redirecturi = \"x\"", "`redirecturi` is not a key of [profile.people]"),
    ] {
        let said = refused(&people(lines), &ARGUMENTS, 2);
        assert!(said.contains(says), "{lines}: {said}");
    }
}
