//! Sealing: the keys, and what is sealed and opened with them.
//!
//! Out of scope: where the keys come from (`sealing/text.rs`, `sealing/keyring.rs`), and the layout of sealed bytes (`encoding/sealed.rs`).

#[cfg(feature = "keyring")]
mod keyring;
mod text;

use core::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use wellspring_core::StoreError;
use zeroize::Zeroizing;

use crate::encoding::{Kind, Label, NONCE, Sealed, Unreadable, write_sealed};
use crate::entries::fill_random;
use crate::map::KeyName;
use crate::sealing_key_id::SealingKeyId;

/// The length of the authentication code at the end of a ciphertext.
const TAG: usize = 16;

/// A secret of 32 bytes that seals records, with XChaCha20-Poly1305. `Debug` shows only its id. The bytes are wiped when the
/// last clone is dropped.
///
/// ```
/// use wellspring_store::SealingKey;
///
/// let key = SealingKey::random()?;
/// let same: SealingKey = key.to_text().parse()?;
/// assert_eq!(same.id(), key.id());
/// assert_eq!(key.id().to_string().len(), 16);
/// # Ok::<(), wellspring_core::StoreError>(())
/// ```
#[derive(Clone)]
pub struct SealingKey {
    secret: Arc<Zeroizing<[u8; 32]>>,
    id: SealingKeyId,
}

impl SealingKey {
    /// A new key, of the operating system's random bytes.
    ///
    /// # Errors
    ///
    /// When the operating system returns none.
    pub fn random() -> Result<Self, StoreError> {
        let mut secret = Zeroizing::new([0; 32]);
        fill_random(&mut *secret)?;
        Ok(Self::new(&secret))
    }

    /// The key of these 32 bytes, which must be random: a password is no key.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let digest = Sha256::new_with_prefix("wellspring sealing key id\n").chain_update(secret).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self { secret: Arc::new(Zeroizing::new(*secret)), id: SealingKeyId::new(id) }
    }

    /// The id, which tells nothing of the key.
    #[must_use]
    pub const fn id(&self) -> SealingKeyId {
        self.id
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.secret).into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.id)
    }
}

/// A ring of keys: it seals with the first, which is the newest, and opens with any.
///
/// ```
/// use wellspring_store::{MemoryStore, SealingKey, SealingKeys};
///
/// let (old, new) = (SealingKey::random()?, SealingKey::random()?);
/// let keys = SealingKeys::new(new.clone()).with_older(old);
/// assert_eq!(keys.newest().id(), new.id());
/// let store = MemoryStore::open().sealed(keys);
/// assert_eq!(store.sealing_key(), Some(new.id()));
/// # Ok::<(), wellspring_core::StoreError>(())
/// ```
///
/// Programs read it with [`from_env`](Self::from_env), [`from_file`](Self::from_file) or `str::parse`.
#[derive(Clone)]
pub struct SealingKeys {
    newest: SealingKey,
    older: Arc<[SealingKey]>,
}

impl SealingKeys {
    /// A ring of this key only.
    #[must_use]
    pub fn new(newest: SealingKey) -> Self {
        Self { newest, older: Arc::default() }
    }

    /// The same ring, which also opens what this older key has sealed.
    #[must_use]
    pub fn with_older(mut self, older: SealingKey) -> Self {
        self.older = self.older.iter().cloned().chain([older]).collect();
        self
    }

    /// The key that seals.
    #[must_use]
    pub const fn newest(&self) -> &SealingKey {
        &self.newest
    }

    /// The ids of all keys, the newest first.
    pub fn ids(&self) -> impl Iterator<Item = SealingKeyId> {
        self.all().map(SealingKey::id)
    }

    fn all(&self) -> impl Iterator<Item = &SealingKey> {
        core::iter::once(&self.newest).chain(&*self.older)
    }

    /// Seals these bytes, which have this kind and this name.
    pub(crate) fn seal(
        &self,
        (kind, leased): (Kind, bool),
        name: &KeyName,
        plain: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let label = Label { kind, key: self.newest.id, leased };
        let mut nonce = [0; NONCE];
        fill_random(&mut nonce)?;
        // The room for the code at its end: a buffer that grows leaves copies of tokens in memory.
        let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + TAG));
        text.extend_from_slice(plain);
        let data = label.associated_data(name);
        self.newest
            .cipher()
            .encrypt_in_place(&XNonce::from(nonce), data.as_bytes(), &mut *text)
            .map_err(|_| StoreError::refused("the record is too long to be sealed"))?;
        Ok(write_sealed(label, &nonce, &text))
    }

    /// Opens what was sealed as this kind and under this name.
    pub(crate) fn open(
        &self,
        kind: Kind,
        name: &KeyName,
        sealed: &Sealed<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let Label { key: id, kind: found, .. } = sealed.label;
        let Some(key) = self.all().find(|key| key.id == id) else {
            let known: Vec<_> = self.ids().map(|id| id.to_string()).collect();
            return Err(Unreadable::OtherKey { id, known: known.join(", ") });
        };
        let mut text = Zeroizing::new(sealed.ciphertext.to_vec());
        let data = sealed.label.associated_data(name);
        let opened = key.cipher().decrypt_in_place(&XNonce::from(sealed.nonce), data.as_bytes(), &mut *text);
        match opened {
            Ok(()) if found == kind => Ok(text),
            _ => Err(Unreadable::SealBroken { id }),
        }
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

#[cfg(test)]
mod tests;
