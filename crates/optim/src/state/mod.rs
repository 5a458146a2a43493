//! What an optimizer remembers, outside of it: to be saved, compared and restored.

mod compare;
pub(crate) mod file;

use std::collections::{BTreeMap, BTreeSet};

use graph::{Param, Params, Shape};
use serde::Serialize;
use serde_json::Value;

use crate::engine::{Steps, What};
use crate::{OptimError, Precision, Selected};
pub(crate) use compare::list;
pub use compare::{Difference, StateError};

/// Everything that an optimizer remembers, by name: what a checkpoint holds of it.
///
/// Names are paths through the optimizer, its parts and its slots down to the parameter:
/// `lookahead/adam/mean/encoder.fc1.weight`. Beside the state there are the settings
/// (hyperparameters, schedules, conventions), so that a run is not resumed as another by mistake.
///
/// ```
/// use cotangent::{GradientLayout, Gradients, Params};
/// use cotangent::optim::{Adam, Optimizer, State};
///
/// let mut params = Params::seeded(0);
/// params.root().parameter("w", cotangent::ndarray::array![1.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let mut adam = Adam::new(0.1);
/// adam.step(&mut params, Gradients::new(&layout, &[1.0]))?;
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("adam.safetensors");
/// adam.state(&params)?.save(&file)?;
///
/// let mut resumed = Adam::new(0.1);
/// resumed.restore(&params, &State::load(&file)?)?;
/// assert_eq!(resumed.steps(), 1);
/// assert_eq!(resumed.state(&params)?.size(), 2); // a mean and a mean square for one weight
///
/// let mut other = Adam::new(0.2);
/// let error = other.restore(&params, &State::load(&file)?).unwrap_err();
/// assert!(error.to_string().contains("adam/learning_rate is 0.2 here and 0.1 in the state"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct State<T = f32> {
    settings: Option<BTreeMap<String, Value>>,
    /// The paths of the parameters that something is remembered of.
    parameters: BTreeSet<String>,
    numbers: BTreeMap<String, f64>,
    tensors: BTreeMap<String, Tensor<T>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Tensor<T> {
    shape: Shape,
    values: Vec<T>,
}

impl<T: Precision> State<T> {
    /// Nothing yet.
    pub(crate) fn empty() -> Self {
        let (numbers, tensors) = (BTreeMap::new(), BTreeMap::new());
        let parameters = BTreeSet::new();
        Self { settings: Some(BTreeMap::new()), parameters, numbers, tensors }
    }

    /// What an optimizer remembers.
    pub(crate) fn of(params: &Params<T>, optimizer: &mut Steps<'_, T>) -> Result<Self, OptimError> {
        optimizer(What::Prepare(Selected::named(params, &[])))?;
        written(optimizer, &Self::empty)
    }

    /// Adds numbers with a shape.
    pub(crate) fn put(&mut self, name: String, shape: Shape, values: &[T]) {
        self.tensors.insert(name, Tensor { shape, values: values.to_vec() });
    }

    /// Numbers that were put under a name.
    pub(crate) fn values(&self, name: &str) -> Option<&[T]> {
        self.tensors.get(name).map(|tensor| tensor.values.as_slice())
    }

    /// Adds what another state has.
    fn extend(&mut self, other: Self) {
        if let (Some(settings), Some(others)) = (&mut self.settings, other.settings) {
            settings.extend(others);
        }
        self.parameters.extend(other.parameters);
        self.numbers.extend(other.numbers);
        self.tensors.extend(other.tensors);
    }

    /// The parameters of a store that something is remembered of.
    fn entries(&self, params: &Params<T>) -> Vec<Param> {
        let known = |param: &&Param| self.parameters.contains(param.path());
        params.trainable_entries().filter(known).cloned().collect()
    }

    /// How many numbers all slots hold together; the example of [`State`] asks Adam's.
    pub fn size(&self) -> usize {
        self.tensors.values().map(|tensor| tensor.values.len()).sum()
    }

    /// The state without its settings, so that it can be restored into an optimizer with other
    /// hyperparameters or schedules, on purpose.
    pub fn without_settings(self) -> Self {
        Self { settings: None, ..self }
    }
}

/// Gives an optimizer another state. If there is any difference beside the values, it is answered,
/// and the optimizer left as it was. `beside` is what stands in a state beside the optimizer.
pub(crate) fn take_up<T: Precision>(
    optimizer: &mut Steps<'_, T>,
    params: &Params<T>,
    state: &State<T>,
    beside: &dyn Fn() -> State<T>,
) -> Result<Vec<Difference>, OptimError> {
    optimizer(What::Prepare(Selected::named(params, &[])))?;
    let before = written(optimizer, beside)?;
    let differences = remember(optimizer, params, state)
        .and_then(|()| written(optimizer, beside))
        .map(|written| written.differences(state));
    let to_read = match &differences {
        Ok(none) if none.is_empty() => state,
        _ => {
            remember(optimizer, params, &before)?;
            &before
        }
    };
    optimizer(What::Transfer(&mut Ledger::reading(to_read)))?;
    differences
}

