//! The invariants: what must hold in every state, and what must hold when something is sent, saved or handed out.

use std::rc::Rc;

use wellspring_core::{ErrorKind, LoginReason, Record, Replay, SessionState, Throttle, TokenError};

use crate::history::FamilyHistory;
use crate::line::Grants;
use crate::provider::{ServerRequest, TokenName};
use crate::server::ServerReply;
use crate::world::{CallerAnswer, Process, Scene, World};

/// An invariant is broken; this says which and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

/// Beyond this, clocks that are meant to differ by little would differ by more than the lifecycle trusts.
const MOST_TICKS: u8 = 15;

/// In an hour, and no more than an hour passes.
const MOST_REFUSALS: u8 = 3;

fn broken<T>(text: String) -> Result<T, Broken> {
    Err(Broken(text))
}

/// Whether the record says that its grant may have been sent and is not sent again.
fn is_ambiguous(record: &Record) -> bool {
    record.dead.is_some_and(|dead| dead.reason == LoginReason::Ambiguous)
}

/// Whether the process has an access token that is not over.
fn in_force(process: &Process) -> bool {
    let now = process.now();
    process.lifecycle.token().is_some_and(|token| token.remaining(now).is_none_or(|left| !left.is_zero()))
}

impl World {
    /// The server gets a request.
    pub(crate) fn serve(
        &mut self,
        scene: &Scene,
        who: usize,
        time: u8,
        server_request: ServerRequest,
    ) -> Result<ServerReply, Broken> {
        if server_request == ServerRequest::Credentials {
            if self.processes[who].saw_logout
                && self
                    .store(who)
                    .record()
                    .is_some_and(|record| matches!(record.state, SessionState::LoggedOut))
            {
                return broken("6: credentials are sent after a logout that was seen".to_owned());
            }
            let throttle = self.store(who).record().and_then(|record| record.throttle.as_ref());
            let now = self.processes[who].now().unix;
            let same = |throttle: &Throttle| self.is_own_credential(scene, who, throttle);
            if throttle.is_some_and(|throttle| same(throttle) && throttle.until > now) {
                return broken("8: credentials that were rejected are sent again".to_owned());
            }
        }
        // A process whose token is newer than a store that went back by several saves takes the session for lost.
        if let ServerRequest::Revoke(name) = server_request
            && !self.history.went_back
            && self
                .store(who)
                .record()
                .and_then(TokenName::of)
                .is_some_and(|stored| stored.family == name.family)
        {
            return broken(format!("6: {name} is revoked while the store holds its session"));
        }
        let reply = Rc::make_mut(&mut self.server).serve(server_request, time, &scene.line);
        let history = Rc::make_mut(&mut self.history);
        if matches!(reply, ServerReply::Granted(_) | ServerReply::Own | ServerReply::Interned) {
            history.client_refusals.clear();
        }
        match reply {
            ServerReply::Granted(name) if server_request == ServerRequest::SignIn => {
                let user = self.processes[who].user;
                let begun = || FamilyHistory { user, ..FamilyHistory::default() };
                history.families.resize_with(usize::from(name.family), begun);
            }
            ServerReply::Refused(name) | ServerReply::Next(name) => {
                let past = history.past_mut(name);
                past.refused |= name.bit();
                past.refusals += 1;
                if past.refusals > MOST_REFUSALS {
                    return broken(format!("8: the server has to refuse {name} again and again"));
                }
            }
            _ => {}
        }
        if let ServerRequest::Refresh(name) = server_request {
            let family = self.server.family(name);
            if family.reuse && scene.line.replay == Replay::Never && !self.history.went_back {
                return broken(format!("3: {name} came twice, and the server has revoked its family"));
            }
        }
        Ok(reply)
    }

