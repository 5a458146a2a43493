//! A store whose parameters change: some are added or frozen, copies go their own ways, and steps see
//! parts of it.

use cotangent::Program;
use cotangent::Seed;
use cotangent::prelude::*;

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

/// An encoder with a normalisation, and a head.
struct Model {
    encoder: Linear,
    norm: BatchNorm,
    head: Linear,
}

impl Model {
    fn new(scope: &mut Scope<'_>) -> Self {
        let mut encoder = scope.child("encoder");
        let (linear, norm) = (
            Linear::new(3, 4).build(&mut encoder, "linear"),
            BatchNorm::new(4).build(&mut encoder, "norm"),
        );
        Self { encoder: linear, norm, head: Linear::new(4, 2).build(scope, "head") }
    }

    fn loss<'g>(&self, x: Var<'g>) -> Var<'g> {
        let hidden = self.norm.forward(self.encoder.forward(x), Mode::Train).tanh();
        self.head.forward(hidden).square().mean()
    }
}

fn batch() -> Array2<f32> {
    Array2::from_shape_fn((5, 3), |(i, j)| ((i * 7 + j * 3) % 11) as f32 - 4.0)
}

/// How many matrix products the last run of a step makes.
fn products(step: &Step<'_, f32, 1>) -> usize {
    let explained = step.program().explain().to_string();
    explained.lines().filter(|line| line.contains("matmul")).count()
}

/// The values of everything whose path begins so.
fn values(params: &Params, part: &str) -> Vec<f32> {
    let entries = params.entries().iter().filter(|param| param.path().starts_with(part));
    entries.flat_map(|param| params.values()[params.range(param.id())].to_vec()).collect()
}

mod frozen {
    use super::*;

    #[test]
    fn no_product_is_computed_for_a_frozen_part_and_it_stays_as_it_is() {
        let mut params = Params::seeded(0);
        let model = Model::new(&mut params.root());
        let mut step = Step::new(|_, [x]| model.loss(x));
        let mut adam = Adam::adamw(0.1);
        let mut train = |params: &mut Params| {
            step.run(params, (&batch(),)).unwrap();
            adam.step(params, step.gradients()).unwrap();
            (products(&step), step.gradients().values().len())
        };
        // Two products forward; backward, one for each weight, and one for the hidden values.
        let (of_encoder, of_head) = (3 * 4 + 4 + 4 + 4, 4 * 2 + 2);
        assert_eq!(train(&mut params), (5, of_encoder + of_head));
        params.freeze("encoder.*").unwrap();
        let before = params.clone();
        for _ in 0..3 {
            assert_eq!(train(&mut params), (3, of_head));
        }
        assert_eq!(values(&params, "encoder"), values(&before, "encoder"), "statistics, too");
        assert_ne!(values(&params, "head"), values(&before, "head"));
        params.unfreeze("encoder.*").unwrap();
        assert_eq!(train(&mut params), (5, of_encoder + of_head));
        let moved = values(&params, "encoder").into_iter().zip(values(&before, "encoder"));
        assert!(moved.filter(|(now, then)| now != then).count() > 12);
    }

    #[test]
    fn what_is_not_frozen_trains_as_if_the_rest_had_never_been_parameters() {
        let mut params = Params::seeded(0);
        let model = Model::new(&mut params.root());
        let mut whole = Step::new(|_, [x]| model.loss(x));
        whole.run(&mut params, (&batch(),)).unwrap();
        let head = params.id("head.weight").unwrap();
        let expected = whole.gradients().get(head).unwrap().to_owned();
        params.freeze("encoder.*").unwrap();
        whole.run(&mut params, (&batch(),)).unwrap();
        assert_eq!(whole.gradients().get(head).unwrap(), expected);
    }

    #[test]
    fn everything_frozen_is_a_loss_without_gradients() {
        let mut params = Params::seeded(0);
        let model = Model::new(&mut params.root());
        params.freeze("*").unwrap();
        let mut step = Step::new(|_, [x]| model.loss(x));
        let before = params.values().to_vec();
        assert!(step.run(&mut params, (&batch(),)).unwrap() > 0.0);
        assert!(step.gradients().values().is_empty());
        Adam::adamw(0.1).step(&mut params, step.gradients()).unwrap();
        assert_eq!(params.values(), before);
    }
}

mod in_turn {
    use super::*;

    /// A generator and a critic in one store, each with a step and an optimizer of its own.
    #[test]
    fn two_steps_with_two_optimizers_move_their_own_part() {
        let mut params = Params::seeded(0);
        let generator = Linear::new(3, 2).build(&mut params.root(), "generator");
        let critic = Linear::new(2, 1).build(&mut params.root(), "critic");
        let mut deceive =
            Step::new(|_, [x]| (critic.forward(generator.forward(x).tanh()) - 1.0).square().mean())
                .with_respect_to("generator.*");
        let mut judge =
            Step::new(|_, [x]| critic.forward(generator.forward(x).tanh()).square().mean())
                .with_respect_to("critic.*");
        let (mut of_generator, mut of_critic) = (Adam::new(0.1), Sgd::new(0.1).momentum(0.9));
        for _ in 0..3 {
            let before = params.clone();
            deceive.run(&mut params, (&batch(),)).unwrap();
            of_generator.step(&mut params, deceive.gradients()).unwrap();
            assert_ne!(values(&params, "generator"), values(&before, "generator"));
            assert_eq!(values(&params, "critic"), values(&before, "critic"));

            let before = params.clone();
            judge.run(&mut params, (&batch(),)).unwrap();
            of_critic.step(&mut params, judge.gradients()).unwrap();
            assert_eq!(values(&params, "generator"), values(&before, "generator"));
            assert_ne!(values(&params, "critic"), values(&before, "critic"));
        }
        // Forward two products; backward one for the weight. What reaches the generator is a multiplication by the critic's
        // one row, in the loop that works on it.
        assert_eq!((products(&deceive), products(&judge)), (3, 3));
    }

    #[test]
    fn a_part_without_parameters_to_train_is_an_error() {
        let mut params = Params::seeded(0);
        let model = Model::new(&mut params.root());
        let mut step = Step::new(|_, [x]| model.loss(x)).with_respect_to("haed.*");
        let told = step.run(&mut params, (&batch(),)).unwrap_err().to_string();
        assert!(told.contains("\"haed.*\", which matches no trainable parameter"), "{told}");
        let mut step = Step::new(|_, [x]| model.loss(x)).with_respect_to("head.*");
        step.run(&mut params, (&batch(),)).unwrap();
        params.freeze("head.*").unwrap();
        let told = step.run(&mut params, (&batch(),)).unwrap_err().to_string();
        assert!(told.contains("that is not frozen"), "{told}");
    }
}
