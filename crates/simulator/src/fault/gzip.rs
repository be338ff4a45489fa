//! Just enough of gzip ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952),
//! [RFC 1951](https://www.rfc-editor.org/rfc/rfc1951)) to answer with a compressed body, or with a bomb.

const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The bytes uncompressed, in stored blocks.
pub(super) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = HEAD.to_vec();
    let mut blocks = bytes.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let mut crc = Crc::new();
    crc.add(bytes);
    finish(out, &crc, bytes.len())
}

/// The bytes, and then this many spaces: each 258 of them take 13 bits.
pub(super) fn followed_by_blanks(bytes: &[u8], blanks: usize) -> Vec<u8> {
    let mut bits = Bits { out: HEAD.to_vec(), held: 0, count: 0 };
    // One block, the last, with the fixed codes.
    bits.put(0b011, 3);
    bytes.iter().for_each(|byte| bits.literal(*byte));
    bits.literal(b' ');
    let repeats = blanks.saturating_sub(1) / 258;
    for _ in 0..repeats {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    let written = 1 + repeats * 258;
    (written..blanks).for_each(|_| bits.literal(b' '));
    bits.code(0, 7);
    let mut crc = Crc::new();
    crc.add(bytes);
    let line = [b' '; 4096];
    (0..blanks / line.len()).for_each(|_| crc.add(&line));
    crc.add(&line[..blanks % line.len()]);
    finish(bits.flushed(), &crc, bytes.len() + blanks)
}

fn finish(mut out: Vec<u8>, crc: &Crc, length: usize) -> Vec<u8> {
    out.extend((!crc.value).to_le_bytes());
    out.extend((length as u32).to_le_bytes());
    out
}

struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// Numbers: lowest bit first.
    fn put(&mut self, bits: u32, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Huffman codes: highest bit first.
    fn code(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }

    /// [RFC 1951 §3.2.6](https://www.rfc-editor.org/rfc/rfc1951#section-3.2.6)
    fn literal(&mut self, byte: u8) {
        match byte {
            0..144 => self.code(0b0011_0000 + u32::from(byte), 8),
            144.. => self.code(0b1_1001_0000 + u32::from(byte) - 144, 9),
        }
    }

    fn flushed(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.out.push(self.held as u8);
        }
        self.out
    }
}

struct Crc {
    table: [u32; 256],
    value: u32,
}

impl Crc {
    fn new() -> Self {
        let mut table = [0; 256];
        for (at, slot) in table.iter_mut().enumerate() {
            *slot = (0..8)
                .fold(at as u32, |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 });
        }
        Self { table, value: !0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let at = (self.value ^ u32::from(*byte)) & 0xff;
            self.value = self.table[at as usize] ^ (self.value >> 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        let mut crc = Crc::new();
        crc.add(b"123456789");
        assert_eq!(!crc.value, 0xcbf4_3926);
    }

    /// What another implementation has decompressed to `{"é":1}` with 600 spaces behind it, and to `{}`.
    #[test]
    fn streams_are_those_that_another_implementation_reads() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // Two runs of 258 spaces take 26 bits, the 83 spaces left over a byte each.
        let blanks = concat!(
            "1f8b08000000000000ffab563abc52c9cab05661148c0205050505050505050505050505050505050505050505050505",
            "050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505",
            "05050505050505050505006cb9181c60020000",
        );
        assert_eq!(hex(followed_by_blanks("{\"é\":1}".as_bytes(), 600)), blanks);
        assert_eq!(hex(stored(b"{}")), "1f8b08000000000000ff010200fdff7b7d43bfa6a302000000");
    }

    #[test]
    fn a_bomb_is_small_until_it_is_decompressed() {
        let bomb = followed_by_blanks(b"{}", 16 * 1024 * 1024);
        assert!(bomb.len() < 128 * 1024, "{}", bomb.len());
        let length = bomb.len();
        assert_eq!(bomb[length - 4..], (16 * 1024 * 1024_u32 + 2).to_le_bytes());
    }
}
