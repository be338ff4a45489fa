//! `wellspring rekey`: seals all that the store holds with the newest sealing key.

use std::io::Write;

use wellspring_profiles::StoreSettings;

use crate::exit::{Exit, Failure, of_store, say};
use crate::source::persistent;
use crate::status::LOAD_TIMEOUT;

/// Seals the records and the spilled tokens and prints how many. Fails if one of them stays as it was; its line says why.
pub(crate) fn run(settings: &StoreSettings, out: &mut dyn Write) -> Result<(), Failure> {
    let store = persistent(settings)?;
    let Some(key) = store.sealing_key() else {
        return Err(Failure::at(
            settings.place(),
            "has no sealing key: `wellspring keygen --out FILE` makes one; name it as `sealing_key_file`, or set \
             WELLSPRING_SEALING_KEY",
        ));
    };
    let failed = |error| Failure::store(settings.place(), "cannot be sealed", &error);
    let resealed = store.reseal(LOAD_TIMEOUT).map_err(failed)?;
    let text = format!(
        "sealed with the key {key}: {} and {}; {} sealed with it before\n",
        counted(resealed.records, "record"),
        counted(resealed.spills, "spilled token"),
        if resealed.unchanged == 1 { "1 was".to_owned() } else { format!("{} were", resealed.unchanged) },
    );
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)?;
    let mut exit = None;
    for problem in &resealed.problems {
        let (of_problem, text) = of_store(problem);
        exit = if of_problem == Exit::Usage { Some(of_problem) } else { exit.or(Some(of_problem)) };
        say(format_args!("wellspring: {text}"));
    }
    match exit {
        None => Ok(()),
        Some(exit) => {
            let left = counted(resealed.problems.len(), "part");
            Err(Failure::new(exit, format!("{left} of the store could not be sealed; see above")))
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
