//! What a trainer does, on a line that is known.

use std::ops::ControlFlow;
use std::sync::Mutex;

use cotangent::data::digits;
use cotangent::ndarray::Array4;
use cotangent::prelude::*;
use cotangent_train::metrics::{Accuracy, Mae, Metric, MetricError, R2};
use cotangent_train::{
    BatchEnd, Callback, EarlyStopping, EpochEnd, FitError, Predictions, Trainer,
};

type Line = Dataset<Array2<f64>, Array2<f64>>;

/// Points of y = 3x + 1.
fn line(points: usize) -> Line {
    let x = Array2::from_shape_fn((points, 1), |(i, _)| i as f64 / points as f64);
    let y = x.mapv(|x| 3.0 * x + 1.0);
    Dataset::of(x, y).unwrap()
}

fn linear() -> (Params<f64>, Linear) {
    let mut params = Params::with_seed(0);
    let linear = Linear::new(1, 1).build(&mut params.root(), "line");
    (params, linear)
}

fn trainer(linear: &Linear) -> Trainer<'_, f64> {
    Trainer::new(|_, [x, y], _| {
        let predicted = linear.forward(x);
        (predicted.mse(y), predicted)
    })
}

/// The values of `w`, epoch after epoch, as losses: the optimizer does nothing, and a metric counts.
struct Scripted(&'static [f64], Mutex<usize>);

impl Metric for Scripted {
    fn name(&self) -> String {
        "scripted".to_owned()
    }

    fn of(&self, _: &Predictions) -> Result<f64, MetricError> {
        let mut epoch = self.1.lock().unwrap();
        *epoch += 1;
        Ok(self.0[*epoch - 1])
    }
}

fn scripted(values: &'static [f64]) -> Scripted {
    Scripted(values, Mutex::new(0))
}

#[test]
fn it_is_the_loop_that_one_writes() {
    let data = line(10);
    let (mut params, linear) = linear();
    let mut written = params.clone();
    let history = trainer(&linear).epochs(3).batch_size(4).seed(5).fit(
        &mut params,
        &mut Adam::new(0.1),
        &data,
        None,
    );

    let mut step = Step::new(|_, [x, y]| linear.forward(x).mse(y));
    let (mut adam, mut losses) = (Adam::new(0.1), Vec::new());
    for epoch in 0..3 {
        let mut sum = 0.0;
        for (x, y) in data.batches(4).unwrap().shuffled((5, epoch)) {
            sum += adam.train(&mut step, &mut written, (&x, &y)).unwrap() * x.nrows() as f64;
        }
        losses.push(sum / 10.0);
    }
    assert_eq!(params.values(), written.values());
    assert_eq!(history.unwrap().curve("loss").unwrap(), losses);
}

#[test]
fn evaluation_is_of_all_samples_whatever_the_batches() {
    let data = line(10);
    let (params, linear) = linear();
    let (slope, offset) = (params.values()[0], params.values()[1]);
    let off = data.features().mapv(|x| slope * x + offset) - data.targets();
    for batch_size in [1, 4, 10, 64] {
        let mut trainer = trainer(&linear).batch_size(batch_size).metric(Mae).metric(R2);
        let scores = trainer.evaluate(&params, &data).unwrap();
        assert!((scores.get("loss").unwrap() - off.mapv(|x| x * x).mean().unwrap()).abs() < 1e-12);
        assert!((scores.get("mae").unwrap() - off.mapv(f64::abs).mean().unwrap()).abs() < 1e-12);
        let names: Vec<_> = scores.iter().map(|(name, _)| name).collect();
        assert_eq!((names, scores.get("rmse")), (vec!["loss", "mae", "r2"], None));
        let predictions = trainer.predict(&params, &data).unwrap();
        assert_eq!(predictions.outputs().shape(), [10, 1]);
    }
}

#[test]
#[should_panic(
    expected = "Trainer: the loss must be a real scalar: reduce it, by `mean` over the batch\n  inputs: [4, 1]"
)]
fn a_loss_that_is_no_scalar_is_not_evaluated() {
    let (params, linear) = linear();
    let mut each = Trainer::new(|_, [x, y], _| ((linear.forward(x) - y).square(), y)).batch_size(4);
    _ = each.evaluate(&params, &line(8));
}

