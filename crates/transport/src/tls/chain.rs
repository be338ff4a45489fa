//! The chain that servers are shown: the certificate of the key, then the issuer of each, out of what the file holds.

use super::certificate::{Certificate, CertificateInfo, name};
use super::fault::{TlsFault, TlsSetting};
use super::identity::Unordered;
use super::key::PrivateKey;
use super::pem;

/// A chain in the order in which servers expect it, and the key of its first certificate.
pub(crate) struct Material {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) key: PrivateKey,
    pub(super) info: CertificateInfo,
}

impl Material {
    /// The certificate of the client.
    pub(crate) fn certificate(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }

    /// Whether this is the same chain and the same key.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.chain == other.chain && self.key.der() == other.key.der()
    }

    /// Its key.
    pub(crate) const fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The certificate as PEM.
    pub(super) fn pem(&self) -> String {
        pem::encode(self.certificate())
    }
}

/// The public key of a private key, as certificates carry it: what a TLS library knows.
pub(super) type PublicKey<'a> = &'a dyn Fn(&PrivateKey) -> Result<Option<Vec<u8>>, TlsFault>;

impl Unordered {
    /// Finds the certificate of the key, and orders those of its issuers. Where the library does not tell the public key, the
    /// certificate is the first one that has issued no other.
    pub(super) fn ordered(self, public_key: PublicKey<'_>) -> Result<Material, TlsFault> {
        let all: Vec<_> = self.certificates.iter().map(|der| Certificate::read(der)).collect();
        let read: Vec<&Certificate<'_>> = all.iter().flatten().collect();
        if read.len() < all.len() || read.is_empty() {
            let text = "the client certificate is damaged: it has the form of a certificate and cannot be read to its end";
            return Err(TlsFault::new(TlsSetting::ClientCertificate, text));
        }
        let mut failure = None;
        for key in &self.keys {
            match self.fitting(key, &read, public_key) {
                Ok((leaf, key)) => return Ok(self.from(&read, leaf, key)),
                Err(fault) => failure = failure.or(Some(fault)),
            }
        }
        Err(failure.unwrap_or_else(|| self.mismatch(&read)))
    }

    /// The certificate of this key, and the key as the library takes it.
    fn fitting(
        &self,
        key: &PrivateKey,
        read: &[&Certificate<'_>],
        public_key: PublicKey<'_>,
    ) -> Result<(usize, PrivateKey), TlsFault> {
        let unusable = match public_key(key) {
            Ok(None) => return Ok((first_leaf(read), key.clone())),
            Ok(Some(public)) => {
                // A renewed certificate may have the same key.
                let leaf = (0..read.len()).filter(|n| read[*n].public_key == public);
                let leaf = leaf.max_by_key(|n| read[*n].valid_until);
                return leaf.map(|leaf| (leaf, key.clone())).ok_or_else(|| self.mismatch(read));
            }
            Err(fault) => fault,
        };
        let mut completed =
            read.iter().enumerate().filter_map(|(n, it)| Some((n, key.with_public_key(it.public_key)?)));
        let mut fits = None;
        let mut tried = false;
        while let (Some((leaf, key)), None) = (completed.next(), &fits) {
            tried = true;
            fits = public_key(&key).is_ok().then_some((leaf, key));
        }
        // The library takes keys of this kind, and none of these certificates is that of the key.
        let fault =
            || if tried { self.mismatch(read) } else { TlsFault::new(self.key, unusable.to_string()) };
        fits.ok_or_else(fault)
    }

    fn mismatch(&self, read: &[&Certificate<'_>]) -> TlsFault {
        let subject = read.get(first_leaf(read)).map_or_else(String::new, |leaf| name(leaf.subject));
        let text = format!(
            "the client key does not belong to the client certificate \"{subject}\": give the key with which that certificate \
             was requested"
        );
        TlsFault::new(self.key, text)
    }

    fn from(&self, read: &[&Certificate<'_>], leaf: usize, key: PrivateKey) -> Material {
        let mut order = vec![leaf];
        let last = |order: &[usize]| order.last().map_or(leaf, |last| *last);
        while !read[last(&order)].is_self_issued() {
            let current = read[last(&order)];
            let issuer = (0..read.len()).find(|n| !order.contains(n) && current.is_issued_by(read[*n]));
            let Some(issuer) = issuer else { break };
            order.push(issuer);
        }
        let mut info = read[leaf].info(order.len());
        let end = read[last(&order)];
        info.missing_issuer = (!end.is_self_issued()).then(|| name(end.issuer));
        let unrelated = (0..read.len()).filter(|n| {
            !order.contains(n) && !order.iter().any(|used| self.certificates[*used] == self.certificates[*n])
        });
        info.unrelated = unrelated.map(|n| name(read[n].subject)).collect();
        let chain = order.iter().map(|n| self.certificates[*n].clone()).collect();
        Material { chain, key, info }
    }
}

/// The first certificate that has issued no other one.
fn first_leaf(read: &[&Certificate<'_>]) -> usize {
    let issued_another = |n: usize| {
        read.iter()
            .enumerate()
            .any(|(other, it)| other != n && !it.is_self_issued() && it.is_issued_by(read[n]))
    };
    (0..read.len()).find(|n| !read[*n].is_authority && !issued_another(*n)).unwrap_or(0)
}
