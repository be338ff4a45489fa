//! `wellspring store init`: makes what the store needs on its server.

use core::time::Duration;
use std::io::Write;

use wellspring_profiles::StoreSettings;

use crate::exit::Failure;
use crate::source::persistent;

const WITHIN: Duration = Duration::from_secs(30);

/// Makes the table of the store, if it has one and it is not there, and prints what there is now.
pub(crate) fn init(settings: &StoreSettings, out: &mut dyn Write) -> Result<(), Failure> {
    let store = persistent(settings)?;
    let there = store.init(WITHIN);
    let there = there.map_err(|error| Failure::store(settings.place(), "cannot be made", &error))?;
    writeln!(out, "{there}").and_then(|()| out.flush()).map_err(Failure::output)
}
