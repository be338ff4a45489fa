//! What the issuer of a profile has said, kept beside the store.
//!
//! A token in force needs no issuer. Where the issuer does not answer, what it said before is used.

use core::time::Duration;
use std::path::PathBuf;

use oauth2_app::{Discovery, Metadata};
use wellspring_core::{TokenKey, UnixTime};
use wellspring_store::files;
use wellspring_transport_blocking::Clock;

use crate::error::Error;
use crate::profile::Profile;
use crate::provider::AnyProvider;
use crate::settings::ProviderSettings;
use crate::value::Value;

/// After this time the issuer is asked again, if a token is needed.
const ASK_AGAIN: Duration = Duration::from_secs(24 * 3_600);

/// The first word of the file, before the time and the document.
const FORMAT: &str = "wellspring-issuer-1";

/// The longest file. A document has at most 256 KiB.
const LONGEST: u64 = 300 * 1024;

/// What the issuer of a profile said when it was asked last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeptMetadata {
    /// The metadata.
    pub metadata: Metadata,
    /// When the issuer was asked.
    pub asked_at: UnixTime,
}

impl KeptMetadata {
    /// Whether the issuer need not be asked again: it was asked within the last 24 hours.
    #[must_use]
    pub fn is_recent(&self, now: UnixTime) -> bool {
        now.since(self.asked_at) < ASK_AGAIN && self.asked_at <= now.plus(Duration::from_secs(60))
    }
}

impl Profile {
    /// The issuer, if the profile names one.
    ///
    /// # Errors
    ///
    /// If the value cannot be read.
    pub fn issuer(&self) -> Result<Option<String>, Error> {
        let issuer = self.issuer_value();
        issuer.map(|value| Ok(value.text()?.to_string())).transpose()
    }

    /// What the issuer said when it was asked last; `None` if it was never asked, the profile names none, or there is no
    /// persistent store beside which it is kept. Sends nothing.
    ///
    /// # Errors
    ///
    /// If the file belongs to another user or others can write to it.
    pub fn kept_metadata(&self) -> Result<Option<KeptMetadata>, Error> {
        let Some(issuer) = self.issuer()? else { return Ok(None) };
        let Some(path) = self.kept_at(&issuer) else { return Ok(None) };
        let read = files::read(&path, LONGEST);
        let read = read.map_err(|source| Error::Store { place: self.store().place().clone(), source })?;
        Ok(read.and_then(|bytes| parse(core::str::from_utf8(&bytes).ok()?, &issuer)))
    }

    /// Asks the issuer for its metadata and keeps what it says beside the store; `None` if the profile names no issuer. Blocks
    /// for at most the policy's deadline.
    ///
    /// # Errors
    ///
    /// If a setting is invalid, or the issuer does not answer with metadata.
    pub fn ask_issuer(&self) -> Result<Option<Metadata>, Error> {
        let Some(value) = self.issuer_value() else { return Ok(None) };
        let issuer = value.text()?;
        Discovery::new(issuer.as_str())
            .map_err(|error| value.place.error(format_args!("is invalid: {error}")))?;
        let transport = self.transport()?;
        let metadata = oauth2_app::blocking::discover(&transport, &issuer, self.policy()?.deadline);
        let metadata = metadata.map_err(Error::Issuer)?;
        self.keep(&metadata, Clock::system().now().unix);
        Ok(Some(metadata))
    }

    /// What the issuer said within the last 24 hours, or says now, or said before if it does not answer now.
    ///
    /// # Errors
    ///
    /// As for [`ask_issuer`](Self::ask_issuer), if nothing is kept.
    pub(crate) fn metadata(&self) -> Result<Option<Metadata>, Error> {
        let kept = self.kept_metadata()?;
        match kept {
            Some(kept) if kept.is_recent(Clock::system().now().unix) => Ok(Some(kept.metadata)),
            Some(kept) => match self.ask_issuer() {
                Err(Error::Issuer(_)) => Ok(Some(kept.metadata)),
                asked => asked,
            },
            None => self.ask_issuer(),
        }
    }

    /// From now on what is kept is not recent: an endpoint that it names has moved.
    pub fn doubt_metadata(&self) {
        if let Ok(Some(kept)) = self.kept_metadata() {
            self.keep(&kept.metadata, UnixTime::from_secs(0));
        }
    }

    /// As [`provider`](Self::provider), with metadata of the issuer that is at hand. Sends nothing.
    ///
    /// # Errors
    ///
    /// If a setting is missing or invalid.
    pub fn provider_with(&self, metadata: &Metadata) -> Result<AnyProvider, Error> {
        self.provider_from(Some(metadata), None)
    }

    fn issuer_value(&self) -> Option<&Value> {
        match &self.provider {
            ProviderSettings::Oauth2App(settings) => {
                settings.issuer.as_ref().filter(|_| settings.preset.is_none())
            }
            _ => None,
        }
    }

    fn kept_at(&self, issuer: &str) -> Option<PathBuf> {
        self.store().beside(&TokenKey::new("issuer", issuer), "issuer")
    }

    /// A failure to write costs one request of the next program.
    fn keep(&self, metadata: &Metadata, asked_at: UnixTime) {
        let head = format!("{FORMAT} {}\n", asked_at.as_secs());
        let write = || {
            let path = self.kept_at(&metadata.issuer)?;
            // Two processes may write at once.
            let temporary = files::with_suffix(&path, &format!(".{}", std::process::id()));
            files::replace(&path, &temporary, &[head.as_bytes(), metadata.document().as_bytes()]).ok()
        };
        // The store creates its folder when it is opened.
        if write().is_none() && self.store().open().is_ok() {
            write();
        }
    }
}

fn parse(text: &str, issuer: &str) -> Option<KeptMetadata> {
    let (head, document) = text.split_once('\n')?;
    let asked_at = head.strip_prefix(FORMAT)?.trim().parse().ok()?;
    let metadata = Discovery::new(issuer).ok()?.read_document(document).ok()?;
    Some(KeptMetadata { metadata, asked_at: UnixTime::from_secs(asked_at) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_used_for_a_day_and_only_for_its_issuer() {
        let text = "wellspring-issuer-1 1000\n{\"issuer\":\"https://a.example\",\"token_endpoint\":\"https://a.example/t\"}";
        let kept = parse(text, "https://a.example").unwrap();
        assert_eq!(kept.metadata.token_endpoint.as_deref(), Some("https://a.example/t"));
        let at = UnixTime::from_secs;
        assert!(kept.is_recent(at(1_000)) && kept.is_recent(at(1_000 + 86_399)));
        assert!(!kept.is_recent(at(1_000 + 86_400)), "it is a day old");
        assert!(!kept.is_recent(at(900)), "the clock was set back");
        for other in ["", "https://a.example/t", "wellspring-issuer-2 1000\n{}", "wellspring-issuer-1 x\n{}"]
        {
            assert!(parse(other, "https://a.example").is_none(), "{other}");
        }
        assert!(parse(text, "https://b.example").is_none());
    }
}
