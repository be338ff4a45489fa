//! Text in HTML.

/// Escapes text for an element or a quoted attribute of a page, such as the code of a failed sign-in.
///
/// ```
/// assert_eq!(oauth2_app::escape_html("<b id='x'> & \"y\""), "&lt;b id=&#39;x&#39;&gt; &amp; &quot;y&quot;");
/// ```
#[must_use]
pub fn escape_html(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, char| {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}
