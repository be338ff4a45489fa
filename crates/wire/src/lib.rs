//! OAuth 2.0 on the wire: bodies, errors, challenges, PKCE, JWT lifetimes, without I/O.
//!
//! What providers share when they write a token request and read its answer. Each decision about an odd answer
//! is made in one place here, has a name in `DECISIONS.md` and a test of that name.
//!
//! - [`TokenFormat`] reads the whole answer of a token endpoint: a token, or the error that says what to do next.
//! - [`Form`], [`json_body`], [`append_query`] and [`basic_authorization`] write requests.
//! - [`judge_bearer`] says what an API's answer means for the token that it was called with.
//!
//! In scope: bytes and text, and what they mean.
//! Out of scope: sockets, clocks, stores, and every provider's own names.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod answer;
mod basic;
mod bearer;
mod body;
mod challenge;
mod error_body;
mod form;
mod http_date;
mod json;
mod json_request;
mod jwt;
mod lifetime;
mod percent;
#[cfg(feature = "pkce")]
mod pkce;
mod query;
mod redaction;
mod retry_after;
mod token_body;
mod token_format;

// The public interface is:
pub use answer::Meaning;
pub use basic::{BasicEncoding, basic_authorization};
pub use bearer::{bearer_authorization, judge_bearer};
pub use body::{Body, BodyFault};
pub use challenge::{Challenge, challenges};
pub use error_body::{ErrorBody, ErrorShape};
pub use form::{Form, form_decode};
pub use http_date::{date_of, http_date};
pub use json::{Json, Number, Object};
pub use json_request::json_body;
pub use jwt::JwtTimes;
pub use lifetime::{LONGEST_LIFETIME, seconds_of};
pub use percent::percent_encode;
#[cfg(feature = "pkce")]
pub use pkce::{code_challenge, code_verifier};
pub use query::append_query;
pub use redaction::Redaction;
pub use retry_after::retry_after;
pub use token_format::{TokenFormat, TokenNames};
