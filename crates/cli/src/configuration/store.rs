//! `[store]`: where tokens outlive the process. So far they do not: only `memory:` is there.

use crate::configuration::section::Section;
use crate::exit::Failure;

pub(crate) fn check(mut section: Section<'_>) -> Result<(), Failure> {
    for later in ["spill", "key", "sealing"] {
        if let Some(place) = section.mention(later) {
            return Err(
                place.failure("is for stores that outlive the process, which come later; leave it out")
            );
        }
    }
    let url = section.value("url")?;
    section.finish()?;
    let Some(url) = url else { return Ok(()) };
    let text = url.text()?;
    if **text == *"memory:" {
        return Ok(());
    }
    let later = ["file:", "sqlite:", "redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
    Err(url.place.failure(if later {
        "names a store that comes later; so far there is \"memory:\" alone"
    } else {
        "names no store; write \"memory:\""
    }))
}
