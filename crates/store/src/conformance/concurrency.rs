//! Many callers at once, and callers that go away.

use std::collections::{BTreeMap, HashSet};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use grelot_core::{ReadStatus, Recipients};
use tokio::task::JoinSet;

use super::world::{World, content, idempotency, only, request, user};
use crate::{NotifyError, ReadAllScope};

pub async fn positions_have_no_gap_whoever_sends(world: &World) {
    let users = ["ann", "bob", "cat"].map(user);
    let mut senders = JoinSet::new();
    for number in 0..60 {
        let (store, users) = (Arc::clone(&world.store), users.clone());
        senders.spawn(async move {
            let mut request = request(&users[0], content(&number.to_string()));
            // In both orders: two requests must not wait for each other for ever.
            let pair = [&users[number % 3], &users[(number + 1 + number % 2) % 3]];
            request.recipients = Recipients::many(pair.map(Clone::clone).to_vec()).unwrap();
            store.notify(request).await.unwrap()
        });
    }
    let answers = senders.join_all().await;
    let ids: HashSet<_> =
        answers.iter().flat_map(|answer| answer.entries.iter().map(|entry| entry.id)).collect();
    assert_eq!(ids.len(), 120);
    let mut told: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for change in world.heard.take() {
        assert_eq!(change.unread, change.seq.get());
        told.entry(change.user).or_default().push(change.seq.get());
    }
    for user in users {
        let inbox = world.store.inbox(&user).await.unwrap();
        assert!(told[&user].iter().copied().eq(1..=inbox.seq.get()));
        assert_eq!(inbox.unread, inbox.seq.get());
    }
}

pub async fn one_of_many_equal_requests_is_worked_on(world: &World) {
    let ann = user("ann");
    let mut senders = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&world.store);
        let mut request = request(&ann, content("hello"));
        request.idempotency = Some(idempotency(1, 1));
        senders.spawn(async move { store.notify(request).await });
    }
    let mut ids = HashSet::new();
    for answer in senders.join_all().await {
        match answer {
            Ok(answer) => {
                ids.insert(answer.entries[0].id);
            }
            Err(refused) => assert!(matches!(refused, NotifyError::InFlight), "{refused:?}"),
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(world.store.inbox(&ann).await.unwrap().unread, 1);
}

pub async fn a_caller_that_goes_away_does_not_stop_the_work(world: &World) {
    let ann = user("ann");
    let mut request = request(&ann, content("hello"));
    request.idempotency = Some(idempotency(1, 1));
    {
        let mut call = world.store.notify(request.clone());
        begin(call.as_mut()).await;
    }
    world.heard.wait_for(1).await;
    assert_eq!(world.store.inbox(&ann).await.unwrap().unread, 1);
    // The slot frees with the work, and not with its caller; until then a repetition is told to wait.
    let mut tries = 0;
    let answer = loop {
        match world.store.notify(request.clone()).await {
            Err(NotifyError::InFlight) => tokio::task::yield_now().await,
            answer => break answer.unwrap(),
        }
        tries += 1;
        assert!(tries < 1_000_000, "the slot is never freed");
    };
    assert!(answer.replayed);
    assert_eq!(world.store.inbox(&ann).await.unwrap().unread, 1);
}

/// Polls once, whatever comes of it.
async fn begin<T>(mut call: Pin<&mut (dyn Future<Output = T> + Send)>) {
    poll_fn(|context| {
        let _ = call.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

pub async fn every_read_is_of_one_state(world: &World) {
    let ann = user("ann");
    let (store, writes) = (Arc::clone(&world.store), 40);
    let mut tasks = JoinSet::new();
    let sender = ann.clone();
    tasks.spawn(async move {
        for number in 0..writes {
            store.notify(request(&sender, content(&number.to_string()))).await.unwrap();
            if number % 7 == 6 {
                store.read_all(&sender, &ReadAllScope::default()).await.unwrap();
            }
        }
    });
    for _ in 0..3 {
        let (store, ann) = (Arc::clone(&world.store), ann.clone());
        tasks.spawn(async move {
            for _ in 0..writes {
                let page = store.list(&ann, &only(ReadStatus::All), None, 100).await.unwrap();
                let unread = page.notifications.iter().filter(|n| n.read_at.is_none()).count();
                assert_eq!(unread as u64, page.inbox.unread);
                let newest = page.notifications.iter().map(|n| n.seq).max();
                assert!(newest.unwrap_or_default() <= page.inbox.seq);
                let export = store.export(&ann).await.unwrap();
                let unread = export.notifications.iter().filter(|n| n.read_at.is_none()).count();
                assert_eq!(unread as u64, export.inbox.unread);
            }
        });
    }
    tasks.join_all().await;
}
