//! Secrets, one type for each, so that they can be neither confused nor shown.
//!
//! No secret has `Display` or `Serialize`, its `Debug` shows only its name, equality takes the same time
//! wherever two secrets differ, and the last owner wipes the memory. Reading one is a call to `expose`, which
//! can be searched for. A secret is made of text: a `&str`, a `String`, a `Box<str>`, a `Cow<str>`, and with the feature `secrecy`
//! of a `SecretString` of that crate.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::hint::black_box;

use crate::wiped::Zeroizing;

/// The text behind each secret: shared by its clones, wiped with the last of them.
#[derive(Clone)]
struct Text(Arc<Zeroizing<String>>);

impl Text {
    fn same_as(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        // Lengths are not secret. Contents are, so every byte is compared, also after a difference.
        a.len() == b.len() && black_box(a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y))) == 0
    }
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Text);

        impl $name {
            /// Takes the text, without a check or a change.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(Text(Arc::new(Zeroizing::new(text.into()))))
            }

            /// The secret itself, to be put on the wire and nowhere else.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<&String> for $name {
            fn from(text: &String) -> Self {
                Self::new(text.as_str())
            }
        }

        impl From<Box<str>> for $name {
            fn from(text: Box<str>) -> Self {
                Self::new(text)
            }
        }

        impl From<Cow<'_, str>> for $name {
            fn from(text: Cow<'_, str>) -> Self {
                Self::new(text)
            }
        }

        #[cfg(feature = "secrecy")]
        impl From<secrecy::SecretString> for $name {
            fn from(text: secrecy::SecretString) -> Self {
                Self::from(&text)
            }
        }

        #[cfg(feature = "secrecy")]
        impl From<&secrecy::SecretString> for $name {
            fn from(text: &secrecy::SecretString) -> Self {
                Self::new(secrecy::ExposeSecret::expose_secret(text))
            }
        }

        #[cfg(feature = "secrecy")]
        impl From<$name> for secrecy::SecretString {
            fn from(secret: $name) -> Self {
                secret.expose().into()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.same_as(&other.0)
            }
        }

        impl Eq for $name {}

        #[cfg(wellspring_explore)]
        impl core::hash::Hash for $name {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                self.expose().hash(state);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}

secrets! {
    /// An access token ([RFC 6749 §1.4](https://www.rfc-editor.org/rfc/rfc6749#section-1.4)).
    AccessToken;
    /// A refresh token ([RFC 6749 §1.5](https://www.rfc-editor.org/rfc/rfc6749#section-1.5)).
    RefreshToken;
    /// An ID token ([OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)).
    IdToken;
    /// A client secret ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    ClientSecret;
    /// An authorization code ([RFC 6749 §1.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-1.3.1)).
    AuthorizationCode;
    /// A device code ([RFC 8628 §3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)).
    DeviceCode;
    /// A PKCE code verifier ([RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1)).
    CodeVerifier;
    /// The value of a parameter of an extension grant, such as an assertion or a password.
    ParameterValue;
    /// The password of a store on the network, or another secret that opens it.
    StorePassword;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn debug_shows_the_name_and_nothing_else() {
        assert_eq!(format!("{:?}", RefreshToken::new("canary")), "RefreshToken(..)");
        assert_eq!(format!("{:#?}", ClientSecret::new("canary")), "ClientSecret(..)");
    }

    #[test]
    fn equality_looks_at_every_byte() {
        assert_eq!(AccessToken::new("abc"), AccessToken::new("abc"));
        assert_ne!(AccessToken::new("abc"), AccessToken::new("abd"));
        assert_ne!(AccessToken::new("abc"), AccessToken::new("ab"));
        assert_ne!(AccessToken::new("xbc"), AccessToken::new("abc"));
        assert_ne!(AccessToken::new("ab"), AccessToken::new("ba"), "differences must not cancel out");
    }
}