#[test]
fn metrics_of_the_training_data_are_those_of_an_evaluation_after_each_epoch() {
    let (data, validation) = (line(10), line(4));
    let (mut params, linear) = linear();
    let mut trainer = trainer(&linear).epochs(3).batch_size(4).drop_last().metric(Mae);
    let plain = trainer.fit(&mut params.clone(), &mut Adam::new(0.1), &data, &validation).unwrap();
    let mut trainer = trainer.train_metrics();
    let history = trainer.fit(&mut params, &mut Adam::new(0.1), &data, &validation).unwrap();
    let names: Vec<_> = history.curves().map(|(name, _)| name).collect();
    assert_eq!(names, ["loss", "mae", "val_loss", "val_mae", "learning_rate"]);
    let scores = trainer.evaluate(&params, &data).unwrap();
    assert_eq!(history.last("mae"), scores.get("mae"));
    // They change nothing else, and can be monitored.
    plain.curves().for_each(|(name, curve)| assert_eq!(history.curve(name), Some(curve)));
    let mut trainer = trainer.monitor("mae");
    assert!(trainer.fit(&mut params, &mut Adam::new(0.1), &data, None).is_ok());
}

#[test]
fn dropout_and_statistics_know_what_they_are_recorded_for() {
    let [train, validation] =
        digits().select(&Vec::from_iter(0..300)).unwrap().split([0.8, 0.2], 0).unwrap();
    let mut params = Params::seeded(0);
    let norm = BatchNorm::new(64).build(&mut params.root(), "norm");
    let head = Linear::new(64, 10).build(&mut params.root(), "head");
    let mut trainer = Trainer::new(|_, [x, labels], mode| {
        let x = Dropout::new(0.2).forward(norm.forward(x, mode), mode);
        let logits = head.forward(x);
        (logits.cross_entropy(labels), logits)
    })
    .metric(Accuracy)
    .batch_size(50)
    .drop_last();
    let history = trainer.fit(&mut params, &mut Adam::new(1e-2), &train, &validation).unwrap();
    assert_eq!(
        history.curves().map(|(name, _)| name).collect::<Vec<_>>(),
        ["loss", "val_loss", "val_accuracy", "learning_rate"]
    );
    assert!(history.last("val_accuracy").unwrap() > 0.8);
    // No dropout here: what is evaluated twice is the same.
    let scores = trainer.evaluate(&params, &validation).unwrap();
    assert_eq!(scores.get("loss"), history.last("val_loss"));
}

#[test]
fn images_and_other_precisions_are_trained_on() {
    let images = digits().select(&Vec::from_iter(0..40)).unwrap().with_feature_shape(&[1, 8, 8]);
    let images: Dataset<Array4<f32>> = images.unwrap().unflatten().unwrap();
    let mut params = Params::seeded(0);
    let head = Linear::new(64, 10).build(&mut params.root(), "head");
    let mut trainer = Trainer::new(|_, [x, labels], _| {
        let logits = head.forward(x.reshape([-1, 64]));
        (logits.cross_entropy(labels), logits)
    });
    let history = trainer.fit(&mut params, &mut Sgd::new(0.01), &images, None).unwrap();
    assert!(history.last("loss").unwrap() < history.curve("loss").unwrap()[0]);
}

#[test]
fn the_run_ends_when_patience_does_and_the_best_is_put_back() {
    let data = line(8);
    let (mut params, linear) = linear();
    let seen = Mutex::new(Vec::new());
    let mut kept = Vec::new();
    {
        let mut trainer = trainer(&linear)
            .epochs(20)
            .metric(scripted(&[0.1, 0.5, 0.4, 0.5, 0.45, 0.9]))
            .monitor("val_scripted")
            .early_stopping(EarlyStopping::new(3))
            .restore_best()
            .on_epoch_end(|epoch| seen.lock().unwrap().push(epoch.epoch));
        let history = trainer.fit(&mut params, &mut Sgd::new(0.1), &data, &data).unwrap();
        // The second was the best, and an equal one is no better.
        assert_eq!((history.epochs(), history.best_epoch()), (5, Some(2)));
        kept.extend_from_slice(params.values());
    }
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4, 5]);
    let (mut two, linear) = self::linear();
    trainer(&linear).epochs(2).fit(&mut two, &mut Sgd::new(0.1), &data, None).unwrap();
    assert_eq!(kept, two.values());
}

