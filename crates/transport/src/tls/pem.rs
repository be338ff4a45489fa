//! PEM as people have it: with a byte order mark, in UTF-16, with any line end, indented, with text around it, on one line,
//! or with `\n` as two characters, as an environment variable often carries it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Base64 with or without padding, and with any last bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// One block.
pub(super) struct Block {
    /// What stands after BEGIN, such as `CERTIFICATE`.
    pub(super) label: String,
    pub(super) body: Body,
}

pub(super) enum Body {
    Data(Zeroizing<Vec<u8>>),
    /// A key that is encrypted in the way of PEM itself ([RFC 1421](https://www.rfc-editor.org/rfc/rfc1421)), not as PKCS #8.
    Encrypted,
    /// The block cannot be read: what is wrong with it.
    Damaged(&'static str),
}

/// The bytes as text, if they may hold PEM.
pub(super) fn text(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let wide = |read: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units = rest.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        let mut text = Zeroizing::new(String::with_capacity(rest.len()));
        text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')));
        text
    };
    Some(match bytes {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        // Names in the text around a block may be in any encoding.
        _ => match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => Zeroizing::new(text.to_owned()),
            Cow::Owned(text) if text.contains(BEGIN) => Zeroizing::new(text),
            Cow::Owned(_) => return None,
        },
    })
}

/// Every block of this text. Empty if it has none.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let Some((label, after)) = after.split_once(DASHES) else { break };
        let (body, next) = match after.split_once(END) {
            // Another block begins before this one ends: it has no end.
            Some((inside, next)) if !inside.contains(BEGIN) => (body(inside), next),
            _ => (Body::Damaged("is cut off: its last line, which begins with -----END, is missing"), after),
        };
        blocks.push(Block { label: label.trim().to_owned(), body });
        rest = next;
    }
    blocks
}

fn body(inside: &str) -> Body {
    if inside.contains("Proc-Type:") && inside.contains("ENCRYPTED") {
        return Body::Encrypted;
    }
    match decode(inside) {
        Some(data) => Body::Data(data),
        None => Body::Damaged("is damaged: it has characters that are not base64"),
    }
}

/// Base64, with white space in it or the two characters of an escaped line end.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if matches!(characters.peek(), Some('n' | 'r' | 't')) => drop(characters.next()),
            // Some continue a line that way.
            '\\' if matches!(characters.peek(), Some('\n' | '\r')) => {}
            c if c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}' => {}
            c => base64.push(c),
        }
    }
    LENIENT.decode(base64.as_bytes()).ok().filter(|data| !data.is_empty()).map(Zeroizing::new)
}

/// A certificate as PEM, with lines of 64 characters.
pub(super) fn encode(der: &[u8]) -> String {
    written("CERTIFICATE", der).to_string()
}

/// A key in PKCS #8 as PEM.
#[cfg(feature = "native-tls")]
pub(super) fn encode_key(der: &[u8]) -> Zeroizing<String> {
    written("PRIVATE KEY", der)
}

fn written(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    // A text that grows leaves copies of a secret in memory.
    let mut pem = Zeroizing::new(String::with_capacity(base64.len() + base64.len() / 64 + 100));
    pem.extend([BEGIN, label, DASHES, "\n"]);
    for line in base64.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem.extend([END, label, DASHES, "\n"]);
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n+/==\n-----END CERTIFICATE-----\n";

    fn data(bytes: &[u8]) -> Vec<u8> {
        let blocks = blocks(&text(bytes).unwrap());
        let [Block { label, body: Body::Data(data) }] = &blocks[..] else { panic!("{}", blocks.len()) };
        assert_eq!(label, "CERTIFICATE");
        data.to_vec()
    }

    #[test]
    fn the_same_block_is_read_however_it_was_copied() {
        let expected = data(PEM.as_bytes());
        assert_eq!(expected, [0x30, 0x82, 0x01, 0xfb]);
        let utf16 = |bytes: fn(u16) -> [u8; 2], mark: &[u8]| {
            let mut wide = mark.to_vec();
            PEM.replace('\n', "\r\n").encode_utf16().for_each(|unit| wide.extend(bytes(unit)));
            wide
        };
        for copied in [
            format!("\u{feff}{PEM}").into_bytes(),
            PEM.replace('\n', "\r\n").into_bytes(),
            PEM.replace('\n', "\r").into_bytes(),
            PEM.replace('\n', "\\n").into_bytes(),
            PEM.replace('\n', "\\r\\n").into_bytes(),
            PEM.replace('\n', "\\\n").into_bytes(),
            PEM.replace('\n', "\n\t  ").into_bytes(),
            PEM.replace('\n', " ").into_bytes(),
            PEM.replace('\n', "").into_bytes(),
            PEM.replace("==", "").into_bytes(),
            format!("\"{PEM}\"").into_bytes(),
            format!("Bag Attributes\n    friendlyName: Jos\u{e9}\nsubject=CN = x\n\n{PEM}trailing")
                .into_bytes(),
            [b"Jos\xe9\n", PEM.as_bytes()].concat(),
            utf16(u16::to_le_bytes, &[0xff, 0xfe]),
            utf16(u16::to_be_bytes, &[0xfe, 0xff]),
        ] {
            assert_eq!(data(&copied), expected, "{}", String::from_utf8_lossy(&copied));
        }
    }

    #[test]
    fn a_block_that_cannot_be_read_says_why() {
        let of = |text: &str| blocks(text).pop().map(|block| block.body);
        assert!(of("no block").is_none());
        let cut_off = PEM.replace("-----END CERTIFICATE-----", "");
        assert!(matches!(of(&cut_off), Some(Body::Damaged(why)) if why.contains("-----END")));
        let [first, second] = &blocks(&format!("{cut_off}{PEM}"))[..] else { panic!("two blocks") };
        assert!(matches!((&first.body, &second.body), (Body::Damaged(_), Body::Data(_))));
        assert!(
            matches!(of(&PEM.replace("MIIB", "MI*B")), Some(Body::Damaged(why)) if why.contains("base64"))
        );
        assert!(matches!(of(&PEM.replace("MIIB\n+/==", "")), Some(Body::Damaged(_))));
        let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        assert!(matches!(of(encrypted), Some(Body::Encrypted)));
        assert!(text(b"\x30\x82\x01\xff").is_none());
    }

    #[test]
    fn a_certificate_is_written_as_openssl_writes_it() {
        let pem = encode(&[7; 60]);
        let lines: Vec<_> = pem.lines().map(str::len).collect();
        assert_eq!(lines, [27, 64, 16, 25]);
        assert_eq!(data(pem.as_bytes()), [7; 60]);
    }
}
