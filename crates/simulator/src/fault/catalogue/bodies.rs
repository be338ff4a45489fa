//! Faults in the bytes of the provider's answer, and in their delivery.

use core::time::Duration;

use crate::answer::Delivery;
use crate::fault::catalogue::entry::{Listed, listed, staged};
use crate::fault::effect::{Effect, bomb, compressed};
use crate::fault::stage::Stage;
use crate::form;

fn bytes(rewrite: fn(Vec<u8>) -> Vec<u8>) -> Vec<Effect> {
    vec![Effect::Bytes(rewrite)]
}

fn header(name: &'static str, value: Option<&'static str>) -> Vec<Effect> {
    vec![Effect::Header { name: name.into(), value: value.map(Into::into) }]
}

fn deliver(delivery: Delivery) -> Vec<Effect> {
    vec![Effect::Deliver(delivery)]
}

fn utf16(body: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&body).into_owned();
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

/// The members of the outermost object as a form, which is GitHub's default.
fn as_form(body: Vec<u8>) -> Vec<u8> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&body).unwrap_or_default();
    let fields: Vec<_> = object
        .iter()
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            format!("{}={}", form::encode(name), form::encode(&text))
        })
        .collect();
    fields.join("&").into_bytes()
}

pub(super) static LIST: &[Listed] = &[
    listed("top-level-array", "the answer is wrapped in an array", || {
        bytes(|body| [b"[".as_slice(), &body, b"]"].concat())
    }),
    listed("top-level-tuple", "the values of the answer without their names", || {
        bytes(|body| {
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(&body).unwrap_or_default();
            serde_json::Value::Array(object.into_iter().map(|(_, value)| value).collect())
                .to_string()
                .into_bytes()
        })
    }),
    listed("top-level-string", "the answer is one string", || bytes(|_| b"\"token\"".to_vec())),
    listed("top-level-null", "the answer is null", || bytes(|_| b"null".to_vec())),
    listed("bom", "a byte order mark before the answer", || {
        bytes(|body| [b"\xef\xbb\xbf".as_slice(), &body].concat())
    }),
    listed("utf-16", "the answer in UTF-16", || bytes(utf16)),
    listed("invalid-utf-8", "a byte that is no UTF-8 in the answer", || {
        bytes(|body| {
            let text = String::from_utf8_lossy(&body).into_owned();
            let end = text.rfind('}').unwrap_or(text.len());
            [&text.as_bytes()[..end], b",\"x\":\"\xff\"}"].concat()
        })
    }),
    listed("trailing-garbage", "something behind the answer", || {
        bytes(|body| [body.as_slice(), b"<!-- served by proxy -->"].concat())
    }),
    listed("cut-json", "half of the answer, well delivered", || {
        bytes(|mut body| {
            body.truncate(body.len() / 2);
            body
        })
    }),
    listed("empty-body", "nothing where the answer belongs", || bytes(|_| Vec::new())),
    listed("blank-body", "blanks where the answer belongs", || bytes(|_| b" \r\n ".to_vec())),
    listed("form-body", "the answer as a form", || {
        let mut effects = bytes(as_form);
        effects.extend(header("Content-Type", Some("application/x-www-form-urlencoded")));
        effects
    }),
    listed("wrong-content-type", "the answer, labelled text/html", || {
        header("Content-Type", Some("text/html"))
    }),
    listed("plain-content-type", "the answer, labelled text/plain", || {
        header("Content-Type", Some("text/plain"))
    }),
    listed("no-content-type", "the answer without a label", || header("Content-Type", None)),
    listed("gzip", "the answer compressed without Accept-Encoding", || vec![Effect::Compress(compressed)]),
    listed("gzip-bomb", "the answer and 16 MiB of blanks, compressed", || vec![Effect::Compress(bomb)]),
    listed("gzip-mislabelled", "the answer as it is, labelled gzip", || {
        header("Content-Encoding", Some("gzip"))
    }),
    listed("date-missing", "no Date", || header("Date", Some(""))),
    listed("date-garbage", "a Date that is none", || header("Date", Some("yesterday"))),
    listed("date-hour-behind", "Date an hour ago", || {
        vec![Effect::DateHeader { name: "Date", ahead: -3_600 }]
    }),
    listed("date-hour-ahead", "Date in an hour", || vec![Effect::DateHeader { name: "Date", ahead: 3_600 }]),
    listed("date-day-ahead", "Date in more than a day", || {
        vec![Effect::DateHeader { name: "Date", ahead: 2 * 86_400 }]
    }),
    listed("slow-body", "the body one byte at a time, 50 ms apart", || {
        deliver(Delivery::Dripped { every: Duration::from_millis(50) })
    }),
    listed("stall", "processed; the answer comes 30 s late", || {
        deliver(Delivery::Late { after: Duration::from_secs(30) })
    }),
    staged("silence-before", "not processed, never answered, connection kept", Stage::Before, || {
        deliver(Delivery::Never)
    }),
    staged("silence-after", "processed, never answered, connection kept", Stage::After, || {
        deliver(Delivery::Never)
    }),
    staged("reset-before", "not processed, connection reset", Stage::Before, || deliver(Delivery::Reset)),
    staged("reset-after", "processed, connection reset", Stage::After, || deliver(Delivery::Reset)),
    listed("truncated-body", "processed; the connection ends in the middle of the body", || {
        deliver(Delivery::Truncated { sent: usize::MAX })
    }),
    listed("truncated-head", "processed; the connection ends before the body", || {
        deliver(Delivery::Truncated { sent: 0 })
    }),
    listed("chunked-body", "the body in chunks", || deliver(Delivery::Chunked)),
    listed("unbounded-body", "the body ends with the connection", || deliver(Delivery::UntilClose)),
    listed("closed-behind", "the connection is closed behind the answer, unannounced", || {
        deliver(Delivery::ThenClosed)
    }),
    listed("callback-without-state", "the browser comes back without state", || {
        vec![Effect::Callback(|query| query.into_iter().filter(|(name, _)| name != "state").collect())]
    }),
    listed("callback-wrong-state", "the browser comes back with another state", || {
        vec![Effect::Callback(|mut query| {
            query.iter_mut().filter(|(name, _)| name == "state").for_each(|(_, value)| value.push('x'));
            query
        })]
    }),
    listed("callback-twice-state", "the browser comes back with two states", || {
        vec![Effect::Callback(|mut query| {
            query.push(("state".into(), "another".into()));
            query
        })]
    }),
    listed("callback-without-code", "the browser comes back without a code", || {
        vec![Effect::Callback(|query| query.into_iter().filter(|(name, _)| name != "code").collect())]
    }),
    listed("callback-wrong-issuer", "the browser comes back from another issuer", || {
        vec![Effect::Callback(|query| {
            let kept = query.into_iter().filter(|(name, _)| name != "iss");
            kept.chain([("iss".into(), "https://attacker.example".into())]).collect()
        })]
    }),
    listed("callback-without-issuer", "the browser comes back without iss", || {
        vec![Effect::Callback(|query| query.into_iter().filter(|(name, _)| name != "iss").collect())]
    }),
    listed("consent-denied", "the browser comes back with access_denied", || {
        vec![Effect::Callback(|query| {
            let kept = query.into_iter().filter(|(name, _)| name != "code");
            [("error".to_owned(), "access_denied".to_owned())].into_iter().chain(kept).collect()
        })]
    }),
];
