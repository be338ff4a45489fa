//! The table of the store: its name, its statements, and what its rows mean.
//!
//! A row is a record, under the 64 digits of its key, or the presence of a process, under `p` and 16 digits. No statement
//! needs more than SELECT, INSERT and UPDATE on the table. Each is one round trip.

use core::fmt;

use wellspring_core::StoreError;

/// The channel on which changes of every table of a database are notified. Two programs may name one table in two ways, so
/// the table's name is no part of it.
pub(crate) const CHANNEL: &str = "wellspring";

/// Bytes of a name that Postgres keeps; it cuts the rest off without an error.
const LONGEST: usize = 63;

/// The statements, made once for a table.
#[derive(Clone)]
pub(crate) struct Table {
    /// As it is written in a statement: quoted, with its schema if it was given.
    quoted: String,
    pub(crate) load: String,
    pub(crate) insert: String,
    pub(crate) update: String,
    pub(crate) look: String,
    pub(crate) end: String,
    pub(crate) present: String,
    pub(crate) names: String,
}

/// What a save does besides: it tells all watchers, and is durable also where the server or the user has
/// `synchronous_commit = off`, which holds for the end of this very statement's transaction.
const NOTIFIED: &str = "SELECT pg_notify('wellspring', name || ' ' || encode(version, 'hex')), \
     CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END \
     FROM swapped";

impl Table {
    /// The table of this name, `TABLE` or `SCHEMA.TABLE`, each as Postgres keeps it: case counts, and nothing is quoted.
    pub(crate) fn named(name: &str) -> Result<Self, StoreError> {
        let parts: Vec<&str> = name.split('.').collect();
        let fits = |part: &&str| !part.is_empty() && part.len() <= LONGEST && !part.contains('\0');
        if parts.len() > 2 || !parts.iter().all(fits) {
            return Err(StoreError::refused(
                "the name of the table of a Postgres store is TABLE or SCHEMA.TABLE, of 1 to 63 bytes each",
            ));
        }
        let quote = |part: &&str| format!("\"{}\"", part.replace('"', "\"\""));
        let t = parts.iter().map(quote).collect::<Vec<_>>().join(".");
        Ok(Self {
            load: format!("SELECT version, value FROM {t} WHERE name = $1"),
            insert: format!(
                "WITH swapped AS (INSERT INTO {t} (name, version, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (name) DO NOTHING RETURNING name, version) {NOTIFIED}"
            ),
            update: format!(
                "WITH swapped AS (UPDATE {t} SET version = $2, value = $3, ended = NULL \
                 WHERE name = $1 AND version = $4 RETURNING name, version) {NOTIFIED}"
            ),
            look: format!(
                "SELECT version, ended, (SELECT extract(epoch FROM presence_until - clock_timestamp())::float8 \
                 FROM {t} WHERE name = $2) FROM {t} WHERE name = $1"
            ),
            end: format!(
                "WITH noted AS (UPDATE {t} SET ended = $3 WHERE name = $1 AND version = $2 RETURNING name) \
                 SELECT pg_notify('wellspring', name) FROM noted"
            ),
            present: present(&t),
            names: format!("SELECT name FROM {t} WHERE presence_until IS NULL"),
            quoted: t,
        })
    }

    /// The one statement that makes the table.
    pub(crate) fn create(&self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (name text COLLATE \"C\" PRIMARY KEY, version bytea NOT NULL, \
             value bytea NOT NULL, ended bytea, presence_until timestamptz) WITH (fillfactor = 70)",
            self.quoted
        )
    }

    /// A statement that only a table of this store passes.
    pub(crate) fn check(&self) -> String {
        format!("SELECT name, version, value, ended, presence_until FROM {} LIMIT 0", self.quoted)
    }

    /// What the table needs of its users' permissions.
    pub(crate) fn grant(&self) -> String {
        format!("GRANT SELECT, INSERT, UPDATE ON {} TO the user", self.quoted)
    }
}

/// Shows that a process lives: makes its row, or gives it more time. A new row is made of one whose process ended an hour
/// ago or earlier, if there is one, because nothing here may delete.
fn present(t: &str) -> String {
    format!(
        "WITH renewed AS (UPDATE {t} SET presence_until = clock_timestamp() + $2::float8 * interval '1 second' \
         WHERE name = $1 RETURNING name), \
         stale AS (SELECT name FROM {t} WHERE name >= 'p' AND name < 'q' AND NOT EXISTS (SELECT FROM renewed) \
         AND presence_until < clock_timestamp() - interval '1 hour' LIMIT 1 FOR UPDATE SKIP LOCKED), \
         reused AS (UPDATE {t} SET name = $1, presence_until = clock_timestamp() + $2::float8 * interval '1 second' \
         WHERE name IN (SELECT name FROM stale) RETURNING name) \
         INSERT INTO {t} (name, version, value, presence_until) \
         SELECT $1, '', '', clock_timestamp() + $2::float8 * interval '1 second' \
         WHERE NOT EXISTS (SELECT FROM renewed) AND NOT EXISTS (SELECT FROM reused) ON CONFLICT (name) DO NOTHING"
    )
}

/// The name of the row of a process.
pub(crate) fn presence_name(process: u64) -> String {
    format!("p{process:016x}")
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.quoted)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({})", self.quoted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_and_one_that_postgres_would_cut_is_refused() {
        let shown = |name| Table::named(name).map(|table| table.to_string()).ok();
        assert_eq!(shown("tokens").as_deref(), Some("\"tokens\""));
        assert_eq!(shown("Auth.tokens").as_deref(), Some("\"Auth\".\"tokens\""));
        assert_eq!(shown("a\"; DROP TABLE b").as_deref(), Some("\"a\"\"; DROP TABLE b\""));
        for refused in ["", ".", "a.", "a.b.c", "a\0", &"x".repeat(64)] {
            assert_eq!(shown(refused), None, "{refused}");
        }
    }

    #[test]
    fn the_channel_of_the_statements_is_the_one_that_is_listened_to() {
        let table = Table::named("t").unwrap();
        for statement in [&table.insert, &table.update, &table.end] {
            assert!(statement.contains(&format!("pg_notify('{CHANNEL}', name")), "{statement}");
        }
    }
}
