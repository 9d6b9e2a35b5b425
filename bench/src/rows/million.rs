//! What others feel while an inbox of a million is read, erased, pruned and trimmed, on both databases: notifications are
//! posted at a low rate, and the slowest answer counts, beside the slowest sync of a bare file in the same time. Not here: how
//! the inboxes come about (`million_rows`).

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use super::Plan;
use super::million_rows::{Books, FULL, OLD, READER};
use crate::client::http::Connection;
use crate::client::swarm::Swarm;
use crate::database::Cluster;
use crate::floor;
use crate::process::Scratch;
use crate::report::{Row, Verdict, thousands};
use crate::server::{Environment, Server};
use crate::stats::{max, millis, percentile};
use crate::{progress, request, sys};

/// The most that anybody else may wait, in milliseconds, beyond what the disk makes a bare file wait.
const MOST: f64 = 50.0;
/// How often somebody else is notified, and how often the user whose inbox it is.
const OTHERS: Duration = Duration::from_millis(5);
const SAME: Duration = Duration::from_millis(100);
/// How many the others are.
const USERS: usize = 100;
/// How long housekeeping is watched, and the time without it: it rests between its batches, and a million take minutes.
const WATCHED: Duration = Duration::from_mins(1);
/// Within what time of a start its first round begins, and comes to the inbox.
const BEGINS: Duration = Duration::from_mins(2);
/// Within what time a request about a million is answered.
const ANSWERED: Duration = Duration::from_mins(10);
/// How many notifications trimming leaves.
const KEPT: i64 = 10_000;

/// Measures on both databases.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let keeping = settings(0, 0);
    let server = Server::start_with(&plan.server, "million", keeping.clone())?;
    let mut rows = measure(plan, "SQLite", server)?;
    let cluster = Cluster::start()?;
    let url = cluster.create("million")?;
    let server = Server::start_on(&plan.server, "million", url, keeping)?;
    rows.extend(measure(plan, "PostgreSQL", server)?);
    Ok(rows)
}

/// For how many days what was read is kept, and how many an inbox holds; 0 is no limit.
fn settings(days: u32, most: i64) -> Environment {
    vec![("GRELOT_RETENTION_DAYS", days.to_string()), ("GRELOT_INBOX_MAX", most.to_string())]
}

fn measure(plan: &Plan, name: &'static str, server: Server) -> Result<Vec<Row>> {
    let size = i64::try_from(plan.size(1_000_000, 2_000))?;
    let (stopped, begin) = (server.stop(), Instant::now());
    Books::open(stopped.database())?.fill(size)?;
    progress(&format!("million: {name}: filled in {:.0?}", begin.elapsed()));
    let server = stopped.restart()?;
    let mut table = Table { plan, name, size, quiet: 0.0, rows: Vec::new() };

    let mut desk = Desk::open(&server, READER)?;
    let time = if plan.quick { Duration::from_secs(1) } else { WATCHED };
    let begin = Instant::now();
    let quiet = desk.watch(&mut |_| Ok(begin.elapsed() >= time))?;
    table.quiet = max(&quiet.others);
    progress(&format!("million: {name}: quiet: {}", quiet.figures()));
    let token = request::token(READER);
    let read_all = request::with_body("POST", "/api/notifications/read-all", &token, b"{}");
    let seen = desk.ask(&server, &read_all, 200)?;
    table.add("read-all", &seen, &took(&seen));
    let path = format!("/api/internal/users/{READER}");
    let seen =
        desk.ask(&server, &request::with_body("DELETE", &path, &server.api_key, b""), 204)?;
    table.add("erase", &seen, &took(&seen));
    if plan.quick {
        // Housekeeping begins when it likes.
        return Ok(table.rows);
    }
    let server = server.stop().restart_with(settings(1, 0))?;
    let (seen, moved) = housekeeping(&server, OLD, true, size)?;
    table.add("pruning what was read", &seen, &rate(&seen, moved));
    let server = server.stop().restart_with(settings(0, KEPT))?;
    let (seen, moved) = housekeeping(&server, FULL, false, size - KEPT)?;
    table.add("trimming what is unread", &seen, &rate(&seen, moved));
    Ok(table.rows)
}

