//! Random histories of two users: after each step the store is what the model is, and has told what the model tells.

use std::time::Duration;

use grelot_core::{
    ChannelSet, Clock as _, Content, Inbox, PreferencesUpdate, ReadStatus, Seq, UserId,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestError, TestRunner};

use super::model_state::Person;
use super::world::{World, choose, content, content_of, key, only, request, user};
use crate::{InAppOutcome, Poll, PreferencesError, ReadAllScope, Replayed};

/// How many histories are tried.
const CASES: u32 = 100;
/// What the steps name categories by. The second is locked in the inbox.
const CATEGORIES: [&str; 2] = ["billing", "security"];

#[derive(Clone, Debug)]
enum Step {
    Notify(Option<usize>),
    SetRead(Index, bool),
    ReadAll(Option<u64>, Option<usize>),
    Delete(Index),
    Update(Option<bool>, Option<(usize, Option<bool>)>),
    Prune(u64),
    Forget(u64),
    Trim(usize),
    Erase,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let category = || 0..CATEGORIES.len();
    prop_oneof![
        6 => option::of(category()).prop_map(Step::Notify),
        5 => (any::<Index>(), any::<bool>()).prop_map(|(row, read)| Step::SetRead(row, read)),
        2 => (option::of(0..40_u64), option::of(category()))
            .prop_map(|(up_to, category)| Step::ReadAll(up_to, category)),
        2 => any::<Index>().prop_map(Step::Delete),
        2 => (option::of(any::<bool>()), option::of((category(), option::of(any::<bool>()))))
            .prop_map(|(in_app, choice)| Step::Update(in_app, choice)),
        1 => (0..4_u64).prop_map(Step::Prune),
        1 => (0..4_u64).prop_map(Step::Forget),
        1 => (0..6_usize).prop_map(Step::Trim),
        1 => Just(Step::Erase),
        2 => (1..3_u64).prop_map(Step::Wait),
    ]
}

/// A history of two users, each step with a cursor to replay from.
fn history() -> impl Strategy<Value = Vec<(usize, Step, u64)>> {
    vec((0..2_usize, step(), 0..40_u64), 1..40)
}

pub async fn random_histories_agree_with_the_model(world: &World) {
    for key in CATEGORIES {
        let locked = if key == "security" { ChannelSet::ALL } else { ChannelSet::NONE };
        world.put_category(key, locked).await;
    }
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let tried = world.clone();
    // The runner calls back, so it has a thread where that may block.
    let outcome = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let number = std::cell::Cell::new(0_u32);
        TestRunner::new(config).run(&history(), |steps| {
            number.set(number.get() + 1);
            runtime.block_on(run(&tried, number.get(), steps));
            Ok(())
        })
    });
    if let Err(TestError::Fail(why, steps)) = outcome.await.unwrap() {
        panic!("{why}\nafter {steps:#?}");
    }
}

async fn run(world: &World, number: u32, steps: Vec<(usize, Step, u64)>) {
    world.heard.take();
    let mut people = ["a", "b"].map(|name| Person::new(user(&format!("{name}{number}"))));
    for (whose, step, since) in steps {
        take(world, &mut people, whose, step).await;
        assert_eq!(world.heard.take(), people[whose].take_told());
        for person in &people {
            compare(world, person, Seq::new(since)).await;
        }
    }
}

