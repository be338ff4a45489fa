//! Pseudo-random records for tests. Equal numbers give equal records.

use core::time::Duration;

use wellspring_core::{
    AccessToken, Attachments, Attempt, Cause, CauseKind, Dead, Epoch, ErrorSubject, Fingerprint, Generation,
    Granted, Lease, LockDomain, LoginReason, Members, Obtained, Owner, PendingSave, Proven, Record,
    RefreshToken, Scope, SessionState, Throttle, TokenResponse, UnixTime, UnknownFields, Witnesses,
};

/// A pseudo-random generator (SplitMix64).
struct Generator(u64);

impl Generator {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// A count; one in four is zero or the maximum.
    fn count(&mut self) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => u64::MAX,
            _ => self.number() >> self.below(64),
        }
    }

    fn optional<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| value(self))
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 8] = ["a", "Z9", " ", "\n", "é", "\0", "record 1 ", "🦀"];
        let length = self.below(20);
        (0..length).map(|_| PIECES[usize::try_from(self.below(8)).unwrap_or(0)]).collect()
    }

    fn choice<T: Copy, const N: usize>(&mut self, values: [T; N]) -> T {
        values[usize::try_from(self.below(N as u64)).unwrap_or(0)]
    }

    fn duration(&mut self) -> Duration {
        Duration::new(self.count(), u32::try_from(self.below(1_000_000_000)).unwrap_or(0))
    }

    fn time(&mut self) -> UnixTime {
        UnixTime::after_epoch(self.duration())
    }

    fn small(&mut self) -> u32 {
        u32::try_from(self.count() >> 32).unwrap_or(0)
    }

    fn attempt(&mut self) -> Attempt {
        let owner = Owner {
            machine: self.count(),
            boot: u128::from(self.count()) << 64 | u128::from(self.count()),
            process: self.small(),
            source: self.count(),
        };
        Attempt { owner, number: self.count() }
    }

    fn domain(&mut self) -> Option<LockDomain> {
        LockDomain::new(u128::from(self.count()) << 64 | u128::from(self.count()))
    }

    fn granted(&mut self) -> Granted {
        let mut response = TokenResponse::new(AccessToken::new(self.text()));
        response.lifetime = self.optional(Self::duration);
        response.refresh_token = self.optional(|generator| RefreshToken::new(generator.text()));
        response.refresh_lifetime = self.optional(Self::duration);
        response.members = self.members();
        response.scope = self.optional(|generator| {
            let words = [generator.text(), generator.text(), generator.text()];
            words.iter().map(String::as_str).collect::<Scope>()
        });
        let mut granted = Granted::new(self.time(), response);
        granted.reusable = self.below(2) == 0;
        granted.requested_scope = self
            .optional(|generator| [generator.text(), generator.text()].iter().map(String::as_str).collect());
        granted
    }

    fn members(&mut self) -> Members {
        let mut members = Members::default();
        for _ in 0..self.below(3) {
            let _ = members.insert_text(self.text(), self.text())
                && members.insert_json(self.text(), "[{\"a\":1}]");
        }
        members
    }

    fn attachments(&mut self) -> Attachments {
        let mut attachments = Attachments::default();
        for _ in 0..self.below(3) {
            let bytes: Vec<u8> = (0..self.below(40)).map(|_| self.number().to_le_bytes()[0]).collect();
            let _ = attachments.insert(self.text(), bytes);
        }
        attachments
    }

    fn lease(&mut self) -> Lease {
        Lease {
            attempt: self.attempt(),
            domain: self.optional(|generator| generator.domain()).flatten(),
            first_sent: self.optional(Self::time),
            until: self.time(),
            span: self.duration(),
            replays: self.small(),
        }
    }

    fn dead(&mut self) -> Dead {
        let reason = self.choice([
            LoginReason::NotSignedIn,
            LoginReason::Refused,
            LoginReason::InteractionRequired,
            LoginReason::Expired,
            LoginReason::Ambiguous,
            LoginReason::Unreadable,
            LoginReason::LoggedOut,
            LoginReason::StoreLost,
            LoginReason::ScopeMissing,
        ]);
        Dead { reason, since: self.time() }
    }

    fn throttle(&mut self) -> Throttle {
        let kind = self.choice([
            CauseKind::Unavailable,
            CauseKind::Misconfigured,
            CauseKind::Protocol,
            CauseKind::FromIntermediary,
        ]);
        Throttle {
            until: self.time(),
            failures: self.small(),
            credential: self
                .optional(|generator| Fingerprint { salt: generator.count(), hash: generator.count() }),
            cause: Cause {
                kind,
                text: self.text(),
                code: self.optional(Self::text),
                status: self.choice([None, Some(401), Some(u16::MAX)]),
                without_verdict: self.choice([false, true]),
                subject: self.choice([
                    None,
                    Some(ErrorSubject::TokenUrl),
                    Some(ErrorSubject::ClientCertificate),
                ]),
            },
            since: self.time(),
            witnesses: Witnesses {
                undecided: self.small(),
                verdicts: [self.time(), self.time(), UnixTime::EPOCH],
            },
        }
    }

    fn record(&mut self) -> Record {
        let (epoch, generation) = (Epoch::new(self.count()), Generation::new(self.count()));
        let state = match self.below(4) {
            0 => SessionState::Empty,
            1 => SessionState::LoggedOut,
            _ => SessionState::Active(self.granted()),
        };
        let mut record = Record::new(epoch, generation, state);
        record.writer = self.optional(Self::attempt);
        record.lease = self.optional(Self::lease);
        record.dead = self.optional(Self::dead);
        record.throttle = self.optional(Self::throttle);
        record.proven = self.optional(|generator| Proven {
            credential: Fingerprint { salt: generator.count(), hash: generator.count() },
            at: generator.time(),
        });
        record.attachments = self.attachments();
        record.unknown = self.optional(|_| UnknownFields::new("+next 3 a\nb\n")).unwrap_or_default();
        record.forgotten = self.below(2) == 0;
        record
    }
}

