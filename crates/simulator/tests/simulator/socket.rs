//! Behaviour that only a real socket can show.

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;

use wellspring_simulator::{Delivery, Endpoint, Fault, Request, SimClock, Simulator, StartError};

use crate::exchange::{bytes_of, connect, exchange, receive, send};

fn ask() -> Request {
    Request::post("/oauth/token")
        .with_json(r#"{"clientId":"your-client-id","clientSecret":"your-client-secret"}"#)
}

fn failure(simulator: &Simulator, fault: &str) -> ErrorKind {
    simulator.fault(Endpoint::Token, Fault::parse(fault).unwrap());
    exchange(simulator, &ask()).unwrap_err().kind()
}

#[test]
fn one_connection_serves_many_requests_also_when_they_are_pipelined() {
    let simulator = Simulator::start().unwrap();
    let mut stream = connect(&simulator);
    for _ in 0..3 {
        assert_eq!(send(&mut stream, &bytes_of(&ask())).unwrap().status, 200);
    }
    stream.write_all(&[bytes_of(&ask()), bytes_of(&Request::get("/nothing"))].concat()).unwrap();
    let mut both = Vec::new();
    while both.windows(4).filter(|four| four == b"\r\n\r\n").count() < 2 || !both.ends_with(b"}") {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).unwrap();
        both.extend(&piece[..read]);
    }
    let both = String::from_utf8(both).unwrap();
    assert!(both.find("200 OK").unwrap() < both.find("404 Not Found").unwrap());
    assert_eq!((simulator.connections(), simulator.asked(Endpoint::Any)), (1, 5));
}

