//! Any extents and strides, up to the largest numbers: what a run accepts lies within its slices.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use super::reference::interpret;
use super::{blank, run};
use crate::elementwise::Binary;
use crate::fused::nest::MOST;
use crate::fused::{Along, Fused, FusedBuilder, Source};
use crate::isa::Isa;
use crate::pool::Pool;
use crate::reduce::Reduce;

/// The most positions that a test runs over.
const FEW: u128 = 1 << 14;

/// Small numbers, and those about which products and sums wrap around.
fn extent() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0usize..5,
        2 => prop::sample::select(vec![64, 100, 1 << 12, 4097]),
        1 => (20u32..64).prop_map(|bit| 1 << bit),
        1 => (0usize..4).prop_map(|below| usize::MAX - below),
        1 => prop::sample::select(vec![MOST - 1, MOST, MOST + 1, (1 << 61) + 1, usize::MAX / 3]),
    ]
}

/// Extents, and for each of three inputs a stride along each.
fn nests() -> impl Strategy<Value = (Vec<usize>, [usize; 3], Vec<Vec<isize>>)> {
    prop::collection::vec(extent(), 0..5).prop_flat_map(|extents| {
        let stride = (extent(), prop::bool::weighted(0.2));
        let signed = |(stride, down): (usize, bool)| {
            let stride = stride.min(isize::MAX as usize) as isize;
            if down { -stride } else { stride }
        };
        let strides = prop::collection::vec(stride.prop_map(signed), extents.len());
        let offset = prop_oneof![4 => Just(0_usize), 1 => extent()];
        (Just(extents), [offset.clone(), offset.clone(), offset], prop::collection::vec(strides, 3))
    })
}

/// The lowest and the highest element over the extents, exactly; an extent of 0 counting as 1.
fn ends(extents: &[usize], offset: usize, strides: &[isize]) -> (i128, i128) {
    let step = |(low, high): (i128, i128), (&extent, &stride): (&usize, &isize)| {
        let last = (extent.max(1) as i128 - 1).saturating_mul(stride as i128);
        (low.saturating_add(last.min(0)), high.saturating_add(last.max(0)))
    };
    extents.iter().zip(strides).fold((offset as i128, offset as i128), step)
}

/// Three inputs that meet; their sum is stored, reduced over the rows, and a number of each row is stored. Stored
/// outputs are left out where they would be too large to hand over, so that the largest nests can be looked at too.
fn builder(
    extents: &[usize],
    offsets: [usize; 3],
    strides: &[Vec<isize>],
    stored: bool,
) -> FusedBuilder<f64> {
    let mut b = FusedBuilder::new(extents);
    let inputs: Vec<_> =
        offsets.iter().zip(strides).map(|(&offset, strides)| b.input_at(offset, strides)).collect();
    let sum = b.binary(Binary::Add, inputs[0], inputs[1]);
    let largest = b.reduce_last(Reduce::Max, inputs[2]);
    b.store_reduced(Reduce::Sum, sum);
    b.store_reduced_rows(Reduce::Max, largest);
    if stored {
        b.store(sum);
        b.store_rows(largest);
    }
    b
}

fn accepts(fused: &Fused<f64>, lens: [usize; 3]) -> bool {
    let memory = vec![0.0; *lens.iter().max().unwrap()];
    let inputs = lens.map(|len| Source::Slice(&memory[..len]));
    let mut outputs = blank(fused);
    let outputs: Vec<&mut [f64]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    catch_unwind(AssertUnwindSafe(|| {
        fused.check(&inputs, &outputs, fused.scratch_len(2), 2);
    }))
    .is_ok()
}

