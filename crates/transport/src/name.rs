//! The name of a user of a pool.

/// A name. A short one is part of what it names: who compares it need not follow a pointer.
pub(crate) enum Name {
    Short(u8, [u8; SHORT]),
    Long(Box<str>),
}

/// The bytes of a name that fill the place which a long one needs anyway.
const SHORT: usize = 22;

impl Name {
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short(length, bytes) => &bytes[..usize::from(*length)],
            Self::Long(name) => name.as_bytes(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).expect("it was made of a `str`")
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..name.len()), u8::try_from(name.len())) {
            (Some(part), Ok(length)) => {
                part.copy_from_slice(name.as_bytes());
                Self::Short(length, bytes)
            }
            _ => Self::Long(name.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_kept_and_a_short_one_in_place() {
        assert_eq!(size_of::<Name>(), 24);
        for length in [0, 1, 21, 22, 23, 64, 255, 256, 300] {
            let text = format!("{}é", "n".repeat(length))[..].to_owned();
            let name = Name::from(&*text);
            assert_eq!((name.as_str(), name.as_bytes()), (&*text, text.as_bytes()));
            assert_eq!(matches!(name, Name::Short(..)), text.len() <= 22, "{length}");
        }
    }
}
