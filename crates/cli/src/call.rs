//! `wellspring call`: one request with the profile's token on it.
//!
//! The body of the answer goes to standard output as it comes, whatever its status; the status goes to stderr and,
//! in short, into the exit status.

use std::ffi::OsStr;
use std::io::{Read, Write};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use wellspring_core::Need;
use wellspring_profiles::Profile;

use crate::arguments::Call;
use crate::exit::{Exit, Failure};
use crate::source::Source;

/// Makes the call and prints the answer's body.
pub(crate) fn run(profile: &Profile, wish: &Call, out: &mut dyn Write) -> Result<(), Failure> {
    let request = request(wish)?;
    let source = Source::new(profile, wish.transport)?;
    source.check(&wish.url)?;
    source.token(Need::Fresh)?;
    let (head, mut body) = source.send(request)?.into_parts();
    while let Some(chunk) = source.chunk(&mut body)? {
        out.write_all(&chunk).map_err(Failure::output)?;
    }
    out.flush().map_err(Failure::output)?;
    source.tell();
    judge(head.status)
}

/// 2xx is done; what may be otherwise later is told from what will not.
fn judge(status: StatusCode) -> Result<(), Failure> {
    let (exit, advice) = match status.as_u16() {
        200..300 => return Ok(()),
        401 => (Exit::TurnedAway, "a new token did not help: check that the token is meant for this API"),
        403 => (Exit::TurnedAway, "the token lacks a permission: check its scopes"),
        300..=399 => (Exit::TurnedAway, "redirects are not followed with a token: call the new URL"),
        408 | 425 | 429 | 500.. => (Exit::TryLater, "try again later"),
        _ => (Exit::TurnedAway, "correct the request"),
    };
    Err(Failure::new(exit, format!("the API answered {status}; {advice}")))
}

fn request(wish: &Call) -> Result<Request<Vec<u8>>, Failure> {
    let method: Method = wish.method.parse().map_err(|_| {
        Failure::usage(format!("{:?} is not an HTTP method; write GET, PUT or another one", wish.method))
    })?;
    let mut request = Request::new(wish.data.as_deref().map(data).transpose()?.unwrap_or_default());
    *request.method_mut() = method;
    *request.uri_mut() =
        wish.url.parse().map_err(|_| Failure::usage("the URL cannot be read; write it percent-encoded"))?;
    if wish.data.is_some() {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for line in &wish.header {
        let (name, value) = header(line)?;
        if name == CONTENT_TYPE {
            request.headers_mut().insert(name, value);
        } else {
            request.headers_mut().append(name, value);
        }
    }
    Ok(request)
}

fn header(line: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let field = line.split_once(':').and_then(|(name, value)| {
        Some((name.trim().parse::<HeaderName>().ok()?, value.trim().parse::<HeaderValue>().ok()?))
    });
    // The line is not repeated: it may hold a secret.
    let field =
        field.ok_or_else(|| Failure::usage("a --header is not a header field; write \"Name: value\""))?;
    if field.0 == AUTHORIZATION {
        return Err(Failure::usage("--header must not set Authorization: the profile's token goes there"));
    }
    Ok(field)
}

/// The body: out of a file, or standard input. Never the argument itself, which a process list would show.
fn data(argument: &OsStr) -> Result<Vec<u8>, Failure> {
    let bytes = argument.as_encoded_bytes();
    if bytes == b"@-" {
        let mut body = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut body);
        read.map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
        return Ok(body);
    }
    let path = argument.to_str().and_then(|text| text.strip_prefix('@')).filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| {
        Failure::usage("--data takes the body from a file; write --data @FILE, or @- for standard input")
    })?;
    std::fs::read(path).map_err(|error| Failure::usage(format!("--data: {path} cannot be read: {error}")))
}
