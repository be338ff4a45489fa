//! Whether the records of the store are sealed, and whether its keys open them.

use wellspring_profiles::LocalStore;

use super::report::Report;
use crate::status::LOAD_TIMEOUT;

/// Looks at every record. What no key of the store opens is an error of the store.
pub(super) fn check(store: &dyn LocalStore, report: &mut Report) {
    let seals = match store.seals(LOAD_TIMEOUT) {
        Ok(seals) => seals,
        Err(error) => return report.store(&error),
    };
    seals.problems.iter().for_each(|problem| report.store(problem));
    let Some(newest) = store.sealing_key() else {
        if seals.sealed.is_empty() {
            report.fine("the store is plain: only the permissions of its files protect its tokens");
        }
        return;
    };
    let older: usize = seals.sealed.iter().filter(|(key, _)| **key != newest).map(|(_, count)| count).sum();
    let left = seals.plain + older;
    if left > 0 {
        report.note(format_args!(
            "the store seals with the key {newest}; {} plain, {older} sealed with another key: `wellspring rekey` seals them",
            if seals.plain == 1 { "1 record is".to_owned() } else { format!("{} records are", seals.plain) },
        ));
    } else {
        report.fine(format_args!("the store is sealed with the key {newest}"));
    }
}
