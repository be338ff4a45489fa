//! The page: a complete document for each state, rendered on the server, so that it works without a script.
//!
//! The script adds the popup and refreshes the account in place. The page loads nothing from other sites.

use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::header::CONTENT_TYPE;
use oauth2_app::escape_html;

use crate::account::{Account, AccountError};
use crate::account_page::{Link, NAME, first};
use crate::log::log_failure;
use crate::notice::{SERVER_DOWN, sentence};
use crate::query::{only, parameters};
use crate::signed_in::{NotSignedIn, SignedIn};
use crate::web_login::WebLogin;

pub(crate) const SCRIPT: &str = "/auth/oauth/page.js";
pub(crate) const STYLE: &str = "/auth/oauth/page.css";

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
    let parameters = parameters(&uri);
    let own = |code| login.account_page().sentence(code);
    let mut message = only(&parameters, "error").map(|code| own(code).unwrap_or_else(|| sentence(code)));
    let body = match signed_in {
        Ok(None) => signed_out_section(),
        // The sessions cannot be read, so the user may be signed in or not. Both can retry by signing in.
        Err(_) => {
            message = message.or(Some(SERVER_DOWN));
            signed_out_section()
        }
        Ok(Some(signed_in)) => match Account::of(&login, signed_in.source()).await {
            Ok(account) => account_section(&login, Some(&account)),
            Err(error) => {
                log_failure("userinfo", &error);
                match AccountError::from(error) {
                    AccountError::SignInAgain => {
                        message = message.or(Some(sentence("login_required")));
                        signed_out_section()
                    }
                    AccountError::ServerDown => {
                        message = message.or(Some(SERVER_DOWN));
                        account_section(&login, None)
                    }
                }
            }
        },
    };
    let page = document(&login, message, &body);
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

fn document(login: &WebLogin, message: Option<&str>, body: &str) -> String {
    let title = escape_html(&login.0.title);
    let (hidden, message) = if let Some(message) = message { ("", message) } else { (" hidden", "") };
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"{STYLE}\">\n\
         <script src=\"{SCRIPT}\" defer></script>\n\
         </head>\n\
         <body>\n\
         <main>\n\
         <h1>{title}</h1>\n\
         <p id=\"error\" role=\"alert\" data-down=\"{down}\"{hidden}>{message}</p>\n\
         {body}\
         </main>\n\
         </body>\n\
         </html>\n",
        down = escape_html(SERVER_DOWN),
        message = escape_html(message),
    )
}

fn signed_out_section() -> String {
    "<p>Sign in to see your account.</p>\n\
     <p class=\"actions\">\n\
     <a id=\"login\" class=\"primary\" href=\"/auth/oauth/start\">Sign in</a>\n\
     <button id=\"login-popup\" type=\"button\" hidden>Sign in using a new window</button>\n\
     </p>\n"
        .to_owned()
}

/// The account, or only the actions if it is unknown.
fn account_section(login: &WebLogin, account: Option<&Account>) -> String {
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
    let links: String = page.links.iter().map(link).collect();
    format!(
        "{rows}\
         <div class=\"actions\">\n\
         <form method=\"get\" action=\"{home}\">\
         <button id=\"refresh\" class=\"primary\">{refresh}</button></form>\n\
         {links}\
         <form method=\"post\" action=\"/auth/logout\"><button id=\"logout\">Sign out</button></form>\n\
         </div>\n\
         <p id=\"status\" role=\"status\" data-updated=\"{updated}\"></p>\n",
        home = escape_html(&login.0.home),
        refresh = escape_html(refresh),
        updated = escape_html(updated),
    )
}

fn link(link: &Link) -> String {
    let (id, label, href) = (escape_html(&link.id), escape_html(&link.label), escape_html(&link.href));
    format!("<a id=\"{id}\" href=\"{href}\" target=\"_blank\" rel=\"noopener noreferrer\">{label}</a>\n")
}
