//! How many states each line had at the last pinning: a number that changes unnoticed hides a change of the
//! protocol, or of what is explored.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::search::Findings;

/// What is pinned of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) states: usize,
    pub(crate) ends: usize,
    pub(crate) needless: usize,
    pub(crate) reused: usize,
    pub(crate) lost: usize,
}

impl Pin {
    pub(crate) const fn of(found: &Findings) -> Self {
        Self {
            states: found.states,
            ends: found.ends,
            needless: found.needless,
            reused: found.reused,
            lost: found.lost,
        }
    }
}

/// The pins, by line.
#[derive(Debug, Default)]
pub(crate) struct Pins(BTreeMap<String, Pin>);

const HEADING: &str = "\
# States, ends, ends with a needless sign-in and, for a store of a fleet, ends with a reuse that the server has seen and ends
# with a lost session, of each line; written by `cargo xtask explore --pin`.
";

/// Before the number of ends with a reuse, and of those with a lost session.
const REUSED: &str = "; reused: ";
const LOST: &str = ", lost: ";

fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pins.txt")
}

impl Pins {
    pub(crate) fn read() -> Self {
        fs::read_to_string(place()).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut pins = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.splitn(4, ' ');
            let mut number = || words.next().and_then(|word| word.parse().ok());
            if let (Some(states), Some(ends), Some(needless)) = (number(), number(), number()) {
                let Some(name) = words.next() else { continue };
                let (name, more) = name.split_once(REUSED).unwrap_or((name, "0, lost: 0"));
                let (reused, lost) = more.split_once(LOST).unwrap_or((more, ""));
                let (reused, lost) =
                    (reused.parse().unwrap_or(usize::MAX), lost.parse().unwrap_or(usize::MAX));
                pins.insert(name.to_owned(), Pin { states, ends, needless, reused, lost });
            }
        }
        Self(pins)
    }

    fn text(&self) -> String {
        let mut text = HEADING.to_owned();
        for (name, pin) in &self.0 {
            text.push_str(&format!("{} {} {} {name}", pin.states, pin.ends, pin.needless));
            if (pin.reused, pin.lost) != (0, 0) {
                text.push_str(&format!("{REUSED}{}{LOST}{}", pin.reused, pin.lost));
            }
            text.push('\n');
        }
        text
    }

    /// What is wrong with this line's numbers, if anything.
    pub(crate) fn complaint(&self, name: &str, found: &Findings) -> Option<String> {
        let (is, pin) = (Pin::of(found), self.0.get(name));
        let was = pin.map_or_else(|| "nothing".to_owned(), |pin| format!("{pin:?}"));
        (pin != Some(&is)).then(|| {
            format!("pinned is {was}; if the change is meant, run `cargo xtask explore --pin` and say why in the commit")
        })
    }

    /// Writes this line's numbers down, if they are whole.
    pub(crate) fn pin(&mut self, name: &str, found: &Findings) -> std::io::Result<()> {
        if found.exhausted && found.broken.is_none() {
            self.0.insert(name.to_owned(), Pin::of(found));
        }
        fs::write(place(), self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_changed_is_noticed() {
        let found = Findings {
            states: 7,
            ends: 2,
            needless: 1,
            reused: 3,
            lost: 2,
            exhausted: true,
            ..Findings::default()
        };
        let mut pins = Pins::default();
        assert!(pins.complaint("a line", &found).is_some());
        pins.0.insert("a line".to_owned(), Pin::of(&found));
        let pins = Pins::parse(&pins.text());
        assert_eq!(pins.complaint("a line", &found), None);
        for changed in [Findings { reused: 0, ..Findings::default() }, Findings { states: 8, ..found }] {
            assert!(pins.complaint("a line", &changed).is_some());
        }
    }
}
