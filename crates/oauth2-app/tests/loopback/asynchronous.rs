//! The cases on tokio.

use oauth2_app::asynchronous::Client;
use tokio::runtime::Builder;

fn wait<F: Future>(call: F) -> F::Output {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

include!("cases.rs");

#[test]
fn dropping_the_future_closes_the_port() {
    let stage = Stage::new("http://127.0.0.1/callback");
    let address = stage.address();
    let client = Client::new(stage.app.clone()).unwrap();
    let mut pending = Box::pin(client.sign_in_on_loopback(stage.sign_in, WITHIN));
    wait(async {
        let polled = core::future::poll_fn(|context| {
            core::task::Poll::Ready(pending.as_mut().poll(context).is_pending())
        });
        assert!(polled.await);
    });
    drop(pending);
    // The thread that waits ends as soon as the system runs it.
    let is_closed = |_| {
        let closed = TcpStream::connect(address.as_str()).is_err();
        if !closed {
            thread::park_timeout(Duration::from_millis(10));
        }
        closed
    };
    assert!((0..6_000).any(is_closed), "the port is still open");
}
