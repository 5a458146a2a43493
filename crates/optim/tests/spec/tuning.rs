//! What helps to choose hyperparameters: reports of steps, the range test, the random search.

use std::num::NonZeroUsize;

use cotangent::optim::search::{RandomSearch, SearchError, Setting, Space, TrialError};
use cotangent::optim::{
    Adam, ClipGlobalNorm, Curve, Groups, OptimError, Optimizer, Ramp, RangeCurve, RangeTest,
    RangeTestError, Sgd, StepDecay,
};
use cotangent::{Function, GradientLayout, Gradients, Params};
use ndarray::{Array, array};

fn params() -> Params<f64> {
    let mut params = Params::with_seed(0);
    let mut root = params.root();
    root.parameter("bias", array![0.0, 0.0].into_dyn());
    root.parameter("weight", array![3.0, 4.0].into_dyn());
    params
}

fn step(params: &mut Params<f64>, optimizer: &mut dyn Optimizer<f64>) -> Result<f64, OptimError> {
    let layout = GradientLayout::new(params.trainable_entries());
    let gradient = params.trainable().to_vec();
    let loss = 0.5 * gradient.iter().map(|w| w * w).sum::<f64>();
    optimizer.step(params, Gradients::new(&layout, &gradient))?;
    Ok(loss)
}

mod report {
    use super::*;

    #[test]
    fn norms_are_those_of_the_step() {
        let mut params = params();
        let layout = GradientLayout::new(params.trainable_entries());
        let mut sgd = Sgd::new(0.01).with(ClipGlobalNorm::new(1.0));
        let gradients = Gradients::new(&layout, &[0.0, 0.0, 6.0, 8.0]);
        let report = sgd.step_with_report(&mut params, gradients, 12.5).unwrap();
        assert_eq!((report.step, report.loss, report.learning_rate), (0, 12.5, 0.01));
        assert_eq!(report.gradient_norm, 10.0, "before it was clipped");
        let [bias, weight] = &report.parameters[..] else { panic!("two parameters") };
        assert_eq!((bias.path.as_str(), bias.weight_norm, bias.update_ratio()), ("bias", 0.0, 0.0));
        assert_eq!((weight.weight_norm, weight.gradient_norm), (5.0, 10.0));
        // The clip divides by ‖g‖ + 10⁻⁶.
        assert!((weight.update_norm - 0.01).abs() < 1e-8);
        assert!((weight.update_ratio() - 0.002).abs() < 1e-8);
        assert_eq!(sgd.steps(), 1);
    }

    #[test]
    fn it_is_printed_as_a_table() {
        let mut params = params();
        let layout = GradientLayout::new(params.trainable_entries());
        let gradients = Gradients::new(&layout, &[1.0, 0.0, 6.0, 8.0]);
        let report = Sgd::new(0.01).step_with_report(&mut params, gradients, 12.5).unwrap();
        let table = report.with_zero_share("relu", 0.25).to_string();
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[0].starts_with("step 0: loss 12.500000, learning rate 1.000e-2"), "{table}");
        assert!(lines[2].starts_with("bias ") && lines[2].ends_with(" inf"), "{table}");
        assert!(lines[3].starts_with("weight ") && lines[3].ends_with("2.0e-2"), "{table}");
        assert!(lines[4].ends_with("25.0 % of activations are 0"), "{table}");
    }

    #[test]
    fn a_loss_that_is_not_finite_is_refused_with_the_step() {
        let mut params = params();
        let mut adam = Adam::new(10.0);
        step(&mut params, &mut adam).unwrap();
        let before = params.values().to_vec();
        let layout = GradientLayout::new(params.trainable_entries());
        for loss in [f64::NAN, f64::INFINITY] {
            let gradients = Gradients::new(&layout, &[f64::NAN; 4]);
            let error = adam.step_with_report(&mut params, gradients, loss).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "the loss is {loss} at step 1: the learning rate, 10, is probably too high"
                )
            );
        }
        assert_eq!((params.values(), adam.steps()), (&before[..], 1));
        assert_eq!(adam.check_loss(0.5), Ok(()));
    }
}

mod range_test {
    use super::*;

    fn run(test: RangeTest, mut optimizer: Box<dyn Optimizer<f64>>) -> RangeCurve {
        test.run(&mut params(), &mut optimizer, |params, sgd| step(params, sgd)).unwrap()
    }

