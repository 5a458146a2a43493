//! Compiled programs: a flat list of instructions over an arena planned before anything runs.

use std::ops::Range;
use std::sync::Arc;

use kernels::{Isa, Pool, all_finite};
use ndarray::{ArrayViewD, IxDyn};

use crate::compile::{self, Compiled, Lending};
use crate::engine::Run;
use crate::instruction::{Action, Instruction, Memory};
use crate::threads::{default_pool, pool_of_one};
use crate::trial::Trials;
use crate::workspace::{Constants, Needs, Workspace};
use crate::{Arithmetic, Feed, Precision};
use graph::Seed;
use graph::{Param, Params};
use graph::{RunError, Type, Var};

/// A compiled graph: computes outputs from inputs and parameters, as often as wanted.
///
/// Compiling lays out all memory; a run allocates nothing, but for operations without a lowering of
/// their own that allocate in their plain evaluation, a list of more than 396 inputs, and the first copies
/// of inputs that lie in another order of axes than row-major. It computes what the
/// [`Evaluator`](graph::Evaluator) computes, to rounding: products and sums may be taken in another
/// order, as [`Arithmetic`] says, unless [`compile_with`](Self::compile_with) is told otherwise.
///
/// ```
/// use cotangent::{Graph, Params, Seed};
/// use cotangent::Program;
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let x = g.input("x", [2, 2]);
/// let y = (x.matmul(x) + 1.0).tanh().sum();
/// let params = Params::seeded(0);
/// let mut program = Program::compile(&[y, y.grad(x)], &params);
/// program.run(&params, &[(&array![[0.0_f32, 1.0], [0.5, 0.0]]).into()], Seed::default())?;
/// assert_eq!(program.output(1).shape(), [2, 2]);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Program<T = f32> {
    pub(crate) instructions: Vec<Instruction<T>>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
    params: Reads,
    pub(crate) constants: Constants<T>,
    pub(crate) needs: Needs,
    /// Empty while another program computes in it.
    pub(crate) workspace: Workspace<T>,
    pub(crate) isa: Isa,
    pub(crate) pool: Arc<Pool>,
    /// Of one thread.
    pub(crate) alone: &'static Pool,
    pub(crate) trials: Trials,
}

/// The parameters that a program reads, and where they lay among all values when it was compiled.
#[derive(Clone, Debug)]
struct Reads {
    /// The [structure](Params::structure) of the store they were found in last.
    structure: u64,
    places: Vec<(Param, Range<usize>)>,
}

/// An input and where it is read; nowhere if nothing needs it.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub name: Arc<str>,
    pub ty: Type,
    pub memory: Option<Memory>,
}

/// An output and where it lies in its arena.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub ty: Type,
    pub range: Range<usize>,
}

