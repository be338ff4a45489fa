//! A request as a server reads it off a connection, with plain code of its own.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

/// A request.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The next request of the connection; `None` at its end.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(first) = line(from)? else { return Ok(None) };
        let mut words = first.split(' ').map(str::to_owned);
        let (Some(method), Some(target), Some(_)) = (words.next(), words.next(), words.next()) else {
            return Err(io::Error::other(format!("a request line: {first}")));
        };
        let mut headers = BTreeMap::new();
        while let Some(line) = line(from)?.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(io::Error::other("a header without a colon"))?;
            let name = name.to_ascii_lowercase();
            if let Some(twice) = headers.insert(name.clone(), value.trim().to_owned()) {
                return Err(io::Error::other(format!("the header {name} twice, first: {twice}")));
            }
        }
        let length = headers.get("content-length").map_or(Ok(0), |length| length.parse());
        let mut body = vec![0; length.map_err(io::Error::other)?];
        from.read_exact(&mut body)?;
        Ok(Some(Self { method, target, headers, body }))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A line without its end; `None` at the end of the stream.
fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if from.take(64 * 1024).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The pairs of a form or a query, decoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(k, v)| (decoded(k), decoded(v)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether these pairs are exactly the documented ones; `*` is any value that is not empty.
pub(crate) fn difference(sent: &[(String, String)], documented: &BTreeMap<String, String>) -> Option<String> {
    let mut left = documented.clone();
    for (name, value) in sent {
        match left.remove(name) {
            None => return Some(format!("{name} is not documented, or sent twice")),
            Some(any) if any == "*" && !value.is_empty() => {}
            Some(wanted) if wanted == *value => {}
            Some(wanted) => return Some(format!("{name} is {value}, documented is {wanted}")),
        }
    }
    left.keys().next().map(|missing| format!("{missing} is missing"))
}
