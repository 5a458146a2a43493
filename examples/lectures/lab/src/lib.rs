//! What the lecture experiments share: how one is described, run and shown. No experiment is in here.
//!
//! | module | what is there |
//! |---|---|
//! | `experiment` | [`Experiment`]: what it claims, and how it is run |
//! | `outcome` | what a run finds: claims with their verdicts, tables, figures |
//! | `lecture` | [`Lecture`]: an experiment and its file |
//! | [`plot`], `table` | figures and tables |
//! | `page` | the gallery: all experiments as one page |
//! | `surface` | functions of a few numbers, and the paths of optimizers on them |
//! | `classifier` | the digits, and training a network on them |
//! | `network` | networks of linear layers, with and without batch normalization |
//! | `number`, `random` | numbers as people write them; numbers of a fixed seed |
//! | `statistics` | means, medians, moments |
//! | `symmetric` | eigenvalues of small symmetric matrices |
//!
//! An experiment is a file with a constant `EXPERIMENT` and a function `run`:
//!
//! ```
//! use lab::{Deck, Experiment, Lab, Result};
//!
//! const EXPERIMENT: Experiment = Experiment {
//!     title: "Halving",
//!     deck: Deck::Optimization,
//!     slides: "none",
//!     quotes: &["A half is less than the whole."],
//!     formulas: &[r"\frac{1}{2} < 1"],
//!     run,
//! };
//!
//! fn run(lab: &mut Lab) -> Result {
//!     lab.claim("A half is less than the whole", 0.5 < 1.0, "0.5 against 1");
//!     Ok(())
//! }
//!
//! let outcome = EXPERIMENT.perform(lab::Pace::Full)?;
//! assert!(outcome.claims().all(|claim| claim.holds));
//! # Ok::<(), lab::Failure>(())
//! ```

mod classifier;
mod experiment;
mod files;
mod lecture;
mod network;
mod number;
mod outcome;
mod page;
pub mod plot;
mod random;
mod statistics;
mod surface;
mod symmetric;
mod table;

pub use classifier::{Classifier, Course, Digits, mlp};
pub use experiment::{Deck, Experiment, Failure, Lab, Pace, Result};
pub use files::write_figures;
pub use lecture::Lecture;
pub use network::Network;
pub use number::scientific;
pub use outcome::{Claim, Item, Outcome, Source, Tally};
pub use page::write_page;
pub use plot::{Axis, Figure, Grid, Hue, Plot};
pub use random::{normal, rng};
pub use statistics::{mean, median, moments, numbered, percent};
pub use surface::{Path, Probe, Surface, xy};
pub use symmetric::Symmetric;
pub use table::Table;
