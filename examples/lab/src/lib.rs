//! What the lecture experiments share: how one is described, run and shown. No experiment is in here.
//!
//! | module | what is there |
//! |---|---|
//! | `experiment` | [`Experiment`], what it claims and what a run of it finds |
//! | `program` | an experiment as a program of its own |
//! | [`plot`], `table` | figures and tables |
//! | `page` | the gallery: all experiments as one page |
//! | `surface` | functions of a few numbers, and the paths of optimizers on them |
//! | `classifier` | the digits, and training a network on them |
//! | `network` | networks of linear layers, with and without batch normalization |
//! | `number` | numbers as people write them |
//! | `symmetric` | eigenvalues of small symmetric matrices |
//!
//! An experiment is a file in `examples/` with a constant `EXPERIMENT` and a function `run`:
//!
//! ```
//! use lab::{Deck, Experiment, Lab, Result};
//!
//! const EXPERIMENT: Experiment = Experiment {
//!     number: 0,
//!     name: "halving",
//!     title: "Halving",
//!     deck: Deck::Optimization,
//!     slides: "none",
//!     quotes: &["A half is less than the whole."],
//!     formulas: &[r"\frac{1}{2} < 1"],
//!     code: "",
//!     run,
//! };
//!
//! fn run(lab: &mut Lab) -> Result {
//!     lab.claim("A half is less than the whole", 0.5 < 1.0, "0.5 against 1");
//!     Ok(())
//! }
//!
//! let outcome = EXPERIMENT.perform(lab::Pace::Full)?;
//! assert!(outcome.borne_out());
//! # Ok::<(), lab::Failure>(())
//! ```

mod classifier;
mod experiment;
mod network;
mod number;
mod page;
pub mod plot;
mod program;
mod surface;
mod symmetric;
mod table;

pub use classifier::{Classifier, Digits, mlp};
pub use experiment::{Claim, Deck, Experiment, Failure, Item, Lab, Outcome, Pace, Result};
pub use network::Network;
pub use number::scientific;
pub use page::write_page;
pub use plot::{Axis, Figure, Grid, Hue, Plot};
pub use program::{Options, main, report, rng, write_figures};
pub use surface::{Path, Surface, xy};
pub use symmetric::Symmetric;
pub use table::Table;
