//! The endpoints for clients with a client certificate ([RFC 8705 §5](https://www.rfc-editor.org/rfc/rfc8705#section-5)).

use crate::builder::AppBuilder;

impl AppBuilder {
    /// Takes the endpoints that the metadata names for clients with a client certificate, instead of those that it names for
    /// all. An endpoint that a setter has replaced stays.
    pub(crate) fn use_aliases(&mut self) {
        if self.client_certificate.is_none() {
            return;
        }
        let endpoints = [
            &mut self.token_url,
            &mut self.device_authorization_url,
            &mut self.userinfo_url,
            &mut self.revocation_url,
        ];
        for endpoint in endpoints.into_iter().flatten() {
            if let Some((_, alias)) = self.aliases.iter().find(|(usual, _)| usual == endpoint) {
                endpoint.clone_from(alias);
            }
        }
    }
}
