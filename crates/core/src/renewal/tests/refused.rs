//! A store that refuses an operation until a person corrects it: the renewal does not retry.

use super::stores::{Process, Slot, kind, record, rotating};
use super::*;

#[test]
fn what_a_store_refuses_is_asked_once_and_told_at_once() {
    let refusing = |refused| Slot::holding(record(1, 5, "old 60 refresh")).refusing(refused);
    let mut slot = refusing(&["load"]);
    let mut process = Process::new(1, rotating());
    let error = process.renew(&mut slot, at(60), vec![]).unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, false));
    assert!(error.to_string().contains("nothing was sent: not permitted"), "{error}");
    assert_eq!(slot.log(), ["load"]);
    slot.refused = &[];
    let token = process.renew(&mut slot, at(61), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!(token.expose(), "new", "a second later the store is asked again");

    let mut slot = refusing(&["lease"]);
    let mut process = Process::new(1, rotating());
    let error = process.renew(&mut slot, at(60), vec![]).unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, false));
    assert_eq!(slot.log(), ["load", "lease alive"], "nothing was sent");
    slot.refused = &[];
    assert!(process.renew(&mut slot, at(61), vec![answer(200, "new 60 next")]).is_ok());

    let mut slot = refusing(&["save"]);
    let token = Process::new(1, rotating()).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]);
    assert_eq!(token.unwrap().expose(), "new");
    assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "save", "spill"]);

    let mut slot = refusing(&["load"]);
    let result = Process::new(1, rotating()).sign_in(&mut slot, at(0), vec![]);
    assert_eq!((kind(&result), slot.log()), (Some(ErrorKind::Store), vec!["load".into()]));
}

#[test]
fn a_token_in_force_stays_usable_although_the_store_refuses_a_load() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut process = Process::new(1, rotating());
    process.renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    slot.refused = &["load"];
    assert!(process.renew(&mut slot, at(110), vec![]).is_err());
    let Decision::Use(token) = process.life.acquire(Need::Fresh, at(110)) else { panic!("it is in force") };
    assert_eq!(token.expose(), "new");
}

#[test]
fn a_repeatable_grant_goes_on_without_a_store_that_refuses() {
    let cases: [(&[&str], &[&str]); 2] = [
        (&["load"], &["load", "send credentials"]),
        (&["lease"], &["load", "lease alive", "send credentials"]),
    ];
    for (refused, log) in cases {
        let mut slot = Slot::default().refusing(refused);
        let token =
            Process::new(1, Toy::with_credentials()).renew(&mut slot, at(0), vec![answer(200, "one 60")]);
        assert_eq!(token.unwrap().expose(), "one");
        assert_eq!(slot.log(), log);
    }
}
