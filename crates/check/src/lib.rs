//! The checker: proves derivatives right or wrong, with a bound on the error.
//!
//! It compares every element of a gradient with a numerical derivative whose error is bounded, and
//! concludes *right*, *wrong*, or *inconclusive* with the reason. Two kinds of functions are checked:
//!
//! - [`check`]: what is recorded into a graph, whose reverse rules make the gradient; [`Check`] has the
//!   options: higher orders, random directions for large inputs, models with parameters, kinks and rules
//!   that are meant as they are. [`assert_gradients!`] is a test in one line.
//! - [`check_fn`]: plain functions of slices with a gradient or Jacobian that was written by hand or comes
//!   from any other library; [`CheckFn`] has the options.
//!
//! Both answer a [`Report`], which prints as a table. A report [is right](Report::is_right) only if it
//! proves something: at least one derivative is right, and none is undecided.
//!
//! ```
//! use cotangent::check::{check, check_fn};
//! use cotangent::ndarray::array;
//!
//! let report = check(|_, x| (x[0] * x[1]).sin(), &[array![0.5, 1.0].into(), array![2.0].into()])?;
//! assert!(report.is_right());
//! println!("{report}");
//!
//! let report = check_fn(|x| x[0].sin(), |x| [x[0].cos()], &[0.5]);
//! assert!(report.is_right());
//! # Ok::<(), cotangent::RunError>(())
//! ```
//!
//! Everything runs in double precision, graphs through the plain evaluator. A graph has no precision, so
//! that this checks graphs that are trained in single precision, too.
//!
//! # How a derivative is judged
//!
//! Central differences at steps h, h/2, h/4, … are extrapolated to step 0 (Richardson, 1911). The error
//! is bounded by what the extrapolations differ (Ridders, 1982), by the rounding of the function's values,
//! and by what rounding does to the derivative itself. A derivative is right if it lies within the bound,
//! and the bound within a hundredth of the derivative; it is wrong if it lies outside. Where the bound is
//! too wide, smaller steps are tried. What remains is a kink, a jump, a value that is not finite, or
//! cancellation.
//!
//! | module of the source | what is there |
//! |---|---|
//! | `numeric` | differences, extrapolated, with their bounds |
//! | `verdict` | the comparison; kinks, jumps, cancellation, what is not finite |
//! | `point`, `draws` | variables with their values, random directions, what rounding does |
//! | `claim`, `taylor` | a function with the gradient it is said to have, examined |
//! | `report`, `table`, `digits` | the outcome, and how it prints |
//! | `plain` | the front end of plain functions |
//! | `recorded` | the front end of graphs: orders, the adjoint identity, the symmetry of the Hessian, which operation's rule is wrong |

mod claim;
mod digits;
mod draws;
mod numeric;
mod plain;
mod point;
mod recorded;
mod report;
mod table;
mod taylor;
mod verdict;

pub use graph;
pub use plain::{CheckFn, Differentiable, check_fn};
pub use recorded::{Check, check};
pub use report::{Kink, Property, Report, Row, Suspect};
pub use verdict::{Doubt, Verdict};

/// Asserts that the gradient of a closure is proven right at these inputs: [`check`] and
/// [`Report::assert_right`] in one line. A [`Check`] with options may stand before the closure.
///
/// ```
/// use cotangent::check::{Check, assert_gradients};
/// use cotangent::ndarray::array;
///
/// assert_gradients!(|_, x| (x[0].matmul(x[1])).tanh(), array![[0.1, 0.2]], array![0.3, -0.4]);
/// assert_gradients!(Check::new().kinks(["abs"]); |_, x| x[0].abs(), array![0.0, 1.0]);
/// ```
///
/// # Panics
/// If a derivative is wrong or undecided, or none is right, with the report; if the function cannot be
/// evaluated at the inputs.
#[macro_export]
macro_rules! assert_gradients {
    ($f:expr, $($input:expr),+ $(,)?) => {
        $crate::assert_gradients!($crate::Check::new(); $f, $($input),+)
    };
    ($check:expr; $f:expr, $($input:expr),+ $(,)?) => {
        match $check.run($f, &[$($crate::graph::Value::<f64>::from($input)),+]) {
            Ok(report) => report.assert_right(),
            Err(error) => panic!("the function cannot be checked: {error}"),
        }
    };
}
