//! The checker itself has to be able to fail.

use core::time::Duration;

use wellspring_core::{
    CONFLICT, LOADED, LoginReason, OBSTACLES, PendingSave, REPLAY, Replay, SessionState, Table, TokenError,
    Version,
};

use crate::cells::CELLS;
use crate::invariants::Broken;
use crate::line::{Line, Mutation, Trouble};
use crate::mutants::Shows;
use crate::provider::{ServerRequest, TokenName};
use crate::search::explore;
use crate::store_model::Unnamed;
use crate::world::{CallerAnswer, Scene, World};

const FIRST: TokenName = TokenName { family: 1, number: 1 };
const SECOND: TokenName = TokenName { family: 1, number: 2 };

fn scene(replay: Replay) -> (Scene, World) {
    let scene = Scene::new(Line::new("a line", replay));
    let world = World::begin(&scene);
    (scene, world)
}

fn what<T>(result: Result<T, Broken>) -> String {
    result.err().map(|Broken(what)| what).unwrap_or_default()
}

#[test]
fn a_single_use_token_that_is_sent_twice_is_found() {
    let (scene, mut world) = scene(Replay::Never);
    world.may_send(&scene, 0, ServerRequest::Refresh(FIRST)).unwrap();
    assert!(what(world.may_send(&scene, 1, ServerRequest::Refresh(FIRST))).starts_with("3:"));
}

#[test]
fn a_server_that_sees_a_spent_token_revokes_its_family() {
    let (scene, mut world) = scene(Replay::OwnerDead);
    for _ in 0..2 {
        world.serve(&scene, 0, 0, ServerRequest::Refresh(FIRST)).unwrap();
    }
    assert!(world.server.family(FIRST).reuse);
}

#[test]
fn a_token_that_is_not_saved_is_neither_handed_out_nor_dropped() {
    let (scene, mut world) = scene(Replay::OwnerDead);
    world.serve(&scene, 0, 0, ServerRequest::Refresh(FIRST)).unwrap();
    assert!(what(world.hand_out(0, &SECOND.to_string())).starts_with("4:"));
    assert!(what(world.check(&scene)).starts_with("4:"));
    let mut record = world.stores[0].record().unwrap().clone();
    let SessionState::Active(granted) = &mut record.state else { unreachable!() };
    granted.response = crate::provider::granted(Some(SECOND));
    let attempt = wellspring_core::Attempt { owner: world.processes[0].owner(), number: 1 };
    let origin = wellspring_core::Obtained::ByRenewal { spent: record.generation };
    world.store_mut(0).spill(0, PendingSave { attempt, record, origin });
    assert_eq!(world.hand_out(0, &SECOND.to_string()), Ok(CallerAnswer::Fresh));
    world.check(&scene).unwrap();
}

#[test]
fn a_process_that_uses_the_session_of_another_user_is_found() {
    let scene = Scene::new(Line { users: &[0, 1], ..Line::new("a line", Replay::OwnerDead) });
    let mut world = World::begin(&scene);
    let stranger = TokenName { family: 2, ..FIRST };
    assert!(what(world.hand_out(0, &stranger.to_string())).starts_with("12:"));
    assert!(what(world.may_send(&scene, 0, ServerRequest::Refresh(stranger))).starts_with("12:"));
    let before = world.store(1).record().unwrap().clone();
    let mut tombstone = before.clone();
    tombstone.state = SessionState::LoggedOut;
    assert!(what(world.saved(&scene, 0, Some(&before), &tombstone)).starts_with("12:"));
    assert_eq!(world.saved(&scene, 1, Some(&before), &tombstone), Ok(()));
    assert_eq!(world.hand_out(0, &FIRST.to_string()), Ok(CallerAnswer::Fresh));
}

