//! How the phases of a renewal follow each other.

use alloc::boxed::Box;

use crate::lease::Attempt;
use crate::provider::AuthorizationGrant;
use crate::time::{Clocks, Instant};

use super::acquire_lease::{AcquireLease, Leasing};
use super::amend::{self, Amend, Amending};
use super::ask::Ask;
use super::context::{Context, Current, Needed};
use super::end_lease::EndLease;
use super::exchange::{Exchange, Exchanged, Route};
use super::job::{Goal, RenewalJob};
use super::judge::{Judge, Judged};
use super::operation::{Load, Watch};
use super::outcome::{Failure, Outcome};
use super::record_failure::{RecordFailure, Recording};
use super::replay::choose;
use super::request::BoundedRequest;
use super::save_token::{SaveToken, Storing};
use super::sign_in::{NewSession, SignIn, SignInExchange, SigningIn};
use super::sign_out::{Revoke, SignOut, SigningOut};
use super::step::{
    AfterLoad, AfterSave, AfterSend, Forgetting, Loading, Pending, Saving, Sent, Sleeping, Spilling, Step,
    UnfinishedSave, Watching,
};

/// One renewal: [`begin`](Self::begin) it, carry out each [`Step`], and resume with the result until it is done.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it names the way in and holds nothing")]
pub struct Renewal;

impl Renewal {
    /// Starts the job.
    pub fn begin(job: RenewalJob, now: Clocks) -> Step {
        let RenewalJob { provider, policy, jitter, failures, place, number, own_attempt, .. } = job;
        let RenewalJob { logged_out, goal, store, witnesses, proven, .. } = job;
        let deadline = now.instant.plus(policy.deadline);
        let context = Context { provider, deadline, policy, jitter, failures, witnesses, proven };
        let stored = store.map(|(owner, shared_by)| (Attempt { owner, number }, shared_by));
        let end = context.store_deadline(now);
        match (goal, stored) {
            (Goal::Renew { held, refused, access_left, wanted }, Some((attempt, shared_by))) => {
                let current = Current { place, held, access_left };
                let needed = Needed { wanted, refused };
                let judge = Judge::new(current, attempt, needed, own_attempt, logged_out, shared_by, end);
                load(context, AfterLoad::Judge(judge), now)
            }
            (Goal::Renew { held, access_left, .. }, None) => {
                let mut current = Current { place, held, access_left };
                match choose(&context, &mut current, None, true, now) {
                    Ok(grant) => {
                        let next = Exchange::begin(&context, grant, Route::NoStore(current), now);
                        exchanged(context, next, now)
                    }
                    Err(error) => failed(Failure::new(error, current.held, None)),
                }
            }
            (Goal::SignIn(grant), Some((attempt, _))) => {
                let session = NewSession { attempt, known: place, logged_out, stored: None };
                load(context, AfterLoad::SignIn(SignIn::new(grant, session, end)), now)
            }
            (Goal::SignIn(grant), None) => {
                let next = SignInExchange::begin(&context, grant, place, None, now);
                signed_in(context, next, now)
            }
            (Goal::SignOut { held }, Some((attempt, _))) => {
                let token = held.map(|held| held.token);
                load(context, AfterLoad::SignOut(SignOut::new(attempt, place, token, end)), now)
            }
            (Goal::Forget, Some((attempt, _))) => {
                load(context, AfterLoad::SignOut(SignOut::forgetting(attempt, place, end)), now)
            }
            (Goal::Forget, None) => Step::Done(Outcome::Forgotten(None), None),
            (Goal::SignOut { held }, None) => {
                let next = Revoke::begin(&context, held.map(|held| held.token), None, now);
                signed_out(context, next, now)
            }
            (Goal::Amend(amendment), Some((attempt, _))) => {
                load(context, AfterLoad::Amend(Amend::new(amendment, attempt, place, end)), now)
            }
            (Goal::Amend(amendment), None) => {
                Step::Done(amend::without_store(amendment, place, logged_out, now), None)
            }
        }
    }
}