fn took(seen: &Seen) -> String {
    format!("it took {:.1} s", seen.elapsed.as_secs_f64())
}

fn rate(seen: &Seen, moved: i64) -> String {
    let (moved, seconds) = (moved as f64, seen.elapsed.as_secs_f64());
    format!("{} went in {seconds:.1} s ({}/s)", thousands(moved), thousands(moved / seconds))
}

/// The rows of one database.
struct Table<'a> {
    plan: &'a Plan,
    name: &'static str,
    size: i64,
    /// The slowest answer while nothing else was to be done, in milliseconds.
    quiet: f64,
    rows: Vec<Row>,
}

impl Table<'_> {
    fn add(&mut self, what: &str, seen: &Seen, total: &str) {
        let (slowest, disk) = (max(&seen.others), max(&seen.syncs));
        let note = format!("{total}; meanwhile {}; load {}", seen.figures(), sys::load());
        progress(&format!("million: {}: {what}: {note}", self.name));
        self.rows.push(Row {
            what: format!(
                "{}: {what}, an inbox of {}: the slowest write of others",
                self.name,
                thousands(self.size as f64)
            ),
            floor: format!("{:.1} ms quiet, {disk:.1} ms a bare file", self.quiet),
            ours: format!("{slowest:.1} ms"),
            ratio: String::new(),
            target: "≤ 50 ms beyond a bare file",
            verdict: Verdict::of(slowest <= MOST + disk, self.plan.quick),
            bar: None,
            note,
        });
    }
}

/// Milliseconds of answers and of the syncs of a bare file, and how long it was watched.
#[derive(Default)]
struct Seen {
    others: Vec<f64>,
    same: Vec<f64>,
    syncs: Vec<f64>,
    elapsed: Duration,
}

impl Seen {
    fn figures(&self) -> String {
        format!(
            "{} notifications to others, answer p50 {:.1} ms, p99 {:.1} ms, {:.1} ms at most; {} to the same user, p50 \
             {:.1} ms, {:.1} ms at most; a bare file was synced in p50 {:.1} ms, p99 {:.1} ms, {:.1} ms at most",
            thousands(self.others.len() as f64),
            percentile(&self.others, 50),
            percentile(&self.others, 99),
            max(&self.others),
            self.same.len(),
            percentile(&self.same, 50),
            max(&self.same),
            percentile(&self.syncs, 50),
            percentile(&self.syncs, 99),
            max(&self.syncs),
        )
    }
}

/// Who is notified again and again: the next time only when the answer is there.
struct Publisher {
    connection: Connection,
    requests: Vec<Vec<u8>>,
    every: Duration,
    next: Instant,
    sent: usize,
    asked_at: Option<Instant>,
}

impl Publisher {
    fn new(server: &Server, requests: Vec<Vec<u8>>, every: Duration) -> Result<Self> {
        let (connection, next) = (server.connect()?, Instant::now());
        Ok(Self { connection, requests, every, next, sent: 0, asked_at: None })
    }

    fn send_if_due(&mut self, now: Instant) -> Result<()> {
        if self.asked_at.is_none() && self.next <= now {
            self.connection.send(&self.requests[self.sent % self.requests.len()])?;
            self.sent += 1;
            self.asked_at = Some(now);
            self.next = now + self.every;
        }
        Ok(())
    }

    fn answered(&mut self) -> Result<Option<f64>> {
        let Some(answer) = self.connection.advance()? else { return Ok(None) };
        ensure!(answer.status == 201, "a notify got {}", answer.status);
        let asked_at = self.asked_at.take().context("an answer to nothing")?;
        Ok(Some(millis(asked_at.elapsed())))
    }
}

/// Those who are notified meanwhile: many others, and the one whose inbox it is.
struct Desk {
    swarm: Swarm,
    others: Publisher,
    same: Publisher,
    /// Where the bare file is.
    scratch: Scratch,
}

/// The number of the connection on which the large thing is asked for.
const ASKED: usize = 2;

