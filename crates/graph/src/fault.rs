//! Why a plain evaluation stops: the data break a rule of the operation.

use std::panic::Location;

use crate::{RecordError, RunError};

/// Why a plain evaluation stopped: the data broke a rule of the operation.
///
/// It becomes a [`RunError`](crate::RunError), which adds the operation and its line.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// An index outside the axis it points into.
    IndexOutOfRange {
        /// The index found.
        index: i64,
        /// Where in the array of indices.
        position: Vec<usize>,
        /// The extent of the axis.
        extent: usize,
        /// How many positions from the index on there must be: 1, but for the start of a slice.
        size: usize,
        /// What the index is called, and what it is one of.
        words: IndexWords,
    },
    /// An index outside bounds that come from data as it does.
    OutOfBounds {
        /// The index found.
        value: i64,
        /// Where in the array of indices.
        position: Box<[usize]>,
        /// The least and the largest that it may be.
        bounds: [i64; 2],
        /// What the index is called, and the rule that it breaks.
        words: BoundWords,
    },
    /// A matrix on which the operation is not defined.
    Matrix {
        /// What is wrong with it.
        defect: Defect,
        /// Which of a batch it is: its indices along the axes before the last two.
        position: Vec<usize>,
    },
    /// A value that does not exist, as an extent that comes from data breaks a rule: see
    /// [`Graph::refused`](crate::Graph::refused).
    Refused {
        /// What was asked for.
        operation: String,
        /// The rule that was broken, with the values that broke it.
        rule: String,
        /// The types of the inputs.
        inputs: String,
    },
    /// A value that is not finite, computed from values that are; found by repeating a run that had it in a result.
    Arose {
        /// The first such number.
        value: f64,
        /// Whether a reverse rule recorded the operation.
        backward: bool,
        /// The ranges of what it read.
        inputs: String,
    },
    /// A fault of an operation in a body that runs once.
    InBody {
        /// The operation.
        operation: &'static str,
        /// The line that recorded it.
        location: &'static Location<'static>,
        /// Its fault.
        fault: Box<Fault>,
    },
    /// A fault of an operation in the body of a loop.
    InStep {
        /// The slice that the step got.
        step: usize,
        /// The operation.
        operation: &'static str,
        /// The line that recorded it.
        location: &'static Location<'static>,
        /// Its fault.
        fault: Box<Fault>,
    },
}

/// What an index is called where one is out of range, and what it is one of.
///
/// ```
/// use cotangent::{Graph, IndexWords};
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let words = IndexWords { one: "label", many: "classes" };
/// let labels = g.constant(array![2, 3]).within(3, "my_loss", words);
/// let told = labels.to_real().eval().unwrap_err().to_string();
/// assert!(told.starts_with("my_loss: label 3 at position [1] is outside 0..3, the number of classes"), "{told}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexWords {
    /// An index: `"label"`.
    pub one: &'static str,
    /// What there are as many of as the extent: `"classes"`.
    pub many: &'static str,
}

/// An index, of whatever it points into.
impl Default for IndexWords {
    fn default() -> Self {
        Self { one: "index", many: "" }
    }
}

/// What an index is called where one is out of its bounds, and the rule behind them.
///
/// ```
/// use cotangent::{BoundWords, Graph};
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let words = BoundWords { one: "length", rule: "a row has 5 places" };
/// let bounds = [0_i64, 5].map(|bound| g.constant(array![bound]));
/// let lengths = g.constant(array![2, 6]).bounded(bounds, "my_loss", words);
/// let told = lengths.to_real().eval().unwrap_err().to_string();
/// assert!(told.starts_with("my_loss: length 6 at position [1] must be in 0..=5: a row has 5 places"), "{told}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundWords {
    /// An index: `"length"`.
    pub one: &'static str,
    /// Why it has bounds, and what may be done.
    pub rule: &'static str,
}

/// Why a matrix has no inverse or factor, or a factor no derivative. Pivots and values are counted from 0.
///
/// It is said in a [`RunError`](crate::RunError).
#[derive(Clone, PartialEq, thiserror::Error)]
pub enum Defect {
    /// A pivot is 0: there is no inverse.
    #[error("is singular: pivot {pivot} of 0..{rows} is 0")]
    Singular {
        /// The first pivot that is 0.
        pivot: usize,
        /// How many there are.
        rows: usize,
    },
    /// A pivot is not positive: there is no Cholesky factor.
    #[error("is not positive definite: pivot {pivot} of 0..{rows} is {value}, and must be above 0")]
    NotPositiveDefinite {
        /// The first pivot that is not positive.
        pivot: usize,
        /// The pivot.
        value: f64,
        /// How many there are.
        rows: usize,
    },
    /// Two eigenvalues or singular values are equal but for rounding: any basis of the space of their vectors is as good as
    /// another, and so the vectors have no derivative.
    #[error(
        "has equal {of}s: number {} is {} and number {} is {}; their vectors have no derivative",
        numbers[0], values[0], numbers[1], values[1]
    )]
    Repeated {
        /// What they are: `"eigenvalue"` or `"singular value"`.
        of: &'static str,
        /// Which two.
        numbers: [usize; 2],
        /// What they are worth.
        values: [f64; 2],
    },
    /// A singular value is 0 but for rounding, in a matrix that is not square: its vectors have no derivative.
    #[error(
        "has a singular value of 0: number {number} is {value}; its vectors have no derivative, as the matrix is not square"
    )]
    Deficient {
        /// Which one.
        number: usize,
        /// What it is worth.
        value: f64,
    },
    /// The iteration that computes eigenvalues or singular values has not come to its end.
    #[error("has a factorisation that {sweeps} sweeps did not bring to its end")]
    NotConverged {
        /// How many there were.
        sweeps: usize,
    },
}

crate::debug_as_display!(Defect);

/// The result of a plain evaluation, whose value is written to its [`Out`](crate::Out).
pub type RunResult = Result<(), Fault>;

impl Fault {
    /// The error for a fault of this operation, recorded at this line.
    pub fn at(self, operation: &str, location: &'static Location<'static>) -> RunError {
        let operation = operation.to_owned();
        match self {
            Fault::IndexOutOfRange { index, position, extent, size, words } => {
                let position = position.into();
                RunError::IndexOutOfRange {
                    operation,
                    index,
                    position,
                    extent,
                    size,
                    words,
                    location,
                }
            }
            Fault::OutOfBounds { value, position, bounds, words } => {
                RunError::OutOfBounds { operation, value, position, bounds, words, location }
            }
            Fault::Matrix { defect, position } => {
                RunError::Matrix { operation, defect, position, location }
            }
            Fault::Arose { value, backward, inputs } => RunError::Arose {
                operations: operation,
                value,
                pass: if backward { "backward" } else { "forward" },
                inputs,
                location,
            },
            Fault::InStep { step, operation, location: line, fault } => {
                RunError::InStep { error: Box::new(fault.at(operation, line)), step, location }
            }
            Fault::InBody { operation, location, fault } => fault.at(operation, location),
            Fault::Refused { operation, rule, inputs } => {
                RunError::Refused(RecordError { operation, rule, inputs, location })
            }
        }
    }
}
