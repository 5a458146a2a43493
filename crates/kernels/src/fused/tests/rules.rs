//! What the interface promises and what it refuses.

use super::{blank, noise, outputs, run};
use crate::contract::{Extents, Place};
use crate::elementwise::{Binary, Unary};
use crate::fused::{Factor, Fused, FusedBuilder, Layout, Source};
use crate::isa::Isa;
use crate::pool::Pool;
use crate::reduce::Reduce;
use crate::testing::levels;

#[test]
fn a_program_can_be_shared_by_threads() {
    fn shared<X: Send + Sync + Clone>() {}
    shared::<Fused<f32>>();
    shared::<Fused<f64>>();
}

#[test]
fn operations_on_constants_are_folded() {
    let mut b = FusedBuilder::<f64>::new(&[2, 2]);
    let (two, x) = (b.constant(2.0), b.input(&[2, 1]));
    let square = b.unary(Unary::Square, two);
    let three = b.constant(3.0);
    let larger = b.binary(Binary::Max, square, three);
    let chosen = b.select(two, larger, three);
    let y = b.binary(Binary::Mul, x, chosen);
    b.store(y);
    let text = format!("{:?}", b.clone().build());
    assert_eq!(text, "loop over 1 × 4 in blocks of 1 × 4\n  each block:\n    out0 = Mul in0 4.0\n");
    assert_eq!(outputs(&b, Isa::best(), &[&[1.0, 2.0, 3.0, 4.0]]), [[4.0, 8.0, 12.0, 16.0]]);
}

#[test]
fn what_is_the_same_in_all_rows_is_computed_once() {
    let mut b = FusedBuilder::<f32>::new(&[64, 128]);
    let (x, variance) = (b.input(&[128, 1]), b.input(&[0, 1]));
    let inverse = b.unary(Unary::Rsqrt, variance);
    let y = b.binary(Binary::Mul, x, inverse);
    let y = b.unary(Unary::Tanh, y);
    b.store(y);
    b.store_reduced(Reduce::Sum, y);
    let text = format!("{:?}", b.build());
    let (once, each) = text.split_once("each block").unwrap();
    assert!(once.contains("Rsqrt"), "{text}");
    assert!(each.contains("Mul in0 r192[each row]") && each.contains("out0 = Tanh"), "{text}");
    assert!(each.contains("Sum with out0"), "{text}");
}

#[test]
fn a_weighted_mean_is_rounded_as_written_and_keeps_nothing_on_the_way() {
    let mut b = FusedBuilder::<f32>::new(&[1, 192]);
    let [mean, x] = [(); 2].map(|()| b.input(&[0, 1]));
    let (keep, take) = (b.constant(0.9), b.constant(0.1));
    let square = b.unary(Unary::Square, x);
    let taken = b.binary(Binary::Mul, take, square);
    let kept = b.binary(Binary::Mul, keep, mean);
    let mean = b.binary(Binary::Add, kept, taken);
    b.store(mean);
    let text = format!("{:?}", b.clone().build());
    let chain = "    Square in1\n    Mul 0.1\n    out0 = AddProduct 0.9 in0\n";
    assert!(text.ends_with(chain), "{text}");

    let (mean, x) = (noise(192, 1), noise(192, 2));
    let expected = |(m, x): (&f32, &f32)| 0.9 * m + 0.1 * (x * x);
    let expected: Vec<f32> = mean.iter().zip(&x).map(expected).collect();
    for isa in levels() {
        assert_eq!(outputs(&b, isa, &[&mean, &x]), [&expected[..]], "{isa:?}");
    }
}

