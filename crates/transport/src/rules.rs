//! The rules of every token request, whichever client carries it.
//!
//! HTTPS except to loopback, checked before anything is sent; no compression is asked for; a response of at most 1 MiB; always a
//! deadline. This module also says which failures no retry helps, so that both transports report them alike.

use core::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_core::de::IgnoredAny;
use wellspring_core::{
    Answer, HttpRequest, HttpResponse, Instant, Method, Obstacle, Origin, ResponseHead, TransportError,
    TransportErrorKind,
};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::inflate::Content;
use crate::user_agent::UserAgent;

/// The longest body of a response to a token request, in bytes.
pub const BODY_CAP: usize = 1 << 20;

/// The largest head of a response to a token request, in bytes.
pub const HEAD_CAP: usize = 256 * 1024;

/// The most header fields of a response to a token request.
pub const FIELDS_CAP: usize = 128;

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

/// A response whose body was read to its end, unless it breaks a rule. A compressed body is inflated.
#[must_use]
pub fn acceptable(response: HttpResponse) -> Answer {
    if response.expose_body().len() > BODY_CAP {
        return Answer::Failed(TransportError::from(Failure::TOO_LARGE).with_response(response));
    }
    let response = match Content::of(response.head(), response.expose_body(), BODY_CAP) {
        Content::Plain => response,
        Content::Inflated { body, whole: true } => with_body(response.head().clone(), body),
        Content::Inflated { body, whole: false } => {
            let response = with_body(response.head().clone(), body).incomplete();
            let failure = TransportError::from(Failure::COMPRESSED).lasting();
            return Answer::Failed(failure.with_response(response));
        }
        Content::Unreadable(failure) => return Answer::Failed(failure.with_response(response)),
    };
    Answer::Response(response)
}

fn with_body(head: ResponseHead, mut body: Zeroizing<Vec<u8>>) -> HttpResponse {
    HttpResponse::new(head, core::mem::take(&mut *body))
}

/// A token request in the types of the crate `http`.
///
/// # Errors
///
/// [`TransportErrorKind::Refused`] when a header's name or value cannot be sent.
pub fn wire_request(
    request: &HttpRequest,
    user_agent: &UserAgent,
) -> Result<http::Request<Vec<u8>>, TransportError> {
    let mut wire = http::Request::try_from(request).map_err(|error| {
        refused(format!("the token request was not sent: {error}; correct the URL or the credentials"))
    })?;
    let headers = wire.headers_mut();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    complete(headers);
    user_agent.complete(headers);
    if request.method() == Method::Post && request.expose_body().is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(wire)
}

/// Adds the headers that every request of a built-in client has beside its `User-Agent`, unless the request has its own.
pub fn complete(headers: &mut HeaderMap) {
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
}

/// The response whose body could not be read to its end for this reason, if its JSON document is complete: nothing but
/// white space can follow that.
///
/// # Errors
///
/// This failure with the received part of the response, if the document is not complete: the server has answered.
pub fn cut_short(
    head: ResponseHead,
    mut body: Zeroizing<Vec<u8>>,
    failure: impl FnOnce() -> TransportError,
) -> Result<HttpResponse, TransportError> {
    if let Content::Inflated { body: inflated, .. } = Content::of(&head, &body, BODY_CAP) {
        body = inflated;
    }
    let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&body).trim_ascii_start();
    let complete = start.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(start).is_ok();
    let response = HttpResponse::new(head, core::mem::take(&mut *body));
    if complete { Ok(response.cut_short()) } else { Err(failure().with_response(response.incomplete())) }
}

/// The failure of a response that is longer than [`BODY_CAP`], with what was read of it.
#[must_use]
pub fn too_large(head: ResponseHead, mut body: Zeroizing<Vec<u8>>) -> TransportError {
    let response = HttpResponse::new(head, core::mem::take(&mut *body)).incomplete();
    TransportError::from(Failure::TOO_LARGE).with_response(response)
}

