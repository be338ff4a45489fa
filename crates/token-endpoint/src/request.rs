//! The token request that a spec describes.

use wellspring_core::{ClientSecret, HttpRequest, TokenError};
use wellspring_wire::{BasicEncoding, ClientCertificate, Form, append_query, basic_authorization, json_body};

use crate::spec::{ClientAuthentication, Encoding, TokenRequestSpec};

/// Who sends a token request.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the three parts that a request may carry of a client")]
pub struct ClientIdentity<'a> {
    /// The client id. An empty one is left out.
    pub id: &'a str,
    /// The client secret.
    pub secret: Option<&'a ClientSecret>,
    /// The client certificate, for a spec with a certificate header.
    pub certificate: Option<&'a ClientCertificate>,
}

impl TokenRequestSpec {
    /// The token request to this URL: the parameters of the spec, those of the grant, and the client.
    ///
    /// # Errors
    ///
    /// Fails if the spec requires a client certificate in a header and there is none.
    pub fn request(
        &self,
        url: &str,
        client: ClientIdentity<'_>,
        grant: &[(&str, &str)],
    ) -> Result<HttpRequest, TokenError> {
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let secret = self.secret_parameters.iter().map(|(name, value)| (name, value.expose()));
        let grant = grant.iter().map(|(name, value)| (self.name_of(name), *value));
        self.build(url, client, own.chain(secret).chain(grant).collect())
    }

    /// The token request that renews a token: as [`request`](Self::request), with the parameters of
    /// [`refresh_parameter`](Self::refresh_parameter) in place of those of the same names. The spec's own `grant_type` and
    /// [secret parameters](Self::secret_parameter) belong to its other requests and are not sent.
    ///
    /// # Errors
    ///
    /// As for [`request`](Self::request).
    pub fn refresh_request(
        &self,
        url: &str,
        client: ClientIdentity<'_>,
        grant: &[(&str, &str)],
    ) -> Result<HttpRequest, TokenError> {
        let replaced = |name: &str| self.refresh_parameters.iter().any(|(known, _)| known == name);
        let grant = grant.iter().map(|(name, value)| (self.name_of(name), *value));
        let grant: Vec<_> = grant.filter(|(name, _)| !replaced(name)).collect();
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own = own.filter(|(name, _)| {
            let of_the_grant = grant.iter().any(|(known, _)| known == name);
            !replaced(name) && !of_the_grant && *name != self.name_of(GRANT_TYPE)
        });
        let refresh = self.refresh_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let members = own.chain(grant.iter().copied()).chain(refresh).collect();
        self.build(url, client, members)
    }

    fn build<'a>(
        &'a self,
        url: &str,
        client: ClientIdentity<'a>,
        mut members: Vec<(&'a str, &'a str)>,
    ) -> Result<HttpRequest, TokenError> {
        let mut authorization = None;
        let id = (&*self.id_name, client.id);
        match (self.authenticates(), client.secret) {
            (ClientAuthentication::Body, Some(secret)) => {
                members.extend([id, (&*self.secret_name, secret.expose())]);
            }
            (ClientAuthentication::Basic, Some(secret)) => {
                authorization = Some(basic_authorization(client.id, secret, BasicEncoding::Form));
            }
            (ClientAuthentication::BasicUnencoded, Some(secret)) => {
                authorization = Some(basic_authorization(client.id, secret, BasicEncoding::Verbatim));
            }
            _ => members.extend(Some(id).filter(|(_, id)| !id.is_empty())),
        }
        let query = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = |query: Form| HttpRequest::new(self.method, append_query(url, &query));
        let mut request = match self.encoding {
            Encoding::Json => {
                request(form(query)).header("Content-Type", "application/json").body(json_body(&members))
            }
            Encoding::Form => {
                request(form(query)).header("Content-Type", Form::CONTENT_TYPE).body(form(members).encode())
            }
            Encoding::Query => request(form(query.chain(members))),
        };
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        if let Some(name) = &self.certificate_header {
            let certificate = client.certificate.ok_or_else(|| {
                TokenError::misconfigured(format!(
                    "this token endpoint requires the client certificate in the header {name}, and no certificate is set"
                ))
            })?;
            request = request.header(&**name, certificate.header_value());
        }
        Ok(self
            .headers
            .iter()
            .fold(request, |request, header| request.header(header.name(), header.expose())))
    }

    /// What the endpoint calls this parameter of the standard.
    pub(crate) fn name_of<'a>(&'a self, standard: &'a str) -> &'a str {
        let own = self.names.iter().find(|(known, _)| known == standard);
        own.map_or(standard, |(_, own)| own)
    }
}

pub(crate) const GRANT_TYPE: &str = "grant_type";

fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
    pairs.into_iter().fold(Form::new(), |form, (name, value)| form.pair(name.to_owned(), value))
}
