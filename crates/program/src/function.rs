//! Functions of inputs and parameters, recorded and compiled when they are first called.

use std::fmt;
use std::marker::PhantomData;

use graph::{Graph, Params, RunError, Var};
use ndarray::ArrayViewD;

use crate::engine::Run;
use crate::per_shape::inputs_of;
use crate::recipe::FunctionRecipe;
use crate::work::{Compiled, FunctionWork};
use crate::{Arithmetic, Feeds, Precision, Program, Reported};

/// What a [`Function`] answers: one array, or several.
pub trait Answer: sealed::Sealed {
    /// The arrays.
    type Views<'a, T: 'a>;

    /// The first outputs of a program.
    fn of<T: Precision>(program: &Program<T>) -> Self::Views<'_, T>;
}

/// One array is answered.
///
/// It is what [`Function::new`] makes: see [`Function`].
#[derive(Debug)]
pub enum One {}

/// An array of so many arrays is answered.
///
/// It is what [`Function::several`] makes.
#[derive(Debug)]
pub enum Several<const M: usize> {}

impl Answer for One {
    type Views<'a, T: 'a> = ArrayViewD<'a, T>;

    fn of<T: Precision>(program: &Program<T>) -> ArrayViewD<'_, T> {
        program.output(0)
    }
}

impl<const M: usize> Answer for Several<M> {
    type Views<'a, T: 'a> = [ArrayViewD<'a, T>; M];

    fn of<T: Precision>(program: &Program<T>) -> [ArrayViewD<'_, T>; M] {
        std::array::from_fn(|position| program.output(position))
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::One {}
    impl<const M: usize> Sealed for super::Several<M> {}
}

/// A function of `N` inputs and the parameters: a model's prediction, for instance.
///
/// Recorded and compiled at the first call, and again only when inputs come in new shapes. The programs
/// of all shapes share one memory, and are limited in [number](Self::program_limit). Products and sums
/// may be taken in another order than recorded, as [`Arithmetic`] says and [lets choose](Self::arithmetic).
///
/// ```
/// use cotangent::Params;
/// use cotangent::Function;
/// use cotangent::ndarray::array;
///
/// let params = Params::seeded(0);
/// let mut softmax = Function::new(|_, [logits]| logits.softmax(-1));
/// let p = softmax.run(&params, (&array![[0.0_f32, 0.0]],))?;
/// assert_eq!(p, array![[0.5, 0.5]].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
pub struct Function<'m, T, const N: usize, A = One> {
    recipe: FunctionRecipe<'m>,
    work: Box<dyn FunctionWork<T>>,
    answer: PhantomData<A>,
}

impl<'m, T: Precision, const N: usize> Function<'m, T, N> {
    /// A function that `record` writes down. Indices are answered as reals.
    #[track_caller]
    pub fn new(record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + Send + 'm) -> Self {
        Self::of(FunctionRecipe::new(Box::new(move |graph, inputs| {
            vec![record(graph, inputs_of(inputs))]
        })))
    }
}

impl<'m, T: Precision, const N: usize, const M: usize> Function<'m, T, N, Several<M>> {
    /// A function of several outputs, which [`run`](Self::run) answers in an array.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::ndarray::array;
    /// use cotangent::Function;
    ///
    /// let params = Params::seeded(0);
    /// let mut moments = Function::several(|_, [x]| [x.mean(), x.square().mean()]);
    /// let [first, second] = moments.run(&params, (&array![1.0_f32, 3.0],))?;
    /// assert_eq!((first[[]], second[[]]), (2.0, 5.0));
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    #[track_caller]
    pub fn several(
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> [Var<'g>; M] + Send + 'm,
    ) -> Self {
        Self::of(FunctionRecipe::new(Box::new(move |graph, inputs| {
            record(graph, inputs_of(inputs)).to_vec()
        })))
    }
}

impl<'m, T: Precision, const N: usize, A: Answer> Function<'m, T, N, A> {
    fn of(recipe: FunctionRecipe<'m>) -> Self {
        Self { work: T::function_work(recipe.terms.limit), recipe, answer: PhantomData }
    }

    /// Also reports the value of this [name](Var::named), wherever it is recorded, to be read with
    /// [`report`](Self::report). One value must have the name.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::ndarray::array;
    /// use cotangent::Function;
    ///
    /// let params = Params::seeded(0);
    /// let mut f = Function::new(|_, [x]| x.tanh().named("hidden").sum()).watch("hidden");
    /// f.run(&params, (&array![0.0_f32, 0.0],))?;
    /// assert_eq!(f.report("hidden"), array![0.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    pub fn watch(mut self, name: &str) -> Self {
        self.recipe.terms.watched.push(name.to_owned());
        self
    }

    /// Whether products and sums may be taken in another order than they were recorded in; by default
    /// they may.
    pub fn arithmetic(mut self, arithmetic: Arithmetic) -> Self {
        self.recipe.terms.arithmetic = arithmetic;
        Self { work: T::function_work(self.recipe.terms.limit), ..self }
    }

    /// Keeps the programs for at most so many combinations of shapes, 128 by default and at least one:
    /// beyond, what was not used for longest is forgotten, and compiled again when it is needed.
    pub fn program_limit(mut self, programs: usize) -> Self {
        self.recipe.terms.limit = programs;
        Self { work: T::function_work(programs), ..self }
    }

    /// A value that is [watched](Self::watch), at the last run.
    ///
    /// # Panics
    /// If there was no run, or nothing of this name is watched.
    #[track_caller]
    pub fn report(&self, name: &str) -> ArrayViewD<'_, T> {
        let Compiled { program, contents: reports } =
            self.work.last().expect("the function has not run yet");
        program.output(reports.position(Reported::Name(name)))
    }

    /// The value for these inputs and parameters.
    ///
    /// # Errors
    /// If an input is not finite, an index is out of range, or the parameters are of another store
    /// than the model's.
    ///
    /// # Panics
    /// If the recording does: the inputs' shapes do not fit the model.
    pub fn run<'a>(
        &mut self,
        params: &Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<A::Views<'_, T>, RunError>
    where
        T: 'a,
    {
        self.work.run(&self.recipe, params, &inputs.feeds(), Run::OnData).map(A::of)
    }

    /// As [`run`](Self::run), but looks at every value on the way, and stops at the first that is
    /// infinite or NaN. [`run`](Self::run) pays nothing for it.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`RunError::Arose`] with the operations, their line, and the ranges
    /// of what they read.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_checked<'a>(
        &mut self,
        params: &Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<A::Views<'_, T>, RunError>
    where
        T: 'a,
    {
        self.work.run(&self.recipe, params, &inputs.feeds(), Run::CheckedOnData).map(A::of)
    }
}

impl<T, const N: usize, A> fmt::Debug for Function<'_, T, N, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function of {N} inputs, compiled for {} shapes", self.work.programs())
    }
}
