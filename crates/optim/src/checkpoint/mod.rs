//! The state of a whole training run, outside of it.

mod error;
mod file;
mod folder;

use std::collections::{BTreeMap, BTreeSet};

use graph::{Param, Params, Seed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::What;
use crate::optimizer::ask;
use crate::state::State;
use crate::{Difference, Ledger, Optimizer, Precision, Selected};

pub use error::CheckpointError;
pub use folder::Checkpoints;

/// The sections of a checkpoint's names: `params/fc.weight`, `optimizer/adam/mean/fc.weight`.
const PARAMS: &str = "params";
const OPTIMIZER: &str = "optimizer";

/// Everything that a training run needs to go on, to the bit, as if it had never stopped.
///
/// That is every parameter and buffer by path, which of them are [frozen](Params::freeze), the seed of
/// random operations, and the optimizer with its schedules. What the loop itself counts (the epoch, the best loss, the place in the data) is
/// put beside by name: [numbers](Self::with_number), and [values](Self::with_value) of any type that
/// is plain data.
///
/// ```
/// use cotangent::{GradientLayout, Gradients, Params};
/// use cotangent::optim::{Adam, Checkpoint, Checkpoints, Optimizer};
///
/// let folder = tempfile::tempdir()?;
/// let checkpoints = Checkpoints::in_folder(folder.path(), 3)?;        // keeps the last three
///
/// // The beginning of the program, whether it is the first run or not.
/// let mut params = Params::seeded(0);
/// params.root().parameter("w", cotangent::ndarray::array![1.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let mut adam = Adam::new(0.1);
/// let (mut epoch, mut best) = (0_u64, f64::INFINITY);
/// if let Some(checkpoint) = checkpoints.latest()? {
///     (epoch, best) = (checkpoint.value("epoch")?, checkpoint.number("best")?);
///     checkpoint.restore(&mut params, &mut adam)?;
/// }
///
/// while epoch < 5 {
///     adam.step(&mut params, Gradients::new(&layout, &[1.0]))?;
///     best = best.min(f64::from(params.trainable()[0]));
///     epoch += 1;
///     let checkpoint = Checkpoint::of(&params, &mut adam)?
///         .with_value("epoch", &epoch)?
///         .with_number("best", best);
///     checkpoints.save(epoch, &checkpoint)?;
/// }
/// assert_eq!(checkpoints.numbers()?, [3, 4, 5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The place in the data is `data::Epochs::order`, which is such a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<T = f32> {
    state: State<T>,
    seed: Seed,
    /// The paths of what is frozen.
    frozen: BTreeSet<String>,
    numbers: BTreeMap<String, f64>,
    values: BTreeMap<String, Value>,
}

