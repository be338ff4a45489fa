//! The server of a trial: it rotates refresh tokens, and revokes the whole family if it sees a used one again.

use core::time::Duration;

use oauth2_app::App;
use serde_json::Value;
use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, Provider as _, Record, RefreshToken, Replay, SessionState,
    Store, Swap, TokenResponse, UnixTime,
};
use wellspring_simulator::{Endpoint, Request, Simulator};

use crate::clock;
use crate::place::Place;

const CALLBACK: &str = "https://yourapp.com/oauth/callback";
const ID: &str = "client_abc123def456";
const SECRET: &str = "secret_xyz789uvw012";

/// The expired generation with which a trial begins.
pub const FIRST: Generation = Generation::new(1);

/// A rotating server on a free port.
#[derive(Debug)]
pub struct Server(Simulator);

/// The counters of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests compare it")]
pub struct Seen {
    /// Requests with a refresh token, whatever their result.
    pub asked: u64,
    /// Exchanged refresh tokens.
    pub exchanged: u64,
    /// Used refresh tokens that were sent again.
    pub reused: u64,
    /// Revoked families.
    pub revoked: u64,
}

impl Server {
    /// Starts a server that answers after this time.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub fn start(latency: Duration) -> Result<Self, String> {
        let simulator = Simulator::builder().latency(latency).start();
        Ok(Self(simulator.map_err(|error| error.to_string())?))
    }

    /// The simulator itself.
    #[must_use]
    pub const fn simulator(&self) -> &Simulator {
        &self.0
    }

    /// The counters.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let counters = self.0.counters();
        Seen {
            asked: self.0.asked(Endpoint::RefreshGrant),
            exchanged: counters.refresh_grants,
            reused: counters.reuses_detected,
            revoked: counters.families_revoked,
        }
    }

    /// A new sign-in of this user, as a record whose access token expired an hour ago.
    ///
    /// # Errors
    ///
    /// If the server refuses the sign-in.
    pub fn sign_in(&self) -> Result<Record, String> {
        let mut world = self.0.world();
        let now = clock::unix();
        let query = format!(
            "response_type=code&client_id={ID}&redirect_uri=https%3A%2F%2Fyourapp.com%2Foauth%2Fcallback\
             &state=abc&auto_authorize=true"
        );
        let answer = world.answer(&Request::get(&format!("/api/oauth2/authorize?{query}")), now);
        let location = answer.header("Location").unwrap_or_default();
        let code = location.split(['?', '&']).find_map(|field| field.strip_prefix("code="));
        let code = code.ok_or("the server gave no code")?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", ID),
            ("client_secret", SECRET),
        ];
        let answer = world.answer(&Request::post("/api/oauth2/token").with_form(&form), now);
        let answer: Value = serde_json::from_str(&answer.text()).map_err(|error| error.to_string())?;
        let member = |name: &str| answer[name].as_str().map(str::to_owned).ok_or(format!("no {name}"));
        let response = TokenResponse::new(AccessToken::new(member("access_token")?))
            .with_lifetime(Duration::from_secs(60))
            .with_refresh_token(RefreshToken::new(member("refresh_token")?));
        let then = UnixTime::after_epoch(now).minus(Duration::from_secs(3_600));
        Ok(Record::new(Epoch::new(1), FIRST, SessionState::Active(Granted::new(then, response))))
    }

    /// Signs this user in and saves an expired record in this store.
    ///
    /// # Errors
    ///
    /// If the server or the store refuses.
    pub fn sign_in_to(&self, place: &Place, app: &App) -> Result<(), String> {
        let store = place.open().map_err(|error| error.to_string())?;
        self.sign_in_with(&*store, app)
    }

    /// Signs this number of users in and saves an expired record of each in this store. `url` is the server's, as the
    /// children know it.
    ///
    /// # Errors
    ///
    /// If the server or the store refuses.
    pub fn sign_in_all(&self, place: &Place, url: &str, users: u32) -> Result<(), String> {
        let store = place.open().map_err(|error| error.to_string())?;
        (0..users).try_for_each(|user| self.sign_in_with(&*store, &app(url, Replay::Never, user)?))
    }

    fn sign_in_with(&self, store: &dyn Store, app: &App) -> Result<(), String> {
        match store.save(&app.spec().key, None, &self.sign_in()?, Duration::from_secs(30)) {
            Ok(Swap::Done(_)) => Ok(()),
            other => Err(format!("the first record is not saved: {other:?}")),
        }
    }

    /// Whether the server accepts this access token.
    #[must_use]
    pub fn takes(&self, token: &AccessToken) -> bool {
        let request = Request::get("/api/oauth2/userinfo").with_bearer(token.expose());
        self.0.world().answer(&request, clock::unix()).status == 200
    }
}

/// The app of this user at this server.
///
/// # Errors
///
/// If the URL is invalid.
pub fn app(url: &str, replay: Replay, user: u32) -> Result<App, String> {
    App::builder()
        .authorize_url(format!("{url}/api/oauth2/authorize"))
        .token_url(format!("{url}/api/oauth2/token"))
        .revocation_url(format!("{url}/api/oauth2/revoke"))
        .client_id(ID)
        .client_secret(SECRET)
        .redirect_uri(CALLBACK)
        .replay(replay)
        .user(user.to_string())
        .build()
        .map_err(|error| error.to_string())
}
