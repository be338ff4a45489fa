//! Headers: the security headers of every response, and what a request's headers say about its sender.

use axum::extract::State;
use axum::response::Response;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use crate::web_login::WebLogin;

/// Only scripts and styles of this site, none inline, and no framing of the page. A sign-out may lead to these origins:
/// browsers apply `form-action` to the redirects after a form too.
pub(crate) fn policy<'a>(sign_out_at: impl Iterator<Item = &'a str>) -> HeaderValue {
    let form_action = sign_out_at.fold("'self'".to_owned(), |all, origin| format!("{all} {origin}"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// For the routes of a login.
pub(crate) async fn secured(State(login): State<WebLogin>, response: Response) -> Response {
    with(response, login.policy().clone())
}

/// For a route that shows no page with a sign-out.
pub(crate) async fn secured_alone(response: Response) -> Response {
    with(response, policy(core::iter::empty()))
}

fn with(mut response: Response, policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        // The callback's URL contains the code.
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// Whether the browser says that a page of another origin sends the request
/// ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header)).
pub(crate) fn is_cross_origin(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    !matches!(site, None | Some(b"same-origin" | b"none"))
}

/// Whether a browser loads this as a page, rather than a script as data. A browser that sends no `Sec-Fetch-Mode`
/// ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header)) says so with what it accepts.
pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    let accepts_pages = || {
        let accepted = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
        accepted.is_some_and(|accepted| accepted.contains("text/html"))
    };
    headers.get("sec-fetch-mode").map_or_else(accepts_pages, |mode| mode.as_bytes() == b"navigate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_accepts_pages_loads_no_page() {
        for (mode, accept, page) in [
            (Some("navigate"), Some("text/html,*/*"), true),
            (Some("navigate"), None, true),
            (Some("cors"), Some("text/html"), false),
            (Some("same-origin"), Some("text/html, */*"), false),
            (Some("no-cors"), None, false),
            (None, Some("text/html,application/xhtml+xml"), true),
            (None, Some("application/json"), false),
            (None, None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(mode) = mode {
                headers.insert("sec-fetch-mode", HeaderValue::from_static(mode));
            }
            if let Some(accept) = accept {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(is_navigation(&headers), page, "{mode:?} {accept:?}");
        }
    }
}
