//! What runs together, told by the instructions of small programs.

use ndarray::ArrayD;

use crate::instruction::{Action, FusedInput};
use crate::{Feed, Program};
use graph::ops::Conv;
use graph::{Graph, Params, Seed, Span, Var, keep};

fn program(build: impl for<'g> Fn(&'g Graph) -> Vec<Var<'g>>) -> Program<f32> {
    let graph = Graph::new();
    let outputs = build(&graph);
    Program::compile(&outputs, &Params::with_seed(0))
}

/// The operations of each instruction.
fn instructions(program: &Program<f32>) -> Vec<String> {
    program.instructions().iter().map(|each| each.cost.operations.join(" ")).collect()
}

#[test]
fn an_elementwise_chain_with_broadcasting_is_one_loop() {
    let program = program(|g| {
        let (x, b) = (g.input("x", [5, 3]), g.input("b", [3]));
        vec![((x + b).tanh() * 2.0 - x).relu()]
    });
    assert_eq!(instructions(&program), ["add tanh mul sub relu"]);
}

#[test]
fn a_reduction_joins_the_loop_that_feeds_it_and_the_one_that_it_feeds() {
    let program = program(|g| {
        let x = g.input("x", [5, 3]);
        let softmax = x.softmax(-1);
        vec![softmax, softmax.sum_over(0)]
    });
    assert_eq!(instructions(&program), ["max sub exp sum div sum"]);
}

#[test]
fn a_loop_works_on_whole_columns_up_to_some_length() {
    let centred = |rows: usize| {
        let program = program(move |g| {
            let x = g.input("x", [rows, 3]);
            vec![x - x.mean_over(keep(0))]
        });
        instructions(&program)
    };
    assert_eq!(centred(1024), ["sum mul sub"]);
    assert_eq!(centred(1025), ["sum", "mul", "sub"]);
}

#[test]
fn rows_and_columns_are_not_whole_at_a_time() {
    let program = program(|g| {
        let x = g.input("x", [5, 3]);
        let softmax = x.softmax(-1);
        vec![softmax - softmax.mean_over(keep(0))]
    });
    assert_eq!(instructions(&program), ["max sub exp sum div sum", "mul", "sub"]);
}

#[test]
fn bias_and_activation_follow_a_product_in_one_loop_and_transposes_are_free() {
    let program = program(|g| {
        let [x, w] = ["x", "w"].map(|name| g.input(name, [4, 4]));
        let b = g.input("b", [4]);
        vec![(x.t().matmul(w.t()) + b).relu()]
    });
    assert_eq!(instructions(&program), ["matmul add relu"]);
}

#[test]
fn a_normalised_layer_is_one_loop_forward_and_one_backward() {
    let program = program(|g| {
        let (x, w) = (g.input("x", [64, 32]), g.input("w", [32, 48]));
        let (b, next) = (g.input("b", [48]), g.input("next", [48, 8]));
        let z = x.matmul(w) + b;
        let d = z - z.mean_over(keep(0));
        let y = (d / (d.square().mean_over(keep(0)) + 1e-5).sqrt()).relu();
        let loss = y.matmul(next).square().sum();
        vec![loss.grad(w), loss.grad(b)]
    });
    let loops = instructions(&program);
    let with_product = |text: &&String| text.starts_with("matmul ");
    assert_eq!(loops.iter().filter(with_product).count(), 3, "{loops:?}");
    let backward = &loops[2];
    assert!(backward.starts_with("matmul ") && backward.matches("sum").count() >= 2, "{loops:?}");
}

#[test]
fn a_layer_of_many_axes_is_one_loop_with_its_normalisation() {
    let layers = |shape: &'static [usize]| {
        let program = program(move |g| {
            let (x, w) = (g.input("x", shape), g.input("w", [48, 48]));
            let z = x + x.reshape([64, 48]).matmul(w).reshape_to(shape);
            let d = z - z.mean_over(keep(-1));
            vec![d * (d.square().mean_over(keep(-1)) + 1e-5).rsqrt()]
        });
        instructions(&program)
    };
    let rows = layers(&[64, 48]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(layers(&[2, 32, 48]), rows);
}

#[test]
fn statistics_of_channels_are_summed_in_the_loop_of_what_they_are_of() {
    let program = program(|g| {
        let (x, mean) = (g.input("x", [4, 16, 16, 8]), g.input("mean", [8]));
        let bordered = (x - mean).relu().pad([(0, 0), (1, 1), (1, 1), (0, 0)], 0.0);
        vec![bordered, (x - mean).square().sum_over([0, 1, 2])]
    });
    assert_eq!(instructions(&program), ["pad", "sub relu square sum"]);
}

