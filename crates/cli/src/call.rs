//! `wellspring call`: sends one API request with the profile's token.
//!
//! The command copies the response body to standard output, whatever the HTTP status. An HTTP status other than 2xx goes
//! to stderr and decides the exit status.

use std::ffi::OsStr;
use std::io::{Read, Write};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use wellspring_core::Need;
use wellspring_profiles::Profile;

use crate::arguments::Call;
use crate::exit::{Exit, Failure};
use crate::source::Source;
use crate::time::Limit;

/// Sends the request and prints the body of the response.
///
/// The token must come within the profile's deadline. The call has a limit of its own, of silence: a large download is not cut
/// off. Returns whether the token is due.
pub(crate) fn run(
    profile: &Profile,
    args: &Call,
    out: &mut dyn Write,
    limit: &Limit<bool>,
) -> Result<bool, Failure> {
    let request = request(args)?;
    let source = Source::new(profile, args.transport)?;
    let of_the_token = source.calls().header_name();
    if request.headers().contains_key(of_the_token) {
        return Err(Failure::usage(format!(
            "--header must not set {of_the_token}, which carries the profile's token"
        )));
    }
    source.check(&args.url)?;
    let token = source.token(Need::Fresh)?;
    limit.lift();
    let (head, mut body) = source.send(request)?.into_parts();
    while let Some(chunk) = source.chunk(&mut body)? {
        out.write_all(&chunk).map_err(Failure::output)?;
    }
    out.flush().map_err(Failure::output)?;
    source.warn_of_lost_refresh_token();
    check(head.status)?;
    Ok(source.is_due(&token))
}

/// 2xx succeeds. Every other status fails; the exit status says whether a later retry may help.
fn check(status: StatusCode) -> Result<(), Failure> {
    let (exit, advice) = match status.as_u16() {
        200..300 => return Ok(()),
        401 => (Exit::Refused, "a new token did not help: check that the token is meant for this API"),
        403 => (Exit::Refused, "the token lacks a permission: check its scopes"),
        300..=399 => (Exit::Refused, "redirects are not followed with a token: call the new URL"),
        408 | 425 | 429 | 500.. => (Exit::TryLater, "try again later"),
        _ => (Exit::Refused, "correct the request"),
    };
    Err(Failure::new(exit, format!("the API answered {status}; {advice}")))
}

fn request(args: &Call) -> Result<Request<Vec<u8>>, Failure> {
    let method: Method = args.method.parse().map_err(|_| {
        Failure::usage(format!("{:?} is not an HTTP method; write for example GET or PUT", args.method))
    })?;
    let mut request = Request::new(args.data.as_deref().map(data).transpose()?.unwrap_or_default());
    *request.method_mut() = method;
    *request.uri_mut() =
        args.url.parse().map_err(|_| Failure::usage("the URL is malformed; percent-encode it"))?;
    if args.data.is_some() {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for line in &args.header {
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
    // The error does not repeat the line, which may hold a secret.
    let field = field
        .ok_or_else(|| Failure::usage("a --header is not a header field; write it as \"Name: value\""))?;
    if field.0 == AUTHORIZATION {
        return Err(Failure::usage("--header must not set Authorization, which carries the profile's token"));
    }
    Ok(field)
}

/// Reads the body from a file or standard input. The argument never holds the body, because process lists show it.
fn data(argument: &OsStr) -> Result<Vec<u8>, Failure> {
    let bytes = argument.as_encoded_bytes();
    if bytes == b"@-" {
        let mut body = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut body);
        read.map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
        return Ok(body);
    }
    let path = argument.to_str().and_then(|text| text.strip_prefix('@')).filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| {
        Failure::usage("--data takes a file; write --data @FILE, or --data @- for standard input")
    })?;
    std::fs::read(path).map_err(|error| Failure::usage(format!("--data: cannot read {path}: {error}")))
}
