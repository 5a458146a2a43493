//! The mistakes a user makes: each is told with the rule, the values seen and the user's own line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cotangent::ndarray::arr0;
use cotangent::prelude::*;
use cotangent::transform::per_sample_grad;
use cotangent::{Evaluator, Program};

/// How a message names a line of this file.
fn here(line: u32) -> String {
    format!("{}:{line}:", file!())
}

/// The message of the panic that `mistake` makes.
fn message(mistake: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(mistake)).expect_err("a mistake panics");
    *panic.downcast::<String>().expect("a message")
}

#[test]
fn a_shape_mistake_in_an_operator_names_the_users_line() {
    let g = Graph::new();
    let (x, y) = (g.input("x", [64, 10]), g.input("y", [64, 9]));
    let line = line!() + 2;
    let told = message(|| {
        let _ = x + y;
    });
    assert!(told.contains("add: shapes [64, 10] and [64, 9] do not broadcast"), "{told}");
    assert!(told.contains("axis -1 has 10 and 9"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
}

#[test]
fn a_batch_of_another_width_than_the_model_names_the_layer_and_the_users_line() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(64, 10).build(&mut params.root(), "head");
    let line = line!() + 1;
    let mut predict = Function::new(|_, [x]| layer.forward(x));
    let x = Array2::<f32>::zeros((5, 63));
    let told = message(|| drop(predict.run(&params, (&x,)).map(|y| y.to_owned())));
    assert!(told.contains("head") && told.contains("64") && told.contains("[5, 63]"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
}

#[test]
fn a_width_that_does_not_fit_a_layer_is_told_with_what_to_do() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(64, 10).build(&mut params.root(), "head");
    let g = Graph::new();
    let cases: [(&[usize], &str); 6] = [
        (&[32, 63], "build the layer for 63 features"),
        (&[64, 63], "build the layer for 63 features"), // 64 samples, as it happens
        (&[32, 1, 8, 8], "made one by `Flatten`"),
        (&[32, 64, 50], "axis 1 has them, and is brought there by `x.swap_axes(1, -1)`"),
        (&[63], "build the layer for 63 features"),
        (&[], "a scalar has no axis"),
    ];
    for (shape, remedy) in cases {
        let line = here(line!() + 1);
        let told = message(|| drop(layer.forward(g.full(shape, 0.0)).shape()));
        assert!(told.contains("64 features in its last axis: ") && told.contains(remedy), "{told}");
        assert!(told.contains(&line), "{told}");
    }
}

#[test]
fn a_mask_that_does_not_fit_names_the_layer() {
    use cotangent::nn::{MultiHeadAttention, attention::Masks};
    let mut params = Params::seeded(0);
    let layer = MultiHeadAttention::new(4, 2).build(&mut params.root(), "heads");
    let g = Graph::new();
    let (x, seen) = (g.full([1, 3, 4], 0.0), g.full([2, 2], 1.0).gt(0.0));
    let line = here(line!() + 1);
    let told = message(|| _ = layer.forward_masked(x, Masks::none().mask(seen), Mode::Eval));
    let rule = "multi_head_attention \"heads\": a mask must be truth values or reals that broadcast to [1, 3, 3], \
                queries and keys last; or to [1, 2, 3, 3], of each head its own\n  inputs: boolean [2, 2]\n";
    assert!(told.starts_with(rule) && told.contains(&line), "{told}");
    let kept = g.full([5], 1.0).gt(0.0);
    let told = message(|| _ = layer.forward_masked(x, Masks::none().key_padding(kept), Mode::Eval));
    assert!(told.starts_with("multi_head_attention \"heads\": the padding of keys"), "{told}");
}

#[test]
fn images_whose_axes_stand_in_another_order_are_told_with_what_to_do() {
    let mut params = Params::seeded(0);
    let colours = Conv2d::new(3, 8, 3).build(&mut params.root(), "colours");
    let grey = Conv2d::new(1, 8, 3).build(&mut params.root(), "grey");
    let g = Graph::new();
    let cases: [(&Conv2d, &[usize], &str); 5] = [
        (&colours, &[32, 28, 28, 3], "brought there by `x.permute([0, 3, 1, 2])`"),
        (&colours, &[32, 4, 28, 28], "build the layer for 4 channels"),
        (&grey, &[32, 28, 28], "gets its axis by `x.unsqueeze(1)`"),
        (&grey, &[32, 784], "`x.reshape([-1, 1, …])`"),
        (&colours, &[32, 3, 1, 28, 28], "4 axes are wanted, and there are 5"),
    ];
    for (layer, shape, remedy) in cases {
        let line = here(line!() + 1);
        let told = message(|| drop(layer.forward(g.full(shape, 0.0)).shape()));
        assert!(told.contains("over which the kernel moves: ") && told.contains(remedy), "{told}");
        assert!(told.contains(&line), "{told}");
    }
    // What is advised is right.
    assert_eq!(colours.forward(g.full([32, 28, 28, 3], 0.0).permute([0, 3, 1, 2])).shape()[1], 8);
    let norm = BatchNorm::new(3).build(&mut params.root(), "norm");
    let told = message(|| drop(norm.forward(g.full([8, 5, 5, 3], 0.0), Mode::Train).shape()));
    assert!(told.contains("`x.permute([0, 3, 1, 2])`"), "{told}");
}

#[test]
fn what_does_not_fit_an_operation_is_told_with_what_to_do() {
    let g = Graph::new();
    let (x, y) = (g.full([32, 64], 0.0), g.full([10, 64], 0.0));
    let (index, truths) = (g.constant(array![0_i64, 1]), x.gt(0.0));
    let (image, kernels) = (g.full([1, 3, 8, 8], 0.0), g.full([4, 2, 3, 3], 0.0));
    type Mistake<'g> = Box<dyn FnOnce() -> Var<'g> + 'g>;
    let cases: [(Mistake<'_>, &str); 11] = [
        (Box::new(|| x.matmul(y)), "turned by `y.swap_axes(-1, -2)`"),
        (Box::new(|| x.matmul(g.full([32, 10], 0.0))), "turned by `x.swap_axes(-1, -2)`"),
        (Box::new(|| x.matmul(g.constant(2.0))), "`x * y`"),
        (Box::new(|| x + truths), "`x.to_real()` makes reals of it"),
        (Box::new(|| x.take(0, x)), "given as an array of integers"),
        (Box::new(|| x.select(x, x)), "as `x.gt(0.0)` does"),
        (
            Box::new(|| g.stack(&[x, y], 0)),
            "stack: all arrays must have one shape, and there are [32, 64] and [10, 64]",
        ),
        (Box::new(|| x.pad([(1, 1)], 0.0)), "each axis has its pair"),
        (
            Box::new(|| g.scan(&[x], &[], |x, _| (x.to_vec(), Vec::new())).0[0]),
            "are those of `fori`",
        ),
        (
            Box::new(|| image.conv2d(kernels, cotangent::ops::Conv::new())),
            "the images have 3 channels, and each kernel has 2",
        ),
        (
            Box::new(|| g.full([2, 3], 0.0).cross_entropy(index.unsqueeze(1))),
            "`labels.squeeze(-1)`",
        ),
    ];
    for (mistake, remedy) in cases {
        let told = message(|| drop(mistake().shape()));
        assert!(told.contains(remedy) && told.contains(file!()), "{told}");
    }
}

#[test]
fn a_column_of_predictions_beside_a_row_of_targets_is_told_with_what_to_do() {
    let g = Graph::new();
    let (column, row) = (g.full([8, 1], 0.0), g.full([8], 0.0));
    let told = message(|| drop(column.mse(row).shape()));
    assert!(
        told.contains("the prediction loses its axis of extent 1 by `x.squeeze(-1)`"),
        "{told}"
    );
    let told = message(|| drop(row.bce_with_logits(column).shape()));
    assert!(told.contains("the target loses its axis of extent 1 by `t.squeeze(-1)`"), "{told}");
}

#[test]
fn a_graph_in_which_a_mistake_was_caught_names_the_lines_that_follow() {
    let g = Graph::new();
    let x = g.full([2], 1.0);
    // The mistake is made by a reverse rule, which records on behalf of the line of its operation.
    let bent = (x * x).with_vjp(&[x], |_, _, v| vec![v.reshape([3])]).sum();
    let caught = message(|| drop(bent.grad(x).shape()));
    assert!(caught.contains("reshape"), "{caught}");
    let line = here(line!() + 1);
    let told = message(|| drop(x.reshape([5]).shape()));
    assert!(told.contains(&line), "{told}");
}

#[test]
fn a_pattern_that_matches_nothing_is_told_with_the_paths_there_are() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(2, 1).build(&mut params.root(), "head");
    let x = Array2::<f32>::ones((3, 2));
    let known = r#"there is "head.weight", "head.bias""#;
    let mut step = Step::new(|_, [x]| layer.forward(x).square().mean()).with_respect_to("haed.*");
    let told = step.run(&mut params, (&x,)).unwrap_err().to_string();
    assert!(told.contains("\"haed.*\"") && told.contains(known), "{told}");
    let mut step = Step::new(|_, [x]| layer.forward(x).square().mean());
    step.run(&mut params, (&x,)).unwrap();
    let mut adam = Adam::new(0.1).no_decay("haed.*");
    let told = adam.step(&mut params, step.gradients()).unwrap_err().to_string();
    assert!(told.contains("\"haed.*\"") && told.contains(known), "{told}");
}

#[test]
fn a_parameter_that_gets_no_gradient_is_told_with_what_stops_it() {
    let mut params = Params::seeded(0);
    let used = Linear::new(2, 3).bias(false).build(&mut params.root(), "used");
    let unused = Linear::new(2, 1).bias(false).build(&mut params.root(), "unused");
    let line = line!() + 3;
    let mut step = Step::new(|_, [x]| {
        let class = used.forward(x);
        class.argmax(-1).to_real().mean()
    });
    let x = Array2::<f32>::ones((3, 2));
    let told = step.run(&mut params, (&x,)).unwrap_err().to_string();
    let stopped = format!("argmax of {}:{line}:", file!());
    assert!(told.contains(&stopped) && told.contains("answers indices"), "{told}");
    assert!(told.contains("the output is not computed from it"), "{told}");
    drop(unused);
}

#[test]
fn inputs_that_are_missing_are_told_by_name() {
    let g = Graph::new();
    let (x, y) = (g.input("x", [2]), g.input("labels", [2]));
    let params = Params::<f32>::seeded(0);
    let mut program = Program::compile(&[x + y], &params);
    let x = array![1.0_f32, 2.0].into_dyn();
    let told = program.run(&params, &[x.view().into()], params.seed()).unwrap_err().to_string();
    assert_eq!(told, r#"the function takes 2 inputs ("x", "labels"), and was given 1"#);
}

#[test]
fn a_label_out_of_range_changes_nothing() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(4, 3).build(&mut params.root(), "head");
    let norm = BatchNorm::new(3).build(&mut params.root(), "norm");
    let line = line!() + 3;
    let mut step = Step::new(|_, [x, labels]| {
        let logits = norm.forward(layer.forward(x), Mode::Train);
        logits.cross_entropy(labels)
    });
    let before = params.values().to_vec();
    let x = Array2::from_shape_fn((3, 4), |(i, j)| (i * j) as f32);
    let told = step.run(&mut params, (&x, &array![0_i64, 3, 1])).unwrap_err().to_string();
    let rule = "cross_entropy: label 3 at position [1] is outside 0..3, the number of classes; a label counts from 0: \
                subtract 1 from those that count from 1, or let there be at least 4 classes\n  at ";
    assert!(told.starts_with(rule), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
    assert_eq!(params.values(), before, "a step that fails writes nothing");
}

#[test]
fn an_index_out_of_range_is_told_with_what_to_do() {
    let g = Graph::new();
    let (x, start) = (g.full([3, 3], 1.0), |i: i64| g.constant(arr0(i)));
    let index = |i: i64| g.constant(array![i]);
    let longer = "at least 6 long";
    let cases = [
        (x.gather(1, g.constant(array![[5_i64], [0], [0]])), longer),
        (x.embedding(index(5)), "at least 6 rows"),
        (x.take(0, index(5)), longer),
        (index(5).one_hot(3), "the number of classes; indices count from 0: subtract 1"),
        (x.dynamic_slice(0, start(2), 2), "a slice must end within its axis"),
        (x.embedding(index(-1)), "none is negative"),
        (x.take(0, index(-1)), "none is negative"),
        (index(-100).one_hot(3), "`ignore_index`"),
    ];
    for (y, remedy) in cases {
        let told = y.eval().unwrap_err().to_string();
        assert!(told.contains("is outside 0..") && told.contains(remedy), "{told}");
    }
}

#[test]
fn an_index_out_of_range_is_told_in_the_name_of_what_was_called() {
    use cotangent::nn::loss::{CrossEntropy, Ctc, MultiMargin, Nll};
    use cotangent::nn::{EmbeddingBag, RotaryEmbedding, SinusoidalPositions};
    let mut params = Params::seeded(0);
    let table = Embedding::new(4, 2).padding(0).build(&mut params.root(), "table");
    let bag = EmbeddingBag::new(4, 2).build(&mut params.root(), "bag");
    let g = Graph::new();
    let (x, labels) = (g.full([3, 4], -1.0), g.constant(array![0_i64, 9, 1]));
    let (log_p, lengths) = (g.full([5, 1, 4], -1.0), [5, 2].map(|n| g.constant(array![n])));
    let weighted = CrossEntropy::new().weights([1.0; 4]).ignore_index(0).label_smoothing(0.1);
    let (classes, rows) = ("the number of classes", "the number of rows");
    let (positions, segments) = ("the number of positions", "the number of segments");
    let cases = [
        (x.nll(labels), "nll: label 9 at position [1]", classes),
        (weighted.of(x, labels), "cross_entropy: label 9 at position [1]", classes),
        (Nll::new().weights([1.0; 4]).of(x, labels), "nll: label 9 at position [1]", classes),
        (MultiMargin::new().of(x, labels), "multi_margin: label 9 at position [1]", classes),
        (
            Ctc::new().of(log_p, g.constant(array![[1_i64, 9]]), lengths),
            "ctc: label 9 at position [0, 1]",
            classes,
        ),
        (table.forward(labels), "embedding: row 9 at position [1]", rows),
        (x.t().embedding(labels), "embedding: row 9 at position [1]", rows),
        (bag.forward(labels.unsqueeze(0)), "embedding_bag: row 9 at position [0, 1]", rows),
        (
            RotaryEmbedding::new(4).forward_at(x, labels, 6),
            "rotary_embedding: position 9 at position [1]",
            positions,
        ),
        (
            SinusoidalPositions::new(4).forward_at(x, labels, 6),
            "sinusoidal_positions: position 9 at position [1]",
            positions,
        ),
        (x.segment_sum(labels, 4), "segment_sum: segment 9 at position [1]", segments),
        (x.segment_mean(labels, 4), "segment_mean: segment 9 at position [1]", segments),
        (labels.bincount(4), "bincount: number 9 at position [1]", "the number of bins"),
        (labels.one_hot(4), "one_hot: index 9 at position [1]", classes),
    ];
    for (y, mistake, bound) in cases {
        let evaluator = Evaluator::<f32>::new(&g).params(&params);
        let evaluated = evaluator.run(&[y]).unwrap_err().to_string();
        assert!(evaluated.starts_with(mistake) && evaluated.contains(bound), "{evaluated}");
        let mut program = Program::<f32>::compile(&[y], &params);
        let compiled = program.run(&params, &[], Default::default()).unwrap_err().to_string();
        assert_eq!(compiled, evaluated);
    }
}

#[test]
fn data_that_is_not_finite_is_refused_before_anything_runs() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(2, 1).build(&mut params.root(), "head");
    let mut step = Step::new(|_, [x]| layer.forward(x).mean());
    for wrong in [f32::NAN, f32::INFINITY] {
        let told = step.run(&mut params, (&array![[1.0, 2.0], [0.5, wrong]],)).unwrap_err();
        assert!(matches!(&told, RunError::NotFinite { position, .. } if *position == [1, 1]));
        assert!(told.to_string().contains("every value must be finite"), "{told}");
    }
}

#[test]
fn a_parameter_without_a_path_to_the_loss_is_named() {
    let mut params = Params::seeded(0);
    let used = Linear::new(2, 1).build(&mut params.root(), "used");
    let built = here(line!() + 1);
    Linear::new(2, 1).build(&mut params.root(), "forgotten");
    let made = here(line!() + 1);
    let mut step = Step::new(|_, [x]| used.forward(x).mean());
    let told = step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap_err();
    assert!(
        matches!(&told, RunError::Unused { parameters, .. } if parameters.len() == 2),
        "{told}"
    );
    let told = told.to_string();
    for path in ["forgotten.weight", "forgotten.bias"] {
        assert!(told.contains(&format!("{path:?} of {built}")), "{told}");
    }
    for remedy in ["`params.freeze`", "`.zeros_for_unused()`"] {
        assert!(told.contains(&made) && told.contains(remedy), "{told}");
    }
    let frozen = params.clone();
    params.freeze("forgotten.*").unwrap();
    step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap();
    params = frozen;
    let mut step = Step::new(|_, [x]| used.forward(x).mean()).zeros_for_unused();
    step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap();
    assert_eq!(step.gradients().values()[3..], [0.0; 3]);
}

#[test]
fn a_gradient_of_something_that_is_no_scalar_says_what_to_do() {
    let g = Graph::new();
    let x = g.input("x", [3]);
    let told = message(|| {
        let _ = x.square().grad(x);
    });
    assert!(told.contains("only a real scalar has a gradient without a cotangent"), "{told}");
    assert!(told.contains("[3]") && told.contains(file!()), "{told}");
}

#[test]
fn parameters_of_another_store_are_refused_by_name_though_their_paths_are_the_same() {
    let (mut ours, mut theirs) = (Params::seeded(0), Params::seeded(0));
    let built = here(line!() + 1);
    let layer = Linear::new(2, 1).build(&mut ours.root(), "head");
    Linear::new(2, 1).build(&mut theirs.root(), "head");
    let x = array![[1.0_f32, 2.0]];
    let foreign = |told: RunError| {
        assert!(matches!(told, RunError::ForeignParameter { .. }), "{told}");
        let told = told.to_string();
        assert!(told.contains("\"head.weight\" of another store"), "{told}");
        assert!(told.contains(&format!("built at {built}")), "{told}");
    };
    for first in [true, false] {
        let mut step = Step::new(|_, [x]| layer.forward(x).mean());
        let mut predict = Function::new(|_, [x]| layer.forward(x));
        if first {
            step.run(&mut ours, (&x,)).unwrap();
            predict.run(&ours, (&x,)).unwrap();
        }
        foreign(step.run(&mut theirs, (&x,)).unwrap_err());
        foreign(predict.run(&theirs, (&x,)).unwrap_err());
    }
    let g = Graph::new();
    let outputs = [layer.forward(g.input("x", [1, 2]))];
    let told = message(|| drop(Program::compile(&outputs, &theirs)));
    assert!(told.contains("\"head.weight\" of another store") && told.contains(&built), "{told}");
}

#[test]
fn a_statistic_of_another_store_is_refused_before_it_is_written() {
    let (mut ours, mut theirs) = (Params::seeded(0), Params::seeded(0));
    let built = here(line!() + 1);
    let count = theirs.root().buffer("count", array![0.0].into_dyn());
    let mut step = Step::new(|g, [x]| {
        g.update(&count, x);
        x.sum()
    });
    let told = step.run(&mut ours, (&array![1.0_f32],)).unwrap_err().to_string();
    assert!(told.contains("\"count\" of another store") && told.contains(&built), "{told}");
}

#[test]
fn a_loss_that_is_no_scalar_names_its_line_and_that_of_the_step() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(2, 3).build(&mut params.root(), "head");
    let (made, recorded) = (here(line!() + 1), here(line!() + 3));
    let mut step = Step::new(|_, [x]| {
        let answer = layer.forward(x);
        answer.square()
    });
    let told = step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap_err().to_string();
    assert!(told.contains("only a real scalar has a gradient"), "{told}");
    assert!(told.contains(&format!("recorded at {recorded}")), "{told}");
    assert!(told.contains(&format!("\n  at {made}")), "{told}");
}

#[test]
fn a_reverse_rule_of_the_wrong_shape_names_the_line_of_its_operation() {
    let g = Graph::new();
    let x = g.constant(array![1.0, 2.0]);
    let line = here(line!() + 1);
    let y = x.square().with_vjp(&[x], |_, _, v| vec![v.sum()]);
    let told = message(|| _ = y.sum().grad(x));
    assert!(told.contains("the reverse rule of custom_vjp answered"), "{told}");
    assert!(told.contains("cotangent [] for input 1, which is [2]"), "{told}");
    assert!(told.contains(&line), "{told}");
    let line = here(line!() + 1);
    let f = cotangent::transform::custom_vjp(|_, x| x[0].exp(), |_, _, _| vec![]);
    let told = message(|| _ = f(&g, &[x]).sum().grad(x));
    assert!(told.contains("answered 0 cotangents for 1 inputs"), "{told}");
    assert!(told.contains(&line), "{told}");
}

#[test]
fn operations_that_are_refused_before_they_are_recorded_name_the_users_line() {
    let g = Graph::new();
    let x = g.full([2, 4], 1.0);
    let refused = |told: String, rule: &str, line: u32| {
        assert!(told.contains(rule) && told.contains("[2, 4]"), "{told}");
        assert!(told.contains(&format!("\n  at {}", here(line))), "{told}");
    };
    refused(
        message(|| _ = x.split(&[1, 2], 1)),
        "split: extents [1, 2] add up to 3, and axis 1 has 4",
        line!() - 2,
    );
    refused(message(|| _ = x.split(&[4], 2)), "split: axis 2 is outside -2..2", line!());
    refused(message(|| _ = x.squeeze(0)), "squeeze: axis 0 has extent 2, not 1", line!());
    refused(message(|| _ = x.permute([0, 5])), "permute: axis 5 is outside -2..2", line!());
    refused(message(|| _ = x.slice_axis(3, ..)), "slice_axis: axis 3 is outside", line!());
    refused(message(|| _ = x.reshape([3, -1])), "reshape: 8 elements do not fill", line!());
    refused(message(|| _ = x.clamp(1.0, 0.0)), "clamp: the lower bound 1 must not", line!());
}

#[test]
fn per_sample_gradients_at_a_bad_position_name_the_line_of_the_transform() {
    let g = Graph::new();
    let (w, x) = (g.full([2], 1.0), g.full([3, 2], 1.0));
    for (position, batched, rule) in [
        (2, vec![1], "there is no input 2 among 2"),
        (0, vec![7], "there is no input 7 among 2"),
        (1, vec![1], "input 1 is batched, and cannot be differentiated by sample"),
        (0, vec![], "the batched inputs must hold equally many samples"),
    ] {
        let line = here(line!() + 1);
        let each = per_sample_grad(|_, x| x[1].matmul(x[0]).sum(), position, &batched);
        let told = message(|| _ = each(&g, &[w, x]));
        assert!(told.starts_with(&format!("per_sample_grad: {rule}")), "{told}");
        assert!(told.contains(&line), "{told}");
    }
}

#[test]
fn a_report_that_nothing_or_several_values_are_named_for_says_which_there_are() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(2, 2).build(&mut params.root(), "head");
    let x = array![[1.0_f32, 2.0]];
    fn hidden<'g>(layer: &Linear, x: Var<'g>) -> Var<'g> {
        layer.forward(x).named("hidden")
    }
    let mut step = Step::new(|_, [x]| hidden(&layer, x).mean()).watch("hiden");
    let told = step.run(&mut params, (&x,)).unwrap_err().to_string();
    assert!(told.contains("named \"hiden\" to be reported, and none is"), "{told}");
    assert!(told.contains("\"hidden\"") && told.contains(file!()), "{told}");
    let mut twice = Step::new(|_, [x]| hidden(&layer, hidden(&layer, x)).mean()).watch("hidden");
    let told = twice.run(&mut params, (&x,)).unwrap_err().to_string();
    assert!(told.contains("and 2 are: "), "{told}");
    let mut step = Step::new(|_, [x]| hidden(&layer, x).mean());
    step.run(&mut params, (&x,)).unwrap();
    let told = message(|| drop(step.report("hidden")));
    assert!(told.contains("there is no report Name(\"hidden\")"), "{told}");
}

