//! Conversions between the requests and responses of the machines and those of the crate `http`.
//!
//! What cannot be sent is an error that names the header or the method, never a value. The copies in the types of `http` are
//! not wiped.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};

use crate::http::{Header, HttpRequest, HttpResponse, Method, ResponseHead};
use crate::origin::{Origin, OriginError};

/// Why a request or a response cannot become one of the other types. The text names the part, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpTypeError(Cow<'static, str>);

impl HttpTypeError {
    fn header(name: &str) -> Self {
        Self(format!("its header {} holds an invalid byte", name.escape_default()).into())
    }
}

impl TryFrom<&::http::Method> for Method {
    type Error = HttpTypeError;

    fn try_from(method: &::http::Method) -> Result<Self, HttpTypeError> {
        match *method {
            ::http::Method::GET => Ok(Self::Get),
            ::http::Method::POST => Ok(Self::Post),
            _ => Err(HttpTypeError(
                format!("its method is {method}, not GET or POST: send calls of an API with `send`").into(),
            )),
        }
    }
}

impl From<Method> for ::http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
        }
    }
}

impl TryFrom<&Uri> for Origin {
    type Error = OriginError;

    fn try_from(uri: &Uri) -> Result<Self, OriginError> {
        Self::of(&format!("{uri}"))
    }
}

/// Declares the conversions from requests and responses with these bodies.
macro_rules! bodies {
    ($($body:ty => |$value:ident| $bytes:expr;)+) => {$(
        /// The version and the extensions are left out.
        impl TryFrom<::http::Request<$body>> for HttpRequest {
            type Error = HttpTypeError;

            fn try_from(request: ::http::Request<$body>) -> Result<Self, HttpTypeError> {
                let (parts, $value) = request.into_parts();
                let bare = Self::new(Method::try_from(&parts.method)?, parts.uri).body($bytes);
                parts.headers.iter().try_fold(bare, |request, (name, value)| {
                    let text = core::str::from_utf8(value.as_bytes());
                    Ok(request.header(name.as_str(), text.map_err(|_| HttpTypeError::header(name.as_str()))?))
                })
            }
        }

        /// The version and the extensions are left out.
        impl From<::http::Response<$body>> for HttpResponse {
            fn from(response: ::http::Response<$body>) -> Self {
                let (parts, $value) = response.into_parts();
                Self::new((parts.status, &parts.headers).into(), $bytes)
            }
        }
    )+};
}

bodies! {
    () => |_body| Vec::new();
    Vec<u8> => |body| body;
    String => |body| body;
    &str => |body| body;
    &[u8] => |body| body;
    bytes::Bytes => |body| body;
}

/// Bytes that are not UTF-8 are replaced: providers read text.
impl From<(StatusCode, &HeaderMap)> for ResponseHead {
    fn from((status, headers): (StatusCode, &HeaderMap)) -> Self {
        headers.iter().fold(Self::new(status.as_u16()), |head, (name, value)| {
            head.header(name.as_str(), String::from_utf8_lossy(value.as_bytes()))
        })
    }
}

/// The headers are marked as sensitive.
impl TryFrom<&HttpRequest> for ::http::Request<Vec<u8>> {
    type Error = HttpTypeError;

    fn try_from(request: &HttpRequest) -> Result<Self, HttpTypeError> {
        let uri: Uri = request.url().parse().map_err(|_| HttpTypeError("its URL is not valid".into()))?;
        let mut wire = Self::new(request.expose_body().to_vec());
        *wire.method_mut() = request.method().into();
        *wire.uri_mut() = uri;
        *wire.headers_mut() = fields(request.headers())?;
        Ok(wire)
    }
}

/// The headers are marked as sensitive.
impl TryFrom<HttpRequest> for ::http::Request<Vec<u8>> {
    type Error = HttpTypeError;

    fn try_from(request: HttpRequest) -> Result<Self, HttpTypeError> {
        Self::try_from(&request)
    }
}

/// The headers are marked as sensitive.
impl TryFrom<HttpResponse> for ::http::Response<Vec<u8>> {
    type Error = HttpTypeError;

    fn try_from(response: HttpResponse) -> Result<Self, HttpTypeError> {
        let status = StatusCode::from_u16(response.status());
        let mut wire = Self::new(response.expose_body().to_vec());
        *wire.status_mut() =
            status.map_err(|_| HttpTypeError("its status is not a number of three digits".into()))?;
        *wire.headers_mut() = fields(response.head().headers())?;
        Ok(wire)
    }
}