    #[test]
    fn rates_grow_by_a_factor_whatever_the_schedule() {
        let test = RangeTest::new(1e-4, 1e-2, 21);
        let schedule = Ramp::warmup(5).times(0.3);
        for optimizer in [
            Box::new(Sgd::new(0.1)) as Box<dyn Optimizer<f64>>,
            Box::new(Sgd::new(0.7).schedule(schedule).with(ClipGlobalNorm::new(1e9))),
            Box::new(Groups::new(Sgd::new(3.0)).group("bias", Sgd::new(30.0))),
        ] {
            let curve = run(test, optimizer);
            assert_eq!(curve.points.len(), 21);
            let mut by_hand = params();
            for (i, point) in curve.points.iter().enumerate() {
                let rate = 10f64.powf(-4.0 + 2.0 * i as f64 / 20.0);
                assert!((point.rate / rate - 1.0).abs() < 1e-12, "{point:?}");
                let loss = step(&mut by_hand, &mut Sgd::new(rate)).unwrap();
                assert!((point.loss / loss - 1.0).abs() < 1e-12, "{point:?} and {loss}");
            }
        }
    }

    #[test]
    fn the_curve_falls_and_bursts_where_the_mathematics_says() {
        // Gradient descent on ½‖w‖² contracts for rates below 2, fastest at 1.
        let curve = run(RangeTest::new(1e-3, 1e3, 200), Box::new(Sgd::new(0.1)));
        let (low, high) = (curve.falls_from().unwrap(), curve.bursts_at().unwrap());
        let suggestion = curve.suggestion().unwrap();
        assert!(1e-3 < low && low <= suggestion && suggestion < 2.0, "{low}, {suggestion}");
        assert!(2.0 < high && curve.points.len() < 200, "{high}: the run ends when it has burst");
    }

    #[test]
    fn nothing_is_suggested_where_nothing_falls() {
        let curve = run(RangeTest::new(3.0, 9.0, 10), Box::new(Sgd::new(0.1)));
        assert_eq!((curve.suggestion(), curve.falls_from()), (None, None));
        let nan = RangeTest::new(0.1, 1.0, 10)
            .run(&mut params(), &mut Sgd::new(0.1), |_, _| Ok::<_, OptimError>(f64::NAN))
            .unwrap();
        assert_eq!((nan.points.len(), nan.suggestion(), nan.bursts_at()), (1, None, None));
    }

    #[test]
    fn a_step_that_meets_an_infinity_ends_the_curve() {
        let curve = RangeTest::new(1e-3, 1e6, 40)
            .stop_at(f64::INFINITY)
            .run(&mut params(), &mut Sgd::new(0.1), |params, sgd| {
                let layout = GradientLayout::new(params.trainable_entries());
                let gradient: Vec<f64> = params.trainable().iter().map(|w| w.powi(7)).collect();
                let loss = params.trainable().iter().map(|w| w * w).sum::<f64>();
                sgd.step(params, Gradients::new(&layout, &gradient))?;
                Ok::<_, OptimError>(loss)
            })
            .unwrap();
        let last = curve.points.last().unwrap();
        assert!(curve.points.len() < 40 && last.loss.is_nan(), "{curve:?}");
        assert!(curve.bursts_at().is_some(), "{curve:?}");
    }

    #[test]
    fn one_that_meets_it_in_a_loop_does_too() {
        let mut logarithms = Function::new(|g, [x]| {
            g.scan(&[g.full([], 0.0)], &[x], |sum, x| (vec![(sum[0] + x[0]).ln()], vec![])).0[0]
        });
        let curve = RangeTest::new(1e-3, 1.0, 4)
            .run(&mut params(), &mut Sgd::new(0.1), |params, _| {
                let x = ndarray::array![1.0, -1.0];
                logarithms.run_checked(params, (&x,)).map(|x| x.sum())
            })
            .unwrap();
        assert!(curve.points.len() == 1 && curve.points[0].loss.is_nan(), "{curve:?}");
    }

