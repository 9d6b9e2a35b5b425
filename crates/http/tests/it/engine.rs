//! The application behind its own accept loop, and a client that writes and reads bytes.

use std::net::SocketAddr;
use std::time::Duration;

use grelot_http::router;
use grelot_http::server::{ServerLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::App;

/// Longer than anything here takes; a test that gets here has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The served application.
pub(crate) struct Engine {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    serving: JoinSet<std::io::Result<()>>,
}

impl Engine {
    pub(crate) async fn start() -> Self {
        Self::start_with(ServerLimits::default()).await
    }

    pub(crate) async fn start_with(limits: ServerLimits) -> Self {
        let app = App::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let mut serving = JoinSet::new();
        let (routes, hub) = (router(app.state.clone()), app.state.hub.clone());
        serving.spawn(serve(listener, routes, hub, shutdown.clone(), limits));
        Self { app, address, shutdown, serving }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// A connection that takes few bytes before it is read.
    pub(crate) async fn connect_narrow(&self) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        Client::new(socket.connect(self.address).await.unwrap())
    }

    /// The request for the user's stream.
    pub(crate) fn stream_of(&self, user: &str) -> String {
        let token = self.app.token(user);
        format!(
            "GET /api/notifications/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
        )
    }

    /// A notify to `user` in two parts, of which the second completes it.
    pub(crate) async fn notify_in_parts(&self, user: &str) -> [String; 2] {
        let key = self.app.api_key(&[]).await;
        let body = format!(r#"{{"userId":"{user}","title":"Hello"}}"#);
        let length = body.len();
        let head = format!(
            "POST /api/internal/notify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        let (first, second) = body.split_at(10);
        [format!("{head}{first}"), second.to_owned()]
    }

    /// Waits until the loop has ended.
    pub(crate) async fn ended(&mut self) {
        patiently(self.serving.join_next()).await.unwrap().unwrap().unwrap();
    }
}

pub(crate) const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// A connection.
pub(crate) struct Client {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Client {
    fn new(socket: TcpStream) -> Self {
        Self { socket, read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        patiently(self.socket.write_all(text.as_bytes())).await.unwrap();
    }

    /// Reads some more; `false` at the end, or when the connection was reset.
    async fn more(&mut self) -> bool {
        let mut chunk = vec![0; 64 * 1024];
        let count = patiently(self.socket.read(&mut chunk)).await.unwrap_or(0);
        self.read.extend_from_slice(&chunk[..count]);
        count > 0
    }

    /// Takes everything up to and with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            let found = self.read.windows(end.len()).position(|window| window == end.as_bytes());
            if let Some(at) = found {
                let taken = self.read.drain(..at + end.len()).collect();
                return String::from_utf8(taken).unwrap();
            }
            let text = String::from_utf8_lossy(&self.read).into_owned();
            assert!(self.more().await, "the connection ended before {end:?}: {text}");
        }
    }

    pub(crate) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// Takes a whole answer with a length: its head and its body.
    pub(crate) async fn answer(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            assert!(self.more().await, "the connection ended inside of a body: {head}");
        }
        let body = self.read.drain(..length).collect();
        (head, String::from_utf8(body).unwrap())
    }

    /// Reads to the end of the connection; what was left to read.
    pub(crate) async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

/// Waits, but not for ever.
pub(crate) async fn patiently<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("still waiting"))
}
