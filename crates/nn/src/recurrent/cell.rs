//! The parameters of one layer in one direction.

use graph::{Graph, Param, Var};

use crate::module::layer;

/// The parameters of one layer in one direction, under PyTorch's names: `weight_ih_l0` for the first
/// layer, `weight_ih_l0_reverse` for its reverse direction.
///
/// The rows of weights and biases belong to the gates, `hidden` to each, in the order in which the
/// layer's documentation has them. [`Stack`](crate::recurrent::Stack) has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What the input is multiplied by, of shape `[gates·hidden, inputs]`; in deeper layers the input
    /// is the output of the layer before, of `directions·hidden` features.
    pub weight_ih: Param,
    /// What the state is multiplied by, of shape `[gates·hidden, hidden]`; of a cell with a projection, `[gates·hidden,
    /// proj_size]`.
    pub weight_hh: Param,
    /// Added to the product with the input, of shape `[gates·hidden]`, unless built without.
    pub bias_ih: Option<Param>,
    /// Added to the product with the state, of shape `[gates·hidden]`, unless built without.
    pub bias_hh: Option<Param>,
    /// What the answer is multiplied by, of shape `[proj_size, hidden]`, in an [`Lstm`](crate::Lstm) built with `proj_size`.
    pub weight_hr: Option<Param>,
}

layer!([] Cell, "Cell"; |cell|
    weight_ih = cell.weight_ih, weight_hh = cell.weight_hh, bias_ih = cell.bias_ih, bias_hh = cell.bias_hh,
    weight_hr = cell.weight_hr);

impl Cell {
    /// Its maps, in a graph.
    pub(super) fn maps<'g>(&self, g: &'g Graph) -> Maps<'g> {
        let map = |weight: &Param, bias: &Option<Param>| {
            (g.param(weight).t(), bias.as_ref().map(|bias| g.param(bias)))
        };
        Maps {
            input: map(&self.weight_ih, &self.bias_ih),
            state: map(&self.weight_hh, &self.bias_hh),
            answer: self.weight_hr.as_ref().map(|weight| g.param(weight).t()),
        }
    }
}

/// The affine maps of a cell: from what it reads, and from what it remembers, to its gates; and the projection of what it
/// answers, if there is one.
pub(super) struct Maps<'g> {
    input: (Var<'g>, Option<Var<'g>>),
    state: (Var<'g>, Option<Var<'g>>),
    answer: Option<Var<'g>>,
}

impl<'g> Maps<'g> {
    /// x·W_ihᵀ + b_ih.
    pub fn of_input(&self, x: Var<'g>) -> Var<'g> {
        affine(x, self.input)
    }

    /// h·W_hhᵀ + b_hh.
    pub fn of_state(&self, h: Var<'g>) -> Var<'g> {
        affine(h, self.state)
    }

    /// h·W_hrᵀ, or h as it is.
    pub fn of_answer(&self, h: Var<'g>) -> Var<'g> {
        self.answer.map_or(h, |weight| h.matmul(weight))
    }
}

fn affine<'g>(x: Var<'g>, (weight, bias): (Var<'g>, Option<Var<'g>>)) -> Var<'g> {
    let product = x.matmul(weight);
    match bias {
        Some(bias) => product + bias,
        None => product,
    }
}

/// The gates of each row, which are of equal width.
pub(super) fn gates<'g, const N: usize>(all: Var<'g>) -> [Var<'g>; N] {
    let width = all.shape()[1] / N;
    all.split(&[width; N], 1).try_into().expect("as many as asked for")
}
