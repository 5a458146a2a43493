//! Layers of cells along a sequence.

use graph::{BoundWords, Graph, Kind, Param, Shape, Var, misfit};
use ndarray::arr0;

use super::cell::{Cell, Maps};
use super::forward::{Given, Sequence, State};
use super::layout::Layout;
use crate::Dropout;
use crate::module::layer;

/// The cells of a recurrent layer: one for each layer and direction.
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::Gru;
///
/// let mut params = Params::seeded(0);
/// let gru = Gru::new(3, 4).layers(2).bidirectional().learnt_state();
/// let stack = gru.build(&mut params.root(), "gru").stack;
/// assert_eq!(stack.cells[1].weight_ih.path(), "gru.weight_ih_l0_reverse");
/// assert_eq!(stack.cells[2].weight_ih.shape(), &[3 * 4, 2 * 4].into());
/// assert_eq!((stack.start[0].path(), stack.start[0].shape()), ("gru.h_0", &[4, 1, 4].into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// In the order of layers, and within a layer forward before reverse.
    pub cells: Vec<Cell>,
    /// The learnt state before the first element, `h_0`, and `c_0` of an [`Lstm`](crate::Lstm): each of
    /// shape `[layers·directions, 1, hidden]`, the first with `proj_size` in place of `hidden` where there is a projection.
    /// Empty unless built with one.
    pub start: Vec<Param>,
    /// The extents of the arrays of a state, of which the first is h.
    pub(super) extents: Vec<usize>,
    pub(super) directions: usize,
    pub(super) dropout: Dropout,
    pub(super) batch_first: bool,
    pub(super) name: &'static str,
    pub(super) path: String,
}

layer!([] Stack, stack.name, |stack| {
    let layers = match stack.cells.len() / stack.directions {
        1 => String::new(),
        layers => format!(", {layers} layers"),
    };
    let directions = if stack.directions > 1 { ", bidirectional" } else { "" };
    let projected = stack.cells[0].weight_hr.as_ref();
    let projected = projected.map_or(String::new(), |weight| format!(" → {}", weight.shape()[0]));
    // A cell with a projection has a c, which is not projected.
    let hidden = stack.extents[stack.extents.len() - 1];
    let inputs = stack.cells[0].weight_ih.shape()[1];
    format!("{inputs} → {hidden}{projected}{layers}{directions}")
}; cells = stack.cells, start = stack.start);

/// What lengths are, where one is out of its bounds.
const LENGTHS: BoundWords = BoundWords {
    one: "length",
    rule: "it counts elements; one above those there are fills the array",
};

impl Stack {
    /// Records all layers: a step of a cell takes its input and its state, as arrays of which the
    /// first is what it answers, to the next state.
    pub(super) fn record<'g, S: State<'g>>(
        &self,
        given: Given<'g>,
        step: impl Fn(&Maps<'g>, Var<'g>, &[Var<'g>]) -> Vec<Var<'g>>,
    ) -> Sequence<'g, S> {
        let g = given.x.graph();
        let layout = self.layout(given.x);
        let mut x = layout.inward(given.x);
        let [time, batch] = [x.shape()[0], x.shape()[1]];
        let inside = given.lengths.map(|lengths| self.inside(lengths, layout, [time, batch]));
        let states = given.state.map(|arrays| self.states(arrays, layout, batch));
        if let Some(inside) = inside {
            x = inside.select(x, 0.0);
        }
        let mut last = Vec::with_capacity(self.cells.len());
        for (layer, directions) in self.cells.chunks(self.directions).enumerate() {
            if layer > 0 {
                x = self.dropout.forward(x, given.mode);
            }
            let mut outputs = Vec::with_capacity(self.directions);
            for (direction, cell) in directions.iter().enumerate() {
                let start = match &states {
                    Some(arrays) => {
                        let position = last.len() as isize;
                        arrays.iter().map(|array| array.index_axis(0, position)).collect()
                    }
                    None => self.start(g, last.len(), batch),
                };
                let maps = cell.maps(g);
                let step = |x, state: &[Var<'g>]| step(&maps, x, state);
                let (state, output) = along(x, inside, start, direction == 1, step);
                last.push(state);
                outputs.push(output);
            }
            x = if self.directions == 1 { outputs[0] } else { g.concat(&outputs, 2) };
        }
        let array = |i| {
            let each: Vec<_> = last.iter().map(|state: &Vec<_>| state[i]).collect();
            layout.unbatched(g.stack(&each, 0), 1)
        };
        let state = S::of((0..last[0].len()).map(array).collect());
        Sequence { output: layout.outward(x), state }
    }

    /// The state of a cell before the first element, where none is given.
    fn start<'g>(&self, g: &'g Graph, cell: usize, batch: usize) -> Vec<Var<'g>> {
        let of = |(i, &extent): (usize, &usize)| match self.start.get(i) {
            Some(learnt) => {
                g.param(learnt).index_axis(0, cell as isize).broadcast_to([batch, extent])
            }
            None => g.full([batch, extent], 0.0),
        };
        self.extents.iter().enumerate().map(of).collect()
    }
}

