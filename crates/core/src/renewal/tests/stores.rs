//! Renewals with a store, effect by effect. The store is a slot; its failures are scripted.

use std::collections::VecDeque;
use std::format;

use super::*;
use crate::lease::{Lease, Owner};
use crate::liveness::LockDomain;
use crate::provider::Provider;
use crate::record::{Granted, SessionState};
use crate::renewal::job::RenewalJob;
use crate::store::{Applied, Obtained, PendingSave, SharedBy};

pub(super) const fn owner(source: u64) -> Owner {
    Owner { machine: 1, boot: 1, process: 1, source }
}

/// A store that is a slot.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) stored: Option<Stored>,
    pub(super) spills: Vec<PendingSave>,
    /// The spill of this attempt cannot be used, for this reason.
    pub(super) unusable: Option<(Attempt, StoreError)>,
    /// Why no spill can be looked for.
    pub(super) unseen: Option<StoreError>,
    pub(super) versions: u128,
    /// What fails, in order, for the operations of this name.
    wrong: VecDeque<(&'static str, Applied)>,
    pub(super) wrong_once_sent: Vec<(&'static str, Applied)>,
    /// A save that may have succeeded ends only before the next one.
    pub(super) ends_late: bool,
    late: Option<(Option<Version>, Record)>,
    /// What another process writes while the first request is under way.
    pub(super) meanwhile: Option<Record>,
    /// What fails each time.
    pub(super) never: &'static [&'static str],
    /// What the store refuses until a person corrects it.
    pub(super) refused: &'static [&'static str],
    pub(super) sightings: VecDeque<WatchOutcome>,
    /// What another process writes while the record is watched for a change only.
    pub(super) while_watched: Option<Record>,
    /// What another process writes before the first save.
    pub(super) while_saved: Option<Record>,
    /// How long the record was watched in vain.
    pub(super) watched: Vec<Duration>,
    log: Vec<String>,
    pub(super) ended: Option<Clocks>,
}

impl Slot {
    pub(super) fn holding(record: Record) -> Self {
        Self { stored: Some(Stored { version: Version::new(1), record }), versions: 1, ..Self::default() }
    }

