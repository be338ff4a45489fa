//! What the browser shows at the end of a sign-in.
//!
//! A page loads nothing: no script, no image, no link. Every value in a page is escaped, and no page contains anything
//! that the browser sent.

use core::fmt::Write as _;

use crate::html::escape_html;

/// A page and its status: what the browser shows at the end of a sign-in.
#[derive(Clone, Debug)]
pub struct Page {
    status: &'static str,
    title: &'static str,
    text: String,
}

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem}\
                     h1{font-size:1.6rem}";

/// Allows only the style above, by its SHA-256.
const POLICY: &str = "default-src 'none'; style-src 'sha256-s46Hgel7hsZZDN/L+SgzT1kqVt/RGoTXSPB2v9JD3W0='; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

impl Page {
    /// The user is signed in.
    #[must_use]
    pub fn signed_in() -> Self {
        Self {
            status: "200 OK",
            title: "Signed in",
            text: "You are signed in. You can close this window.".to_owned(),
        }
    }

    /// The user is signed in to the program or the account of this name.
    #[must_use]
    pub fn signed_in_to(name: &str) -> Self {
        Self { text: format!("You are signed in to {name}. You can close this window."), ..Self::signed_in() }
    }

    /// The sign-in failed. `why` is a sentence of the program, never of the server.
    #[must_use]
    pub fn failed(why: &str) -> Self {
        let text = format!("{why} See the terminal for details. You can close this window.");
        Self { status: "400 Bad Request", title: "Not signed in", text }
    }

    /// A request that does not belong to the sign-in; the sign-in continues.
    pub(super) fn stray() -> Self {
        let text = "This request does not belong to the sign-in that is in progress. Go back to the page on which you \
                    sign in.";
        Self { status: "400 Bad Request", title: "Not part of this sign-in", text: text.to_owned() }
    }

    pub(super) fn not_found() -> Self {
        let text = "There is nothing here.".to_owned();
        Self { status: "404 Not Found", title: "Nothing here", text }
    }

    pub(super) fn unreadable() -> Self {
        let text = "The request is malformed or not a GET.".to_owned();
        Self { status: "400 Bad Request", title: "Bad request", text }
    }

    /// The HTTP response with head and body.
    pub(super) fn response(&self) -> String {
        let (title, text) = (escape_html(self.title), escape_html(&self.text));
        let body = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
             <style>{STYLE}</style></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
        );
        let mut answer = format!("HTTP/1.1 {}\r\n", self.status);
        let fields = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            // The URL of this page holds the authorization code.
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", POLICY),
            ("Connection", "close"),
        ];
        for (name, value) in fields {
            // Writing to a String does not fail.
            let _ = write!(answer, "{name}: {value}\r\n");
        }
        let _ = write!(answer, "Content-Length: {}\r\n\r\n{body}", body.len());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_in_a_page_is_escape_html() {
        let answer = Page::signed_in_to("<script>'x' & \"y\"</script>").response();
        assert!(answer.contains("&lt;script&gt;&#39;x&#39; &amp; &quot;y&quot;&lt;/script&gt;"), "{answer}");
        assert!(!answer.contains("<script"), "{answer}");
    }

    #[test]
    fn a_page_is_not_cached_sends_no_referrer_and_loads_nothing() {
        let answer = Page::failed("The sign-in was refused.").response();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        for field in [
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
            "Content-Security-Policy: default-src 'none'; ",
            "Connection: close",
        ] {
            assert!(head.contains(field), "{field} is missing: {head}");
        }
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
        for never in ["http:", "https:", "src=", "href=", "<script", "<img"] {
            assert!(!body.contains(never), "{never}: {body}");
        }
    }

    #[test]
    fn the_policy_lets_the_pages_own_style_through_and_no_other() {
        use wellspring_core::CodeVerifier;
        // RFC 7636's challenge is the SHA-256 of its verifier, in another base64.
        let hash = wellspring_wire::code_challenge(&CodeVerifier::new(STYLE));
        let hash = hash.replace('-', "+").replace('_', "/");
        assert!(POLICY.contains(&format!("'sha256-{hash}='")), "{hash}");
    }
}
