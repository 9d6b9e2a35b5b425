//! A hub, its store, and readers that see plain lines.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use grelot_core::{
    Change, ChangeKind, Clock, Inbox, NotificationId, Seq, SessionStart, Timestamp, UserId,
};
use grelot_hub::{
    Admission, Block, Encode, Hub, HubSettings, Mailbox, Publisher, StreamCursor, mailbox,
};
use grelot_store::conformance::{HandClock, content, request, user};
use grelot_store::{Committed, Inboxes as _, Notify as _, StreamSource, Users as _};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// One line an event: its name and its numbers.
#[derive(Debug)]
struct Plain;

impl Encode for Plain {
    fn change(&self, change: &Change) -> Block {
        let name = match &change.kind {
            ChangeKind::Created(_) => "created",
            ChangeKind::Read { .. } => "read",
            ChangeKind::Unread { .. } => "unread",
            ChangeKind::Deleted { .. } => "deleted",
            ChangeKind::AllRead { .. } => "all_read",
            ChangeKind::PreferencesUpdated => "preferences",
            ChangeKind::Erased => "erased",
        };
        plain(&format!("{name} {}\n", change.seq.get()))
    }

    fn ready(&self, inbox: &Inbox, resumed: bool) -> Block {
        plain(&format!("ready {} {resumed}\n", inbox.seq.get()))
    }

    fn reset(&self, inbox: &Inbox) -> Block {
        plain(&format!("reset {}\n", inbox.seq.get()))
    }

    fn ping(&self, seq: Seq) -> Block {
        plain(&format!("ping {}\n", seq.get()))
    }

    fn expiring(&self, _at: Timestamp, seq: Seq) -> Block {
        plain(&format!("expiring {}\n", seq.get()))
    }

    fn retry(&self, millis: u64) -> Block {
        plain(&format!("retry {millis}\n"))
    }

    fn end(&self) -> &'static [u8] {
        b"end\n"
    }
}

/// A frame that tests can see: a bar before each line.
fn plain(line: &str) -> Block {
    let framed = format!("|{line}");
    let content = 1..framed.len();
    Block::new(Bytes::from(framed), content)
}

/// The usual bounds, and no ping while a test runs: the first one comes anywhere in its interval.
pub(crate) fn quiet() -> HubSettings {
    HubSettings { ping: Duration::from_hours(1_000), ..HubSettings::default() }
}

/// A store in a file that goes away, and its clock.
pub(crate) struct Base {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) clock: Arc<HandClock>,
    _directory: TempDir,
}

impl Base {
    pub(crate) fn open(listener: Arc<dyn Committed>) -> Arc<Self> {
        let directory = TempDir::new().unwrap();
        let clock = Arc::new(HandClock::new());
        let options = SqliteOptions::new(directory.path().join("grelot.db"));
        let as_clock: Arc<dyn Clock> = Arc::<HandClock>::clone(&clock);
        let store = SqliteStore::open(options, as_clock, listener).unwrap();
        Arc::new(Self { store, clock, _directory: directory })
    }
}

/// A running hub.
pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Arc<HandClock>,
    /// When the session of the streams to come began.
    pub(crate) session: SessionStart,
    listener: TcpListener,
    _tasks: JoinSet<()>,
    _base: Arc<Base>,
}

impl World {
    pub(crate) async fn open(settings: HubSettings, capacity: usize) -> Self {
        let (publisher, mailbox) = mailbox(capacity, None);
        let base = Base::open(Arc::new(publisher.clone()));
        Self::over(&base, settings, publisher, mailbox).await
    }

