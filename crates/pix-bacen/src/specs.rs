//! The token requests of the two APIs, as data.

use core::time::Duration;

use wellspring_token_endpoint::{Encoding, TokenRequestSpec};

/// The token request of the published page: `{"clientId", "clientSecret"}` to `/oauth/token`. Tokens live an hour.
pub(crate) fn pix_bacen() -> TokenRequestSpec {
    TokenRequestSpec::new("/oauth/token")
        .encoding(Encoding::Json)
        .client_names("clientId", "clientSecret")
        .secret_length(8..=64)
        .default_lifetime(Duration::from_secs(3_600))
}

/// The token request of the vendor's "standard" API: another path, and the certificate in a header. Tokens live half an
/// hour.
pub(crate) fn standard() -> TokenRequestSpec {
    TokenRequestSpec::new("/api/auth/token")
        .encoding(Encoding::Json)
        .client_names("clientId", "clientSecret")
        .secret_length(8..=64)
        .certificate_header("X-SSL-Client-Cert")
        .default_lifetime(Duration::from_secs(1_800))
}
