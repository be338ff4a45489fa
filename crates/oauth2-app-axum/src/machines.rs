//! Requests that no user waits for: `HEAD`, and loads that a browser makes ahead of a click. They change nothing.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method, StatusCode};

/// The answer to such a request.
///
/// A browser drops what it has loaded ahead if the status is no success, and loads the page again when the user clicks
/// ([speculative loading](https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Purpose)).
pub(crate) fn answer(method: &Method, headers: &HeaderMap) -> Option<Response> {
    if method == Method::HEAD {
        return Some(StatusCode::NO_CONTENT.into_response());
    }
    is_ahead(headers).then(|| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

/// Whether a browser says that it loads ahead. `Purpose` and `X-Moz` are what browsers sent before `Sec-Purpose`.
fn is_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let said = headers.get(name).and_then(|said| said.to_str().ok()).unwrap_or_default();
        ["prefetch", "prerender", "preview"].iter().any(|word| said.to_ascii_lowercase().contains(word))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_load_ahead_and_a_head_are_recognized() {
        let of = |name: &'static str, said| {
            HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(said))])
        };
        for (name, said) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("sec-purpose", "prefetch;anonymous-client-ip"),
            ("purpose", "Prefetch"),
            ("x-moz", "prefetch"),
        ] {
            let answer = answer(&Method::GET, &of(name, said)).unwrap();
            assert_eq!(answer.status(), 503, "{name}: {said}");
        }
        assert_eq!(answer(&Method::HEAD, &HeaderMap::new()).unwrap().status(), 204);
        assert!(answer(&Method::GET, &of("sec-purpose", "other")).is_none());
        assert!(answer(&Method::GET, &HeaderMap::new()).is_none());
    }
}
