//! New secrets, and fingerprints that identify secrets in the log without showing them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Makes unique tokens; with a seed, the same ones in every run.
pub(crate) struct Mint {
    key: [u8; 32],
    made: u64,
}

impl Mint {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let mut key = [0; 32];
        match seed {
            Some(seed) => key[..8].copy_from_slice(&seed.to_be_bytes()),
            // Without random bytes the simulator still works, because its tokens protect nothing.
            None => drop(getrandom::fill(&mut key)),
        }
        Self { key, made: 0 }
    }

    /// 32 bytes, base64url: 43 characters.
    pub(crate) fn token(&mut self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes())
    }

    /// The next number, from 1.
    pub(crate) fn number(&mut self) -> u64 {
        self.made = self.made.wrapping_add(1);
        self.made
    }

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let number = self.number();
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(b"token");
        hash.update(number.to_be_bytes());
        hash.finalize().into()
    }

    /// The first eight hexadecimal digits of a keyed hash: equal secrets have equal fingerprints within one run.
    pub(crate) fn fingerprint(&self, secret: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(b"print");
        hash.update(secret.as_bytes());
        hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn key(&self) -> &[u8; 32] {
        &self.key
    }
}
