//! Makes connections to the server, each with a task that drives it.

use core::fmt;
use core::future::poll_fn;
use core::time::Duration;
use std::path::PathBuf;

use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::tls::{NoTls, TlsStream};
use tokio_postgres::{AsyncMessage, Client, Connection, Notification, Socket};
use wellspring_core::StoreError;

use crate::error;
use crate::passfile;
use crate::server_url::ServerUrl;
use crate::table::Table;

/// How long a connection may take, with all its hosts.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Where the server is, and how to get in.
pub(crate) struct Connector {
    pub(crate) url: ServerUrl,
    pub(crate) table: Table,
    /// The file with passwords that the program names; the one of the URL comes first.
    pub(crate) passfile: Option<PathBuf>,
}

/// A connection, which ends when this is dropped.
pub(crate) struct Driven {
    pub(crate) client: Client,
    task: AbortHandle,
}

impl Drop for Driven {
    fn drop(&mut self) {
        // The library would wait for the answers to all that was sent, from a server that may be paused.
        self.task.abort();
    }
}

impl Connector {
    /// The name of the server in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.url.shown
    }

    /// A new connection. `notified` is called with each notification.
    pub(crate) async fn connect(
        &self,
        notified: impl FnMut(Notification) + Send + 'static,
    ) -> Result<Driven, StoreError> {
        let connecting = self.connect_unbounded(notified);
        match timeout(CONNECT_WITHIN, connecting).await {
            Ok(connected) => connected,
            Err(_) => {
                let sentence = format!("{} let no connection begin within {CONNECT_WITHIN:?}", self.shown());
                Err(StoreError::unavailable(sentence))
            }
        }
    }

    async fn connect_unbounded(
        &self,
        notified: impl FnMut(Notification) + Send + 'static,
    ) -> Result<Driven, StoreError> {
        let mut config = self.url.config.clone();
        let passfile = self.url.passfile.as_ref().or(self.passfile.as_ref());
        // Read for each connection: a password may be changed while the program runs.
        if let (None, Some(path)) = (config.get_password(), passfile) {
            if let Some(password) = passfile::password(path, &config)? {
                config.password(password.as_bytes());
            }
        }
        let failed = |error| error::of_connection(self.shown(), &self.table, &error);
        match &self.url.tls {
            None => config.connect(NoTls).await.map(|made| drive(made, notified)).map_err(failed),
            #[cfg(feature = "tls")]
            Some(files) => {
                let tls = crate::tls::connector(files, self.url.negotiates_directly())?;
                config.connect(tls).await.map(|made| drive(made, notified)).map_err(failed)
            }
            #[cfg(not(feature = "tls"))]
            Some(_) => Err(StoreError::refused("this program is built without TLS for Postgres")),
        }
    }
}

fn drive<T: TlsStream + Unpin + Send + 'static>(
    (client, mut connection): (Client, Connection<Socket, T>),
    mut notified: impl FnMut(Notification) + Send + 'static,
) -> Driven {
    let driving = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message {
                notified(notification);
            }
        }
    });
    Driven { client, task: driving.abort_handle() }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({}, {})", self.shown(), self.table)
    }
}
