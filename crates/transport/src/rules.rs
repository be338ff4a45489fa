//! The rules of every token request, whichever client carries it.
//!
//! HTTPS except to loopback, checked before anything is sent; no compression; a response of at most 1 MiB; always a
//! deadline. This module also says which failures no retry helps, so that both transports report the same failure
//! alike.

use core::error::Error;
use core::time::Duration;

use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use wellspring_core::{
    Answer, HttpRequest, HttpResponse, Instant, Method, Origin, ResponseHead, TransportError,
    TransportErrorKind,
};

use crate::failure::Failure;

/// The longest body of a response to a token request, in bytes.
pub const BODY_CAP: usize = 1 << 20;

/// Whether a secret may be sent to this URL.
///
/// # Errors
///
/// [`TransportErrorKind::Refused`], naming the rule.
pub fn check_url(url: &str) -> Result<Origin, TransportError> {
    Origin::of(url).map_err(|error| refused(format!("the token request was not sent: {error}")))
}

/// Whether the lease still allows a token request to start.
///
/// # Errors
///
/// [`TransportErrorKind::NotSent`] when it is too late.
pub fn check_start(not_after: Instant, now: Instant) -> Result<(), TransportError> {
    if now > not_after { Err(Failure::LEASE_TOO_SHORT.into()) } else { Ok(()) }
}

/// The time that is left for a token request.
///
/// # Errors
///
/// [`TransportErrorKind::NotSent`] when no time is left.
pub fn check_deadline(left: Duration) -> Result<Duration, TransportError> {
    if left.is_zero() { Err(Failure::NO_TIME_LEFT.into()) } else { Ok(left) }
}

/// A complete response, unless it breaks a rule.
#[must_use]
pub fn acceptable(response: HttpResponse) -> Answer {
    let compresses = |coding: &str| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity");
    if response.head().all("content-encoding").any(|coding| compresses(coding.trim())) {
        return Answer::Failed(Failure::COMPRESSED.into());
    }
    if response.expose_body().len() > BODY_CAP {
        return Answer::Failed(Failure::TOO_LARGE.into());
    }
    Answer::Response(response)
}

/// A token request in the types of the crate `http`.
///
/// # Errors
///
/// [`TransportErrorKind::Refused`] when a header's name or value cannot be sent.
pub fn wire_request(request: &HttpRequest) -> Result<http::Request<Vec<u8>>, TransportError> {
    let method = match request.method() {
        Method::Post => http::Method::POST,
        _ => http::Method::GET,
    };
    let mut wire = http::Request::builder()
        .method(method)
        .uri(request.url())
        .body(request.expose_body().to_vec())
        .map_err(|_| refused("the token request was not sent: its URL is not valid; correct it"))?;
    let headers = wire.headers_mut();
    for header in request.headers() {
        let name = HeaderName::from_bytes(header.name().as_bytes());
        let value = HeaderValue::from_str(header.expose());
        let (Ok(name), Ok(mut value)) = (name, value) else {
            return Err(refused(format!(
                "the token request was not sent: its header {} holds a byte that no header may hold; correct the credentials",
                header.name().escape_default()
            )));
        };
        value.set_sensitive(true);
        headers.append(name, value);
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
        .entry(USER_AGENT)
        .or_insert(HeaderValue::from_static(concat!("wellspring/", env!("CARGO_PKG_VERSION"))));
    if request.method() == Method::Post && request.expose_body().is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(wire)
}

/// Status and headers in the type that providers read.
#[must_use]
pub fn response_head(status: http::StatusCode, headers: &HeaderMap) -> ResponseHead {
    headers.iter().fold(ResponseHead::new(status.as_u16()), |head, (name, value)| {
        head.header(name.as_str(), String::from_utf8_lossy(value.as_bytes()))
    })
}

/// Whether an error, or an error behind it, says that the server's certificate is not trusted: no retry helps.
#[cfg(feature = "tls")]
#[must_use]
pub fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    use rustls::Error::{InvalidCertRevocationList, InvalidCertificate, NoCertificatesPresented};
    error_chain(error).filter_map(|error| error.downcast_ref()).any(|error| {
        matches!(error, InvalidCertificate(_) | NoCertificatesPresented | InvalidCertRevocationList(_))
    })
}

/// An error and all errors behind it, those inside I/O errors too.
pub fn error_chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error| {
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        inside.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> TransportError {
    TransportError::new(TransportErrorKind::Refused, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_refused_before_anything_is_sent() {
        assert!(check_url("https://issuer.example/token").is_ok());
        assert!(check_url("http://127.0.0.1:9000/token").is_ok());
        let error = check_url("http://issuer.example/token").unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused);
    }

    #[test]
    fn an_empty_post_says_that_its_length_is_zero_and_asks_for_no_compression() {
        let wire = wire_request(&HttpRequest::new(Method::Post, "https://issuer.example/token")).unwrap();
        assert_eq!(wire.headers()[CONTENT_LENGTH], "0");
        assert_eq!(wire.headers()[ACCEPT_ENCODING], "identity");
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_without_its_value() {
        let request = HttpRequest::new(Method::Post, "https://issuer.example/")
            .header("authorization", "Basic canary\r\nx: y");
        let error = wire_request(&request).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused);
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_compressed_response_and_a_response_of_more_than_a_mebibyte_are_unreadable() {
        let kind = |response| match acceptable(response) {
            Answer::Failed(error) => Some(error.kind()),
            Answer::Response(_) => None,
        };
        let head = ResponseHead::new(200);
        assert_eq!(kind(HttpResponse::new(head.clone(), vec![0; BODY_CAP])), None);
        let large = HttpResponse::new(head.clone(), vec![0; BODY_CAP + 1]);
        assert_eq!(kind(large), Some(TransportErrorKind::Unreadable));
        let gzip = HttpResponse::new(head.header("Content-Encoding", "gzip"), Vec::new());
        assert_eq!(kind(gzip), Some(TransportErrorKind::Unreadable));
    }
}
