//! What a refusal of the token endpoint costs: exit statuses, what is remembered, and the way to ask again at once.

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::{Folder, profiles};

const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];

fn fault(simulator: &Simulator, name: &str) {
    simulator.fault(Endpoint::PixToken, Fault::parse(name).unwrap());
}

#[test]
fn the_second_command_tells_the_remembered_answer_as_remembered_with_the_same_exit_status() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let simulator = Simulator::start().unwrap();
        let right = format!("[store]\nurl = \"{url}\"\n{}", profiles(&simulator));
        let folder = Folder::with(&right.replace("your-client-secret", "not-the-client-secret"));
        let token = || folder.run(&["token", "shop", "--transport", transport]);
        let asked = || simulator.asked(Endpoint::PixToken);

        let first = token();
        assert_eq!((first.status, asked()), (4, 1), "{}", first.stderr);
        assert!(!first.stderr.contains("not asked again"), "{}", first.stderr);
        for _ in 0..2 {
            let again = token();
            assert_eq!((again.status, asked()), (4, 1), "{}", again.stderr);
            let said = again.stderr;
            assert!(said.contains("did not accept the client's credentials (status 401"), "{said}");
            assert!(
                said.contains("; not asked again before 20") && said.contains("Z (20 min after this answer)"),
                "{said}"
            );
            assert!(said.ends_with("`wellspring login shop` tries now\n"), "{said}");
        }
        let status = folder.run(&["status", "shop"]);
        assert!(status.stdout.contains("after 1 failure: the endpoint did not accept"), "{}", status.stdout);
        assert!(status.stdout.contains("`wellspring login shop` tries now"), "{}", status.stdout);

        let doctor = folder.run(&["doctor", "shop"]);
        let line = doctor.stdout.lines().find(|line| line.contains("is remembered")).unwrap_or_default();
        assert!(line.starts_with("wrong  shop: the token endpoint's answer of 20"), "{}", doctor.stdout);
        for words in [
            "it is not asked again before 20",
            "did not accept the client's credentials (status 401",
            "; correct the profile, or `wellspring login shop` asks it now",
        ] {
            assert!(line.contains(words), "{words}: {line}");
        }
        assert_eq!(doctor.status, 2);

        // The way out asks at once, and so does a corrected secret.
        let login = folder.run(&["login", "shop", "--transport", transport]);
        assert_eq!((login.status, asked()), (4, 3), "{}", login.stderr);
        folder.write("wellspring.toml", &right);
        let doctor = folder.run(&["doctor", "shop"]).stdout;
        assert!(!doctor.contains("is remembered"), "another credential does not wait: {doctor}");
        // Each `doctor` has asked the endpoint without a credential.
        assert_eq!((token().status, asked()), (0, 5));
    }
}

#[test]
fn one_false_refusal_of_a_secret_that_has_worked_costs_a_second() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let simulator = Simulator::start().unwrap();
        let folder = Folder::with(&format!("[store]\nurl = \"{url}\"\n{}", profiles(&simulator)));
        let token = || folder.run(&["token", "shop", "--transport", transport]);
        let status = || folder.run(&["status", "shop"]).stdout;
        fault(&simulator, "expires-in=1");
        assert_eq!(token().status, 0);
        assert!((0..10_000).any(|_| status().contains("expired")), "{}", status());
        let asked = simulator.asked(Endpoint::PixToken);
        fault(&simulator, "nest-401");
        // The command waits out the pause of a second.
        let ran = token();
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{transport}");
        assert_eq!(simulator.asked(Endpoint::PixToken), asked + 2, "{transport}");
    }
}

#[test]
fn a_secret_that_has_worked_and_is_refused_twice_is_told_after_the_second_request() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let simulator = Simulator::start().unwrap();
        let folder = Folder::with(&format!("[store]\nurl = \"{url}\"\n{}", profiles(&simulator)));
        let run = |command: &str| folder.run(&[command, "shop"]);
        fault(&simulator, "expires-in=1");
        assert_eq!(run("token").status, 0);
        assert!((0..10_000).any(|_| run("status").stdout.contains("expired")));
        let asked = simulator.asked(Endpoint::PixToken);
        simulator.fault_times(Endpoint::PixToken, Fault::parse("nest-401").unwrap(), 9);
        let ran = folder.run(&["token", "shop", "--transport", transport]);
        assert_eq!((ran.status, simulator.asked(Endpoint::PixToken)), (4, asked + 2), "{}", ran.stderr);
        assert!(ran.stderr.contains("did not accept the client's credentials"), "{}", ran.stderr);
    }
}

#[test]
fn a_pause_that_the_endpoint_asks_for_is_told_with_its_end() {
    for transport in TRANSPORTS {
        let simulator = Simulator::start().unwrap();
        let folder = Folder::with(&profiles(&simulator));
        simulator.fault(Endpoint::PixToken, Fault::status(429).and(Fault::header("Retry-After", "300")));
        let ran = folder.run(&["token", "shop", "--transport", transport]);
        assert_eq!(ran.status, 5, "{}", ran.stderr);
        assert!(ran.stderr.contains("the endpoint asks for a pause: try again after 20"), "{}", ran.stderr);
    }
}

#[test]
fn each_refusal_has_the_exit_status_of_its_next_action_and_says_it() {
    for transport in TRANSPORTS {
        for (name, status, words) in [
            ("html-404", 4, "the server answers 404: is this the token endpoint's URL?"),
            ("gateway-404", 4, "the server answers 404: is this the token endpoint's URL?"),
            ("method-not-allowed", 4, "the server answers 405: is this the token endpoint's URL?"),
            ("gone", 4, "set the profile's URL to that of the token endpoint"),
            ("certificate-page", 4, "the server requires a client certificate and was shown none"),
            ("forbidden-page", 4, "it may require a client certificate"),
            ("certificate-unlinked", 4, "the server does not accept the client certificate"),
            ("bare-400", 4, "the endpoint refused the request"),
        ] {
            let simulator = Simulator::start().unwrap();
            let folder = Folder::with(&profiles(&simulator));
            fault(&simulator, name);
            let ran = folder.run(&["token", "shop", "--transport", transport]);
            assert_eq!(ran.status, status, "{name}: {}", ran.stderr);
            assert!(ran.stderr.contains(words), "{name}: {}", ran.stderr);
            assert_eq!(simulator.asked(Endpoint::PixToken), 1, "{name}: one request and no loop");
        }
        // A gateway that has recovered a second later costs the command only that second.
        for name in ["gateway-409", "gateway-423", "gateway-403", "bare-403"] {
            let simulator = Simulator::start().unwrap();
            let folder = Folder::with(&profiles(&simulator));
            fault(&simulator, name);
            let ran = folder.run(&["token", "shop", "--transport", transport]);
            assert_eq!((ran.status, simulator.asked(Endpoint::PixToken)), (0, 2), "{name}: {}", ran.stderr);
        }
    }
}
