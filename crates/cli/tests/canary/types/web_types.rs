//! The types of the web login.

use oauth2_app::aihubmix;
use oauth2_app_axum::{
    Accepted, AccountPage, Builder, MemorySessions, NotSignedIn, Notice, Paths, Refused, SignedIn, WebLogin,
};
use wellspring_store::MemoryStore;
use wellspring_transport_async::TokenSource;

use super::{ACCESS, SECRET, Shown, show};

pub(crate) fn show_all(shown: &mut Shown) {
    let app = aihubmix::app("https://api.example").unwrap();
    let app = app.client_id("id").client_secret(SECRET).redirect_uri("https://app.example/callback");
    let app = app.build().unwrap();
    let users = app.clone();
    let pool = TokenSource::builder(app.clone()).store(MemoryStore::open());
    let pool = pool.pool(move |user| users.for_user(user)).unwrap();
    show!(shown:
        AccountPage = AccountPage::new();
        Builder = WebLogin::builder(app.clone(), pool.clone());
        WebLogin = WebLogin::builder(app, pool).build().unwrap();
        MemorySessions = MemorySessions::default();
        SignedIn = SignedIn::over("an unused name", TokenSource::fixed(ACCESS));
        NotSignedIn = NotSignedIn::Refused;
        Accepted = Accepted::user_id("42");
        Refused = Refused::because("no access");
        Paths = Paths::new();
        Notice = Notice::new("access_denied");
    );
}
