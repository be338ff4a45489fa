//! The account of the signed-in user: the user info that the server sends, and the part of it that a browser may see.

use oauth2_app::{App, UserInfo};
use serde_json::{Map, Value};
use wellspring_core::{ErrorKind, HttpResponse, TokenError, UnixTime};

use crate::account_page::{AccountPage, NAME, first};
use crate::call::call;
use crate::signed_in::SignedIn;
use crate::web_login::WebLogin;

/// The user info, cut to what the [`AccountPage`] shows.
pub(crate) struct Account(pub(crate) Map<String, Value>);

/// Why the account cannot be shown.
pub(crate) enum AccountError {
    /// The tokens no longer work: the user has to sign in again.
    SignInAgain,
    /// The request failed: the tokens may still work later.
    ServerDown,
}

impl From<TokenError> for AccountError {
    fn from(error: TokenError) -> Self {
        // After one renewal, a second 401 may be an error of the API that passes. A new sign-in may help, so the user
        // is asked for one. The tokens are kept, so a user who only reloads the page later loses nothing.
        let sign_in_again =
            matches!(error.kind(), ErrorKind::LoginRequired { .. }) || error.status() == Some(401);
        if sign_in_again { Self::SignInAgain } else { Self::ServerDown }
    }
}

impl Account {
    /// Asks the server. Without a userinfo endpoint only a token is acquired, which fails if the sign-in has ended.
    pub(crate) async fn of(login: &WebLogin, signed_in: &SignedIn) -> Result<Self, TokenError> {
        let source = signed_in.source();
        let Some(Ok(request)) = signed_in.app().map(App::userinfo_request) else {
            return source.token().await.map(|_| Self(Map::new()));
        };
        Self::judge(&call(source, &request).await?, login.clock().now().unix, login.account_page())
    }

    /// Accepts user info without an id if it has a name, which is all that the page needs. A duplicate id is an error.
    fn judge(answer: &HttpResponse, now: UnixTime, page: &AccountPage) -> Result<Self, TokenError> {
        match (UserInfo::read(answer, now), Self::read(answer.expose_body(), page)) {
            (Ok(_), account) => account,
            (Err(_), Ok(account)) if answer.head().is_success() && account.has_only_a_name() => Ok(account),
            (Err(error), _) => Err(error),
        }
    }

    fn read(body: &[u8], page: &AccountPage) -> Result<Self, TokenError> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let mut all: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|_| TokenError::protocol("the user info is not a JSON object"))?;
        if all.get("error").is_some_and(|error| !error.is_null()) {
            return Err(TokenError::protocol("the server sent an error instead of the user info"));
        }
        all.retain(|name, value| page.shows(name) && !value.is_object() && !value.is_array());
        Ok(Self(all))
    }

    fn has_only_a_name(&self) -> bool {
        let id = ["sub", "id"].iter().any(|name| self.0.contains_key(*name));
        !id && self.username().is_some()
    }

    /// `username`, `preferred_username`, `name`, or the id.
    pub(crate) fn username(&self) -> Option<String> {
        first(&self.0, &NAME)
    }
}

#[cfg(test)]
mod tests {
    use wellspring_core::ResponseHead;

    use super::*;
    use crate::aihubmix;

    #[test]
    fn only_listed_members_of_the_user_info_reach_the_browser() {
        let body =
            br#"{"id":7,"username":"ann","access_token":"canary","email":{"secret":"canary"},"plan":"free"}"#;
        let account = Account::read(body, &AccountPage::new()).unwrap();
        assert_eq!(Value::Object(account.0.clone()).to_string(), r#"{"id":7,"username":"ann"}"#);
        assert_eq!(account.username().as_deref(), Some("ann"));
        let page = AccountPage::new().row("plan", "Plan", ["plan_name", "plan"]);
        assert!(Account::read(body, &page).unwrap().0.contains_key("plan"));
    }

    #[test]
    fn the_name_and_a_row_are_read_from_each_member_that_servers_use() {
        let page = aihubmix::account_page();
        for (body, name, balance) in [
            (r#"{"id":7,"balance_formatted":"750.00","balance":1}"#, "7", Some("750.00")),
            (r#"{"sub":"s","preferred_username":"ann","balance":12.5}"#, "ann", Some("12.5")),
            (r#"{"sub":"s","name":"Ann","balance":"9"}"#, "Ann", Some("9")),
            (r#"{"sub":"s","username":"","balance":null}"#, "s", None),
        ] {
            let account = Account::read(body.as_bytes(), &page).unwrap();
            assert_eq!(account.username().as_deref(), Some(name), "{body}");
            assert_eq!(first(&account.0, &page.rows[0].members).as_deref(), balance, "{body}");
        }
    }

    #[test]
    fn user_info_without_an_id_is_accepted_with_a_name_and_every_other_answer_is_an_error() {
        let judge = |status, body: &str| {
            let head = ResponseHead::new(status).header("Content-Type", "application/json");
            let account =
                Account::judge(&HttpResponse::new(head, body), UnixTime::from_secs(1), &AccountPage::new());
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
