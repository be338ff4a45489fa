//! Which SQLite the program is built with: the other crates of the program choose it too.

/// A sentence about this version of SQLite, if a rare race in it can damage a database.
///
/// The race is the "WAL-reset bug" of <https://www.sqlite.org/wal.html>: a commit between two checkpoints that start the
/// write-ahead log again. It needs two connections, so every shared store has them.
pub(crate) fn note(number: i32, shown: &str) -> Option<String> {
    has_reset_race(number).then(|| {
        format!(
            "the program is built with SQLite {shown}, in which a rare race between two processes can damage the database: \
             SQLite 3.51.3 corrects it, which rusqlite 0.39 and newer bring; update the crate that keeps `libsqlite3-sys` \
             below 0.37 (`cargo tree --invert libsqlite3-sys`)"
        )
    })
}

/// Whether the version, as SQLite numbers it (3051003 for 3.51.3), has the race.
fn has_reset_race(number: i32) -> bool {
    // The fix is also in two older lines.
    let corrected = (3_044_006..3_045_000).contains(&number) || (3_050_007..3_051_000).contains(&number);
    number < 3_051_003 && !corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_with_the_race_is_told_with_the_version_that_corrects_it() {
        let told = |number| note(number, "3.46.0").is_some();
        assert_eq!([3_046_000, 3_050_002, 3_051_002].map(told), [true; 3]);
        assert_eq!([3_051_003, 3_053_002, 3_044_006, 3_050_007].map(told), [false; 4]);
        let sentence = note(3_046_000, "3.46.0").unwrap();
        assert!(
            sentence.contains("SQLite 3.46.0") && sentence.contains("SQLite 3.51.3 corrects it"),
            "{sentence}"
        );
    }
}
