//! The types of the web login.

use oauth2_app::{App, IdClaims, aihubmix};
use oauth2_app_axum::{
    Accepted, AccountPage, Builder, MemorySessions, NotSignedIn, Notice, Paths, Refused, SignInAttempt,
    SignedIn, WebLogin,
};
use wellspring_store::MemoryStore;
use wellspring_transport_async::TokenSource;

use super::{ACCESS, SECRET, Shown, show};

fn app() -> App {
    let app = aihubmix::app("https://api.example").unwrap();
    app.client_id("id").client_secret(SECRET).redirect_uri("https://app.example/callback").build().unwrap()
}

fn attempt() -> SignInAttempt {
    let source = TokenSource::fixed(ACCESS);
    let token = source.try_token().unwrap().clone();
    let claims = format!(r#"{{"iss":"https://as.example","sub":"{SECRET}"}}"#);
    SignInAttempt::over(app(), source, token).with_claims(IdClaims::from_trusted_json(&claims).unwrap())
}

pub(crate) fn show_all(shown: &mut Shown) {
    let app = app();
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
        SignInAttempt = attempt();
        Notice = Notice::new("access_denied");
    );
}
