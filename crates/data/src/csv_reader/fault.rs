//! What can be wrong with a numeric CSV file.

use std::path::Path;

use crate::DataError;
use crate::error::unknown_label;

/// The rule of numeric CSV that a file breaks. Lines and columns count from 1.
///
/// It is said in a [`DataError`](crate::DataError).
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvFault {
    /// A file without a line of data; it may have a header.
    #[error("a CSV file needs at least one line of data; found none")]
    Empty,

    /// A line with more or fewer fields than the first.
    #[error(
        "line {line}: each line must have as many columns as the first, {expected}; found {found}"
    )]
    Ragged {
        /// The line.
        line: u64,
        /// Columns of the first line.
        expected: usize,
        /// Columns of this one.
        found: usize,
    },

    /// A file in one column, which leaves no features beside the label.
    #[error("line {line}: a line must have a label and at least one feature; found 1 column")]
    NoFeatures {
        /// The first line.
        line: u64,
    },

    /// A label column that the file does not have.
    #[error(
        "line {line}: the label column, index {index}, must be below \
         the number of columns, {columns}"
    )]
    LabelColumn {
        /// The first line.
        line: u64,
        /// The index asked for, counting from 0.
        index: usize,
        /// Columns of the first line.
        columns: usize,
    },

    /// A feature that is no number.
    #[error("line {line}, column {column}: a feature must be a number; found {text:?}")]
    NotANumber {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The text of the field.
        text: String,
    },

    /// A feature that is NaN or infinite, or beyond the range of its type.
    #[error("line {line}, column {column}: a feature must be finite as {real}; found {text:?}")]
    NonFinite {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The text of the field.
        text: String,
        /// The type of the features.
        real: &'static str,
    },

    /// A label that is no class.
    #[error("line {line}, column {column}: a label must be a whole number from 0; found {text:?}")]
    Label {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The text of the field.
        text: String,
    },

    /// A label that is not below the number of classes.
    #[error(
        "line {line}, column {column}: a label must be below \
         the number of classes, {classes}; found {label}: {}",
        unknown_label(*.label)
    )]
    LabelOutOfRange {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The label.
        label: i64,
        /// The number of classes.
        classes: usize,
    },
}

graph::debug_as_display!(CsvFault);

impl CsvFault {
    /// The error to return for this fault.
    pub(crate) fn in_file(self, file: &Path) -> DataError {
        DataError::Csv { file: file.to_path_buf(), fault: self }
    }
}
