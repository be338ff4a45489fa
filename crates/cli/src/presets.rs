//! `wellspring presets`: the vendors that profiles know by name, and a profile for one of them.

use std::io::Write;

use wellspring_profiles::Preset;

use crate::arguments::Presets;
use crate::exit::Failure;

/// Prints the list, or the profile of one preset.
pub(crate) fn run(args: &Presets, out: &mut dyn Write) -> Result<(), Failure> {
    let text = match &args.name {
        None => list(&Preset::all()),
        Some(name) => {
            let preset = Preset::named(name).ok_or_else(|| {
                let names: Vec<_> = Preset::all().iter().map(|preset| preset.name).collect();
                Failure::usage(format!("there is no preset {name:?}; presets: {}", names.join(", ")))
            })?;
            preset.profile()
        }
    };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
}

fn list(presets: &[Preset]) -> String {
    let row = |preset: &Preset| {
        [preset.name.to_owned(), preset.provider.clone(), preset.requires.join(", "), preset.source.clone()]
    };
    let head = ["preset", "provider", "the profile sets", "source"].map(str::to_owned);
    let rows: Vec<_> = core::iter::once(head).chain(presets.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2)];
    let line = |[name, provider, requires, source]: &[String; 4]| {
        let [a, b, c] = widths;
        format!("{name:a$}  {provider:b$}  {requires:c$}  {source}\n")
    };
    rows.iter().map(line).collect()
}
