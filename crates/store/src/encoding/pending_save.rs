//! The fields of a spilled token: its attempt, its origin, then the fields of its record.

use wellspring_core::{Epoch, Generation, Obtained, PendingSave, StoreError};
use zeroize::Zeroizing;

use super::envelope::{seal, unseal};
use super::fields::{Writer, required};
use super::record;
use super::unreadable::Unreadable;

pub(super) fn encode(kind: &str, pending_save: &PendingSave) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let PendingSave { attempt, record, origin } = pending_save;
    let mut fields = Writer::with_capacity(record::text_length(record));
    fields.attempt("attempt", *attempt);
    match origin {
        Obtained::ByRenewal { spent } => {
            fields.text("origin", "renewal");
            fields.value("spent", spent);
        }
        Obtained::BySignIn { seen } => {
            fields.text("origin", "sign-in");
            if let Some(seen) = seen {
                fields.value("seen", seen);
            }
        }
    }
    record::write(&mut fields, record)?;
    Ok(seal(kind, fields))
}

pub(super) fn decode(kind: &str, bytes: &[u8]) -> Result<PendingSave, Unreadable> {
    let mut fields = unseal(kind, bytes)?;
    let attempt = required("attempt", fields.attempt("attempt")?)?;
    let origin = match required("origin", fields.text("origin")?)? {
        "renewal" => {
            Obtained::ByRenewal { spent: Generation::new(required("spent", fields.number("spent")?)?) }
        }
        "sign-in" => Obtained::BySignIn { seen: fields.number("seen")?.map(Epoch::new) },
        _ => return Err(Unreadable::Field("origin")),
    };
    let record = record::read(&mut fields)?;
    fields.end()?;
    Ok(PendingSave { attempt, record, origin })
}
