//! The responses that several routes give: a redirect, a JSON object, a JSON error.

use axum::response::Response;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

/// 302, as documented.
pub(crate) fn redirect(url: &str) -> Response {
    let mut response = Response::default();
    match HeaderValue::try_from(url) {
        Ok(url) => {
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert(LOCATION, url);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

pub(crate) fn json(status: StatusCode, object: &Map<String, Value>) -> Response {
    let body = Value::Object(object.clone()).to_string();
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// `{"error": message}`
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    json(status, &member("error", message))
}

pub(crate) fn not_authenticated() -> Response {
    error(StatusCode::UNAUTHORIZED, "Not authenticated")
}

pub(crate) fn server_error() -> Response {
    error(StatusCode::INTERNAL_SERVER_ERROR, "Server error")
}

/// An object with one string member.
pub(crate) fn member(name: &str, value: &str) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), Value::from(value))])
}
