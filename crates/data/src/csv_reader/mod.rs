//! Numeric CSV files: a label and features to each line.

mod fault;
mod parse;

use std::io::Read;
use std::path::Path;

use ndarray::{Array1, Array2};

pub use fault::CsvFault;

use crate::source::Source;
use crate::{DataError, Dataset, Real};

/// Whether the first line of a CSV file names the columns.
///
/// A [`CsvReader`] takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// It does if none of its fields is a number. The default.
    #[default]
    Auto,
    /// It does, whatever it looks like.
    Yes,
    /// It does not: it is data.
    No,
}

/// Which column of a CSV file holds the label.
///
/// A [`CsvReader`] takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LabelColumn {
    /// The last one. The default.
    #[default]
    Last,
    /// The one with this index, counting from 0.
    Index(usize),
}

/// Reads numeric CSV files, plain or gzip (recognised by content).
///
/// Each line is one example: a label, which is a whole number from 0, and at least one feature.
/// Empty lines and spaces around a number are passed over.
///
/// | option                                | default                          |
/// |---------------------------------------|----------------------------------|
/// | [`header`](Self::header)              | [`Header::Auto`]                 |
/// | [`label_column`](Self::label_column)  | [`LabelColumn::Last`]            |
/// | [`delimiter`](Self::delimiter)        | a comma                          |
/// | [`classes`](Self::classes)            | one more than the largest label  |
///
/// ```
/// use cotangent::data::CsvReader;
///
/// # fn main() -> Result<(), cotangent::data::DataError> {
/// let text = "width,height,kind\n1.5,2.0,0\n0.5,3.0,1\n";
/// let data = CsvReader::new().from_reader(text.as_bytes(), "kinds.csv")?;
/// assert_eq!((data.len(), data.width(), data.classes()), (2, 2, 2));
///
/// let wrong = CsvReader::new().from_reader("1.5,2.0,0\n0.5,x,1\n".as_bytes(), "kinds.csv");
/// assert_eq!(
///     wrong.unwrap_err().to_string(),
///     r#"kinds.csv: line 2, column 2: a feature must be a number; found "x""#,
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvReader {
    header: Header,
    label_column: LabelColumn,
    delimiter: u8,
    classes: Option<usize>,
}

impl Default for CsvReader {
    fn default() -> Self {
        Self::new()
    }
}

impl CsvReader {
    /// A reader with the defaults above.
    pub fn new() -> Self {
        Self {
            header: Header::Auto,
            label_column: LabelColumn::Last,
            delimiter: b',',
            classes: None,
        }
    }

    /// Says whether the first line names the columns.
    #[must_use]
    pub fn header(mut self, header: Header) -> Self {
        self.header = header;
        self
    }

    /// Says which column holds the label; all others are features, in their order.
    #[must_use]
    pub fn label_column(mut self, column: LabelColumn) -> Self {
        self.label_column = column;
        self
    }

    /// Says what stands between two fields, such as `b';'` or `b'\t'`.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Says how many classes there are; a label from this number up is then an error.
    #[must_use]
    pub fn classes(mut self, classes: usize) -> Self {
        self.classes = Some(classes);
        self
    }

    /// Reads a file, with `f32` features.
    ///
    /// # Errors
    ///
    /// [`Io`](DataError::Io), [`GzipTruncated`](DataError::GzipTruncated),
    /// [`GzipCorrupt`](DataError::GzipCorrupt), and [`Csv`](DataError::Csv) with a [`CsvFault`].
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Dataset, DataError> {
        self.read_as(path)
    }

    /// As [`read`](Self::read), with features of type `T`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_as<T: Real>(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<Dataset<Array2<T>>, DataError> {
        parse::parse(self, Source::open(path.as_ref())?)
    }

    /// As [`read`](Self::read), from any reader; errors call it `name`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn from_reader(
        &self,
        reader: impl Read,
        name: impl AsRef<Path>,
    ) -> Result<Dataset, DataError> {
        parse::parse(self, Source::new(reader, name)?)
    }

    /// Reads a file for regression: what would be the label is a real target, and
    /// [`classes`](Self::classes) of no meaning.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_regression<T: Real>(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<Dataset<Array2<T>, Array1<T>>, DataError> {
        parse::parse_regression(self, Source::open(path.as_ref())?)
    }

    /// As [`read_regression`](Self::read_regression), from any reader; errors call it `name`.
    ///
    /// ```
    /// # fn main() -> Result<(), cotangent::data::DataError> {
    /// let text = "rooms,area,price\n3,70.5,210.0\n4,98.0,305.5\n";
    /// let homes = cotangent::data::CsvReader::new().regression_from_reader::<f32>(text.as_bytes(), "homes.csv")?;
    /// assert_eq!(homes.targets().to_vec(), [210.0, 305.5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn regression_from_reader<T: Real>(
        &self,
        reader: impl Read,
        name: impl AsRef<Path>,
    ) -> Result<Dataset<Array2<T>, Array1<T>>, DataError> {
        parse::parse_regression(self, Source::new(reader, name)?)
    }
}
