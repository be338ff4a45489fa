//! The providers without sockets: a request and an instant in, an answer out.
//!
//! Finds the endpoint, takes a fault from the queue if one waits for it, lets the provider decide, spoils
//! the answer, writes the log. What a provider decides is in [`pix`](crate::pix), [`app`](crate::app) and
//! [`hive`](crate::hive).

use core::fmt;
use core::time::Duration;
use std::collections::{HashMap, VecDeque};

use crate::answer::{Answer, Delivery};
use crate::config::Config;
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::fault::{Fault, Stage};
use crate::log::{self, Counters, Entry, Fingerprint};
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;
use crate::{app, hive, pix};

/// How many of the latest requests are remembered word for word.
const REMEMBERED: usize = 20_000;

/// The three providers and everything they remember.
///
/// ```
/// use core::time::Duration;
/// use wellspring_simulator::{Config, Request, World};
///
/// let mut world = World::new(Config::default());
/// let ask = Request::post("/oauth/token")
///     .with_json(r#"{"clientId": "your-client-id", "clientSecret": "your-client-secret"}"#);
/// let answer = world.answer(&ask, Duration::from_secs(1_700_000_000));
/// assert_eq!(answer.status, 200);
/// assert_eq!(answer.header("Date"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
/// assert!(answer.text().contains(r#""expires_in":3600"#));
/// ```
pub struct World {
    pub(crate) providers: Providers,
    faults: VecDeque<Queued>,
    entries: VecDeque<(Entry, Request)>,
    asked: HashMap<Endpoint, u64>,
}

struct Queued {
    endpoint: Endpoint,
    fault: Fault,
    left: u32,
}

