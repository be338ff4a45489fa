//! The command line.

use core::net::{Ipv4Addr, SocketAddr};
use std::ffi::OsString;
use std::path::PathBuf;

use crate::failure::Failure;

const USAGE: &str =
    "usage: login-web [--listen 127.0.0.1:PORT] [--title TEXT] [--config FILE --profile NAME]";

/// The parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) listen: SocketAddr,
    pub(crate) title: String,
    pub(crate) server: Server,
}

/// The authorization server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// A simulator that this program starts.
    Simulator,
    /// The server of this profile.
    OfProfile { config: PathBuf, name: String },
}

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let (mut listen, mut title, mut config, mut profile) = (None, None, None, None);
        while let Some(word) = words.next() {
            let place = match word.to_str() {
                Some("--listen") => &mut listen,
                Some("--title") => &mut title,
                Some("--config") => &mut config,
                Some("--profile") => &mut profile,
                _ => return Err(Failure::usage(format!("{} is not known; {USAGE}", word.to_string_lossy()))),
            };
            let value = words.next().and_then(|value| value.into_string().ok());
            let value = value.filter(|value| !value.is_empty() && !value.starts_with("--"));
            *place = Some(value.ok_or_else(|| {
                Failure::usage(format!("{} needs a value; {USAGE}", word.to_string_lossy()))
            })?);
        }
        let server = match (config, profile) {
            (None, None) => Server::Simulator,
            (Some(config), Some(name)) => Server::OfProfile { config: config.into(), name },
            (Some(_), None) => {
                return Err(Failure::usage("--config needs --profile NAME, one of its profiles"));
            }
            (None, Some(_)) => return Err(Failure::usage("--profile needs --config FILE, where it stands")),
        };
        let listen = match (listen, &server) {
            (Some(address), _) => address.parse().map_err(|_| {
                Failure::usage(format!("--listen {address} is no address; write --listen 127.0.0.1:PORT"))
            })?,
            (None, Server::Simulator) => (Ipv4Addr::LOCALHOST, 0).into(),
            (None, Server::OfProfile { .. }) => {
                return Err(Failure::usage(
                    "--config needs --listen 127.0.0.1:PORT, where the server's redirect URI leads to",
                ));
            }
        };
        Ok(Self { listen, title: title.unwrap_or_else(|| "A third-party application".to_owned()), server })
    }
}
