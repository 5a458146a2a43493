//! Tables.

use std::fmt;

/// Rows of text under headings; every column but the first is aligned to the right.
#[derive(Clone, Debug)]
pub struct Table {
    /// What is shown.
    pub caption: String,
    /// The headings.
    pub head: Vec<String>,
    /// The rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<const N: usize>(caption: &str, head: [&str; N]) -> Self {
        let head = head.map(str::to_owned).to_vec();
        Self { caption: caption.to_owned(), head, rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// Unless it is as long as the head.
    #[track_caller]
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.head.len(), "a row must be as long as the head");
        self.rows.push(cells.to_vec());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let width = |column: usize| lines().map(|line| line[column].chars().count()).max();
        let widths: Vec<usize> = (0..self.head.len()).filter_map(width).collect();
        write!(f, "{}", self.caption)?;
        for line in lines() {
            write!(f, "\n  {:<width$}", line[0], width = widths[0])?;
            for (cell, width) in line.iter().zip(&widths).skip(1) {
                write!(f, "  {cell:>width$}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new("steps", ["method", "n"]);
        table.row(["plain".into(), "1200".into()]);
        assert_eq!(table.to_string(), "steps\n  method     n\n  plain   1200");
    }
}
