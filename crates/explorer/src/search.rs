//! Visits every state of a line once, and then asks from which of them everything can still end well.

use core::hash::Hash;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use foldhash::fast::FixedState;

use crate::action::Action;
use crate::invariants::Broken;
use crate::line::Line;
use crate::world::{Process, Scene, World};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) states: usize,
    /// Every state was visited.
    pub(crate) exhausted: bool,
    /// States in which no process has anything left to do, and those among them in which a user has to sign in needlessly.
    pub(crate) ends: usize,
    pub(crate) needless: usize,
    /// And those in which the session continues at the server after a logout.
    pub(crate) outlived: usize,
    /// And those, in a store of a fleet, in which the server has seen a spent refresh token again.
    pub(crate) reused: usize,
    /// And those, in a store of a fleet, in which the refresh token in force is in no store.
    pub(crate) lost: usize,
    /// The way to the first needless sign-in.
    pub(crate) first_needless: Option<String>,
    /// What is broken, with the way there.
    pub(crate) broken: Option<String>,
}

/// Keeps one of each kind and numbers it.
struct Interned<T> {
    numbers: HashMap<Rc<T>, u32, FixedState>,
    all: Vec<Rc<T>>,
}

impl<T: Eq + Hash> Interned<T> {
    fn new() -> Self {
        Self { numbers: HashMap::default(), all: Vec::new() }
    }

    /// The number of this thing. `before` is that of what was in its place: most things do not change from one state to the
    /// next, and need not be looked up.
    fn number(&mut self, thing: &Rc<T>, before: u32) -> u32 {
        if self.all.get(before as usize).is_some_and(|known| Rc::ptr_eq(known, thing)) {
            return before;
        }
        if let Some(number) = self.numbers.get(thing) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).expect("memory is smaller than that");
        self.numbers.insert(Rc::clone(thing), number);
        self.all.push(Rc::clone(thing));
        number
    }
}

const MOST_PARTS: usize = 8;

/// A state as the numbers of its parts.
type Key = [u32; MOST_PARTS];

struct Visited {
    processes: Interned<Process>,
    stores: Interned<Vec<crate::store_model::StoreModel>>,
    servers: Interned<crate::server::Server>,
    histories: Interned<crate::history::History>,
    indices: HashMap<Key, u32, FixedState>,
    keys: Vec<Key>,
    /// From where each state was reached first.
    parents: Vec<u32>,
    crowd: usize,
}

impl Visited {
    fn new(crowd: usize) -> Self {
        Self {
            processes: Interned::new(),
            stores: Interned::new(),
            servers: Interned::new(),
            histories: Interned::new(),
            indices: HashMap::default(),
            keys: Vec::new(),
            parents: Vec::new(),
            crowd,
        }
    }

    /// The number of this state, which is new if it was not visited before.
    fn visit(&mut self, world: &World, parent: u32) -> u32 {
        let before = self.keys.get(parent as usize).copied().unwrap_or_default();
        let mut key = [0; MOST_PARTS];
        for ((slot, process), before) in key.iter_mut().zip(&world.processes).zip(before) {
            *slot = self.processes.number(process, before);
        }
        key[5] = self.stores.number(&world.stores, before[5]);
        key[6] = self.servers.number(&world.server, before[6]);
        key[7] = self.histories.number(&world.history, before[7]);
        match self.indices.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let index = u32::try_from(self.keys.len()).expect("memory is smaller than that");
                self.keys.push(key);
                self.parents.push(parent);
                *new.insert(index)
            }
        }
    }

    fn world(&self, index: usize) -> World {
        let key = self.keys[index];
        World {
            processes: key[..self.crowd]
                .iter()
                .map(|n| Rc::clone(&self.processes.all[*n as usize]))
                .collect(),
            stores: Rc::clone(&self.stores.all[key[5] as usize]),
            server: Rc::clone(&self.servers.all[key[6] as usize]),
            history: Rc::clone(&self.histories.all[key[7] as usize]),
        }
    }

    /// How this state was reached, one line an action.
    fn way_to(&self, scene: &Scene, index: usize) -> String {
        let mut way = vec![index];
        while *way.last().expect("it begins with one") != 0 {
            let parent = self.parents[*way.last().expect("it begins with one")] as usize;
            way.push(parent);
        }
        way.reverse();
        let mut text = format!("      {}\n", self.world(0));
        for pair in way.windows(2) {
            let (from, to) = (self.world(pair[0]), self.keys[pair[1]]);
            let leads_there = |action: &Action| {
                from.after(scene, *action).is_ok_and(|world| self.key_of(&world) == Some(to))
            };
            let action = from.actions(scene).into_iter().find(leads_there);
            let reply = action.map_or_else(|| "?".to_owned(), |action| action.to_string());
            text.push_str(&format!("    {reply}\n      {}\n", self.world(pair[1])));
        }
        text
    }

    fn key_of(&self, world: &World) -> Option<Key> {
        let mut key = [0; MOST_PARTS];
        for (slot, process) in key.iter_mut().zip(&world.processes) {
            *slot = *self.processes.numbers.get(process)?;
        }
        key[5] = *self.stores.numbers.get(&world.stores)?;
        key[6] = *self.servers.numbers.get(&world.server)?;
        key[7] = *self.histories.numbers.get(&world.history)?;
        Some(key)
    }
}

