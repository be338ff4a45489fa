//! The port to which the browser returns: strangers at it neither end nor delay the sign-in.

use core::time::Duration;
use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::RecvTimeoutError;

use wellspring_simulator::{Endpoint, SimClock};

use crate::login::{Login, agree, exchange, free_port, stage, visit};

#[test]
fn requests_that_are_not_the_callback_do_not_end_the_wait() {
    let uri = format!("http://127.0.0.1:{}/oauth/callback", free_port());
    let (simulator, folder) = stage(&uri, "file:tokens");
    let login = Login::start(&folder, &[]);
    let authority = uri.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    for (target, status, says) in [
        ("favicon.ico", "404 Not Found", "There is nothing here"),
        ("", "404 Not Found", "There is nothing here"),
        ("oauth/callback/more?code=1", "404 Not Found", "There is nothing here"),
        ("oauth/callback", "400 Bad Request", "does not belong to the sign-in that is in progress"),
        (
            "oauth/callback?code=canary&state=wrong",
            "400 Bad Request",
            "does not belong to the sign-in that is in progress",
        ),
        (
            "oauth/callback?error=access_denied",
            "400 Bad Request",
            "does not belong to the sign-in that is in progress",
        ),
        (
            "oauth/callback?error=access_denied&state=wrong",
            "400 Bad Request",
            "does not belong to the sign-in that is in progress",
        ),
        (
            "oauth/callback?code=%3Cscript%3Ecanary&state=",
            "400 Bad Request",
            "does not belong to the sign-in that is in progress",
        ),
    ] {
        let (head, page) = visit(&format!("http://{authority}/{target}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{target}: {head}");
        assert!(page.contains(says) && !page.contains("canary"), "{target}: {page}");
        for field in [
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "Content-Security-Policy: default-src 'none'",
        ] {
            assert!(head.contains(field), "{target}: {head}");
        }
    }
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"",
        b"GET",
        b"GET /oauth/callback?code=1 HTTP/1.1\r\n",
        b"\r\n\r\n\r\n",
        b"GET /oauth/callback\x00 HTTP/1.1\r\n\r\n",
        b"POST /oauth/callback HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345",
        b"HEAD /oauth/callback HTTP/1.1\r\n\r\n",
    ] {
        let (head, _) = exchange(&authority, garbage);
        assert!(head.starts_with("HTTP/1.1 400 Bad Request"), "{garbage:?}: {head}");
    }
    let oversized = format!("GET /oauth/callback?code={} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    exchange(&authority, oversized.as_bytes());
    let many_fields = format!("GET /oauth/callback HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200));
    exchange(&authority, many_fields.as_bytes());
    // Silent connections do not delay the callback.
    let _silent: Vec<_> = (0..50).map(|_| TcpStream::connect(&authority).unwrap()).collect();
    assert_eq!(simulator.asked(Endpoint::Token), 0);
    let started = simulator.clock().now();
    assert!(agree(&login).1.contains("You are signed in"));
    assert_eq!(login.end().status, 0);
    // Served one by one, the silent connections would take fifty times five seconds.
    assert!(simulator.clock().now() - started < Duration::from_secs(100));
}

#[test]
fn strangers_at_the_port_do_not_delay_the_callback() {
    let forged = |target: &str| format!("GET /oauth/callback{target} HTTP/1.1\r\nHost: x\r\n\r\n");
    let clock = SimClock::system();
    // A stranger sends this and then one byte every 0.1 s, or nothing more.
    for (strangers, first, drips) in [
        (30, forged("?code=forged&state=forged"), true),
        (30, "GET /oauth/callback?code=".to_owned(), true),
        (300, String::new(), false),
        (300, forged("?error=access_denied&state=forged"), false),
    ] {
        let uri = format!("http://127.0.0.1:{}/oauth/callback", free_port());
        let (_simulator, folder) = stage(&uri, "file:tokens");
        let login = Login::start(&folder, &[]);
        let authority = uri.strip_prefix("http://").unwrap().split('/').next().unwrap();
        let visit = |_| {
            let stream = TcpStream::connect(authority).unwrap();
            (&stream).write_all(first.as_bytes()).unwrap();
            stream
        };
        let streams: Vec<_> = (0..strangers).map(visit).collect();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let dripping = scope.spawn(move || {
                while drips
                    && stopped
                        .recv_timeout(Duration::from_millis(100))
                        .is_err_and(|e| e == RecvTimeoutError::Timeout)
                {
                    // The command may have closed the connection.
                    streams.iter().for_each(|mut stream| drop(stream.write_all(b"x")));
                }
                drop(stopped);
                streams
            });
            let started = clock.now();
            let (_, page) = agree(&login);
            let took = clock.now() - started;
            assert!(page.contains("You are signed in"), "{first}: {page}");
            // Served one by one, the strangers would take five seconds each.
            assert!(took < Duration::from_secs(60), "{first}: {took:?}");
            drop(stop);
            dripping.join().unwrap();
        });
        assert_eq!(login.end().status, 0);
    }
}

#[test]
fn the_port_is_closed_as_soon_as_the_callback_has_arrived() {
    let uri = format!("http://127.0.0.1:{}/oauth/callback", free_port());
    let (simulator, folder) = stage(&uri, "file:tokens");
    let hold = simulator.hold(Endpoint::Token);
    let login = Login::start(&folder, &[]);
    let page = std::thread::scope(|scope| {
        let browser = scope.spawn(|| agree(&login).1);
        while simulator.asked(Endpoint::Token) == 0 {
            std::thread::yield_now();
        }
        let authority = uri.strip_prefix("http://").unwrap().split('/').next().unwrap();
        assert!(TcpStream::connect(authority).is_err(), "the port is closed during the exchange");
        drop(hold);
        browser.join().unwrap()
    });
    assert!(page.contains("You are signed in"), "{page}");
    assert_eq!(login.end().status, 0);
}
