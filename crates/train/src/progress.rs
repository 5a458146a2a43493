//! A bar on the terminal.

use std::ops::ControlFlow;

use indicatif::{ProgressBar as Bar, ProgressDrawTarget, ProgressStyle};

use crate::{BatchEnd, Callback, EpochEnd};

/// A bar of the batches of an epoch, with the loss, on the standard error; nothing where that is no terminal. It goes away
/// at the end of the epoch. A feature: `progress`.
///
/// ```
/// # use cotangent::prelude::*;
/// # use cotangent_train::Trainer;
/// use cotangent_train::ProgressBar;
/// # let mut params = Params::seeded(0);
/// # let line = Linear::new(1, 1).build(&mut params.root(), "line");
/// # let trainer = Trainer::<f32>::new(|_, [x, y], _| (line.forward(x).mse(y), line.forward(x)));
/// let trainer = trainer.callback(ProgressBar::new()).on_epoch_end(|epoch| println!("{epoch}"));
/// ```
#[derive(Debug, Default)]
pub struct ProgressBar {
    bar: Option<Bar>,
}

impl ProgressBar {
    /// A bar for each epoch.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Callback for ProgressBar {
    fn on_batch_end(&mut self, batch: &BatchEnd) {
        let bar = self.bar.get_or_insert_with(|| begin(batch));
        bar.set_message(format!("loss {:.4}", batch.loss));
        bar.set_position(batch.batch as u64);
    }

    fn on_epoch_end(&mut self, _: &EpochEnd<'_>) -> ControlFlow<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        ControlFlow::Continue(())
    }
}

fn begin(batch: &BatchEnd) -> Bar {
    let template = "{prefix} {wide_bar} {pos}/{len}  {msg}";
    let style = ProgressStyle::with_template(template).expect("a template that is known");
    let bar = Bar::with_draw_target(Some(batch.batches as u64), ProgressDrawTarget::stderr());
    bar.with_style(style).with_prefix(format!("epoch {}/{}", batch.epoch, batch.epochs))
}
