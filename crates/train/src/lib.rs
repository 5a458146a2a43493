//! A training loop for Cotangent: epochs, validation, metrics, early stopping, checkpoints.
//!
//! ```
//! use cotangent::data::digits;
//! use cotangent::prelude::*;
//! use cotangent_train::metrics::Accuracy;
//! use cotangent_train::{EarlyStopping, Trainer};
//!
//! let [train, validation, test] = digits().split([0.7, 0.15, 0.15], 0)?;
//! let mut params = Params::seeded(0);
//! let model = Sequential::new()
//!     .then(Linear::new(64, 32).build(&mut params.root(), "hidden"))
//!     .then(Activation::Relu)
//!     .then(Linear::new(32, 10).build(&mut params.root(), "output"));
//!
//! let mut trainer = Trainer::new(|_, [x, labels], mode| {
//!     let logits = model.forward(x, mode);
//!     (logits.cross_entropy(labels), logits)
//! })
//! .epochs(8)
//! .metric(Accuracy)
//! .early_stopping(EarlyStopping::new(3))
//! .restore_best();
//! let history = trainer.fit(&mut params, &mut Adam::new(1e-2), &train, &validation)?;
//! let scores = trainer.evaluate(&params, &test)?;
//! assert!(scores.get("accuracy").unwrap() > 0.9, "{scores}");
//! # assert!(history.epochs() <= 8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to … | see |
//! |---|---|
//! | train, evaluate, predict | [`Trainer`] |
//! | end in time, and keep the best | [`EarlyStopping`], [`Trainer::restore_best`] |
//! | survive being killed | [`Trainer::checkpoints`] |
//! | see what happens | [`Trainer::on_epoch_end`], [`Callback`], `ProgressBar` (feature `progress`) |
//! | draw curves | [`History`] |
//! | measure | [`metrics`] |
//!
//! The library prints nothing: what is shown is a callback that somebody added. A loop that is unlike this one (several
//! optimizers in turn, a loss without a data set) is written with [`Step`](cotangent::Step) and
//! [`Optimizer::train`](cotangent::optim::Optimizer::train), which is what stands here too.

mod callback;
mod error;
mod gathered;
mod history;
mod keeping;
pub mod metrics;
mod predictions;
#[cfg(feature = "progress")]
mod progress;
mod scores;
mod source;
mod stopping;
mod trainer;
mod watch;

pub use callback::{BatchEnd, Callback, EpochEnd};
pub use error::FitError;
pub use history::History;
pub use predictions::{Predictions, Targets};
#[cfg(feature = "progress")]
pub use progress::ProgressBar;
pub use scores::Scores;
pub use stopping::EarlyStopping;
pub use trainer::Trainer;
