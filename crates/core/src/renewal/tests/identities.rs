//! Two users who share a store, in every interleaving of their store operations. A user must get only tokens of the own
//! sign-in; with a key that lacks the user this is noticed.

use std::collections::BTreeMap;
use std::format;

use super::stores::owner;
use super::*;
use crate::key::TokenKey;
use crate::provider::Provider;
use crate::renewal::job::RenewalJob;
use crate::store::SharedBy;

/// A store by key, without failures.
#[derive(Debug, Default)]
struct Shared {
    records: BTreeMap<TokenKey, Stored>,
    versions: u128,
}

/// A user, who signs in and then renews once.
struct User {
    name: &'static str,
    provider: Arc<dyn Provider>,
    life: Lifecycle,
    step: Option<Step>,
    jobs: usize,
    permit: Option<crate::Permit>,
    got: Vec<String>,
}

impl User {
    fn new(name: &'static str, key: TokenKey) -> Self {
        let provider = Toy::rotating(Replay::OwnerDead).with_key(key).arc();
        let life = Lifecycle::new(Policy::default(), 1);
        Self { name, provider, life, step: None, jobs: 0, permit: None, got: Vec::new() }
    }

    fn stored(&self, job: RenewalJob) -> RenewalJob {
        job.stored_by(owner(self.name.len() as u64), SharedBy::Host)
    }

    /// Starts the next job, if the user has one left.
    fn start(&mut self) -> bool {
        let job = match self.jobs {
            0 => {
                let code = AuthorizationCode::new(format!("{} 60 {}-1", self.name, self.name));
                let grant =
                    AuthorizationGrant::AuthorizationCode { code, redirect_uri: "r".into(), verifier: None };
                self.life.sign_in(Arc::clone(&self.provider), grant).unwrap()
            }
            1 => match self.life.acquire(Need::Newer(Generation::new(u64::MAX)), at(30)) {
                Decision::Refresh(permit) => {
                    let job = permit.job(Arc::clone(&self.provider));
                    self.permit = Some(permit);
                    job
                }
                _ => return false,
            },
            _ => return false,
        };
        self.jobs += 1;
        self.step = Some(Renewal::begin(self.stored(job), at(30)));
        true
    }

    /// Carries out one step; the server answers each grant with a token of the user who holds it.
    fn advance(&mut self, store: &mut Shared) -> bool {
        let Some(step) = self.step.take() else { return self.start() };
        let key = self.provider.spec().key.clone();
        let now = at(30);
        self.step = Some(match step {
            Step::Load(load) => {
                let stored = store.records.get(&key).cloned();
                load.resume(Ok(Loaded { stored, ..Loaded::default() }), now)
            }
            Step::Save(save) => {
                let stands = store.records.get(&key).map(|stored| stored.version) == save.operation.expected;
                let mut swap = Swap::Conflict;
                if stands {
                    store.versions += 1;
                    let version = Version::new(store.versions);
                    swap = Swap::Done(version);
                    let record = save.operation.record.clone();
                    store.records.insert(key, Stored { version, record });
                }
                save.resume(Ok(swap), now)
            }
            Step::Watch(watch) => watch.resume(Ok(WatchOutcome::Changed), now),
            Step::Send(sending, next) => {
                let grant = String::from_utf8(sending.request.expose_body().to_vec()).unwrap();
                let holder = grant.split([' ', '-']).next().unwrap();
                next.resume(answer(200, &format!("{holder} 60 {holder}-2")), now)
            }
            Step::Done(outcome, _) => {
                self.end(outcome);
                return true;
            }
            Step::Sleep(..) | Step::Spill(_) | Step::Forget(_) => return false,
        });
        true
    }

    fn end(&mut self, outcome: Outcome) {
        let token = match self.permit.take() {
            None => self.life.signed_in(outcome, at(30)).ok(),
            Some(permit) => match self.life.complete(permit, outcome, at(30)) {
                Completed::Renewed(token) | Completed::Adopted(token) => Some(token),
                Completed::Failed(_) => None,
            },
        };
        self.got.extend(token.map(|token| token.expose().to_string()));
    }
}

/// The tokens of others that any of the interleavings of this many steps gives to a user, and how many tokens it gives.
fn strangers(key: impl Fn(&'static str) -> TokenKey) -> (usize, usize) {
    const STEPS: u32 = 14;
    let (mut foreign, mut all) = (0, 0);
    for turns in 0..1_u32 << STEPS {
        let mut store = Shared::default();
        let mut users = ["ann", "benjamin"].map(|name| User::new(name, key(name)));
        for turn in 0..STEPS {
            users[(turns >> turn & 1) as usize].advance(&mut store);
        }
        for user in &users {
            all += user.got.len();
            foreign += user.got.iter().filter(|token| *token != user.name).count();
        }
    }
    (foreign, all)
}

#[test]
fn a_user_gets_only_tokens_of_the_own_sign_in_in_every_interleaving() {
    let (foreign, all) = strangers(|name| TokenKey::new("toy", "https://toy.example/token").user(name));
    assert_eq!(foreign, 0);
    assert!(all > 0, "the users get tokens");
}

#[test]
fn two_users_under_one_key_are_noticed() {
    let (foreign, _) = strangers(|_| TokenKey::new("toy", "https://toy.example/token"));
    assert!(foreign > 0, "a key without the user gives one user the token of another");
}
