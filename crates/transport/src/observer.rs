//! The hook through which a program watches its sources: what each observation says, and the words of its labels.
//!
//! A source calls the hook where it reports the matching event, once, and under no lock. This file holds the trait and its
//! data. Where a source calls it is in `observed.rs`; how a metrics library shows it is in the files below
//! `observer`.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{ErrorKind, LoginReason, Rejected, TokenError, UnixTime};

#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
mod by_provider;
pub(crate) mod instruments;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
#[cfg(feature = "opentelemetry")]
pub(crate) mod opentelemetry;

/// Watches sources: it counts, measures or forwards what they do.
///
/// Give it to the builder of a source or a pool. It is called in the threads and tasks of callers, also when a fresh token
/// is handed out: it must return at once. It holds no secret, no user id and no URL of any kind: an observation has none.
///
/// ```
/// use core::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::Arc;
///
/// use wellspring_transport::{Observation, Observer};
///
/// /// Counts failed renewals.
/// #[derive(Default)]
/// struct Failures(AtomicU64);
///
/// impl Observer for Failures {
///     fn observe(&self, _provider: &str, observation: &Observation) {
///         if let Observation::RenewalEnded { reason: Some(_), .. } = observation {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let failures = Arc::new(Failures::default());
/// failures.observe("pix-bacen", &Observation::TokenSpilled);
/// assert_eq!(failures.0.load(Ordering::Relaxed), 0);
/// ```
pub trait Observer: Send + Sync {
    /// Takes note of an observation. `provider` is the name in the provider's data, such as `oauth2-app`.
    fn observe(&self, provider: &str, observation: &Observation);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn observe(&self, provider: &str, observation: &Observation) {
        (**self).observe(provider, observation);
    }
}

/// What a source has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// A caller got a token.
    #[non_exhaustive]
    Acquired {
        /// Where the token came from.
        source: Acquisition,
        /// How long the token stays in force; `None` when the server named no lifetime.
        remaining: Option<Duration>,
        /// How long the caller waited; `None` when it did not wait.
        waited: Option<Duration>,
    },
    /// A caller got an error.
    #[non_exhaustive]
    NotAcquired {
        /// Why there is no token.
        reason: FailureReason,
        /// How long the caller waited; `None` when it did not wait.
        waited: Option<Duration>,
    },
    /// A renewal has ended.
    #[non_exhaustive]
    RenewalEnded {
        /// Its outcome.
        outcome: RenewalOutcome,
        /// Why it brought no token; `None` when it brought one.
        reason: Option<FailureReason>,
        /// How long it took.
        took: Duration,
    },
    /// A sign-in has ended: the exchange of a new grant.
    #[non_exhaustive]
    SignInEnded {
        /// Its outcome.
        outcome: SignInOutcome,
        /// Why it brought no token; `None` when it brought one.
        reason: Option<FailureReason>,
    },
    /// A failure has opened a pause, in which no renewal starts.
    #[non_exhaustive]
    PauseOpened {
        /// The failure.
        reason: FailureReason,
        /// How long the pause lasts.
        length: Duration,
    },
    /// Whether the user of this source has to sign in has changed. A source begins and ends without a reason.
    #[non_exhaustive]
    SignInNeeded {
        /// Why the user had to sign in before; `None` when no sign-in was needed.
        before: Option<FailureReason>,
        /// Why the user has to sign in now; `None` when no sign-in is needed.
        now: Option<FailureReason>,
    },
    /// An API has refused a token.
    #[non_exhaustive]
    TokenRejected {
        /// What follows.
        answer: RejectionAnswer,
    },
    /// An operation on the store has failed.
    #[non_exhaustive]
    StoreFailed {
        /// The operation: `load`, `save`, `watch`, `spill` or `forget`.
        operation: &'static str,
    },
    /// The store did not save a token. The token was written where the next load finds it.
    TokenSpilled,
    /// Whether a spilled token waits for this source's store has changed. A source begins and ends without one.
    #[non_exhaustive]
    SpillWaits {
        /// Whether one waits now.
        waits: bool,
    },
    /// A renewal waits for another renewal, which has leased the record.
    #[non_exhaustive]
    LeaseWatched {
        /// The age of the lease, by the wall clocks of its owner and of this host.
        age: Duration,
    },
    /// A renewal has used a client certificate.
    #[non_exhaustive]
    CertificateUsed {
        /// When the certificate expires.
        expires: UnixTime,
    },
}

/// Declares labels: closed sets of words.
macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value of the label.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    )+};
}