/// The last state and the outputs of a cell along x, `[T, batch, features]`. Outside of a sequence
/// the state stands still, and the output is 0.
fn along<'g>(
    x: Var<'g>,
    inside: Option<Var<'g>>,
    start: Vec<Var<'g>>,
    reverse: bool,
    step: impl Fn(Var<'g>, &[Var<'g>]) -> Vec<Var<'g>>,
) -> (Vec<Var<'g>>, Var<'g>) {
    let xs: Vec<Var<'g>> = [x].into_iter().chain(inside).collect();
    let body = |state: &[Var<'g>], slices: &[Var<'g>]| {
        let next = step(slices[0], state);
        let Some(&inside) = slices.get(1) else {
            let output = next[0];
            return (next, vec![output]);
        };
        let output = inside.select(next[0], 0.0);
        let stands = |(&next, &before): (&Var<'g>, &Var<'g>)| inside.select(next, before);
        (next.iter().zip(state).map(stands).collect(), vec![output])
    };
    let (last, outputs) = match reverse {
        false => x.graph().scan(&start, &xs, body),
        true => x.graph().scan_reverse(&start, &xs, body),
    };
    (last, outputs[0])
}

/// What it is given, checked.
impl Stack {
    fn refuse(&self, rule: String, x: &[Var<'_>]) -> ! {
        misfit(&format!("{} {:?}", self.name, self.path), rule, x)
    }

    /// How the input lies.
    fn layout(&self, x: Var<'_>) -> Layout {
        let shape = x.shape();
        let inputs = self.cells[0].weight_ih.shape()[1];
        let batched = if self.batch_first { "[batch, T" } else { "[T, batch" };
        if !x.is_real() || ![2, 3].contains(&shape.rank()) || shape.last() != Some(&inputs) {
            let rule = format!(
                "the input must be sequences of {inputs} features, reals of shape {batched}, \
                 {inputs}], or one of shape [T, {inputs}]"
            );
            self.refuse(rule, &[x]);
        }
        let layout = match (shape.rank(), self.batch_first) {
            (2, _) => Layout::Alone,
            (_, true) => Layout::BatchFirst,
            (_, false) => Layout::TimeFirst,
        };
        let time = if matches!(layout, Layout::BatchFirst) { 1 } else { 0 };
        if shape[time] == 0 {
            let rule = format!("a sequence must have an element, and axis {time} has none");
            self.refuse(rule, &[x]);
        }
        layout
    }

    /// The arrays of a given state, with an axis for the batch.
    fn states<'g>(&self, arrays: Vec<Var<'g>>, layout: Layout, batch: usize) -> Vec<Var<'g>> {
        let cells = self.cells.len();
        let shape = |&extent: &usize| -> Shape {
            match layout {
                Layout::Alone => [cells, extent].into(),
                Layout::TimeFirst | Layout::BatchFirst => [cells, batch, extent].into(),
            }
        };
        let shapes: Vec<Shape> = self.extents.iter().map(shape).collect();
        let fits = |(array, shape): (&Var<'_>, &Shape)| array.is_real() && array.shape() == *shape;
        if !arrays.iter().zip(&shapes).all(fits) {
            let axes = match layout {
                Layout::Alone => "[layers·directions, hidden]",
                Layout::TimeFirst | Layout::BatchFirst => "[layers·directions, batch, hidden]",
            };
            let rule = match &shapes[..] {
                [h, c] if h != c => format!(
                    "the state must be reals of shapes {h} (h) and {c} (c), {axes}, where h has `proj_size` in place of hidden"
                ),
                _ => format!("the state must be reals of shape {}, {axes}", shapes[0]),
            };
            self.refuse(rule, &arrays);
        }
        arrays.into_iter().map(|array| layout.batched(array, 1)).collect()
    }

    /// Whether each element is inside of its sequence, of shape `[T, batch, 1]`.
    fn inside<'g>(&self, lengths: Var<'g>, layout: Layout, [time, batch]: [usize; 2]) -> Var<'g> {
        let shape: Shape = match layout {
            Layout::Alone => Shape::scalar(),
            Layout::TimeFirst | Layout::BatchFirst => [batch].into(),
        };
        if lengths.kind() == Kind::Boolean || lengths.shape() != shape {
            let rule = format!(
                "the lengths must be one number for each sequence, indices or reals of shape {shape}"
            );
            self.refuse(rule, &[lengths]);
        }
        let lengths = layout.batched(lengths, 0);
        let lengths = if lengths.is_real() {
            lengths
        } else {
            let bounds = [0, i64::MAX].map(|bound| lengths.graph().constant(arr0(bound)));
            lengths.bounded(bounds, self.name, LENGTHS).to_real()
        };
        let positions = lengths.graph().arange(time).to_real().reshape_to([time, 1, 1]);
        positions.lt(lengths.reshape_to([batch, 1]))
    }
}
