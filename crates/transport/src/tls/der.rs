//! DER, one element after the other: enough to tell what a file holds and to read what a certificate says of itself.
//!
//! Nothing here decides what is trusted: the TLS library does. A certificate that breaks DER somewhere else is still read.

/// Elements one after another. At the first that is malformed it ends.
#[derive(Clone, Copy)]
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

/// One element.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// The contents.
    pub(super) inside: &'a [u8],
    /// The element with its tag and its length.
    pub(super) whole: &'a [u8],
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
#[cfg(feature = "native-tls")]
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// The tag `[n]` of a constructed element.
pub(super) const fn context(n: u8) -> u8 {
    0xa0 | n
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // Four bytes are 4 GiB: a file has at most 1 MiB.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        // A tag of several bytes is in no file that is read here.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (inside, rest) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        Some(Element { tag, inside, whole })
    }
}

impl<'a> Elements<'a> {
    /// The contents of the next element, which has this tag.
    pub(super) fn part(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.whole_part(tag).map(|element| element.inside)
    }

    /// The next element, which has this tag.
    pub(super) fn whole_part(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    /// The tags of all elements.
    pub(super) fn tags(self) -> Vec<u8> {
        self.map(|element| element.tag).collect()
    }
}

/// The contents of the one element with this tag that these bytes begin with.
pub(super) fn open(bytes: &[u8], tag: u8) -> Option<Elements<'_>> {
    Elements(bytes).part(tag).map(Elements)
}

/// An element with these contents.
pub(super) fn element(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
    let length: usize = inside.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length.saturating_add(6));
    bytes.push(tag);
    let octets = length.to_be_bytes();
    match length {
        0..=0x7f => bytes.push(octets[octets.len() - 1]),
        _ => {
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let octets = &octets[zeros..];
            bytes.push(0x80 | octets.len() as u8);
            bytes.extend_from_slice(octets);
        }
    }
    inside.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_is_cut_off_is_not() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let inside = vec![7; length];
            let written = element(OCTET_STRING, &[&inside]);
            let mut read = Elements(&written);
            assert_eq!(read.part(OCTET_STRING).map(<[u8]>::len), Some(length));
            assert!(read.next().is_none());
            assert!(Elements(&written[..written.len() - 1]).next().is_none(), "{length}");
        }
        // Indefinite lengths, tags of several bytes, lengths of more than four bytes.
        for odd in [&[0x30, 0x80, 0, 0][..], &[0x3f, 1, 0], &[0x30, 0x85, 0, 0, 0, 0, 0], &[0x30], &[]] {
            assert!(Elements(odd).next().is_none(), "{odd:?}");
        }
    }
}