/// The optimizer's state, beside what stands there.
fn written<T: Precision>(
    optimizer: &mut Steps<'_, T>,
    beside: &dyn Fn() -> State<T>,
) -> Result<State<T>, OptimError> {
    let mut written = beside();
    optimizer(What::Transfer(&mut Ledger::writing(&mut written)))?;
    Ok(written)
}

/// Lays the optimizer out for the parameters of a state.
fn remember<T: Precision>(
    optimizer: &mut Steps<'_, T>,
    params: &Params<T>,
    state: &State<T>,
) -> Result<(), OptimError> {
    optimizer(What::Remember(Selected::named(params, &state.entries(params))))
}

/// A setting as plain data.
pub(crate) fn plain(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("settings are plain data")
}

/// Where an optimizer writes its state to, or reads it from: one description serves both, so that
/// the two cannot differ.
///
/// What is read was compared before, and is there.
///
/// What is written can be read as a [`State`].
#[derive(Debug)]
pub struct Ledger<'a, T> {
    direction: Direction<'a, T>,
    prefix: String,
}

#[derive(Debug)]
enum Direction<'a, T> {
    Write(&'a mut State<T>),
    Read(&'a State<T>),
}

impl<'a, T: Precision> Ledger<'a, T> {
    pub(crate) fn writing(state: &'a mut State<T>) -> Self {
        Self { direction: Direction::Write(state), prefix: String::new() }
    }

    pub(crate) fn reading(state: &'a State<T>) -> Self {
        Self { direction: Direction::Read(state), prefix: String::new() }
    }

    /// Puts a name before the names of what is transferred inside.
    pub fn section(&mut self, name: &str, transfer: impl FnOnce(&mut Self)) {
        let length = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('/');
        transfer(self);
        self.prefix.truncate(length);
    }

    /// Transfers what several processes remember together, each of its own parameters: `transfer` is that of this process. What
    /// is written is what all have; `gather` is given this one's part as bytes, and answers those of all, in one order. It is
    /// not asked where a state is read, in which each finds its own.
    ///
    /// # Panics
    /// If the bytes are not those that were gathered.
    pub fn shared(
        &mut self,
        transfer: impl FnOnce(&mut Ledger<'_, T>),
        gather: impl FnOnce(Vec<u8>) -> Vec<Vec<u8>>,
    ) {
        match &mut self.direction {
            Direction::Read(state) => {
                let direction = Direction::Read(state);
                transfer(&mut Ledger { direction, prefix: self.prefix.clone() });
            }
            Direction::Write(state) => {
                let mut own = State::empty();
                let direction = Direction::Write(&mut own);
                transfer(&mut Ledger { direction, prefix: self.prefix.clone() });
                for bytes in gather(own.to_bytes()) {
                    state.extend(State::from_bytes(&bytes).expect("it was gathered as written"));
                }
            }
        }
    }

    /// Notes a setting, which is compared and never read.
    pub fn setting(&mut self, name: &str, value: &impl Serialize) {
        let name = self.name(name);
        if let Direction::Write(State { settings: Some(settings), .. }) = &mut self.direction {
            settings.insert(name, plain(value));
        }
    }

    /// Notes that something is remembered of the parameter of this path.
    pub(crate) fn parameter(&mut self, path: &str) {
        if let Direction::Write(state) = &mut self.direction {
            state.parameters.insert(path.to_owned());
        }
    }

    /// Notes each field of a structure as a setting.
    pub fn settings(&mut self, structure: &impl Serialize) {
        self.fields(plain(structure));
    }

    /// Notes each field of a structure that is given as plain data.
    pub(crate) fn fields(&mut self, structure: Value) {
        if let Value::Object(fields) = structure {
            fields.iter().for_each(|(name, value)| self.setting(name, value));
        }
    }

    /// Transfers a number.
    pub fn number(&mut self, name: &str, number: &mut f64) {
        let name = self.name(name);
        match &mut self.direction {
            Direction::Write(state) => {
                state.numbers.insert(name, *number);
            }
            Direction::Read(state) => *number = state.numbers[&name],
        }
    }

    /// Transfers a count.
    pub fn count(&mut self, name: &str, count: &mut u64) {
        let mut number = *count as f64;
        self.number(name, &mut number);
        *count = number as u64;
    }

    /// Transfers the numbers that belong to a parameter.
    pub fn tensor(&mut self, name: &str, shape: Shape, values: &mut [T]) {
        let name = self.name(name);
        match &mut self.direction {
            Direction::Write(state) => {
                state.tensors.insert(name, Tensor { shape, values: values.to_vec() });
            }
            Direction::Read(state) => values.copy_from_slice(&state.tensors[&name].values),
        }
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
