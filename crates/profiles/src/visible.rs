//! Texts that are safe to print on a terminal or into a log.
//!
//! A name in a file and a text of a server can hold characters that move the cursor, hide text or change its order.

use std::borrow::Cow;

/// The text with each character that is not visible, or that changes how the others are shown, as an escape such as
/// `\u{1b}`. Line ends are escaped too.
///
/// ```
/// use wellspring_profiles::visible;
///
/// assert_eq!(visible("profile é"), "profile é");
/// assert_eq!(visible("\u{1b}[2Jprofile\n\u{202e}"), "\\u{1b}[2Jprofile\\n\\u{202e}");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_visible(c) {
            escaped.push(c);
        } else {
            escaped.extend(c.escape_debug());
        }
    }
    Cow::Owned(escaped)
}

fn is_visible(c: char) -> bool {
    // The standard library escapes what Unicode calls unprintable: controls, formats, separators, unassigned.
    matches!(c, ' '..='~') || (c > '~' && c.escape_debug().len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_controls_a_terminal_or_the_order_of_a_text_passes() {
        let never = ('\u{0}'..' ').chain('\u{7f}'..='\u{9f}').chain('\u{200b}'..='\u{200f}');
        let never = never.chain('\u{2028}'..='\u{202e}').chain('\u{2060}'..='\u{206f}');
        let never = never.chain('\u{fff9}'..='\u{fffb}').chain('\u{e0000}'..='\u{e007f}');
        for c in never.chain(['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}']) {
            let shown = visible(&format!("a{c}b")).into_owned();
            assert!(
                shown.bytes().all(|byte| matches!(byte, b' '..=b'~')) && shown.len() > 3,
                "{c:?}: {shown}"
            );
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["", "a \"quoted\" \\ 'text'", "Größe, naïve, Ελλάδα, русский, 日本語, עברית, 🦀"]
        {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
