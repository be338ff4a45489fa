//! What a certificate says of itself: whose it is, who issued it, and from when until when it is valid.

use core::time::Duration;

use wellspring_core::UnixTime;

use super::date::{Date, read};
use super::der::{
    BIT_STRING, BOOLEAN, Elements, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, context, open,
};

/// What a client certificate says of itself. It is public.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// The common name of its subject, else the organisation.
    pub subject: String,
    /// The common name of its issuer, else the organisation.
    pub issuer: String,
    /// The start of its validity.
    pub valid_from: UnixTime,
    /// The end of its validity.
    pub valid_until: UnixTime,
    /// How many certificates servers are shown: the certificate and those of its issuers that the file holds.
    pub chain: usize,
    /// The issuer of the last certificate of the chain, where the file lacks the issuer's certificate. A server that does
    /// not have it either refuses with the alert `unknown_ca`.
    pub missing_issuer: Option<String>,
    /// The names of certificates in the file that are no part of the chain.
    pub unrelated: Vec<String>,
}

/// Whether a certificate is valid at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Validity {
    /// Its validity has not begun.
    NotYet,
    /// It is valid for so much longer.
    Valid(Duration),
    /// Its validity has ended.
    Expired,
}

impl CertificateInfo {
    /// Whether the certificate is valid at this moment.
    #[must_use]
    pub fn validity(&self, now: UnixTime) -> Validity {
        if now < self.valid_from {
            Validity::NotYet
        } else if now >= self.valid_until {
            Validity::Expired
        } else {
            Validity::Valid(self.valid_until.since(now))
        }
    }

    /// The whole days until the certificate expires. The time left is rounded to an hour first, so two days less a minute are
    /// 2. Zero in the last day and later.
    #[must_use]
    pub fn days_left(&self, now: UnixTime) -> u64 {
        hours(self.valid_until.since(now)) / 24
    }

    /// The validity as the end of a sentence about the certificate: "expired on 2026-11-01 12:00 UTC". Within the last two
    /// days it names the hours that are left, else the [days](Self::days_left).
    #[must_use]
    pub fn validity_text(&self, now: UnixTime) -> String {
        match self.validity(now) {
            Validity::NotYet => format!("is not valid before {}", Date(self.valid_from)),
            Validity::Expired => format!("expired on {}", Date(self.valid_until)),
            Validity::Valid(left) => {
                let left = match hours(left) {
                    _ if left < HOUR => "less than an hour".to_owned(),
                    1 => "1 hour".to_owned(),
                    hours if hours < 48 => format!("{hours} hours"),
                    hours => format!("{} days", hours / 24),
                };
                format!("expires in {left}, on {}", Date(self.valid_until))
            }
        }
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// This time in hours, rounded to the nearest.
const fn hours(left: Duration) -> u64 {
    left.as_secs().saturating_add(HOUR.as_secs() / 2) / HOUR.as_secs()
}

/// The parts of a certificate that decide its place in a chain.
pub(super) struct Certificate<'a> {
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    valid_from: UnixTime,
    pub(super) valid_until: UnixTime,
    /// The public key, as in the certificate.
    pub(super) public_key: &'a [u8],
    pub(super) key_id: Option<&'a [u8]>,
    pub(super) issuer_key_id: Option<&'a [u8]>,
    pub(super) is_authority: bool,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut parts = open(der, SEQUENCE)?;
        let mut fields = Elements(parts.part(SEQUENCE)?);
        let _version = fields.part(context(0));
        let _serial = fields.part(INTEGER)?;
        let _algorithm = fields.part(SEQUENCE)?;
        let issuer = fields.whole_part(SEQUENCE)?.whole;
        let mut validity = Elements(fields.part(SEQUENCE)?);
        let mut moment = || {
            let time = validity.next()?;
            match time.tag {
                0x17 => read(time.inside, true),
                0x18 => read(time.inside, false),
                _ => None,
            }
        };
        let (valid_from, valid_until) = (moment()?, moment()?);
        let subject = fields.whole_part(SEQUENCE)?.whole;
        let public_key = fields.whole_part(SEQUENCE)?.whole;
        open(public_key, SEQUENCE)?.find(|part| part.tag == BIT_STRING)?;
        let mut read = Self {
            issuer,
            subject,
            valid_from,
            valid_until,
            public_key,
            key_id: None,
            issuer_key_id: None,
            is_authority: false,
        };
        let extensions = fields.find(|field| field.tag == context(3));
        for extension in extensions.and_then(|all| open(all.inside, SEQUENCE)).into_iter().flatten() {
            let mut parts = Elements(extension.inside);
            let (Some(id), _critical) = (parts.part(OBJECT_IDENTIFIER), parts.part(BOOLEAN)) else {
                continue;
            };
            let Some(value) = parts.part(OCTET_STRING) else { continue };
            match id {
                // subjectKeyIdentifier, basicConstraints, authorityKeyIdentifier
                [0x55, 0x1d, 14] => read.key_id = Elements(value).part(OCTET_STRING),
                [0x55, 0x1d, 19] => {
                    let authority = open(value, SEQUENCE).and_then(|mut parts| parts.part(BOOLEAN));
                    read.is_authority = authority.is_some_and(|yes| yes != [0]);
                }
                [0x55, 0x1d, 35] => {
                    read.issuer_key_id = open(value, SEQUENCE).and_then(|mut it| it.part(0x80))
                }
                _ => {}
            }
        }
        Some(read)
    }

