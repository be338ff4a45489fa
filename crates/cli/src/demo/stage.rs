//! The set-up for one provider on one transport: the simulator, the clocks, the source, and the rows so far.

use core::time::Duration;

use oauth2_app::{App, Callback, Entropy};
use wellspring_core::{ErrorKind, Need, Policy, Token, TokenError, UnixTime};
use wellspring_simulator::{Endpoint, Entry, Fault, SimClock, Simulator};
use wellspring_transport_blocking::{Clock, ManualClock, Tls};

use crate::arguments::Transport;
use crate::demo::row::{Row, span};
use crate::demo::subject::Subject;
use crate::driver::{Driver, SourceConfig};

/// 9:00 on the day of the demo.
const MORNING: u64 = 1_767_603_600;

/// One provider on one transport.
pub(crate) struct Stage {
    pub(crate) subject: Subject,
    pub(crate) simulator: Simulator,
    driver: Driver,
    app: Option<App>,
    server_clock: SimClock,
    clock: ManualClock,
    /// Whether the server is down.
    down: bool,
    /// How many entries of the simulator's log have become rows.
    seen: usize,
    rows: Vec<Row>,
}

impl Stage {
    pub(crate) fn new(
        subject: Subject,
        transport: Transport,
        misbehave: Option<&(Endpoint, Fault)>,
    ) -> Result<Self, String> {
        let server_clock = SimClock::manual(MORNING);
        let clock = Clock::manual(MORNING);
        let simulator =
            Simulator::builder().clock(server_clock.clone()).start().map_err(|error| error.to_string())?;
        if let Some((endpoint, fault)) = misbehave {
            simulator.fault_times(*endpoint, fault.clone(), u32::MAX);
        }
        let cast = subject.cast(&simulator.url()).map_err(|error| error.to_string())?;
        let policy = Policy::default().with_deadline(Duration::from_secs(5));
        let config = SourceConfig {
            provider: cast.provider,
            policy,
            tls: Tls::new(),
            user_agent: None,
            clock: Clock::from(&clock),
            api_urls: Vec::new(),
            store: None,
        };
        let driver = Driver::new(transport, config).map_err(|error| error.to_string())?;
        Ok(Self {
            subject,
            simulator,
            driver,
            app: cast.app,
            server_clock,
            clock,
            down: false,
            seen: 0,
            rows: Vec::new(),
        })
    }

