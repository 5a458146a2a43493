//! Recurrent layers: a cell is applied to one element of a sequence after the other, and remembers
//! in between.
//!
//! | layer | its state |
//! |---|---|
//! | [`Rnn`], of tanh or relu | h |
//! | [`Gru`], with gates | h |
//! | [`Lstm`], with gates and a memory of its own | h and c |
//!
//! Names, layout and initialisation of the parameters are PyTorch's, so that its files load. What
//! holds for all three:
//!
//! - x has shape `[T, batch, inputs]`, time first, or `[batch, T, inputs]` for a layer built with
//!   `batch_first()`; or `[T, inputs]`, one sequence without a batch.
//! - the output has the shape of x with `directions·hidden` in place of `inputs`; a state is of shape
//!   `[layers·directions, batch, hidden]` in either layout, without the axis of the batch for one sequence
//!   alone. Layers come in order, and within a layer forward before reverse. What an [`Lstm`] with `proj_size` answers has
//!   that extent in place of `hidden`, and its h, too.
//! - a state starts at 0, unless it is given (`forward_from`) or learnt (`learnt_state()`).
//! - sequences of different lengths lie in one array (`forward_lengths`): behind the end of a sequence
//!   its state stands still, its output is 0, and x is not read; the reverse direction begins at the end of
//!   each. These are the values of PyTorch's packed sequences. No length is too large: with T or more, the
//!   sequence fills the array. An index below 0 is an error of the run.
//!
//! ```
//! use cotangent::{Evaluator, Graph, Params};
//! use cotangent::nn::{Gru, Mode};
//! use cotangent::ndarray::array;
//!
//! let mut params = Params::<f64>::with_seed(0);
//! let gru = Gru::new(2, 4).bidirectional().build(&mut params.root(), "gru");
//! let g = Graph::new();
//! let x = g.full([5, 3, 2], 1.0);                          // 3 sequences of up to 5 elements
//! let read = gru.forward_lengths(x, g.constant(array![5, 2, 4]), Mode::Eval);
//! assert_eq!(read.output.shape(), [5, 3, 8].into());
//! assert_eq!(read.state.shape(), [2, 3, 4].into());
//!
//! let behind = read.output.index_axis(1, 1).slice_axis(0, 2..);
//! let values = Evaluator::new(&g).params(&params).run(&[behind])?;
//! assert!(values[0].clone().into_real().iter().all(|&y| y == 0.0));
//! # Ok::<(), cotangent::RunError>(())
//! ```

mod cell;
mod forward;
mod gru;
mod layout;
mod lstm;
mod options;
mod rnn;
mod stack;

pub use cell::Cell;
pub use forward::Sequence;
pub use gru::{Gru, GruBuilder};
pub use lstm::{Lstm, LstmBuilder, LstmState};
pub use rnn::{Rnn, RnnBuilder};
pub use stack::Stack;