    /// A hub over a store that others use as well.
    pub(crate) async fn over(
        base: &Arc<Base>,
        settings: HubSettings,
        publisher: Publisher,
        mailbox: Mailbox,
    ) -> Self {
        let Base { store, clock, .. } = &**base;
        let (store, clock) = (Arc::clone(store), Arc::clone(clock));
        let source: Arc<dyn StreamSource> = Arc::<SqliteStore>::clone(&store);
        let as_clock: Arc<dyn Clock> = Arc::<HandClock>::clone(&clock);
        let hub = Hub::new(settings, mailbox, source, Arc::new(Plain), as_clock);
        let mut tasks = JoinSet::new();
        let running = hub.clone();
        tasks.spawn(async move { running.run(CancellationToken::new()).await });
        Self {
            hub,
            store,
            publisher,
            session: SessionStart::at_second(Some(clock.now().seconds())),
            clock,
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            _tasks: tasks,
            _base: Arc::clone(base),
        }
    }

    pub(crate) async fn new() -> Self {
        Self::open(quiet(), 1_024).await
    }

    pub(crate) fn admission(&self, cursor: StreamCursor, left: Duration) -> Admission {
        self.admission_of(user("u_1"), cursor, left)
    }

    fn admission_of(&self, user: UserId, cursor: StreamCursor, left: Duration) -> Admission {
        let expires_at = self.clock.now().after(left);
        Admission { user, cursor, expires_at, session: self.session }
    }

    /// A socket stream of `u_1` with an hour to live; the head is one line.
    pub(crate) async fn stream(&self, cursor: StreamCursor) -> Reader {
        self.stream_for(cursor, Duration::from_hours(2)).await
    }

    pub(crate) async fn stream_for(&self, cursor: StreamCursor, left: Duration) -> Reader {
        let mut reader = self.adopted(self.admission(cursor, left)).await;
        assert_eq!(reader.line().await, "head");
        assert!(reader.line().await.starts_with("retry "));
        reader
    }

    /// A socket stream of any user.
    pub(crate) async fn stream_of(&self, user: &UserId, cursor: StreamCursor) -> Reader {
        let mut reader = self.admitted_of(user, cursor).await;
        assert_eq!(reader.line().await, "head");
        assert!(reader.line().await.starts_with("retry "));
        reader
    }

    /// A socket stream of which nothing was read yet.
    pub(crate) async fn admitted(&self, cursor: StreamCursor) -> Reader {
        self.admitted_of(&user("u_1"), cursor).await
    }

    /// As [`admitted`](Self::admitted), of any user.
    pub(crate) async fn admitted_of(&self, user: &UserId, cursor: StreamCursor) -> Reader {
        self.adopted(self.admission_of(user.clone(), cursor, Duration::from_hours(2))).await
    }

    async fn adopted(&self, admission: Admission) -> Reader {
        let address = self.listener.local_addr().unwrap();
        let (near, far) = tokio::join!(TcpStream::connect(address), self.listener.accept());
        let (far, _) = far.unwrap();
        self.hub.adopt(admission, far, Bytes::from_static(b"head\n"));
        Reader(BufReader::new(near.unwrap()))
    }

    /// A stream that is ready.
    pub(crate) async fn live(&self) -> Reader {
        let mut reader = self.stream(StreamCursor::Now).await;
        assert!(reader.line().await.starts_with("ready "));
        reader
    }

    pub(crate) async fn notify(&self, user: &UserId) -> NotificationId {
        let answer = self.store.notify(request(user, content("hello"))).await.unwrap();
        answer.entries[0].id.unwrap()
    }

    pub(crate) async fn read(&self, id: NotificationId) {
        self.store.set_read(&user("u_1"), id, true).await.unwrap().unwrap();
    }

    pub(crate) async fn erase(&self) {
        self.store.erase(&user("u_1")).await.unwrap();
    }
}

/// The far end of a stream.
pub(crate) struct Reader(BufReader<TcpStream>);

impl Reader {
    /// The next line, out of its frame; empty when the stream was cut off.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        // A reset is an end too: the hub does not wait for what its reader sent.
        let _read = self.0.read_line(&mut line).await;
        line.trim_start_matches('|').trim_end().to_owned()
    }

    /// Reads to the end of the stream.
    pub(crate) async fn rest(&mut self) {
        while !self.line().await.is_empty() {}
    }

    pub(crate) async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            lines.push(self.line().await);
        }
        lines
    }
}