impl Desk {
    fn open(server: &Server, user: &str) -> Result<Self> {
        let notify = |user: &str| request::notify(&server.api_key, user);
        let others = (0..USERS).map(|n| notify(&request::user(n))).collect();
        let others = Publisher::new(server, others, OTHERS)?;
        let same = Publisher::new(server, vec![notify(user)], SAME)?;
        let swarm = Swarm::new()?;
        swarm.watch(0, &others.connection)?;
        swarm.watch(1, &same.connection)?;
        Ok(Self { swarm, others, same, scratch: Scratch::new("million-floor")? })
    }

    /// Notifies until `is_done`, which is told when the third connection may be read, while a bare file is synced.
    fn watch(&mut self, is_done: &mut dyn FnMut(bool) -> Result<bool>) -> Result<Seen> {
        let (file, end) = (self.scratch.file("synced"), &AtomicBool::new(false));
        thread::scope(|scope| {
            let syncing = scope.spawn(move || floor::sync::run(&file, end));
            let seen = self.notify(is_done);
            end.store(true, Ordering::Relaxed);
            let syncs = syncing.join().map_err(|_panic| anyhow!("syncing a file failed"))??;
            Ok(Seen { syncs, ..seen? })
        })
    }

    fn notify(&mut self, is_done: &mut dyn FnMut(bool) -> Result<bool>) -> Result<Seen> {
        let Self { swarm, others, same, .. } = self;
        let (begin, mut seen) = (Instant::now(), Seen::default());
        let mut asked = false;
        loop {
            let is_done = is_done(std::mem::take(&mut asked))?;
            if is_done && others.asked_at.is_none() && same.asked_at.is_none() {
                return Ok(seen);
            }
            let now = Instant::now();
            if !is_done {
                seen.elapsed = now - begin;
                others.send_if_due(now)?;
                same.send_if_due(now)?;
            }
            swarm.turn(Duration::from_millis(1), &mut |number| {
                match number {
                    0 => seen.others.extend(others.answered()?),
                    1 => seen.same.extend(same.answered()?),
                    _ => asked = true,
                }
                Ok(())
            })?;
        }
    }

    /// Notifies while `request` is answered.
    fn ask(&mut self, server: &Server, request: &[u8], status: u16) -> Result<Seen> {
        let mut connection = server.connect()?;
        self.swarm.watch(ASKED, &connection)?;
        connection.send(request)?;
        let (begin, mut answered) = (Instant::now(), false);
        self.watch(&mut |may_read| {
            if may_read && let Some(answer) = connection.advance()? {
                ensure!(answer.status == status, "it got {}", answer.status);
                answered = true;
            }
            ensure!(begin.elapsed() < ANSWERED, "not answered in {ANSWERED:?}");
            Ok(answered)
        })
    }
}

/// Notifies while housekeeping works on the inbox of `user`, from when it begins; with how many it removed.
fn housekeeping(server: &Server, user: &str, read: bool, most: i64) -> Result<(Seen, i64)> {
    let books = Books::open(server.database())?;
    let (gone, end) = (&AtomicI64::new(0), &AtomicBool::new(false));
    thread::scope(|scope| {
        // On a thread of its own, so that no answer waits for it to be noticed.
        let looking = scope.spawn(move || -> Result<()> {
            while !end.load(Ordering::Relaxed) {
                let left = books.oldest(user, read)?.unwrap_or(i64::MAX);
                gone.store((left - 1).min(most), Ordering::Relaxed);
                sys::pause(Duration::from_millis(100));
            }
            Ok(())
        });
        let seen = watch_housekeeping(server, user, gone, most);
        end.store(true, Ordering::Relaxed);
        looking.join().map_err(|_panic| anyhow!("looking into the database failed"))??;
        seen
    })
}

fn watch_housekeeping(
    server: &Server,
    user: &str,
    gone: &AtomicI64,
    most: i64,
) -> Result<(Seen, i64)> {
    let started = Instant::now();
    while gone.load(Ordering::Relaxed) == 0 {
        ensure!(started.elapsed() < BEGINS, "housekeeping does not begin");
        sys::pause(Duration::from_millis(10));
    }
    let mut desk = Desk::open(server, user)?;
    let (begin, first) = (Instant::now(), gone.load(Ordering::Relaxed));
    let seen = desk
        .watch(&mut |_| Ok(begin.elapsed() >= WATCHED || gone.load(Ordering::Relaxed) >= most))?;
    Ok((seen, gone.load(Ordering::Relaxed) - first))
}
