//! Elements looked at in another place, and put there: the two operations that every re-arrangement
//! is an instance of, each the reverse rule of the other.

use smallvec::{SmallVec, smallvec};

use super::super::registry::{Example, Sample, shaped};
use crate::error::exactly;
use crate::short::Short;
use crate::{
    Args, Batch, Cotangents, Graph, Kind, Lowering, Operation, Out, Place, RunResult, Scalar,
    Shape, Type, Var, View as Values,
};

/// The elements of the argument that lie in a place. Cotangent: v in that place, [`Embed`].
///
/// Recorded by [`Var::view`](crate::Var::view); the example of [`Place`] shows it.
#[derive(Clone, Debug)]
pub struct View {
    /// What messages call it: `slice`, `flip`, …
    pub name: &'static str,
    /// Where the elements lie among those of the argument.
    pub place: Place,
}

/// Σᵢ xᵢ, each in its place in an array of zeros: where one argument lies, it is that element; where
/// several do, they are added in their order. Cotangents: v, looked at in each place, [`View`].
///
/// Recorded by [`Graph::embed`](crate::Graph::embed).
#[derive(Clone, Debug)]
pub struct Embed {
    /// What messages call it: `pad`, `concat`, …
    pub name: &'static str,
    /// The shape of the result.
    pub shape: Shape,
    /// Where each argument lies.
    pub places: Vec<Place>,
}

/// The name says nothing of the result.
impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

/// The name says nothing of the result.
impl PartialEq for Embed {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.places == other.places
    }
}

