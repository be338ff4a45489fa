//! In which slot of a cluster a key lies (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>).

/// The slot of the key with this hash tag.
pub(crate) fn slot_of(tag: &str) -> u16 {
    crc16(tag.as_bytes()) % 16384
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => crc << 1 ^ 0x1021,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        // `CLUSTER KEYSLOT foo`
        assert_eq!(slot_of("foo"), 12182);
    }
}
