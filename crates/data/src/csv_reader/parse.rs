//! From the text of a CSV file to a data set.

use std::path::Path;
use std::str;

use csv::{ByteRecord, ReaderBuilder, Trim};
use ndarray::{Array1, Array2};

use super::{CsvFault, CsvReader, Header, LabelColumn};
use crate::source::Source;
use crate::{DataError, Dataset, Real};

pub(super) fn parse<T: Real>(
    options: &CsvReader,
    mut source: Source<'_>,
) -> Result<Dataset<Array2<T>>, DataError> {
    let text = source.read_up_to(u64::MAX)?;
    let (features, labels) = Table::<T, i64>::read(options, &text, source.name())?.into_arrays();
    let largest = labels.iter().max().and_then(|&label| usize::try_from(label).ok());
    let counted = || largest.map_or(0, |largest| largest.saturating_add(1));
    Dataset::new(features, labels, options.classes.unwrap_or_else(counted))
        .map_err(|error| error.in_file(source.name()))
}

/// As [`parse`], with a real target in place of the label.
pub(super) fn parse_regression<T: Real>(
    options: &CsvReader,
    mut source: Source<'_>,
) -> Result<Dataset<Array2<T>, Array1<T>>, DataError> {
    let text = source.read_up_to(u64::MAX)?;
    let (features, targets) = Table::<T, T>::read(options, &text, source.name())?.into_arrays();
    Dataset::of(features, targets).map_err(|error| error.in_file(source.name()))
}

/// What the column of the label holds.
trait Label: Sized {
    fn read(line: &Line<'_>, layout: &Layout) -> Result<Self, CsvFault>;
}

impl Label for i64 {
    fn read(line: &Line<'_>, layout: &Layout) -> Result<Self, CsvFault> {
        line.label(layout)
    }
}

impl<T: Real> Label for T {
    fn read(line: &Line<'_>, layout: &Layout) -> Result<Self, CsvFault> {
        line.real(layout.label)
    }
}

/// The numbers of a file.
struct Table<T, L> {
    width: usize,
    features: Vec<T>, // row by row
    labels: Vec<L>,
}

impl<T: Real, L: Label> Table<T, L> {
    fn read(options: &CsvReader, text: &[u8], file: &Path) -> Result<Self, DataError> {
        let fail = |fault: CsvFault| fault.in_file(file);
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(options.delimiter)
            .from_reader(text);
        let mut lines = reader.into_byte_records().map(|record| match record {
            Ok(record) => Ok(Line { text, record }),
            Err(error) => Err(DataError::Io { file: file.to_path_buf(), source: error.into() }),
        });

        let first = lines.next().ok_or_else(|| fail(CsvFault::Empty))??;
        let layout = Layout::new(options, &first).map_err(fail)?;
        let mut table =
            Self { width: layout.columns - 1, features: Vec::new(), labels: Vec::new() };
        let first_data = (!is_header(options.header, &first)).then_some(Ok(first));
        for line in first_data.into_iter().chain(lines) {
            table.push(&layout, &line?).map_err(fail)?;
        }
        if table.labels.is_empty() { Err(fail(CsvFault::Empty)) } else { Ok(table) }
    }

    fn push(&mut self, layout: &Layout, line: &Line<'_>) -> Result<(), CsvFault> {
        let (expected, found) = (layout.columns, line.record.len());
        if expected != found {
            return Err(CsvFault::Ragged { line: line.number(), expected, found });
        }
        for index in (0..found).filter(|&index| index != layout.label) {
            self.features.push(line.real(index)?);
        }
        self.labels.push(L::read(line, layout)?);
        Ok(())
    }

    fn into_arrays(self) -> (Array2<T>, Array1<L>) {
        let features = Array2::from_shape_vec((self.labels.len(), self.width), self.features)
            .expect("each line has the same width");
        (features, Array1::from_vec(self.labels))
    }
}

/// What every line of a file has in common.
struct Layout {
    columns: usize,
    label: usize,
    classes: Option<usize>,
}

impl Layout {
    fn new(options: &CsvReader, first: &Line<'_>) -> Result<Self, CsvFault> {
        let columns = first.record.len();
        if columns < 2 {
            return Err(CsvFault::NoFeatures { line: first.number() });
        }
        let label = match options.label_column {
            LabelColumn::Last => columns - 1,
            LabelColumn::Index(index) if index < columns => index,
            LabelColumn::Index(index) => {
                return Err(CsvFault::LabelColumn { line: first.number(), index, columns });
            }
        };
        Ok(Self { columns, label, classes: options.classes })
    }
}

fn is_header(header: Header, first: &Line<'_>) -> bool {
    match header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => !first.record.iter().any(|field| number::<f64>(field).is_some()),
    }
}

/// One line, and the text it stands in.
struct Line<'t> {
    text: &'t [u8],
    record: ByteRecord,
}

impl Line<'_> {
    /// The number of the line, counting from 1; found by counting, as only errors ask for it.
    fn number(&self) -> u64 {
        let start = self.record.position().map_or(0, |position| position.byte() as usize);
        let (before, after) = self.text.split_at(start.min(self.text.len()));
        let ends = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let blank = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        1 + ends(before) + ends(&after[..blank])
    }

    fn real<T: Real>(&self, index: usize) -> Result<T, CsvFault> {
        let (line, column, text) = (|| self.number(), index + 1, || excerpt(&self.record[index]));
        match number::<T>(&self.record[index]) {
            Some(value) if value.is_finite() => Ok(value),
            Some(_) => {
                Err(CsvFault::NonFinite { line: line(), column, text: text(), real: T::NAME })
            }
            None => Err(CsvFault::NotANumber { line: line(), column, text: text() }),
        }
    }

    fn label(&self, layout: &Layout) -> Result<i64, CsvFault> {
        let (field, column) = (&self.record[layout.label], layout.label + 1);
        let class =
            whole_number(field).and_then(|label| Some((label, usize::try_from(label).ok()?)));
        let Some((label, class)) = class else {
            return Err(CsvFault::Label { line: self.number(), column, text: excerpt(field) });
        };
        match layout.classes {
            Some(classes) if class >= classes => {
                Err(CsvFault::LabelOutOfRange { line: self.number(), column, label, classes })
            }
            _ => Ok(label),
        }
    }
}

fn number<T: Real>(field: &[u8]) -> Option<T> {
    str::from_utf8(field).ok()?.parse().ok()
}

/// A whole number, also when it is written as a float: `3`, `3.0` or `3e0`.
fn whole_number(field: &[u8]) -> Option<i64> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0; // 2⁵³
    let float = || {
        number::<f64>(field).filter(|value| value.fract() == 0.0 && value.abs() <= LARGEST_EXACT)
    };
    str::from_utf8(field).ok()?.parse().ok().or_else(|| float().map(|value| value as i64))
}

/// The text of a field, not more of it than a message should show.
fn excerpt(field: &[u8]) -> String {
    const MOST: usize = 40;
    let text = String::from_utf8_lossy(field);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
