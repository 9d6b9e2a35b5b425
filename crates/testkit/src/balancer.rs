//! A balancer before several nodes: connections go to one after the other, past those whose `/readyz` does not say 200 and
//! those that refuse. It knows nothing of HTTP but that question. Not here: a wire that can be cut (`proxy`).

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often a node is asked whether it is ready, and how long its answer may take.
const EVERY: Duration = Duration::from_millis(100);
const ANSWER: Duration = Duration::from_secs(1);

/// A balancer at work; it ends, and so do its connections, when it is dropped.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    ready: watch::Receiver<Vec<bool>>,
    _tasks: JoinSet<Result<()>>,
}

impl Balancer {
    /// A balancer before these nodes, which has asked all of them when it is there.
    pub async fn start(nodes: &[SocketAddr]) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (said, ready) = watch::channel(vec![false; nodes.len()]);
        let mut tasks = JoinSet::new();
        for (number, node) in nodes.iter().enumerate() {
            tasks.spawn(ask(number, *node, said.clone()));
        }
        tasks.spawn(serve(listener, nodes.to_vec(), ready.clone()));
        let mut balancer = Self { address, ready, _tasks: tasks };
        for number in 0..nodes.len() {
            balancer.uses(number).await?;
        }
        Ok(balancer)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it sends connections to this node, by its number.
    pub async fn uses(&mut self, node: usize) -> Result<()> {
        let asked = self.ready.wait_for(|ready| ready.get(node) == Some(&true)).await;
        asked.map(|_now| ()).context("it has ended")
    }
}

/// Asks one node for ever.
async fn ask(number: usize, node: SocketAddr, said: watch::Sender<Vec<bool>>) -> Result<()> {
    let client = reqwest::Client::builder().timeout(ANSWER).pool_max_idle_per_host(0).build()?;
    let mut every = tokio::time::interval(EVERY);
    loop {
        every.tick().await;
        let answer = client.get(format!("http://{node}/readyz")).send().await;
        let ready = answer.is_ok_and(|answer| answer.status().is_success());
        said.send_modify(|all| all[number] = ready);
    }
}

async fn serve(
    listener: TcpListener,
    nodes: Vec<SocketAddr>,
    ready: watch::Receiver<Vec<bool>>,
) -> Result<()> {
    // Of clients that a test has made, so that they are as few as those.
    let mut connections = JoinSet::new();
    let mut turn = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (client, _address) = accepted?;
                turn += 1;
                connections.spawn(carry(client, order(&nodes, &ready.borrow(), turn)));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// Whom to try: those that are ready, from the one whose turn it is.
fn order(nodes: &[SocketAddr], ready: &[bool], turn: usize) -> Vec<SocketAddr> {
    let usable = nodes.iter().zip(ready).filter(|(_, ready)| **ready).map(|(node, _)| *node);
    let mut usable: Vec<SocketAddr> = usable.collect();
    if let Some(first) = turn.checked_rem(usable.len()) {
        usable.rotate_left(first);
    }
    usable
}

/// One connection, to its end; closed at once where no node takes it.
async fn carry(mut client: TcpStream, nodes: Vec<SocketAddr>) -> Result<()> {
    client.set_nodelay(true)?;
    for node in nodes {
        if let Ok(mut server) = TcpStream::connect(node).await {
            server.set_nodelay(true)?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await?;
            break;
        }
    }
    Ok(())
}
