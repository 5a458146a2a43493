//! What can go wrong, as values. Each message states the rule, the values seen and the user's line.

use std::fmt;
use std::panic::Location;

use crate::{BoundWords, Defect, IndexWords, Kind, Shape, Type, Var};

/// Lets `Debug` of errors read as `Display`: it is what `main() -> Result<(), Box<dyn Error>>` and
/// `unwrap` print.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_as_display {
    ($error:ty) => {
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}

/// A node that cannot be recorded: the inputs do not fit the operation.
///
/// Model code meets it as a panic with this message; [`Graph::record`](crate::Graph::record)
/// returns it.
///
/// ```
/// use cotangent::{Graph, ops::{Add, Zip}};
///
/// let g = Graph::new();
/// let error = g.record(Zip(Add), &[g.full([2], 1.0), g.full([3], 1.0)]).unwrap_err();
/// assert_eq!((&*error.operation, &*error.inputs), ("add", "[2], [3]"));
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("{operation}: {rule}\n  inputs: {inputs}\n  at {location}")]
pub struct RecordError {
    /// The operation's name.
    pub operation: String,
    /// The rule that was broken, with the values that broke it.
    pub rule: String,
    /// The types of the inputs.
    pub inputs: String,
    /// The line that asked for the node.
    pub location: &'static Location<'static>,
}

crate::debug_as_display!(RecordError);

impl RecordError {
    /// An operation that the caller's line asked for with these inputs, which break a rule of it.
    #[track_caller]
    pub(crate) fn here(operation: &str, rule: impl Into<String>, inputs: &[Var<'_>]) -> Self {
        let types: Vec<Type> = inputs.iter().map(|input| input.ty()).collect();
        // Not by a closure, which would be its own caller.
        let location = match inputs {
            [input, ..] => input.graph().line(),
            [] => Location::caller(),
        };
        let (operation, rule, inputs) = (operation.to_owned(), rule.into(), list(&types));
        Self { operation, rule, inputs, location }
    }
}

/// Refuses inputs that break a rule of an operation or a layer: the panic of a mistake in model
/// code, with the rule, the inputs and the caller's line.
///
/// ```should_panic
/// # use cotangent::{Graph, Var, misfit};
/// #[track_caller]
/// fn halves(x: Var<'_>) -> Vec<Var<'_>> {
///     match x.shape()[0] % 2 {
///         0 => x.split(&[x.shape()[0] / 2; 2], 0),
///         _ => misfit("halves", "axis 0 must have an even extent", &[x]),
///     }
/// }
/// halves(Graph::new().full([3, 2], 0.0));
/// ```
///
/// # Panics
/// Always.
#[track_caller]
pub fn misfit(operation: &str, rule: impl Into<String>, inputs: &[Var<'_>]) -> ! {
    panic!("{}", RecordError::here(operation, rule, inputs))
}

/// The types of inputs, for a message.
pub(crate) fn list(types: &[Type]) -> String {
    match types {
        [] => "none".to_owned(),
        _ => types.iter().map(Type::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// A gradient that cannot be taken.
///
/// ```
/// use cotangent::{Gradient, Graph};
/// let g = Graph::new();
/// let (x, y) = (g.full([], 1.0), g.full([], 2.0).named("y"));
/// let error = Gradient::of(y.square()).with_respect_to(&[x]).unwrap_err();
/// assert!(error.to_string().contains("path"), "{error}");
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
pub enum GradientError {
    /// The differentiated output is not a single real number, and no cotangent was given.
    #[error(
        "gradient: only a real scalar has a gradient without a cotangent, and this output is \
         {output} (recorded at {recorded})\n  reduce it to a scalar, or give a cotangent of its \
         shape\n  at {location}"
    )]
    NotScalar {
        /// The output's type.
        output: String,
        /// Where the output was recorded.
        recorded: &'static Location<'static>,
        /// The line that asked for the gradient.
        location: &'static Location<'static>,
    },
    /// The cotangent does not have the type of the output.
    #[error(
        "gradient: the cotangent is {cotangent} and the output {output}; they must be equal\n  at {location}"
    )]
    Cotangent {
        /// The cotangent's type.
        cotangent: String,
        /// The output's type.
        output: String,
        /// The line that asked for the gradient.
        location: &'static Location<'static>,
    },
    /// The tangents are not as many or not of the types of the variables they belong to.
    #[error(
        "gradient: the tangents are {tangents} and the variables {variables}; they must be \
         equal\n  at {location}"
    )]
    Tangents {
        /// The types of the tangents.
        tangents: String,
        /// The types of the variables.
        variables: String,
        /// The line that asked for the derivative.
        location: &'static Location<'static>,
    },
    /// Requested variables do not influence the output through differentiable operations.
    #[error(
        "gradient: no differentiable path leads to the output from\n{}\n  leave them out, or ask \
         for zeros with `.zeros_without_path()`\n  at {location}",
        lines(variables)
    )]
    NoPath {
        /// All of them, in the order they were asked for.
        variables: Vec<Unreached>,
        /// The line that asked for the gradient.
        location: &'static Location<'static>,
    },
}