#[test]
fn work_on_the_phases_of_a_convolution_is_done_on_the_array_that_they_make_up() {
    let program = program(|g| {
        let (x, w) = (g.input("x", [2, 8, 8, 8]), g.input("w", [8, 8, 3, 3]));
        let y = x.relu().conv2d(w, Conv::new().stride(2).padding(1));
        vec![y.square().sum().grad(x)]
    });
    let names = instructions(&program);
    assert_eq!(names.iter().filter(|name| name.contains("conv2d")).count(), 5, "{names:?}");
    assert_eq!(names.last().map(String::as_str), Some("select"), "{names:?}");
}

#[test]
fn weights_of_attention_are_one_loop_with_their_product_and_heads_are_put_where_they_belong() {
    let program = program(|g| {
        let x = g.input("x", [2, 8, 24]);
        let heads = |i: isize| {
            let part = x.slice_axis(2, 8 * i..8 * (i + 1));
            part.reshape([2, 8, 2, 4]).permute([0, 2, 1, 3])
        };
        let weights = (heads(0).matmul(heads(1).permute([0, 1, 3, 2])) * 0.5).softmax(-1);
        let y = weights.matmul(heads(2));
        vec![y.square().sum().grad(x)]
    });
    let loops = instructions(&program);
    assert!(loops.contains(&"matmul mul max sub exp sum div".into()), "{loops:?}");
    assert!(
        loops.iter().all(|text| !text.contains("reshape") && !text.contains("copy")),
        "{loops:?}"
    );
}

#[test]
fn gates_are_one_loop_with_their_products() {
    let program = program(|g| {
        let (h, c) = (g.input("h", [4, 16]), g.input("c", [4, 16]));
        let u = g.input("u", [16, 64]);
        let gates = h.matmul(u).split(&[16; 4], 1);
        let c = gates[1].sigmoid() * c + gates[0].sigmoid() * gates[2].tanh();
        vec![gates[3].sigmoid() * c.tanh(), c]
    });
    let loops = instructions(&program);
    assert_eq!((loops.len(), loops[0].matches("matmul").count()), (1, 4), "{loops:?}");
}

#[test]
fn a_product_that_is_read_elsewhere_too_is_stored_by_its_loop() {
    let program = program(|g| {
        let (x, w) = (g.input("x", [8, 4]), g.input("w", [4, 6]));
        let z = x.matmul(w);
        vec![z, z.relu()]
    });
    assert_eq!(instructions(&program), ["matmul relu"]);
}

#[test]
fn limits_that_cut_a_loop_are_told() {
    let told = |build: fn(Var<'_>) -> Vec<Var<'_>>| {
        let program = program(|g| build(g.input("x", [2000, 3])));
        program.explain().to_string()
    };
    let centred = told(|x| vec![x - x.mean_over(keep(0))]);
    assert!(centred.contains("1 by itself: columns of more than 1024 are reduced"), "{centred}");
    let both = told(|x| {
        let x = x.slice_axis(0, ..500);
        let centred = x - x.mean_over(keep(0));
        vec![centred.softmax(-1)]
    });
    assert!(both.contains("1 by itself: the loop before has either whole rows or whole"), "{both}");
    let many = told(|x| {
        let y = x.exp();
        (0..14).map(|i| (y + f64::from(i)).sin()).collect()
    });
    assert!(many.contains("1 by itself: the loop before stores 12 arrays, the most"), "{many}");
}

#[test]
fn axes_of_extent_1_change_nothing() {
    let of = |shape: &'static [usize]| {
        let program = program(move |g| {
            let x = g.input("x", shape);
            let y = x.tanh();
            vec![y, (y.square() - x).sum(), y / y.sum_over(keep(..))]
        });
        instructions(&program)
    };
    let plain = of(&[65]);
    for shape in [&[1, 65][..], &[65, 1], &[1, 65, 1], &[1, 1, 1, 65, 1], &[65, 1, 1, 1]] {
        assert_eq!(of(shape), plain, "{shape:?}");
    }
}

#[test]
fn views_move_nothing() {
    let program = program(|g| {
        let x = g.input("x", [2, 3, 4]);
        let viewed = x.permute([2, 0, 1]).reshape([4, 6]).t().unsqueeze(0);
        vec![viewed.squeeze(0).exp()]
    });
    assert_eq!(instructions(&program), ["exp"]);
}

#[test]
fn a_value_that_is_read_for_the_last_time_makes_room_in_place() {
    let program = program(|g| {
        let x = g.input("x", [64, 64]);
        vec![x.cumsum(0).exp().matmul(x)]
    });
    let Action::Fused { inputs, .. } = &program.instructions()[1].action else { panic!() };
    assert!(matches!(inputs[..], [FusedInput::Output(0)]), "{inputs:?}");
}

