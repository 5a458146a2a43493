//! The plain recurrent layer.

use graph::{Scope, Var};

use super::cell::Maps;
use super::forward::{Given, Sequence, forward, module};
use super::options::{Form, Options, options};
use super::stack::Stack;
use crate::Mode;

const FORM: Form = Form { owner: "Rnn", name: "rnn", gates: 1, state: &["h_0"] };

/// A recurrent layer without gates (Elman, 1990), PyTorch's `RNN`: along the elements x of a
/// sequence,
///
/// h ← tanh(W_ih·x + b_ih + W_hh·h + b_hh),
///
/// or relu in place of tanh. Weights and biases start uniform on ±1/√hidden.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Mode, Rnn};
///
/// let mut params = Params::seeded(0);
/// let rnn = Rnn::new(3, 4).relu().build(&mut params.root(), "rnn");
/// let g = Graph::new();
/// let read = rnn.forward(g.input("x", [7, 5, 3]), Mode::Eval);
/// assert_eq!(read.output.shape(), [7, 5, 4].into());
/// assert_eq!(read.state.shape(), [1, 5, 4].into());
///
/// let on = rnn.forward_from(g.input("what follows", [2, 5, 3]), read.state, Mode::Eval);
/// assert_eq!(on.output.shape(), [2, 5, 4].into());
/// ```
///
/// Shapes, lengths and states are described in [`recurrent`](crate::recurrent).
#[derive(Clone, Debug, PartialEq)]
pub struct Rnn {
    /// Its parameters.
    pub stack: Stack,
    relu: bool,
}

/// The options of an [`Rnn`] to be built.
#[derive(Clone, Debug)]
pub struct RnnBuilder {
    options: Options,
    relu: bool,
}

impl Rnn {
    /// One layer from `inputs` features to `hidden`, of tanh, with biases.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(inputs: usize, hidden: usize) -> RnnBuilder {
        RnnBuilder { options: Options::new(FORM, inputs, hidden), relu: false }
    }

    forward!(Var<'g>);

    fn step<'g>(&self, maps: &Maps<'g>, x: Var<'g>, state: &[Var<'g>]) -> Vec<Var<'g>> {
        let sum = maps.of_input(x) + maps.of_state(state[0]);
        vec![if self.relu { sum.relu() } else { sum.tanh() }]
    }
}

module!(Rnn);

impl RnnBuilder {
    /// With relu in place of tanh.
    pub fn relu(self) -> Self {
        Self { relu: true, ..self }
    }

    options!(Rnn);

    /// Builds the parameters `name.weight_ih_l0`, `name.weight_hh_l0`, `name.bias_ih_l0`,
    /// `name.bias_hh_l0` and so on, and `name.h_0` if the state is learnt.
    ///
    /// # Panics
    /// If an extent is 0, the probability of dropout is not in [0, 1], an initialiser is not defined,
    /// or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Rnn {
        Rnn { stack: self.options.build(scope, name), relu: self.relu }
    }
}