labels! {
    /// Where the token of a caller came from.
    Acquisition {
        /// From memory: the caller did not wait.
        Held => "held",
        /// From the token endpoint, by the renewal that this caller started.
        Renewed => "renewed",
        /// From the store, by the renewal that this caller started: another process or an earlier run had obtained it.
        Stored => "stored",
        /// The caller waited for the renewal of another caller, or for the end of a pause.
        Waited => "waited",
    }

    /// The outcome of a renewal.
    RenewalOutcome {
        /// The token endpoint has granted a token.
        Renewed => "renewed",
        /// The store held a newer token.
        Stored => "stored",
        /// A request was sent, or may have been, and no token came.
        Failed => "failed",
        /// No token came and nothing was sent: the store failed, or an earlier failure holds.
        Unsent => "unsent",
    }

    /// The outcome of a sign-in.
    SignInOutcome {
        /// The user is signed in.
        Succeeded => "succeeded",
        /// The user is not signed in.
        Failed => "failed",
        /// The user has not granted the polled sign-in yet.
        Pending => "pending",
    }

    /// What follows when an API refuses a token.
    RejectionAnswer {
        /// A newer token is in force.
        Replaced => "replaced",
        /// The token is discarded and will be renewed.
        Renew => "renew",
        /// No other token can be had now: the caller gets the response of the API.
        Kept => "kept",
    }

    /// Why there is no token. The first nine say that the user has to sign in.
    FailureReason {
        /// No user has signed in yet.
        NotSignedIn => "not_signed_in",
        /// The endpoint refused the refresh token.
        Refused => "refused",
        /// The endpoint issues no token before the user has answered it.
        InteractionRequired => "interaction_required",
        /// The refresh token has expired.
        Expired => "expired",
        /// The refresh token was sent, the response was lost, and the token cannot be sent again.
        Ambiguous => "ambiguous",
        /// The refresh token was sent, and the response could not be read.
        Unreadable => "unreadable",
        /// The user has logged out.
        LoggedOut => "logged_out",
        /// The store has lost the session.
        StoreLost => "store_lost",
        /// The user has signed in without a scope that is needed now.
        ScopeMissing => "scope_missing",
        /// The client id, secret, certificate, scope or URL is refused or invalid.
        Misconfigured => "misconfigured",
        /// The response is not a token response.
        Protocol => "protocol",
        /// The endpoint or the network is down, or asked for a pause.
        Unavailable => "unavailable",
        /// A renewal did not finish in time.
        Busy => "busy",
        /// The store failed.
        Store => "store",
        /// A reason that this version does not know.
        Other => "other",
    }
}

impl FailureReason {
    /// The reason of an error. It depends on the kind of the error only, never on what a server wrote.
    #[must_use]
    pub fn of(error: &TokenError) -> Self {
        match error.kind() {
            ErrorKind::LoginRequired { reason } => Self::of_login(reason),
            ErrorKind::Misconfigured => Self::Misconfigured,
            ErrorKind::Protocol => Self::Protocol,
            ErrorKind::Unavailable { .. } => Self::Unavailable,
            ErrorKind::Busy => Self::Busy,
            ErrorKind::Store => Self::Store,
            _ => Self::Other,
        }
    }

    fn of_login(reason: LoginReason) -> Self {
        match reason {
            LoginReason::NotSignedIn => Self::NotSignedIn,
            LoginReason::Refused => Self::Refused,
            LoginReason::InteractionRequired => Self::InteractionRequired,
            LoginReason::Expired => Self::Expired,
            LoginReason::Ambiguous => Self::Ambiguous,
            LoginReason::Unreadable => Self::Unreadable,
            LoginReason::LoggedOut => Self::LoggedOut,
            LoginReason::StoreLost => Self::StoreLost,
            LoginReason::ScopeMissing => Self::ScopeMissing,
            _ => Self::Other,
        }
    }
}

impl RejectionAnswer {
    pub(crate) const fn of(answer: &Rejected) -> Self {
        match answer {
            Rejected::Replaced(_) => Self::Replaced,
            Rejected::Renew => Self::Renew,
            Rejected::KeepResponse => Self::Kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Prometheus and OpenTelemetry take without an escape.
    fn is_plain(word: &str) -> bool {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    }

    #[test]
    fn every_value_of_a_label_is_one_plain_word_of_its_own() {
        let words = [
            Acquisition::ALL.iter().map(|label| label.as_str()).collect::<Vec<_>>(),
            RenewalOutcome::ALL.iter().map(|label| label.as_str()).collect(),
            SignInOutcome::ALL.iter().map(|label| label.as_str()).collect(),
            RejectionAnswer::ALL.iter().map(|label| label.as_str()).collect(),
            FailureReason::ALL.iter().map(|label| label.as_str()).collect(),
        ];
        for words in words {
            for (n, word) in words.iter().enumerate() {
                assert!(is_plain(word) && !words[..n].contains(word), "{word}");
            }
        }
    }

    #[test]
    fn the_words_of_a_server_are_no_label() {
        let hostile = TokenError::misconfigured("user=ann")
            .with_status(401, Some("ann"))
            .with_code("ann\"} 1\nwellspring_spills_total")
            .with_description("ann");
        assert_eq!(FailureReason::of(&hostile).as_str(), "misconfigured");
    }
}
