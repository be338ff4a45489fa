//! `wellspring presets`, and what a profile's tables change in the other commands.

use wellspring_simulator::Simulator;

use crate::command::{Folder, profiles};

#[test]
fn presets_are_listed_and_a_profile_for_each_can_be_read() {
    let folder = Folder::with("");
    let ran = folder.run(&["presets"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let mut lines = ran.stdout.lines();
    assert!(lines.next().unwrap().starts_with("preset"), "{}", ran.stdout);
    let names: Vec<_> = lines.map(|line| line.split(' ').next().unwrap()).collect();
    assert!(names.contains(&"efi") && names.contains(&"aihubmix") && names.is_sorted(), "{names:?}");
    for name in names {
        let printed = folder.run(&["presets", name]);
        assert_eq!((printed.status, printed.stderr.as_str()), (0, ""), "{name}");
        assert!(printed.stdout.contains(&format!("preset = \"{name}\"")), "{}", printed.stdout);
    }
    let ran = folder.run(&["presets", "nope"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("there is no preset \"nope\"; presets: aihubmix, "), "{}", ran.stderr);
}

#[test]
fn the_header_format_and_calls_use_the_header_of_the_profile() {
    let simulator = Simulator::start().unwrap();
    let calls = "[profile.shop.calls]\ntoken_header = \"X-Token\"\n";
    let folder = Folder::with(&format!("{}\n{calls}", profiles(&simulator)));
    let ran = folder.run(&["token", "shop", "--format", "header"]);
    assert!(ran.stdout.starts_with("X-Token: eyJ"), "{ran:?}");
    let url = format!("{}/accounts/balances", simulator.url());
    let ran = folder.run(&["call", "shop", "GET", &url, "--header", "x-token: mine"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("--header must not set X-Token, which carries the profile's token"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_static_token_is_printed_and_never_stored() {
    let static_token =
        "[store]\nurl = \"file:tokens\"\n[profile.key]\nprovider = \"static\"\ntoken = { file = \"key\" }\n";
    let folder = Folder::with(static_token);
    folder.write("key", "an-api-key\n");
    for transport in ["async", "blocking"] {
        let ran = folder.run(&["token", "key", "--transport", transport]);
        assert_eq!(
            (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
            (0, "an-api-key\n", ""),
            "{transport}"
        );
    }
    assert!(!folder.path().join("tokens").exists(), "nothing is stored");
}
