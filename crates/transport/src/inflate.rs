//! Responses that the server compresses though the request asks for none (`Accept-Encoding: identity`).
//!
//! With the feature `gzip`, gzip and deflate are inflated, under the same limit as a plain body: the token in the response may be the only one that the
//! server still accepts, so the request is not repeated for it. Other codings are named.

#[cfg(feature = "gzip")]
use std::io::Read;

#[cfg(feature = "gzip")]
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use wellspring_core::{ResponseHead, TransportError, TransportErrorKind};
use zeroize::Zeroizing;

#[cfg(feature = "gzip")]
use crate::failure::Failure;

/// How the body of a response is to be read.
#[derive(Debug)]
pub(crate) enum Content {
    /// As it is: it is not compressed, or is text that is only labelled so.
    Plain,
    /// This is the body, or its start if the compressed body breaks off.
    #[cfg_attr(not(feature = "gzip"), expect(dead_code, reason = "nothing is inflated"))]
    Inflated {
        body: Zeroizing<Vec<u8>>,
        /// Whether the compressed body came to its end.
        whole: bool,
    },
    /// It cannot be read, for this reason.
    Unreadable(TransportError),
}

impl Content {
    /// What the head says of this body, of which no more than this many bytes may come out.
    #[cfg_attr(not(feature = "gzip"), expect(unused_variables, reason = "only what is inflated has a limit"))]
    pub(crate) fn of(head: &ResponseHead, body: &[u8], limit: usize) -> Self {
        let codings: Vec<String> = head
            .all("content-encoding")
            .flat_map(|field| field.split(','))
            .map(|coding| coding.trim().to_ascii_lowercase())
            .filter(|coding| !coding.is_empty() && coding != "identity")
            .collect();
        let is_text = core::str::from_utf8(body).is_ok();
        match codings.as_slice() {
            [] => Self::Plain,
            _ if is_text => Self::Plain,
            #[cfg(feature = "gzip")]
            [coding] if matches!(&**coding, "gzip" | "x-gzip") => inflate(MultiGzDecoder::new(body), limit),
            // Servers send deflate with the header of zlib, as RFC 9110 section 8.4.1.2 says, or without.
            #[cfg(feature = "gzip")]
            [coding] if coding == "deflate" => match inflate(ZlibDecoder::new(body), limit) {
                Self::Inflated { body: inflated, whole: false } if inflated.is_empty() => {
                    inflate(DeflateDecoder::new(body), limit)
                }
                inflated => inflated,
            },
            codings => Self::Unreadable(unknown(codings)),
        }
    }
}

/// Which codings are read, in an error about another one.
const READ: &str = if cfg!(feature = "gzip") {
    "gzip and deflate are read, and no other coding"
} else {
    "without the feature `gzip` none is read"
};

/// The coding is one that this crate does not read.
fn unknown(codings: &[String]) -> TransportError {
    // The server chooses the text, so an error shows only the names that are registered.
    const REGISTERED: [&str; 9] =
        ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"];
    let registered = |coding: &&String| REGISTERED.contains(&coding.as_str());
    let name =
        codings.iter().map(|coding| if registered(&coding) { coding.as_str() } else { "an unknown coding" });
    let name = name.collect::<Vec<_>>().join(" and ");
    TransportError::new(
        TransportErrorKind::Unreadable,
        format!(
            "the server compresses its response with {name}, although the request asks for no compression: {READ}; have the \
             server or the proxy before it send token responses uncompressed"
        ),
    )
    .lasting()
}

#[cfg(feature = "gzip")]
fn inflate(mut compressed: impl Read, limit: usize) -> Content {
    let limit = limit.saturating_add(1);
    // The buffer never grows, because a buffer that grows leaves copies of tokens in memory.
    let mut body = Zeroizing::new(vec![0; limit]);
    let mut length = 0;
    let whole = loop {
        match compressed.read(&mut body[length..]) {
            Ok(0) => break length < limit,
            Ok(read) => length += read,
            Err(_) => break false,
        }
    };
    if length == limit {
        return Content::Unreadable(Failure::TOO_LARGE.into());
    }
    body.truncate(length);
    Content::Inflated { body, whole }
}

#[cfg(feature = "gzip")]
#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const LIMIT: usize = 1 << 20;
    const TOKEN: &[u8] = br#"{"access_token":"token-1","expires_in":3600,"refresh_token":"next"}"#;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(plain: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn read(coding: &str, body: &[u8]) -> Content {
        Content::of(&ResponseHead::new(200).header("Content-Encoding", coding), body, LIMIT)
    }

    #[test]
    fn gzip_and_both_kinds_of_deflate_are_inflated() {
        for (coding, body) in [
            ("gzip", gzip(TOKEN)),
            ("GZIP", gzip(TOKEN)),
            ("x-gzip", gzip(TOKEN)),
            ("identity, gzip", gzip(TOKEN)),
            ("deflate", zlib(TOKEN)),
            ("deflate", deflate(TOKEN)),
        ] {
            let Content::Inflated { body, whole: true } = read(coding, &body) else { panic!("{coding}") };
            assert_eq!(&**body, TOKEN, "{coding}");
        }
        assert!(matches!(read("identity", &gzip(TOKEN)), Content::Plain));
        assert!(matches!(read("gzip", TOKEN), Content::Plain), "text that is only labelled");
    }

    #[test]
    fn the_start_of_a_body_that_breaks_off_is_read() {
        let cut = gzip(TOKEN);
        let Content::Inflated { body, whole: false } = read("gzip", &cut[..cut.len() - 9]) else { panic!() };
        assert!(TOKEN.starts_with(&body));
    }

    #[test]
    fn a_bomb_stops_at_the_limit_of_a_plain_body() {
        let bomb = gzip(&vec![b' '; 20 << 20]);
        assert!(bomb.len() < 64 << 10);
        let Content::Unreadable(error) = read("gzip", &bomb) else { panic!() };
        assert!(error.into_error().to_string().contains("longer than 1 MiB"));
        let full = gzip(&vec![b' '; LIMIT]);
        assert!(matches!(read("gzip", &full), Content::Inflated { whole: true, .. }));
    }

    #[test]
    fn another_coding_is_named() {
        for coding in ["br", "zstd", "gzip, br", "gzip,gzip", "canary-secret"] {
            let Content::Unreadable(error) = read(coding, b"\x28\xB5\x2F\xFD") else { panic!("{coding}") };
            let said = error.into_error().to_string();
            assert!(said.contains("compresses its response with") && said.contains("uncompressed"), "{said}");
            assert!(!said.contains("canary"), "{said}");
        }
        let Content::Unreadable(error) = read("br", b"\xff") else { panic!() };
        assert!(error.into_error().to_string().contains("with br,"));
    }
}