impl<T: Precision> Checkpoint<T> {
    /// The present state of parameters and optimizer.
    ///
    /// # Errors
    /// If the optimizer could make no step on these parameters.
    pub fn of<O>(params: &Params<T>, optimizer: &mut O) -> Result<Self, CheckpointError>
    where
        O: Optimizer<T> + ?Sized,
    {
        optimizer.prepare(Selected::named(params, &[]))?;
        let mut state = state_of(params);
        transfer(&mut Ledger::writing(&mut state), optimizer);
        let frozen = params.entries().iter().filter(|param| params.is_frozen(param.id()));
        let frozen = frozen.map(|param| param.path().to_owned()).collect();
        let (numbers, values) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { state, seed: params.seed(), frozen, numbers, values })
    }

    /// Puts a number beside, which need not be finite.
    #[must_use]
    pub fn with_number(mut self, name: &str, number: f64) -> Self {
        self.numbers.insert(name.to_owned(), number);
        self
    }

    /// Puts a value beside: a count, a text, a structure of them.
    ///
    /// # Errors
    /// If the value is not what is read of it again: JSON has no numbers that are infinite or NaN.
    pub fn with_value<V>(mut self, name: &str, value: &V) -> Result<Self, CheckpointError>
    where
        V: Serialize + DeserializeOwned,
    {
        let fault = |reason: String| CheckpointError::Value { name: name.to_owned(), reason };
        let json = serde_json::to_value(value).map_err(|error| fault(error.to_string()))?;
        let read = serde_json::from_value::<V>(json.clone());
        let again =
            read.and_then(serde_json::to_value).map_err(|error| fault(error.to_string()))?;
        if again != json {
            return Err(fault(format!("{json} becomes {again}")));
        }
        self.values.insert(name.to_owned(), json);
        Ok(self)
    }

    /// A number that was put beside.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn number(&self, name: &str) -> Result<f64, CheckpointError> {
        self.numbers.get(name).copied().ok_or_else(|| no_value(name, self.numbers.keys()))
    }

    /// A value that was put beside.
    ///
    /// # Errors
    /// If there is none of this name, or it is of another type.
    pub fn value<V: DeserializeOwned>(&self, name: &str) -> Result<V, CheckpointError> {
        let json = self.values.get(name).ok_or_else(|| no_value(name, self.values.keys()))?;
        serde_json::from_value(json.clone()).map_err(|error| CheckpointError::Value {
            name: name.to_owned(),
            reason: error.to_string(),
        })
    }

    /// Takes up the training run where it was: parameters, buffers, what of them is frozen, seed and
    /// optimizer.
    ///
    /// # Errors
    /// Unless the model has exactly these parameters in their shapes, and the optimizer is the same
    /// with the same settings; the error lists every difference, and nothing is changed. To change
    /// the settings on purpose, see [`without_settings`](Self::without_settings).
    pub fn restore<O>(
        &self,
        params: &mut Params<T>,
        optimizer: &mut O,
    ) -> Result<(), CheckpointError>
    where
        O: Optimizer<T> + ?Sized,
    {
        let mut steps = |what: What<'_, '_, T>| match what {
            What::Transfer(ledger) => {
                transfer(ledger, optimizer);
                Ok(())
            }
            other => ask(optimizer, other),
        };
        let differences = T::take_up(&mut steps, params, &self.state, &|| state_of(params))?;
        refuse(differences)?;
        self.write_to(params);
        let frozen = |param: &&Param| self.frozen.contains(param.path());
        let frozen = params.entries().iter().filter(frozen).map(Param::id).collect::<Vec<_>>();
        params.set_frozen(&frozen);
        Ok(())
    }

    /// Takes up parameters, buffers and seed alone: the model, to be used.
    ///
    /// # Errors
    /// Unless the model has exactly these parameters in their shapes; nothing is changed then.
    pub fn restore_params(&self, params: &mut Params<T>) -> Result<(), CheckpointError> {
        let mut differences = state_of(params).differences(&self.state);
        differences.retain(|difference| {
            difference.name().split_once('/').is_some_and(|(section, _)| section == PARAMS)
        });
        refuse(differences)?;
        self.write_to(params);
        Ok(())
    }

    /// The checkpoint without the optimizer's settings, so that it can be restored into one with
    /// other hyperparameters or schedules, on purpose.
    #[must_use]
    pub fn without_settings(self) -> Self {
        Self { state: self.state.without_settings(), ..self }
    }

    /// Writes everything into parameters that were compared.
    fn write_to(&self, params: &mut Params<T>) {
        for param in params.entries().to_vec() {
            let values = self.state.values(&name_of(param.path())).expect("compared");
            let range = params.range(param.id());
            params.values_mut()[range].copy_from_slice(values);
        }
        params.set_seed(self.seed);
    }
}

/// Transfers an optimizer to or from its section.
fn transfer<T, O>(ledger: &mut Ledger<'_, T>, optimizer: &mut O)
where
    T: Precision,
    O: Optimizer<T> + ?Sized,
{
    ledger.section(OPTIMIZER, |ledger| optimizer.transfer(ledger));
}

/// The parameters and buffers as a state.
fn state_of<T: Precision>(params: &Params<T>) -> State<T> {
    let mut state = State::empty();
    for param in params.entries() {
        let values = &params.values()[params.range(param.id())];
        state.put(name_of(param.path()), param.shape().clone(), values);
    }
    state
}

fn name_of(path: &str) -> String {
    format!("{PARAMS}/{path}")
}

fn refuse(differences: Vec<Difference>) -> Result<(), CheckpointError> {
    if differences.is_empty() { Ok(()) } else { Err(CheckpointError::Mismatch { differences }) }
}

fn no_value<'n>(name: &str, known: impl Iterator<Item = &'n String>) -> CheckpointError {
    let known: Vec<_> = known.map(|name| format!("{name:?}")).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    CheckpointError::NoValue { name: name.to_owned(), known }
}
