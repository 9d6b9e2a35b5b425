//! The accept loop, and the graceful end. Not here: what happens on a connection (`connection`).

use std::io;
use std::time::Duration;

use axum::Router;
use grelot_hub::Hub;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Engine;
use super::limits::ServerLimits;

/// Between two attempts to accept when the system has no descriptor to give.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `shutdown`; then accepts nothing more, closes idle connections, and waits for
/// requests to finish. Streams leave for `hub`, which ends them itself.
///
/// # Errors
/// None at present: what goes wrong with one connection ends that connection, and a lack of descriptors is waited out.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    hub: Hub,
    shutdown: CancellationToken,
    limits: ServerLimits,
) -> io::Result<()> {
    let connections = TaskTracker::new();
    let cut_off = CancellationToken::new();
    // Whoever drops this future, such as a supervisor that has waited long enough, ends the connections with it.
    let _dropped = cut_off.clone().drop_guard();
    let grace = limits.grace;
    let engine =
        Engine { router, hub, limits, shutdown: shutdown.clone(), cut_off: cut_off.clone() };
    while let Some(socket) = shutdown.run_until_cancelled(accept(&listener)).await {
        // Answers are written whole; waiting for more to send only delays them. Failing at it is harmless.
        let _delayed = socket.set_nodelay(true);
        connections.spawn(engine.clone().serve(socket));
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests did not finish in time; cut off");
        cut_off.cancel();
        connections.wait().await;
    }
    Ok(())
}

/// The next connection. A connection that died in the queue is passed over; anything else means that the system is short of
/// something, most likely descriptors, and is waited out.
async fn accept(listener: &TcpListener) -> TcpStream {
    let mut complained = false;
    loop {
        match listener.accept().await {
            Ok((socket, _peer)) => return socket,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !complained {
                    tracing::error!(%error, "cannot accept connections");
                    complained = true;
                }
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::Interrupted
    )
}
