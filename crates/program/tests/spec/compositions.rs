//! Operations that meet in ways that no test of one of them has: each was found by random graphs. Of
//! inputs, which are no constants, more is left to the program.

use cotangent::{Function, Graph, Params, Span, Step, Var};
use ndarray::array;

use crate::agree::{agree, derivatives, drawn};

/// What a matrix makes of its first column, which its gradient sums along rows, beside sums down the columns.
fn columns_of_columns<'g>(v: Var<'g>, how: usize) -> Var<'g> {
    let column = v.slice_axis(1, 0..1);
    let joined = match how {
        0 => v * column,
        1 => v + column,
        2 => v / column,
        3 => v.square() * column,
        _ => column.gt(0.1).select(v.square(), column),
    };
    (joined.sum_over(0) * v).sum() / v.shape().size() as f64
}

#[test]
fn a_loop_that_sums_columns_and_then_rows_of_what_these_sums_make() {
    for (rows, columns) in [(2, 2), (3, 5), (20, 7), (70, 64), (1000, 3)] {
        for how in 0..5 {
            let g = Graph::new();
            let v = drawn(&g, [rows, columns], how as u64) + 2.5;
            let context = format!("{rows} × {columns}, way {how}");
            agree(&context, &derivatives(&[columns_of_columns(v, how)], &[v]));
            let (x, w) = (drawn(&g, [rows, 4], 7), drawn(&g, [4, columns], 8));
            let loss = columns_of_columns(x.matmul(w) + 3.5, how);
            agree(&format!("a product, {context}"), &derivatives(&[loss], &[x, w]));
        }
    }
}

#[test]
fn the_same_by_steps_and_functions() {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![[0.3, -0.7], [0.2, 0.4]].into_dyn());
    let mut step = Step::new(|g, []| columns_of_columns(g.param(&w), 0));
    step.run(&mut params, ()).unwrap();
    let mut gradient = Function::new(|_, [v]| columns_of_columns(v, 4).grad(v));
    gradient.run(&params, (&array![[0.3_f32, -0.7], [0.2, 0.4]],)).unwrap();
}

#[test]
fn a_loop_of_no_steps_within_a_loop() {
    let g = Graph::new();
    let (c, x, none) = (g.input("c", [2]), g.input("x", [2]), g.input("none", [0]));
    for inner in 0..2 {
        let (last, _) = g.scan(&[c], &[x], |c, x| {
            let start = c[0] + x[0];
            let last = match inner {
                0 => g.fori(0, &[start], |_, c| vec![c[0].sin()]),
                _ => g.scan(&[start], &[none], |c, x| (vec![c[0].sin() * x[0]], vec![])).0,
            };
            (vec![last[0].tanh()], vec![])
        });
        agree(&format!("inner loop {inner}"), &derivatives(&[last[0]], &[c, x]));
    }
}

#[test]
fn loops_and_choices_over_arrays_without_elements() {
    let g = Graph::new();
    let (full, none) = (g.input("full", [2, 3]), g.input("none", [0, 2, 3]));
    // Its slices are apart, and there are no numbers.
    let slices = none.tanh().permute([1, 0, 2]);
    let (last, each) = g.scan(&[full.index_axis(0, 0)], &[slices], |c, x| {
        let sum = x[0].slice_axis(1, 1..3).sum_over(0);
        (vec![c[0].sin() + sum.sum()], vec![x[0].tanh() * c[0]])
    });
    let chosen = g.cond(
        last[0].sum().gt(0.0),
        || vec![none.sin() + full.sum(), full.sin()],
        || vec![none * 2.0, full * none.sum()],
    );
    let outputs = [last[0], each[0], chosen[0], chosen[1]];
    agree("nothing", &derivatives(&outputs, &[full, none]));
}

#[test]
fn a_number_in_another_order_of_no_axes() {
    let g = Graph::new();
    let x = drawn(&g, [3], 1);
    let none: [isize; 0] = [];
    agree("permuted", &derivatives(&[x.matmul(x.sin()).permute(none)], &[x]));
    let y = drawn(&g, [3, 2], 2);
    agree("summed", &derivatives(&[g.einsum("ij,ij->", &[y, y.tanh()])], &[y]));
}

#[test]
fn an_output_without_elements_lies_where_something_else_does() {
    let g = Graph::new();
    let (m, none) = (g.input("m", [4, 4]), g.input("none", [3, 0]));
    let kept = m.matmul(m);
    let empty = none.tanh();
    // The last to read it, while `kept` lies where it begins.
    let sum = empty.matmul(drawn(&g, [0, 2], 3)).sum();
    let other = m.tanh().matmul(m.tanh());
    agree("beside nothing", &[kept.matmul(other) + kept.square().matmul(other) + sum, empty]);
}

#[test]
fn parts_of_parts_of_an_array() {
    let g = Graph::new();
    let u = g.input("u", [4, 2]);
    let (x, y) = (u.sin(), u.cos());
    // One loop computes both, which take turns beyond the end of a row.
    let turns = g.concat(&[y, x], 1).flatten().pad([(1, 0)], 0.0);
    let diagonals = g.concat(&[y, x], 0).diag_at(1);
    // What goes on from one row to the next has no place among padded rows.
    let strided = g.input("strided", [2, 6]);
    let across = strided.flatten().slice_axis(0, Span { start: Some(1), stop: None, step: 4 });
    let padded = across.sin().sum().grad(strided).pad([(0, 0), (1, 2)], 0.0);
    let outputs = derivatives(&[turns, diagonals], &[u]);
    agree("parts", &outputs);
    agree("padded rows", &derivatives(&[padded], &[strided]));
}

#[test]
fn nothing_with_borders_is_a_part_of_an_array() {
    let g = Graph::new();
    let none = g.input("none", [0, 4, 4]);
    let bordered = (none.tanh() * none).pad([(2, 1), (0, 0), (2, 1)], 1.5);
    let joined = g.concat(&[bordered, bordered.sin()], 2);
    agree("joined", &derivatives(&[joined], &[none]));
    let rows = none.square().pad([(0, 0), (2, 2), (0, 1)], 0.0);
    agree("empty", &derivatives(&[g.concat(&[rows, rows.cos()], 1)], &[none]));
}