    pub(super) fn refusing(self, refused: &'static [&'static str]) -> Self {
        Self { refused, ..self }
    }

    pub(super) fn wrong(mut self, what: &[(&'static str, Applied)]) -> Self {
        self.wrong = what.iter().copied().collect();
        self
    }

    fn fails(&mut self, what: &str) -> Option<StoreError> {
        if self.never.contains(&what) {
            return Some(StoreError::unavailable("never"));
        }
        if self.refused.contains(&what) {
            return Some(StoreError::refused("not permitted"));
        }
        let (_, applied) = self.wrong.pop_front_if(|(next, _)| *next == what)?;
        let error = StoreError::unavailable("no");
        Some(if applied == Applied::Maybe { error.maybe_applied() } else { error })
    }

    pub(super) fn record(&self) -> &Record {
        &self.stored.as_ref().expect("a record").record
    }

    pub(super) fn put(&mut self, record: Record) {
        self.versions += 1;
        self.stored = Some(Stored { version: Version::new(self.versions), record });
    }

    /// Carries a job out; each answer is for one request. Time passes only while it sleeps.
    pub(super) fn run(
        &mut self,
        job: RenewalJob,
        start: Clocks,
        answers: Vec<Answer>,
    ) -> (Outcome, Option<UnfinishedSave>) {
        let mut now = start;
        let mut answers = answers.into_iter();
        let mut step = Renewal::begin(job, now);
        let mut held = None;
        loop {
            step = match step {
                Step::Load(pending) => {
                    self.log.push("load".into());
                    let leased = self.stored.as_ref().and_then(|stored| stored.record.lease);
                    let unusable = self
                        .unusable
                        .as_ref()
                        .filter(|(attempt, _)| leased.is_some_and(|lease| lease.attempt == *attempt));
                    let loaded = Loaded {
                        stored: self.stored.clone(),
                        spilled: self.spills.first().cloned(),
                        unusable_spill: unusable.map(|(_, error)| error.clone()),
                        unseen_spills: self.unseen.clone(),
                    };
                    pending.resume(self.fails("load").map_or(Ok(loaded), Err), now)
                }
                Step::Save(pending) => {
                    let save = &pending.operation;
                    let what = if save.record.lease.is_some() { "lease" } else { "save" };
                    let life = if save.liveness_lock { " alive" } else { "" };
                    held = held.or(LockDomain::new(1).filter(|_| save.liveness_lock));
                    self.log.push(format!("{what}{life}"));
                    let failure = self.fails(what);
                    if let Some(record) = self.while_saved.take() {
                        self.put(record);
                    }
                    let held_now = self.stored.as_ref().map(|stored| stored.version);
                    if let Some((_, record)) = self.late.take_if(|(expected, _)| *expected == held_now) {
                        self.put(record);
                    }
                    let lost = matches!(&failure, Some(error) if error.applied() == Applied::No);
                    let stands = self.stored.as_ref().map(|stored| stored.version) == save.expected;
                    let record = save.record_under(held).into_owned();
                    if self.ends_late && failure.is_some() && !lost {
                        self.late = Some((save.expected, record));
                    } else if stands && !lost {
                        self.put(record);
                    }
                    let swap = if stands { Swap::Done(Version::new(self.versions)) } else { Swap::Conflict };
                    pending.resume(failure.map_or(Ok(swap), Err), now)
                }
                Step::Watch(pending) => {
                    held = None;
                    let blind = if pending.operation.domain.is_none() { " for a change only" } else { "" };
                    self.log.push(format!("watch{blind}"));
                    let failure = if self.sightings.is_empty() { self.fails("watch") } else { None };
                    let seen = self.sightings.pop_front().unwrap_or(WatchOutcome::Unchanged);
                    if seen == WatchOutcome::Unchanged {
                        let length = pending.deadline.since(now.instant);
                        self.watched.push(length);
                        now = now.plus(length);
                    }
                    if let Some(record) = self.while_watched.take_if(|_| seen == WatchOutcome::Changed) {
                        self.put(record);
                    }
                    pending.resume(failure.map_or(Ok(seen), Err), now)
                }
                Step::Send(sending, next) => {
                    self.log.push(format!("send {}", String::from_utf8_lossy(sending.request.expose_body())));
                    self.wrong.extend(core::mem::take(&mut self.wrong_once_sent));
                    if let Some(record) = self.meanwhile.take() {
                        self.put(record);
                    }
                    next.resume(answers.next().expect("an answer for each request"), now)
                }
                Step::Spill(pending) => {
                    self.log.push("spill".into());
                    let failure = self.fails("spill");
                    if failure.is_none() {
                        self.spills.push(pending.operation.pending_save.clone());
                    }
                    pending.resume(failure.map_or(Ok(()), Err), now)
                }
                Step::Forget(pending) => {
                    let attempt = pending.operation.attempt;
                    self.log.push("forget".into());
                    self.spills.retain(|pending_save| pending_save.attempt != attempt);
                    pending.resume(Ok(()), now)
                }
                Step::Sleep(until, next) => {
                    now = now.plus(until.since(now.instant));
                    next.resume(now)
                }
                Step::Done(outcome, unfinished) => {
                    self.ended = Some(now);
                    return (outcome, unfinished);
                }
            };
        }
    }

    pub(super) fn log(&mut self) -> Vec<String> {
        core::mem::take(&mut self.log)
    }
}

pub(super) fn record(epoch: u64, generation: u64, text: &str) -> Record {
    let grant = SessionState::Active(Granted::new(at(0).unix, granted(text)));
    Record::new(Epoch::new(epoch), Generation::new(generation), grant)
}

/// A process that was just started, whose callers need a token.
pub(super) struct Process {
    pub(super) life: Lifecycle,
    pub(super) owner: Owner,
    pub(super) shared_by: SharedBy,
    pub(super) provider: Arc<dyn Provider>,
}

impl Process {
    pub(super) fn new(source: u64, toy: Toy) -> Self {
        let policy = Policy { jitter: Duration::ZERO, ..Policy::default() };
        let life = Lifecycle::new(policy, source);
        Self { life, owner: owner(source), shared_by: SharedBy::Fleet, provider: toy.arc() }
    }

    /// The same process, whose store is shared by the processes of one machine.
    pub(super) fn on_one_host(self) -> Self {
        Self { shared_by: SharedBy::Host, ..self }
    }

    pub(super) fn renew(
        &mut self,
        slot: &mut Slot,
        now: Clocks,
        answers: Vec<Answer>,
    ) -> Result<Token, TokenError> {
        let permit = match self.life.acquire(Need::Newer(Generation::new(u64::MAX)), now) {
            Decision::Refresh(permit) => permit,
            Decision::Fail(error) => return Err(error),
            other => panic!("{other:?}"),
        };
        let job = permit.job(Arc::clone(&self.provider)).stored_by(self.owner, self.shared_by);
        let (outcome, unfinished) = slot.run(job, now, answers);
        if let Some(unfinished) = unfinished {
            assert_eq!(unfinished.pending_save().is_none(), !slot.spills.is_empty());
        }
        match self.life.complete(permit, outcome, now) {
            Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
            Completed::Failed(error) => Err(error),
        }
    }

    pub(super) fn sign_out(&mut self, slot: &mut Slot, now: Clocks, answers: Vec<Answer>) -> Revocation {
        let job =
            self.life.sign_out(Arc::clone(&self.provider)).unwrap().stored_by(self.owner, self.shared_by);
        let (outcome, _) = slot.run(job, now, answers);
        self.life.signed_out(outcome, now).expect("logged out")
    }

    pub(super) fn forget(&mut self, slot: &mut Slot, now: Clocks) {
        let job = self.life.forget(Arc::clone(&self.provider)).unwrap().stored_by(self.owner, self.shared_by);
        let (outcome, _) = slot.run(job, now, vec![]);
        self.life.forgotten(outcome, now).expect("forgotten");
    }

    pub(super) fn sign_in(
        &mut self,
        slot: &mut Slot,
        now: Clocks,
        answers: Vec<Answer>,
    ) -> Result<Token, TokenError> {
        let grant = AuthorizationGrant::AuthorizationCode {
            code: AuthorizationCode::new("code"),
            redirect_uri: "r".into(),
            verifier: None,
        };
        self.exchange(slot, grant, now, answers)
    }

    pub(super) fn exchange(
        &mut self,
        slot: &mut Slot,
        grant: AuthorizationGrant,
        now: Clocks,
        answers: Vec<Answer>,
    ) -> Result<Token, TokenError> {
        let job = self
            .life
            .sign_in(Arc::clone(&self.provider), grant)
            .unwrap()
            .stored_by(self.owner, self.shared_by);
        let (outcome, _) = slot.run(job, now, answers);
        self.life.signed_in(outcome, now)
    }
}

pub(super) fn rotating() -> Toy {
    Toy::rotating(Replay::OwnerDead)
}

pub(super) fn kind(result: &Result<Token, TokenError>) -> Option<ErrorKind> {
    result.as_ref().err().map(TokenError::kind)
}

#[test]
fn a_renewal_is_two_saves_around_one_request_and_the_lease_is_the_first() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let token =
        Process::new(1, rotating()).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!((token.expose(), token.generation()), ("new", Generation::new(6)));
    assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "save"]);
    assert_eq!((slot.record().lease, slot.record().place().1), (None, Generation::new(6)));
    assert_eq!(slot.record().writer.map(|writer| writer.owner), Some(owner(1)));
}

