//! The files of a training: its last epoch, and its best.

use std::fs;
use std::path::{Path, PathBuf};

use cotangent::data::DataOrder;
use cotangent::optim::{Checkpoint, CheckpointError, Optimizer};
use cotangent::{Params, Precision, remove_abandoned};

use crate::error::list;
use crate::{FitError, History};

const HISTORY: &str = "history";
const ORDER: &str = "order";

/// A folder with the two.
///
/// The best is written before the last, so that the last never speaks of a best that is not there. A run that was killed
/// between the two goes on from the best, which is the later one then.
pub(crate) struct Keeping {
    last: PathBuf,
    best: PathBuf,
}

/// Where a run is that goes on.
pub(crate) struct Found {
    pub(crate) history: History,
    pub(crate) order: DataOrder,
}

impl Keeping {
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, CheckpointError> {
        fs::create_dir_all(folder)
            .map_err(|source| CheckpointError::Write { path: folder.to_owned(), source })?;
        // What processes that were killed have left.
        remove_abandoned(folder, None)
            .map_err(|source| CheckpointError::Remove { path: folder.to_owned(), source })?;
        let file = |name| folder.join(name);
        Ok(Self { last: file("last.safetensors"), best: file("best.safetensors") })
    }

    /// Saves the present epoch as the last, and as the best if it is.
    pub(crate) fn save<T: Precision>(
        &self,
        params: &Params<T>,
        optimizer: &mut dyn Optimizer<T>,
        history: &History,
        order: &DataOrder,
    ) -> Result<(), CheckpointError> {
        let checkpoint = Checkpoint::of(params, optimizer)?
            .with_value(HISTORY, history.as_curves())?
            .with_value(ORDER, order)?;
        if history.best_epoch() == Some(history.epochs()) {
            checkpoint.save(&self.best)?;
        }
        checkpoint.save(&self.last)
    }

    /// Takes up the later of the two, if there is any; `here` is the history of a run that begins.
    pub(crate) fn resume<T: Precision>(
        &self,
        params: &mut Params<T>,
        optimizer: &mut dyn Optimizer<T>,
        here: &History,
    ) -> Result<Option<Found>, FitError> {
        let mut latest: Option<(History, Checkpoint<T>)> = None;
        for checkpoint in [load(&self.last)?, load(&self.best)?].into_iter().flatten() {
            let history = History::from_curves(checkpoint.value(HISTORY)?);
            if latest.as_ref().is_none_or(|(latest, _)| history.epochs() > latest.epochs()) {
                latest = Some((history, checkpoint));
            }
        }
        let Some((history, checkpoint)) = latest else { return Ok(None) };
        let names = |history: &History| list(history.curves().map(|(name, _)| name));
        if names(&history) != names(here) {
            return Err(FitError::OtherCurves { saved: names(&history), here: names(here) });
        }
        checkpoint.restore(params, optimizer)?;
        Ok(Some(Found { history, order: checkpoint.value(ORDER)? }))
    }

    /// The values of the parameters after the best epoch.
    pub(crate) fn best<T: Precision>(&self, params: &Params<T>) -> Result<Vec<T>, CheckpointError> {
        let mut best = params.clone();
        Checkpoint::load(&self.best)?.restore_params(&mut best)?;
        Ok(best.values().to_vec())
    }
}

/// The checkpoint of a file, if there is the file.
fn load<T: Precision>(file: &Path) -> Result<Option<Checkpoint<T>>, CheckpointError> {
    match file.try_exists() {
        Ok(false) => Ok(None),
        Ok(true) => Checkpoint::load(file).map(Some),
        Err(source) => Err(CheckpointError::Read { path: file.to_owned(), source }),
    }
}
