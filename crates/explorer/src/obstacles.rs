//! What must hold when nothing was sent, stated without the table of obstacles: the reasons of one process or its host stay
//! there, and what meets every process is in the record for all of them.

use wellspring_core::{Obstacle, Record, TokenError};

use crate::invariants::Broken;
use crate::line::Trouble;
use crate::world::{Process, Scene, World};

/// These meet every process that asks.
const SHARED: [Obstacle; 4] = [
    Obstacle::ConnectTimeout,
    Obstacle::ConnectionBroken,
    Obstacle::ConnectionRefused,
    Obstacle::CertificateRefused,
];

/// These meet one process or its host. Another process may have another certificate, proxy or network.
const OWN: [Obstacle; 11] = [
    Obstacle::NoDescriptor,
    Obstacle::NoMemory,
    Obstacle::NoThread,
    Obstacle::NoNetwork,
    Obstacle::NotPermitted,
    Obstacle::NameLookup,
    Obstacle::Proxy,
    Obstacle::UntrustedServer,
    Obstacle::Settings,
    Obstacle::TooLate,
    Obstacle::HandshakeRefused,
];

/// What the error says if this has kept the request from being sent.
pub(crate) fn text(obstacle: Obstacle) -> String {
    format!("[{obstacle:?}]")
}

fn is_recorded(record: &Record, obstacle: Obstacle) -> bool {
    record.throttle.as_ref().is_some_and(|throttle| throttle.cause.text == text(obstacle))
}

impl World {
    /// A store has taken this record.
    pub(crate) fn check_record(record: &Record) -> Result<(), Broken> {
        if OWN.iter().any(|obstacle| is_recorded(record, *obstacle)) {
            return Err(Broken("8: a failure of one process pauses all".to_owned()));
        }
        Ok(())
    }

    /// A renewal of this process has failed with this error.
    pub(crate) fn check_failure(
        &self,
        scene: &Scene,
        who: usize,
        process: &Process,
        error: &TokenError,
    ) -> Result<(), Broken> {
        let told = error.to_string();
        let met = SHARED.into_iter().find(|obstacle| told.contains(&text(*obstacle)));
        let recorded =
            |obstacle| self.store(who).record().is_some_and(|record| is_recorded(record, obstacle));
        if scene.line.may(Trouble::Obstacles) && met.is_some_and(|obstacle| !recorded(obstacle)) {
            return Err(Broken("8: a failure that meets every process is not in the record".to_owned()));
        }
        self.check_credential(process, error)
    }
}