crate::debug_as_display!(GradientError);

/// A variable from which no differentiable path leads to an output.
///
/// It is said in a [`GradientError`].
#[derive(Clone, Debug, PartialEq)]
pub struct Unreached {
    /// Its name, or else its operation.
    pub variable: String,
    /// The line that recorded it; of a parameter, the line that built it.
    pub recorded: &'static Location<'static>,
    /// What is in the way.
    pub obstacle: Obstacle,
}

/// What keeps cotangents of an output from a variable.
///
/// It is said in a [`GradientError`].
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    /// The output is not computed from it.
    Unused,
    /// An operation on the way has no derivative in what it is computed from.
    Operation {
        /// Its name, or that of what it answers.
        operation: String,
        /// The kind of what it answers. If that is real, the operation's own rule gives the variable nothing.
        answers: Kind,
        /// The line that recorded it.
        recorded: &'static Location<'static>,
    },
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {}", self.variable, self.recorded, self.obstacle)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Operation { operation, answers, recorded } = self else {
            return f.write_str("the output is not computed from it");
        };
        let stops = match answers {
            Kind::Real => "passes no cotangent on",
            Kind::Index => "answers indices",
            Kind::Boolean => "answers truth values",
        };
        write!(f, "{operation} of {recorded} {stops}")
    }
}

/// One line for each.
fn lines(variables: &[Unreached]) -> String {
    variables.iter().map(|unreached| format!("    {unreached}")).collect::<Vec<_>>().join("\n")
}

impl GradientError {
    /// The same on behalf of another line: of those who ask for gradients in somebody's name.
    pub fn at(mut self, line: &'static Location<'static>) -> Self {
        match &mut self {
            Self::NotScalar { location, .. }
            | Self::Cotangent { location, .. }
            | Self::Tangents { location, .. }
            | Self::NoPath { location, .. } => *location = line,
        }
        self
    }
}

