//! What optimizers do, compiled once for each precision.
//!
//! A generic function is compiled in the crate that calls it, again in each. The work of optimizers is
//! therefore behind functions of a concrete type, which are compiled here, as `program` does it for
//! programs; rules and parts come to it as trait objects. A user's crate is left with calls.

use std::fmt;

use graph::{Gradients, Params, Shape};

use crate::compiled::Slices;
use crate::parts::{self, AnyPart, Around, Call, Fed, Formula, Formulas};
use crate::rule::any::AnyRule;
use crate::state::{self, State};
use crate::work::Work;
use crate::{Difference, Ledger, OptimError, Optimizer, Selected, StepReport};

/// The precisions that an optimizer works in, `f32` and, with the feature `double`, `f64`: those of programs.
///
/// Code that is generic over the precision asks for it:
///
/// ```
/// use cotangent::Precision;
/// use cotangent::optim::{Adam, Optimizer};
///
/// fn usual<T: Precision>() -> Box<dyn Optimizer<T>> {
///     Box::new(Adam::new(1e-3))
/// }
/// assert_eq!(usual::<f64>().learning_rate(), 1e-3);
/// ```
#[diagnostic::on_unimplemented(
    message = "optimizers do not work in `{Self}`",
    note = "they work in `f32` and, with the feature `double` of `cotangent` (there by default), in `f64`"
)]
pub trait Precision: program::Precision {
    #[doc(hidden)]
    fn update_around(part: &dyn AnyPart, inner: &mut dyn Optimizer<Self>, call: Call<'_, Self>);
    #[doc(hidden)]
    fn rule_work(
        work: &mut Work<Self>,
        rule: &mut dyn AnyRule,
        what: What<'_, '_, Self>,
    ) -> Result<(), OptimError>;
    #[doc(hidden)]
    fn rule_step(
        work: &mut Work<Self>,
        rules: [&dyn AnyRule; 2],
        weights: &mut [Self],
        gradients: &[Self],
    );
    #[doc(hidden)]
    fn part_work(
        around: &mut Around<Self>,
        part: &mut dyn AnyPart,
        inner: &mut dyn Optimizer<Self>,
        what: What<'_, '_, Self>,
    ) -> Result<(), OptimError>;
    #[doc(hidden)]
    fn part_step(
        around: &mut Around<Self>,
        part: &dyn AnyPart,
        inner: &mut dyn Optimizer<Self>,
        weights: &mut [Self],
        gradients: &[Self],
    );
    #[doc(hidden)]
    fn apply_formula(
        formulas: &mut Formulas<Self>,
        formula: (Formula, Fed<'_>),
        first: &Shape,
        slices: Slices<'_, Self>,
    );
    #[doc(hidden)]
    fn checked<'a>(
        params: &'a Params<Self>,
        gradients: Gradients<'a, Self>,
    ) -> Result<Selected<'a, Self>, OptimError>;
    #[doc(hidden)]
    fn report(
        before: (u64, Self, f64),
        params: &Params<Self>,
        weights: &[Self],
        gradients: Gradients<'_, Self>,
    ) -> StepReport;
    #[doc(hidden)]
    fn state_of(
        params: &Params<Self>,
        optimizer: &mut Steps<'_, Self>,
    ) -> Result<State<Self>, OptimError>;
    #[doc(hidden)]
    fn take_up(
        optimizer: &mut Steps<'_, Self>,
        params: &Params<Self>,
        state: &State<Self>,
        beside: &dyn Fn() -> State<Self>,
    ) -> Result<Vec<Difference>, OptimError>;
    #[doc(hidden)]
    fn debug_work(work: &Work<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    #[doc(hidden)]
    fn debug_around(around: &Around<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// What an optimizer is asked for beside an update: the methods of [`Optimizer`], as values.
#[derive(Debug)]
pub enum What<'a, 'l, T> {
    /// [`Optimizer::prepare`].
    Prepare(Selected<'a, T>),
    /// [`Optimizer::remember`].
    Remember(Selected<'a, T>),
    /// [`Optimizer::transfer`].
    Transfer(&'a mut Ledger<'l, T>),
}

/// An optimizer of whatever type, asked through one function.
pub type Steps<'o, T> = dyn FnMut(What<'_, '_, T>) -> Result<(), OptimError> + 'o;

macro_rules! precision {
    ($float:ty, $update:ident) => {
        impl Precision for $float {
            fn update_around(
                part: &dyn AnyPart,
                inner: &mut dyn Optimizer<Self>,
                call: Call<'_, Self>,
            ) {
                part.$update(inner, call);
            }

            fn rule_work(
                work: &mut Work<Self>,
                rule: &mut dyn AnyRule,
                what: What<'_, '_, Self>,
            ) -> Result<(), OptimError> {
                work.answer(rule, what)
            }

            fn rule_step(
                work: &mut Work<Self>,
                rules: [&dyn AnyRule; 2],
                weights: &mut [Self],
                gradients: &[Self],
            ) {
                work.update(rules, weights, gradients);
            }

            fn part_work(
                around: &mut Around<Self>,
                part: &mut dyn AnyPart,
                inner: &mut dyn Optimizer<Self>,
                what: What<'_, '_, Self>,
            ) -> Result<(), OptimError> {
                around.answer(part, inner, what)
            }

            fn part_step(
                around: &mut Around<Self>,
                part: &dyn AnyPart,
                inner: &mut dyn Optimizer<Self>,
                weights: &mut [Self],
                gradients: &[Self],
            ) {
                around.update(part, inner, weights, gradients);
            }

            fn apply_formula(
                formulas: &mut Formulas<Self>,
                formula: (Formula, Fed<'_>),
                first: &Shape,
                slices: Slices<'_, Self>,
            ) {
                parts::apply(formulas, formula, first, slices);
            }

            fn checked<'a>(
                params: &'a Params<Self>,
                gradients: Gradients<'a, Self>,
            ) -> Result<Selected<'a, Self>, OptimError> {
                gradients.check(params)?;
                Ok(Selected::of(params, gradients))
            }

            fn report(
                before: (u64, Self, f64),
                params: &Params<Self>,
                weights: &[Self],
                gradients: Gradients<'_, Self>,
            ) -> StepReport {
                StepReport::new(before, params, weights, gradients)
            }

            fn state_of(
                params: &Params<Self>,
                optimizer: &mut Steps<'_, Self>,
            ) -> Result<State<Self>, OptimError> {
                State::of(params, optimizer)
            }

            fn take_up(
                optimizer: &mut Steps<'_, Self>,
                params: &Params<Self>,
                state: &State<Self>,
                beside: &dyn Fn() -> State<Self>,
            ) -> Result<Vec<Difference>, OptimError> {
                state::take_up(optimizer, params, state, beside)
            }

            fn debug_work(work: &Work<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(work, f)
            }

            fn debug_around(around: &Around<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(around, f)
            }
        }
    };
}

precision!(f32, update_single);
#[cfg(feature = "double")]
precision!(f64, update_double);

/// Written inside of an `impl Rule` or `impl Part` of ours: what describes its settings is compiled here, and
/// not in every crate that uses it.
macro_rules! described {
    () => {
        fn settings(&self) -> serde_json::Value {
            crate::state::plain(self)
        }
    };
}
pub(crate) use described;
