//! What token endpoints say in words of their own: a table of vendors, and the words that many of them share.
//!
//! RFC 6749 has one code for a refresh token that is no longer valid, `invalid_grant`. Many vendors have another one, and some
//! have none. The table holds what they document or are seen to send. [`TokenFormat::code`](crate::TokenFormat::code) adds
//! words and takes precedence over both.

use wellspring_core::AuthorizationGrant;

use crate::error_body::{ErrorBody, ErrorShape};
use crate::error_code::Meaning;

/// The grant whose refusal a word tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// A refresh token.
    Refresh,
    /// An authorization code.
    Code,
    /// Any grant.
    Any,
}

/// How a word is recognised in an error body. Comparisons ignore the case.
#[derive(Clone, Copy, Debug)]
enum Sign {
    /// This code.
    Code(&'static str),
    /// This code, and a message that contains this.
    CodeWith(&'static str, &'static str),
    /// No code, and a message that contains this.
    Message(&'static str),
    /// An entry of a list of errors about this resource.
    Resource(&'static str),
}

/// One word of one vendor.
struct Word {
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader of the table and its test"))]
    vendor: &'static str,
    sign: Sign,
    of: Of,
    meaning: Meaning,
}

const fn word(vendor: &'static str, sign: Sign, of: Of, meaning: Meaning) -> Word {
    Word { vendor, sign, of, meaning }
}

const WORDS: &[Word] = {
    use Meaning::{GrantRefused, Misconfigured};
    use Of::{Any, Code, Refresh};
    &[
        // Each of them is told as a question to the user: see `ASKS_FOR_THE_USER`.
        word("OpenID Connect", Sign::Code(ASKS_FOR_THE_USER[0]), Refresh, GrantRefused),
        word("OpenID Connect", Sign::Code(ASKS_FOR_THE_USER[1]), Refresh, GrantRefused),
        word("OpenID Connect", Sign::Code(ASKS_FOR_THE_USER[2]), Refresh, GrantRefused),
        word("OpenID Connect", Sign::Code(ASKS_FOR_THE_USER[3]), Refresh, GrantRefused),
        word("GitHub", Sign::Code("bad_refresh_token"), Refresh, GrantRefused),
        word("GitHub", Sign::Code("bad_verification_code"), Code, GrantRefused),
        word("GitHub", Sign::Code("incorrect_client_credentials"), Any, Misconfigured),
        word("GitHub", Sign::Code("redirect_uri_mismatch"), Any, Misconfigured),
        word("Strava", Sign::Resource("RefreshToken"), Refresh, GrantRefused),
        word("Strava", Sign::Resource("AuthorizationCode"), Code, GrantRefused),
        word("Strava", Sign::Resource("Application"), Any, Misconfigured),
        word("HubSpot", Sign::Code("BAD_REFRESH_TOKEN"), Refresh, GrantRefused),
        word("HubSpot", Sign::Code("BAD_AUTH_CODE"), Code, GrantRefused),
        word("HubSpot", Sign::Code("BAD_CLIENT_ID"), Any, Misconfigured),
        word("HubSpot", Sign::Code("BAD_CLIENT_SECRET"), Any, Misconfigured),
        word("Twitch", Sign::Message("invalid refresh token"), Refresh, GrantRefused),
        word("Twitch", Sign::Message("invalid client"), Any, Misconfigured),
        word(
            "Atlassian",
            Sign::CodeWith("unauthorized_client", "refresh_token is invalid"),
            Refresh,
            GrantRefused,
        ),
        word("Zoho", Sign::Code("invalid_code"), Any, GrantRefused),
        word("Zoho", Sign::Code("invalid_client_secret"), Any, Misconfigured),
        word("Google", Sign::Code("invalid_rapt"), Refresh, GrantRefused),
        word("Google", Sign::Code("deleted_client"), Any, Misconfigured),
        word("Slack", Sign::Code("invalid_refresh_token"), Refresh, GrantRefused),
        word("Slack", Sign::Code("token_revoked"), Refresh, GrantRefused),
        word("Slack", Sign::Code("token_expired"), Refresh, GrantRefused),
        word("Slack", Sign::Code("account_inactive"), Refresh, GrantRefused),
        word("Slack", Sign::Code("code_already_used"), Code, GrantRefused),
        word("Slack", Sign::Code("invalid_client_id"), Any, Misconfigured),
        word("Slack", Sign::Code("bad_client_secret"), Any, Misconfigured),
        word("Salesforce", Sign::Code("inactive_user"), Refresh, GrantRefused),
        word("Salesforce", Sign::Code("inactive_org"), Refresh, GrantRefused),
        word("Salesforce", Sign::Code("invalid_client_credentials"), Any, Misconfigured),
        word(
            "X",
            Sign::CodeWith("invalid_request", "value passed for the token was invalid"),
            Refresh,
            GrantRefused,
        ),
        word("X", Sign::CodeWith("invalid_request", "authorization code was invalid"), Code, GrantRefused),
        word("Facebook", Sign::CodeWith("190", "access token"), Any, GrantRefused),
        word("WeChat", Sign::CodeWith("40030", "refresh_token"), Refresh, GrantRefused),
        word("WeChat", Sign::CodeWith("42002", "refresh_token"), Refresh, GrantRefused),
        word("WeChat", Sign::CodeWith("40029", "invalid code"), Code, GrantRefused),
    ]
};

/// The codes with which a server says that it issues no token before the user has answered it: OpenID Connect Core 1.0
/// section 3.1.2.6. Entra sends them on a refresh.
const ASKS_FOR_THE_USER: [&str; 4] =
    ["interaction_required", "login_required", "consent_required", "account_selection_required"];

/// Whether a code says that the user has to answer the server.
pub(crate) fn asks_for_the_user(code: &str) -> bool {
    ASKS_FOR_THE_USER.iter().any(|known| known.eq_ignore_ascii_case(code))
}

/// What a vendor's words mean, or [`Meaning::Unknown`].
pub(crate) fn meaning(body: &ErrorBody, grant: &AuthorizationGrant) -> Meaning {
    let known = WORDS.iter().find(|word| word.of.fits(grant) && word.sign.is_in(body));
    match known {
        Some(word) => word.meaning,
        None if matches!(grant, AuthorizationGrant::RefreshToken(_)) && refuses_refresh_token(body) => {
            Meaning::GrantRefused
        }
        None => Meaning::Unknown,
    }
}

impl Of {
    const fn fits(self, grant: &AuthorizationGrant) -> bool {
        match self {
            Self::Refresh => matches!(grant, AuthorizationGrant::RefreshToken(_)),
            Self::Code => matches!(grant, AuthorizationGrant::AuthorizationCode { .. }),
            Self::Any => true,
        }
    }
}

impl Sign {
    fn is_in(self, body: &ErrorBody) -> bool {
        let code_is = |code: &str| body.code.as_deref().is_some_and(|is| is.eq_ignore_ascii_case(code));
        let says = |words: &str| body.message.as_deref().is_some_and(|message| contains(message, words));
        match self {
            Self::Code(code) => code_is(code),
            Self::CodeWith(code, words) => code_is(code) && says(words),
            Self::Message(words) => body.code.as_deref().is_none_or(is_status_in_words) && says(words),
            Self::Resource(name) => body.shape == ErrorShape::List && body.resource.as_deref() == Some(name),
        }
    }
}

/// Whether a code or a message says that the refresh token is no longer valid, in words that many vendors share: a code such
/// as `REFRESH_TOKEN_EXPIRED`, a message such as "Refresh token is invalid or expired".
fn refuses_refresh_token(body: &ErrorBody) -> bool {
    const OVER: &[&str] = &[
        "invalid",
        "inválid",
        "expir",
        "revok",
        "revoc",
        "revog",
        "incorrect",
        "unknown",
        "not found",
        "notfound",
        "does not exist",
        "already used",
        "already been used",
        "reused",
        "inactive",
        "disabled",
        "deleted",
    ];
    // A request that lacks the parameter is wrong, whatever token there is.
    const LACKS: &[&str] =
        &["missing", "required", "must be", "not provided", "not supported", "unsupported"];
    let has = |text: &str, words: &[&str]| words.iter().any(|word| contains(text, word));
    let is_over = |text: &str| has(text, OVER) && !has(text, LACKS);
    let code_says = body.code.as_deref().is_some_and(|code| {
        let plain: alloc::string::String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        contains(&plain, "refreshtoken") && (is_over(&plain) || contains(&plain, "bad"))
    });
    let message_says = body.message.as_deref().is_some_and(|message| {
        (contains(message, "refresh token")
            || contains(message, "refresh_token")
            || contains(message, "refreshtoken"))
            && is_over(message)
    });
    code_says || message_says
}

/// Whether this is a status in words, which some servers have in the place of a code.
fn is_status_in_words(code: &str) -> bool {
    code.contains(' ') || matches!(code, "Unauthorized" | "Forbidden" | "BadRequest")
}

/// Whether a text contains these words, in any case of ASCII letters.
pub(crate) fn contains(text: &str, words: &str) -> bool {
    let (text, words) = (text.as_bytes(), words.as_bytes());
    text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::format;

    use super::*;

    #[test]
    fn the_table_knows_at_least_twelve_vendors_and_no_word_twice() {
        let vendors: BTreeSet<_> = WORDS.iter().map(|word| word.vendor).collect();
        assert!(vendors.len() >= 12, "{vendors:?}");
        let words: BTreeSet<_> = WORDS.iter().map(|word| format!("{:?} {:?}", word.sign, word.of)).collect();
        assert_eq!(words.len(), WORDS.len());
    }
}
