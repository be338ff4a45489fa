//! The sentence of an error: what went wrong, what the endpoint said, and, for an answer that is remembered, when the endpoint is
//! asked again.

use core::fmt;
use core::time::Duration;

use super::{Parts, TokenError};

/// The sentence, then what the endpoint said.
pub(super) struct Sentence<'a>(pub(super) &'a Parts);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.0;
        f.write_str(&parts.text)?;
        let mut open = " (";
        let mut detail = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let lead = core::mem::replace(&mut open, ", ");
            write!(f, "{lead}{name}{value}")
        };
        if let Some(status) = &parts.status {
            detail(f, "status ", status)?;
        }
        if let Some(code) = &parts.code {
            detail(f, "code ", code)?;
        }
        if let Some(description) = &parts.description {
            detail(f, "", description)?;
        }
        if let Some(snippet) = &parts.snippet {
            detail(f, "body starts: ", snippet)?;
        }
        if open == ", " {
            f.write_str(")")?;
        }
        match (parts.asked_at.filter(|_| parts.remembered), parts.retry_at) {
            (Some(asked), Some(again)) if again.since(asked) >= WORTH_TELLING || !parts.transient => {
                let pause = Pause(again.since(asked));
                write!(f, "; not asked again before {again} ({pause} after this answer)")
            }
            _ => Ok(()),
        }
    }
}

/// A pause that may go away is told from this length on.
const WORTH_TELLING: Duration = Duration::from_secs(60);

/// A pause in the unit in which a person would tell it.
struct Pause(Duration);

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 0..=119 => write!(f, "{seconds} s"),
            seconds => write!(f, "{} min", seconds / 60),
        }
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            .field("kind", &self.0.kind)
            .field("fate", &self.0.fate)
            .field("text", &format_args!("{self}"))
            .finish_non_exhaustive()
    }
}
