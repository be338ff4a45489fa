//! A running simulator and its builder.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::{Arc, MutexGuard};

use crate::clock::SimClock;
use crate::config::{Config, OauthClient, Rotation};
use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::log::{Counters, Entry};
use crate::request::Request;
use crate::server::{Hold, Identity, Security, Server, StartError};
use crate::world::World;

/// The providers on a port of 127.0.0.1. Dropping it stops the server and closes every connection.
pub struct Simulator {
    server: Server,
}

/// Builds a [`Simulator`].
pub struct Builder {
    config: Config,
    clock: SimClock,
    port: u16,
    security: Security,
}

impl Simulator {
    /// A builder with these defaults: plain HTTP, a free port, the machine's clock, the settings of the published
    /// pages.
    #[must_use]
    pub fn builder() -> Builder {
        Builder { config: Config::default(), clock: SimClock::system(), port: 0, security: Security::Plain }
    }

    /// Starts a simulator with the defaults of [`Self::builder`].
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// `http://127.0.0.1:PORT` or `https://..`, without a trailing slash.
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

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        &self.server.shared.clock
    }

    /// The providers. No request is answered while the caller holds the guard.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.server.shared.world()
    }

    /// The certificates that a client needs, if this simulator serves HTTPS.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.server.identity.as_ref()
    }

    /// Queues a fault for the next request to an endpoint, or to one of a group.
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) {
        self.world().fault(endpoint, fault);
    }

    /// Queues a fault for this number of requests; `u32::MAX` means for ever.
    pub fn fault_times(&self, endpoint: Endpoint, fault: Fault, times: u32) {
        self.world().fault_times(endpoint, fault, times);
    }

    /// Holds back every answer of an endpoint, or of a group, until the returned guard is dropped. The requests are
    /// processed and counted at once.
    pub fn hold(&self, endpoint: Endpoint) -> Hold {
        Hold::new(Arc::clone(&self.server.shared), endpoint)
    }

    /// Removes all queued faults.
    pub fn clear_faults(&self) {
        self.world().clear_faults();
    }

    /// Changes settings of the running simulator.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(self.world().config_mut());
    }

    /// The latest 20,000 requests and decisions, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.world().log().cloned().collect()
    }

    /// The log entries of an endpoint or a group, oldest first.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> Vec<Entry> {
        self.world().log().filter(|entry| endpoint.covers(entry.endpoint)).cloned().collect()
    }

    /// The full requests to an endpoint or a group, with their secrets, oldest first.
    #[must_use]
    pub fn received(&self, endpoint: Endpoint) -> Vec<Request> {
        let world = self.world();
        let requests = world.received().filter(|(entry, _)| endpoint.covers(entry.endpoint));
        requests.map(|(_, request)| request.clone()).collect()
    }

    /// The number of requests to an endpoint or a group.
    #[must_use]
    pub fn asked(&self, endpoint: Endpoint) -> u64 {
        self.world().asked(endpoint)
    }

    /// Counters of grants and revocations.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.world().counters()
    }

    /// Revokes every access token.
    pub fn revoke_access_tokens(&self) {
        self.world().revoke_access_tokens();
    }

    /// Revokes every refresh token; access tokens stay valid.
    pub fn revoke_refresh_tokens(&self) {
        self.world().revoke_refresh_tokens();
    }

    /// Revokes every sign-in with all its tokens.
    pub fn revoke_families(&self) {
        self.world().revoke_families();
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.server.shared.accepted.load(Ordering::SeqCst)
    }

    /// TLS handshakes that the simulator has refused so far, for example without a valid client certificate. Counted
    /// before the client is informed.
    #[must_use]
    pub fn refused_handshakes(&self) -> u64 {
        self.server.shared.refused_handshakes.load(Ordering::SeqCst)
    }

    /// Closes every connection; new ones are refused until [`Self::plug_in`].
    pub fn unplug(&mut self) {
        self.server.unplug();
    }

    /// Listens again on the same port. All state is kept.
    ///
    /// # Errors
    ///
    /// [`StartError::PortTaken`] if another program has taken the port.
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
    /// Replaces the settings of the published pages.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Changes some settings.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Uses this clock; the caller may keep a clone.
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

    /// Registers an application: its client id, secret and redirect URI. Those of the published page stay registered.
    ///
    /// ```
    /// use wellspring_simulator::{OauthClient, Simulator};
    ///
    /// let site = OauthClient::confidential("my-client", "my-secret", "http://127.0.0.1:8080/callback");
    /// let simulator = Simulator::builder().client(site).start()?;
    ///
    /// // A running simulator takes further applications, and redirect URIs with them.
    /// let phone = OauthClient::public("my-phone", "https://app.example/callback");
    /// simulator.configure(|config| config.app.clients.push(phone));
    /// let ids: Vec<_> = simulator.world().config_mut().app.clients.iter().map(|client| client.id.clone()).collect();
    /// assert_eq!(ids, ["client_abc123def456", "client_public", "my-client", "my-phone"]);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn client(mut self, client: OauthClient) -> Self {
        self.config.app.clients.push(client);
        self
    }

    /// Lets the user agree to every sign-in at once, for tests without a browser: the authorization URL redirects back with a
    /// code, and a device code is approved when it is issued.
    #[must_use]
    pub fn auto_approve(mut self) -> Self {
        self.config.app.auto_approve = true;
        self
    }

    /// Delays every answer, in real time.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.config.latency = latency;
        self
    }

    /// Uses this port instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Serves HTTPS with certificates made for this run: see [`Simulator::identity`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.security = Security::Tls { client_certificate: false };
        self
    }

    /// Serves HTTPS and accepts only clients with the certificate of [`Simulator::identity`].
    #[must_use]
    pub fn mutual_tls(mut self) -> Self {
        self.security = Security::Tls { client_certificate: true };
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    ///
    /// [`StartError::PortTaken`] if the port of [`Self::port`] is not free; the other kinds if this machine cannot
    /// listen or make certificates.
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
