//! Forged callbacks, most of them invalid.

use crate::model::{Login, Model};
use crate::numbers::Numbers;

/// The parameters, in order, not encoded. All values are UTF-8, which is enough for invalid ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) parameters: Vec<(&'static str, String)>,
}

impl Made {
    /// A random callback for this browser.
    pub(crate) fn any(numbers: &mut Numbers, model: &Model, browser: usize) -> Self {
        let mut made = Self::default();
        if numbers.below(8) == 0 {
            made.some("error", numbers, ERRORS);
        }
        for _ in 0..number(numbers) {
            match numbers.below(4) {
                0 => made.some("code", numbers, HOSTILE),
                _ => made.parameters.push(("code", format!("code-{}", numbers.below(1_000_000)))),
            }
        }
        for _ in 0..number(numbers) {
            let state = Self::state(numbers, model, browser);
            made.parameters.push(("state", state));
        }
        if numbers.below(3) == 0 {
            made.some(
                "iss",
                numbers,
                &["https://issuer.example", "https://issuer.example", "https://other.example", ""],
            );
        }
        if numbers.below(6) == 0 {
            let name = ["next", "redirect_uri", "popup", "error_description", "scope", "session", "user"];
            made.some(name[numbers.below(name.len())], numbers, HOSTILE);
        }
        if numbers.below(4) == 0 && made.parameters.len() > 1 {
            let (one, other) = (numbers.below(made.parameters.len()), numbers.below(made.parameters.len()));
            made.parameters.swap(one, other);
        }
        made
    }

    fn some(&mut self, name: &'static str, numbers: &mut Numbers, values: &[&str]) {
        for _ in 0..number(numbers) {
            self.parameters.push((name, values[numbers.below(values.len())].to_owned()));
        }
    }

    /// Half of the time the state of the browser's last sign-in; else that of any browser, or an unknown one.
    fn state(numbers: &mut Numbers, model: &Model, browser: usize) -> String {
        let of = |login: &Login| login.state.clone();
        let own = model.logins.iter().rev().find(|login| login.browser == browser).map(of);
        let anybodys =
            (!model.logins.is_empty()).then(|| of(&model.logins[numbers.below(model.logins.len())]));
        match numbers.below(8) {
            0..4 => own.unwrap_or_default(),
            4..6 => anybodys.unwrap_or_default(),
            6 => {
                let mut state = own.unwrap_or_default();
                match numbers.below(4) {
                    0 => state.push('x'),
                    1 => state = state.to_ascii_uppercase(),
                    2 => drop(state.pop()),
                    _ => state.insert(0, ' '),
                }
                state
            }
            _ => HOSTILE[numbers.below(HOSTILE.len())].to_owned(),
        }
    }

    /// The encoded query.
    pub(crate) fn query(&self) -> String {
        let pairs = self.parameters.iter().map(|(name, value)| format!("{name}={}", percent(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// The non-empty values of this parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.parameters.iter().filter(|(known, value)| *known == name && !value.is_empty());
        named.map(|(_, value)| value.as_str()).collect()
    }
}

/// Mostly one, sometimes none or two.
fn number(numbers: &mut Numbers) -> usize {
    [1, 1, 1, 1, 1, 1, 0, 2][numbers.below(8)]
}

pub(crate) const HOSTILE: &[&str] = &[
    "",
    " ",
    "null",
    "undefined",
    "\r\nSet-Cookie: a=b",
    "\0",
    "<script>alert(1)</script>",
    "\"onload=\"x",
    "//evil.example",
    "https://evil.example/?a=b&c",
    "\u{202e}",
    "é€𝄞",
    "%",
    "%00",
    "+",
    "&state=",
    "a;b",
    "../../etc/passwd",
    "{{7*7}}",
    "' or 1=1 --",
    "__proto__",
];

pub(crate) const ERRORS: &[&str] = &[
    "access_denied",
    "invalid_scope",
    "a b&c#",
    "\"",
    "back\\slash",
    "\r\nA: b",
    "<script>",
    "é",
    "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
    "",
];

/// Percent-encodes all but letters and digits.
pub(crate) fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