pub(super) fn judged(context: Context, judged: Judged, now: Clocks) -> Step {
    match judged {
        Judged::LoadAt(at, judge) => sleep(context, at, AfterLoad::Judge(judge)),
        Judged::Load(judge) => load(context, AfterLoad::Judge(judge), now),
        Judged::Watch { version, domain, until, watcher } => {
            let next = Watching { context, phase: watcher };
            Step::Watch(Pending { operation: Watch { version, domain }, deadline: until, next })
        }
        Judged::SaveSpilled(spilled, record, judge) => {
            let next = SaveToken::found(&context, spilled, record.as_ref(), judge, now);
            stored(context, next, now)
        }
        Judged::Adopt(record) => Step::Done(Outcome::Adopted(record), None),
        Judged::Lease(grant, basis, judge) => {
            let next = AcquireLease::begin(&context, grant, basis, judge, now);
            leased(context, next, now)
        }
        Judged::SendWithoutStore(grant, judge) => without_store(context, grant, judge, now),
        Judged::EndLease(error, version, record, judge) => {
            let (operation, phase) = EndLease::begin(error, version, record, judge, now);
            let deadline = context.store_deadline(now);
            let next = Saving { context, phase: AfterSave::EndLease(phase) };
            Step::Save(Pending { operation, deadline, next })
        }
        Judged::Fail(failure) => failed(failure),
    }
}

pub(super) fn leased(mut context: Context, leasing: Leasing, now: Clocks) -> Step {
    match leasing {
        Leasing::Ask(next) => ask(context, next, now),
        Leasing::Leased(grant, leased) => {
            let next = Exchange::begin(&context, grant, Route::Leased(Box::new(leased)), now);
            exchanged(context, next, now)
        }
        Leasing::TooLate(error, leased) => {
            let next = RecordFailure::begin(&mut context, error, None, leased, now);
            recorded(context, next, now)
        }
        Leasing::Withdraw(error, lease) => {
            let next = RecordFailure::withdraw(&context, error, lease, now);
            recorded(context, next, now)
        }
        Leasing::Conflict(judge) => load(context, AfterLoad::Judge(judge), now),
        Leasing::Moved(loaded, judge) => {
            let next = judge.loaded(&context, Ok(loaded), now);
            judged(context, next, now)
        }
        Leasing::SendWithoutStore(grant, judge) => without_store(context, grant, judge, now),
        Leasing::Fail(failure) => failed(failure),
    }
}

fn without_store(context: Context, grant: AuthorizationGrant, judge: Judge, now: Clocks) -> Step {
    let Judge { current, logged_out, .. } = judge;
    let next = Exchange::begin(&context, grant, Route::WithoutStore { current, logged_out }, now);
    exchanged(context, next, now)
}

pub(super) fn exchanged(mut context: Context, exchanged: Exchanged, now: Clocks) -> Step {
    match exchanged {
        Exchanged::Send(request, exchange) => send(context, request, AfterSend::Exchange(exchange)),
        Exchanged::LeaseAgain(grant, again) => {
            let next = AcquireLease::begin_again(&context, grant, *again, now);
            leased(context, next, now)
        }
        Exchanged::Save { record, grant, sent, leased } => {
            let next = SaveToken::renewed(&context, record, &grant, sent, *leased, now);
            stored(context, next, now)
        }
        Exchanged::Keep { record, error, grant, sent, leased } => {
            let next = SaveToken::kept(&mut context, record, error, &grant, sent, *leased, now);
            stored(context, next, now)
        }
        Exchanged::Record { error, fell_back, leased } => {
            let next = RecordFailure::begin(&mut context, error, fell_back, *leased, now);
            recorded(context, next, now)
        }
        Exchanged::Done(outcome) => Step::Done(outcome, None),
    }
}

