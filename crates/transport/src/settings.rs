//! The settings that a builder of either transport collects, and the sources that they make.

use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::Arc;

use wellspring_core::{Policy, Provider, SharedBy, TokenError};

use crate::attach::AllowedOrigins;
use crate::call_limits::CallLimits;
use crate::call_parts::CallParts;
use crate::certified::{Feed, certified};
use crate::clock::Clock;
use crate::driver::Driver;
use crate::kind::{Kind, Parts, PoolParts};
use crate::observed::Observed;
use crate::observer::Observer;
use crate::shared::SharedLifecycle;
use crate::source::{Common, Source};
use crate::storage::{AnyStore, check_store};
#[cfg(feature = "client")]
use crate::tls::Tls;

/// The settings of every source of one builder.
#[derive(Clone)]
#[non_exhaustive]
pub struct SharedSettings<D> {
    /// When to renew.
    pub policy: Policy,
    /// The clock.
    pub clock: Clock,
    /// The seed of jitter; random by default.
    pub seed: Option<u64>,
    /// The origins to which calls may carry the token.
    pub origins: AllowedOrigins,
    /// The deadline of one attempt of a call; none by default.
    pub call_deadline: Option<Duration>,
    /// Where renewals run.
    pub driver: D,
    /// The store, where tokens outlive the process.
    pub store: Option<AnyStore>,
    /// Which processes share the tokens; by default all processes that share the store.
    pub shared_by: Option<SharedBy>,
    /// How long a pool keeps an idle user.
    pub idle: Duration,
    /// How many renewals of one token endpoint a pool runs at once.
    pub renewals_at_once: usize,
    /// The client certificate of the built-in client: a part of the credential.
    pub(crate) certificate: Option<Feed>,
    pub(crate) observed: Option<Arc<Observed>>,
}

impl<D: Driver> SharedSettings<D> {
    /// The defaults for this provider's tokens.
    pub fn new(provider: &dyn Provider, driver: D) -> Self {
        Self {
            policy: Policy::default(),
            clock: Clock::system(),
            seed: None,
            origins: AllowedOrigins::of(provider),
            call_deadline: None,
            driver,
            store: None,
            shared_by: None,
            idle: Duration::from_secs(1_800),
            renewals_at_once: 256,
            certificate: None,
            observed: None,
        }
    }

    /// Calls this hook for what the sources do.
    pub fn observe_with(&mut self, observer: impl Observer + 'static) {
        self.observed = Some(Arc::new(Observed { observer: Arc::new(observer), certificate_end: None }));
    }

    /// Makes the client certificate of these TLS settings a part of the credential.
    #[cfg(feature = "client")]
    pub fn certify(&mut self, tls: &Tls) {
        let tls = tls.clone();
        if let Some(observed) = &mut self.observed {
            let (tls, mut more) = (tls.clone(), Observed::clone(observed));
            let end = move || Some(tls.certificate_info().ok()??.valid_until);
            more.certificate_end = Some(Arc::new(end));
            *observed = Arc::new(more);
        }
        self.certificate =
            tls.has_credential().then(|| -> Feed { Arc::new(move |hasher| tls.feed_credential(hasher)) });
    }

    /// Whether the store suits this provider's tokens, and its calls can be sent.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when it does not.
    pub fn check(&self, provider: &dyn Provider) -> Result<(), TokenError> {
        CallParts::of(&provider.spec().calls)?;
        if self.store.is_some() && provider.own_token(self.clock.now().unix).is_some() {
            return Err(TokenError::misconfigured(
                "a token without a token endpoint is not kept in a store: build its source without one",
            ));
        }
        check_store(self.store.as_ref(), self.shared_by, provider)
    }

    /// What the lifecycles of this builder have in common.
    pub(crate) fn parts(&self, pool: Option<Arc<PoolParts>>) -> Arc<Parts> {
        let (policy, store) = (self.policy.clone(), self.store.clone());
        Arc::new(Parts { policy, store, observed: self.observed.clone(), pool })
    }

    /// The lifecycle of this provider's tokens, of this kind.
    pub(crate) fn lifecycle(
        &self,
        kind: Arc<Kind>,
        user: &str,
        provider: Arc<dyn Provider>,
    ) -> Arc<SharedLifecycle> {
        // Not a secret: it keeps two sources from renewing at the same moment and from being one owner in the store.
        let number = || RandomState::new().build_hasher().finish();
        let seed = self.seed.unwrap_or_else(number);
        SharedLifecycle::of(kind, user, provider, self.clock.clone(), number(), seed)
    }

    /// Puts the client certificate into the credential of a provider.
    pub(crate) fn certifier(&self) -> impl Fn(Arc<dyn Provider>) -> Arc<dyn Provider> + Send + Sync + use<D> {
        let feed = self.certificate.clone();
        move |provider| certified(provider, feed.as_ref())
    }

    /// What the sources of this builder have in common.
    pub(crate) fn common(&self, transport: Arc<D::Transport>) -> Common<D> {
        let call_limits =
            CallLimits { idle_timeout: self.policy.call_idle_timeout, deadline: self.call_deadline };
        Common { transport, driver: self.driver.for_source(), origins: self.origins.clone(), call_limits }
    }

    /// A source of this provider's tokens.
    pub fn source(&self, provider: Arc<dyn Provider>, transport: Arc<D::Transport>) -> Source<D> {
        let provider = self.certifier()(provider);
        let kind = Kind::of(&*provider, self.parts(None));
        Source { shared: self.lifecycle(kind, "", provider), common: Arc::new(self.common(transport)) }
    }
}

crate::debug_fields!([D] SharedSettings<D>, |settings| policy: settings.policy);
