use cotangent::data::{DataError, DataOrder, Dataset};
use ndarray::{Array1, Array2};

/// Ten rows; the label names the row.
fn ten() -> Dataset {
    let features = Array2::from_shape_fn((10, 2), |(row, _)| row as f32);
    Dataset::new(features, Array1::from_iter(0..10), 10).unwrap()
}

fn rows(batches: impl Iterator<Item = (Array2<f32>, Array1<i64>)>) -> Vec<i64> {
    batches.flat_map(|(_, labels)| labels).collect()
}

fn place(epochs: &cotangent::data::Epochs<'_>) -> (u64, usize) {
    (epochs.order().epoch, epochs.order().batch)
}

#[test]
fn unshuffled_they_repeat_the_data_set() {
    let data = ten();
    let mut epochs = data.epochs(4).unwrap();
    assert_eq!(rows(epochs.by_ref().take(4)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3]);
    assert_eq!(place(&epochs), (1, 1));
    let mut full = data.epochs(4).unwrap().drop_last().unwrap();
    assert_eq!(rows(full.by_ref().take(3)), [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]);
}

#[test]
fn each_epoch_has_every_row_once_in_an_order_of_its_own() {
    let data = ten();
    let mut epochs = data.epochs(4).unwrap().shuffled(3);
    let orders: Vec<Vec<i64>> = (0..4).map(|_| rows(epochs.by_ref().take(3))).collect();
    for (i, order) in orders.iter().enumerate() {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, Vec::from_iter(0..10));
        assert!(!orders[..i].contains(order), "epoch {i} repeats an order");
    }
    assert_eq!(epochs.epoch(), 4);
    let mut other = data.epochs(4).unwrap().shuffled(4);
    assert_ne!(rows(other.by_ref().take(3)), orders[0]);
}

#[test]
fn they_resume_at_every_place() {
    let data = ten();
    for drop_last in [false, true] {
        let make = || {
            let epochs = data.epochs(4).unwrap().shuffled(3);
            if drop_last { epochs.drop_last().unwrap() } else { epochs }
        };
        let mut whole = make();
        for _ in 0..8 {
            let text = serde_json::to_string(&whole.order()).unwrap();
            let mut resumed = make();
            resumed.resume(&serde_json::from_str::<DataOrder>(&text).unwrap()).unwrap();
            assert_eq!(resumed.order(), whole.order());
            assert_eq!(rows(resumed.take(7)), rows(whole.clone().take(7)));
            whole.next();
        }
    }
}

#[test]
fn another_order_is_refused_and_nothing_changes() {
    let data = ten();
    let mut epochs = data.epochs(4).unwrap().shuffled(3);
    epochs.next();
    let here = epochs.order();
    for saved in [
        DataOrder { rows: 11, ..here },
        DataOrder { batch_size: 5, ..here },
        DataOrder { seed: None, ..here },
        DataOrder { seed: Some(4), ..here },
        DataOrder { drop_last: true, ..here },
        DataOrder { batch: 3, ..here },
    ] {
        let error = epochs.resume(&saved).unwrap_err();
        assert!(matches!(error, DataError::OtherOrder { .. }), "{error}");
        assert_eq!(epochs.order(), here);
    }
}

#[test]
fn an_epoch_has_a_batch() {
    let data = ten();
    assert!(matches!(data.epochs(0), Err(DataError::BatchSizeZero)));
    let error = data.epochs(11).unwrap().drop_last().unwrap_err();
    assert!(error.to_string().contains("there are 10 rows in batches of 11"), "{error}");
    assert_eq!(data.epochs(11).unwrap().next().unwrap().1.len(), 10);
}
