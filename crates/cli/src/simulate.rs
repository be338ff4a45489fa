//! `wellspring simulate`: runs the simulator on a port and prints a configuration for it.
//!
//! Standard output carries a complete `wellspring.toml`, ready to be redirected into a file. Messages for people go to
//! stderr.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::Write;

use wellspring_simulator::{Config, Endpoint, Fault, Rotation, Simulator, StartError};

use crate::arguments::{Provider, Rotation as RotationArg, Simulate};
use crate::exit::{Exit, Failure, say};
use crate::interrupt;

/// Runs until a signal ends it.
pub(crate) fn run(args: &Simulate, out: &mut dyn Write) -> Result<(), Failure> {
    if args.fault.iter().any(|name| name == "list") {
        return print(out, &every_fault());
    }
    let faults = args.fault.iter().map(|name| read_fault(name)).collect::<Result<Vec<_>, _>>()?;
    let endpoint: Endpoint = args.at.parse().map_err(|error| Failure::usage(format!("--at: {error}")))?;
    let signals = interrupt::defer_signals();
    let simulator = start(args)?;
    for fault in faults {
        simulator.fault_times(endpoint, fault, args.times.unwrap_or(u32::MAX));
    }
    print(out, &configuration(&simulator, &args.provider))?;
    let url = simulator.url();
    say(format_args!(
        "The simulator listens at {url} until Ctrl-C; standard output is a wellspring.toml for it."
    ));
    say(format_args!("Log of its requests: {url}/__sim/log"));
    signals.wait();
    drop(simulator);
    drop(signals);
    Ok(())
}

fn start(args: &Simulate) -> Result<Simulator, Failure> {
    let rotation = match args.rotation {
        RotationArg::Rotate => Rotation::Rotate { replay_window: None },
        RotationArg::Window => Rotation::Rotate { replay_window: Some(Duration::from_secs(30)) },
        RotationArg::Same => Rotation::Same,
        RotationArg::None => Rotation::None,
    };
    let builder = Simulator::builder().port(args.port).rotation(rotation).configure(|config| {
        if let Some(client) = config.app.clients.first_mut() {
            client.redirect_uris.push(CALLBACK.to_owned());
        }
    });
    let builder = if args.tls { builder.tls() } else { builder };
    builder.start().map_err(|error| match error {
        StartError::PortTaken { port } => Failure::usage(format!(
            "another program uses port {port}; choose another with --port, or omit --port for a free one"
        )),
        error => Failure::new(Exit::TryLater, format!("cannot start the simulator: {error}")),
    })
}

fn read_fault(name: &str) -> Result<Fault, Failure> {
    name.parse().map_err(|error| Failure::usage(format!("{error}; `--fault list` prints all faults")))
}

fn every_fault() -> String {
    let mut text = String::new();
    for (name, says) in Fault::all_names() {
        let _ = writeln!(text, "{name:<32} {says}");
    }
    for (name, says) in Fault::with_values() {
        let _ = writeln!(text, "{:<32} {says}", format!("{name}=VALUE"));
    }
    text
}

/// The redirect URI of `login`.
const CALLBACK: &str = "http://127.0.0.1:8765/oauth/callback";

/// A `wellspring.toml` for this simulator. Its secrets are the published examples of the vendors' documentation.
fn configuration(simulator: &Simulator, providers: &[Provider]) -> String {
    let known = Config::default();
    let url = simulator.url();
    let mut text = format!(
        "# {url}\n\n# Without a store each command's tokens end with the command, and `login` does not work.\n# [store]\n\
         # url = \"sqlite:wellspring.db\"\n"
    );
    let wanted = |provider| providers.is_empty() || providers.contains(&provider);
    let mut add = |profile: &str, lines: &[(&str, &str)]| {
        let _ = writeln!(text, "\n[profile.{profile}]");
        for (key, value) in lines {
            let _ = writeln!(text, "{key} = \"{value}\"");
        }
        let _ = writeln!(text, "api_urls = [\"{url}\"]");
        if let Some(identity) = simulator.identity() {
            let _ =
                writeln!(text, "[profile.{profile}.tls]\nca_certificate = \"\"\"\n{}\"\"\"", identity.ca_pem);
        }
    };
    if wanted(Provider::PixBacen) {
        let (id, secret) = (known.pix.client_id.as_str(), known.pix.client_secret.as_str());
        add(
            "shop",
            &[("provider", "pix-bacen"), ("base_url", &url), ("client_id", id), ("client_secret", secret)],
        );
    }
    if let (true, Some(client)) = (wanted(Provider::Oauth2App), known.app.clients.first()) {
        let secret = client.secret.as_deref().unwrap_or_default();
        add(
            "app",
            &[
                ("provider", "oauth2-app"),
                ("preset", "aihubmix"),
                ("base_url", &url),
                ("developer_token", &known.app.developer_token),
                ("grant_type", "client_credentials"),
                ("client_id", &client.id),
                ("client_secret", secret),
            ],
        );
    }
    if let (true, Some(client)) = (wanted(Provider::Oauth2App), known.app.clients.first()) {
        let [authorize_url, device_authorization_url, token_url, userinfo_url, revocation_url] =
            ["authorize", "device_authorization", "token", "userinfo", "revoke"]
                .map(|name| format!("{url}/api/oauth2/{name}"));
        add(
            "user",
            &[
                ("provider", "oauth2-app"),
                ("authorize_url", &authorize_url),
                ("device_authorization_url", &device_authorization_url),
                ("token_url", &token_url),
                ("userinfo_url", &userinfo_url),
                ("revocation_url", &revocation_url),
                ("client_id", &client.id),
                ("client_secret", client.secret.as_deref().unwrap_or_default()),
                ("redirect_uri", CALLBACK),
            ],
        );
    }
    if wanted(Provider::HiveAuth) {
        let (id, secret) = (known.hive.id.as_str(), known.hive.secret_key.as_str());
        add("chain", &[("provider", "hive-auth"), ("base_url", &url), ("id", id), ("secret_key", secret)]);
    }
    text
}

fn print(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
}