fn fields(headers: &[Header]) -> Result<HeaderMap, HttpTypeError> {
    let mut fields = HeaderMap::with_capacity(headers.len());
    for header in headers {
        let name = HeaderName::from_bytes(header.name().as_bytes());
        let value = HeaderValue::from_str(header.expose());
        let (Ok(name), Ok(mut value)) = (name, value) else {
            return Err(HttpTypeError::header(header.name()));
        };
        value.set_sensitive(true);
        fields.append(name, value);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;

    #[test]
    fn a_request_keeps_method_url_headers_and_body_there_and_back() {
        let given = ::http::Request::post("https://a.example/token?x=1")
            .header("Accept", "application/json")
            .header("X-Many", "1")
            .header("x-many", "2")
            .body("grant_type=x")
            .unwrap();
        let request = HttpRequest::try_from(given).unwrap();
        assert_eq!((request.method(), request.url()), (Method::Post, "https://a.example/token?x=1"));
        assert_eq!(request.expose_body(), b"grant_type=x");
        let back = ::http::Request::<Vec<u8>>::try_from(&request).unwrap();
        assert_eq!((back.method(), &*back.uri().to_string()), (&::http::Method::POST, request.url()));
        assert_eq!(back.body(), b"grant_type=x");
        assert_eq!(back.headers().get_all("x-many").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(back.headers().len(), 3);
        assert!(back.headers().values().all(HeaderValue::is_sensitive));
    }

    #[test]
    fn each_body_that_programs_have_is_taken() {
        let request = || ::http::Request::post("https://a.example/");
        let bodies = [
            HttpRequest::try_from(request().body("b").unwrap()),
            HttpRequest::try_from(request().body(&b"b"[..]).unwrap()),
            HttpRequest::try_from(request().body("b".to_string()).unwrap()),
            HttpRequest::try_from(request().body(b"b".to_vec()).unwrap()),
            HttpRequest::try_from(request().body(bytes::Bytes::from_static(b"b")).unwrap()),
        ];
        assert!(bodies.into_iter().all(|request| request.unwrap().expose_body() == b"b"));
        let empty =
            HttpRequest::try_from(::http::Request::get("https://a.example/").body(()).unwrap()).unwrap();
        assert_eq!((empty.method(), empty.expose_body()), (Method::Get, &b""[..]));
    }

    #[test]
    fn what_cannot_be_sent_is_named_without_its_value() {
        let put = ::http::Request::put("https://a.example/").body(()).unwrap();
        let error = HttpRequest::try_from(put).unwrap_err().to_string();
        assert_eq!(error, "its method is PUT, not GET or POST: send calls of an API with `send`");
        let latin = HeaderValue::from_bytes(b"canary\xFF").unwrap();
        let latin = ::http::Request::get("https://a.example/").header("X-Name", latin).body(()).unwrap();
        assert_eq!(
            HttpRequest::try_from(latin).unwrap_err().to_string(),
            "its header x-name holds an invalid byte"
        );
        let request = HttpRequest::new(Method::Get, "https://a.example/").header("X-Key", "canary\r\nX: y");
        let error = ::http::Request::try_from(request).unwrap_err();
        assert_eq!(error.to_string(), "its header X-Key holds an invalid byte");
        let error = ::http::Request::try_from(HttpRequest::new(Method::Get, "https://a b/")).unwrap_err();
        assert_eq!(error.to_string(), "its URL is not valid");
        let strange = HttpResponse::new(ResponseHead::new(7), "");
        assert!(::http::Response::try_from(strange).unwrap_err().to_string().contains("status"));
    }

    #[test]
    fn a_response_keeps_status_headers_and_body_there_and_back() {
        let given =
            ::http::Response::builder().status(401).header("WWW-Authenticate", "Bearer").body("no").unwrap();
        let response = HttpResponse::from(given);
        assert_eq!((response.status(), response.head().first("www-authenticate")), (401, Some("Bearer")));
        let back = ::http::Response::<Vec<u8>>::try_from(response).unwrap();
        assert_eq!((back.status().as_u16(), back.body().as_slice()), (401, &b"no"[..]));
        assert!(back.headers()["www-authenticate"].is_sensitive());
    }

    #[test]
    fn an_origin_is_read_from_a_uri_by_the_rule_of_urls() {
        let origin = |uri: &'static str| Origin::try_from(&Uri::from_static(uri));
        assert_eq!(origin("https://a.example/x?y"), Origin::of("https://a.example"));
        assert!(origin("http://a.example/").is_err() && origin("/x").is_err());
    }
}
