//! What recorded functions are of: a store of parameters, of which a flat vector is one.

use std::ops::Range;
use std::panic::Location;

use graph::ndarray::{Array, ArrayViewD, IxDyn};
use graph::reading::check_parameters;
use graph::{Graph, Param, Params, RunError, Value, Var};
use program::{Feed, Precision, Program};

type Record<'m> = dyn for<'g> Fn(&'g Graph) -> Var<'g> + 'm;

/// A recorded function, and the store that its variables are in.
pub(super) struct Variables<'m> {
    pub params: Params<f64>,
    pub record: Box<Record<'m>>,
    /// Where the variables lie among the store's values: what is frozen is none.
    places: Vec<Range<usize>>,
    /// The line that made the function.
    location: &'static Location<'static>,
}

/// The closure's type, which inference does not find by itself.
fn boxed<'m>(record: impl for<'g> Fn(&'g Graph) -> Var<'g> + 'm) -> Box<Record<'m>> {
    Box::new(record)
}

impl<'m> Variables<'m> {
    #[track_caller]
    pub fn flat(n: usize, record: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g> + 'm) -> Self {
        let mut params = Params::with_seed(0);
        let x = params.root().parameter("x", Array::zeros(n).into_dyn());
        let record = boxed(move |graph| record(graph, graph.param(&x)));
        Self { places: places(&params), params, record, location: Location::caller() }
    }

    #[track_caller]
    pub fn of_model<T: Precision, const N: usize>(
        params: &Params<T>,
        inputs: [Value<f64>; N],
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + 'm,
    ) -> Self {
        let record = boxed(move |graph| {
            record(graph, inputs.each_ref().map(|input| graph.constant(input.clone())))
        });
        let (places, location) = (places(params), Location::caller());
        Self { params: params.cast(), record, places, location }
    }

    /// How many variables there are.
    pub fn count(&self) -> usize {
        self.places.iter().map(Range::len).sum()
    }

    /// Takes the function to a point.
    pub fn go_to(&mut self, x: &[f64]) {
        scatter(self.params.values_mut(), &self.places, x.iter().copied());
    }

    pub fn parameters<'g>(&self, graph: &'g Graph) -> Vec<Var<'g>> {
        self.params.unfrozen_entries().map(|param| graph.param(param)).collect()
    }

    /// Compiles what is derived from the function, its variables, and a vector for each.
    pub fn compile(
        &self,
        derive: impl for<'g> Fn(Var<'g>, &[Var<'g>], &[Var<'g>]) -> Result<Vec<Var<'g>>, RunError>,
    ) -> Result<Program<f64>, RunError> {
        let graph = Graph::new();
        let value = (self.record)(&graph);
        check_parameters(graph.parameters(), &self.params)?;
        let variables = self.parameters(&graph);
        let vector = |param: &Param| graph.input(param.path(), param.shape().clone());
        let vectors: Vec<Var<'_>> = self.params.unfrozen_entries().map(vector).collect();
        let derived = derive(value, &variables, &vectors).map_err(|error| match error {
            RunError::Gradient(error) => error.at(self.location).into(),
            error => error,
        })?;
        Ok(Program::compile(&derived, &self.params))
    }

    /// Runs a program at x, with a vector where it has one.
    pub fn run(
        &mut self,
        program: &mut Program<f64>,
        x: &[f64],
        vector: Option<&[f64]>,
    ) -> Result<(), RunError> {
        self.go_to(x);
        let params = &self.params;
        // A program that does not read the vectors is given any.
        let vector = vector.unwrap_or(x);
        let mut rest = vector;
        let view = |param: &Param| {
            let part;
            (part, rest) = rest.split_at(param.shape().size());
            let view = ArrayViewD::from_shape(IxDyn(param.shape()), part);
            Feed::Real(view.expect("the range has the size of the shape"))
        };
        let vectors: Vec<Feed<'_, f64>> = params.unfrozen_entries().map(view).collect();
        program.run(params, &vectors, params.seed())
    }
}

/// Where the numbers lie that a minimiser moves: those of the trainable parameters, but for what is
/// frozen.
pub(super) fn places<T: Precision>(params: &Params<T>) -> Vec<Range<usize>> {
    params.unfrozen_entries().map(|param| params.range(param.id())).collect()
}

/// Writes a flat vector to its places.
pub(super) fn scatter<T: Copy>(
    values: &mut [T],
    places: &[Range<usize>],
    flat: impl IntoIterator<Item = T>,
) {
    let mut flat = flat.into_iter();
    for place in places {
        values[place.clone()].iter_mut().zip(&mut flat).for_each(|(to, x)| *to = x);
    }
}

/// The program, compiled if this is the first time.
pub(super) fn compiled(
    program: &mut Option<Program<f64>>,
    compile: impl FnOnce() -> Result<Program<f64>, RunError>,
) -> Result<&mut Program<f64>, RunError> {
    if program.is_none() {
        *program = Some(compile()?);
    }
    Ok(program.as_mut().expect("it was just compiled"))
}

/// Copies the outputs from a position on, one after the other.
pub(super) fn copy_outputs(program: &Program<f64>, mut position: usize, to: &mut [f64]) {
    let mut filled = 0;
    while filled < to.len() {
        let output = program.output(position);
        let part = &mut to[filled..filled + output.len()];
        part.iter_mut().zip(&output).for_each(|(to, &from)| *to = from);
        filled += output.len();
        position += 1;
    }
}
