//! Gated recurrent units.

use graph::{Scope, Var};

use super::cell::{Maps, gates};
use super::forward::{Given, Sequence, forward, module};
use super::options::{Form, Options, options};
use super::stack::Stack;
use crate::Mode;

const FORM: Form = Form { owner: "Gru", name: "gru", gates: 3, state: &["h_0"] };

/// Gated recurrent units (Cho et al., 2014), PyTorch's `GRU`: along the elements x of a sequence,
///
/// r = σ(W_ir·x + b_ir + W_hr·h + b_hr),
/// z = σ(W_iz·x + b_iz + W_hz·h + b_hz),
/// n = tanh(W_in·x + b_in + r∘(W_hn·h + b_hn)),
/// h ← (1 − z)∘n + z∘h.
///
/// This is the convention called *reset after*, PyTorch's, cuDNN's and Keras' (`reset_after=True`):
/// the gate r is applied after the product with the state, to the bias b_hn, too. In the paper it
/// is applied before, W_hn·(r∘h); files of such a network do not fit. Where z is 1, the state stays.
///
/// Rows of the parameters belong to r, z, n, in this order. They start uniform on ±1/√hidden.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Gru, Mode};
///
/// let mut params = Params::seeded(0);
/// let gru = Gru::new(3, 4).bidirectional().batch_first().build(&mut params.root(), "gru");
/// assert_eq!(gru.stack.cells[0].weight_ih.shape(), &[12, 3].into());
/// let g = Graph::new();
/// let read = gru.forward(g.input("x", [5, 7, 3]), Mode::Eval);
/// assert_eq!(read.output.shape(), [5, 7, 8].into());
/// assert_eq!(read.state.shape(), [2, 5, 4].into());
/// ```
///
/// Shapes, lengths and states are described in [`recurrent`](crate::recurrent).
#[derive(Clone, Debug, PartialEq)]
pub struct Gru {
    /// Its parameters.
    pub stack: Stack,
}

/// The options of a [`Gru`] to be built.
#[derive(Clone, Debug)]
pub struct GruBuilder {
    options: Options,
}

impl Gru {
    /// One layer from `inputs` features to `hidden`, with biases.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(inputs: usize, hidden: usize) -> GruBuilder {
        GruBuilder { options: Options::new(FORM, inputs, hidden) }
    }

    forward!(Var<'g>);

    fn step<'g>(&self, maps: &Maps<'g>, x: Var<'g>, state: &[Var<'g>]) -> Vec<Var<'g>> {
        let h = state[0];
        let [xr, xz, xn] = gates(maps.of_input(x));
        let [hr, hz, hn] = gates(maps.of_state(h));
        let r = (xr + hr).sigmoid();
        let z = (xz + hz).sigmoid();
        let n = (xn + r * hn).tanh();
        vec![(1.0 - z) * n + z * h]
    }
}

module!(Gru);

impl GruBuilder {
    options!(Gru);

    /// Builds the parameters `name.weight_ih_l0`, `name.weight_hh_l0`, `name.bias_ih_l0`,
    /// `name.bias_hh_l0` and so on, and `name.h_0` if the state is learnt.
    ///
    /// # Panics
    /// If an extent is 0, the probability of dropout is not in [0, 1], an initialiser is not defined,
    /// or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Gru {
        Gru { stack: self.options.build(scope, name) }
    }
}