    /// Whether the other certificate is that of the issuer of this one, as far as names and key identifiers show.
    pub(super) fn is_issued_by(&self, other: &Self) -> bool {
        let same_key = match (self.issuer_key_id, other.key_id) {
            (Some(named), Some(key)) => named == key,
            _ => true,
        };
        self.issuer == other.subject && same_key
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// What it says of itself, with a chain of this many certificates.
    pub(super) fn info(&self, chain: usize) -> CertificateInfo {
        CertificateInfo {
            subject: name(self.subject),
            issuer: name(self.issuer),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            chain,
            missing_issuer: None,
            unrelated: Vec::new(),
        }
    }
}

/// The most characters of a name.
const LONGEST: usize = 80;

/// The common name in a distinguished name, else its organisation, else the first text in it.
pub(super) fn name(distinguished: &[u8]) -> String {
    const NAMES: [&[u8]; 2] = [&[0x55, 4, 3], &[0x55, 4, 10]];
    let attributes = open(distinguished, SEQUENCE).into_iter().flatten().filter(|set| set.tag == SET);
    let attributes = attributes.flat_map(|set| Elements(set.inside)).filter_map(|attribute| {
        let mut parts = Elements(attribute.inside);
        Some((parts.part(OBJECT_IDENTIFIER)?, parts.next()?))
    });
    let all: Vec<_> = attributes.collect();
    let named = NAMES.iter().find_map(|name| all.iter().find(|(id, _)| id == name)).or(all.first());
    let Some((_, value)) = named else { return "without a name".to_owned() };
    let text = match value.tag {
        // BMPString
        0x1e => {
            let units = value.inside.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
        }
        _ => String::from_utf8_lossy(value.inside).into_owned(),
    };
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(LONGEST).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_rounded_to_an_hour_and_told_in_days_from_two_days_on() {
        const DAY: u64 = 86_400;
        const HALF: u64 = 1_800;
        let info = CertificateInfo {
            subject: "shop 93".to_owned(),
            issuer: "Bank CA".to_owned(),
            valid_from: UnixTime::EPOCH,
            valid_until: UnixTime::from_secs(1_000_000_000),
            chain: 1,
            missing_issuer: None,
            unrelated: Vec::new(),
        };
        for (left, text, days) in [
            (1, "less than an hour", 0),
            (3_599, "less than an hour", 0),
            (3_600, "1 hour", 0),
            (3_600 + HALF - 1, "1 hour", 0),
            (3_600 + HALF, "2 hours", 0),
            (DAY - HALF - 1, "23 hours", 0),
            (DAY - HALF, "24 hours", 1),
            (DAY, "24 hours", 1),
            (2 * DAY - HALF - 1, "47 hours", 1),
            (2 * DAY - HALF, "2 days", 2),
            (2 * DAY - 1, "2 days", 2),
            (3 * DAY - HALF - 1, "2 days", 2),
            (3 * DAY - HALF, "3 days", 3),
            (30 * DAY - 1, "30 days", 30),
            (365 * DAY, "365 days", 365),
        ] {
            let now = UnixTime::from_secs(1_000_000_000 - left);
            let expected = format!("expires in {text}, on 2001-09-09 01:46 UTC");
            assert_eq!((info.validity_text(now), info.days_left(now)), (expected, days), "{left}");
        }
        let end = UnixTime::from_secs(1_000_000_000);
        assert_eq!(
            (info.validity_text(end).as_str(), info.days_left(end)),
            ("expired on 2001-09-09 01:46 UTC", 0)
        );
    }
}
