//! The handle on a running simulator, and how one is set up.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::MutexGuard;

use crate::clock::SimClock;
use crate::config::{Config, OauthClient, Rotation};
use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::log::{Counters, Entry};
use crate::request::Request;
use crate::server::{Identity, Security, Server, StartError};
use crate::world::World;

/// The providers behind a port of 127.0.0.1. Stops, with every connection, when it is dropped.
pub struct Simulator {
    server: Server,
}

/// How a [`Simulator`] is to be.
pub struct Builder {
    config: Config,
    clock: SimClock,
    port: u16,
    security: Security,
}

impl Simulator {
    /// Plain HTTP on a free port, the machine's clock, the settings of the published pages.
    #[must_use]
    pub fn builder() -> Builder {
        Builder { config: Config::default(), clock: SimClock::system(), port: 0, security: Security::Plain }
    }

    /// A simulator as [`Self::builder`] makes it.
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// `http://127.0.0.1:PORT` or `https://..`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.server.identity.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.server.address)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.address.port()
    }

    /// Its clock, shared.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        &self.server.shared.clock
    }

    /// The providers themselves. No request is answered while the guard is held.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.server.shared.world()
    }

    /// What a client needs for HTTPS, where this simulator speaks it.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.server.identity.as_ref()
    }

    /// Queues a fault for the next request to an endpoint, or to one of a group.
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) {
        self.world().fault(endpoint, fault);
    }

    /// Queues a fault for so many requests; `u32::MAX` is as good as for ever.
    pub fn fault_times(&self, endpoint: Endpoint, fault: Fault, times: u32) {
        self.world().fault_times(endpoint, fault, times);
    }

    /// Forgets the faults that still wait.
    pub fn clear_faults(&self) {
        self.world().clear_faults();
    }

    /// Changes settings while it runs.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(self.world().config_mut());
    }

    /// What was asked and decided, oldest first; the latest 20,000 requests.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.world().log().cloned().collect()
    }

    /// What was asked of an endpoint, or of a group, oldest first.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> Vec<Entry> {
        self.world().log().filter(|entry| endpoint.covers(entry.endpoint)).cloned().collect()
    }

    /// The requests themselves to an endpoint, or to a group, secrets and all, oldest first.
    #[must_use]
    pub fn received(&self, endpoint: Endpoint) -> Vec<Request> {
        let world = self.world();
        let asked = world.received().filter(|(entry, _)| endpoint.covers(entry.endpoint));
        asked.map(|(_, request)| request.clone()).collect()
    }

    /// How many requests an endpoint, or a group, was asked.
    #[must_use]
    pub fn asked(&self, endpoint: Endpoint) -> u64 {
        self.world().asked(endpoint)
    }

    /// How often things happened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.world().counters()
    }

    /// Ends every access token before its time.
    pub fn revoke_access_tokens(&self) {
        self.world().revoke_access_tokens();
    }

    /// Ends every refresh token; access tokens live on.
    pub fn revoke_refresh_tokens(&self) {
        self.world().revoke_refresh_tokens();
    }

    /// Ends every sign-in with all that came of it.
    pub fn revoke_families(&self) {
        self.world().revoke_families();
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.server.shared.accepted.load(Ordering::SeqCst)
    }

    /// TLS handshakes that the simulator has refused so far, for want of the right client certificate for
    /// instance. Counted before the client hears of it.
    #[must_use]
    pub fn refused_handshakes(&self) -> u64 {
        self.server.shared.refused_handshakes.load(Ordering::SeqCst)
    }

    /// Cuts every connection; new ones are refused until [`Self::plug_in`].
    pub fn unplug(&mut self) {
        self.server.unplug();
    }

    /// Listens again, on the same port, with everything remembered.
    ///
    /// # Errors
    ///
    /// [`StartError::PortTaken`] when another program was faster.
    pub fn plug_in(&mut self) -> Result<(), StartError> {
        self.server.plug_in()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Builder {
    /// These settings instead of those of the published pages.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Some settings changed.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// This clock, which the caller may keep a clone of.
    #[must_use]
    pub fn clock(mut self, clock: SimClock) -> Self {
        self.clock = clock;
        self
    }

    /// What a refresh does to the refresh token of the OAuth2 application.
    #[must_use]
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.config.app.rotation = rotation;
        self
    }

    /// One more application that may sign people in.
    #[must_use]
    pub fn client(mut self, client: OauthClient) -> Self {
        self.config.app.clients.push(client);
        self
    }

    /// Every answer is held back so long, in real time.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.config.latency = latency;
        self
    }

    /// This port instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// HTTPS, with certificates made for this run: see [`Simulator::identity`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.security = Security::Tls { client_certificate: false };
        self
    }

    /// HTTPS that lets in only clients with a certificate of [`Simulator::identity`].
    #[must_use]
    pub fn mutual_tls(mut self) -> Self {
        self.security = Security::Tls { client_certificate: true };
        self
    }

    /// Starts.
    ///
    /// # Errors
    ///
    /// [`StartError::PortTaken`] when the port of [`Self::port`] is not free; the other kinds when this
    /// machine allows no listening, or no certificates.
    pub fn start(self) -> Result<Simulator, StartError> {
        let world = World::new(self.config);
        Ok(Simulator { server: Server::start(world, self.clock, self.port, self.security)? })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
