//! A table of markdown from a table of the code.

use core::fmt::Write as _;

/// A table in markdown: the name of the rows, the names of the columns, and the rows.
pub(super) fn markdown<R: Copy, C: Copy, V: Copy, const N: usize>(
    corner: &str,
    rows: &[(R, [(C, V); N])],
    row_text: fn(R) -> &'static str,
    column_text: fn(C) -> &'static str,
    cell_text: fn(V) -> &'static str,
) -> String {
    let mut out = format!("| {corner} |");
    // Writing to a string cannot fail.
    for (column, _) in rows.iter().take(1).flat_map(|(_, cells)| cells) {
        let _ = write!(out, " {} |", column_text(*column));
    }
    let _ = writeln!(out, "\n|---|{}", "---|".repeat(N));
    for (row, cells) in rows {
        let _ = write!(out, "| {} |", row_text(*row));
        for (_, cell) in cells {
            let _ = write!(out, " {} |", cell_text(*cell));
        }
        out.push('\n');
    }
    out
}
