//! Private servers for tests: each test starts its own on a free port, and the server ends with the value that stands for
//! it.
//!
//! The programs come from the operating system (Debian: `postgresql`, `pgbouncer`, `redis-server`). As root, a server that refuses to run
//! as root runs as another user. Every function panics with the reason when a server does not start: a test cannot go on
//! without it.
#![forbid(unsafe_code)]

mod clock;
mod pgbouncer;
mod postgres;
mod process;
mod redis;
mod relay;

// The public interface is:
pub use clock::{eventually, timed};
pub use pgbouncer::PgBouncer;
pub use postgres::{DataCopy, PostgresServer, Settings};
pub use process::free_port;
pub use redis::{RedisSentinel, RedisServer};
pub use relay::Relay;
