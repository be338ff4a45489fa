//! `wellspring apps create`: the secret goes to its file and nowhere else.

use std::fs;
use std::process::{Command, Stdio};

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::{Folder, Ran};

const CALLBACK: &str = "https://yourapp.com/oauth/callback";

fn folder(simulator: &Simulator) -> Folder {
    Folder::with(&format!(
        "[profile.mine]\nprovider = \"oauth2-app\"\npreset = \"aihubmix\"\nbase_url = \"{}\"\n\
         developer_token = \"YOUR_DEVELOPER_TOKEN\"\n",
        simulator.url()
    ))
}

fn create(folder: &Folder, secret_file: &str) -> Ran {
    let arguments = ["apps", "create", "mine", "--name", "My Third-party App", "--redirect-uri", CALLBACK];
    let mut command = folder.command(&arguments);
    Ran::of(command.args(["--secret-file", secret_file]).env("RUST_LOG", "trace"))
}

/// The messages on stderr, without log lines.
fn messages(ran: &Ran) -> String {
    ran.stderr.lines().filter(|line| line.starts_with("wellspring: ")).collect()
}

#[test]
fn a_registered_app_has_its_secret_in_the_file_and_its_profile_works() {
    let simulator = Simulator::start().unwrap();
    let folder = folder(&simulator);
    let ran = create(&folder, "app.secret");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(
        messages(&ran),
        "wellspring: the app is registered and its secret is in app.secret; add the printed lines to [profile.mine]"
    );
    let path = folder.path().join("app.secret");
    let secret = fs::read_to_string(&path).unwrap();
    assert!(secret.starts_with("secret_") && secret.len() > 40 && secret.trim_end() == secret);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for output in [&ran.stdout, &ran.stderr] {
        assert!(!output.contains(&secret) && !output.contains("YOUR_DEVELOPER_TOKEN"), "{output}");
    }
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("client_id = \"client_"), "{}", ran.stdout);
    assert_eq!(lines[1], "client_secret = { file = \"app.secret\" }");
    assert_eq!(lines[2..], [format!("redirect_uri = \"{CALLBACK}\"")]);
    // The profile works with exactly these lines.
    let before = fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    folder.write("wellspring.toml", &format!("{before}{}grant_type = \"client_credentials\"\n", ran.stdout));
    let ran = folder.run(&["token", "mine"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let asked = simulator.received(Endpoint::Apps)[0].text();
    assert_eq!(
        asked,
        format!(r#"{{"name":"My Third-party App","description":"","redirect_uri":"{CALLBACK}"}}"#)
    );
}

#[test]
fn if_the_file_cannot_be_created_no_request_is_sent_and_an_existing_file_stays() {
    let simulator = Simulator::start().unwrap();
    let folder = folder(&simulator);
    folder.write("taken.secret", "another app's");
    for (file, says) in [
        ("taken.secret", "taken.secret exists and is not overwritten"),
        ("no/such/folder", "no app was registered: name another file with --secret-file"),
        (".", "name a"),
    ] {
        let ran = create(&folder, file);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{file}: {}", ran.stderr);
        assert!(messages(&ran).contains(says), "{file}: {}", ran.stderr);
    }
    assert_eq!(fs::read_to_string(folder.path().join("taken.secret")).unwrap(), "another app's");
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn if_the_disk_has_no_space_for_the_secret_no_request_is_sent() {
    let simulator = Simulator::start().unwrap();
    let folder = folder(&simulator);
    let wanted = folder.command(&["apps", "create", "mine", "--name", "n", "--redirect-uri", CALLBACK]);
    // A shell that limits the size of written files to 0.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]).arg(wanted.get_program());
    command.args(wanted.get_args()).args(["--secret-file", "app.secret"]);
    command.current_dir(folder.path()).stdin(Stdio::null());
    let ran = Ran::of(&mut command);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(messages(&ran).contains("no app was registered"), "{}", ran.stderr);
    assert!(!folder.path().join("app.secret").exists());
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn a_failed_registration_leaves_no_file_and_says_why() {
    let simulator = Simulator::start().unwrap();
    let folder = folder(&simulator);
    for (fault, status, says) in [
        ("app-not-registered", 4, "look at the vendor's console, and check the name and the redirect URI"),
        ("status=401", 4, "check the profile's `developer_token` and `base_url`"),
        ("status=503@after", 5, "the app may or may not be registered: look at the vendor's console"),
        ("reset-after", 5, "the app may or may not be registered: look at the vendor's console"),
    ] {
        simulator.fault(Endpoint::Apps, Fault::parse(fault).unwrap());
        let ran = create(&folder, "app.secret");
        assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{fault}: {}", ran.stderr);
        assert!(messages(&ran).contains(says), "{fault}: {}", ran.stderr);
        assert!(!folder.path().join("app.secret").exists(), "{fault}");
    }
    assert_eq!(simulator.asked(Endpoint::Apps), 4, "one request for each fault");
}

#[test]
fn a_registration_that_cannot_be_requested_is_a_usage_error() {
    let simulator = Simulator::start().unwrap();
    let own = |text: &str| {
        let folder = Folder::with(&format!("[profile.mine]\nprovider = \"oauth2-app\"\n{text}"));
        let ran = create(&folder, "app.secret");
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(!folder.path().join("app.secret").exists());
        messages(&ran)
    };
    let url = simulator.url();
    let token = "developer_token = \"t\"\n";
    assert!(own("client_id = \"c\"\npreset = \"aihubmix\"\n").contains("lacks `developer_token`"));
    assert!(own(token).contains("cannot register apps"));
    assert!(own("preset = \"aihubmix\"\n").contains("lacks `client_id`"), "without a developer token");
    let plain = own(&format!("{token}preset = \"aihubmix\"\nbase_url = \"http://api.example\"\n"));
    assert!(plain.contains("[profile.mine] cannot be used: the base URL is invalid"), "{plain}");
    let wide = own(&format!("developer_token = \"a b\"\npreset = \"aihubmix\"\nbase_url = \"{url}\"\n"));
    assert!(wide.contains("the developer token is empty or holds more than visible ASCII"), "{wide}");
    let folder = folder(&simulator);
    for (name, uri, says) in [
        (" ", CALLBACK, "--name is empty"),
        ("n", "http://yourapp.com/cb", "--redirect-uri: the redirect URI is invalid"),
        ("n", "nowhere", "--redirect-uri: the redirect URI is invalid"),
    ] {
        let place = ["--redirect-uri", uri, "--secret-file", "app.secret"];
        let ran = folder.run(&[&["apps", "create", "mine", "--name", name], &place[..]].concat());
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
    // Other commands report the missing client id.
    let ran = folder.run(&["token", "mine"]);
    assert_eq!(ran.status, 2);
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_during_the_registration_waits_until_the_secret_is_saved() {
    let simulator = Simulator::start().unwrap();
    let folder = folder(&simulator);
    let hold = simulator.hold(Endpoint::Apps);
    let arguments = ["apps", "create", "mine", "--name", "n", "--redirect-uri", CALLBACK];
    let mut command = folder.command(&arguments);
    command.args(["--secret-file", "app.secret"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while simulator.asked(Endpoint::Apps) == 0 {
        std::thread::yield_now();
    }
    crate::signals::deferred_signal("INT", &child);
    drop(hold);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("client_id = \"client_"));
    assert!(fs::read_to_string(folder.path().join("app.secret")).unwrap().starts_with("secret_"));
}

#[test]
fn the_file_of_a_killed_registration_is_not_accepted_as_a_secret() {
    let simulator = Simulator::start().unwrap();
    let folder = folder(&simulator);
    let _hold = simulator.hold(Endpoint::Apps);
    let mut command = folder.command(&["apps", "create", "mine", "--name", "n", "--redirect-uri", CALLBACK]);
    command.args(["--secret-file", "app.secret"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while simulator.asked(Endpoint::Apps) == 0 {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!fs::read(folder.path().join("app.secret")).unwrap().is_empty(), "the placeholder is there");

    let before = fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    let lines =
        "client_id = \"c\"\nclient_secret = { file = \"app.secret\" }\ngrant_type = \"client_credentials\"\n";
    folder.write("wellspring.toml", &(before + lines));
    let ran = folder.run(&["token", "mine"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("`client_secret` is empty; fill app.secret"), "{}", ran.stderr);
    assert_eq!(simulator.asked(Endpoint::AppToken), 0);
}