#[test]
fn a_token_that_another_process_has_obtained_is_adopted_without_a_call() {
    let mut slot = Slot::holding(record(1, 5, "theirs 3600 refresh"));
    let token = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap();
    assert_eq!((token.expose(), slot.log()), ("theirs", vec!["load".into()]));
}

#[test]
fn a_token_of_another_process_that_is_shorter_than_wanted_is_renewed() {
    let mut slot = Slot::holding(record(1, 5, "theirs 3600 refresh"));
    let process = Process::new(1, rotating());
    let need = |seconds| Need::ValidFor(s(seconds));
    for (wanted, now, sent) in [(600, 3_000, None), (601, 3_000, Some("new 3600 next")), (9_000, 3_100, None)]
    {
        let Decision::Refresh(permit) = Lifecycle::new(Policy::default(), 1).acquire(need(wanted), at(now))
        else {
            panic!()
        };
        let job = permit.job(Arc::clone(&process.provider)).stored_by(process.owner, process.shared_by);
        let answers = sent.map(|text| answer(200, text));
        let (outcome, _) = slot.run(job, at(now), answers.into_iter().collect());
        assert_eq!(matches!(outcome, Outcome::Renewed(..)), sent.is_some(), "{wanted}: {outcome:?}");
    }
}

pub(super) fn lease_of(source: u64) -> Lease {
    let attempt = Attempt { owner: owner(source), number: 1 };
    let domain = LockDomain::new(1);
    Lease { attempt, domain, first_sent: None, until: at(90).unix, span: s(40), replays: 0 }
}

