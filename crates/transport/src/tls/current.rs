//! The client certificate in use: read when it is first needed, and again when its files have changed.

use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use wellspring_core::UnixTime;

use super::certificate::{CertificateInfo, Validity};
use super::chain::Material;
use super::fault::TlsFault;
use super::identity::{TlsIdentity, Unordered};
use crate::events;
use crate::sync::Mutex;

/// A client certificate as given, and what was read of it. All clones of the settings share it.
pub(super) struct Current {
    pub(super) given: TlsIdentity,
    state: Mutex<State>,
    /// The last stage that an event has reported.
    reported: AtomicU8,
}

#[derive(Default)]
struct State {
    material: Option<Arc<Material>>,
    /// How the files looked when they were last read.
    seen: Vec<Option<Stamp>>,
}

/// What changes when a file is exchanged or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// The number of the file, and when its metadata changed.
    number: (u64, i64, i64),
}

/// Makes what a TLS library can use of the contents of the files.
pub(super) type Prepare<'a> = &'a dyn Fn(Unordered) -> Result<Material, TlsFault>;

impl Current {
    pub(super) fn new(given: TlsIdentity) -> Self {
        Self { given, state: Mutex::new(State::default()), reported: AtomicU8::new(0) }
    }

    /// The certificate in use. If its files have changed, they are read; a new certificate that cannot be used is reported, and
    /// the old one stays in use.
    pub(super) fn material(&self, prepare: Prepare<'_>) -> Result<Arc<Material>, TlsFault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the files are read: what changes meanwhile is read next time.
        let seen: Vec<_> = self.given.files().map(Stamp::of).collect();
        if let Some(material) = state.material.as_ref().filter(|_| state.seen == seen) {
            return Ok(Arc::clone(material));
        }
        let read = self.given.read().and_then(prepare);
        let used = match (read, state.material.take()) {
            (Ok(read), Some(old)) if read.is(&old) => old,
            (Ok(read), old) => {
                if old.is_some() {
                    events::certificate_replaced(&read.info);
                }
                self.reported.store(0, Ordering::Relaxed);
                Arc::new(read)
            }
            (Err(fault), Some(old)) => {
                events::certificate_unusable(&old.info, &fault);
                old
            }
            (Err(fault), None) => return Err(fault),
        };
        state.seen = seen;
        state.material = Some(Arc::clone(&used));
        Ok(used)
    }

    /// Reports once that the certificate expires in 30 days, in 7 and in 1, that it has expired, or that it is not valid yet.
    pub(super) fn report(&self, info: &CertificateInfo, now: UnixTime) {
        let stage = Stage::of(info, now) as u8;
        if self.reported.swap(stage, Ordering::Relaxed) != stage && stage != Stage::Quiet as u8 {
            events::certificate_validity(info, now);
        }
    }
}

/// What there is to report of a certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Quiet,
    Days30,
    Days7,
    Day1,
    Expired,
    NotYet,
}

impl Stage {
    fn of(info: &CertificateInfo, now: UnixTime) -> Self {
        const DAY: u64 = 86_400;
        match info.validity(now) {
            Validity::NotYet => Self::NotYet,
            Validity::Expired => Self::Expired,
            Validity::Valid(left) if left <= Duration::from_secs(DAY) => Self::Day1,
            Validity::Valid(left) if left <= Duration::from_secs(7 * DAY) => Self::Days7,
            Validity::Valid(left) if left <= Duration::from_secs(30 * DAY) => Self::Days30,
            Validity::Valid(_) => Self::Quiet,
        }
    }
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let number = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let number = (0, 0, 0);
        Some(Self { modified: metadata.modified().ok(), length: metadata.len(), number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_is_reported_once_and_a_new_certificate_begins_anew() {
        let days = |days: u64| UnixTime::from_secs(days * 86_400);
        let info = CertificateInfo {
            subject: "shop".to_owned(),
            issuer: "bank".to_owned(),
            valid_from: days(100),
            valid_until: days(200),
            chain: 1,
            missing_issuer: None,
            unrelated: Vec::new(),
        };
        for (day, stage) in [
            (99, Stage::NotYet),
            (100, Stage::Quiet),
            (169, Stage::Quiet),
            (170, Stage::Days30),
            (192, Stage::Days30),
            (193, Stage::Days7),
            (198, Stage::Days7),
            (199, Stage::Day1),
            (200, Stage::Expired),
            (900, Stage::Expired),
        ] {
            assert_eq!(Stage::of(&info, days(day)), stage, "day {day}");
        }
    }
}
