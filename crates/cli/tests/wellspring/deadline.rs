//! The end of a command by the profile's deadline.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, mpsc};

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, Record, RefreshToken, SessionState, Store, Swap, TokenKey,
    TokenResponse, UnixTime,
};
use wellspring_simulator::{Endpoint, Fault, SimClock, Simulator};

use crate::command::{Folder, profiles};
use crate::stored;

pub(crate) fn with_deadline(simulator: &Simulator, deadline: &str) -> Folder {
    let policy = format!("[profile.shop.policy]\ndeadline = \"{deadline}\"\n[profile.app]");
    Folder::with(&profiles(simulator).replace("[profile.app]", &policy))
}

#[test]
fn token_and_call_end_at_the_profiles_deadline_while_there_is_no_token() {
    let simulator = Simulator::start().unwrap();
    let folder = with_deadline(&simulator, "700ms");
    let url = format!("{}/accounts/balances", simulator.url());
    for fault in ["unavailable", "silence-before", "drip-millis=100", "too-many-requests-seconds"] {
        for transport in ["async", "blocking"] {
            simulator.clear_faults();
            simulator.fault_times(Endpoint::Token, Fault::parse(fault).unwrap(), u32::MAX);
            for command in [&["token", "shop"][..], &["call", "shop", "GET", &url]] {
                let ran = folder.run(&[command, &["--transport", transport]].concat());
                assert_eq!(ran.status, 5, "{fault} {transport}: {}", ran.stderr);
                let says =
                    if fault.starts_with("too-many") { "try again after 20" } else { "; try again later\n" };
                assert!(ran.stderr.contains(says), "{fault} {transport}: {}", ran.stderr);
            }
        }
    }
}

#[test]
fn a_call_goes_on_after_the_profiles_deadline_while_bytes_flow_and_ends_when_it_falls_silent() {
    let simulator = Simulator::start().unwrap();
    let policy = "deadline = \"5s\"\ncall_idle_timeout = \"3s\"\n";
    let text = profiles(&simulator)
        .replace("[profile.app]", &format!("[profile.shop.policy]\n{policy}[profile.app]"));
    let folder = Folder::with(&text);
    let url = format!("{}/accounts/balances", simulator.url());
    for transport in ["async", "blocking"] {
        let call = ["call", "shop", "GET", &url, "--transport", transport];
        simulator.clear_faults();
        let whole = folder.run(&call);
        assert_eq!((whole.status, whole.stderr.as_str()), (0, ""), "{transport}");
        // So many bytes take longer than the deadline.
        let pause = 6_000 / whole.stdout.len();
        let drips = format!("drip-millis={pause}");
        simulator.fault(Endpoint::Api, Fault::parse(&drips).unwrap());
        let ran = folder.run(&call);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{transport}");
        // The balances begin with the time of the call.
        let after_the_time = |text: &str| text.split_once(',').map(|(_, rest)| rest.to_owned());
        assert_eq!(after_the_time(&ran.stdout), after_the_time(&whole.stdout), "{transport}");
        simulator.fault(Endpoint::Api, Fault::parse("silence-before").unwrap());
        let ran = folder.run(&call);
        assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{transport}: {}", ran.stderr);
        assert!(ran.stderr.contains("no byte came within the idle timeout of the call"), "{}", ran.stderr);
    }
}

#[test]
fn the_error_at_the_deadline_names_what_the_command_waited_for_and_its_last_failure() {
    for transport in ["async", "blocking"] {
        let simulator = Simulator::start().unwrap();
        let folder = with_deadline(&simulator, "5s");
        simulator.fault(Endpoint::Token, Fault::parse("unavailable").unwrap());
        simulator.fault(Endpoint::Token, Fault::parse("silence-before").unwrap());
        let ran = folder.run(&["token", "shop", "--transport", transport]);
        assert_eq!(ran.status, 5, "{}", ran.stderr);
        let said = "not done within the profile's deadline of 5s; it was waiting for the token endpoint's response; the \
                    last failure: ";
        assert!(ran.stderr.contains(said) && ran.stderr.contains("503"), "{transport}: {}", ran.stderr);
    }
}

#[test]
fn a_pause_is_waited_out_when_the_deadline_allows_it() {
    for transport in ["async", "blocking"] {
        let simulator = Simulator::start().unwrap();
        let folder = with_deadline(&simulator, "20s");
        simulator.fault(Endpoint::Token, Fault::parse("unavailable").unwrap());
        let ran = folder.run(&["token", "shop", "--transport", transport]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{transport}");
        assert_eq!(simulator.asked(Endpoint::Token), 2, "{transport}");
    }
}

/// A token endpoint that the test controls: it reports each request that it has read, and answers when the test sends a
/// status and a body.
pub(crate) fn endpoint() -> (String, mpsc::Receiver<()>, mpsc::Sender<(&'static str, &'static str)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, was_asked) = mpsc::channel();
    let (answer, may_answer) = mpsc::channel::<(&str, &str)>();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            read_request(&stream);
            let Ok(()) = asked.send(()) else { return };
            let Ok((status, body)) = may_answer.recv() else { return };
            let head = "Content-Type: application/json\r\nConnection: close\r\nContent-Length: ";
            write!(&stream, "HTTP/1.1 {status}\r\n{head}{}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    (url, was_asked, answer)
}

pub(crate) const GRANTED: (&str, &str) = (
    "200 OK",
    r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600,"refresh_token":"the-next-one"}"#,
);