impl<T: Precision> Program<T> {
    /// Compiles the computation of these outputs, for parameters of this store.
    ///
    /// # Panics
    /// If there is no output, or the graph uses a parameter of another store.
    #[track_caller]
    pub fn compile(outputs: &[Var<'_>], params: &Params<T>) -> Self {
        Self::compile_with(outputs, params, Arithmetic::default())
    }

    /// As [`compile`](Self::compile), and says whether products and sums may be taken in another order
    /// than they were recorded in.
    ///
    /// # Panics
    /// As [`compile`](Self::compile).
    pub fn compile_with(outputs: &[Var<'_>], params: &Params<T>, arithmetic: Arithmetic) -> Self {
        let mut program = Self::without_workspace(outputs, params, arithmetic);
        program.workspace.fit(program.needs);
        program
    }

    /// As [`compile_with`](Self::compile_with), to run in the workspace of another program.
    pub(crate) fn without_workspace(
        outputs: &[Var<'_>],
        params: &Params<T>,
        arithmetic: Arithmetic,
    ) -> Self {
        let inputs = outputs.first().map_or(0, |output| output.graph().inputs().len());
        T::compile(outputs, params, arithmetic, &Lending::inputs(inputs))
    }

    /// See [`without_workspace`](Self::without_workspace).
    pub(crate) fn compiled(
        outputs: &[Var<'_>],
        params: &Params<T>,
        arithmetic: Arithmetic,
        lending: &Lending,
    ) -> Self {
        let pool = default_pool();
        let compiled: Compiled<T> = compile::compile(outputs, params, arithmetic, lending);
        Self {
            inputs: compiled.inputs,
            outputs: compiled.outputs,
            params: Reads { structure: params.structure(), places: compiled.params },
            constants: compiled.constants,
            needs: Needs {
                reals: compiled.reals,
                indices: compiled.indices,
                scratch: scratch_len(&compiled.instructions, pool.threads()),
            },
            workspace: Workspace::empty(),
            instructions: compiled.instructions,
            isa: Isa::best(),
            pool,
            alone: pool_of_one(),
            trials: Trials::default(),
        }
    }

    /// Computes the outputs.
    ///
    /// `inputs` are given in the order in which the graph recorded them.
    ///
    /// # Errors
    /// If an input has another type than recorded, the parameters are of another store or lie
    /// elsewhere than when the program was compiled, or an index is out of range. The outputs are
    /// then unspecified.
    pub fn run(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        seed: Seed,
    ) -> Result<(), RunError> {
        T::run(self, params, inputs, Run::Given(seed))
    }

    /// Runs as [`Run`] says.
    pub(crate) fn perform(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        how: Run,
    ) -> Result<(), RunError> {
        self.check_params(params)?;
        let (seed, on_data) = match how {
            Run::Given(seed) | Run::Checked(seed) => (seed, false),
            Run::OnData | Run::CheckedOnData => (params.seed(), true),
        };
        // An input that is not finite is an error of its own, before anything is computed.
        self.fed(inputs, on_data, |program, lent| match how {
            Run::Given(_) | Run::OnData => program.execute(params.values(), seed, lent),
            Run::Checked(_) | Run::CheckedOnData => program.execute_checked(params, seed, lent),
        })
    }

    /// The value of an output after a run, if it is of reals or truth values.
    ///
    /// # Panics
    /// If there is no such output, or it is of indices.
    #[track_caller]
    pub fn output(&self, position: usize) -> ArrayViewD<'_, T> {
        T::output(self, position)
    }

    /// See [`output`](Self::output).
    #[track_caller]
    pub(crate) fn viewed(&self, position: usize) -> ArrayViewD<'_, T> {
        let output = self.output_at(position);
        assert!(output.ty.kind != graph::Kind::Index, "output {position} is of indices");
        let values = &self.workspace.reals[output.range.clone()];
        ArrayViewD::from_shape(IxDyn(&output.ty.shape), values).expect("planned")
    }

    /// The value of an output of indices after a run.
    ///
    /// # Panics
    /// If there is no such output, or it is not of indices.
    #[track_caller]
    pub fn index_output(&self, position: usize) -> ArrayViewD<'_, i64> {
        let output = self.output_at(position);
        assert!(output.ty.kind == graph::Kind::Index, "output {position} is not of indices");
        let values = &self.workspace.indices[output.range.clone()];
        ArrayViewD::from_shape(IxDyn(&output.ty.shape), values).expect("planned")
    }

    #[track_caller]
    fn output_at(&self, position: usize) -> &Output {
        let count = self.outputs.len();
        assert!(
            position < count,
            "there is no output {position}: the program has {count}, counted from 0"
        );
        &self.outputs[position]
    }

    /// The values of neighbouring real outputs, which lie one after the other.
    pub(crate) fn outputs_flat(&self, positions: Range<usize>) -> &[T] {
        let Some(first) = self.outputs.get(positions.start).filter(|_| !positions.is_empty())
        else {
            return &[];
        };
        let last = &self.outputs[positions.end - 1];
        &self.workspace.reals[first.range.start..last.range.end]
    }

    /// Whether the values of neighbouring real outputs are finite.
    pub(crate) fn are_finite(&self, positions: Range<usize>) -> bool {
        all_finite(self.isa, &self.pool, self.outputs_flat(positions))
    }

    /// Lets runs use this many threads; results do not depend on it. By default programs share one
    /// thread for each core. Runs of less than a millisecond are computed by one where that is found to take less time.
    pub fn set_threads(&mut self, threads: usize) {
        self.pool = Arc::new(Pool::new(threads.max(1)));
        self.needs.scratch = scratch_len(&self.instructions, self.pool.threads());
        self.workspace.fit(self.needs);
        self.trials = Trials::default();
    }

    /// What it does, in order.
    #[cfg(test)]
    pub(crate) fn instructions(&self) -> &[Instruction<T>] {
        &self.instructions
    }

    /// Fails unless the parameters that the program reads lie where they did.
    pub(crate) fn check_params(&mut self, params: &Params<T>) -> Result<(), RunError> {
        if self.params.structure == params.structure() {
            return Ok(());
        }
        for (param, place) in &self.params.places {
            if params.entry(param.id()).is_none() {
                let (path, location) = (param.path().to_owned(), param.location());
                return Err(RunError::ForeignParameter { path, location });
            }
            if params.range(param.id()) != *place {
                return Err(RunError::MovedParameter { path: param.path().to_owned() });
            }
        }
        self.params.structure = params.structure();
        Ok(())
    }
}

impl<T: Precision> AsMut<Program<T>> for Program<T> {
    fn as_mut(&mut self) -> &mut Program<T> {
        self
    }
}

/// How much scratch memory the instructions need on so many threads: they run one after the other.
fn scratch_len<T: Precision>(instructions: &[Instruction<T>], threads: usize) -> usize {
    let of = |instruction: &Instruction<T>| match &instruction.action {
        Action::Fused { program, .. } => program.scratch_len(threads),
        action => {
            let bodies = action.bodies().into_iter();
            bodies.map(|(_, body)| scratch_len(&body.instructions, threads)).max().unwrap_or(0)
        }
    };
    instructions.iter().map(of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::Graph;

    #[test]
    fn a_program_may_have_more_threads_than_the_machine() {
        let g = Graph::new();
        let x = g.input("x", [600, 100]);
        let y = x.tanh();
        let outputs = [y, y.sum_over(0), y.softmax(-1), x.t().matmul(y)];
        let params = Params::with_seed(0);
        let mut program = Program::<f32>::compile(&outputs, &params);
        let values = ndarray::Array2::from_shape_fn((600, 100), |(i, j)| (i * 7 + j) as f32 / 3e3);
        let mut first: Option<Vec<u32>> = None;
        for threads in [1, 2, 4, default_pool().threads() + 3, 2] {
            program.set_threads(threads);
            program.run(&params, &[(&values).into()], Seed::default()).unwrap();
            let bits: Vec<u32> =
                program.outputs_flat(0..outputs.len()).iter().map(|x| x.to_bits()).collect();
            assert_eq!(*first.get_or_insert_with(|| bits.clone()), bits, "{threads} threads");
        }
    }

    #[test]
    #[should_panic(expected = "there is no output 1: the program has 1, counted from 0")]
    fn an_output_beyond_the_last_is_refused() {
        let g = Graph::new();
        let params = Params::with_seed(0);
        let program = Program::<f32>::compile(&[g.input("x", [2]).sin()], &params);
        let _ = program.output(1);
    }

    #[test]
    fn while_it_is_tried_how_many_threads_are_faster_the_bits_stay() {
        let g = Graph::new();
        let x = g.input("x", [64, 64]);
        let y = x.matmul(x).tanh();
        let outputs = [y.sum_over(0), y.matmul(x)];
        let params = Params::with_seed(0);
        let mut program = Program::<f32>::compile(&outputs, &params);
        program.set_threads(2);
        let values = ndarray::Array2::from_shape_fn((64, 64), |(i, j)| (i * 7 + j) as f32 / 3e3);
        let mut first: Option<Vec<f32>> = None;
        let mut ways = std::collections::HashSet::new();
        for run in 0..200 {
            ways.insert(program.trials.clone().next().0);
            program.run(&params, &[(&values).into()], Seed::default()).unwrap();
            let outputs = program.outputs_flat(0..outputs.len());
            assert!(first.get_or_insert_with(|| outputs.to_vec()) == outputs, "run {run}");
        }
        assert_eq!(ways.len(), 2);
    }
}