#[test]
fn a_spilled_token_is_saved_before_anything_is_sent_again() {
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(lease_of(2));
    let mut slot = Slot::holding(theirs);
    let attempt = lease_of(2).attempt;
    let mut spilled = record(1, 6, "spilled 3600 next");
    spilled.writer = Some(attempt);
    let origin = Obtained::ByRenewal { spent: Generation::new(5) };
    slot.spills.push(PendingSave { attempt, record: spilled, origin });
    let token = Process::new(1, Toy::rotating(Replay::Never)).renew(&mut slot, at(60), vec![]).unwrap();
    assert_eq!(token.expose(), "spilled");
    assert_eq!(slot.log(), ["load", "save", "forget", "load"]);
    assert!(slot.spills.is_empty());
}

#[test]
fn after_a_save_that_may_have_succeeded_the_record_is_loaded() {
    for applied in [Applied::No, Applied::Maybe] {
        let mut slot =
            Slot::holding(record(1, 5, "old 60 refresh")).wrong(&[("lease", applied), ("save", applied)]);
        let token = Process::new(1, Toy::rotating(Replay::Never))
            .renew(&mut slot, at(60), vec![answer(200, "new 60 next")])
            .unwrap();
        assert_eq!(token.expose(), "new", "{applied:?}");
        let again = if applied == Applied::No { 2 } else { 1 };
        let log = slot.log();
        assert_eq!(log.iter().filter(|entry| *entry == "lease alive").count(), again);
        assert_eq!(log.iter().filter(|entry| *entry == "send refresh").count(), 1);
        assert_eq!(slot.record().place().1, Generation::new(6));
    }
}

#[test]
fn a_token_that_the_store_refuses_is_spilled_handed_out_and_saved_later() {
    let mut slot = Slot { never: &["save"], ..Slot::holding(record(1, 5, "old 60 refresh")) };
    let mut process = Process::new(1, rotating());
    let token = process.renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!(token.expose(), "new");
    assert_eq!(slot.spills.len(), 1);
    slot.never = &[];
    let token = Process::new(2, rotating()).renew(&mut slot, at(61), vec![]).unwrap();
    assert_eq!((token.expose(), slot.spills.len()), ("new", 0));
}

