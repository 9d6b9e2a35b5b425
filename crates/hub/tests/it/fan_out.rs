//! What live streams are sent.

use grelot_core::Seq;
use grelot_hub::StreamCursor;
use grelot_store::conformance::user;

use crate::support::World;

#[tokio::test]
async fn every_stream_of_a_user_gets_every_change_in_order() {
    let world = World::new().await;
    let mut readers = Vec::new();
    for _ in 0..20 {
        readers.push(world.live().await);
    }
    let id = world.notify(&user("u_1")).await;
    world.read(id).await;
    world.notify(&user("u_1")).await;
    for reader in &mut readers {
        assert_eq!(reader.lines(3).await, ["created 1", "read 2", "created 3"]);
    }
}

#[tokio::test]
async fn nobody_gets_what_is_anothers() {
    let world = World::new().await;
    let mut reader = world.live().await;
    world.notify(&user("u_2")).await;
    world.notify(&user("u_1")).await;
    assert_eq!(reader.line().await, "created 1");
}

#[tokio::test]
async fn a_burst_arrives_once_each_in_order() {
    let world = World::new().await;
    let mut readers = Vec::new();
    for _ in 0..100 {
        readers.push(world.stream(StreamCursor::Now).await);
        assert_eq!(readers.last_mut().unwrap().line().await, "ready 0 false");
        if readers.len() > 30 {
            readers.remove(0);
        }
    }
    let owner = user("u_1");
    for _ in 0..200 {
        world.notify(&owner).await;
    }
    let expected: Vec<String> = (1..=200).map(|seq| format!("created {seq}")).collect();
    for reader in &mut readers {
        assert_eq!(reader.lines(200).await, expected);
    }
}

#[tokio::test]
async fn a_stream_that_opens_amid_changes_misses_none_and_sees_none_twice() {
    let world = World::new().await;
    let owner = user("u_1");
    for round in 0..50_u64 {
        let sending = async {
            for _ in 0..4 {
                world.notify(&owner).await;
            }
        };
        let since = StreamCursor::After(Seq::new(round * 4));
        let (mut reader, ()) = tokio::join!(world.stream(since), sending);
        let mut seen = Vec::new();
        while seen.last() != Some(&(round * 4 + 4)) {
            let line = reader.line().await;
            let seq = line.split(' ').nth(1).and_then(|seq| seq.parse().ok()).unwrap();
            if line.starts_with("created ") {
                seen.push(seq);
            }
        }
        assert_eq!(seen, (round * 4 + 1..=round * 4 + 4).collect::<Vec<u64>>());
    }
}
