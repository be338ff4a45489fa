//! A relay in front of a server. While it is shut, it holds back what clients send, and tells how many wait.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Relay {
    url: String,
    target: watch::Sender<String>,
    open: watch::Sender<bool>,
    held: watch::Sender<usize>,
}

impl Relay {
    /// A relay whose server is not known yet: [`to`](Self::to) names it.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (target, open, held) =
            (watch::Sender::new(String::new()), watch::Sender::new(true), watch::Sender::new(0));
        let (name, gate, count) = (target.clone(), open.clone(), held.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = name.borrow().clone();
                tokio::spawn(relay(client, server, gate.subscribe(), count.clone()));
            }
        });
        Self { url, target, open, held }
    }

    /// A relay before this server, named by its URL.
    pub(crate) async fn before(server: &str) -> Self {
        let relay = Self::new().await;
        relay.to(server);
        relay
    }

    pub(crate) fn to(&self, server: &str) {
        self.target.send_replace(server.strip_prefix("http://").unwrap().to_owned());
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn shut(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until this many clients have sent something that is held.
    pub(crate) async fn holds(&self, count: usize) {
        self.held.subscribe().wait_for(|held| *held >= count).await.unwrap();
    }
}

async fn relay(client: TcpStream, server: String, open: watch::Receiver<bool>, held: watch::Sender<usize>) {
    let Ok(server) = TcpStream::connect(&server).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::join!(asks(from_client, to_server, open, held), answers(from_server, to_client));
}

async fn asks(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut open: watch::Receiver<bool>,
    held: watch::Sender<usize>,
) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        held.send_modify(|held| *held += 1);
        let opened = open.wait_for(|open| *open).await.is_ok();
        held.send_modify(|held| *held -= 1);
        if !opened || to.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}