/// The record of this number. Any of its parts may be absent, unusual or extreme.
#[must_use]
pub fn record(number: u64) -> Record {
    Generator(number).record()
}

/// The spilled token of this number.
#[must_use]
pub fn pending_save(number: u64) -> PendingSave {
    let mut generator = Generator(number);
    let origin = if generator.below(2) == 0 {
        Obtained::ByRenewal { spent: Generation::new(generator.count()) }
    } else {
        Obtained::BySignIn { seen: generator.optional(|generator| Epoch::new(generator.count())) }
    };
    PendingSave { attempt: generator.attempt(), record: generator.record(), origin }
}

/// The same spilled token, without what only a later format than 1 has.
#[must_use]
pub fn of_format_1(mut pending_save: PendingSave) -> PendingSave {
    let record = &mut pending_save.record;
    record.lease = record.lease.map(|lease| Lease { domain: None, ..lease });
    if let SessionState::Active(granted) = &mut record.state {
        granted.requested_scope = None;
        granted.response.members = Members::default();
    }
    record.attachments = Attachments::default();
    record.proven = None;
    if let Some(throttle) = &mut record.throttle {
        (throttle.since, throttle.witnesses) = (UnixTime::EPOCH, Witnesses::default());
        (throttle.cause.status, throttle.cause.without_verdict) = (None, false);
    }
    record.forgotten = false;
    record.unknown = UnknownFields::default();
    pending_save
}

/// An empty record of this generation.
#[must_use]
pub fn counting(generation: u64) -> Record {
    Record::new(Epoch::default(), Generation::new(generation), SessionState::Empty)
}

/// A record with an access token of this length.
#[must_use]
pub fn of_length(length: usize) -> Record {
    let response = TokenResponse::new(AccessToken::new("t".repeat(length)));
    Record::new(
        Epoch::new(1),
        Generation::new(1),
        SessionState::Active(Granted::new(UnixTime::EPOCH, response)),
    )
}

/// A record with a lease and with as much attached as a session may have.
#[must_use]
pub fn with_attachments() -> Record {
    let mut record = of_length(1);
    record.lease = Some(Generator(1).lease());
    let fits = record.attachments.insert("a", vec![7; Attachments::MAX_BYTES]);
    debug_assert!(fits, "so much may be attached");
    record
}

/// Whether these records are equal in everything that a store keeps.
#[must_use]
pub fn same(a: &Record, b: &Record) -> bool {
    let states_are_same = match (&a.state, &b.state) {
        (SessionState::Empty, SessionState::Empty) | (SessionState::LoggedOut, SessionState::LoggedOut) => {
            true
        }
        (SessionState::Active(a), SessionState::Active(b)) => {
            let (x, y) = (&a.response, &b.response);
            a.obtained_at == b.obtained_at
                && a.reusable == b.reusable
                && a.requested_scope == b.requested_scope
                && x.access_token == y.access_token
                && x.lifetime == y.lifetime
                && x.refresh_token == y.refresh_token
                && x.refresh_lifetime == y.refresh_lifetime
                && x.scope == y.scope
                && same_members(&x.members, &y.members)
        }
        _ => false,
    };
    states_are_same
        && a.place() == b.place()
        && a.writer == b.writer
        && a.lease == b.lease
        && a.dead == b.dead
        && a.throttle == b.throttle
        && a.proven == b.proven
        && a.attachments.iter().eq(b.attachments.iter())
        && a.forgotten == b.forgotten
        && a.unknown.expose() == b.unknown.expose()
}

fn same_members(a: &Members, b: &Members) -> bool {
    let parts = |members: &Members| -> Vec<(String, String, bool)> {
        members.iter().map(|(name, member)| (name.into(), member.expose().into(), member.is_text())).collect()
    };
    parts(a) == parts(b)
}

/// Whether these are equal in everything that a spill file keeps.
#[must_use]
pub fn same_pending_save(a: &PendingSave, b: &PendingSave) -> bool {
    a.attempt == b.attempt && a.origin == b.origin && same(&a.record, &b.record)
}
