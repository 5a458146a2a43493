//! Long short-term memory.

use graph::{Scope, Var};

use super::cell::{Maps, gates};
use super::forward::{Given, Sequence, State, forward, module};
use super::options::{Form, Options, options};
use super::stack::Stack;
use crate::Mode;

const FORM: Form = Form { owner: "Lstm", name: "lstm", gates: 4, state: &["h_0", "c_0"] };

/// Long short-term memory (Hochreiter and Schmidhuber, 1997; the forget gate by Gers, Schmidhuber and
/// Cummins, 2000), PyTorch's `LSTM`: along the elements x of a sequence,
///
/// i = σ(W_ii·x + b_ii + W_hi·h + b_hi),
/// f = σ(W_if·x + b_if + W_hf·h + b_hf),
/// g = tanh(W_ig·x + b_ig + W_hg·h + b_hg),
/// o = σ(W_io·x + b_io + W_ho·h + b_ho),
/// c ← f∘c + i∘g,
/// h ← o∘tanh(c),
///
/// or h ← W_hr·(o∘tanh(c)) with [`proj_size`](LstmBuilder::proj_size) (Sak, Senior and Beaufays, 2014).
///
/// Rows of the parameters belong to i, f, g, o, in this order. They start uniform on ±1/√hidden; the
/// bias of the forget gate, too, where other libraries start it at 1.
///
/// ```
/// use cotangent::prelude::*;
///
/// let mut params = Params::seeded(0);
/// let lstm = Lstm::new(3, 4).layers(2).dropout(0.2).build(&mut params.root(), "lstm");
/// let head = Linear::new(4, 1).build(&mut params.root(), "head");
/// let mut step = Step::new(|_, [x, y]| {
///     let read = lstm.forward(x, Mode::Train);
///     head.forward(read.output.index_axis(0, -1)).mse(y)
/// });
/// let (x, y) = (Array::<f32, _>::ones((7, 5, 3)), Array2::<f32>::zeros((5, 1)));
/// step.run(&mut params, (&x, &y))?;
/// assert!(step.gradients().norm() > 0.0);
/// # Ok::<(), RunError>(())
/// ```
///
/// Shapes, lengths and states are described in [`recurrent`](crate::recurrent).
#[derive(Clone, Debug, PartialEq)]
pub struct Lstm {
    /// Its parameters.
    pub stack: Stack,
}

/// The options of an [`Lstm`] to be built.
#[derive(Clone, Debug)]
pub struct LstmBuilder {
    options: Options,
}

/// The state of an [`Lstm`], each part of shape `[layers·directions, batch, hidden]`; with a projection, h has `proj_size` in
/// place of `hidden`.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Lstm, Mode, recurrent::LstmState};
///
/// let mut params = Params::seeded(0);
/// let lstm = Lstm::new(3, 4).build(&mut params.root(), "lstm");
/// let g = Graph::new();
/// let start = LstmState { h: g.full([1, 5, 4], 0.0), c: g.full([1, 5, 4], 0.5) };
/// let read = lstm.forward_from(g.input("x", [7, 5, 3]), start, Mode::Eval);
/// assert_eq!(read.state.c.shape(), start.c.shape());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LstmState<'g> {
    /// What the cells answered last.
    pub h: Var<'g>,
    /// What the cells remember.
    pub c: Var<'g>,
}

impl<'g> State<'g> for LstmState<'g> {
    fn of(arrays: Vec<Var<'g>>) -> Self {
        Self { h: arrays[0], c: arrays[1] }
    }

    fn arrays(self) -> Vec<Var<'g>> {
        vec![self.h, self.c]
    }
}

impl Lstm {
    /// One layer from `inputs` features to `hidden`, with biases.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(inputs: usize, hidden: usize) -> LstmBuilder {
        LstmBuilder { options: Options::new(FORM, inputs, hidden) }
    }

    forward!(LstmState<'g>);

    fn step<'g>(&self, maps: &Maps<'g>, x: Var<'g>, state: &[Var<'g>]) -> Vec<Var<'g>> {
        let [h, c] = [state[0], state[1]];
        let [i, f, g, o] = gates(maps.of_input(x) + maps.of_state(h));
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        vec![maps.of_answer(o.sigmoid() * c.tanh()), c]
    }
}

module!(Lstm);

impl LstmBuilder {
    options!(Lstm);

    /// Each cell answers W_hr·h, of so many features, in place of h (PyTorch's `proj_size`): this is what the next layer reads,
    /// what the cell remembers as h, and, for every direction, what the output holds. The weight W_hr is
    /// `name.weight_hr_l0` and so on, without a bias; it starts as those of the state do. Without by default.
    ///
    /// ```
    /// use cotangent::{Graph, Params};
    /// use cotangent::nn::{Lstm, Mode};
    ///
    /// let mut params = Params::seeded(0);
    /// let lstm = Lstm::new(3, 8).proj_size(2).build(&mut params.root(), "lstm");
    /// assert_eq!(lstm.stack.cells[0].weight_hh.shape(), &[4 * 8, 2].into());
    /// let g = Graph::new();
    /// let read = lstm.forward(g.input("x", [7, 5, 3]), Mode::Eval);
    /// assert_eq!(read.output.shape(), [7, 5, 2].into());
    /// assert_eq!((read.state.h.shape(), read.state.c.shape()), ([1, 5, 2].into(), [1, 5, 8].into()));
    /// ```
    ///
    /// PyTorch wants fewer features than `hidden`; here there may be as many, or more.
    pub fn proj_size(mut self, features: usize) -> Self {
        self.options.projection = Some(features);
        self
    }

    /// Builds the parameters `name.weight_ih_l0`, `name.weight_hh_l0`, `name.bias_ih_l0`,
    /// `name.bias_hh_l0` and so on, `name.weight_hr_l0` and so on with a projection, and `name.h_0` and `name.c_0` if the
    /// state is learnt.
    ///
    /// # Panics
    /// If an extent is 0, the probability of dropout is not in [0, 1], an initialiser is not defined,
    /// or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Lstm {
        Lstm { stack: self.options.build(scope, name) }
    }
}
