//! Who signed in and what they have, as the server tells it, and as much of it as a browser is shown.

use oauth2_app::{App, UserInfo};
use serde_json::{Map, Value};
use wellspring_core::{ErrorKind, HttpRequest, HttpResponse, ResponseHead, TokenError, UnixTime};
use wellspring_transport::Clock;
use wellspring_transport_async::TokenSource;

/// The user info's members that go to the browser. What is not in the list stays on the server: there are servers that
/// put tokens beside the name.
const SHOWN: [&str; 12] = [
    "id",
    "sub",
    "username",
    "preferred_username",
    "name",
    "email",
    "quota",
    "used_quota",
    "balance_formatted",
    "balance",
    "created_time",
    "status",
];
/// The most bytes of an answer that are read.
const LONGEST: usize = 1 << 16;

/// The user info, cut to what is shown.
pub(crate) struct Account(pub(crate) Map<String, Value>);

/// Why there is no answer to show.
pub(crate) enum Unanswered {
    /// The tokens are dead: the user has to sign in again.
    SignInAgain,
    /// Nothing is known of the tokens: it may work later.
    ServerDown,
}

impl From<TokenError> for Unanswered {
    fn from(error: TokenError) -> Self {
        // A 401 that stands after the one renewal: it may be the API's fault and pass, and still there is something that
        // the user can do about it. The tokens are kept, so whoever only loads the page again later loses nothing.
        let dead = matches!(error.kind(), ErrorKind::LoginRequired { .. }) || error.status() == Some(401);
        if dead { Self::SignInAgain } else { Self::ServerDown }
    }
}

impl Account {
    /// Asks the server. One that tells nothing of its users is asked for a token alone, so that a sign-in that is over is
    /// noticed.
    pub(crate) async fn of(app: &App, source: &TokenSource, clock: &Clock) -> Result<Self, TokenError> {
        let Ok(request) = app.userinfo_request() else {
            return source.token().await.map(|_| Self(Map::new()));
        };
        Self::judge(&call(source, &request).await?, clock.now().unix)
    }

    /// What a page needs is a name: an id, which decides whose account something is, may be missing here, but where it is
    /// told, it must not be told twice.
    fn judge(answer: &HttpResponse, now: UnixTime) -> Result<Self, TokenError> {
        match (UserInfo::read(answer, now), Self::read(answer.expose_body())) {
            (Ok(_), account) => account,
            (Err(_), Ok(account)) if answer.head().is_success() && account.is_a_name_alone() => Ok(account),
            (Err(error), _) => Err(error),
        }
    }

    fn read(body: &[u8]) -> Result<Self, TokenError> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let mut all: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| TokenError::protocol("the user info cannot be read"))?;
        if all.get("error").is_some_and(|error| !error.is_null()) {
            return Err(TokenError::protocol("the user info is an error"));
        }
        all.retain(|name, value| SHOWN.contains(&name.as_str()) && !value.is_object() && !value.is_array());
        Ok(Self(all))
    }

    fn is_a_name_alone(&self) -> bool {
        let id = ["sub", "id"].iter().any(|name| self.0.contains_key(*name));
        !id && self.username().is_some()
    }

    /// `username`, `preferred_username`, `name`, or the id.
    pub(crate) fn username(&self) -> Option<String> {
        self.first(&["username", "preferred_username", "name", "sub", "id"])
    }

    /// As the server writes it, where it tells one at all. Never computed.
    pub(crate) fn balance(&self) -> Option<String> {
        self.first(&["balance_formatted", "balance"])
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| match self.0.get(*name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }
}

/// The answer to a call as whoever signed in.
pub(crate) async fn call(source: &TokenSource, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
    let mut call = http::Request::builder().method(request.method().as_str()).uri(request.url());
    for header in request.headers() {
        call = call.header(header.name(), header.expose());
    }
    let call = call.body(()).map_err(|_| TokenError::misconfigured("the endpoint's URL cannot be called"))?;
    let (head, body) = source.send(call).await?.into_parts();
    let start = ResponseHead::new(head.status.as_u16());
    let said = head.headers.iter().fold(start, |said, (name, value)| {
        said.header(name.as_str(), String::from_utf8_lossy(value.as_bytes()))
    });
    Ok(HttpResponse::new(said, body.bytes(LONGEST).await?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_puts_beside_the_name_stays_on_the_server() {
        let body = br#"{"id":7,"username":"ann","access_token":"canary","quota":{"secret":"canary"}}"#;
        let account = Account::read(body).unwrap();
        assert!(!Value::Object(account.0.clone()).to_string().contains("canary"));
        assert_eq!(account.username().as_deref(), Some("ann"));
        assert_eq!(account.balance(), None);
    }

    #[test]
    fn names_and_balances_are_found_where_servers_put_them() {
        for (body, name, balance) in [
            (r#"{"id":7,"balance_formatted":"750.00","balance":1}"#, "7", Some("750.00")),
            (r#"{"sub":"s","preferred_username":"ann","balance":12.5}"#, "ann", Some("12.5")),
            (r#"{"sub":"s","name":"Ann","balance":"9"}"#, "Ann", Some("9")),
            (r#"{"sub":"s","username":"","balance":null}"#, "s", None),
        ] {
            let account = Account::read(body.as_bytes()).unwrap();
            assert_eq!(account.username().as_deref(), Some(name), "{body}");
            assert_eq!(account.balance().as_deref(), balance, "{body}");
        }
    }

    #[test]
    fn a_name_without_an_id_will_do_and_everything_else_that_is_no_user_info_is_an_error() {
        let judge = |status, body: &str| {
            let head = ResponseHead::new(status).header("Content-Type", "application/json");
            let account = Account::judge(&HttpResponse::new(head, body), UnixTime::from_secs(1));
            account.ok().map(|account| account.username().unwrap_or_default())
        };
        for (status, body, name) in [
            (200, r#"{"name":"Ann"}"#, Some("Ann")),
            (200, r#"{"sub":"s"}"#, Some("s")),
            (200, r#"{"sub":"s","error":null}"#, Some("s")),
            (200, r#"{"email":"ann@example.com"}"#, None),
            (200, r#"{"sub":"s","sub":"t","name":"Ann"}"#, None),
            (200, r#"{"name":"Ann","error":"invalid_token"}"#, None),
            (200, r#"{"success":false,"message":"no"}"#, None),
            (200, "<html>", None),
            (503, r#"{"name":"Ann"}"#, None),
        ] {
            assert_eq!(judge(status, body).as_deref(), name, "{status} {body}");
        }
    }
}