#[test]
fn what_is_computed_of_inputs_is_computed_where_it_is_read() {
    let mut b = FusedBuilder::<f32>::new(&[1, 128]);
    let [x, y] = [(); 2].map(|()| b.input(&[0, 1]));
    let root = b.unary(Unary::Sqrt, y);
    let double = b.binary(Binary::Add, x, x);
    let negative = b.unary(Unary::Neg, double);
    let z = b.binary(Binary::Div, negative, root);
    b.store(z);
    let text = format!("{:?}", b.build());
    let position = |what: &str| text.rfind(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(position("Neg") < position("Sqrt"), "{text}");
}

#[test]
fn a_choice_between_two_is_part_of_a_chain() {
    let mut b = FusedBuilder::<f32>::new(&[1, 128]);
    let x = b.input(&[0, 1]);
    let (zero, low, high) = (b.constant(0.0), b.constant(0.5), b.constant(1.25));
    let positive = b.binary(Binary::Gt, x, zero);
    let factor = b.select(positive, high, low);
    let y = b.binary(Binary::Mul, factor, x);
    b.store(y);
    let text = format!("{:?}", b.clone().build());
    assert!(text.ends_with("    Gt in0 0.0\n    Select 1.25 0.5\n    out0 = Mul in0\n"), "{text}");

    let x = noise(128, 3);
    let expected = x.iter().map(|&x: &f32| x * if x > 0.0 { 1.25 } else { 0.5 });
    let expected: Vec<f32> = expected.collect();
    for isa in levels() {
        assert_eq!(outputs(&b, isa, &[&x]), [&expected[..]], "{isa:?}");
    }
}

/// x·w + b of a row: the product is most of it.
fn row_of_a_layer(columns: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::<f32>::new(&[1, columns]);
    let bias = b.input(&[0, 1]);
    let extents = Extents { batch: &[], rows: &[1], columns: &[columns], depth: &[128] };
    let (of_x, of_w) = ([128], [columns as isize]);
    let dense =
        |rows| Factor { slot: None, place: Place { offset: 0, batch: &[], rows, columns: &[1] } };
    let product = b.product(extents, dense(&of_x), dense(&of_w));
    let y = b.binary(Binary::Add, product, bias);
    b.store(y);
    b
}

#[test]
fn a_row_is_cut_where_its_product_is_worth_a_thread() {
    let pieces = |columns: usize| row_of_a_layer(columns).build().pieces.1;
    assert_eq!((pieces(512), pieces(64)), (2, 1));
    assert!(row_of_a_layer(512).build().is_shared());
    // The first strip is narrower, and no whole number of units.
    for columns in [700, 3000] {
        let bias: Vec<f32> = (0..columns).map(|j| j as f32).collect();
        let (x, w) = (vec![0.5; 128], vec![1.0; 128 * columns]);
        let y = outputs(&row_of_a_layer(columns), Isa::best(), &[&bias, &x, &w]);
        assert!(y[0].iter().zip(&bias).all(|(y, bias)| *y == bias + 64.0), "{columns}");
    }
}

#[test]
fn rows_that_lie_apart_are_not_copied() {
    let mut b = FusedBuilder::<f32>::new(&[64, 128]);
    let x = b.input(&[512, 1]);
    let y = b.unary(Unary::Square, x);
    b.store(y);
    let z = b.unary(Unary::Tanh, y);
    b.put(0, Layout { slot: 0, offset: 0, strides: vec![512, 1] });
    b.store(z);
    let text = format!("{:?}", b.build());
    assert!(!text.contains("load") && text.contains("out1 = Tanh"), "{text}");
    // What is no link of a chain finds a copy.
    assert!(text.contains("Square in0") && text.contains("out0 = Same"), "{text}");
}

#[test]
fn values_without_an_output_are_not_computed() {
    let mut b = FusedBuilder::<f32>::new(&[10]);
    let (x, unused) = (b.input(&[1]), b.input(&[1]));
    b.unary(Unary::Exp, unused);
    b.store(x);
    assert!(!format!("{:?}", b.build()).contains("Exp"));
}

#[test]
fn an_input_read_after_its_output_is_written_still_counts_as_before() {
    let mut b = FusedBuilder::<f32>::new(&[256]);
    let x = b.input_in(0, 0, &[1]);
    let y = b.unary(Unary::Neg, x);
    b.store(y);
    let z = b.binary(Binary::Add, y, x);
    b.store(z);
    let fused = b.build();
    let mut before = blank(&fused);
    before[0] = noise(256, 1);
    let after = run(&fused, Isa::best(), &Pool::new(1), &[Source::Output(0)], &before);
    assert!(after[1].iter().all(|&z| z == 0.0));
    assert!(after[0].iter().zip(&before[0]).all(|(y, x)| *y == -x));
}

#[test]
fn results_of_long_rows_may_be_stored() {
    let columns = 3 * Fused::<f64>::MAX_ROW + 5;
    let mut b = FusedBuilder::<f64>::new(&[3, columns]);
    let x = b.input(&[columns as isize, 1]);
    let sum = b.reduce_last(Reduce::Sum, x);
    let scale = b.constant(0.5);
    let half = b.binary(Binary::Mul, sum, scale);
    b.store_rows(half);
    b.store_reduced_rows(Reduce::Max, half);
    let x: Vec<f64> = (0..3 * columns).map(|i| (i / columns) as f64 * 2.0).collect();
    let n = columns as f64;
    assert_eq!(outputs(&b, Isa::best(), &[&x]), [vec![0.0, n, 2.0 * n], vec![2.0 * n]]);
}

#[test]
fn reductions_of_nothing_are_identities() {
    for extents in [[0, 3], [3, 0], [0, 0]] {
        let mut b = FusedBuilder::<f64>::new(&extents);
        let x = b.input(&[extents[1] as isize, 1]);
        let largest = b.reduce_last(Reduce::Max, x);
        b.store(x);
        b.store_rows(largest);
        b.store_reduced(Reduce::Prod, x);
        b.store_reduced_rows(Reduce::Max, largest);
        let rows = vec![f64::NEG_INFINITY; extents[0]];
        let expected = [vec![], rows, vec![1.0; extents[1]], vec![f64::NEG_INFINITY]];
        assert_eq!(outputs(&b, Isa::best(), &[&[]]), expected);
    }
}

#[test]
#[should_panic(expected = "the rows are 2 of the axes before the last one of [3, 4]")]
fn rows_are_axes_before_the_last_one() {
    FusedBuilder::<f32>::with_row_axes(&[3, 4], 2);
}

#[test]
#[should_panic(expected = "may be stored, but not used along its row")]
fn results_of_long_rows_may_not_be_used_along_them() {
    let columns = Fused::<f32>::MAX_ROW + 1;
    let mut b = FusedBuilder::<f32>::new(&[2, columns]);
    let x = b.input(&[columns as isize, 1]);
    let sum = b.reduce_last(Reduce::Sum, x);
    let y = b.binary(Binary::Div, x, sum);
    b.store(y);
    b.build();
}

#[test]
#[should_panic(expected = "one number per row")]
fn a_value_that_varies_along_rows_has_not_one_number_per_row() {
    let mut b = FusedBuilder::<f32>::new(&[2, 3]);
    let x = b.input(&[3, 1]);
    b.store_rows(x);
}

#[test]
#[should_panic(expected = "one stride for each of 2 extents")]
fn an_input_needs_a_stride_for_each_extent() {
    FusedBuilder::<f32>::new(&[2, 3]).input(&[1]);
}

fn copy_of_six() -> Fused<f32> {
    let mut b = FusedBuilder::new(&[2, 3]);
    let x = b.input(&[1, 2]);
    b.store(x);
    b.build()
}

#[test]
#[should_panic(expected = "input 0 needs 6 elements, not 5")]
fn a_short_input_is_refused() {
    let fused = copy_of_six();
    run(&fused, Isa::best(), &Pool::new(1), &[Source::Slice(&[0.0; 5])], &blank(&fused));
}

#[test]
#[should_panic(expected = "output slice 0 needs 6 elements, not 5")]
fn a_short_output_is_refused() {
    run(&copy_of_six(), Isa::best(), &Pool::new(1), &[Source::Slice(&[0.0; 6])], &[vec![0.0; 5]]);
}

#[test]
#[should_panic(expected = "the output slice that input 0 stands in")]
fn an_input_stands_where_the_program_says() {
    let fused = copy_of_six();
    run(&fused, Isa::best(), &Pool::new(1), &[Source::Output(0)], &blank(&fused));
}

/// It is read, though no row has a column.
#[test]
#[should_panic(expected = "input 0 cannot stand in slice 0")]
fn a_number_cannot_stand_among_the_results_of_empty_rows() {
    let mut b = FusedBuilder::<f64>::new(&[7, 0]);
    let (number, row) = (b.input_in(0, 0, &[0, 0]), b.input(&[1, 0]));
    let sum = b.binary(Binary::Add, number, row);
    b.store_rows(sum);
    b.build();
}

#[test]
#[should_panic(expected = "input 0 cannot stand in slice 0")]
fn a_transposed_input_cannot_stand_in_an_output() {
    let mut b = FusedBuilder::<f32>::new(&[2, 3]);
    let x = b.input_in(0, 0, &[1, 2]);
    b.store(x);
    b.build();
}

#[test]
#[should_panic(expected = "output 1 is not known to lie apart from the others of slice 0")]
fn outputs_of_a_slice_lie_apart() {
    let mut b = FusedBuilder::<f32>::new(&[4]);
    let x = b.input(&[1]);
    for offset in [0, 3] {
        let output = b.store(x);
        b.put(output, Layout { slot: 0, offset, strides: vec![1] });
    }
    b.build();
}

#[test]
#[should_panic(expected = "two elements of output 0 go to one place")]
fn elements_of_an_output_lie_apart() {
    let mut b = FusedBuilder::<f32>::new(&[4, 4]);
    let x = b.input(&[4, 1]);
    let output = b.store(x);
    b.put(output, Layout { slot: 0, offset: 0, strides: vec![2, 1] });
    b.build();
}

#[test]
#[should_panic(expected = "is reduced over the rows, and so goes to neighbouring places")]
fn reductions_over_rows_are_dense() {
    let mut b = FusedBuilder::<f32>::new(&[4, 4]);
    let x = b.input(&[4, 1]);
    let output = b.store_reduced(Reduce::Sum, x);
    b.put(output, Layout { slot: 0, offset: 0, strides: vec![2] });
    b.build();
}

/// The four parts of a plane, interleaved in one slice, beside a part that is read and stays.
#[test]
fn outputs_go_to_interleaved_parts_of_a_slice() {
    let mut b = FusedBuilder::<f64>::new(&[20, 33]);
    let x = b.input_in(0, 40 * 66, &[33, 1]);
    for (k, offset) in [0, 1, 66, 67].into_iter().enumerate() {
        let factor = b.constant(k as f64 + 1.0);
        let y = b.binary(Binary::Mul, x, factor);
        let output = b.store(y);
        b.put(output, Layout { slot: 0, offset, strides: vec![132, 2] });
    }
    let fused = b.build();
    let mut before = blank(&fused);
    before[0].resize(40 * 66 + 660, 0.0);
    (0..660).for_each(|i| before[0][40 * 66 + i] = i as f64);
    let after = run(&fused, Isa::best(), &Pool::new(2), &[Source::Output(0)], &before);
    for (i, &y) in after[0][..40 * 66].iter().enumerate() {
        let (row, column) = (i / 66, i % 66);
        let factor = (row % 2 * 2 + column % 2 + 1) as f64;
        assert_eq!(y, (row / 2 * 33 + column / 2) as f64 * factor);
    }
    assert_eq!(after[0][40 * 66..], before[0][40 * 66..]);
}

#[test]
#[should_panic(expected = "scratch memory")]
fn short_scratch_memory_is_refused() {
    let (x, mut y) = ([0.0; 6], [0.0; 6]);
    copy_of_six().run(Isa::best(), &Pool::new(1), &[Source::Slice(&x)], &mut [&mut y], &mut []);
}