impl World {
    /// Providers that have not been asked anything yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            providers: Providers::new(config),
            faults: VecDeque::new(),
            entries: VecDeque::new(),
            asked: HashMap::new(),
        }
    }

    /// Answers one request, `now` after the Unix epoch.
    pub fn answer(&mut self, request: &Request, now: Duration) -> Answer {
        let endpoint = Endpoint::of(request);
        let fault = self.fault_for(endpoint, request);
        let before = fault.as_ref().is_some_and(|fault| fault.stage() == Stage::Before);
        let mut reply =
            if before { Reply::empty(200, "not processed") } else { self.process(endpoint, request, now) };
        let mut issued = log::issued(&reply);
        if let Some(fault) = &fault {
            fault.apply(&mut reply, request, now);
            let written = log::issued(&reply);
            for (what, token) in &mut issued {
                // A token written as an empty text is not written at all: the one in force keeps its name.
                let renamed =
                    |(name, changed): &&_| name == what && changed != token && !String::is_empty(changed);
                if let Some((_, changed)) = written.iter().find(renamed) {
                    self.providers.ledger.rename(token, changed);
                    token.clone_from(changed);
                }
            }
        }
        self.write_down(endpoint, request, now, &reply, fault, issued);
        let skew = Duration::from_secs(self.providers.config.date_skew.unsigned_abs());
        let date = if self.providers.config.date_skew < 0 {
            now.saturating_sub(skew)
        } else {
            now.saturating_add(skew)
        };
        reply.into_answer(date)
    }

    fn process(&mut self, endpoint: Endpoint, request: &Request, now: Duration) -> Reply {
        match endpoint {
            Endpoint::PixToken | Endpoint::PixCertificateToken | Endpoint::PixApi => {
                pix::answer(&mut self.providers, endpoint, request, now)
            }
            Endpoint::HiveToken | Endpoint::HiveRefresh | Endpoint::HiveApi => {
                hive::answer(&mut self.providers, endpoint, request, now)
            }
            Endpoint::Elsewhere => nothing_here(request),
            _ => app::answer(&mut self.providers, endpoint, request, now),
        }
    }

    /// The first queued fault for this endpoint; before that, one that the request asks for itself.
    fn fault_for(&mut self, endpoint: Endpoint, request: &Request) -> Option<Fault> {
        if let Some(fault) = request.header("x-sandbox-scenario").and_then(|name| Fault::parse(name).ok()) {
            return Some(fault);
        }
        let at = self.faults.iter().position(|queued| queued.endpoint.covers(endpoint))?;
        let queued = &mut self.faults[at];
        let fault = queued.fault.clone();
        queued.left = queued.left.saturating_sub(1);
        if queued.left == 0 {
            self.faults.remove(at);
        }
        Some(fault)
    }

    fn write_down(
        &mut self,
        endpoint: Endpoint,
        request: &Request,
        now: Duration,
        reply: &Reply,
        fault: Option<Fault>,
        issued: Vec<(&'static str, String)>,
    ) {
        let mut secrets = log::sent(request, &self.providers.mint);
        secrets.extend(issued.iter().map(|(what, token)| Fingerprint {
            what: format!("issued {what}"),
            print: self.providers.mint.fingerprint(token),
        }));
        let answered = !matches!(reply.delivery, Delivery::Reset | Delivery::Never);
        *self.asked.entry(endpoint).or_default() += 1;
        let entry = Entry {
            n: self.asked.values().sum(),
            at: now,
            method: request.method.clone(),
            path: request.path.clone(),
            endpoint,
            status: answered.then_some(reply.status),
            decision: reply.decision.clone(),
            fault: fault.map(|fault| fault.to_string()),
            secrets,
        };
        if self.entries.len() == REMEMBERED {
            self.entries.pop_front();
        }
        self.entries.push_back((entry, request.clone()));
    }

    /// Queues a fault for the next request to an endpoint, or to one of a group.
    pub fn fault(&mut self, endpoint: Endpoint, fault: Fault) {
        self.fault_times(endpoint, fault, 1);
    }

    /// Queues a fault for so many requests; `u32::MAX` is as good as for ever.
    pub fn fault_times(&mut self, endpoint: Endpoint, fault: Fault, times: u32) {
        if times > 0 {
            self.faults.push_back(Queued { endpoint, fault, left: times });
        }
    }

    /// The faults that still wait, with their endpoints and how often they will apply.
    pub fn queued(&self) -> impl Iterator<Item = (Endpoint, &Fault, u32)> {
        self.faults.iter().map(|queued| (queued.endpoint, &queued.fault, queued.left))
    }

    /// Forgets the faults that still wait.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// What was asked, oldest first; the latest 20,000 requests.
    pub fn log(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(entry, _)| entry)
    }

    /// The requests themselves, secrets and all, oldest first; the latest 20,000.
    pub fn received(&self) -> impl Iterator<Item = (&Entry, &Request)> {
        self.entries.iter().map(|(entry, request)| (entry, request))
    }

    /// How many requests an endpoint, or a group, was asked, since the beginning.
    #[must_use]
    pub fn asked(&self, endpoint: Endpoint) -> u64 {
        self.asked.iter().filter(|(asked, _)| endpoint.covers(**asked)).map(|(_, times)| times).sum()
    }

    /// How often things happened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.providers.counters
    }

    /// The settings, to be changed while the world goes on.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.providers.config
    }

    /// Ends every access token before its time.
    pub fn revoke_access_tokens(&mut self) {
        self.providers.ledger.revoke_access_tokens();
    }

    /// Ends every refresh token; access tokens live on.
    pub fn revoke_refresh_tokens(&mut self) {
        self.providers.ledger.revoke_refresh_tokens();
    }

    /// Ends every sign-in with all that came of it.
    pub fn revoke_families(&mut self) {
        self.providers.counters.families_revoked += self.providers.ledger.revoke_families();
    }

    /// Ends one token of either kind; `false` when nobody knows it.
    pub fn revoke(&mut self, token: &str) -> bool {
        self.providers.ledger.revoke(token)
    }
}

fn nothing_here(request: &Request) -> Reply {
    let message = format!("Cannot {} {}", request.method, request.path);
    let body =
        Document::new().number("statusCode", 404).string("message", &message).string("error", "Not Found");
    Reply::json(404, body, "no such endpoint")
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("config", &self.providers.config)
            .field("counters", &self.providers.counters)
            .finish_non_exhaustive()
    }
}