impl Operation for View {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        self.place.check(&x.shape)?;
        Ok(Type { kind: x.kind, shape: self.place.shape.clone() })
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let places = vec![self.place.clone()];
        let adjoint = Embed { name: "embed", shape: inputs[0].shape(), places };
        smallvec![Some(v.graph().apply(adjoint, &[v]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match (args.view(0), out) {
            (Values::Real(x), Out::Real(out)) => look(&self.place, x, out),
            (Values::Index(x), Out::Index(out)) => look(&self.place, x, out),
            _ => unreachable!("the output has the kind of the input"),
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::View(self.place.clone())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let place = self.place.repeated(batch.samples(), batch.ty(0).shape.size());
        Some(batch.apply(Self { name: self.name, place }))
    }
}

impl Operation for Embed {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let Some(first) = inputs.first() else {
            return Err("takes at least one array".to_owned());
        };
        if inputs.len() != self.places.len() {
            return Err(format!(
                "{} arrays are given for {} places",
                inputs.len(),
                self.places.len()
            ));
        }
        if first.kind == Kind::Boolean || inputs.iter().any(|input| input.kind != first.kind) {
            return Err("all arrays must be real, or all of indices".to_owned());
        }
        for (input, place) in inputs.iter().zip(&self.places) {
            place.check(&self.shape)?;
            if input.shape != place.shape {
                return Err(format!(
                    "{} is given for a place of shape {}",
                    input.shape, place.shape
                ));
            }
        }
        Ok(Type { kind: first.kind, shape: self.shape.clone() })
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        self.places.iter().map(|place| Some(v.view(place.clone()))).short()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let mut lies = vec![false; self.shape.size()];
        match out {
            Out::Real(out) => out.fill(T::zero()),
            Out::Index(out) => out.fill(0),
        }
        for (i, place) in self.places.iter().enumerate() {
            match out {
                Out::Real(out) => put(place, args.real(i).iter(), &mut lies, out),
                Out::Index(out) => put(place, args.index(i).iter(), &mut lies, out),
            }
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Embed(self.places.clone())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let samples = batch.samples();
        let each = |place: &Place| place.repeated(samples, self.shape.size());
        let places = self.places.iter().map(each).collect();
        Some(batch.apply(Self { name: self.name, shape: self.shape.inserted(0, samples), places }))
    }
}

fn look<E: Copy>(
    place: &Place,
    x: &ndarray::ArrayViewD<'_, E>,
    out: &mut ndarray::ArrayViewMutD<'_, E>,
) {
    let x = x.as_standard_layout();
    let x = x.as_slice().expect("standard layout");
    let out = out.as_slice_mut().expect("an output is in row-major order");
    out.iter_mut().zip(place.numbers()).for_each(|(y, number)| *y = x[number]);
}

fn put<'x, E: Copy + std::ops::AddAssign + 'x>(
    place: &Place,
    values: impl Iterator<Item = &'x E>,
    lies: &mut [bool],
    out: &mut ndarray::ArrayViewMutD<'_, E>,
) {
    let out = out.as_slice_mut().expect("an output is in row-major order");
    for (number, &x) in place.numbers().zip(values) {
        // Not added to 0, so that −0 stays.
        if std::mem::replace(&mut lies[number], true) {
            out[number] += x;
        } else {
            out[number] = x;
        }
    }
}

impl<'g> Var<'g> {
    /// The elements that lie in a place among those of this array. Every slice, flip, diagonal and
    /// window is one; see [`Place`] for an example.
    ///
    /// # Panics
    /// If an element would lie outside.
    #[track_caller]
    pub fn view(self, place: Place) -> Var<'g> {
        self.looked_at("view", place)
    }

    /// See [`view`](Self::view).
    #[track_caller]
    pub(crate) fn looked_at(self, name: &'static str, place: Place) -> Var<'g> {
        self.graph().apply(View { name, place }, &[self])
    }
}

impl Graph {
    /// Arrays in places of an array of zeros; where several lie, they are added in their order.
    ///
    /// ```
    /// use cotangent::{Graph, Place};
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// let at = |offset| Place { offset, ..Place::whole([2]) };
    /// let y = g.embed([4], &[x, x], &[at(0), at(1)]);
    /// assert_eq!(y.eval()?, array![1.0, 3.0, 2.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there is not one place for each array, of its shape and within the result; or the arrays hold
    /// truth values, or are of several kinds.
    #[track_caller]
    pub fn embed<'g>(
        &'g self,
        shape: impl Into<Shape>,
        parts: &[Var<'g>],
        places: &[Place],
    ) -> Var<'g> {
        let embed = Embed { name: "embed", shape: shape.into(), places: places.to_vec() };
        self.apply(embed, parts)
    }
}

/// One [`Embed`] for several of one shape: the same sum, as far as one lies where another does not.
pub(crate) fn joined<'g>(graph: &'g Graph, embeds: &[Var<'g>]) -> Var<'g> {
    let mut places = Vec::new();
    let mut parts: SmallVec<[Var<'g>; 4]> = SmallVec::new();
    for embed in embeds {
        let op = graph.node(embed.id(), |node| node.op.clone());
        places.extend(op.downcast::<Embed>().expect("an embed").places.iter().cloned());
        parts.extend(graph.node_inputs(embed.id()).into_iter().map(|id| Var::new(graph, id)));
    }
    graph.apply(Embed { name: "embed", shape: embeds[0].shape(), places }, &parts)
}

pub(super) fn examples() -> Vec<Example> {
    let place = |offset, shape: [usize; 2], strides: [isize; 2]| Place {
        offset,
        shape: shape.into(),
        strides: strides.into_iter().collect(),
    };
    let two = [Sample::real([2, 2], -2.0..2.0), Sample::real([2, 3], -2.0..2.0)];
    vec![
        shaped("view", [3, 4], move |x| x.square().view(place(11, [2, 3], [-4, -2]))),
        // Windows overlap, and a row is repeated.
        shaped("view", [7], move |x| x.square().view(place(1, [3, 4], [1, 1])) * x.sum()),
        shaped("view", [4], move |x| x.square().view(place(0, [3, 4], [0, 1]))),
        // Elements meet, within an argument and of two.
        Example::new("embed", two, move |g, x| {
            let places = [place(0, [2, 2], [4, 1]), place(8, [2, 3], [1, -2])];
            g.embed([3, 4], &[x[0].square(), x[1].square()], &places).square()
        }),
    ]
}
