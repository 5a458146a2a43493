//! What can be wrong with data.

use std::io;
use std::path::PathBuf;

use crate::DataOrder;
use crate::csv_reader::CsvFault;
use crate::idx::IdxFault;

/// What was wrong with the data, in which place.
///
/// Rows, columns and bytes count from 0, as indices do; the lines and columns of a [CSV
/// file](CsvFault) count from 1, as editors do.
///
/// ```
/// use cotangent::data::Dataset;
/// use cotangent::ndarray::array;
/// let error = Dataset::new(array![[0.0_f32, f32::NAN]], array![0], 1).unwrap_err();
/// assert!(error.to_string().contains("column 1"), "{error}");
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A data set without rows, or whose rows hold nothing.
    #[error(
        "a data set needs at least one row and one feature; found {rows} rows of {columns} features"
    )]
    Empty {
        /// Rows found.
        rows: usize,
        /// Features in each row.
        columns: usize,
    },

    /// As many labels or targets as rows are needed.
    #[error("each row of features needs one label or target; found {rows} rows and {labels}")]
    CountMismatch {
        /// Rows of features found.
        rows: usize,
        /// Labels or targets found.
        labels: usize,
    },

    /// Targets that hold nothing.
    #[error("each target must hold at least one value; the targets of {rows} rows hold none")]
    EmptyTargets {
        /// Rows found.
        rows: usize,
    },

    /// An index, as of a word, that is not one of those there are.
    #[error(
        "an index must be at least 0 and below the number of different ones, {vocabulary}; \
         row {row}, column {column} holds {index}"
    )]
    IndexOutOfRange {
        /// The row of the index.
        row: usize,
        /// The column of the index.
        column: usize,
        /// The index found.
        index: i64,
        /// The number of different ones.
        vocabulary: usize,
    },

    /// A label that names no class.
    #[error(
        "a label must be at least 0 and below the number of classes, {classes}; \
         row {row} has the label {label}: {}",
        unknown_label(*.label)
    )]
    LabelOutOfRange {
        /// The row of the label.
        row: usize,
        /// The label found.
        label: i64,
        /// The number of classes.
        classes: usize,
    },

    /// A feature, target or other value that is NaN or infinite.
    #[error("{part} must be finite; row {row}, column {column} holds {value}")]
    NonFinite {
        /// `"features"`, `"targets"`, or `"values"` of an array by itself.
        part: &'static str,
        /// The row of the value.
        row: usize,
        /// The column of the value.
        column: usize,
        /// The value found.
        value: f64,
    },

    /// A shape of one example that does not hold as many values as a row.
    #[error(
        "a feature shape must hold as many values as a row has features, {columns}; found {shape:?}"
    )]
    FeatureShape {
        /// The shape asked for.
        shape: Vec<usize>,
        /// Features in each row.
        columns: usize,
    },

    /// A shape of one example that does not have as many axes as the array has for it.
    #[error("the features have the shape {shape:?}, which an array of {axes} axes cannot have")]
    FeatureAxes {
        /// The shape of all features.
        shape: Vec<usize>,
        /// The number of axes asked for.
        axes: usize,
    },

    /// A row that the data set does not have.
    #[error("a row must be below the number of rows, {rows}; found {row}")]
    RowOutOfRange {
        /// The row asked for.
        row: usize,
        /// Rows in the data set.
        rows: usize,
    },

    /// Two things that belong together, of different width.
    #[error("expected {expected} features in each row; found {found}")]
    WidthMismatch {
        /// Features in each row of what came first.
        expected: usize,
        /// Features in each row of what was given now.
        found: usize,
    },

    /// A fraction of a split outside the open interval from 0 to 1.
    #[error(
        "each fraction of a split must be above 0 and below 1; fractions[{part}] is {fraction}"
    )]
    Fraction {
        /// The position of the fraction.
        part: usize,
        /// The fraction found.
        fraction: f64,
    },

    /// Fractions that would use a row twice, or leave one out.
    #[error("the fractions of a split must sum to 1; {fractions:?} sum to {sum}")]
    FractionSum {
        /// The fractions found.
        fractions: Vec<f64>,
        /// Their sum.
        sum: f64,
    },

    /// A part of a split that would receive nothing.
    #[error(
        "each part of a split must receive a row; \
         fractions[{part}] = {fraction} receives none of the {rows} rows"
    )]
    EmptyPart {
        /// The position of the part.
        part: usize,
        /// Its fraction.
        fraction: f64,
        /// The rows to be split.
        rows: usize,
    },

    /// A batch of nothing.
    #[error("a batch size must be at least 1; found 0")]
    BatchSizeZero,

    /// Epochs without end, and nothing in them.
    #[error(
        "an epoch without its smaller last batch must have another; \
         there are {rows} rows in batches of {size}"
    )]
    EpochWithoutBatch {
        /// Rows in the data set.
        rows: usize,
        /// The size of a batch.
        size: usize,
    },

    /// A place saved by a run that walks through its data in another way.
    #[error(
        "a data order resumes where all but the place is the same; here {here:?}, saved {saved:?}"
    )]
    OtherOrder {
        /// The order here.
        here: DataOrder,
        /// The order that was saved.
        saved: DataOrder,
    },

    /// A feature whose mean or deviation exceeds the range of `f64`.
    #[error(
        "mean and deviation must be finite; \
         column {column} has mean {mean} and deviation {deviation}"
    )]
    StatisticOverflow {
        /// The column of the feature.
        column: usize,
        /// Its mean.
        mean: f64,
        /// Its deviation.
        deviation: f64,
    },

    /// A file that the system would not write.
    #[error("cannot write {}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A file that holds no standardizer.
    #[error("{} holds no standardizer: {reason}", file.display())]
    NoStandardizer {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A file that the system would not open or read.
    #[error("cannot read {}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A folder without the file, under any name it goes by.
    #[error(
        "the folder {} must hold one of the files {}; found none",
        folder.display(),
        names.join(", ")
    )]
    FileNotFound {
        /// The folder that was searched.
        folder: PathBuf,
        /// The names that were looked for.
        names: Vec<String>,
    },

    /// A gzip stream that stops before its end.
    #[error(
        "{}: a gzip stream must end with its checksum; \
         it breaks off after {byte} decompressed bytes",
        file.display()
    )]
    GzipTruncated {
        /// The file.
        file: PathBuf,
        /// The decompressed bytes before the break.
        byte: u64,
    },

    /// A gzip stream that cannot be decompressed, or whose checksum differs.
    #[error(
        "{}: a gzip stream must decompress; after {byte} decompressed bytes: {reason}",
        file.display()
    )]
    GzipCorrupt {
        /// The file.
        file: PathBuf,
        /// The decompressed bytes before the fault.
        byte: u64,
        /// What the decompressor said.
        reason: String,
    },

    /// A file that breaks a rule of the IDX format.
    #[error("{}: {fault}", file.display())]
    Idx {
        /// The file.
        file: PathBuf,
        /// The rule, and the values seen.
        fault: IdxFault,
    },

    /// A file that breaks a rule of numeric CSV.
    #[error("{}: {fault}", file.display())]
    Csv {
        /// The file.
        file: PathBuf,
        /// The rule, the line and column, and the text seen.
        fault: CsvFault,
    },

    /// Two files, one of images and one of their labels, of different length.
    #[error(
        "each image needs one label; {} holds {images} images and {} holds {labels} labels",
        images_file.display(),
        labels_file.display()
    )]
    ImagesAndLabels {
        /// The file of images.
        images_file: PathBuf,
        /// The images in it.
        images: usize,
        /// The file of labels.
        labels_file: PathBuf,
        /// The labels in it.
        labels: usize,
    },

    /// A file of images that ends within one.
    #[error(
        "{}: each image takes {expected} bytes, its label and its pixels; \
         image {image}, counted from 0, has {found}",
        file.display()
    )]
    IncompleteImage {
        /// The file.
        file: PathBuf,
        /// The image that is not whole.
        image: usize,
        /// The bytes of an image.
        expected: usize,
        /// The bytes of this one.
        found: usize,
    },

    /// A file that was read well, but holds what no data set may hold.
    #[error("{}: {fault}", file.display())]
    InFile {
        /// The file.
        file: PathBuf,
        /// The rule of data sets that it breaks.
        fault: Box<DataError>,
    },
}

graph::debug_as_display!(DataError);

/// What may be done about a label that names no class.
pub(crate) fn unknown_label(label: i64) -> String {
    if label < 0 {
        return "leave out the rows whose label stands for none, or make that a class of its own"
            .to_owned();
    }
    format!(
        "labels count from 0, so subtract 1 from those that count from 1, or say that there are at least {} classes",
        label as u64 + 1
    )
}

impl DataError {
    /// The same error, with the file it was found in.
    pub(crate) fn in_file(self, file: impl Into<PathBuf>) -> Self {
        DataError::InFile { file: file.into(), fault: Box::new(self) }
    }
}
