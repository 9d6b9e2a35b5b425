//! The beginning of a stream: register, read what was missed, go live without a gap.

use std::sync::Arc;

use grelot_core::Seq;
use grelot_store::{Replayed, StoreError};

use crate::admission::{Admission, StreamCursor};
use crate::block::Block;
use crate::hub::Shared;
use crate::stream::Stream;

/// Opens a registered stream: the retry time, the replay, `ready` or `reset`, then what was collected.
///
/// The snapshot is taken after registering, so that every change is in the snapshot, or in the collection, or heard of: then
/// the dispatcher reads it for the live stream.
pub(crate) async fn open(shared: &Arc<Shared>, stream: &Arc<Stream>, admission: Admission) {
    // The reader was authenticated before this stream was registered. A session that ended in between is seen here, and
    // one that ends later closes the registered stream.
    match shared.source.0.sessions_revoked_at(&stream.user).await {
        Ok(Some(at)) if admission.session.is_ended_by(at) => return stream.finish(None),
        Ok(_) => {}
        Err(_) => return stream.finish(Some(&shared.retry())),
    }
    let Ok((blocks, seq)) = opening(shared, stream, admission.cursor).await else {
        // The store is gone: the reader comes back in a moment.
        return stream.finish(Some(&shared.retry()));
    };
    if let Some(heard) = stream.go_live(&blocks, seq) {
        shared.mailbox.fall_behind(&stream.user, heard);
    }
    shared.timer.watch(shared, stream, admission.expires_at);
}

/// The blocks that a stream opens with, and the position that its reader has after them.
async fn opening(
    shared: &Arc<Shared>,
    stream: &Stream,
    cursor: StreamCursor,
) -> Result<(Vec<Block>, Seq), StoreError> {
    let encode = &shared.encode;
    let replay = &shared.source.0;
    let mut blocks = vec![shared.retry()];
    let inbox = match cursor {
        StreamCursor::Now => {
            let inbox = replay.version(&stream.user).await?;
            blocks.push(encode.ready(&inbox, false));
            inbox
        }
        StreamCursor::Unknown => {
            let inbox = replay.version(&stream.user).await?;
            blocks.push(encode.reset(&inbox));
            inbox
        }
        StreamCursor::After(since) => {
            // Closed only when the hub is dropped, and then nobody waits for this stream.
            let _turn = shared.replays.acquire().await;
            match replay.replay(&stream.user, since).await? {
                Replayed::Reset { inbox } => {
                    blocks.push(encode.reset(&inbox));
                    inbox
                }
                Replayed::Changes { changes, inbox } => {
                    blocks.extend(changes.iter().map(|change| encode.change(change)));
                    blocks.push(encode.ready(&inbox, true));
                    inbox
                }
            }
        }
    };
    Ok((blocks, inbox.seq))
}
