//! Unreadable records, locks that are not released, and clocks that were set back.

use core::time::Duration;

use wellspring_core::{ErrorKind, TokenError};
use wellspring_store::contract::Folder;
use wellspring_transport::Clock;
use wellspring_trials::server::Seen;
use wellspring_trials::{Driver, Kind, Source, clock, policy};

use crate::stage::{AMPLE, Stage};

/// Each store with each driver.
fn each(play: impl Fn(Kind, Driver, &Stage)) {
    for kind in Kind::ALL {
        for driver in Driver::ALL {
            let folder = Folder::new();
            play(kind, driver, &Stage::below(kind, folder.path()));
        }
    }
}

#[track_caller]
fn says(error: &TokenError, pieces: &[&str], transient: bool) {
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, transient), "{error:?}");
    for piece in pieces {
        assert!(error.to_string().contains(piece), "{error}");
    }
}

#[test]
fn an_unreadable_record_is_an_error_and_is_neither_overwritten_nor_taken_for_absent() {
    each(|_, driver, stage| {
        let whole = stage.bytes();
        let line = if stage.place.kind() == Kind::File { &whole[..33] } else { &[] };
        let newer = [line, b"wellspring record 7 canary\n"].concat();
        let mut damaged = whole.clone();
        *damaged.last_mut().unwrap() ^= 1;
        let unreadable =
            [(newer, "a newer one wrote it"), (damaged, ""), (whole[..whole.len() / 2].to_vec(), "")];
        for (bytes, why) in unreadable {
            stage.overwrite(&bytes);
            let source = stage.source(driver, &stage.place.open().unwrap(), AMPLE);
            let error = source.token().unwrap_err();
            says(&error, &["nothing was sent", &stage.name(), why], false);
            assert!(!format!("{error:?}").contains("canary"));
            assert_eq!(stage.bytes(), bytes, "an unreadable record stays as it is");
        }
        stage.overwrite(&whole);
        assert_eq!(stage.server.seen(), Seen::default());
        let source = stage.source(driver, &stage.place.open().unwrap(), AMPLE);
        assert_eq!(source.token().unwrap().generation().value(), 2, "nothing was lost");
    });
}

#[test]
fn a_store_that_stays_locked_for_too_long_is_an_error_and_nothing_is_sent() {
    each(|kind, driver, stage| {
        let bytes = stage.bytes();
        let store = stage.place.open().unwrap();
        let source = stage.source(driver, &store, Duration::from_secs(1));
        let lock = stage.lock();
        let error = source.token().unwrap_err();
        says(&error, &["the lease could not be saved, and nothing was sent", "was locked by another"], true);
        assert_eq!((stage.bytes(), stage.server.seen()), (bytes, Seen::default()), "{kind}");
        drop(lock);
        let patient = stage.source(driver, &store, AMPLE);
        assert_eq!(patient.token().unwrap().generation().value(), 2);
        assert_eq!(
            source.acquire(AMPLE).unwrap().generation().value(),
            2,
            "a caller with an error may ask again"
        );
        assert_eq!(stage.server.seen().asked, 1);
    });
}

/// A token with a time of tomorrow is not trusted, and not lost either.
#[test]
fn a_clock_that_was_set_back_a_day_costs_one_renewal_and_no_session() {
    each(|_, driver, stage| {
        let day = Duration::from_secs(86_400);
        let store = stage.place.open().unwrap();
        let tomorrow = Clock::manual((clock::unix() + day).as_secs());
        let minute = policy(AMPLE, AMPLE);
        let of_then =
            Source::with_clock(driver, stage.app(), &store, minute.clone(), (&tomorrow).into()).unwrap();
        assert_eq!(of_then.token().unwrap().generation().value(), 2);
        let now = stage.source(driver, &store, AMPLE);
        assert_eq!(now.token().unwrap().generation().value(), 3);
        tomorrow.step_wall_back(day);
        let token = of_then.token().unwrap();
        assert!(matches!(token.generation().value(), 3 | 4), "{token:?}");
        let seen = stage.server.seen();
        assert_eq!((seen.reused, seen.revoked, seen.exchanged), (0, 0, token.generation().value() - 1));
    });
}
