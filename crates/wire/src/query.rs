//! Parameters on a URL.

use alloc::string::{String, ToString};

use crate::form::Form;

/// The URL with these parameters appended to its query. The fragment, if any, stays at the end.
///
/// The rest of the URL stays unchanged, byte for byte, because servers compare redirect URIs and endpoints as strings.
#[must_use]
pub fn append_query(url: &str, parameters: &Form) -> String {
    if parameters.is_empty() {
        return url.to_string();
    }
    let (base, fragment) = url.find('#').map_or((url, ""), |at| url.split_at(at));
    let separator = match base.find('?') {
        None => "?",
        Some(_) if base.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    [base, separator, &parameters.encode(), fragment].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_appended_to_any_query() {
        let form = Form::new().pair("a", "x y").pair("b", "&");
        for (url, expected) in [
            ("https://h/p", "https://h/p?a=x+y&b=%26"),
            ("https://h/p?", "https://h/p?a=x+y&b=%26"),
            ("https://h/p?q=1", "https://h/p?q=1&a=x+y&b=%26"),
            ("https://h/p?q=1&", "https://h/p?q=1&a=x+y&b=%26"),
            ("https://h/p#f", "https://h/p?a=x+y&b=%26#f"),
        ] {
            assert_eq!(append_query(url, &form), expected);
        }
        assert_eq!(append_query("https://H:443", &Form::new()), "https://H:443");
    }
}