/// Builds the nest if it can be, and runs it if it is small.
fn check(extents: &[usize], offsets: [usize; 3], strides: &[Vec<isize>], len: usize) {
    let positions = extents.iter().map(|&extent| extent.max(1) as u128);
    let positions = positions.fold(1, u128::saturating_mul);
    let within = |(low, high): (i128, i128)| low >= 0 && high < MOST as i128;
    let of_inputs = || offsets.iter().zip(strides);
    let addressable = positions <= MOST as u128
        && of_inputs().all(|(&offset, strides)| within(ends(extents, offset, strides)));
    let stored = positions <= FEW;
    let built = catch_unwind(|| builder(extents, offsets, strides, stored).build());
    assert_eq!(built.is_ok(), addressable, "{extents:?} {strides:?}");
    let Ok(fused) = built else { return };
    assert!(fused.scratch_len(2) >= fused.scratch_len(1));
    if fused.slots.iter().any(|&len| len as u128 > FEW) {
        return;
    }
    // An input whose elements are not visited may be empty.
    let visited = |strides: &[isize]| {
        extents.iter().zip(strides).all(|(&extent, &stride)| extent > 0 || stride == 0)
    };
    let needed = |(&offset, strides): (&usize, &Vec<isize>)| {
        if visited(strides) { ends(extents, offset, strides).1 + 1 } else { 0 }
    };
    let fits = of_inputs().all(|input| needed(input) <= len as i128);
    assert_eq!(accepts(&fused, [len; 3]), fits, "{extents:?} {strides:?} of {len}");
    if fits && positions <= FEW && extents.iter().map(|&e| e as u128).product::<u128>() > 0 {
        let values: Vec<f64> = (0..len).map(|i| (i % 7) as f64).collect();
        let inputs = [values.as_slice(); 3].map(Source::Slice);
        let (expected, _) = interpret(
            &builder(extents, offsets, strides, stored).parts,
            &[(); 3].map(|()| values.clone()),
        );
        assert_eq!(run(&fused, Isa::best(), &Pool::new(1), &inputs, &blank(&fused)), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_reads_and_writes_within_its_slices(
        (extents, offsets, strides) in nests(),
        len in prop_oneof![0usize..40, Just(5000usize)],
    ) {
        check(&extents, offsets, &strides, len);
    }
}

#[test]
fn extents_whose_product_wraps_are_refused() {
    // 2⁶¹ + 1 rows of 8 are 8 positions modulo 2⁶⁴.
    check(&[(1 << 61) + 1, 8], [0; 3], &[vec![0, 1], vec![8, 1], vec![0, 1]], 8);
    check(&[1 << 33, 1 << 32, 3], [0; 3], &[vec![0, 0, 1], vec![0, 0, 0], vec![0, 3, 1]], 3);
    check(&[0, usize::MAX], [0; 3], &[vec![1, 1], vec![0, 1], vec![0, 0]], 8);
    check(&[0, 4], [0; 3], &[vec![isize::MAX, 1], vec![4, 1], vec![0, 1]], 8);
}

/// A table of three rows, whose index is not what it should be.
#[test]
fn an_index_outside_of_its_table_is_refused() {
    let gathered = |index: i64, along_row: isize| {
        let mut b = FusedBuilder::<f64>::new(&[2, 2]);
        let table = b.table(None, 0, &[0, 1], Along { extent: 3, stride: 2 });
        let index_input = b.index(0, &[1, along_row]);
        let row = b.gather(table, index_input);
        b.store(row);
        let fused = b.build();
        let (x, indices) = ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [2, index, 0]);
        let inputs = [Source::Slice(&x), Source::Index(&indices)];
        catch_unwind(AssertUnwindSafe(|| {
            run(&fused, Isa::best(), &Pool::new(1), &inputs, &blank(&fused)).remove(0)
        }))
    };
    assert_eq!(gathered(1, 0).unwrap(), [4.0, 5.0, 2.0, 3.0]);
    assert_eq!(gathered(1, 1).unwrap(), [4.0, 3.0, 2.0, 1.0]);
    for wrong in [3, -1, i64::MAX, i64::MIN] {
        assert!(gathered(wrong, 0).is_err() && gathered(wrong, 1).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_is_read_within_its_slice(
        (extents, offsets, strides) in nests(),
        (extent, stride) in (extent(), -5isize..6),
        len in prop_oneof![0usize..40, Just(5000usize)],
    ) {
        let along = Along { extent, stride };
        let of_table = [&extents[..], &[extent]].concat();
        let strides_of_table = [&strides[0][..], &[stride]].concat();
        let builder = || {
            let mut b = FusedBuilder::<f64>::new(&extents);
            let table = b.table(None, offsets[0], &strides[0], along);
            let index = b.index(offsets[1], &strides[1]);
            let (row, mask) = (b.gather(table, index), b.is_at(index, offsets[2], &strides[2]));
            let sum = b.binary(Binary::Add, row, mask);
            b.store_reduced(Reduce::Sum, sum);
            b
        };
        let positions = extents.iter().fold(1, |n: u128, &e| n.saturating_mul(e.max(1) as u128));
        let within = |(low, high): (i128, i128)| low >= 0 && high < MOST as i128;
        let addressable = positions <= MOST as u128
            && within(ends(&extents, offsets[0], &strides[0]))
            && isize::try_from(extent.saturating_sub(1)).is_ok()
            && within(ends(&of_table, offsets[0], &strides_of_table))
            && (1..3).all(|i| within(ends(&extents, offsets[i], &strides[i])));
        let built = catch_unwind(|| builder().build());
        prop_assert_eq!(built.is_ok(), addressable);
        let Ok(fused) = built else { return Ok(()) };
        if fused.slots.iter().any(|&len| len as u128 > FEW) || positions > FEW {
            return Ok(());
        }
        let visited = |strides: &[isize]| {
            extents.iter().zip(strides).all(|(&extent, &stride)| extent > 0 || stride == 0)
        };
        let table = if visited(&strides[0]) && extent > 0 {
            ends(&of_table, offsets[0], &strides_of_table).1 + 1
        } else {
            0
        };
        let index = if visited(&strides[1]) { ends(&extents, offsets[1], &strides[1]).1 + 1 } else { 0 };
        let fits = table.max(index) <= len as i128;
        let values: Vec<f64> = (0..len).map(|i| (i % 7) as f64).collect();
        let indices: Vec<i64> = (0..len).map(|i| (i * 5 % extent.clamp(1, 1000)) as i64).collect();
        let inputs = [Source::Slice(&values), Source::Index(&indices)];
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            run(&fused, Isa::best(), &Pool::new(1), &inputs, &blank(&fused))
        }));
        let empty = extents.contains(&0);
        prop_assert!(outcome.is_ok() == (fits && extent > 0) || empty && outcome.is_ok() == fits);
        if let (Ok(outcome), false) = (outcome, empty) {
            let as_numbers = indices.iter().map(|&i| i as f64).collect();
            prop_assert_eq!(outcome, interpret(&builder().parts, &[values, as_numbers]).0);
        }
    }
}
