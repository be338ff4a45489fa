//! Whose session this is: the key of an app's record.
//!
//! A user's session is the same session with other scopes, so the key of a sign-in holds none. The tokens of client
//! credentials, and of a grant that the client makes by itself, are many, one for each set of scopes and each certificate, and may be requested again at any time.

use wellspring_core::TokenKey;

use crate::config::{Config, GrantType};

/// Whose tokens an app holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The one user, or the client itself.
    #[default]
    Single,
    /// This user, under the application's own name.
    User(String),
    /// The user of this profile of a configuration.
    Profile(String),
}

/// Which record of version 0.1.0's first form an app takes over, where the scopes were part of the key and a profile's name
/// was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FormerRecord {
    /// The record of the same user.
    #[default]
    SameUser,
    /// The record that named no user: the record of a profile.
    NoUser,
    /// None: another profile has the better claim.
    Nothing,
}

/// The parameters of an authorization request that name a resource
/// ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2); `audience` is what some vendors call it).
const RESOURCE: [&str; 2] = ["resource", "audience"];

/// The key of this identity's record.
pub(crate) fn key(config: &Config, identity: &Identity, former: FormerRecord) -> TokenKey {
    match config.grant {
        GrantType::ClientCredentials => {
            let key = with_token_parameters(config, start(config, identity)).scope(&config.scope);
            match &config.client_certificate {
                Some(certificate) => key.certificate(certificate.as_bytes()),
                None => key,
            }
        }
        GrantType::AuthorizationCode => {
            let resources =
                config.authorize_parameters.iter().filter(|(name, _)| RESOURCE.contains(&name.as_str()));
            let key = resources
                .fold(with_token_parameters(config, start(config, identity)), |key, (name, value)| {
                    key.resource(name).resource(value)
                });
            match (former, identity) {
                (FormerRecord::Nothing, _) => key,
                (FormerRecord::SameUser, Identity::Single | Identity::User(_)) => {
                    key.formerly(former_key(config, identity))
                }
                (FormerRecord::NoUser, _) | (FormerRecord::SameUser, Identity::Profile(_)) => {
                    key.formerly(former_key(config, &Identity::Single))
                }
            }
        }
    }
}

/// The key of a sign-in with the scopes in it and without a profile's name.
fn former_key(config: &Config, identity: &Identity) -> TokenKey {
    with_token_parameters(config, start(config, identity)).scope(&config.scope)
}

fn start(config: &Config, identity: &Identity) -> TokenKey {
    let key =
        TokenKey::new("oauth2-app", &config.token_url).client(&config.client_id).grant(config.grant_type());
    match (identity, &config.own_grant) {
        (Identity::Single, Some(own)) => key.user(&own.subject),
        (Identity::Single, None) => key,
        (Identity::User(user), _) => key.user(user),
        (Identity::Profile(name), _) => key.profile(name),
    }
}

/// Parameters such as `audience` identify the token.
fn with_token_parameters(config: &Config, key: TokenKey) -> TokenKey {
    let own = config.token_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain(config.request.parameters()).fold(key, |key, (name, value)| key.resource(name).resource(value))
}
