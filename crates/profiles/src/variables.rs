//! The variables of a preset: what `{name}` in one of its values stands for.

use zeroize::Zeroizing;

use crate::error::Error;
use crate::value::Value;

/// Names and values. A value may be a secret, and is read only when it is needed.
pub(crate) struct Variables(Vec<(String, Value)>);

impl Variables {
    pub(crate) const fn new(values: Vec<(String, Value)>) -> Self {
        Self(values)
    }

    /// Whether this text names one of them.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|(name, _)| text.contains(&braced(name)))
    }

    /// The text with the values.
    pub(crate) fn fill(&self, text: &str) -> Result<Zeroizing<String>, Error> {
        let mut filled = Zeroizing::new(text.to_owned());
        for (name, value) in &self.0 {
            let name = braced(name);
            if filled.contains(&name) {
                filled = Zeroizing::new(filled.replace(&name, &value.text()?));
            }
        }
        Ok(filled)
    }
}

fn braced(name: &str) -> String {
    ["{", name, "}"].concat()
}
