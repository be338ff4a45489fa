//! What a person asks of the store: to make its table, and what is wrong with the server.

use core::time::Duration;

use wellspring_core::StoreError;

use crate::error::Effect;
use crate::store::PostgresStore;

/// What the server says of itself.
const FACTS: &str = "SELECT current_setting('server_version'), current_setting('synchronous_commit'), \
     current_setting('fsync'), current_setting('full_page_writes'), pg_is_in_recovery()";

impl PostgresStore {
    /// The one statement that makes the table, for those who make tables themselves.
    ///
    /// ```
    /// use wellspring_store_postgres::PostgresStore;
    ///
    /// let store = PostgresStore::builder("postgres://app@localhost/app").table("auth.tokens").unsealed()?;
    /// assert!(store.map().create_table().starts_with("CREATE TABLE IF NOT EXISTS \"auth\".\"tokens\" ("));
    /// # Ok::<(), wellspring_core::StoreError>(())
    /// ```
    #[must_use]
    pub fn create_table(&self) -> String {
        self.link().connector.table.create()
    }

    /// Makes the table if it is not there, and checks that it is one of this store. The user needs the permission to create
    /// in the schema only if the table is not there.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, refuses, or has another table of this name.
    pub async fn init(&self, within: Duration) -> Result<(), StoreError> {
        if self.check(within).await.is_ok() {
            return Ok(());
        }
        let made = self.link().query(&self.create_table(), &[], Effect::Make, within).await;
        // Two processes that make a table at once: one may fail, and both have it.
        match self.check(within).await {
            Ok(()) => Ok(()),
            Err(error) => Err(made.err().map_or(error, StoreError::from)),
        }
    }

    /// Checks that the table is there, is one of this store, and that the user may read it.
    ///
    /// # Errors
    ///
    /// When it is not, or the server cannot be reached. The error says what to do.
    pub async fn check(&self, within: Duration) -> Result<(), StoreError> {
        let statement = self.link().connector.table.check();
        self.link().query(&statement, &[], Effect::None, within).await?;
        Ok(())
    }

    /// A sentence about each part of the server that a person should know of.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached.
    pub async fn server_notes(&self, within: Duration) -> Result<Vec<String>, StoreError> {
        let rows = self.link().query(FACTS, &[], Effect::None, within).await?;
        let Some(row) = rows.first() else { return Ok(Vec::new()) };
        let text = |at: usize| row.try_get::<_, String>(at).unwrap_or_default();
        let server = self.server();
        let mut notes = vec![format!("{server} is Postgres {}", text(0))];
        if text(1) == "off" {
            notes.push(format!(
                "{server} has `synchronous_commit = off`: saves of this store are durable all the same, those of other \
                 programs are not"
            ));
        }
        for (at, setting) in [(2, "fsync"), (3, "full_page_writes")] {
            if text(at) == "off" {
                notes.push(format!(
                    "{server} has `{setting} = off`: a sudden stop of its machine can lose or damage the records"
                ));
            }
        }
        if row.try_get(4).unwrap_or(false) {
            notes.push(format!("{server} is a standby: tokens are read there, and nothing is saved"));
        }
        Ok(notes)
    }
}