#[test]
fn values_that_do_not_live_at_one_time_share_memory() {
    let program = program(|g| {
        let x = g.input("x", [64, 64]);
        vec![(0..20).fold(x, |y, _| y.matmul(x))]
    });
    // The output, and two between which the products go back and forth; the input is the caller's.
    let arrays = program.arena_bytes() / (64 * 64 * size_of::<f32>());
    assert_eq!(arrays, 3);
}

#[test]
fn updated_slices_are_computed_as_parts_of_what_they_make_up() {
    let mut program = program(|g| {
        let (caches, row) = (g.input("caches", [2, 4, 3]), g.input("row", [1, 3]));
        let start = g.constant(ndarray::arr0(2));
        let of = |i| caches.index_axis(0, i).dynamic_update_slice(0, start, row * 2.0);
        vec![g.stack(&[of(0), of(1)], 0)]
    });
    let [ones, row] = [vec![2, 4, 3], vec![1, 3]].map(|shape| ArrayD::from_elem(shape, 1.0));
    // The first says where the slices begin.
    let update = "dynamic_update_slice";
    assert_eq!(instructions(&program), [update, "mul", update, update]);
    program.run(&Params::with_seed(0), &[(&ones).into(), (&row).into()], Seed::default()).unwrap();
    let twos = program.output(0).indexed_iter().filter(|(_, x)| **x == 2.0).count();
    assert!(program.output(0).iter().all(|&x| x == 1.0 || x == 2.0));
    assert_eq!((twos, program.output(0)[[1, 2, 0]]), (6, 2.0));
}

#[test]
fn elements_are_looked_up_within_loops() {
    let program = program(|g| {
        let (table, rows) = (g.input("table", [50, 8]), g.index_input("rows", [4, 40]));
        let mean = table.embedding(rows).mean_over(1);
        vec![mean, mean.square().sum().grad(table)]
    });
    let loops = instructions(&program);
    assert_eq!(loops.len(), 3, "{loops:?}");
    assert!(loops[1].starts_with("take sum mul") && loops[2] == "index_add", "{loops:?}");
}

#[test]
fn a_classifier_compares_positions_with_labels() {
    let program = program(|g| {
        let (x, labels) = (g.input("x", [6, 5]), g.index_input("labels", [6, 1]));
        let loss = -(x * 2.0).log_softmax(1).gather(1, labels).mean();
        vec![loss, loss.grad(x)]
    });
    let loops = instructions(&program);
    assert_eq!(loops[0], "gather");
    assert!(
        loops.len() <= 4 && loops.iter().all(|text| !text.contains("scatter_add ")),
        "{loops:?}"
    );
}

#[test]
fn a_result_in_another_order_is_computed_there() {
    let program = program(|g| {
        let (x, w) = (g.input("x", [2, 6, 6, 27]), g.input("w", [27, 5]));
        vec![x.matmul(w).permute([0, 3, 1, 2])]
    });
    let loops = instructions(&program);
    assert_eq!(loops, ["matmul"], "{loops:?}");
}

#[test]
fn parts_of_one_place_are_added_before_they_are_put_there() {
    let program = program(|g| {
        let x = g.input("x", [6, 4]);
        let some = [Span::from(..).step(2), (..).into()];
        let (a, b) = (x.slice(&some), x.slice(&some));
        let y = (a.tanh() * b.exp()).sum() + x.slice_axis(0, 1..2).sum();
        vec![y.grad(x)]
    });
    let loops = instructions(&program);
    // Zeros, the sum in one loop and in its place, and the part of the other slice in its own.
    let sum = "exp tanh mul_no_nan sech_squared mul add";
    assert_eq!(loops, ["embed", sum, "copy"], "{loops:?}");
}

#[test]
fn positions_of_extrema_are_an_instruction_of_their_own() {
    let program = program(|g| {
        let x = g.input("x", [6, 5]);
        let at = (x * 2.0).argmax(1);
        vec![x.gather(1, at.unsqueeze(1)), at.one_hot(5) * x]
    });
    assert_eq!(instructions(&program)[..2], ["mul", "argmax"]);
}

#[test]
fn plan_and_profile_fit_a_terminal_of_100_columns() {
    let mut program = program(|g| {
        let (x, w) = (g.input("x", [512, 2048]), g.input("w", [2048, 1024]));
        let y = x.matmul(w).tanh().softmax(-1).log_softmax(0);
        vec![y.variance_over(0, 0), y.sum().grad(w)]
    });
    let inputs = [ArrayD::zeros(vec![512, 2048]), ArrayD::zeros(vec![2048, 1024])];
    let views: Vec<Feed<'_, f32>> = inputs.iter().map(|x| Feed::Real(x.view())).collect();
    let profile = program.profile(&Params::with_seed(0), &views, 1).unwrap();
    for text in [program.explain().to_string(), profile.to_string()] {
        assert!(text.contains("matmul") && text.contains("golden.rs"), "{text}");
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 100, "{widest} columns:\n{text}");
    }
}