/// A run that cannot finish, because of the data it was given.
///
/// Nothing is written back when a run fails: parameters and running statistics stay as they were.
///
/// ```
/// use cotangent::{Graph, RunError};
/// let g = Graph::new();
/// let x = g.input("x", [2]);
/// let error: RunError = x.square().eval().unwrap_err();
/// assert!(error.to_string().starts_with("input \"x\""), "{error}");
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
pub enum RunError {
    /// An input of the graph was given no value.
    #[error("input {name:?} (recorded at {recorded}) has no value: bind one before evaluating")]
    Unbound {
        /// The input's name.
        name: String,
        /// Where it was recorded.
        recorded: &'static Location<'static>,
    },
    /// A value has another shape or kind than the input it is given for.
    #[error("input {name:?} takes {expected}, and was given {given}")]
    Mismatch {
        /// The input's name.
        name: String,
        /// What the input takes.
        expected: String,
        /// What it was given.
        given: String,
    },
    /// Another number of values than the graph has inputs.
    #[error("the function takes {} inputs ({}), and was given {given}", names.len(), names.join(", "))]
    Count {
        /// The inputs of the graph.
        names: Vec<String>,
        /// How many values were given.
        given: usize,
    },
    /// A NaN or an infinity in the data.
    #[error("input {name:?} holds {value} at {position:?}: every value must be finite")]
    NotFinite {
        /// The input's name.
        name: String,
        /// Where in the array.
        position: Vec<usize>,
        /// The value found.
        value: f64,
    },
    /// A value computed on the way that is infinite or NaN, met by a checked run.
    #[error(
        "{operations} answered {value} in the {pass} pass\n  inputs: {inputs}\n  at {location}"
    )]
    Arose {
        /// The operation, or those that run together.
        operations: String,
        /// The value found.
        value: f64,
        /// "forward", or "backward" for what a reverse rule recorded.
        pass: &'static str,
        /// The ranges of what was read.
        inputs: String,
        /// The line that recorded the operation.
        location: &'static Location<'static>,
    },
    /// An index outside the axis it points into.
    #[error(
        "{operation}: {} {index}{} is outside 0..{extent}, the {}; {}\n  at {location}",
        words.one, found(.position, *.size), bound(*.words), remedy(.operation, *.index, *.size, *.words)
    )]
    IndexOutOfRange {
        /// The operation that met it.
        operation: String,
        /// The index found.
        index: i64,
        /// Where in the array of indices.
        position: Box<[usize]>,
        /// The extent of the axis.
        extent: usize,
        /// How many positions from the index on there must be: 1, but for the start of a slice.
        size: usize,
        /// What the index is called, and what it is one of.
        words: IndexWords,
        /// The line that recorded the operation.
        location: &'static Location<'static>,
    },
    /// An index outside bounds that come from data as it does: see [`Var::bounded`](crate::Var::bounded).
    #[error(
        "{operation}: {} {value} at position {position:?} must be in {}..={}: {}\n  at {location}",
        words.one, bounds[0], bounds[1], words.rule
    )]
    OutOfBounds {
        /// The operation that met it.
        operation: String,
        /// The index found.
        value: i64,
        /// Where in the array of indices.
        position: Box<[usize]>,
        /// The least and the largest that it may be.
        bounds: [i64; 2],
        /// What the index is called, and the rule that it breaks.
        words: BoundWords,
        /// The line that recorded the operation.
        location: &'static Location<'static>,
    },
    /// A matrix on which an operation is not defined.
    #[error("{operation}: the matrix{} {defect}\n  at {location}", of_batch(.position))]
    Matrix {
        /// The operation that met it.
        operation: String,
        /// What is wrong with it.
        defect: Defect,
        /// Which of a batch it is: its indices along the axes before the last two.
        position: Vec<usize>,
        /// The line that recorded the operation.
        location: &'static Location<'static>,
    },
    /// An error in the body of a loop.
    #[error("{error}\n  in step {step} of the loop at {location}")]
    InStep {
        /// The error.
        error: Box<RunError>,
        /// The slice that the step got.
        step: usize,
        /// The line that recorded the loop.
        location: &'static Location<'static>,
    },
    /// A value that does not exist, as an extent that comes from data (the size of a batch) breaks a
    /// rule: see [`Graph::refused`](crate::Graph::refused).
    #[error(transparent)]
    Refused(RecordError),
    /// A NaN or an infinity in a parameter or buffer: loaded, set, or written by a step.
    #[error("parameter {path:?} holds {value}: every number must be finite\n  built at {location}")]
    NotFiniteParameter {
        /// The parameter's path.
        path: String,
        /// The value found.
        value: f64,
        /// The line that built it.
        location: &'static Location<'static>,
    },
    /// A parameter of another store, or of none.
    #[error(
        "the model uses {path:?} of another store than the one given: run it with the `Params` it \
         was built in, or a copy of them\n  built at {location}"
    )]
    ForeignParameter {
        /// The parameter's path in its own store.
        path: String,
        /// The line that built it.
        location: &'static Location<'static>,
    },
    /// A parameter that lies elsewhere than when the program was compiled.
    #[error(
        "parameter {path:?} lies elsewhere than when the program was compiled, as parameters were \
         added since: compile it again"
    )]
    MovedParameter {
        /// The parameter's path.
        path: String,
    },
    /// A step with respect to a part of the model that has no parameter to train.
    #[error(
        "the step is with respect to {pattern:?}, which matches no trainable parameter that is not \
         frozen; there is {known}\n  at {location}"
    )]
    UnmatchedPattern {
        /// The pattern.
        pattern: String,
        /// The paths there are, or the first of them.
        known: String,
        /// The line that made the step.
        location: &'static Location<'static>,
    },
    /// Trainable parameters that do not influence the loss through differentiable operations.
    #[error(
        "no differentiable path leads to the loss from\n{}\n  use them in the loss, freeze them \
         (`params.freeze`), or ask for zero gradients with `.zeros_for_unused()`\n  at {location}",
        lines(parameters)
    )]
    Unused {
        /// All of them, each with the line that built it.
        parameters: Vec<Unreached>,
        /// The line that made the step.
        location: &'static Location<'static>,
    },
    /// A value that is to be reported by its name, which no value has, or several.
    #[error("one value must be named {name:?} to be reported, and {found}\n  at {location}")]
    Reported {
        /// The name.
        name: String,
        /// What has the name, or which names there are.
        found: String,
        /// The line that made the step or function.
        location: &'static Location<'static>,
    },
    /// The recorded function has no gradient.
    #[error(transparent)]
    Gradient(#[from] GradientError),
}