pub(super) fn signed_in(context: Context, signing_in: SigningIn, now: Clocks) -> Step {
    match signing_in {
        SigningIn::LoadAt(at, sign_in) => sleep(context, at, AfterLoad::SignIn(sign_in)),
        SigningIn::Send(request, sign_in) => send(context, request, AfterSend::SignIn(sign_in)),
        SigningIn::Save { record, fault, sent, session } => {
            let next = SaveToken::signed_in(&context, record, fault, sent, session, now);
            stored(context, next, now)
        }
        SigningIn::Done(outcome) => Step::Done(outcome, None),
    }
}

pub(super) fn stored(context: Context, storing: Storing, now: Clocks) -> Step {
    match storing {
        Storing::Ask(next) => ask(context, next, now),
        Storing::Spill(operation, phase) => {
            Step::Spill(Pending { operation, deadline: Instant::NEVER, next: Spilling { context, phase } })
        }
        Storing::Forget(operation, phase) => {
            Step::Forget(Pending { operation, deadline: Instant::NEVER, next: Forgetting { context, phase } })
        }
        Storing::Revoke(request, concluded) => send(context, request, AfterSend::RevokeOrphan(concluded)),
        Storing::Judge(judge) => load(context, AfterLoad::Judge(judge), now),
        Storing::Done(outcome, save) => {
            Step::Done(outcome, save.map(|save| UnfinishedSave::new(context, save)))
        }
    }
}

pub(super) fn recorded(context: Context, recording: Recording, now: Clocks) -> Step {
    match recording {
        Recording::Ask(next) => ask(context, next, now),
        Recording::Done(outcome) => Step::Done(outcome, None),
    }
}

pub(super) fn signed_out(context: Context, signing_out: SigningOut, now: Clocks) -> Step {
    match signing_out {
        SigningOut::Ask(next) => ask(context, next, now),
        SigningOut::Send(request, revoke) => send(context, request, AfterSend::Revoke(revoke)),
        SigningOut::Done(outcome) => Step::Done(outcome, None),
    }
}

pub(super) fn amended(context: Context, amending: Amending, now: Clocks) -> Step {
    match amending {
        Amending::Ask(next) => ask(context, next, now),
        Amending::Done(outcome) => Step::Done(outcome, None),
    }
}

const fn failed(failure: Failure) -> Step {
    Step::Done(Outcome::Failed(failure), None)
}

pub(super) fn load(context: Context, phase: AfterLoad, now: Clocks) -> Step {
    let deadline = context.store_deadline(now);
    Step::Load(Pending { operation: Load {}, deadline, next: Loading { context, phase } })
}

const fn sleep(context: Context, until: Instant, phase: AfterLoad) -> Step {
    Step::Sleep(until, Sleeping { context, phase })
}

const fn send(context: Context, request: BoundedRequest, phase: AfterSend) -> Step {
    Step::Send(request, Sent { context, phase })
}

fn ask<P: Into<AfterLoad> + Into<AfterSave>>(context: Context, ask: Ask<P>, now: Clocks) -> Step {
    match ask {
        Ask::Load(phase) => load(context, phase.into(), now),
        Ask::LoadAt(at, phase) => sleep(context, at, phase.into()),
        Ask::Save(operation, deadline, phase) => {
            Step::Save(Pending { operation, deadline, next: Saving { context, phase: phase.into() } })
        }
    }
}

macro_rules! after_load_and_save {
    ($($phase:ident)+) => {$(
        impl From<$phase> for AfterLoad {
            fn from(phase: $phase) -> Self {
                Self::$phase(phase)
            }
        }

        impl From<$phase> for AfterSave {
            fn from(phase: $phase) -> Self {
                Self::$phase(phase)
            }
        }
    )+};
}

after_load_and_save!(AcquireLease SaveToken RecordFailure SignOut Amend);
