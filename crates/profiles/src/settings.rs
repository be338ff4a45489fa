//! The keys of a profile, by provider.
//!
//! Values stay unresolved here: environment variables and files are read when the profile is used.

use std::sync::Arc;

use crate::custom::{Custom, Static};
use crate::error::Error;
use crate::section::Section;
use crate::tables::Tables;
use crate::value::Value;

/// The keys of the provider.
#[derive(Clone, Debug)]
pub(crate) enum ProviderSettings {
    PixBacen(PixBacen),
    Oauth2App(Arc<Oauth2App>),
    HiveAuth(HiveAuth),
    Custom(Box<Custom>),
    Static(Box<Static>),
}

/// A PIX gateway.
#[derive(Clone, Debug)]
pub(crate) struct PixBacen {
    pub(crate) gateway: Option<Value>,
    pub(crate) base_url: Option<Value>,
    pub(crate) flavour: Option<Value>,
    pub(crate) client_id: Value,
    pub(crate) client_secret: Value,
    pub(crate) scope: Option<Value>,
    pub(crate) tables: Tables,
}

/// An OAuth 2.0 application.
#[derive(Clone, Debug)]
pub(crate) struct Oauth2App {
    pub(crate) preset: Option<Value>,
    pub(crate) base_url: Option<Value>,
    pub(crate) issuer: Option<Value>,
    pub(crate) authorize_url: Option<Value>,
    pub(crate) device_authorization_url: Option<Value>,
    pub(crate) token_url: Option<Value>,
    pub(crate) userinfo_url: Option<Value>,
    pub(crate) revocation_url: Option<Value>,
    pub(crate) grant_type: Option<Value>,
    /// Optional with a developer token, because the registration of an app returns the id.
    pub(crate) client_id: Option<Value>,
    pub(crate) client_secret: Option<Value>,
    pub(crate) token_endpoint_auth_method: Option<Value>,
    pub(crate) redirect_uri: Option<Value>,
    pub(crate) scopes: Option<Vec<Value>>,
    /// Whose session this is, if not that of this profile alone.
    pub(crate) user: Option<Value>,
    pub(crate) authorize_parameters: Vec<(String, Value)>,
    pub(crate) token_parameters: Vec<(String, Value)>,
    pub(crate) refresh_token: Option<Value>,
    /// Authorizes the registration of apps.
    pub(crate) developer_token: Option<Value>,
    pub(crate) pkce: Option<Value>,
    pub(crate) rotation: Option<Value>,
    pub(crate) tables: Tables,
}

/// The Hive blockchain.
#[derive(Clone, Debug)]
pub(crate) struct HiveAuth {
    pub(crate) environment: Option<Value>,
    pub(crate) base_url: Option<Value>,
    pub(crate) id: Value,
    pub(crate) secret_key: Value,
    pub(crate) tables: Tables,
}

/// `[profile.NAME.policy]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct PolicySettings {
    pub(crate) deadline: Option<Value>,
    pub(crate) margin: Option<Value>,
    pub(crate) jitter: Option<Value>,
    pub(crate) min_age: Option<Value>,
    pub(crate) store_deadline: Option<Value>,
    pub(crate) call_idle_timeout: Option<Value>,
    pub(crate) first_pause: Option<Value>,
    pub(crate) longest_pause: Option<Value>,
    pub(crate) longest_retry_after: Option<Value>,
    pub(crate) dead_pause: Option<Value>,
    pub(crate) refusal_window: Option<Value>,
    pub(crate) assumed_lifetime: Option<Value>,
}

/// `[profile.NAME.tls]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsSettings {
    pub(crate) client_certificate: Option<Value>,
    pub(crate) client_certificate_password: Option<Value>,
    pub(crate) client_key: Option<Value>,
    pub(crate) client_key_password: Option<Value>,
    pub(crate) ca_certificate: Option<Value>,
    pub(crate) roots: Option<Value>,
}

impl PixBacen {
    pub(crate) fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        Ok(Self {
            gateway: section.value("gateway")?,
            base_url: section.value("base_url")?,
            flavour: section.value("flavour")?,
            client_id: section.required("client_id")?,
            client_secret: section.required("client_secret")?,
            scope: section.value("scope")?,
            tables: only_calls(section)?,
        })
    }
}

impl Oauth2App {
    pub(crate) fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        let developer_token = section.value("developer_token")?;
        let client_id = match developer_token {
            Some(_) => section.value("client_id")?,
            None => Some(section.required("client_id")?),
        };
        Ok(Self {
            preset: section.value("preset")?,
            base_url: section.value("base_url")?,
            issuer: section.value("issuer")?,
            authorize_url: section.value("authorize_url")?,
            device_authorization_url: section.value("device_authorization_url")?,
            token_url: section.value("token_url")?,
            userinfo_url: section.value("userinfo_url")?,
            revocation_url: section.value("revocation_url")?,
            grant_type: section.value("grant_type")?,
            client_id,
            client_secret: section.value("client_secret")?,
            token_endpoint_auth_method: section.value("token_endpoint_auth_method")?,
            redirect_uri: section.value("redirect_uri")?,
            scopes: section.list("scopes")?,
            user: section.value("user")?,
            authorize_parameters: section.pairs("authorize_parameters")?,
            token_parameters: section.pairs("token_parameters")?,
            refresh_token: section.value("refresh_token")?,
            developer_token,
            pkce: section.value("pkce")?,
            rotation: section.value("rotation")?,
            tables: Tables::read(section)?,
        })
    }
}

/// The tables of a provider whose token requests and answers have one form.
fn only_calls(section: &mut Section<'_>) -> Result<Tables, Error> {
    let tables = Tables::read(section)?;
    if let Some(place) = tables.of_a_token_endpoint() {
        return Err(place.error(
            "is for provider = \"custom\" and provider = \"oauth2-app\"; this provider's requests and answers have one form",
        ));
    }
    Ok(tables)
}

impl HiveAuth {
    pub(crate) fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        Ok(Self {
            environment: section.value("environment")?,
            base_url: section.value("base_url")?,
            id: section.required("id")?,
            secret_key: section.required("secret_key")?,
            tables: only_calls(section)?,
        })
    }
}

impl PolicySettings {
    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        let policy = Self {
            deadline: section.value("deadline")?,
            margin: section.value("margin")?,
            jitter: section.value("jitter")?,
            min_age: section.value("min_age")?,
            store_deadline: section.value("store_deadline")?,
            call_idle_timeout: section.value("call_idle_timeout")?,
            first_pause: section.value("first_pause")?,
            longest_pause: section.value("longest_pause")?,
            longest_retry_after: section.value("longest_retry_after")?,
            dead_pause: section.value("dead_pause")?,
            refusal_window: section.value("refusal_window")?,
            assumed_lifetime: section.value("assumed_lifetime")?,
        };
        section.finish()?;
        Ok(policy)
    }
}

impl TlsSettings {
    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        let tls = Self {
            client_certificate: section.value("client_certificate")?,
            client_certificate_password: section.value("client_certificate_password")?,
            client_key: section.value("client_key")?,
            client_key_password: section.value("client_key_password")?,
            ca_certificate: section.value("ca_certificate")?,
            roots: section.value("roots")?,
        };
        section.finish()?;
        Ok(tls)
    }
}
