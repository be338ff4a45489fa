//! What of a PEM file is data: a comment, a blank or another line end makes no other certificate and no other key.

/// The data of each block, in pieces, with the line that begins it. Of bytes that are no PEM it is all of them.
pub(crate) fn data(bytes: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let is_pem = lines(bytes).any(begins);
    let whole = core::iter::once(bytes).filter(move |_| !is_pem);
    let blocks = lines(bytes).filter(move |_| is_pem).scan(false, |inside, line| {
        let ends = line.starts_with(b"-----END ");
        *inside = (*inside || begins(line)) && !ends;
        Some(if *inside { line } else { &[] })
    });
    whole.chain(blocks)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)
}

fn begins(line: &[u8]) -> bool {
    line.starts_with(b"-----BEGIN ")
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn of(text: &str) -> Vec<u8> {
        data(text.as_bytes()).flatten().copied().collect()
    }

    #[test]
    fn only_the_blocks_of_a_pem_file_are_its_data() {
        let plain = "-----BEGIN X-----\nAAAA\nBBBB\n-----END X-----\n";
        assert_eq!(of(plain), b"-----BEGIN X-----AAAABBBB");
        let commented =
            "# of bank\r\n  -----BEGIN X-----\r\nAAAA \r\n\tBBBB\r\n-----END X-----\r\nissued in May\r\n";
        assert_eq!(of(commented), of(plain));
        assert_ne!(of(&plain.replace("BBBB", "BBBC")), of(plain));
        assert_ne!(of(&plain.replace('X', "Y")), of(plain));
        assert_ne!(of(&plain.repeat(2)), of(plain));
        assert_eq!(of("\u{0}DER\n "), "\u{0}DER\n ".as_bytes());
    }
}