    #[test]
    fn everything_is_afterwards_as_before_even_after_an_error() {
        let mut params = params();
        let mut adam = Adam::new(0.1).schedule(StepDecay::halve_every(2));
        for _ in 0..3 {
            step(&mut params, &mut adam).unwrap();
        }
        let before = (params.values().to_vec(), params.seed(), adam.state(&params).unwrap());
        let test = RangeTest::new(1e-3, 1e3, 30);
        for fails_at in [usize::MAX, 7] {
            let mut count = 0;
            let result = test.run(&mut params, &mut adam, |params, adam| {
                count += 1;
                params.set_seed(cotangent::Seed { seed: 1, run: count as u64 });
                let loss = step(params, adam).map_err(|error| error.to_string())?;
                if count == fails_at { Err("no batch".to_owned()) } else { Ok(loss) }
            });
            assert_eq!(result.is_err(), fails_at == 7);
            let after = (params.values().to_vec(), params.seed(), adam.state(&params).unwrap());
            assert!(before == after);
            assert_eq!(adam.learning_rate(), 0.05);
        }
    }

    #[test]
    fn bad_ranges_are_refused() {
        let run = |test: RangeTest, rate: f64| {
            test.run(&mut params(), &mut Sgd::new(rate), |params, sgd| step(params, sgd))
        };
        for (low, high) in [(0.0, 1.0), (1.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            let error = run(RangeTest::new(low, high, 10), 0.1).unwrap_err();
            assert!(matches!(error, RangeTestError::Range { .. }), "{error}");
        }
        let test = RangeTest::new(0.1, 1.0, 10);
        for test in [RangeTest::new(0.1, 1.0, 1), test.smoothing(1.0), test.stop_at(1.0)] {
            let error = run(test, 0.1).unwrap_err();
            assert!(matches!(error, RangeTestError::Options { .. }), "{error}");
        }
        let error = run(test, 0.0).unwrap_err();
        assert!(matches!(error, RangeTestError::Unscalable { rate: 0.0, step: 0 }), "{error}");
    }
}

mod random_search {
    use super::*;

    fn space() -> Space {
        Space::new()
            .log_uniform("rate", 1e-4, 1.0)
            .uniform("dropout", 0.0, 0.5)
            .integer("width", -2, 5)
            .choice("activation", ["relu", "tanh", "gelu"])
    }

    #[test]
    fn values_are_spread_as_their_range_says() {
        const TRIALS: usize = 4000;
        let score = |_: &cotangent::optim::search::Trial| Ok::<_, OptimError>(0.0);
        let trials = RandomSearch::minimize(TRIALS).run(&space(), score).unwrap();
        let mean = |of: &dyn Fn(&cotangent::optim::search::Trial) -> f64| {
            trials.outcomes.iter().map(|outcome| of(&outcome.trial)).sum::<f64>() / TRIALS as f64
        };
        // Four standard errors of each mean.
        let close = |mean: f64, expected: f64, deviation: f64| {
            let error = 4.0 * deviation / (TRIALS as f64).sqrt();
            assert!((mean - expected).abs() < error, "{mean} instead of {expected}");
        };
        close(mean(&|trial| trial.real("rate").log10()), -2.0, 4.0 / 12f64.sqrt());
        close(mean(&|trial| trial.real("dropout")), 0.25, 0.5 / 12f64.sqrt());
        for width in -2..=5 {
            let share = mean(&|trial| f64::from(trial.integer("width") == width));
            close(share, 1.0 / 8.0, (7.0f64 / 64.0).sqrt());
        }
        for name in ["relu", "tanh", "gelu"] {
            let share = mean(&|trial| f64::from(trial.choice("activation") == name));
            close(share, 1.0 / 3.0, (2.0f64 / 9.0).sqrt());
        }
        let mut seeds: Vec<u64> = trials.outcomes.iter().map(|o| o.trial.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), TRIALS);
    }

    /// Each trial trains: the result must not depend on who runs it, or when.
    fn train(trial: &cotangent::optim::search::Trial) -> Result<f64, OptimError> {
        let mut params: Params<f64> = Params::with_seed(trial.seed);
        params.root().parameter("w", Array::ones(4).into_dyn());
        let mut adam = Adam::new(trial.real("rate")).betas(trial.real("dropout"), 0.99);
        let losses: Result<Vec<f64>, _> = (0..20).map(|_| step(&mut params, &mut adam)).collect();
        losses.map(|losses| losses[19])
    }

