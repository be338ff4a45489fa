//! Parameters on a URL.

use alloc::string::{String, ToString};

use crate::Form;

/// The URL with these parameters added to its query, which may be there already. A fragment stays last.
///
/// The rest of the URL is left as it is, byte for byte: redirect URIs and registered endpoints are compared as
/// plain text.
#[must_use]
pub fn append_query(url: &str, parameters: &Form) -> String {
    if parameters.is_empty() {
        return url.to_string();
    }
    let (base, fragment) = url.find('#').map_or((url, ""), |at| url.split_at(at));
    let joint = match base.find('?') {
        None => "?",
        Some(_) if base.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    [base, joint, &parameters.encode(), fragment].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_whatever_query_is_there() {
        let form = Form::new().pair("a", "x y").pair("b", "&");
        for (url, joined) in [
            ("https://h/p", "https://h/p?a=x+y&b=%26"),
            ("https://h/p?", "https://h/p?a=x+y&b=%26"),
            ("https://h/p?q=1", "https://h/p?q=1&a=x+y&b=%26"),
            ("https://h/p?q=1&", "https://h/p?q=1&a=x+y&b=%26"),
            ("https://h/p#f", "https://h/p?a=x+y&b=%26#f"),
        ] {
            assert_eq!(append_query(url, &form), joined);
        }
        assert_eq!(append_query("https://H:443", &Form::new()), "https://H:443");
    }
}