/// Takes the step in the store and in the model.
async fn take(world: &World, people: &mut [Person; 2], whose: usize, step: Step) {
    let (now, store) = (world.clock.now(), &world.store);
    let person = &mut people[whose];
    let user = person.user.clone();
    match step {
        Step::Notify(category) => notify(world, person, category).await,
        Step::SetRead(row, read) if !person.rows.is_empty() => {
            let row = row.index(person.rows.len());
            let set = store.set_read(&user, person.rows[row].id, read).await.unwrap().unwrap();
            person.set_read(row, read, now);
            assert_eq!((set.notification, set.inbox), (person.rows[row].clone(), person.inbox));
        }
        Step::ReadAll(up_to, category) => {
            let category = category.map(|index| key(CATEGORIES[index]));
            let up_to = up_to.map(Seq::new);
            let scope = ReadAllScope { up_to, category: category.clone() };
            let read = store.read_all(&user, &scope).await.unwrap();
            let updated = person.read_all(up_to, category, now);
            assert_eq!((read.updated, read.inbox), (updated, person.inbox));
        }
        Step::Delete(row) if !person.rows.is_empty() => {
            let row = row.index(person.rows.len());
            assert!(store.delete(&user, person.rows[row].id).await.unwrap());
            person.delete(row, now);
        }
        Step::Update(in_app, choice) => update(world, person, in_app, choice).await,
        Step::Prune(minutes) => {
            let before = now.before(Duration::from_mins(minutes));
            store.prune_changes(before, 1_000_000).await.unwrap();
            for person in people {
                person.prune(before);
            }
        }
        Step::Forget(minutes) => {
            let before = now.before(Duration::from_mins(minutes));
            store.prune_read(before, 1_000_000).await.unwrap();
            for person in people {
                person.forget(before);
            }
        }
        Step::Trim(max) => {
            // One inbox, the one behind every name that is less, and one notification at a time.
            let (prefix, last) = user.as_str().split_at(user.as_str().len() - 1);
            let less = char::from(last.as_bytes()[0] - 1);
            let before = UserId::parse(&format!("{prefix}{less}~")).unwrap();
            for _ in max..person.rows.len() {
                let step = store.trim_inboxes(Some(&before), max as u64, 1).await.unwrap();
                assert_eq!(step.removed, 1);
            }
            person.trim(max, now);
        }
        Step::Erase => {
            store.erase(&user).await.unwrap();
            person.erase();
        }
        Step::Wait(minutes) => world.clock.advance(Duration::from_mins(minutes)),
        Step::SetRead(..) | Step::Delete(_) => {}
    }
}

async fn notify(world: &World, person: &mut Person, category: Option<usize>) {
    let content: Content =
        category.map_or_else(|| content("hello"), |index| content_of("hello", CATEGORIES[index]));
    let answer = world.store.notify(request(&person.user, content.clone())).await.unwrap();
    let categories = world.store.categories().await.unwrap();
    let wanted = person.wants(&content, &categories);
    assert_eq!(answer.entries[0].in_app == InAppOutcome::Created, wanted);
    assert_eq!(answer.entries[0].id.is_some(), wanted);
    if let Some(id) = answer.entries[0].id {
        person.create(id, content, world.clock.now());
    }
}

async fn update(
    world: &World,
    person: &mut Person,
    in_app: Option<bool>,
    choice: Option<(usize, Option<bool>)>,
) {
    let chosen = choice.map(|(index, on)| choose(&[(CATEGORIES[index], on, Some(false))]));
    let update = PreferencesUpdate {
        in_app,
        choices: chosen.and_then(|update| update.choices),
        ..PreferencesUpdate::default()
    };
    let categories = world.store.categories().await.unwrap();
    let possible = person.update(&update, &categories, world.clock.now());
    match world.store.update_preferences(&person.user, &update).await {
        Ok(view) => assert!(possible && view.inbox == person.inbox, "{view:?}"),
        Err(PreferencesError::Refused(_)) => assert!(!possible),
        Err(PreferencesError::Store(error)) => panic!("{error}"),
    }
}

/// Whatever can be read of the user is as in the model.
async fn compare(world: &World, person: &Person, since: Seq) {
    let (store, user): (_, &UserId) = (&world.store, &person.user);
    let inbox: Inbox = store.inbox(user).await.unwrap();
    assert_eq!(inbox, person.inbox);
    let unread = person.rows.iter().filter(|row| row.read_at.is_none()).count();
    assert_eq!(inbox.unread, unread as u64);
    assert_eq!(world.walk(user, &only(ReadStatus::All), 3).await, person.list());
    let missed = match store.replay(user, since).await.unwrap() {
        Replayed::Changes { changes, .. } => Some(changes),
        Replayed::Reset { .. } => None,
    };
    assert_eq!(missed, person.replay(since));
    let (page, more) = match store.poll(user, since, 5).await.unwrap() {
        Poll::Changes { changes, seq, more } => {
            let end = if more { changes.last().unwrap().seq } else { inbox.seq };
            assert_eq!(seq, end);
            (Some(changes), more)
        }
        Poll::Reset { .. } => (None, false),
    };
    let expected = person.replay(since);
    assert_eq!(more, expected.as_ref().is_some_and(|missed| missed.len() > 5));
    assert_eq!(page, expected.map(|missed| missed.into_iter().take(5).collect()));
}