    /// Advances the clocks of the server and of the source.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.server_clock.advance(by);
        self.clock.advance(by);
        self.rows.push(Row::Passes(by));
    }

    /// Gets a token for this caller and adds a row.
    pub(crate) fn token(&mut self, who: &str) -> Result<Token, String> {
        let answer = self.driver.token();
        self.note(who, &answer);
        answer.map_err(|error| error.to_string())
    }

    /// Gets the current token. Adds a row only after an error or a request.
    pub(crate) fn current(&mut self) -> Result<Token, String> {
        let answer = self.driver.token();
        if answer.is_err() || self.mark() > self.seen {
            self.note("caller 1", &answer);
        }
        answer.map_err(|error| error.to_string())
    }

    /// Gets the token of the early renewal that is running.
    pub(crate) fn newer_than(&mut self, old: &Token) -> Result<Token, String> {
        // The clock is manual, so this deadline does not limit the real time that the renewal takes.
        let answer = self.driver.acquire(Need::Newer(old.generation()), Duration::from_millis(100));
        self.note("background", &answer);
        answer.map_err(|error| error.to_string())
    }

    /// This number of callers ask for a token at the same time.
    pub(crate) fn crowd(&mut self, callers: usize) -> Vec<Result<Token, TokenError>> {
        let answers = self.driver.crowd(callers);
        if let Some(first) = answers.first() {
            self.note(&format!("{callers} callers"), first);
        }
        answers
    }

    /// Calls the API and returns the status of the response.
    pub(crate) fn call(&mut self, who: &str) -> Result<u16, String> {
        let answer = self.driver.send(self.subject.call(&self.simulator.url()));
        let status = answer.map(|answer| answer.status().as_u16());
        let got = match &status {
            Ok(status) => format!("response {status}"),
            Err(error) => self.refusal(error),
        };
        self.note_as(who, got);
        status.map_err(|error| error.to_string())
    }

    /// Signs a person in: the browser visits the authorization endpoint and returns with a code, which is exchanged.
    pub(crate) fn sign_in(&mut self) -> Result<Token, String> {
        let app = self.app.as_ref().ok_or("this provider has no sign-in")?;
        let entropy = Entropy::from_system().map_err(|error| error.to_string())?;
        let authorization = app.authorize(&entropy).map_err(|error| error.to_string())?;
        let callback = self.browse(&authorization.url)?;
        let grant =
            app.finish(authorization.login, &Callback::read(&callback)).map_err(|error| error.to_string())?;
        self.note_as("a browser", "the callback".into());
        let answer = self.driver.sign_in(grant);
        self.note("the callback", &answer);
        answer.map_err(|error| error.to_string())
    }

    /// The URL to which the authorization endpoint redirects the browser. This skips the socket, because the demo shows
    /// the requests of the source and not those of a browser.
    fn browse(&self, url: &str) -> Result<String, String> {
        let target =
            url.strip_prefix(&self.simulator.url()).ok_or("the authorization URL leads elsewhere")?;
        let request = wellspring_simulator::Request::get(target);
        let answer = self.simulator.world().answer(&request, self.server_clock.now());
        answer
            .header("Location")
            .map(str::to_owned)
            .ok_or_else(|| format!("no redirect, status {}", answer.status))
    }

    /// Stops the server and closes its connections.
    pub(crate) fn unplug(&mut self) {
        self.simulator.unplug();
        self.down = true;
        self.rows.push(Row::Happens("the server goes down".into()));
    }

    /// Starts the server again.
    pub(crate) fn plug_in(&mut self) -> Result<(), String> {
        self.rows.push(Row::Happens("the server is back".into()));
        self.down = false;
        self.simulator.plug_in().map_err(|error| error.to_string())
    }

    /// Adds a row for an event that no caller caused.
    pub(crate) fn happens(&mut self, what: &str) {
        self.rows.push(Row::Happens(what.into()));
    }

    /// The position in the simulator's log, for [`since`](Self::since).
    pub(crate) fn mark(&self) -> usize {
        self.simulator.log().len()
    }

    /// The requests since that position.
    pub(crate) fn since(&self, mark: usize) -> Vec<Entry> {
        self.simulator.log().split_off(mark)
    }

    /// The remaining lifetime of a token, by the source's clock.
    pub(crate) fn left(&self, token: &Token) -> Option<Duration> {
        token.remaining(self.clock.now())
    }

    /// The time until then.
    pub(crate) fn until(&self, when: UnixTime) -> Duration {
        when.since(self.clock.now().unix)
    }

    /// Takes the rows since the last call.
    pub(crate) fn rows(&mut self) -> Vec<Row> {
        core::mem::take(&mut self.rows)
    }

    fn note(&mut self, who: &str, answer: &Result<Token, TokenError>) {
        let got = match answer {
            Ok(token) => {
                let left = self.left(token).map_or_else(|| "lifetime unknown".into(), span);
                format!("token {}, {left}", token.generation())
            }
            Err(error) => self.refusal(error),
        };
        self.note_as(who, got);
    }

    /// The result of a caller who got an error.
    fn refusal(&self, error: &TokenError) -> String {
        match error.kind() {
            ErrorKind::Unavailable { retry_at: Some(again) } => {
                format!("no token, next try in {}", span(self.until(again)))
            }
            _ => format!("no token: {error}"),
        }
    }

    /// Adds rows for the requests since the last note, with what this caller got.
    fn note_as(&mut self, who: &str, handed_out: String) {
        let entries = self.since(self.seen);
        self.seen += entries.len();
        let at = self.server_clock.now().saturating_sub(Duration::from_secs(MORNING - 9 * 3_600));
        let nothing = if self.down { "no connection" } else { "-" };
        self.rows.extend(Row::of(at, who, &entries, nothing, handed_out));
    }
}
