//! The program of a process in a storm: it asks for the tokens of its users again and again until its input ends.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::Read as _;
use std::sync::Arc;
use std::thread;

use oauth2_app::App;
use tokio::runtime::Runtime;
use wellspring_core::{Need, Policy, TokenError};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use crate::clock;
use crate::part::Driver;
use crate::place::Place;
use crate::random::Random;
use crate::source::policy;
use crate::storm::event::What;
use crate::storm::observed::{Observed, ObservedStore, Voice};

/// The time of one exchange, and of the store before and after it. A busy machine answers within it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// How long a caller waits through failures.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest pause between two calls, in milliseconds.
const LONGEST_PAUSE: u64 = 400;

const CALLBACK: &str = "http://127.0.0.1/callback";

/// The task of a process in a storm.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) place: Place,
    pub(crate) driver: Driver,
    pub(crate) server: String,
    pub(crate) users: Vec<String>,
    pub(crate) seed: u64,
}

/// The app of this user at the certified server.
pub(crate) fn app(server: &str, user: &str) -> Result<App, String> {
    App::builder()
        .authorize_url(format!("{server}/auth"))
        .token_url(format!("{server}/token"))
        .client_id("storm")
        .client_secret("storm-secret-of-this-machine-only")
        .redirect_uri(CALLBACK)
        .scopes(["openid", "offline_access"])
        .authorize_parameter("prompt", "consent")
        .user(user)
        .build()
        .map_err(|error| error.to_string())
}

impl Member {
    /// The arguments of the command line.
    pub(crate) fn words(&self) -> [String; 5] {
        [
            self.place.to_string(),
            if self.driver == Driver::Async { "async" } else { "blocking" }.to_owned(),
            self.server.clone(),
            self.users.join(","),
            self.seed.to_string(),
        ]
    }

    fn parse(words: &[String]) -> Result<Self, String> {
        let [place, driver, server, users, seed] = words else {
            return Err("a member has a store, a driver, a server, users and a seed".to_owned());
        };
        Ok(Self {
            place: Place::parse(place)?,
            driver: if driver == "async" { Driver::Async } else { Driver::Blocking },
            server: server.clone(),
            users: users.split(',').map(str::to_owned).collect(),
            seed: seed.parse().map_err(|_| format!("{seed} is not a seed"))?,
        })
    }

    fn policy() -> Policy {
        policy(DEADLINE, DEADLINE)
    }
}

/// Plays the member with these arguments.
///
/// # Errors
///
/// If the arguments are malformed, or a source cannot be built.
pub fn play(words: &[String]) -> Result<(), String> {
    let member = Member::parse(words)?;
    let over = Arc::new(AtomicBool::new(false));
    let ending = Arc::clone(&over);
    thread::spawn(move || {
        drop(std::io::stdin().lock().read_to_end(&mut Vec::new()));
        ending.store(true, Ordering::SeqCst);
    });
    match member.driver {
        Driver::Async => ask_on_tasks(&member, &over),
        Driver::Blocking => ask_on_threads(&member, &over),
    }
}

/// Each user's app and voice.
fn of_each_user(member: &Member) -> Result<Vec<(App, Voice)>, String> {
    let of = |user: &String| Ok((app(&member.server, user)?, Voice { user: user.clone() }));
    member.users.iter().map(of).collect()
}

fn ask_on_tasks(member: &Member, over: &Arc<AtomicBool>) -> Result<(), String> {
    let says = |error: TokenError| error.to_string();
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let here = runtime.enter();
    let asynchronous = member.place.open_async().map_err(|error| error.to_string())?;
    let mut tasks = Vec::new();
    for (n, (app, voice)) in (0..).zip(of_each_user(member)?) {
        let transport = asynchronous::HyperTransport::new(<_>::default()).map_err(says)?;
        let builder = asynchronous::TokenSource::builder(app)
            .policy(Member::policy())
            .transport(Observed { transport, voice: voice.clone() });
        let builder = match &asynchronous {
            Some(store) => {
                builder.async_store(ObservedStore { store: Arc::clone(store), voice: voice.clone() })
            }
            None => {
                let store = member.place.open().map_err(|error| error.to_string())?;
                builder.store(ObservedStore { store, voice: voice.clone() })
            }
        };
        let source = builder.build().map_err(says)?;
        let (over, mut random) = (Arc::clone(over), Random::new(member.seed.wrapping_add(n)));
        tasks.push(runtime.spawn(async move {
            while !over.load(Ordering::SeqCst) {
                voice.say(What::of(&source.acquire(Need::Fresh, PATIENCE).await));
                clock::async_nap(Duration::from_millis(random.below(LONGEST_PAUSE))).await;
            }
        }));
    }
    drop(here);
    runtime.block_on(async {
        for task in tasks {
            task.await.map_err(|error| error.to_string())?;
        }
        Ok(())
    })
}

fn ask_on_threads(member: &Member, over: &AtomicBool) -> Result<(), String> {
    let says = |error: TokenError| error.to_string();
    let store = member.place.open().map_err(|error| error.to_string())?;
    let mut sources = Vec::new();
    for (app, voice) in of_each_user(member)? {
        let transport = blocking::UreqTransport::new(<_>::default()).map_err(says)?;
        let source = blocking::TokenSource::builder(app)
            .policy(Member::policy())
            .store(ObservedStore { store: Arc::clone(&store), voice: voice.clone() })
            .transport(Observed { transport, voice: voice.clone() })
            .build();
        sources.push((source.map_err(says)?, voice));
    }
    thread::scope(|scope| {
        for (n, (source, voice)) in (0..).zip(&sources) {
            scope.spawn(move || {
                let mut random = Random::new(member.seed.wrapping_add(n));
                while !over.load(Ordering::SeqCst) {
                    voice.say(What::of(&source.acquire(Need::Fresh, PATIENCE)));
                    clock::nap(Duration::from_millis(random.below(LONGEST_PAUSE)));
                }
            });
        }
    });
    Ok(())
}
