//! The providers without sockets: takes a request and a time, returns an answer.
//!
//! Finds the endpoint, takes a queued fault for it, lets the provider process the request, applies the fault, and
//! writes the log. The providers are in [`pix`](crate::pix), [`app`](crate::app) and [`hive`](crate::hive).

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

/// The maximum number of logged requests.
const LOG_LIMIT: usize = 20_000;

/// The three providers, their state and the log of requests.
///
/// ```
/// use core::time::Duration;
/// use wellspring_simulator::{Config, Request, World};
///
/// let mut world = World::new(Config::default());
/// let request = Request::post("/oauth/token")
///     .with_json(r#"{"clientId": "your-client-id", "clientSecret": "your-client-secret"}"#);
/// let answer = world.answer(&request, Duration::from_secs(1_700_000_000));
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
    /// Providers without any state.
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
                // An empty token does not rename the issued one.
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
            Endpoint::Elsewhere => not_found(request),
            _ => app::answer(&mut self.providers, endpoint, request, now),
        }
    }

    /// The fault that the request names, or else the first queued one for this endpoint.
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
        if self.entries.len() == LOG_LIMIT {
            self.entries.pop_front();
        }
        self.entries.push_back((entry, request.clone()));
    }

    /// Queues a fault for the next request to an endpoint, or to one of a group.
    pub fn fault(&mut self, endpoint: Endpoint, fault: Fault) {
        self.fault_times(endpoint, fault, 1);
    }

    /// Queues a fault for this number of requests; `u32::MAX` means for ever.
    pub fn fault_times(&mut self, endpoint: Endpoint, fault: Fault, times: u32) {
        if times > 0 {
            self.faults.push_back(Queued { endpoint, fault, left: times });
        }
    }

    /// The queued faults, with their endpoints and remaining times.
    pub fn queued(&self) -> impl Iterator<Item = (Endpoint, &Fault, u32)> {
        self.faults.iter().map(|queued| (queued.endpoint, &queued.fault, queued.left))
    }

    /// Removes all queued faults.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// The log entries of the latest 20,000 requests, oldest first.
    pub fn log(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(entry, _)| entry)
    }

    /// The latest 20,000 requests with their secrets, oldest first.
    pub fn received(&self) -> impl Iterator<Item = (&Entry, &Request)> {
        self.entries.iter().map(|(entry, request)| (entry, request))
    }

    /// The number of requests to an endpoint or a group since the start.
    #[must_use]
    pub fn asked(&self, endpoint: Endpoint) -> u64 {
        self.asked.iter().filter(|(asked, _)| endpoint.covers(**asked)).map(|(_, times)| times).sum()
    }

    /// Counters of grants and revocations.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.providers.counters
    }

    /// The settings, which may change at any time.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.providers.config
    }

    /// Revokes every access token.
    pub fn revoke_access_tokens(&mut self) {
        self.providers.ledger.revoke_access_tokens();
    }

    /// Revokes every refresh token; access tokens stay valid.
    pub fn revoke_refresh_tokens(&mut self) {
        self.providers.ledger.revoke_refresh_tokens();
    }

    /// Revokes every sign-in with all its tokens.
    pub fn revoke_families(&mut self) {
        self.providers.counters.families_revoked += self.providers.ledger.revoke_families();
    }

    /// Revokes one token of either kind; `false` if it is unknown.
    pub fn revoke(&mut self, token: &str) -> bool {
        self.providers.ledger.revoke(token)
    }
}

fn not_found(request: &Request) -> Reply {
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
