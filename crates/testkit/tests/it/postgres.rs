//! That the PostgreSQL servers of the tests are what the tests take them for. Not here: Grelot on them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use grelot_testkit::postgres::Server;

#[test]
fn a_server_keeps_what_it_committed_whatever_ends_it() {
    let mut server = Server::start().unwrap();
    server.run("postgres", "CREATE TABLE kept (number int)").unwrap();
    for (number, end) in [Server::kill, Server::stop_immediately].into_iter().enumerate() {
        server.run("postgres", &format!("INSERT INTO kept VALUES ({number})")).unwrap();
        end(&mut server).unwrap();
        assert!(server.run("postgres", "SELECT 1").is_err(), "it is gone");
        server.restart().unwrap();
    }
    assert_eq!(server.run("postgres", "SELECT number FROM kept ORDER BY 1").unwrap(), "0\n1");
    assert_eq!(server.run("postgres", "SHOW timezone").unwrap(), "America/New_York");
}

/// What a client says first: it asks for TLS, and one byte answers.
const HELLO: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

#[test]
fn a_frozen_server_says_nothing_until_it_goes_on() {
    let server = Server::start().unwrap();
    server.freeze().unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    socket.write_all(&HELLO).unwrap();
    let mut answer = [0];
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(socket.read_exact(&mut answer).unwrap_err().kind(), ErrorKind::WouldBlock);
    server.thaw().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"N", "it has no TLS");
}
