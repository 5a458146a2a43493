//! A store whose parameters change: some are added, copies go their own ways.

use cotangent::graph::Seed;
use cotangent::prelude::*;
use cotangent::program::Program;

/// Two layers, of which the loss is the sum of what they answer.
fn two_layers() -> (Params, Linear, Linear) {
    let mut params = Params::seeded(0);
    let mut root = params.root();
    let first = Linear::new(2, 1).build(&mut root, "first");
    let second = Linear::new(2, 1).build(&mut root, "second");
    (params, first, second)
}

mod added {
    use super::*;

    #[test]
    fn a_step_answers_the_gradient_of_a_parameter_added_after_its_first_run() {
        let (mut params, first, _) = two_layers();
        let mut step = Step::new(|_, [x]| first.forward(x).square().mean()).zeros_for_unused();
        let (x, wide) = (array![[1.0_f32, 2.0]], array![[1.0_f32, 2.0], [0.5, -1.0]]);
        step.run(&mut params, (&x,)).unwrap();
        assert_eq!(step.gradients().values().len(), 6);
        let late = params.root().parameter("late", array![1.0, 1.0].into_dyn());
        for batch in [&x, &wide, &x] {
            step.run(&mut params, (batch,)).unwrap();
            assert!(step.gradients().check(&params).is_ok());
            assert_eq!(step.gradients().get(late.id()).unwrap(), array![0.0, 0.0].into_dyn());
        }
    }

    #[test]
    fn a_step_that_does_not_reach_an_added_parameter_names_it() {
        let (mut params, first, second) = two_layers();
        let mut step = Step::new(|_, [x]| (first.forward(x) + second.forward(x)).mean());
        let x = array![[1.0_f32, 2.0]];
        step.run(&mut params, (&x,)).unwrap();
        params.root().parameter("late", array![1.0].into_dyn());
        let told = step.run(&mut params, (&x,)).unwrap_err();
        assert!(matches!(told, RunError::Unused { .. }), "{told}");
        assert!(told.to_string().contains("\"late\""), "{told}");
    }

    #[test]
    fn running_statistics_are_found_where_an_added_parameter_moved_them() {
        let mut params = Params::seeded(0);
        let norm = BatchNorm::new(2).build(&mut params.root(), "norm");
        let mut step = Step::new(|_, [x]| norm.forward(x, Mode::Train).square().mean());
        step = step.zeros_for_unused();
        let x = array![[1.0_f32, 2.0], [3.0, -2.0]];
        step.run(&mut params, (&x,)).unwrap();
        let mut predict = Function::new(|_, [x]| norm.forward(x, Mode::Eval));
        let before = predict.run(&params, (&x,)).unwrap().to_owned();
        params.root().parameter("late", array![7.0].into_dyn());
        assert_eq!(predict.run(&params, (&x,)).unwrap(), before);
        step.run(&mut params, (&x,)).unwrap();
        assert_eq!(params.get(params.id("late").unwrap()).unwrap()[0], 7.0);
        assert_eq!(params.get(params.id("norm.num_batches_tracked").unwrap()).unwrap()[[]], 2.0);
    }

    #[test]
    fn a_program_goes_on_while_what_it_reads_stays_where_it_is() {
        let mut params = Params::seeded(0);
        let weight = params.root().parameter("weight", array![2.0].into_dyn());
        let running = params.root().buffer("running", array![3.0].into_dyn());
        let g = Graph::new();
        let (of_weight, of_running) = (g.param(&weight) * 1.5, g.param(&running) * 1.5);
        let mut reads_weight = Program::compile(&[of_weight], &params);
        let mut reads_buffer = Program::compile(&[of_running], &params);
        params.root().parameter("late", array![7.0].into_dyn());
        reads_weight.run(&params, &[], Seed::default()).unwrap();
        assert_eq!(reads_weight.output(0)[0], 3.0);
        let told = reads_buffer.run(&params, &[], Seed::default()).unwrap_err();
        assert_eq!(told, RunError::MovedParameter { path: "running".into() });
    }
}

mod copied {
    use super::*;

    #[test]
    fn a_step_runs_with_a_copy_of_the_weights() {
        let (mut params, first, second) = two_layers();
        let mut step = Step::new(|_, [x]| (first.forward(x) + second.forward(x)).mean());
        let mut adam = Adam::new(0.1);
        let x = array![[1.0_f32, 2.0]];
        let loss = step.run(&mut params, (&x,)).unwrap();
        let mut copy = params.clone();
        adam.step(&mut params, step.gradients()).unwrap();
        assert_eq!(step.run(&mut copy, (&x,)).unwrap(), loss);
        assert!(step.run(&mut params, (&x,)).unwrap() < loss);
        adam.step(&mut copy, step.gradients()).unwrap();
        assert_eq!(adam.steps(), 2);
    }

    #[test]
    fn what_was_built_in_one_is_unknown_to_the_other() {
        let (mut params, first, _) = two_layers();
        let mut copy = params.clone();
        let ours = Linear::new(2, 1).build(&mut params.root(), "head");
        Linear::new(2, 1).build(&mut copy.root(), "tail");
        let mut step = Step::new(|_, [x]| (first.forward(x) + ours.forward(x)).mean());
        step = step.zeros_for_unused();
        let x = array![[1.0_f32, 2.0]];
        let told = step.run(&mut copy, (&x,)).unwrap_err();
        assert!(matches!(told, RunError::ForeignParameter { .. }), "{told}");
        step.run(&mut params, (&x,)).unwrap();
        assert!(step.run(&mut copy, (&x,)).is_err(), "after it was compiled, too");
        assert!(step.gradients().check(&params).is_ok(), "those of the last run that succeeded");
    }
}