/// Explores the line, up to this many states.
pub(crate) fn explore(line: Line, limit: usize) -> Findings {
    let scene = Scene::new(line);
    let begin = World::begin(&scene);
    let mut visited = Visited::new(begin.processes.len());
    let mut ways: Vec<(u32, u32)> = Vec::new();
    let mut ends = Vec::new();
    let mut findings = Findings::default();
    let mut needless = None;
    visited.visit(&begin, 0);
    let mut index = 0;
    while index < visited.keys.len() && index < limit && findings.broken.is_none() {
        let here = u32::try_from(index).expect("memory is smaller than that");
        let world = visited.world(index);
        if world.is_at_rest() {
            ends.push(here);
            findings.outlived += usize::from(world.outlives_its_logout());
            findings.reused += usize::from(line.fleet_store && world.server.has_seen_reuse());
            findings.lost += usize::from(line.fleet_store && world.has_lost_a_session());
            if world.is_needless() {
                findings.needless += 1;
                needless.get_or_insert(index);
            }
        }
        for action in world.actions(&scene) {
            match world.after(&scene, action) {
                Ok(next) => {
                    let there = visited.visit(&next, here);
                    if action.leads_on() && there != here {
                        ways.push((here, there));
                    }
                }
                Err(Broken(what)) => {
                    let way = visited.way_to(&scene, index);
                    findings.broken = Some(format!("{what}\n{way}    {action}\n"));
                    break;
                }
            }
        }
        index += 1;
    }
    findings.states = index;
    findings.ends = ends.len();
    findings.first_needless = needless.map(|index| visited.way_to(&scene, index));
    findings.exhausted = index == visited.keys.len() && findings.broken.is_none();
    if findings.exhausted {
        let stuck = first_stuck(visited.keys.len(), &ends, &mut ways);
        findings.broken = stuck.map(|index| {
            format!("nothing that does not go wrong ends it from here\n{}", visited.way_to(&scene, index))
        });
    }
    findings
}

/// The first state from which no end can be reached by these ways.
fn first_stuck(states: usize, ends: &[u32], ways: &mut [(u32, u32)]) -> Option<usize> {
    ways.sort_unstable_by_key(|(_, to)| *to);
    let mut starts = vec![0_usize; states + 1];
    for (_, to) in ways.iter() {
        starts[*to as usize + 1] += 1;
    }
    for n in 0..states {
        starts[n + 1] += starts[n];
    }
    let mut fine = vec![false; states];
    let mut open: Vec<u32> = ends.to_vec();
    for end in ends {
        fine[*end as usize] = true;
    }
    while let Some(to) = open.pop() {
        for (from, _) in &ways[starts[to as usize]..starts[to as usize + 1]] {
            if !fine[*from as usize] {
                fine[*from as usize] = true;
                open.push(*from);
            }
        }
    }
    fine.iter().position(|fine| !fine)
}
