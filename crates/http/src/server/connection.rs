//! One connection, and how a stream leaves it. Not here: what is written on it afterwards, which is the hub's.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use grelot_hub::{Admission, Hub};
use http::{Method, Request, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use super::body::Timed;
use super::head;
use super::io::{Outgoing, Socket};
use super::limits::ServerLimits;
use super::takeover::TakeoverSlot;

/// For a client to notice that its connection ends: a socket that is closed with bytes unread is reset, and a reset can
/// overtake the answer, such as the refusal of a body that was too long to read.
const LINGER: Duration = Duration::from_millis(500);
/// What is read, at most, of what nobody wants any more.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// What every connection needs.
#[derive(Clone)]
pub(super) struct Engine {
    pub(super) router: Router,
    pub(super) hub: Hub,
    pub(super) limits: ServerLimits,
    /// Finish what runs, and end.
    pub(super) shutdown: CancellationToken,
    /// End now.
    pub(super) cut_off: CancellationToken,
}

/// A stream that is ready to leave, with the head of its answer.
type Leaving = (Admission, Bytes);

/// What the service and the driver of one connection share.
#[derive(Default)]
struct Shared {
    leaving: Mutex<Option<Leaving>>,
    outgoing: Arc<Outgoing>,
}

/// How the HTTP phase of a connection ended.
enum End {
    /// Well: everything was written, and the socket is to be closed.
    Closed,
    /// By an error of the connection or of the client, or because it was time: nothing more can be said to it.
    Broken,
    /// With a stream.
    Left(Leaving),
}

type Connection = http1::Connection<TokioIo<Socket>, Serving>;

impl Engine {
    /// Serves one connection to its end, or until a stream leaves with its socket.
    pub(super) async fn serve(self, socket: TcpStream) {
        let shared = Arc::new(Shared::default());
        let mut connection = self.connect(socket, &shared);
        let end = self.drive(&mut connection, &shared).await;
        let socket = connection.into_parts().io.into_inner().into_inner();
        match end {
            // What the client has sent after the request of a stream was in hyper's buffer and is gone: the answer ends
            // with the connection, so nothing else can be answered on it.
            End::Left((admission, head)) => self.hub.adopt(admission, socket, head),
            End::Closed => linger(socket, &self.cut_off).await,
            End::Broken => {}
        }
    }

    fn connect(&self, socket: TcpStream, shared: &Arc<Shared>) -> Connection {
        let socket = Socket::new(socket, Arc::clone(&shared.outgoing));
        let service = Serving {
            router: self.router.clone(),
            shared: Arc::clone(shared),
            body_timeout: self.limits.body_timeout,
        };
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_header_size(self.limits.head)
            .max_buf_size(self.limits.buffer)
            .serve_connection(TokioIo::new(socket), service)
    }

    /// Polls the connection until it ends or a stream may leave it.
    async fn drive(&self, connection: &mut Connection, shared: &Shared) -> End {
        let mut shutdown = pin!(self.shutdown.cancelled());
        let mut told = false;
        let mut stall = Stall::new(self.limits.write_stall);
        let driving = poll_fn(|context| {
            if !told && shutdown.as_mut().poll(context).is_ready() {
                told = true;
                Pin::new(&mut *connection).graceful_shutdown();
            }
            match connection.poll_without_shutdown(context) {
                Poll::Ready(Ok(())) => return Poll::Ready(End::Closed),
                Poll::Ready(Err(error)) => {
                    tracing::debug!(%error, "a connection ended with an error");
                    return Poll::Ready(End::Broken);
                }
                Poll::Pending => {}
            }
            if !shared.outgoing.is_waiting() {
                // An earlier answer must be out before this one begins. hyper works on a request only then, as it is
                // today; it does not promise to.
                if let Some(leaving) = shared.leaving.lock().take() {
                    return Poll::Ready(End::Left(leaving));
                }
            }
            stall.poll(&shared.outgoing, context).map(|()| End::Broken)
        });
        self.cut_off.run_until_cancelled(driving).await.unwrap_or(End::Broken)
    }
}

/// Notices a client that takes nothing of its answer.
struct Stall {
    limit: Duration,
    /// How far writing had come when the clock was set.
    waiting: Option<(u64, Pin<Box<Sleep>>)>,
}

impl Stall {
    const fn new(limit: Duration) -> Self {
        Self { limit, waiting: None }
    }

    /// Ready when bytes have waited for the whole limit while the client took none.
    fn poll(&mut self, outgoing: &Outgoing, context: &mut Context<'_>) -> Poll<()> {
        if !outgoing.is_waiting() {
            self.waiting = None;
            return Poll::Pending;
        }
        let progress = outgoing.progress();
        let (limit, fresh) = (self.limit, (progress, None));
        let (seen, sleep) = match self.waiting.take() {
            Some((seen, sleep)) if seen == progress => (seen, Some(sleep)),
            _ => fresh,
        };
        let sleep = sleep.unwrap_or_else(|| Box::pin(tokio::time::sleep(limit)));
        let (_, sleep) = self.waiting.insert((seen, sleep));
        sleep.as_mut().poll(context)
    }
}

/// Says that nothing more comes, and reads what the client still sends, so that the last answer is not lost to a reset.
async fn linger(mut socket: TcpStream, cut_off: &CancellationToken) {
    let lingering = async {
        if socket.shutdown().await.is_err() {
            return;
        }
        let mut waste = vec![0; 8 * 1024];
        let mut total = 0;
        while total < LINGER_BYTES {
            match socket.read(&mut waste).await {
                Ok(read @ 1..) => total += read,
                _ => return,
            }
        }
    };
    let _in_time = cut_off.run_until_cancelled(tokio::time::timeout(LINGER, lingering)).await;
}

/// The router as hyper calls it.
struct Serving {
    router: Router,
    shared: Arc<Shared>,
    body_timeout: Duration,
}

/// Boxed, since taking a connection apart needs it to be movable.
type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl hyper::service::Service<Request<Incoming>> for Serving {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let slot = may_leave(&request).then(TakeoverSlot::default);
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                Body::empty()
            } else {
                Body::new(Timed::new(body, self.body_timeout))
            }
        });
        if let Some(slot) = &slot {
            request.extensions_mut().insert(slot.clone());
        }
        let answering = self.router.clone().call(request);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let Ok(response) = answering.await;
            // Only an answer that came through whole opens a stream: a layer may have put another in its place.
            let offered = slot.and_then(|slot| slot.take());
            let Some(admission) = offered.filter(|_| response.status() == StatusCode::OK) else {
                return Ok(response);
            };
            let head = head::last_chunked(&response, jiff::Timestamp::now());
            *shared.leaving.lock() = Some((admission, head));
            std::future::pending().await
        })
    }
}

/// Whether the connection of this request may be taken over: its answer is the last thing on it whatever else was sent,
/// since only HTTP/1.1 has answers that end with the connection and a client that knows it.
fn may_leave(request: &Request<Incoming>) -> bool {
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && request.body().is_end_stream()
}