/// A store in which a save that replaces this version, and holds this token, has no name yet.
fn with_unnamed_save(world: &mut World, expected: Option<Version>, name: TokenName) {
    let mut record = world.store(0).record().expect("a user has signed in").clone();
    let SessionState::Active(granted) = &mut record.state else { unreachable!() };
    granted.response = crate::provider::granted(Some(name));
    world.store_mut(0).unnamed = Some(Unnamed { expected, record });
}

#[test]
fn a_save_without_a_name_is_finished_over_the_version_that_it_replaces_and_over_no_other() {
    let (scene, mut world) = scene(Replay::OwnerDead);
    let version = world.store(0).version();
    with_unnamed_save(&mut world, None, SECOND);
    assert!(!world.is_held(SECOND));
    world.settle_unnamed(&scene, 0).unwrap();
    assert_eq!((world.store(0).version(), &world.store(0).unnamed), (version, &None));
    with_unnamed_save(&mut world, version, SECOND);
    assert!(world.is_held(SECOND));
    world.settle_unnamed(&scene, 0).unwrap();
    assert_eq!(world.store(0).record().and_then(TokenName::of), Some(SECOND));
    assert!(world.store(0).version() != version && world.store(0).unnamed.is_none());
}

#[test]
fn what_callers_are_told_has_to_be_true() {
    let (scene, world) = scene(Replay::OwnerDead);
    for reason in [
        LoginReason::LoggedOut,
        LoginReason::Refused,
        LoginReason::Ambiguous,
        LoginReason::Unreadable,
        LoginReason::StoreLost,
    ] {
        assert!(what(world.refuse(&scene, 0, &TokenError::login_required(reason))).ends_with("not true"));
    }
    assert_eq!(world.refuse(&scene, 0, &TokenError::unavailable("down")), Ok(CallerAnswer::Later));
}

#[test]
fn a_watcher_that_says_too_soon_that_the_owner_is_gone_is_found_with_the_way_there() {
    let mut line = Line::new("a line", Replay::OwnerDead);
    line.mutation = Some(Mutation::GoneTooSoon);
    let broken = explore(line, 100_000).broken.unwrap();
    assert!(broken.starts_with("3:") && broken.contains("asks for a token"), "{broken}");
}

#[test]
fn a_participant_that_can_never_end_is_found() {
    let mut line = Line::new("a line", Replay::OwnerDead);
    (line.mutation, line.impatience) = (Some(Mutation::LivenessLockWhileWatching), 0);
    line.troubles = &[Trouble::Crash];
    let broken = explore(line, 100_000).broken.unwrap();
    assert!(broken.starts_with("nothing that does not go wrong ends it"), "{broken}");
}

#[test]
fn every_cell_of_a_renewals_tables_is_dropped_once() {
    let dropped = |table, cells| {
        (0..cells).all(|cell| {
            let mutation = Mutation::Cell(table, cell);
            CELLS.iter().copied().flatten().filter(|mutant| mutant.mutation == mutation).count() == 1
        })
    };
    assert!(dropped(Table::Loaded, LOADED.len() * LOADED[0].1.len()));
    assert!(dropped(Table::Replay, REPLAY.len() * REPLAY[0].1.len()));
    assert!(dropped(Table::Conflict, CONFLICT.len() * CONFLICT[0].1.len()));
    assert!(dropped(Table::Fault, OBSTACLES.len()));
}

#[test]
fn the_world_that_shows_a_dropped_cell_is_not_broken_without_the_mistake() {
    for mutant in CELLS.iter().copied().flatten().filter(|mutant| mutant.shows == Shows::Broken) {
        let line = Line { mutation: None, ..mutant.line };
        assert_eq!(explore(line, 30_000).broken, None, "{:?}", mutant.mutation);
    }
}

#[test]
fn a_line_in_which_nothing_goes_wrong_is_explored_whole() {
    let mut line = Line::new("a line", Replay::Within(Duration::from_secs(3)));
    line.faults = 0;
    let found = explore(line, 100_000);
    assert!(found.exhausted && found.broken.is_none() && found.needless == 0 && found.ends > 0, "{found:?}");
}
