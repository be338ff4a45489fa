//! Renewals and records that something newer has overtaken.

use super::*;

fn record(epoch: u64, generation: u64, obtained: u64, text: &str) -> Record {
    let grant = SessionState::Active(Granted::new(at(obtained).unix, granted(text)));
    Record::new(Epoch::new(epoch), Generation::new(generation), grant)
}

#[test]
fn newer_means_newer_and_a_renewal_of_the_same_place_is_no_news() {
    let mut life = with_token();
    assert!(matches!(life.acquire(Need::Newer(Generation::new(0)), at(10)), Decision::Use(_)));
    let permit = permit(life.acquire(Need::Newer(Generation::new(1)), at(10)));
    let record = record(0, 1, 10, "old 60");
    let Completed::Adopted(token) = life.complete(permit, Outcome::Renewed(record, at(10)), at(10)) else {
        panic!()
    };
    assert_eq!((token.expose(), life.token().map(Token::expose)), ("one", Some("one")));
}

#[test]
fn a_sign_in_during_a_renewal_wins_and_the_renewal_is_told() {
    let mut life = signed_in("one 60 refresh");
    let permit1 = permit(life.acquire(Need::Fresh, at(60)));
    life.take_over(granted("fresh 60 other"), at(61), at(61));
    assert!(
        matches!(life.acquire(Need::Newer(Generation::new(9)), at(61)), Decision::Wait),
        "the permit is still out"
    );
    let job = permit1.job(Toy::reusable().arc());
    let (_, outcome) = run(job, at(60), vec![answer(200, "stale 60 stale")]);
    let Completed::Adopted(token) = life.complete(permit1, outcome, at(62)) else { panic!("not adopted") };
    assert_eq!(token.expose(), "fresh");
    let permit2 = permit(life.acquire(Need::Fresh, at(121)));
    let (sent, outcome) = run(permit2.job(Toy::reusable().arc()), at(121), vec![answer(200, "x 60")]);
    assert_eq!(sent, ["other"]);
    let _ = life.complete(permit2, outcome, at(121));
}

#[test]
fn a_renewal_of_an_old_grant_that_fails_says_nothing_of_the_new_one() {
    let mut life = signed_in("one 60 refresh");
    let permit = permit(life.acquire(Need::Fresh, at(60)));
    life.take_over(granted("fresh 60 other"), at(61), at(61));
    let (_, outcome) = run(permit.job(Toy::reusable().arc()), at(60), vec![answer(401, "")]);
    assert!(matches!(life.complete(permit, outcome, at(62)), Completed::Adopted(_)));
    assert!(matches!(life.acquire(Need::Fresh, at(63)), Decision::Use(_)));
}

#[test]
fn only_a_newer_record_is_adopted_and_its_clock_is_the_wall() {
    let record = |epoch, generation, obtained| record(epoch, generation, obtained, "elsewhere 3600 theirs");
    let mut life = with_token();
    assert!(life.adopt(&record(0, 1, 0), at(10)).is_none());
    let token = life.adopt(&record(0, 2, 0), at(1_000)).expect("newer");
    assert_eq!(token.expires(), Some(at(3_600)));
    assert!(life.adopt(&record(1, 1, 0), at(1_000)).is_some(), "a newer epoch wins whatever the generation");
    assert!(
        life.adopt(&record(2, 1, 0), at(3_600)).is_none(),
        "its refresh token is new, its access token has expired"
    );
    let permit = permit(life.acquire(Need::Fresh, at(3_600)));
    let (sent, outcome) = run(permit.job(Toy::reusable().arc()), at(3_600), vec![answer(200, "x 60")]);
    assert_eq!(sent, ["theirs"]);
    let _ = life.complete(permit, outcome, at(3_600));

    // A token older than this process: its deadline is counted forward from now.
    let mut young = Lifecycle::new(exact(), 1);
    let now = Clocks { instant: Instant::ORIGIN, unix: at(3_000).unix };
    let token = young.adopt(&record(0, 2, 0), now).expect("newer");
    assert_eq!(token.expires().unwrap().instant, Instant::after_origin(s(600)));
}

#[test]
fn a_renewal_of_an_older_generation_that_fails_says_nothing_of_the_newer_one() {
    let mut life = signed_in("one 60 refresh");
    let permit1 = permit(life.acquire(Need::Fresh, at(60)));
    let record = record(1, 5, 60, "theirs 60 newer");
    assert!(life.adopt(&record, at(61)).is_some());
    let (_, outcome) = run(permit1.job(Toy::reusable().arc()), at(60), vec![answer(401, "")]);
    assert!(matches!(life.complete(permit1, outcome, at(62)), Completed::Adopted(_)));
    let permit2 = permit(life.acquire(Need::Fresh, at(121)));
    let (sent, outcome) = run(permit2.job(Toy::reusable().arc()), at(121), vec![answer(200, "x 60")]);
    assert_eq!(sent, ["newer"]);
    let _ = life.complete(permit2, outcome, at(121));
}

#[test]
fn what_overtook_a_renewal_is_handed_out_only_while_it_is_in_force() {
    let mut life = signed_in("one 60 refresh");
    let permit = permit(life.acquire(Need::Fresh, at(60)));
    life.take_over(granted("two 10 other"), at(61), at(61));
    let (_, outcome) = run(permit.job(Toy::reusable().arc()), at(60), vec![answer(200, "stale 60 x")]);
    assert!(matches!(life.complete(permit, outcome, at(71)), Completed::Failed(_)));
}