#[test]
fn a_plateau_of_what_is_monitored_lowers_the_rate() {
    let data = line(8);
    let (mut params, linear) = linear();
    let mut plateau = ReduceOnPlateau::new(0.5).patience(1);
    plateau.maximise = true;
    let mut sgd = Sgd::new(0.1).reduce_on_plateau(plateau);
    let mut trainer =
        trainer(&linear).epochs(4).metric(scripted(&[0.5, 0.4, 0.4, 0.4])).monitor("val_scripted");
    let history = trainer.fit(&mut params, &mut sgd, &data, &data).unwrap();
    assert_eq!(history.curve("learning_rate").unwrap(), [0.1, 0.1, 0.1, 0.05]);
}

/// Counts batches, and ends the run after two epochs.
#[derive(Default)]
struct Counting(Vec<(usize, usize, usize)>);

impl Callback for &mut Counting {
    fn on_batch_end(&mut self, batch: &BatchEnd) {
        assert!(batch.loss.is_finite());
        self.0.push((batch.epoch, batch.batch, batch.batches));
    }

    fn on_epoch_end(&mut self, epoch: &EpochEnd<'_>) -> ControlFlow<()> {
        if epoch.epoch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn callbacks_see_batches_and_may_end_the_run() {
    let data = line(10);
    let (mut params, linear) = linear();
    let mut counting = Counting::default();
    let mut lines = String::new();
    let mut trainer = trainer(&linear)
        .batch_size(4)
        .callback(&mut counting)
        .on_epoch_end(|epoch| lines += &format!("{epoch}\n"));
    let history = trainer.fit(&mut params, &mut Sgd::new(0.0), &data, None).unwrap();
    drop(trainer);
    assert_eq!(history.epochs(), 2);
    assert_eq!(counting.0, [(1, 1, 3), (1, 2, 3), (1, 3, 3), (2, 1, 3), (2, 2, 3), (2, 3, 3)]);
    let loss = history.last("loss").unwrap();
    let line = format!("epoch  2/10  loss {loss:.4}  learning_rate 0.0000");
    assert_eq!(lines.lines().last(), Some(line.as_str()));
}

#[test]
fn the_curves_are_a_table() {
    let data = line(4);
    let (mut params, linear) = linear();
    let mut trainer = trainer(&linear).epochs(2).metric(scripted(&[0.5, 0.25]));
    let history = trainer.fit(&mut params, &mut Sgd::new(0.125), &data, &data).unwrap();
    let csv = history.to_csv();
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["epoch", "loss", "val_loss", "val_scripted", "learning_rate"]);
    assert_eq!((rows[2][0], rows[2][3], rows[2][4], rows.len()), ("2", "0.25", "0.125", 3));
    assert_eq!(rows[1][1].parse(), Ok(history.curve("loss").unwrap()[0]));
}

#[test]
fn what_cannot_be_done_is_said() {
    let data = line(4);
    let (mut params, linear) = linear();
    let mut refused = |trainer: Trainer<'_, f64>, with: bool| {
        let (mut trainer, validation) = (trainer, Some(&data).filter(|_| with));
        let fitted = trainer.fit(&mut params, &mut Sgd::new(0.1), &data, validation);
        fitted.unwrap_err().to_string()
    };
    assert_eq!(
        refused(trainer(&linear).monitor("val_mae"), true),
        r#"there is no curve "val_mae" to monitor; there is loss, val_loss, learning_rate"#,
    );
    let without = refused(trainer(&linear).monitor("val_loss"), false);
    assert!(without.ends_with("there is loss, learning_rate"), "{without}");
    assert_eq!(
        refused(trainer(&linear).early_stopping(EarlyStopping::new(1).min_delta(-1.0)), true),
        "the least improvement of early stopping must be at least 0 and finite, and is -1",
    );
    assert_eq!(
        refused(trainer(&linear).batch_size(5).drop_last(), false),
        "an epoch without its smaller last batch must have another; there are 4 rows in batches of 5",
    );
    assert!(refused(trainer(&linear).batch_size(0), false).contains("batch"));
    assert!(refused(trainer(&linear).metric(Accuracy), true).starts_with("there must be labels"));
    let infinite = ("infinite", |_: &Predictions| Ok(f64::INFINITY));
    assert_eq!(
        refused(trainer(&linear).metric(infinite), true),
        "val_infinite is inf after epoch 1"
    );
}

#[test]
fn a_step_that_is_refused_ends_the_run_and_is_told() {
    let data = line(4);
    let (mut params, linear) = linear();
    let fitted = trainer(&linear).epochs(1000).fit(&mut params, &mut Sgd::new(1e3), &data, None);
    assert!(matches!(fitted, Err(FitError::Train(_))), "{fitted:?}");
    assert!(params.values().iter().all(|w| w.is_finite()));
}