    #[test]
    fn the_result_does_not_depend_on_the_number_of_threads() {
        let run = |trials: usize, threads: usize| {
            let search = RandomSearch::minimize(trials).seed(9);
            search.threads(NonZeroUsize::new(threads).unwrap()).run(&space(), train).unwrap()
        };
        let one = run(32, 1);
        assert_eq!(one.outcomes.len(), 32);
        assert_eq!(one.to_string(), run(32, 4).to_string());
        assert!(one.outcomes.is_sorted_by_key(|outcome| outcome.score()));
        // The first trials of a longer search are those of a shorter one.
        let [mut short, mut long] = [run(8, 3), run(32, 3)]
            .map(|t| t.outcomes.into_iter().map(|o| o.trial).collect::<Vec<_>>());
        short.sort_by_key(|trial| trial.number);
        long.sort_by_key(|trial| trial.number);
        assert_eq!(short, long[..8]);
        let other = RandomSearch::minimize(8).seed(10).run(&space(), train).unwrap();
        assert!(other.outcomes.iter().all(|o| o.trial.settings != long[o.trial.number].settings));
    }

    #[test]
    fn failed_trials_are_recorded_and_come_last() {
        let trials = RandomSearch::maximize(12)
            .run(&space(), |trial| match trial.number % 4 {
                0 => Err("no memory"),
                1 => Ok(f64::NAN),
                2 => panic!("trial {} is of a wrong shape", trial.number),
                _ => Ok(trial.number as f64),
            })
            .unwrap();
        let scores: Vec<_> = trials.outcomes.iter().map(|outcome| outcome.score()).collect();
        assert_eq!(scores[..3], [Some(11.0), Some(7.0), Some(3.0)]);
        assert_eq!(trials.best().unwrap().trial.number, 11);
        let failed: Vec<_> = trials.failed().collect();
        assert_eq!(failed.len(), 9);
        assert!(matches!(failed[0].result, Err(TrialError::Failed(_))));
        assert!(matches!(failed[1].result, Err(TrialError::NonFinite { .. })));
        let Err(TrialError::Panicked { message }) = &failed[2].result else { panic!("{trials}") };
        assert_eq!(message, "trial 2 is of a wrong shape");
        let table = trials.to_string();
        assert_eq!(table.lines().count(), 13);
        assert!(table.lines().nth(1).unwrap().starts_with("11     "), "{table}");
        assert!(
            table.contains("failed: no memory") && table.contains("the score is NaN"),
            "{table}"
        );
    }

    #[test]
    fn ranges_without_values_are_refused() {
        let refused = |space: Space| {
            let search = RandomSearch::minimize(1);
            search.run(&space, |_| Ok::<_, OptimError>(0.0)).unwrap_err()
        };
        for space in [
            Space::new().log_uniform("x", 0.0, 1.0),
            Space::new().log_uniform("x", 2.0, 1.0),
            Space::new().uniform("x", 0.0, f64::NAN),
            Space::new().uniform("x", -f64::MAX, f64::MAX),
            Space::new().integer("x", 2, 1),
            Space::new().choice("x", Vec::<String>::new()),
        ] {
            let error = refused(space);
            assert!(matches!(error, SearchError::Range { .. }), "{error}");
        }
        let twice = refused(Space::new().integer("x", 0, 1).integer("x", 0, 1));
        assert_eq!(twice, SearchError::Duplicate { name: "x".into() });
        let none = RandomSearch::minimize(0).run(&space(), |_| Ok::<_, OptimError>(0.0));
        assert_eq!(none.unwrap_err(), SearchError::NoTrials);
    }

    #[test]
    fn the_widest_ranges_have_values() {
        let space = Space::new().integer("i", i64::MIN, i64::MAX).uniform("x", 2.0, 2.0);
        let score = |trial: &cotangent::optim::search::Trial| {
            assert_eq!(trial.settings[1].1, Setting::Real(2.0));
            Ok::<_, OptimError>(trial.integer("i") as f64)
        };
        let trials = RandomSearch::minimize(100).run(&space, score).unwrap();
        assert_eq!(trials.failed().count(), 0);
        assert!(
            trials.outcomes[0].score() < Some(-8e18) && trials.outcomes[99].score() > Some(8e18)
        );
    }
}
