//! Changes of a record without a request: other processes write at the same time, and the store fails.

use super::stores::{Slot, owner, record, rotating};
use super::*;
use crate::attachments::Attachments;
use crate::existing_tokens::ExistingTokens;
use crate::renewal::amend::Amendment;
use crate::store::{Applied, Obtained, PendingSave, SharedBy};

fn import() -> Amendment {
    Amendment::Import(ExistingTokens::new("ours").with_access_token("access", at(600).unix))
}

fn attach(name: &str) -> Amendment {
    let mut added = Attachments::default();
    assert!(added.insert(name, b"bytes"));
    Amendment::Attach(added)
}

/// Carries the change out. Returns the lifecycle and the outcome.
fn amend(slot: &mut Slot, amendment: Amendment) -> (Lifecycle, Outcome) {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let job = life.amend(rotating().arc(), amendment).unwrap().stored_by(owner(7), SharedBy::Host);
    let (outcome, unfinished) = slot.run(job, at(10), vec![]);
    assert!(unfinished.is_none(), "the caller has the tokens still");
    (life, outcome)
}

fn imported(slot: &mut Slot) -> bool {
    let (mut life, outcome) = amend(slot, import());
    life.imported(outcome, at(10)).unwrap()
}

fn refresh_token(slot: &Slot) -> &str {
    slot.record().granted().unwrap().response.refresh_token.as_ref().unwrap().expose()
}

#[test]
fn of_two_programs_that_import_at_once_one_begins_the_session() {
    let mut slot = Slot::default();
    slot.while_saved = Some(record(1, 1, "access 60 theirs"));
    assert!(!imported(&mut slot));
    assert_eq!(
        (slot.log(), refresh_token(&slot)),
        (vec!["load".into(), "save".into(), "load".into()], "theirs")
    );
}

#[test]
fn an_import_whose_save_got_no_answer_looks_whether_it_was_made() {
    for (applied, saves) in [(Applied::Maybe, 1), (Applied::No, 2)] {
        let mut slot = Slot::default().wrong(&[("save", applied)]);
        assert!(imported(&mut slot), "{applied:?}");
        assert_eq!(slot.log().iter().filter(|what| *what == "save").count(), saves, "{applied:?}");
        assert_eq!(refresh_token(&slot), "ours");
    }
}

#[test]
fn a_spilled_token_is_a_session_which_an_import_does_not_replace() {
    let spilled = record(1, 2, "access 60 spilled");
    let attempt = Attempt { owner: owner(3), number: 1 };
    let spilled = PendingSave { attempt, record: spilled, origin: Obtained::BySignIn { seen: None } };
    let mut slot = Slot::default();
    slot.spills = vec![spilled];
    assert!(!imported(&mut slot));
    assert_eq!(slot.log(), ["load"]);
}

#[test]
fn an_imported_session_is_used_and_refreshed_like_any_other() {
    let mut slot = Slot::default();
    let (mut life, outcome) = amend(&mut slot, import());
    assert!(life.imported(outcome, at(10)).unwrap());
    let Decision::Use(token) = life.acquire(Need::Fresh, at(11)) else { panic!("no token is in force") };
    assert_eq!((token.expose(), token.remaining(at(11))), ("access", Some(s(589))));
    assert_eq!(slot.record().writer, Some(Attempt { owner: owner(7), number: 1 }));
}

#[test]
fn attachments_of_two_processes_at_once_are_both_kept() {
    let mut theirs = record(1, 1, "access 60 refresh");
    assert!(theirs.attachments.insert("theirs", b"x"));
    let mut slot = Slot::holding(record(1, 1, "access 60 refresh"));
    slot.while_saved = Some(theirs);
    let (life, outcome) = amend(&mut slot, attach("ours"));
    assert_eq!(life.attached(outcome).unwrap().names().collect::<Vec<_>>(), ["theirs", "ours"]);
    assert_eq!(slot.record().attachments.names().count(), 2);
    assert_eq!(slot.log(), ["load", "save", "load", "save"]);
}

#[test]
fn an_attachment_whose_save_got_no_answer_is_not_saved_twice() {
    let mut slot = Slot::holding(record(1, 1, "access 60 refresh")).wrong(&[("save", Applied::Maybe)]);
    let (life, outcome) = amend(&mut slot, attach("ours"));
    assert!(life.attached(outcome).is_ok());
    assert_eq!(slot.log(), ["load", "save", "load"]);
}

#[test]
fn a_store_that_takes_no_change_is_an_error_that_says_so() {
    for (amendment, holding) in [(import(), false), (attach("ours"), true)] {
        let slot =
            || if holding { Slot::holding(record(1, 1, "access 60 refresh")) } else { Slot::default() };
        let error = |slot: &mut Slot| amend(slot, amendment.clone()).1.error().expect("a failure").clone();
        let refused = error(&mut slot().refusing(&["save"]));
        assert_eq!(refused.to_string(), "the session was not changed: not permitted");
        assert!(refused.kind() == ErrorKind::Store && !refused.is_transient());
        let mut failing = slot();
        failing.never = &["load"];
        assert!(error(&mut failing).is_transient());
    }
}
