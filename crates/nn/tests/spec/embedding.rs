//! Tables of vectors.

use cotangent::nn::{Bag, Embedding, EmbeddingBag};
use cotangent::{Evaluator, Function, Graph, Params, RunError};
use ndarray::{Array1, ArrayD, array};

use crate::{assert_says, value};

#[test]
fn rows_are_looked_up_and_their_gradients_add_up() {
    let mut params = Params::<f64>::with_seed(0);
    let table = Embedding::new(3, 2).build(&mut params.root(), "table");
    let rows = array![[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]].into_dyn();
    params.set(table.weight.id(), rows.view()).unwrap();
    let g = Graph::new();
    let found = table.forward(g.constant(array![2_i64, 0, 2]));
    let expected = array![[20.0, 21.0], [0.0, 1.0], [20.0, 21.0]].into_dyn();
    assert_eq!(value(&params, found), expected);
    let gradient = value(&params, found.sum().grad(g.param(&table.weight)));
    assert_eq!(gradient, array![[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]].into_dyn());
}

#[test]
fn an_index_outside_the_table_is_an_error_of_the_run() {
    let mut params = Params::<f64>::with_seed(0);
    let table = Embedding::new(3, 2).build(&mut params.root(), "table");
    let g = Graph::new();
    let found = table.forward(g.constant(array![3_i64]));
    let run = Evaluator::new(&g).params(&params).run(&[found]);
    assert!(matches!(run, Err(RunError::IndexOutOfRange { index: 3, extent: 3, .. })));
}

/// What a run of bags that begin so, of four indices, says.
fn told_of_offsets(offsets: Array1<i64>, line: &mut u32) -> String {
    let mut params = Params::seeded(0);
    let bag = EmbeddingBag::new(5, 2).bag(Bag::Sum).build(&mut params.root(), "bag");
    *line = line!() + 1;
    let mut bags = Function::new(|_, [index, offsets]| bag.forward_offsets(index, offsets));
    let compiled = bags.run(&params, (&array![0_i64, 1, 2, 3], &offsets)).unwrap_err().to_string();

    let g = Graph::new();
    let (index, offsets) = (g.constant(array![0_i64, 1, 2, 3]), g.constant(offsets));
    let bags = bag.forward_offsets(index, offsets);
    let plain = Evaluator::new(&g).params(&params).run(&[bags]).unwrap_err().to_string();
    assert_eq!(plain.split("\n").next(), compiled.split("\n").next());
    compiled
}

#[test]
fn offsets_begin_with_0_do_not_fall_and_stay_within_the_indices() {
    let rule = "the first offset is 0, none is less than the one before it, and none is above the number of indices";
    for (offsets, found, position, bounds) in [
        (array![1, 2], 1, 0, "0..=0"),
        (array![-1, 2], -1, 0, "0..=0"),
        (array![0, 3, 2], 2, 2, "3..=4"),
        (array![0, -1], -1, 1, "0..=4"),
        (array![0, 2, 5, 3], 5, 2, "2..=4"),
    ] {
        let mut line = 0;
        let told = told_of_offsets(offsets, &mut line);
        let told_rule = format!(
            "embedding_bag: offset {found} at position [{position}] must be in {bounds}: {rule}"
        );
        assert_says(&told, &[&told_rule, &format!("at {}:{line}:", file!())]);
    }
}

#[test]
fn bags_of_none_stand_anywhere() {
    let params = Params::<f64>::with_seed(0);
    let mut built = params.clone();
    let bag = EmbeddingBag::new(5, 2).bag(Bag::Sum).build(&mut built.root(), "bag");
    let g = Graph::new();
    let index = g.constant(array![0_i64, 1]);
    let bags = value(&built, bag.forward_offsets(index, g.constant(array![0_i64, 0, 1, 2, 2])));
    let empty = |bag: usize| bags.index_axis(ndarray::Axis(0), bag).iter().all(|&x| x == 0.0);
    assert_eq!([0, 1, 2, 3, 4].map(empty), [true, false, false, true, true]);
}

#[test]
fn of_no_indices_at_all_all_bags_answer_0() {
    for mode in [Bag::Sum, Bag::Mean, Bag::Max] {
        let mut params = Params::<f64>::with_seed(0);
        let bag = EmbeddingBag::new(5, 2).bag(mode).build(&mut params.root(), "bag");
        let g = Graph::new();
        let none = |shape: &[usize]| g.constant(ArrayD::<i64>::zeros(shape));
        let by_offsets = bag.forward_offsets(none(&[0]), none(&[3]));
        assert_eq!(value(&params, by_offsets), ArrayD::<f64>::zeros(vec![3, 2]), "{mode:?}");
        assert_eq!(
            value(&params, bag.forward(none(&[3, 0]))),
            ArrayD::<f64>::zeros(vec![3, 2]),
            "{mode:?}"
        );
    }
}
