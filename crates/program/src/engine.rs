//! What is behind programs, compiled once for each precision.
//!
//! A generic function is compiled in the crate that calls it, again in each. Behind this trait stand
//! functions of a concrete type, which are compiled here: a user's crate is left with calls of them.

use graph::{Params, RunError, Seed, Var};
use ndarray::ArrayViewD;

use crate::compile::Lending;
use crate::in_place::Lent;
use crate::work::{FunctionWork, StepWork, Work};
use crate::{Arithmetic, Explanation, Feed, Profile, Program};

/// How a program runs.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// Whatever the inputs are, with a seed of its own.
    Given(Seed),
    /// As [`Given`](Run::Given), looking at every value on the way.
    Checked(Seed),
    /// On data, which must be finite, with the seed of the parameters.
    OnData,
    /// As [`OnData`](Run::OnData), looking at every value on the way.
    CheckedOnData,
}

/// The work of a program, implemented by [`f32`] and [`f64`] alone.
pub trait Engine: Sized {
    fn compile(
        outputs: &[Var<'_>],
        params: &Params<Self>,
        arithmetic: Arithmetic,
        lending: &Lending,
    ) -> Program<Self>;
    fn run(
        program: &mut Program<Self>,
        params: &Params<Self>,
        inputs: &[Feed<'_, Self>],
        how: Run,
    ) -> Result<(), RunError>;
    fn run_lent(
        program: &mut Program<Self>,
        over: &[usize],
        numbers: &[f64],
        lent: &mut [Lent<'_, Self>],
    ) -> Result<(), RunError>;
    fn profile(
        program: &mut Program<Self>,
        params: &Params<Self>,
        inputs: &[Feed<'_, Self>],
        runs: usize,
    ) -> Result<Profile, RunError>;
    fn explain(program: &Program<Self>) -> Explanation;
    #[track_caller]
    fn output(program: &Program<Self>, position: usize) -> ArrayViewD<'_, Self>;
    fn step_work(limit: usize) -> Box<dyn StepWork<Self>>;
    fn function_work(limit: usize) -> Box<dyn FunctionWork<Self>>;
}

macro_rules! engine {
    ($float:ty) => {
        impl Engine for $float {
            fn compile(
                outputs: &[Var<'_>],
                params: &Params<Self>,
                arithmetic: Arithmetic,
                lending: &Lending,
            ) -> Program<Self> {
                Program::compiled(outputs, params, arithmetic, lending)
            }

            fn run(
                program: &mut Program<Self>,
                params: &Params<Self>,
                inputs: &[Feed<'_, Self>],
                how: Run,
            ) -> Result<(), RunError> {
                program.perform(params, inputs, how)
            }

            fn run_lent(
                program: &mut Program<Self>,
                over: &[usize],
                numbers: &[f64],
                lent: &mut [Lent<'_, Self>],
            ) -> Result<(), RunError> {
                program.perform_lent(over, numbers, lent)
            }

            fn profile(
                program: &mut Program<Self>,
                params: &Params<Self>,
                inputs: &[Feed<'_, Self>],
                runs: usize,
            ) -> Result<Profile, RunError> {
                program.measured(params, inputs, runs)
            }

            fn explain(program: &Program<Self>) -> Explanation {
                program.explained()
            }

            fn output(program: &Program<Self>, position: usize) -> ArrayViewD<'_, Self> {
                program.viewed(position)
            }

            fn step_work(limit: usize) -> Box<dyn StepWork<Self>> {
                Box::new(Work::with_limit(limit))
            }

            fn function_work(limit: usize) -> Box<dyn FunctionWork<Self>> {
                Box::new(Work::with_limit(limit))
            }
        }
    };
}

engine!(f32);
#[cfg(feature = "double")]
engine!(f64);
