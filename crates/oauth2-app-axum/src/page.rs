//! The page: a complete document for each state, rendered on the server, so that it works without a script.
//!
//! The script adds the popup and refreshes the account in place. The page loads nothing from other sites.

use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::header::CONTENT_TYPE;
use oauth2_app::escape_html;
use wellspring_core::{AccessToken, TokenError};

use crate::account::{Account, AccountError};
use crate::account_page::{Link, NAME, first};
use crate::clock::within;
use crate::events;
use crate::not_signed_in::NotSignedIn;
use crate::notice::{Notice, SERVER_DOWN, sentence};
use crate::provider::Provider;
use crate::query::{only, parameters, percent, with_query};
use crate::signed_in::SignedIn;
use crate::web_login::WebLogin;

pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("page.js"))
}

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("page.css"))
}

pub(crate) async fn page(
    Extension(login): Extension<WebLogin>,
    signed_in: Result<Option<SignedIn>, NotSignedIn>,
    uri: Uri,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let notice = Notice::of(&login, query).await;
    // `next` of a failed sign-in, or of a user who has to choose a provider.
    let parameters = parameters(query);
    let next = only(&parameters, "next").and_then(|next| login.placement().next(next));
    let next = next.as_ref().map(|next| next.as_str());
    let told = notice.as_ref().map(Notice::sentence);
    let refused = notice.as_ref().is_some_and(|notice| notice.word() == "refused");
    let (message, body) = match signed_in {
        Ok(None) => (told, signed_out_section(&login, next, refused)),
        // The sessions cannot be read, so the user may be signed in or not. Both can retry by signing in.
        Err(_) => (told.or(Some(SERVER_DOWN)), signed_out_section(&login, next, refused)),
        Ok(Some(signed_in)) => match account(&login, &signed_in).await {
            Ok(account) => {
                (told.map(|told| still(&notice, told)), account_section(&login, &signed_in, Some(&account)))
            }
            Err(AccountError::SignInAgain) if signed_in.is_fresh() => {
                (told.or(Some(sentence("sign_in_not_accepted"))), account_section(&login, &signed_in, None))
            }
            Err(AccountError::SignInAgain) => {
                (told.or(Some(sentence("login_required"))), signed_out_section(&login, next, refused))
            }
            Err(AccountError::ServerDown) => {
                (told.or(Some(SERVER_DOWN)), account_section(&login, &signed_in, None))
            }
        },
    };
    let page = document(&login, message, &body);
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// A callback that was too late or used already is no reason to sign in again for a user who is signed in.
fn still<'a>(notice: &Option<Notice>, told: &'a str) -> &'a str {
    match notice.as_ref().map(Notice::word) {
        Some("invalid_state" | "missing_parameters") => {
            "That sign-in had ended, or was used already. You are signed in with the account below."
        }
        _ => told,
    }
}

/// The account, as far as the server tells it in the time that a person waits.
async fn account(login: &WebLogin, signed_in: &SignedIn) -> Result<Account, AccountError> {
    match within(login.clock(), login.patience(), Account::of(login, signed_in)).await {
        Some(Ok(account)) => Ok(account),
        Some(Err(error)) => {
            events::failed("userinfo", Some(signed_in.provider()), &error);
            Err(AccountError::from(error))
        }
        None => {
            let error = TokenError::unavailable(
                "the server has not told the user info in the time that the page waits",
            );
            events::failed("userinfo", Some(signed_in.provider()), &error);
            Err(AccountError::ServerDown)
        }
    }
}

fn document(login: &WebLogin, message: Option<&str>, body: &str) -> String {
    let title = escape_html(&login.0.title);
    let (hidden, message) = if let Some(message) = message { ("", message) } else { (" hidden", "") };
    let placement = login.placement();
    let [script, style, user_info] =
        [&placement.paths.script, &placement.paths.style, &placement.paths.user_info]
            .map(|path| escape_html(&placement.outside(path)));
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"{style}\">\n\
         <script src=\"{script}\" defer></script>\n\
         </head>\n\
         <body data-login=\"{cookie}\" data-user-info=\"{user_info}\">\n\
         <main>\n\
         <h1>{title}</h1>\n\
         <p id=\"error\" role=\"alert\" data-down=\"{down}\"{hidden}>{message}</p>\n\
         {body}\
         </main>\n\
         </body>\n\
         </html>\n",
        cookie = escape_html(login.cookie_name()),
        down = escape_html(SERVER_DOWN),
        message = escape_html(message),
    )
}

