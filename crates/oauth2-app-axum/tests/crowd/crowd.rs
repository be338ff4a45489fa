//! The load test: many users sign in, and later all their tokens are renewed.

use core::future::Future;
use core::time::Duration;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wellspring_simulator::{Endpoint, OauthClient, Simulator};
use wellspring_store::contract::Folder;

use crate::browser::Browser;
use crate::site::{CLIENT, SECRET};
use crate::site_process::SiteProcess;

/// The maximum number of concurrent users: each connection is a file descriptor, and a machine has a limit of them.
const CONNECTIONS: usize = 1_000;
/// After this time the tokens have expired by every clock, of the site and of the server.
const SURELY: Duration = Duration::from_secs(2);

/// The number of users.
pub(crate) struct Crowd {
    /// Users who sign in at the same time.
    pub(crate) at_once: usize,
    /// Users who sign in after them and stay until their tokens expire.
    pub(crate) users: usize,
}

impl Crowd {
    /// Panics if a user sees an error, or a refresh token is used twice.
    pub(crate) async fn play(self) {
        let folder = Folder::new();
        let mut site = SiteProcess::start(folder.path()).await;
        let redirect_uri = format!("{}/oauth/callback", site.url);
        let client = OauthClient::confidential(CLIENT, SECRET, &redirect_uri);
        let simulator = Simulator::builder().client(client).start().unwrap();
        site.serve(&simulator.url()).await;
        tell("before", &site, None);

        let (_, took) = run_all(self.at_once, self.at_once, |_| sign_in(site.url.clone())).await;
        tell(&format!("{} sign-ins at once", self.at_once), &site, Some(took));

        // All sign-ins take about as long. All tokens expire at one moment, after the last sign-in.
        let each = took.div_f64(self.at_once as f64);
        let end = Instant::now() + each.mul_f64(2.0 * self.users as f64) + 5 * SURELY;
        let (browsers, took) = run_all(self.users, CONNECTIONS, |_| {
            simulator.configure(|config| {
                config.app.access_lifetime = end.saturating_duration_since(Instant::now())
            });
            sign_in(site.url.clone())
        })
        .await;
        assert!(Instant::now() < end, "the sign-ins took longer than the tokens' lifetime");
        tell(&format!("{} users sign in", self.users), &site, Some(took));
        self.all_renew(&simulator, &site, browsers, end).await;
    }

    /// All users come back with two tabs after all tokens have expired.
    async fn all_renew(
        self,
        simulator: &Simulator,
        site: &SiteProcess,
        browsers: Vec<Browser>,
        end: Instant,
    ) {
        simulator.configure(|config| config.app.access_lifetime = Duration::from_secs(7_200));
        tokio::time::sleep_until(end + SURELY).await;
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 0, "no renewal before the expiry");
        let browsers: Vec<_> = browsers.into_iter().flat_map(|browser| [browser.clone(), browser]).collect();
        let browsers = Arc::new(browsers);
        let (seen, took) = run_all(browsers.len(), CONNECTIONS, |n| {
            let (browsers, url) = (Arc::clone(&browsers), format!("{}/api/user/info", site.url));
            async move { browsers[n].clone().fetch(&url).await }
        })
        .await;
        for page in &seen {
            assert_eq!(page.status, 200, "{page:?}");
            assert!(page.body.contains(r#""username":"user123""#), "{page:?}");
        }
        let counted = simulator.counters();
        assert_eq!(counted.reuses_detected, 0);
        assert_eq!(counted.refresh_grants, self.users as u64, "one refresh for each user");
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), self.users as u64);
        tell(&format!("{} tokens renewed, each asked for by two tabs", self.users), site, Some(took));
    }
}

async fn sign_in(site: String) -> Browser {
    let mut browser = Browser::default();
    let callback = browser.sent_back(&format!("{site}/auth/oauth/start")).await;
    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
    browser.seen.clear();
    browser
}

/// Runs all futures with a limit on their concurrency. Returns the results in any order, and the time taken.
async fn run_all<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    at_once: usize,
    does: impl Fn(usize) -> F,
) -> (Vec<T>, Duration) {
    let places = Arc::new(Semaphore::new(at_once));
    let start = Instant::now();
    let mut all = JoinSet::new();
    for n in 0..count {
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        let one = does(n);
        all.spawn(async move {
            let came = one.await;
            drop(place);
            came
        });
    }
    (all.join_all().await, start.elapsed())
}

fn tell(what: &str, site: &SiteProcess, took: Option<Duration>) {
    let took = took.map_or_else(String::new, |took| format!("{:8.1} s", took.as_secs_f64()));
    let memory =
        site.memory().map(|(now, most)| format!("{now:6} MiB, at most {most} MiB")).unwrap_or_default();
    println!("{what:<52}{took:>10}   site's memory {memory}");
}
