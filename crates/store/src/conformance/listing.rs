//! The walk through an inbox, by hand-made cases. Random ones are in `walk`.

use grelot_core::{Content, Cursor, ListFilter, NotificationType, ReadStatus, UserId};

use super::world::{World, content, content_of, key, only, user};
use crate::{Page, ReadAllScope};

fn titles(page: &Page) -> Vec<&str> {
    page.notifications.iter().map(|shown| shown.content.title.as_str()).collect()
}

async fn page(world: &World, ann: &UserId, cursor: Option<Cursor>, limit: usize) -> Page {
    world.store.list(ann, &only(ReadStatus::All), cursor, limit).await.unwrap()
}

/// Six notifications, 1 to 6, of which the even ones are read.
async fn six(world: &World, ann: &UserId) -> Vec<grelot_core::NotificationId> {
    let mut ids = Vec::new();
    for number in 1..=6 {
        ids.push(world.send(ann, &number.to_string()).await);
    }
    for read in [1, 3, 5] {
        world.store.set_read(ann, ids[read], true).await.unwrap();
    }
    ids
}

pub async fn the_unread_come_first_and_each_section_newest_first(world: &World) {
    let ann = user("ann");
    six(world, &ann).await;
    for limit in 1..=7 {
        let all = world.titles(&ann, &only(ReadStatus::All), limit).await;
        assert_eq!(all, ["5", "3", "1", "6", "4", "2"], "pages of {limit}");
    }
}

pub async fn the_last_page_is_known_as_such(world: &World) {
    let ann = user("ann");
    six(world, &ann).await;
    assert!(page(world, &ann, None, 6).await.next.is_none());
    assert!(page(world, &ann, None, 7).await.next.is_none());
    let first = page(world, &ann, None, 5).await;
    let second = page(world, &ann, first.next, 1).await;
    assert_eq!(titles(&second), ["2"]);
    assert!(second.next.is_none());
    // Across the border of the sections, where the next page begins with a read one.
    let unread = page(world, &ann, None, 3).await;
    assert_eq!(titles(&unread), ["5", "3", "1"]);
    assert_eq!(titles(&page(world, &ann, unread.next, 3).await), ["6", "4", "2"]);
}

pub async fn a_list_narrows_by_state_type_and_category(world: &World) {
    let ann = user("ann");
    world.put_category("billing", grelot_core::ChannelSet::NONE).await;
    for (title, category, kind) in [
        ("a", Some("billing"), NotificationType::Info),
        ("b", Some("billing"), NotificationType::Error),
        ("c", None, NotificationType::Error),
        ("d", None, NotificationType::Info),
    ] {
        let base = category.map_or_else(|| content(title), |key| content_of(title, key));
        let id = world.send_content(&ann, Content { kind, ..base }).await;
        if title == "b" || title == "d" {
            world.store.set_read(&ann, id, true).await.unwrap();
        }
    }
    let filter = |status, kind, category: Option<&str>| ListFilter {
        status,
        kind,
        category: category.map(key),
    };
    let error = Some(NotificationType::Error);
    for (filter, expected) in [
        (filter(ReadStatus::All, None, None), vec!["c", "a", "d", "b"]),
        (filter(ReadStatus::Unread, None, None), vec!["c", "a"]),
        (filter(ReadStatus::Read, None, None), vec!["d", "b"]),
        (filter(ReadStatus::All, error, None), vec!["c", "b"]),
        (filter(ReadStatus::All, None, Some("billing")), vec!["a", "b"]),
        (filter(ReadStatus::Read, error, Some("billing")), vec!["b"]),
        (filter(ReadStatus::Unread, error, Some("billing")), vec![]),
        (filter(ReadStatus::All, None, Some("nothing")), vec![]),
    ] {
        for limit in 1..=4 {
            assert_eq!(world.titles(&ann, &filter, limit).await, expected, "{filter:?} {limit}");
        }
    }
}

pub async fn a_page_says_the_inbox_of_its_snapshot(world: &World) {
    let ann = user("ann");
    six(world, &ann).await;
    let page = page(world, &ann, None, 2).await;
    assert_eq!(page.inbox, world.store.inbox(&ann).await.unwrap());
    assert_eq!(page.inbox.unread, 3);
}

pub async fn what_is_created_later_is_not_walked(world: &World) {
    let ann = user("ann");
    six(world, &ann).await;
    let first = page(world, &ann, None, 2).await;
    let late = world.send(&ann, "late").await;
    world.store.set_read(&ann, late, true).await.unwrap();
    world.send(&ann, "later").await;
    let rest = page(world, &ann, first.next, 100).await;
    assert_eq!(titles(&rest), ["1", "6", "4", "2"]);
}

pub async fn what_is_read_meanwhile_keeps_its_place(world: &World) {
    let ann = user("ann");
    let ids = six(world, &ann).await;
    let first = page(world, &ann, None, 1).await;
    assert_eq!(titles(&first), ["5"]);
    world.store.read_all(&ann, &ReadAllScope::default()).await.unwrap();
    let second = page(world, &ann, first.next, 1).await;
    assert_eq!(titles(&second), ["3"]);
    assert!(second.notifications[0].read_at.is_some());
    // 5 was shown and became read: it is not shown again among the read.
    world.store.set_read(&ann, ids[4], false).await.unwrap();
    world.store.set_read(&ann, ids[4], true).await.unwrap();
    assert_eq!(titles(&page(world, &ann, second.next, 100).await), ["1", "6", "4", "2"]);
}

pub async fn what_is_made_unread_ahead_of_the_walk_is_shown_once(world: &World) {
    let ann = user("ann");
    let ids = six(world, &ann).await;
    let first = page(world, &ann, None, 1).await;
    // 4 lies ahead in the unread section; 6 is made unread behind the walk, and is missed.
    world.store.set_read(&ann, ids[3], false).await.unwrap();
    world.store.set_read(&ann, ids[5], false).await.unwrap();
    let rest = page(world, &ann, first.next, 100).await;
    assert_eq!(titles(&rest), ["4", "3", "1", "2"]);
}

pub async fn a_walk_at_the_border_stays_in_the_unread_section(world: &World) {
    let ann = user("ann");
    let old = world.send(&ann, "old").await;
    world.send(&ann, "new").await;
    world.store.set_read(&ann, old, true).await.unwrap();
    let first = page(world, &ann, None, 1).await;
    assert_eq!(titles(&first), ["new"]);
    // The only one left moves from the read section into the unread one, below the cursor.
    world.store.set_read(&ann, old, false).await.unwrap();
    assert_eq!(titles(&page(world, &ann, first.next, 1).await), ["old"]);
}

pub async fn a_list_of_one_state_goes_by_the_state_now(world: &World) {
    let ann = user("ann");
    let ids = six(world, &ann).await;
    let unread = only(ReadStatus::Unread);
    let first = world.store.list(&ann, &unread, None, 1).await.unwrap();
    assert_eq!(titles(&first), ["5"]);
    world.store.set_read(&ann, ids[2], true).await.unwrap();
    world.store.set_read(&ann, ids[1], false).await.unwrap();
    let rest = world.store.list(&ann, &unread, first.next, 100).await.unwrap();
    assert_eq!(titles(&rest), ["2", "1"]);
    let read = world.titles(&ann, &only(ReadStatus::Read), 1).await;
    assert_eq!(read, ["6", "4", "3"]);
}
