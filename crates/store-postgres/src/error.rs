//! Errors of Postgres as store errors: what failed, and what to do.
//!
//! An error shows the server's message and code, never its detail: a detail may show the values of a row. For the same
//! reason the server's error is not kept as the source.

use core::error::Error as _;
use core::time::Duration;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};
use wellspring_core::StoreError;

use crate::table::Table;

/// What an operation does to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changes nothing, or may be done twice.
    None,
    /// It makes the table, if it is not there.
    Make,
    /// It changes an entry: if no answer comes, it may have been applied.
    Swap,
}

/// The error of a statement whose answer did not come.
pub(crate) fn unanswered(server: &str, within: Duration, effect: Effect) -> StoreError {
    let error = StoreError::unavailable(format!("{server} did not answer within {within:?}"));
    if effect == Effect::Swap { error.maybe_applied() } else { error }
}

/// The error of a statement.
pub(crate) fn of_statement(server: &str, table: &Table, effect: Effect, error: &Error) -> StoreError {
    let Some(told) = error.as_db_error() else {
        let lost = StoreError::unavailable(format!("the connection to {server} broke: {}", cause(error)));
        return if effect == Effect::Swap { lost.maybe_applied() } else { lost };
    };
    if effect == Effect::Make && *told.code() == SqlState::INSUFFICIENT_PRIVILEGE {
        return StoreError::refused(format!(
            "{server} refuses: {}; a user who may create tables runs: {}; {}",
            one_line(told.message()),
            table.create(),
            table.grant()
        ));
    }
    let sentence = of_server(server, table, told);
    // A connection that the server ends may have waited only for the confirmation of a standby.
    let ended = matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    if ended && effect == Effect::Swap { sentence.maybe_applied() } else { sentence }
}

/// The error of a connection that was not made.
pub(crate) fn of_connection(server: &str, table: &Table, error: &Error) -> StoreError {
    if let Some(told) = error.as_db_error() {
        return of_server(server, table, told);
    }
    // The library's own sentences: "authentication error" for a mechanism or an answer that does not fit, "invalid
    // configuration" for a missing password.
    let kind = error.to_string();
    if kind == "authentication error" || kind == "invalid configuration" {
        return StoreError::refused(format!(
            "{server} does not accept the user: {}; correct the user and the password of the store",
            cause(error)
        ));
    }
    let told = cause(error);
    if told.contains("invalid peer certificate") {
        return StoreError::refused(format!(
            "the certificate of {server} is not accepted: {told}; name its authority with `sslrootcert`"
        ));
    }
    if told.contains("does not support TLS") {
        return StoreError::refused(format!(
            "{server} has no TLS: configure it there, or write `sslmode=disable` if nothing can read or change what goes \
             over this network"
        ));
    }
    StoreError::unavailable(format!("{server} cannot be reached: {told}"))
}

/// The innermost reason that is no answer of the server.
fn cause(error: &Error) -> String {
    let Some(source) = error.source() else { return error.to_string() };
    match source.downcast_ref::<io::Error>() {
        Some(source) => source.to_string(),
        None => source.to_string(),
    }
}

fn of_server(server: &str, table: &Table, told: &DbError) -> StoreError {
    let (code, message) = (told.code(), one_line(told.message()));
    let class = code.code().get(..2).unwrap_or_default();
    if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME {
        return StoreError::refused(format!(
            "{server} has no table {table}: make it with `wellspring store init`, or run: {}",
            table.create()
        ));
    }
    if [SqlState::UNDEFINED_COLUMN, SqlState::DATATYPE_MISMATCH, SqlState::UNDEFINED_FUNCTION].contains(code)
    {
        return StoreError::refused(format!(
            "the table {table} of {server} is not one of this store ({message}): name another table"
        ));
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return StoreError::refused(format!(
            "{server} refuses: {message}; its owner runs: {}",
            table.grant()
        ));
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        // After a failover the same name may lead to a server that can be written to.
        return StoreError::unavailable(format!(
            "{server} is a read-only standby, or its user or database is set to read only: name the primary, or several \
             hosts with `target_session_attrs=read-write`"
        ));
    }
    if class == "28" {
        return StoreError::refused(format!(
            "{server} does not accept the user: {message}; correct the user and the password of the store"
        ));
    }
    // PgBouncer says so with another code, in its own words or in those of the server.
    let by_pooler = *code == SqlState::PROTOCOL_VIOLATION
        && (message.starts_with("no such database")
            || message.starts_with("database ") && message.ends_with(" does not exist"));
    if *code == SqlState::UNDEFINED_DATABASE || by_pooler {
        return StoreError::refused(format!(
            "{server} refuses: {message}; create the database, or correct its name in the store's URL"
        ));
    }
    if class == "3D" || class == "42" || class == "0A" {
        return StoreError::refused(format!("{server} refuses: {message} (code {})", code.code()));
    }
    StoreError::unavailable(format!("{server} failed: {message} (code {})", code.code()))
}

/// Whether the statement lost against another one and changed nothing: another default isolation than Postgres's own
/// answers so where the version has changed.
pub(crate) fn is_conflict(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
    })
}

/// A message of the server without control characters, cut to a length that fits into a log line.
fn one_line(message: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    message.chars().take(300).map(shown).collect()
}
