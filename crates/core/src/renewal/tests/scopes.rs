//! The scopes of a stored session against those that a source needs.

use std::vec;

use super::stores::{Process, Slot, rotating};
use super::*;

/// A sign-in for this scope; then one renewal of a source that needs that scope, from the same store.
fn signed_in_for(scope: &str, needed: &str) -> (Result<Token, TokenError>, Slot) {
    let mut slot = Slot::default();
    Process::new(1, rotating().asking_for(scope))
        .sign_in(&mut slot, at(0), vec![answer(200, "one 60 refresh")])
        .unwrap();
    (Process::new(2, rotating().asking_for(needed)).renew(&mut slot, at(30), vec![]), slot)
}

#[test]
fn a_session_without_a_scope_that_is_needed_asks_for_a_sign_in_and_names_the_scope() {
    let (result, mut slot) = signed_in_for("profile", "balance profile");
    assert_eq!(reason(&result), Some(LoginReason::ScopeMissing));
    let text = result.unwrap_err().to_string();
    assert_eq!(text, "the user has signed in without the scope balance, which is needed now");
    assert!(!slot.log().iter().any(|entry| entry == "send refresh"), "the refresh token is whole");
}

#[test]
fn a_session_with_more_scopes_than_needed_serves() {
    for (scope, needed) in [("balance profile", "profile"), ("profile", ""), ("", "profile")] {
        let (result, _) = signed_in_for(scope, needed);
        assert_eq!(result.unwrap().expose(), "one", "{scope:?} {needed:?}");
    }
}

#[test]
fn a_scope_that_the_server_has_renamed_or_left_out_is_not_missing() {
    let mut slot = Slot::default();
    let process = || Process::new(1, rotating().asking_for("offline_access openid"));
    process().sign_in(&mut slot, at(0), vec![answer(200, "one 60 refresh openid")]).unwrap();
    assert_eq!(process().renew(&mut slot, at(30), vec![]).unwrap().expose(), "one");
}

#[test]
fn a_wider_sign_in_supersedes_the_narrower_one_in_the_same_record() {
    let (result, mut slot) = signed_in_for("profile", "balance profile");
    assert!(result.is_err());
    let before = slot.record().epoch;
    let wide = || rotating().asking_for("balance profile");
    Process::new(3, wide()).sign_in(&mut slot, at(40), vec![answer(200, "wide 60 other")]).unwrap();
    assert!(slot.record().epoch > before);
    let refreshed = vec![answer(200, "wide2 60 another")];
    assert_eq!(Process::new(4, wide()).renew(&mut slot, at(101), refreshed).unwrap().expose(), "wide2");
    let narrow = Process::new(5, rotating().asking_for("profile")).renew(&mut slot, at(110), vec![]);
    assert_eq!(narrow.unwrap().expose(), "wide2", "the renewal keeps what the sign-in asked for");
    let wider = Process::new(6, rotating().asking_for("more profile")).renew(&mut slot, at(110), vec![]);
    assert!(wider.unwrap_err().to_string().contains("without the scope more,"));
}