#[test]
fn a_token_that_neither_store_nor_fallback_place_takes_is_kept_and_not_handed_out() {
    let mut slot = Slot { never: &["save", "spill"], ..Slot::holding(record(1, 5, "old 60 refresh")) };
    let mut process = Process::new(1, rotating());
    let Decision::Refresh(permit) = process.life.acquire(Need::Fresh, at(60)) else { panic!() };
    let job = permit.job(Arc::clone(&process.provider)).stored_by(process.owner, process.shared_by);
    let (outcome, unfinished) = slot.run(job, at(60), vec![answer(200, "new 60 next")]);
    let error = outcome.error().expect("no caller gets it yet").clone();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("kept in memory"), "{error}");
    let unfinished = unfinished.expect("it is kept");
    assert!(unfinished.pending_save().is_some());
    let Step::Sleep(until, next) = unfinished.recover(at(80)) else { panic!("not at once") };
    assert!(until > at(80).instant);
    let Step::Load(load) = next.resume(at(81)) else { panic!("the store is asked") };
    let loaded = Loaded { stored: slot.stored.clone(), ..Loaded::default() };
    let Step::Save(save) = load.resume(Ok(loaded), at(81)) else { panic!("it is saved") };
    assert_eq!(save.operation.record.place().1, Generation::new(6));
    let Step::Done(Outcome::Adopted(record), None) = save.resume(Ok(Swap::Done(Version::new(9))), at(81))
    else {
        panic!("it is settled")
    };
    process.life.recovered(Outcome::Adopted(record), at(81));
    assert_eq!(process.life.token().map(Token::expose), Some("new"));
    let _ = process.life.complete(permit, outcome, at(81));
}

#[test]
fn a_request_that_never_left_clears_the_lease_and_one_of_unknown_fate_keeps_it() {
    let not_sent = Answer::Failed(TransportError::new(TransportErrorKind::NotSent, "down"));
    for (given, stands) in [(not_sent, false), (lost(), true)] {
        let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
        let result = Process::new(1, Toy::rotating(Replay::Never)).renew(&mut slot, at(60), vec![given]);
        assert!(matches!(kind(&result), Some(ErrorKind::Unavailable { retry_at: Some(_) })));
        assert_eq!(slot.record().lease.is_some(), stands);
        assert!(slot.record().throttle.is_some(), "all processes keep the pause");
    }
}

#[test]
fn a_store_that_cannot_be_read_is_an_error_and_the_code_is_not_sent() {
    let mut slot = Slot { never: &["load"], ..Slot::holding(record(1, 5, "old 60 refresh")) };
    let result = Process::new(1, rotating()).sign_in(&mut slot, at(0), vec![]);
    assert_eq!(kind(&result), Some(ErrorKind::Store));
    let mut slot = Slot { never: &["load"], ..Slot::holding(record(1, 5, "old 60 refresh")) };
    let result = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]);
    assert_eq!(kind(&result), Some(ErrorKind::Store));
}

#[test]
fn a_store_that_was_emptied_gets_nothing_back_from_memory() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut process = Process::new(1, rotating());
    process.renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    slot.stored = None;
    let result = process.renew(&mut slot, at(121), vec![]);
    assert_eq!(reason(&result), Some(LoginReason::StoreLost));
    assert!(slot.stored.is_none());
}

#[test]
fn a_repeatable_grant_goes_on_without_the_store_but_not_after_a_logout_that_it_has_seen() {
    let mut slot = Slot::default().wrong(&[("load", Applied::No)]);
    let mut process = Process::new(1, Toy::with_credentials());
    assert!(process.renew(&mut slot, at(0), vec![answer(200, "one 60")]).is_ok());
    assert_eq!(slot.log(), ["load", "send credentials"]);
    let _ = process.sign_out(&mut slot, at(1), vec![]);
    slot.never = &["load"];
    let result = process.renew(&mut slot, at(2), vec![]);
    assert!(matches!(kind(&result), Some(ErrorKind::LoginRequired { .. } | ErrorKind::Store)), "{result:?}");
}