/// The response whose body was read to its end. `checked` is the result of [`check_head`]: the body is read all the same,
/// because the server may have granted a new refresh token in it.
///
/// # Errors
///
/// The failure of the check, with the response.
pub fn whole(
    head: ResponseHead,
    mut body: Zeroizing<Vec<u8>>,
    checked: Result<(), TransportError>,
) -> Result<HttpResponse, TransportError> {
    let response = HttpResponse::new(head, core::mem::take(&mut *body));
    match checked {
        Ok(()) => Ok(response),
        Err(failure) => Err(failure.with_response(response)),
    }
}

/// Whether a head is as small as both clients accept it.
///
/// # Errors
///
/// [`TransportErrorKind::Unreadable`] when it is larger.
pub fn check_head(headers: &HeaderMap) -> Result<(), TransportError> {
    // The colon, the space and the line end.
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    if headers.len() > FIELDS_CAP || headers.iter().map(size).sum::<usize>() > HEAD_CAP {
        return Err(Failure::HEAD_TOO_LARGE.into());
    }
    Ok(())
}

fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> TransportError {
    TransportError::new(TransportErrorKind::Refused, text).because(Obstacle::Settings)
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
        let wire = wire_request(
            &HttpRequest::new(Method::Post, "https://issuer.example/token"),
            &UserAgent::default(),
        )
        .unwrap();
        assert_eq!(wire.headers()[CONTENT_LENGTH], "0");
        assert_eq!(wire.headers()[ACCEPT_ENCODING], "identity");
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_without_its_value() {
        let request = HttpRequest::new(Method::Post, "https://issuer.example/")
            .header("authorization", "Basic canary\r\nx: y");
        let error = wire_request(&request, &UserAgent::default()).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused);
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_broken_compressed_response_and_a_response_of_more_than_a_mebibyte_are_unreadable() {
        let kind = |response| match acceptable(response) {
            Answer::Failed(error) => Some(error.kind()),
            Answer::Response(_) => None,
        };
        let head = ResponseHead::new(200);
        assert_eq!(kind(HttpResponse::new(head.clone(), vec![0; BODY_CAP])), None);
        let large = HttpResponse::new(head.clone(), vec![0; BODY_CAP + 1]);
        assert_eq!(kind(large), Some(TransportErrorKind::Unreadable));
        let labelled = |body: &[u8]| HttpResponse::new(head.clone().header("Content-Encoding", "gzip"), body);
        for broken in [&b"\x1F\x8B\x08\0"[..], b"\x78\x9C\xAB", b"\x28\xB5\x2F\xFD"] {
            assert_eq!(kind(labelled(broken)), Some(TransportErrorKind::Unreadable), "{broken:?}");
        }
        for plain in [&b"{\"access_token\":\"a\"}"[..], b"access_token=a"] {
            assert_eq!(kind(labelled(plain)), None, "{plain:?}");
        }
    }

    #[test]
    fn a_response_that_is_cut_short_counts_if_its_document_is_complete() {
        let cut = |body: &str| {
            let body = Zeroizing::new(body.as_bytes().to_vec());
            cut_short(ResponseHead::new(200), body, || Failure::BROKEN.into())
        };
        for complete in ["{}", " \u{feff}{\"a\":\"}\"}\r\n".trim_start(), "{\"a\":[1e999,{\"b\":null}]} "] {
            assert!(cut(complete).is_ok_and(|response| response.is_cut_short()), "{complete}");
        }
        for open in ["", "{", "{\"a\":\"}", "{\"a\":1", "{}{", "1", "\"a\"", "[1]", "access_token=a"] {
            let failure = cut(open).unwrap_err();
            assert_eq!(failure.kind(), TransportErrorKind::Incomplete, "{open}");
            let response = failure.response().unwrap();
            assert!(response.is_incomplete() && response.expose_body() == open.as_bytes(), "{open}");
        }
    }

    #[test]
    fn a_head_of_more_than_256_kib_or_128_fields_is_not_accepted() {
        let head = |fields: usize, length: usize| {
            let value = HeaderValue::from_bytes(&vec![b'v'; length]).unwrap();
            let mut headers = HeaderMap::new();
            for _ in 0..fields {
                headers.append("set-cookie", value.clone());
            }
            check_head(&headers).is_ok()
        };
        assert!(head(70, 1_000) && head(128, 2_000) && head(1, 250_000));
        assert!(!head(129, 1) && !head(128, 2_048) && !head(1, 263_000));
    }
}