#[test]
fn a_singular_matrix_names_its_pivot_and_the_users_line() {
    let mut params = Params::seeded(0);
    let start = array![[1.0, 2.0], [2.0, 4.0]].into_dyn();
    let weight = params.root().parameter("w", start);
    let line = line!() + 1;
    let mut step = Step::new(|g, [x]| g.param(&weight).solve(x).sum());
    let told = step.run(&mut params, (&array![1.0_f32, 1.0],)).unwrap_err().to_string();
    assert!(told.starts_with("solve: the matrix is singular: pivot 1 of 0..2"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
}

#[test]
fn a_checked_step_stops_where_an_infinity_arises_and_writes_nothing() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(2, 2).build(&mut params.root(), "head");
    let norm = BatchNorm::new(2).build(&mut params.root(), "norm");
    let x = array![[1.0_f32, 2.0], [3.0, -1.0]];
    let mut finite = Step::new(|_, [x]| norm.forward(layer.forward(x), Mode::Train).square().sum());
    finite.run_checked(&mut params, (&x,)).unwrap();

    let before = params.values().to_vec();
    let line = line!() + 3;
    let mut step = Step::new(|_, [x]| {
        let y = norm.forward(layer.forward(x), Mode::Train);
        (1000.0 * y).exp().cumsum(0).sum()
    });
    let told = step.run_checked(&mut params, (&x,)).unwrap_err();
    let RunError::Arose { operations, pass, location, .. } = &told else { panic!("{told}") };
    assert!(operations.contains("exp") && *pass == "forward", "{told}");
    assert_eq!((location.file(), location.line()), (file!(), line), "{told}");
    assert_eq!(params.values(), before, "a step that fails writes nothing");

    let mut predict = Function::new(|_, [x]| layer.forward(x) / 0.0);
    let told = predict.run_checked(&params, (&x,)).unwrap_err();
    assert!(matches!(&told, RunError::Arose { value, .. } if !value.is_finite()), "{told}");
    let told = predict.run_checked(&params, (&array![[f32::NAN, 0.0]],)).unwrap_err();
    assert!(matches!(told, RunError::NotFinite { .. }), "{told}");
}
