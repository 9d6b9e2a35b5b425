//! What a backend that several processes share tells of what the others did. Expanded by
//! [`conformance_suite_of_nodes!`](crate::conformance_suite_of_nodes).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grelot_core::{Clock, Seq, Timestamp};

use super::world::{HandClock, Heard, World, user};
use crate::{Committed, Nodes, Store};

/// A backend under test that several processes share.
#[async_trait]
pub trait SharedBackend: Send + Sync {
    /// Opens a new, empty store, and what a node asks of it.
    async fn open(
        &self,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> (Arc<dyn Store>, Arc<dyn Nodes>);
}

/// An open store as one node of several sees it.
#[derive(Clone)]
pub struct Shared {
    /// The store.
    pub world: World,
    /// What a node asks of it.
    pub nodes: Arc<dyn Nodes>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// A new store.
    pub async fn open(backend: &dyn SharedBackend) -> Self {
        let (clock, heard) = (Arc::new(HandClock::new()), Arc::new(Heard::new()));
        let (as_clock, as_listener) = (Arc::clone(&clock), Arc::clone(&heard));
        let (store, nodes) = backend.open(as_clock, as_listener).await;
        Self { world: World { store, clock, heard }, nodes }
    }
}

/// Before any end of sessions.
const BEGINNING: Timestamp = Timestamp::from_millis(0);

pub async fn who_is_beyond_a_position_is_told_and_nobody_else(shared: &Shared) {
    let (ann, bob, eve) = (user("ann"), user("bob"), user("eve"));
    for _ in 0..3 {
        shared.world.send(&ann, "one").await;
        shared.world.send(&bob, "one").await;
        shared.world.send(&eve, "one").await;
    }
    let nobody = user("nobody");
    let known =
        [(ann.clone(), Seq::new(1)), (bob, Seq::new(3)), (nobody, Seq::ZERO), (eve, Seq::new(9))];
    let moved = shared.nodes.moved_beyond(&known).await.unwrap();
    assert_eq!(moved, [(ann, Seq::new(3))]);
    assert_eq!(shared.nodes.moved_beyond(&[]).await.unwrap(), []);
}

pub async fn an_inbox_that_began_meanwhile_is_beyond_the_beginning(shared: &Shared) {
    let ann = user("ann");
    let known = [(ann.clone(), Seq::ZERO)];
    assert_eq!(shared.nodes.moved_beyond(&known).await.unwrap(), []);
    shared.world.send(&ann, "one").await;
    assert_eq!(shared.nodes.moved_beyond(&known).await.unwrap(), [(ann, Seq::new(1))]);
}

pub async fn many_inboxes_are_asked_about_at_once(shared: &Shared) {
    let users: Vec<_> = (0..4_096).map(|number| user(&format!("it's u_{number}"))).collect();
    let (first, last) = (users[0].clone(), users[4_095].clone());
    shared.world.send(&first, "one").await;
    shared.world.send(&last, "one").await;
    let known: Vec<_> = users.into_iter().map(|user| (user, Seq::ZERO)).collect();
    let mut moved = shared.nodes.moved_beyond(&known).await.unwrap();
    moved.sort();
    assert_eq!(moved, [(first, Seq::new(1)), (last, Seq::new(1))]);
}

pub async fn whose_sessions_ended_is_told_to_those_who_ask_for_them(shared: &Shared) {
    let users = [user("ann"), user("bob"), user("eve")];
    let [ann, bob, _eve] = &users;
    let before = shared.nodes.ended_since(BEGINNING, &users).await.unwrap();
    assert_eq!(before.users, []);
    let ended_at = shared.world.store.revoke_sessions(ann).await.unwrap();
    shared.world.store.erase(bob).await.unwrap();
    shared.world.store.revoke_sessions(&user("else")).await.unwrap();
    let mut after = shared.nodes.ended_since(before.now, &users).await.unwrap();
    after.users.sort();
    assert_eq!(after.users, [(ann.clone(), ended_at), (bob.clone(), ended_at)]);
    assert!(after.now >= before.now);
    let later = after.now.after(Duration::from_hours(1));
    assert_eq!(shared.nodes.ended_since(later, &users).await.unwrap().users, []);
    assert_eq!(shared.nodes.ended_since(BEGINNING, &[]).await.unwrap().users, []);
}

/// Makes a test of every case, for the [`SharedBackend`] that the expression makes. It is evaluated once a test.
#[macro_export]
macro_rules! conformance_suite_of_nodes {
    ($backend:expr) => {
        $crate::conformance_suite_of_nodes! { @cases $backend;
            who_is_beyond_a_position_is_told_and_nobody_else,
            an_inbox_that_began_meanwhile_is_beyond_the_beginning,
            many_inboxes_are_asked_about_at_once,
            whose_sessions_ended_is_told_to_those_who_ask_for_them,
        }
    };
    (@cases $backend:expr; $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let backend = $backend;
                let shared = $crate::conformance::nodes::Shared::open(&backend).await;
                $crate::conformance::nodes::$case(&shared).await;
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    /// A case that is not in the list above would never run.
    #[test]
    fn every_case_is_in_the_list() {
        let source = include_str!("nodes.rs");
        let cases = source.split("\npub async fn ").skip(1);
        let names: Vec<&str> = cases.filter_map(|case| case.split('(').next()).collect();
        assert!(!names.is_empty());
        for name in names {
            assert!(source.contains(&format!("            {name},\n")), "{name} is in no list");
        }
    }
}
