//! Whether a spec can be sent.

use wellspring_core::{Method, TokenError};

use crate::spec::{ClientAuthentication, Encoding, TokenRequestSpec};

impl TokenRequestSpec {
    /// Rejects a spec that contradicts itself or RFC 6749. [`TokenEndpoint::new`](crate::TokenEndpoint::new) does it too.
    ///
    /// # Errors
    ///
    /// Fails if the spec puts a secret in the query, has a header that cannot be sent, or sets a header or parameter twice.
    pub fn check(&self) -> Result<(), TokenError> {
        let spec = self;
        let get = spec.method == Method::Get;
        if get && spec.encoding != Encoding::Query {
            return Err(TokenError::misconfigured("a GET has no body: its parameters must be in the query"));
        }
        let has_secret = spec.authenticates() == ClientAuthentication::Body
            || spec.secret_parameters.iter().next().is_some()
            || spec.refreshes;
        if !get && spec.encoding == Encoding::Query && has_secret {
            return Err(TokenError::misconfigured(
                "a client secret must not be in the URL's query, because servers log URLs; send a form or JSON, or a GET where \
                 the vendor documents nothing else",
            ));
        }
        // RFC 6749 §3.2: parameters must not be sent more than once.
        let in_body = spec.authenticates() == ClientAuthentication::Body;
        let has_id = in_body || spec.authenticates() == ClientAuthentication::None;
        let names = spec.parameters.iter().map(|(name, _)| name.as_str());
        let names = names.chain(spec.secret_parameters.iter().map(|(name, _)| name));
        let names =
            names.chain(has_id.then_some(&*spec.id_name)).chain(in_body.then_some(&*spec.secret_name));
        let names = names.chain(spec.scope_name.as_deref()).collect::<Vec<_>>();
        let refresh = spec.refresh_parameters.iter().map(|(name, _)| name.as_str());
        let query = spec.query.iter().map(|(name, _)| name.as_str());
        if let Some(name) = duplicate(names).or_else(|| duplicate(refresh)).or_else(|| duplicate(query)) {
            return Err(TokenError::misconfigured(format!(
                "the parameter {name} of the token request is set twice"
            )));
        }
        let headers = spec.headers.iter().map(|header| (header.name(), header.expose()));
        let headers = headers.chain(spec.certificate_header.as_deref().map(|name| (name, "")));
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        for (name, value) in headers.clone() {
            if name.is_empty()
                || !name.bytes().all(is_token)
                || !value.bytes().all(|b| (b' '..=b'~').contains(&b))
            {
                return Err(TokenError::misconfigured(format!(
                    "the header {name:?} of the token request cannot be sent: its name or value has characters that HTTP forbids"
                )));
            }
        }
        const RESERVED: [&str; 5] = ["authorization", "accept", "content-type", "content-length", "host"];
        let names = headers.map(|(name, _)| name.to_ascii_lowercase()).collect::<Vec<_>>();
        if let Some(name) = names.iter().find(|name| RESERVED.contains(&name.as_str())) {
            return Err(TokenError::misconfigured(format!(
                "the header {name} is set by the token request itself; authentication, encoding and URL of the request decide it"
            )));
        }
        if let Some(name) = duplicate(names.iter().map(String::as_str)) {
            return Err(TokenError::misconfigured(format!(
                "the header {name} of the token request is set twice"
            )));
        }
        Ok(())
    }
}

/// The first name that is there twice.
fn duplicate<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let names = names.into_iter().collect::<Vec<_>>();
    names.iter().enumerate().find(|(n, name)| names[..*n].contains(name)).map(|(_, name)| *name)
}