/// A button for each provider. Without a script they are links.
fn signed_out_section(login: &WebLogin, next: Option<&str>, refused: bool) -> String {
    let providers = login.providers();
    let start = login.placement().start();
    let button = |(n, provider): (usize, &std::sync::Arc<Provider>)| {
        let with = (providers.len() > 1).then(|| format!("with={}", percent(&provider.name)));
        let next = next.map(|next| format!("next={}", percent(next)));
        // Otherwise a server with a session of its own signs the same user in again, without a page.
        let prompt = refused.then(|| "prompt=login".to_owned());
        let href = with_query(&start, &with.into_iter().chain(next).chain(prompt).collect::<Vec<_>>());
        let id = if n == 0 { "login".to_owned() } else { format!("login-{}", provider.name) };
        let label = if providers.len() > 1 {
            format!("Sign in with {}", provider.label)
        } else {
            provider.label.clone()
        };
        format!(
            "<a id=\"{id}\" class=\"primary\" href=\"{href}\">{label}</a>\n",
            id = escape_html(&id),
            href = escape_html(&href),
            label = escape_html(&label),
        )
    };
    let buttons: String = providers.iter().enumerate().map(button).collect();
    // The popup needs no choice only if there is one provider.
    let popup = match providers {
        [_] if !refused => {
            let start = escape_html(&start);
            format!(
                "<button id=\"login-popup\" type=\"button\" data-start=\"{start}\" hidden>Sign in using a new window</button>\n"
            )
        }
        _ => String::new(),
    };
    format!("<p>Sign in to see your account.</p>\n<p class=\"actions\">\n{buttons}{popup}</p>\n")
}

/// The account, or only the actions if it is unknown.
fn account_section(login: &WebLogin, signed_in: &SignedIn, account: Option<&Account>) -> String {
    let page = login.account_page();
    let user = account.map(|account| &account.0);
    let row = |label: &str, id: &str, members: &[&str]| {
        let value = first(user?, members)?;
        let members = escape_html(&members.join(" "));
        let (label, id, value) = (escape_html(label), escape_html(id), escape_html(&value));
        Some(format!("<div data-members=\"{members}\"><dt>{label}</dt><dd id=\"{id}\">{value}</dd></div>\n"))
    };
    let added = page.rows.iter().filter_map(|added| {
        let members: Vec<&str> = added.members.iter().map(String::as_str).collect();
        row(&added.label, &added.id, &members)
    });
    let rows: String = row("Signed in as", "username", &NAME).into_iter().chain(added).collect();
    let rows = match rows.as_str() {
        "" => "<p>You are signed in.</p>\n".to_owned(),
        rows => format!("<dl>\n{rows}</dl>\n"),
    };
    let (refresh, updated) = page.refresh_labels(user);
    let links: String = page.links.iter().map(|added| link(login, added)).collect();
    format!(
        "{rows}\
         <div class=\"actions\">\n\
         <form method=\"get\" action=\"{home}\">\
         <button id=\"refresh\" class=\"primary\">{refresh}</button></form>\n\
         {links}\
         <form method=\"post\" action=\"{sign_out}\"><button id=\"logout\">Sign out</button></form>\n\
         </div>\n\
         <p id=\"ends\">{ends}</p>\n\
         <p id=\"status\" role=\"status\" data-updated=\"{updated}\"></p>\n",
        home = escape_html(login.placement().home()),
        sign_out = escape_html(&login.sign_out_path()),
        ends = ends(signed_in),
        refresh = escape_html(refresh),
        updated = escape_html(updated),
    )
}

/// What a sign-out ends.
fn ends(signed_in: &SignedIn) -> &'static str {
    let Some(app) = signed_in.app() else { return "" };
    let revokes = app.access_revocation(&AccessToken::new("any")).is_some();
    match (app.has_end_session(), revokes) {
        (true, _) => "Signing out ends this sign-in here and your session at the server.",
        (false, true) => "Signing out ends this sign-in and this site's access to your account.",
        (false, false) => "Signing out ends this sign-in here. The server keeps its own session.",
    }
}

/// A path of this site is one of the router.
fn link(login: &WebLogin, link: &Link) -> String {
    let is_local = link.href.starts_with('/') && !link.href.starts_with("//");
    let href = if is_local { login.placement().outside(&link.href) } else { link.href.clone() };
    let (id, label, href) = (escape_html(&link.id), escape_html(&link.label), escape_html(&href));
    format!("<a id=\"{id}\" href=\"{href}\" target=\"_blank\" rel=\"noopener noreferrer\">{label}</a>\n")
}