    /// A request is about to leave: is that allowed?
    pub(crate) fn may_send(
        &mut self,
        scene: &Scene,
        who: usize,
        server_request: ServerRequest,
    ) -> Result<(), Broken> {
        let ServerRequest::Refresh(name) = server_request else { return Ok(()) };
        self.is_own(who, name, "sent")?;
        let granted = self.store(who).record().filter(|record| TokenName::of(record) == Some(name));
        let could_be_had =
            granted.and_then(Record::granted).is_some_and(|granted| granted.response.lifetime.is_none());
        // What credentials bring without the store may stand where another's token stands in it.
        let tells_apart = scene.line.grant == Grants::Rotating;
        if could_be_had && self.processes[who].refused != Some(name) && tells_apart {
            return broken(format!("3: {name} is spent though the token that came with it could be had"));
        }
        if let Some(record) = self.store(who).record()
            && record.dead.is_some()
            // The owner of a lapsed lease may be alive, and may send for the first time.
            && !is_ambiguous(record)
            && TokenName::of(record) == Some(name)
        {
            return broken(format!("8: {name} is sent though the store says that it is dead"));
        }
        let time = self.processes[who].ticks;
        let past = self.history.past(name).clone();
        let family = self.server.family(name);
        let live = TokenName { number: family.live, ..name };
        // After a failover the record may say nothing of an earlier lease: what is sent then is counted at the end.
        if past.sent & name.bit() != 0 && scene.line.is_single_use() && !self.history.went_back {
            let answered = self.history.unreadable.contains(&(name, self.processes[who].owner()));
            if answered && !matches!(scene.line.replay, Replay::Within(_)) {
                return broken(format!("6: {name} is sent again though the server has answered it"));
            }
            let overtaken = name != live && !family.revoked && !past.over && !past.idle;
            match scene.line.replay {
                Replay::Never => return broken(format!("3: {name} is sent twice")),
                Replay::OwnerDead if overtaken && self.is_held(live) => {
                    return broken(format!("3: {name} is sent again though {live} could still be had"));
                }
                Replay::Within(_) if past.since < time && !scene.line.is_fleet() => {
                    return broken(format!("3: {name} is sent again after its window"));
                }
                Replay::LastResort if past.sent_again & name.bit() != 0 => {
                    return broken(format!("3: {name} is sent a third time"));
                }
                Replay::LastResort if in_force(&self.processes[who]) => {
                    return broken(format!("3: {name} is sent again though the access token is in force"));
                }
                _ => {}
            }
        }
        let past = Rc::make_mut(&mut self.history).past_mut(name);
        past.sent_again |= past.sent & name.bit();
        if past.sent & name.bit() == 0 && matches!(scene.line.replay, Replay::Within(_)) {
            past.since = time;
        }
        past.sent |= name.bit();
        Ok(())
    }

    /// The token belongs to the user of this process.
    fn is_own(&self, who: usize, name: TokenName, verb: &str) -> Result<(), Broken> {
        if self.history.past(name).user == self.processes[who].user {
            return Ok(());
        }
        broken(format!("12: {name} of another user is {verb}"))
    }

    /// The store of this process has taken this in place of that.
    pub(crate) fn saved(
        &mut self,
        scene: &Scene,
        who: usize,
        before: Option<&Record>,
        record: &Record,
    ) -> Result<(), Broken> {
        Self::check_record(record)?;
        let user = self.processes[who].user;
        if let Some(name) = before.and_then(TokenName::of) {
            self.is_own(who, name, "replaced")?;
        }
        if before.is_some_and(|before| before.place() > record.place()) {
            return broken("6: an older record replaces a newer one".to_owned());
        }
        if let Some(throttle) = record.throttle.as_ref()
            && before.is_none_or(|before| before.throttle.as_ref() != Some(throttle))
        {
            self.check_pause(scene, who, record, throttle)?;
        }
        let marked =
            |record: &Record| is_ambiguous(record) && before.is_none_or(|before| !is_ambiguous(before));
        if marked(record) && before.is_none_or(|before| before.lease.is_none()) {
            return broken(
                "8: a grant is marked as ambiguous, and no lease says that it was sent".to_owned(),
            );
        }
        if let Some(before) = before.filter(|before| is_ambiguous(before))
            && record.lease.is_some()
            && TokenName::of(before) == TokenName::of(record)
        {
            return broken("8: a grant that is marked as ambiguous is leased".to_owned());
        }
        let new_epoch = before.is_none_or(|before| before.epoch < record.epoch);
        let history = Rc::make_mut(&mut self.history);
        let name = TokenName::of(record);
        if let Some(name) = name {
            if history.past(name).over {
                return broken(format!("6, 10: {name} is back in the store, though its session was over"));
            }
            history.past_mut(name).saved |= name.bit();
        }
        if matches!(record.state, SessionState::LoggedOut) {
            history.logged_out |= 1 << user;
            if let Some(writer) =
                record.writer.filter(|_| before.is_some_and(|before| before.granted().is_some()))
            {
                if history.tombstones.contains(&writer) {
                    return broken("6: one logout ends two sessions".to_owned());
                }
                history.tombstones.push(writer);
            }
            history.end_families(user, None);
        } else if new_epoch || name.is_none() {
            history.end_families(user, name);
        }
        Ok(())
    }

    /// Callers of this process get this token.
    pub(crate) fn hand_out(&self, who: usize, text: &str) -> Result<CallerAnswer, Broken> {
        let Some(name) = TokenName::parse(text) else { return Ok(CallerAnswer::Fresh) };
        self.is_own(who, name, "handed out")?;
        let machine = self.processes[who].machine;
        let spilled = self
            .store(who)
            .spilled_on(machine)
            .any(|pending_save| TokenName::of(&pending_save.record) == Some(name));
        if self.history.past(name).saved & name.bit() == 0 && !spilled {
            return broken(format!("4: {name} is handed out, neither stored nor spilled"));
        }
        Ok(CallerAnswer::Fresh)
    }

