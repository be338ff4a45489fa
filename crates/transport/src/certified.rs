//! A provider whose credential has the client certificate of the TLS settings in it, whatever the provider.
//!
//! A server that refuses a client because of its certificate is asked again when the certificate is another one.

use core::hash::Hasher;
use std::sync::Arc;

use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Provider, ProviderSpec, Reading, RefreshToken,
    ResponseHead, TokenError, TokenResponse, UnixTime, Verdict,
};

/// Feeds the client certificate in use and its key to a hasher. The certificate may change while the program runs.
pub(crate) type Feed = Arc<dyn Fn(&mut dyn Hasher) + Send + Sync>;

struct Certified {
    provider: Arc<dyn Provider>,
    feed: Feed,
}

/// The same provider, with this client certificate in its credential.
pub(crate) fn certified(provider: Arc<dyn Provider>, feed: Option<&Feed>) -> Arc<dyn Provider> {
    match feed {
        Some(feed) => Arc::new(Certified { provider, feed: Arc::clone(feed) }),
        None => provider,
    }
}

impl Provider for Certified {
    fn request(&self, grant: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        self.provider.request(grant, now)
    }

    fn own_token(&self, now: UnixTime) -> Option<Result<TokenResponse, TokenError>> {
        self.provider.own_token(now)
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.provider.read(grant, response, now)
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        self.provider.revocation(token)
    }

    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict {
        self.provider.judge(head, body_start)
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        self.provider.credential(hasher);
        (self.feed)(hasher);
    }

    fn spec(&self) -> &ProviderSpec {
        self.provider.spec()
    }
}

crate::debug_fields!([] Certified, |certified| provider: certified.provider);

#[cfg(test)]
mod tests {
    use wellspring_core::{Credential, Fingerprint};

    use super::*;
    use crate::scripted::Scripted;

    #[test]
    fn the_certificate_and_the_key_of_the_tls_settings_are_in_the_credential_of_any_provider() {
        let fingerprint = |identity: Option<(&'static [u8], &'static [u8])>| {
            let feed = identity.map(|(certificate, key)| -> Feed {
                Arc::new(move |hasher| {
                    Credential::new(hasher).certificate(certificate).private_key(key);
                })
            });
            let provider: Arc<dyn Provider> = Scripted::new([]);
            Fingerprint::of(&*certified(provider, feed.as_ref()), 7).hash
        };
        let old = fingerprint(Some((b"old", b"key")));
        assert_eq!(old, fingerprint(Some((b"old", b"key"))));
        assert_ne!(old, fingerprint(Some((b"renewed", b"key"))));
        assert_ne!(old, fingerprint(Some((b"old", b"other key"))));
        assert_ne!(old, fingerprint(None));
    }
}
