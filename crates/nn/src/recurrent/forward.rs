//! What a recurrent layer is given, and what it answers.

use graph::Var;

use crate::Mode;

/// What a recurrent layer makes of sequences.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Lstm, Mode};
///
/// let mut params = Params::seeded(0);
/// let lstm = Lstm::new(3, 4).layers(2).build(&mut params.root(), "lstm");
/// let g = Graph::new();
/// let read = lstm.forward(g.input("x", [7, 5, 3]), Mode::Eval);
/// assert_eq!(read.output.shape(), [7, 5, 4].into());
/// assert_eq!(read.state.h.shape(), [2, 5, 4].into());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sequence<'g, S = Var<'g>> {
    /// The h of the last layer after each element, of shape `[T, batch, directions·hidden]`, or as the
    /// input lay.
    pub output: Var<'g>,
    /// The state of every layer and direction when it has read all.
    pub state: S,
}

/// A state, as arrays of shape `[layers·directions, batch, hidden]`: h first.
pub(super) trait State<'g> {
    fn of(arrays: Vec<Var<'g>>) -> Self;
    fn arrays(self) -> Vec<Var<'g>>;
}

impl<'g> State<'g> for Var<'g> {
    fn of(arrays: Vec<Var<'g>>) -> Self {
        arrays[0]
    }

    fn arrays(self) -> Vec<Var<'g>> {
        vec![self]
    }
}

/// What a recurrent layer is given.
pub(super) struct Given<'g> {
    pub x: Var<'g>,
    pub state: Option<Vec<Var<'g>>>,
    pub lengths: Option<Var<'g>>,
    pub mode: Mode,
}

impl<'g> Given<'g> {
    pub fn new(x: Var<'g>, mode: Mode) -> Self {
        Self { x, state: None, lengths: None, mode }
    }

    pub fn from(self, state: impl State<'g>) -> Self {
        Self { state: Some(state.arrays()), ..self }
    }

    pub fn lengths(self, lengths: Var<'g>) -> Self {
        Self { lengths: Some(lengths), ..self }
    }
}

/// The forward methods of a layer with a `stack` whose cells do a `step`, and a state of some type.
macro_rules! forward {
    ($state:ty) => {
        /// Goes through sequences of shape `[T, batch, inputs]`, from a state of 0 or the one learnt.
        /// [`recurrent`](crate::recurrent) has the shapes of everything.
        ///
        /// # Panics
        /// If x is not of such a shape, or T is 0.
        #[track_caller]
        pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Sequence<'g, $state> {
            self.record(Given::new(x, mode))
        }

        /// Goes on from a state: that of an earlier call, say, after which the sequences go on here.
        ///
        /// # Panics
        /// If x or the state is not of its shape, or T is 0.
        #[track_caller]
        pub fn forward_from<'g>(
            &self,
            x: Var<'g>,
            state: $state,
            mode: Mode,
        ) -> Sequence<'g, $state> {
            self.record(Given::new(x, mode).from(state))
        }

        /// Goes through sequences of these lengths, indices or reals of shape `[batch]`.
        ///
        /// # Panics
        /// If x or the lengths are not of their shape, or T is 0.
        #[track_caller]
        pub fn forward_lengths<'g>(
            &self,
            x: Var<'g>,
            lengths: Var<'g>,
            mode: Mode,
        ) -> Sequence<'g, $state> {
            self.record(Given::new(x, mode).lengths(lengths))
        }

        /// Goes on through sequences of these lengths, from a state.
        ///
        /// # Panics
        /// If x, the lengths or the state are not of their shape, or T is 0.
        #[track_caller]
        pub fn forward_lengths_from<'g>(
            &self,
            x: Var<'g>,
            lengths: Var<'g>,
            state: $state,
            mode: Mode,
        ) -> Sequence<'g, $state> {
            self.record(Given::new(x, mode).lengths(lengths).from(state))
        }

        #[track_caller]
        fn record<'g>(&self, given: Given<'g>) -> Sequence<'g, $state> {
            let line = std::panic::Location::caller();
            given
                .x
                .graph()
                .at(line, || self.stack.record(given, |maps, x, state| self.step(maps, x, state)))
        }
    };
}
pub(super) use forward;

/// Among other layers, it is its output.
macro_rules! module {
    ($layer:ident) => {
        impl $crate::Module for $layer {
            #[track_caller]
            fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
                self.forward(x, mode).output
            }

            $crate::module::forward_at!();
        }

        #[cfg(feature = "derive")]
        impl $crate::Layers for $layer {
            fn tree(&self) -> $crate::Tree {
                self.stack.tree().named(stringify!($layer))
            }
        }
    };
}
pub(super) use module;
