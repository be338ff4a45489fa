//! The table of faults: what keeps a request from being sent, and who pauses.

use wellspring_core::{FaultPlace, OBSTACLES, Obstacle};

use super::grid::markdown;

#[derive(Clone, Copy)]
enum Column {
    Place,
    Pauses,
}

pub(super) fn faults() -> String {
    let rows = OBSTACLES.map(|(obstacle, place)| {
        (obstacle, [Column::Place, Column::Pauses].map(|column| (column, (column, place))))
    });
    let column = |column| match column {
        Column::Place => "where",
        Column::Pauses => "who pauses",
    };
    let cell = |cell| match cell {
        (Column::Place, FaultPlace::Local) => "here",
        (Column::Place, FaultPlace::OnTheWay) => "on the way",
        (Column::Place, FaultPlace::AtTheServer) => "at the server",
        (Column::Pauses, FaultPlace::Local) => "this process",
        (Column::Pauses, FaultPlace::OnTheWay | FaultPlace::AtTheServer) => "all",
    };
    markdown("what kept the request from being sent", &rows, obstacle, column, cell)
}

const fn obstacle(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::NoDescriptor => "no free file descriptor",
        Obstacle::NoMemory => "no memory for a connection",
        Obstacle::NoThread => "no further thread can be started",
        Obstacle::NoNetwork => "no network, no route, no free local address",
        Obstacle::NotPermitted => "a firewall or a sandbox forbids the connection",
        Obstacle::NameLookup => "the name of the endpoint cannot be looked up",
        Obstacle::Proxy => {
            "a proxy makes no connection: it cannot be reached, or it answers with another status than 200"
        }
        Obstacle::UntrustedServer => {
            "the server's certificate is not trusted: a CA is missing, or a clock is wrong"
        }
        Obstacle::Settings => "the settings forbid the request",
        Obstacle::TooLate => "the time for sending has passed before the request left",
        Obstacle::ConnectTimeout => "no connection within the connect timeout",
        Obstacle::ConnectionBroken => "the connection breaks before the request is sent",
        Obstacle::ConnectionRefused => "the port is closed",
        Obstacle::HandshakeRefused => {
            "an alert ends the TLS handshake, such as one about the client certificate or the version of TLS"
        }
        Obstacle::CertificateRefused => "the server refuses the client certificate, or asks for one",
    }
}