impl RunError {
    /// The error itself, where it is told as one in a step of a loop, or of a loop in a loop.
    ///
    /// ```
    /// use cotangent::{Graph, RunError};
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (table, index) = (g.full([2], 1.0), g.constant(array![0_i64, 5]));
    /// let all = g.scan(&[], &[index], |_, i| (vec![], vec![table.take(0, i[0])])).1[0];
    /// let error: RunError = all.eval().unwrap_err();
    /// assert!(matches!(error.innermost(), RunError::IndexOutOfRange { index: 5, .. }), "{error}");
    /// ```
    pub fn innermost(&self) -> &RunError {
        match self {
            RunError::InStep { error, .. } => error.innermost(),
            error => error,
        }
    }
}

crate::debug_as_display!(RunError);

/// What an index must be less than.
fn bound(words: IndexWords) -> String {
    match words.many {
        "" => "extent it points into".to_owned(),
        many => format!("number of {many}"),
    }
}

/// Where an index was found among others, and what begins with it.
fn found(position: &[usize], size: usize) -> String {
    let place = match position {
        [] => String::new(),
        _ => format!(" at position {position:?}"),
    };
    match size {
        0 | 1 => place,
        _ => format!("{place}, with the {} that follow,", size - 1),
    }
}

/// What may be done about an index outside of what it points into.
fn remedy(operation: &str, index: i64, size: usize, words: IndexWords) -> String {
    let counted = match words.one {
        "index" => "indices count from 0".to_owned(),
        one => format!("a {one} counts from 0"),
    };
    if index < 0 {
        let remedy = match words.one {
            "index" => {
                ": a label that stands for none is named by `ignore_index`, and a last element is counted from the first"
            }
            "label" => {
                ": one that stands for none is named by the `ignore_index` of a loss that has it"
            }
            _ => "",
        };
        return format!("{counted}, and none is negative{remedy}");
    }
    let least = (index as u64).saturating_add(size as u64);
    match (operation, words.many) {
        (_, many) if size > 1 => format!(
            "begin earlier, take fewer than {size} from there on, or let there be at least {least} {}",
            if many.is_empty() { "positions" } else { many }
        ),
        ("dynamic_slice" | "dynamic_update_slice", _) => {
            "a slice must end within its axis: begin it before, or let it be shorter".to_owned()
        }
        (_, "") => format!(
            "{counted}: subtract 1 from those that count from 1, or make what they point into (the outputs of a layer, \
             the rows of a table) at least {least} long"
        ),
        (_, many) => {
            format!(
                "{counted}: subtract 1 from those that count from 1, or let there be at least {least} {many}"
            )
        }
    }
}

/// Which matrix of a batch, if there is one.
fn of_batch(position: &[usize]) -> String {
    match position {
        [] => String::new(),
        _ => format!(" at {position:?} of the batch"),
    }
}

/// The rule for operations of N inputs.
pub(crate) fn exactly<const N: usize>(inputs: &[Type]) -> Result<&[Type; N], String> {
    let count = inputs.len();
    inputs.try_into().map_err(|_| format!("takes {N} inputs, and was given {count}"))
}

/// The rule for operations that take one kind.
pub(crate) fn expect_kind(position: &str, kind: Kind, expected: Kind) -> Result<(), String> {
    if kind == expected {
        return Ok(());
    }
    let remedy = match expected {
        Kind::Real => "`x.to_real()` makes reals of it",
        Kind::Index => "indices are whole numbers, given as an array of integers",
        Kind::Boolean => "a comparison answers truth values, as `x.gt(0.0)` does",
    };
    Err(format!("{position} must be {expected}, not {kind}: {remedy}"))
}

/// The rule for operations whose inputs must broadcast together.
pub(crate) fn expect_broadcast(a: &Shape, b: &Shape) -> Result<Shape, String> {
    a.broadcast(b).ok_or_else(|| {
        let rank = a.rank().max(b.rank());
        let (axis, x, y) = (1..=rank)
            .map(|back| (back, a.aligned(rank - back, rank), b.aligned(rank - back, rank)))
            .find(|&(_, x, y)| x != y && x != 1 && y != 1)
            .expect("shapes that fit were broadcast");
        format!(
            "shapes {a} and {b} do not broadcast: aligned at the last axis, extents must be equal \
             or 1, and axis -{axis} has {x} and {y}"
        )
    })
}