    /// Callers of this process get this error.
    pub(crate) fn refuse(
        &self,
        scene: &Scene,
        who: usize,
        error: &TokenError,
    ) -> Result<CallerAnswer, Broken> {
        let ErrorKind::LoginRequired { reason } = error.kind() else {
            let can_do_without = scene.line.grant == Grants::Credentials && !self.processes[who].saw_logout;
            if can_do_without && matches!(error.kind(), ErrorKind::Store | ErrorKind::Busy) {
                return broken("11: the store stops a grant that can do without it".to_owned());
            }
            return Ok(CallerAnswer::Later);
        };
        if scene.line.grant == Grants::Credentials && reason != LoginReason::LoggedOut {
            return broken(format!("callers get {reason:?}, and credentials need no sign-in"));
        }
        let history = &self.history;
        let user = self.processes[who].user;
        let own = || history.families.iter().filter(|past| past.user == user);
        let refused = own().any(|past| past.refused != 0);
        let lost = own().any(|past| past.lost != 0);
        let claimed =
            self.store(who).record().is_some_and(|record| record.lease.is_some() || is_ambiguous(record));
        let in_reach = self.session_in_reach(who);
        let truthful = match reason {
            LoginReason::LoggedOut => history.logged_out(user),
            LoginReason::StoreLost | LoginReason::NotSignedIn => history.emptied || history.went_back,
            LoginReason::Refused => refused,
            LoginReason::Unreadable => {
                history.unreadable.iter().any(|(name, _)| history.past(*name).user == user)
            }
            LoginReason::Ambiguous => {
                let spurious = scene.line.replay == Replay::OwnerDead && !scene.line.may_lose_sight();
                // The refused token may have given way to a new session that no process here could know of.
                (claimed || lost || refused) && !(spurious && in_reach.is_some() && !refused)
            }
            _ => false,
        };
        if !truthful {
            return broken(format!("callers get {reason:?}, which is not true"));
        }
        let needless = in_reach.is_some() && reason != LoginReason::LoggedOut;
        Ok(CallerAnswer::Login { reason, needless })
    }

    /// What must hold in every state.
    pub(crate) fn check(&self, scene: &Scene) -> Result<(), Broken> {
        // With one process no other clock stands still meanwhile.
        let one_clock = scene.line.has_callers() && scene.line.machines.len() == 1;
        for process in &self.processes {
            process.check_callers()?;
        }
        if !one_clock && self.processes.iter().any(|process| process.ticks >= MOST_TICKS) {
            return broken(
                "the model itself: clocks of one machine would be more than a minute apart".to_owned(),
            );
        }
        let is_dead = |record: &&Record| record.dead.is_some() && !is_ambiguous(record);
        let dead = self.stores.iter().filter_map(|store| store.record().filter(is_dead));
        for name in dead.filter_map(TokenName::of) {
            let unread = self.history.unreadable.iter().any(|(answered, _)| *answered == name);
            if self.history.past(name).refused & name.bit() == 0 && !unread {
                return broken(format!("5: {name} is called dead, and the server has not said so"));
            }
        }
        if !scene.line.is_single_use() {
            return Ok(());
        }
        for (n, (family, past)) in self.server.families.iter().zip(&self.history.families).enumerate() {
            let family_number = u8::try_from(n + 1).expect("few users sign in");
            let live = TokenName { family: family_number, number: family.live };
            let excused = family.revoked || past.over || past.idle || past.lost & live.bit() != 0;
            // What a failover takes, and what it makes a process give up, no rule can keep.
            if !excused && !self.history.went_back && !self.is_held(live) {
                return broken(format!(
                    "4: {live} is in force at the server, and no process has it any more"
                ));
            }
        }
        Ok(())
    }

    /// A session continues at the server and in no store, though no user has ended it.
    pub(crate) fn has_lost_a_session(&self) -> bool {
        let pasts = self.history.families.iter().zip(&self.server.families).zip(1..);
        pasts.into_iter().any(|((past, family), number)| {
            let live = TokenName { family: number, number: family.live };
            !family.revoked && !past.over && !past.idle && !self.is_held(live)
        })
    }

    /// A crash or a lost answer takes a token that is in force at the server, unless a process has it.
    pub(crate) fn lose(&mut self, name: TokenName) {
        if !self.is_held(name) {
            Rc::make_mut(&mut self.history).past_mut(name).lost |= name.bit();
        }
    }
}
