//! What the page shows of the signed-in user, and what the browser may see of the user info.

use serde_json::{Map, Value};

/// The members of the user info that the browser may see on every site. All others stay on the server: some servers put
/// tokens beside the name.
const MEMBERS: [&str; 6] = ["id", "sub", "username", "preferred_username", "name", "email"];

/// The members that name the user, the first present one first.
pub(crate) const NAME: [&str; 5] = ["username", "preferred_username", "name", "sub", "id"];

/// What the page and `GET /api/user/info` show beside the user's name, for a server whose user info holds more.
///
/// ```
/// use oauth2_app_axum::AccountPage;
///
/// let page = AccountPage::new()
///     .row("plan", "Plan", ["plan_name", "plan"])
///     .link("billing", "Invoices", "/billing");
/// // WebLogin::builder(app, pool).account_page(page)
/// # let _ = page;
/// ```
#[must_use = "pass it to `Builder::account_page`"]
#[derive(Clone, Debug)]
pub struct AccountPage {
    members: Vec<String>,
    pub(crate) rows: Vec<Row>,
    pub(crate) links: Vec<Link>,
    refresh: (String, String),
    notices: Vec<(String, String)>,
}

/// A row of the page: the first of these members that the user info holds.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) members: Vec<String>,
}

/// A link beside the buttons. It opens a window of its own.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) href: String,
}

impl Default for AccountPage {
    fn default() -> Self {
        Self::new()
    }
}

impl AccountPage {
    /// A page with the user's name only.
    pub fn new() -> Self {
        Self {
            members: MEMBERS.map(str::to_owned).into(),
            rows: Vec::new(),
            links: Vec::new(),
            refresh: ("Refresh".to_owned(), "Updated.".to_owned()),
            notices: Vec::new(),
        }
    }

    /// Adds members of the user info that `GET /api/user/info` answers with. Objects and arrays are never shown.
    pub fn members<S: Into<String>>(mut self, members: impl IntoIterator<Item = S>) -> Self {
        self.members.extend(members.into_iter().map(Into::into));
        self
    }

    /// Adds a row with this element id and label, and with the first of these members that is a text or a number. The
    /// browser may see the members.
    pub fn row<S: Into<String>>(
        mut self,
        id: impl Into<String>,
        label: impl Into<String>,
        members: impl IntoIterator<Item = S>,
    ) -> Self {
        let members: Vec<String> = members.into_iter().map(Into::into).collect();
        self.rows.push(Row { id: id.into(), label: label.into(), members: members.clone() });
        self.members(members)
    }

    /// Adds a link with this element id and label.
    pub fn link(mut self, id: impl Into<String>, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.links.push(Link { id: id.into(), label: label.into(), href: href.into() });
        self
    }

    /// The label of the button that loads the user info again, and what the page says afterwards. They hold while one of the
    /// added rows is shown. Default: "Refresh" and "Updated.".
    pub fn refresh(mut self, label: impl Into<String>, updated: impl Into<String>) -> Self {
        self.refresh = (label.into(), updated.into());
        self
    }

    /// Adds the sentence that the page shows for `/?error=CODE`.
    pub fn notice(mut self, code: impl Into<String>, sentence: impl Into<String>) -> Self {
        self.notices.push((code.into(), sentence.into()));
        self
    }

    /// Whether the browser may see this member.
    pub(crate) fn shows(&self, member: &str) -> bool {
        self.members.iter().any(|shown| shown == member)
    }

    /// The label of the refresh button, and what the page says afterwards. `user` is `None` if the account is unknown.
    pub(crate) fn refresh_labels(&self, user: Option<&Map<String, Value>>) -> (&str, &str) {
        let has_row = |row: &Row| user.is_none_or(|user| first(user, &row.members).is_some());
        if self.rows.iter().any(has_row) {
            (&self.refresh.0, &self.refresh.1)
        } else {
            ("Refresh", "Updated.")
        }
    }

    /// The added sentence for this code.
    pub(crate) fn sentence(&self, code: &str) -> Option<&str> {
        self.notices.iter().find(|(known, _)| known == code).map(|(_, sentence)| sentence.as_str())
    }
}

/// The first of these members that is a text or a number.
pub(crate) fn first<S: AsRef<str>>(user: &Map<String, Value>, members: &[S]) -> Option<String> {
    members.iter().find_map(|name| match user.get(name.as_ref())? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
