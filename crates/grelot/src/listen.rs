//! Listening on an address of the settings.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

use crate::settings::Address;

/// Connections that wait to be accepted: all of a node's streams may come back at one moment. The system caps it.
const BACKLOG: u32 = 4_096;

/// Listens on the first address that the host has and that is free.
pub(crate) async fn listen(address: &Address) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for candidate in lookup_host((address.host.as_str(), address.port)).await? {
        match listen_on(candidate) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port whose old connections linger can be taken at once after a restart.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
