//! OAuth 2.0 on the wire: bodies, errors, challenges, PKCE, JWT lifetimes, without I/O.
//!
//! A provider writes the request and reads the response of its token endpoint with it:
//!
//! ```
//! use core::time::Duration;
//! use wellspring_core::{AuthorizationGrant, HttpResponse, Reading, ResponseHead, UnixTime};
//! use wellspring_wire::{Form, TokenFormat};
//!
//! let body = Form::new().pair("grant_type", "client_credentials").pair("scope", "pix read").encode();
//! assert_eq!(body, "grant_type=client_credentials&scope=pix+read");
//!
//! let answer = r#"{"access_token":"secret","token_type":"bearer","expires_in":"3600"}"#;
//! let response = HttpResponse::new(ResponseHead::new(200), answer);
//! let now = UnixTime::from_secs(1_760_000_000);
//! let reading = TokenFormat::new().reading(&AuthorizationGrant::ClientCredentials, &response, now);
//! let Reading::Granted(token) = reading else { panic!("the response grants no token") };
//! assert_eq!(token.access_token.expose(), "secret");
//! assert_eq!(token.lifetime, Some(Duration::from_secs(3_600)));
//! ```
//!
//! Providers share this crate to write token requests and to read token responses. `DECISIONS.md` names each decision
//! about an unusual response. One place in this crate makes the decision, and a test of the same name checks it.
//!
//! - [`TokenFormat`] reads a whole response of a token endpoint: a token, or the error that says what to do next.
//! - [`Form`], [`json_body`], [`append_query`] and [`basic_authorization`] write requests.
//! - [`judge_bearer`] says what an API's response means for the token that the request carried.
//!
//! In scope: bytes and text, and what they mean.
//! Out of scope: sockets, clocks, stores, and the names that only one provider uses.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod basic;
mod bearer;
mod body;
mod body_fault;
mod certificate;
mod certificate_page;
mod challenge;
mod error_body;
mod error_code;
mod expiry;
mod form;
mod http_date;
mod json;
mod json_request;
mod json_string;
mod jwt;
mod lifetime;
mod member_name;
mod percent;
#[cfg(feature = "pkce")]
mod pkce;
mod query;
mod redaction;
mod response;
mod retry_after;
mod scattered;
mod status;
mod step_up;
mod successor;
mod token_body;
mod token_format;
mod vendor;
mod vendor_error;

// The public interface is:
pub use basic::{BasicEncoding, basic_authorization};
pub use bearer::{bearer_authorization, judge_bearer};
pub use body::Body;
pub use body_fault::BodyFault;
pub use certificate::ClientCertificate;
pub use challenge::{Challenge, challenges};
pub use error_body::{ErrorBody, ErrorShape};
pub use error_code::Meaning;
pub use expiry::rfc3339;
pub use form::{Form, form_decode};
pub use http_date::{date_of, http_date};
pub use json::{Json, Number, Object};
pub use json_request::json_body;
pub use jwt::JwtTimes;
pub use lifetime::{LONGEST_LIFETIME, LifetimeUnit, seconds_of};
pub use percent::percent_encode;
#[cfg(feature = "pkce")]
pub use pkce::{code_challenge, code_verifier};
pub use query::append_query;
pub use redaction::Redaction;
pub use retry_after::retry_after;
pub use step_up::StepUp;
pub use token_format::{TokenFormat, TokenNames};
