//! How batches are shared.

use std::collections::BTreeMap;

use cotangent_mpi::World;

use crate::support::*;

/// The sums of features of each row that a rank is given in two epochs.
fn seen(world: World) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let data = data();
    let batches = data.epochs(32)?.shuffled(5).part(world.rank(), world.size());
    let rows = |x: cotangent::ndarray::Array2<f32>| {
        x.outer_iter().map(|row| f64::from(row.sum())).collect::<Vec<_>>()
    };
    Ok(batches.take(10).flat_map(|(x, _)| rows(x)).collect())
}

#[test]
fn each_row_of_an_epoch_is_given_to_one_rank() {
    let test = "batches::each_row_of_an_epoch_is_given_to_one_rank";
    if let Some(folder) = folder() {
        return rank(|world| {
            let mine = seen(world)?;
            // A row is told by the sum of its features; how often each sum comes is added up over the ranks.
            let mut counts = BTreeMap::from_iter((0..1024).map(|sum| (sum, 0.0)));
            mine.iter()
                .for_each(|&sum| *counts.get_mut(&(sum as usize)).expect("at most 64·16") += 1.0);
            let mut counts: Vec<f64> = counts.into_values().collect();
            world.sum(&mut counts);
            assert_eq!(counts.iter().sum::<f64>(), 300.0);
            if world.is_root() {
                let bytes: Vec<u8> =
                    counts.iter().flat_map(|x| x.to_bits().to_le_bytes()).collect();
                std::fs::write(folder.join(format!("{}.bits", world.size())), bytes)?;
            }
            Ok(())
        });
    }
    let [one, two, four] = on_1_2_4(test);
    assert_eq!(two, one);
    assert_eq!(four, one);
}