/// A profile for this token endpoint, and a store with a refresh token for it.
pub(crate) fn with_refresh_token(url: &str, store: &str, policy: &str) -> (Folder, Arc<dyn Store>, TokenKey) {
    let folder = Folder::with(&format!(
        "[store]\nurl = \"{store}\"\n[profile.user]\nprovider = \"oauth2-app\"\nauthorize_url = \"{url}\"\n\
         token_url = \"{url}\"\nclient_id = \"client_abc123def456\"\nclient_secret = \"a long secret\"\n\
         redirect_uri = \"http://127.0.0.1/callback\"\nscopes = [\"profile\", \"balance\"]\n{policy}"
    ));
    let store = stored::open(&folder, store);
    let key = stored::key(url);
    let old = TokenResponse::new(AccessToken::new("old"))
        .with_lifetime(Duration::from_secs(1))
        .with_refresh_token(RefreshToken::new("spent"));
    let old = SessionState::Active(Granted::new(UnixTime::from_secs(1_700_000_000), old));
    let record = Record::new(Epoch::new(1), Generation::new(1), old);
    assert!(matches!(store.save(&key, None, &record, Duration::from_secs(5)), Ok(Swap::Done(_))));
    (folder, store, key)
}

fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
}

/// The file of the only key in a file store.
fn only_record(tokens: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(tokens).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "token")).unwrap()
}

#[test]
fn a_token_that_the_store_refuses_is_reported_and_served_by_the_next_command() {
    let clock = SimClock::system();
    let play = |transport: &str| {
        let (url, was_asked, answer) = endpoint();
        let policy = "[profile.user.policy]\nstore_deadline = \"3s\"\n";
        let (folder, store, key) = with_refresh_token(&url, "file:tokens", policy);
        let mut command = folder.command(&["token", "user", "--transport", transport]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        was_asked.recv().unwrap();
        // The lease is saved. This folder in the place of the temporary file makes every later save fail.
        let mut fresh = only_record(&folder.path().join("tokens")).into_os_string();
        fresh.push(".new");
        std::fs::create_dir(&fresh).unwrap();
        let started = clock.now();
        answer.send(GRANTED).unwrap();
        let output = child.wait_with_output().unwrap();
        // The command ends without waiting for its deadline.
        assert!(clock.now() - started < Duration::from_secs(20));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"abc\n"[..]), "{said}");
        let warning = "the store refused the new token; the spill folder keeps it for the next command";
        assert!(said.contains(warning) && !said.contains("the-next-one"), "{said}");
        std::fs::remove_dir(&fresh).unwrap();
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "abc\n", ""));
        let loaded = store.load(&key, Duration::from_secs(5)).unwrap();
        assert!(loaded.spilled.is_none());
        let record = loaded.stored.unwrap().record;
        assert!(record.generation == Generation::new(2) && record.lease.is_none(), "{transport}");
        let held = record.granted().and_then(|granted| granted.response.refresh_token.as_ref());
        assert_eq!(held.map(RefreshToken::expose), Some("the-next-one"));
        assert!(was_asked.try_recv().is_err(), "one exchange");
    };
    std::thread::scope(|scope| {
        scope.spawn(|| play("async"));
        scope.spawn(|| play("blocking"));
    });
}

#[test]
fn a_command_waits_beyond_its_deadline_for_the_response_to_a_refresh_token() {
    let play = |transport: &str, store: &str| {
        let (url, was_asked, answer) = endpoint();
        let policy = "[profile.user.policy]\ndeadline = \"4s\"\n";
        let (folder, store, key) = with_refresh_token(&url, store, policy);
        let mut command = folder.command(&["token", "user", "--transport", transport]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        was_asked.recv().unwrap();
        // The server did not process it, so a pause of at least half a second precedes the retry.
        answer.send(("429 Too Many Requests", r#"{"error":"slow_down"}"#)).unwrap();
        was_asked.recv().unwrap();
        assert!(was_asked.recv_timeout(Duration::from_millis(3_700)).is_err());
        answer.send(GRANTED).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), output.stdout.as_slice()),
            (Some(0), &b"abc\n"[..]),
            "{transport}: {said}"
        );
        let stored = store.load(&key, Duration::from_secs(5)).unwrap().stored.unwrap().record;
        assert!(stored.generation == Generation::new(2) && stored.lease.is_none(), "{transport}");
    };
    std::thread::scope(|scope| {
        scope.spawn(|| play("async", "sqlite:wellspring.db"));
        scope.spawn(|| play("blocking", "file:tokens"));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_whose_lease_finds_no_room_waits_for_the_store_and_says_so() {
    for transport in ["async", "blocking"] {
        let (url, was_asked, _answer) = endpoint();
        let policy = "[profile.user.policy]\ndeadline = \"2s\"\n";
        let (folder, _store, _key) = with_refresh_token(&url, "file:tokens", policy);
        // No file may grow: as on a full disk, but for this process only.
        let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
        let mut command = std::process::Command::new("sh");
        command.args([
            "-c",
            script,
            env!("CARGO_BIN_EXE_wellspring"),
            "token",
            "user",
            "--transport",
            transport,
        ]);
        command.current_dir(folder.path()).env_clear().stdin(Stdio::null());
        let ran = crate::command::Ran::of(&mut command);
        assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{}", ran.stderr);
        let said = "within the profile's deadline of 2s; it was waiting for the store";
        assert!(ran.stderr.contains(said) && ran.stderr.contains("tokens"), "{transport}: {}", ran.stderr);
        assert!(was_asked.try_recv().is_err(), "nothing was sent");
    }
}
