//! What kept a request from being sent, and whose pause that is: a table.
//!
//! A failure of one process or of its host pauses only that process: written into the shared record, it would stop processes
//! that lack nothing. A failure on the way or at the server is the same for every process, and all of them pause together.

use crate::rules::{Table, cell_holds};

/// What kept a request from being sent: the rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of the table")]
pub enum Obstacle {
    /// The process or the system has no free file descriptor.
    NoDescriptor,
    /// The system has no memory left for a connection.
    NoMemory,
    /// The system starts no further thread.
    NoThread,
    /// This host has no network, or no route to the endpoint.
    NoNetwork,
    /// The system does not permit the connection.
    NotPermitted,
    /// The name of the endpoint cannot be looked up.
    NameLookup,
    /// The proxy that this process is to use makes no connection to the endpoint.
    Proxy,
    /// This process does not trust the server's certificate.
    UntrustedServer,
    /// The settings of this process allow no such request.
    Settings,
    /// The time for sending had passed before the request left: the process or its store was too slow.
    TooLate,
    /// No connection was made in time.
    ConnectTimeout,
    /// The connection broke before the request was sent.
    ConnectionBroken,
    /// The port of the endpoint is closed.
    ConnectionRefused,
    /// An alert ended the TLS handshake. Until the handshake is complete nothing shows that the server has sent it, and
    /// another process may have another certificate.
    HandshakeRefused,
    /// The server has refused the client certificate, or asks for one, with an alert on the connection that it has secured.
    CertificateRefused,
}

/// Where a request that was not sent has failed: the cells of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the cells of the table")]
pub enum FaultPlace {
    /// In this process or on its host. Only this process pauses.
    Local,
    /// Between this host and the server. All processes pause.
    OnTheWay,
    /// At the server. All processes pause.
    AtTheServer,
}

/// Where each obstacle is.
pub const OBSTACLES: [(Obstacle, FaultPlace); 15] = {
    use {FaultPlace as P, Obstacle as O};
    [
        (O::NoDescriptor, P::Local),
        (O::NoMemory, P::Local),
        (O::NoThread, P::Local),
        (O::NoNetwork, P::Local),
        (O::NotPermitted, P::Local),
        (O::NameLookup, P::Local),
        (O::Proxy, P::Local),
        (O::UntrustedServer, P::Local),
        (O::Settings, P::Local),
        (O::TooLate, P::Local),
        (O::ConnectTimeout, P::OnTheWay),
        (O::ConnectionBroken, P::OnTheWay),
        (O::ConnectionRefused, P::AtTheServer),
        (O::HandshakeRefused, P::Local),
        (O::CertificateRefused, P::AtTheServer),
    ]
};

impl Obstacle {
    /// Looks up where it is.
    #[must_use]
    pub fn place(self) -> FaultPlace {
        let place = OBSTACLES[self as usize].1;
        if cell_holds(Table::Fault, self as usize) {
            return place;
        }
        // The explorer has dropped this cell: the mistake that it has to notice.
        match place {
            FaultPlace::Local => FaultPlace::AtTheServer,
            FaultPlace::OnTheWay | FaultPlace::AtTheServer => FaultPlace::Local,
        }
    }

    /// Whether only the process that met it pauses.
    #[must_use]
    pub fn is_local(self) -> bool {
        matches!(self.place(), FaultPlace::Local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_obstacle_is_where_it_is_looked_up() {
        for (obstacle, place) in OBSTACLES {
            assert_eq!(obstacle.place(), place, "{obstacle:?}");
            assert_eq!(obstacle.is_local(), place == FaultPlace::Local, "{obstacle:?}");
        }
    }
}