#[test]
fn a_chunked_request_is_read_and_an_expected_continue_is_sent() {
    let simulator = Simulator::start().unwrap();
    let mut stream = connect(&simulator);
    let body = ask().body;
    let head = "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    for chunk in body.chunks(7) {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).unwrap();
        stream.write_all(chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(receive(&mut stream).unwrap().status, 200);
    assert_eq!(simulator.received(Endpoint::PixToken)[0].body, body);
}

#[test]
fn invalid_http_and_oversized_requests_are_refused() {
    let simulator = Simulator::start().unwrap();
    let status = |bytes: &[u8]| send(&mut connect(&simulator), bytes).unwrap().status;
    assert_eq!(status(b"\x16\x03\x01 hello\r\n\r\n"), 400);
    assert_eq!(status(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), 400);
    assert_eq!(status(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    assert_eq!(status(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400);
    assert_eq!(status(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffff\r\n"), 413);
    // So large that the client is still writing when the refusal is sent; the server must read the rest.
    let mut large = b"POST /oauth/token HTTP/1.1\r\nContent-Length: 33554432\r\n\r\n".to_vec();
    large.resize(large.len() + 33_554_432, b'x');
    assert_eq!(status(&large), 413);
    let barely = b"POST /oauth/token HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n";
    assert_eq!(status(barely), 413);
    let endless = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'x'; 70_000]].concat();
    assert_eq!(status(&endless), 431);
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn a_reset_before_processing_issues_no_token_and_a_reset_after_it_does() {
    let simulator = Simulator::start().unwrap();
    assert_eq!(failure(&simulator, "reset-before"), ErrorKind::ConnectionReset);
    assert_eq!(simulator.counters().pix_tokens, 0);
    assert_eq!(failure(&simulator, "reset-after"), ErrorKind::ConnectionReset);
    assert_eq!(simulator.counters().pix_tokens, 1);
    let log = simulator.requests(Endpoint::Token);
    assert_eq!((log[0].decision.as_str(), log[1].decision.as_str()), ("not processed", "token issued"));
    assert!(log.iter().all(|entry| entry.status.is_none()));
}

#[test]
fn a_truncated_body_ends_early() {
    let simulator = Simulator::start().unwrap();
    for fault in ["truncated-body", "truncated-head"] {
        simulator.fault(Endpoint::Token, Fault::parse(fault).unwrap());
        let mut stream = connect(&simulator);
        stream.write_all(&bytes_of(&ask())).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let all = String::from_utf8(all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        let declared: usize =
            head.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
        let arrived = if fault == "truncated-body" { declared / 2 } else { 0 };
        assert_eq!(body.len(), arrived);
        assert!(declared > 100);
    }
}

#[test]
fn a_chunked_or_unbounded_body_arrives_completely() {
    let simulator = Simulator::start().unwrap();
    for (fault, header) in [
        ("chunked-body", "transfer-encoding"),
        ("unbounded-body", "connection"),
        ("closed-behind", "content-length"),
    ] {
        simulator.fault(Endpoint::Token, Fault::parse(fault).unwrap());
        let mut stream = connect(&simulator);
        let seen = send(&mut stream, &bytes_of(&ask())).unwrap();
        assert!(seen.header(header).is_some(), "{fault}");
        assert_eq!(seen.json()["expires_in"], 3_600);
        if fault != "chunked-body" {
            assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "{fault}");
        }
    }
}

#[test]
fn a_dripped_body_arrives_byte_by_byte_and_a_late_answer_late() {
    let simulator = Simulator::start().unwrap();
    let mut stream = connect(&simulator);
    simulator.fault(Endpoint::Token, Fault::drip(Duration::from_millis(5)));
    stream.write_all(&bytes_of(&ask())).unwrap();
    let mut pieces = 0;
    let mut all = Vec::new();
    while !all.ends_with(b"}") {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).unwrap();
        all.extend(&piece[..read]);
        pieces += 1;
    }
    assert!(pieces > 20, "{pieces} pieces");
    simulator.fault(Endpoint::Token, Fault::parse("stall-millis=1").unwrap());
    assert_eq!(send(&mut stream, &bytes_of(&ask())).unwrap().status, 200);
    simulator.fault(Endpoint::Token, Fault::parse("stall-millis=3600000").unwrap());
    nothing_comes(&mut stream);
}

fn nothing_comes(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = send(stream, &bytes_of(&ask())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
}

#[test]
fn an_answer_is_held_back_until_it_is_released() {
    let simulator = Simulator::start().unwrap();
    let mut stream = connect(&simulator);
    let (group, endpoint) = (simulator.hold(Endpoint::Token), simulator.hold(Endpoint::PixToken));
    stream.write_all(&bytes_of(&ask())).unwrap();
    while simulator.asked(Endpoint::PixToken) == 0 {
        thread::yield_now();
    }
    drop(group);
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    drop(endpoint);
    stream.set_read_timeout(None).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[test]
fn latency_delays_every_answer() {
    let simulator = Simulator::builder().latency(Duration::from_millis(1)).start().unwrap();
    let mut stream = connect(&simulator);
    assert_eq!(send(&mut stream, &bytes_of(&ask())).unwrap().status, 200);
    simulator.configure(|config| config.latency = Duration::from_secs(3_600));
    nothing_comes(&mut stream);
}

#[test]
fn a_dropped_simulator_closes_every_connection() {
    let simulator = Simulator::builder().latency(Duration::from_secs(3_600)).start().unwrap();
    let mut held = connect(&simulator);
    held.write_all(&bytes_of(&ask())).unwrap();
    simulator.configure(|config| config.latency = Duration::ZERO);
    let faults = ["silence-after", "stall-millis=3600000", "drip-millis=3600000"];
    let mut clients: Vec<_> = faults
        .map(|fault| {
            simulator.fault(Endpoint::PixToken, Fault::parse(fault).unwrap());
            let before = simulator.asked(Endpoint::PixToken);
            let mut stream = connect(&simulator);
            stream.write_all(&bytes_of(&ask())).unwrap();
            // The queue keeps this order.
            while simulator.asked(Endpoint::PixToken) == before {
                thread::yield_now();
            }
            stream
        })
        .into();
    clients.push(connect(&simulator));
    let port = simulator.port();
    drop(simulator);
    for mut client in clients {
        // The connection ends or is reset; the client does not wait.
        let mut rest = Vec::new();
        assert!(!matches!(
            client.read_to_end(&mut rest).map_err(|error| error.kind()),
            Err(ErrorKind::WouldBlock)
        ));
    }
    assert_eq!(TcpStream::connect(("127.0.0.1", port)).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_taken_port_is_an_error_and_a_free_one_can_be_chosen() {
    let first = Simulator::start().unwrap();
    let port = first.port();
    let error = Simulator::builder().port(port).start().unwrap_err();
    assert!(matches!(error, StartError::PortTaken { port: taken } if taken == port));
    drop(first);
    assert_eq!(Simulator::builder().port(port).start().unwrap().url(), format!("http://127.0.0.1:{port}"));
}

#[test]
fn unplugged_it_refuses_connections_and_plugged_in_it_has_its_old_state() {
    let mut simulator = Simulator::builder().clock(SimClock::manual(1_700_000_000)).start().unwrap();
    let token = exchange(&simulator, &ask()).unwrap().json()["access_token"].as_str().unwrap().to_owned();
    let mut open = connect(&simulator);
    simulator.unplug();
    simulator.unplug();
    assert!(send(&mut open, &bytes_of(&ask())).is_err());
    let refused = TcpStream::connect(("127.0.0.1", simulator.port())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    simulator.plug_in().unwrap();
    simulator.plug_in().unwrap();
    let balances = Request::get("/accounts/balances").with_bearer(&token);
    assert_eq!(exchange(&simulator, &balances).unwrap().status, 200);
}

#[test]
fn fifty_clients_at_once_are_all_answered() {
    let simulator = Simulator::start().unwrap();
    let together = Barrier::new(50);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                together.wait();
                assert_eq!(exchange(&simulator, &ask()).unwrap().status, 200);
            });
        }
    });
    assert_eq!((simulator.asked(Endpoint::Token), simulator.counters().pix_tokens), (50, 50));
}

#[test]
fn a_head_answer_has_no_body_and_http_1_0_closes_the_connection() {
    let simulator = Simulator::start().unwrap();
    let mut stream = connect(&simulator);
    stream.write_all(b"HEAD /nothing HTTP/1.0\r\n\r\n").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    assert!(all.starts_with("HTTP/1.1 404 Not Found\r\n") && all.ends_with("\r\n\r\n"));
    assert!(all.contains("Connection: close"));
    simulator.fault(Endpoint::Elsewhere, Fault::delivered(Delivery::Reset));
    assert!(exchange(&simulator, &Request::get("/nothing")).is_err());
}
