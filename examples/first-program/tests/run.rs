//! The program itself, as a process, against a server on this machine.

use std::process::{Command, Output};

use wellspring_simulator::{Endpoint, Simulator};

fn run(server: &str, secret: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_first-program"))
        .env("TOKEN_URL", format!("{server}/api/oauth2/token"))
        .env("CLIENT_ID", "client_abc123def456")
        .env("CLIENT_SECRET", secret)
        .env("API_URL", format!("{server}/api/oauth2/userinfo"))
        .output()
        .expect("the program starts")
}

#[test]
fn it_prints_what_the_api_answers_to_a_call_with_a_token() {
    let simulator = Simulator::builder().start().expect("a simulator");
    let output = run(&simulator.url(), "secret_xyz789uvw012");
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with('{'), "{output:?}");
    assert_eq!((simulator.asked(Endpoint::Token), simulator.asked(Endpoint::Userinfo)), (1, 1));
}

#[test]
fn a_wrong_secret_ends_it_with_a_sentence_that_does_not_show_the_secret() {
    let simulator = Simulator::builder().start().expect("a simulator");
    let output = run(&simulator.url(), "canary-of-a-secret");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("invalid_client"), "{said}");
    assert!(!said.contains("canary-of-a-secret"), "{said}");
    assert_eq!(simulator.asked(Endpoint::Userinfo), 0);
}
