//! What can be said of a recurrent layer before it is built.

use graph::{Param, Scope, Shape};

use super::cell::Cell;
use super::stack::Stack;
use crate::error::{accept, positive};
use crate::init::Init;
use crate::{Dropout, HyperparameterError};

/// What kind of cell a layer has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// The layer's type, for hyperparameters.
    pub owner: &'static str,
    /// What it is called where shapes do not fit.
    pub name: &'static str,
    /// How many gates there are.
    pub gates: usize,
    /// The names of the arrays of the state, where it is learnt.
    pub state: &'static [&'static str],
}

/// The options that all recurrent layers have.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub form: Form,
    pub inputs: usize,
    pub hidden: usize,
    /// The features of h, where they are not those of the cell.
    pub projection: Option<usize>,
    pub layers: usize,
    pub bidirectional: bool,
    pub dropout: f64,
    pub bias: bool,
    pub batch_first: bool,
    pub learnt_state: bool,
    pub init: Init,
    pub recurrent_init: Init,
    pub bias_init: Init,
}

impl Options {
    pub fn new(form: Form, inputs: usize, hidden: usize) -> Self {
        let bound = 1.0 / (hidden as f64).sqrt();
        let init = Init::uniform(-bound, bound);
        Self {
            form,
            inputs,
            hidden,
            projection: None,
            layers: 1,
            bidirectional: false,
            dropout: 0.0,
            bias: true,
            batch_first: false,
            learnt_state: false,
            init,
            recurrent_init: init,
            bias_init: init,
        }
    }

    /// The features that a layer reads.
    fn width(&self, layer: usize) -> usize {
        if layer == 0 { self.inputs } else { self.directions().len() * self.answers() }
    }

    /// The features that a cell answers, and reads again as h.
    fn answers(&self) -> usize {
        self.projection.unwrap_or(self.hidden)
    }

    /// The extents of the arrays of a state, of which the first is h.
    fn extents(&self) -> Vec<usize> {
        let others = vec![self.hidden; self.form.state.len() - 1];
        [vec![self.answers()], others].concat()
    }

    /// What is appended to names, for each direction.
    fn directions(&self) -> &'static [&'static str] {
        if self.bidirectional { &["", "_reverse"] } else { &[""] }
    }

    fn rows(&self) -> usize {
        self.form.gates * self.hidden
    }

    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Stack {
        accept(self.check());
        let mut scope = scope.child(name);
        let mut cells = Vec::new();
        for layer in 0..self.layers {
            for direction in self.directions() {
                cells.push(self.cell(&mut scope, layer, direction));
            }
        }
        let mut start = Vec::new();
        if self.learnt_state {
            for (name, extent) in self.form.state.iter().zip(self.extents()) {
                let shape = [cells.len(), 1, extent];
                start.push(Init::zeros().build(&mut scope, name, shape));
            }
        }
        Stack {
            cells,
            start,
            extents: self.extents(),
            directions: self.directions().len(),
            dropout: Dropout::new(self.dropout),
            batch_first: self.batch_first,
            name: self.form.name,
            path: scope.path().to_owned(),
        }
    }

    /// The parameters of a layer in a direction.
    #[track_caller]
    fn cell(&self, scope: &mut Scope<'_>, layer: usize, direction: &str) -> Cell {
        let name = |what: &str| format!("{what}_l{layer}{direction}");
        let (rows, width) = (self.rows(), self.width(layer));
        let weight_ih = self.init.build(scope, &name("weight_ih"), [rows, width]);
        let weight_hh =
            self.recurrent_init.build(scope, &name("weight_hh"), [rows, self.answers()]);
        let bias_ih = self.bias(scope, &name("bias_ih"));
        let bias_hh = self.bias(scope, &name("bias_hh"));
        // Not `map`: a closure would be the line that panics.
        let mut weight_hr = None;
        if let Some(features) = self.projection {
            let shape = [features, self.hidden];
            weight_hr = Some(self.recurrent_init.build(scope, &name("weight_hr"), shape));
        }
        Cell { weight_ih, weight_hh, bias_ih, bias_hh, weight_hr }
    }

    #[track_caller]
    fn bias(&self, scope: &mut Scope<'_>, name: &str) -> Option<Param> {
        // Not `then`: a closure would be the line that panics.
        if self.bias { Some(self.bias_init.build(scope, name, [self.rows()])) } else { None }
    }

    pub fn check(&self) -> Result<(), HyperparameterError> {
        let owner = self.form.owner;
        positive(owner, "the number of inputs", self.inputs)?;
        positive(owner, "the number of hidden units", self.hidden)?;
        positive(owner, "the number of features (`proj_size`)", self.answers())?;
        positive(owner, "the number of layers", self.layers)?;
        let holds = (0.0..=1.0).contains(&self.dropout);
        let (name, rule) = ("the probability of dropout", "in [0, 1]");
        HyperparameterError::unless(holds, owner, name, rule, self.dropout)?;
        for layer in 0..self.layers {
            self.init.check(&Shape::from([self.rows(), self.width(layer)]))?;
        }
        self.recurrent_init.check(&Shape::from([self.rows(), self.answers()]))?;
        if let Some(features) = self.projection {
            self.recurrent_init.check(&Shape::from([features, self.hidden]))?;
        }
        if self.bias {
            self.bias_init.check(&Shape::from([self.rows()]))?;
        }
        Ok(())
    }
}

/// The methods of a builder that has `options`.
macro_rules! options {
    ($layer:ident) => {
        /// As many layers, each of which reads the output of the one before; one by default.
        pub fn layers(mut self, layers: usize) -> Self {
            self.options.layers = layers;
            self
        }

        /// With a second cell in each layer that reads from the end to the beginning; the output
        /// holds both side by side.
        pub fn bidirectional(mut self) -> Self {
            self.options.bidirectional = true;
            self
        }

        /// [`Dropout`](crate::Dropout) of this probability in training, on the output of every layer
        /// but the last: with one layer there is none.
        pub fn dropout(mut self, probability: f64) -> Self {
            self.options.dropout = probability;
            self
        }

        /// With or without biases.
        pub fn bias(mut self, bias: bool) -> Self {
            self.options.bias = bias;
            self
        }

        /// Inputs and outputs lie `[batch, T, ..]`; states lie as ever.
        pub fn batch_first(mut self) -> Self {
            self.options.batch_first = true;
            self
        }

        /// The state before the first element is learnt, one for all sequences. It starts at 0.
        pub fn learnt_state(mut self) -> Self {
            self.options.learnt_state = true;
            self
        }

        /// How the weights of the inputs start.
        pub fn init(mut self, init: impl Into<$crate::init::Init>) -> Self {
            self.options.init = init.into();
            self
        }

        /// How the weights of the state start, and that of its projection, if there is one.
        pub fn recurrent_init(mut self, init: impl Into<$crate::init::Init>) -> Self {
            self.options.recurrent_init = init.into();
            self
        }

        /// How the biases start.
        pub fn bias_init(mut self, init: impl Into<$crate::init::Init>) -> Self {
            self.options.bias_init = init.into();
            self
        }

        /// [`build`](Self::build), for options that come from data.
        ///
        /// # Errors
        /// If an extent is 0, the probability is not in [0, 1], or an initialiser is not defined;
        /// nothing is built then.
        #[track_caller]
        pub fn try_build(
            self,
            scope: &mut graph::Scope<'_>,
            name: &str,
        ) -> Result<$layer, $crate::HyperparameterError> {
            self.options.check()?;
            Ok(self.build(scope, name))
        }
    };
}
pub(super) use options;
