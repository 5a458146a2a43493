//! Shapes that are cut, shared and copied in different ways.

use super::super::plan::{Plan, Read};
use super::super::strip::TileShape;
use super::*;

/// A matrix product, with every combination of transposed operands.
fn check_matrices<T: Scalar>(rows: usize, depth: usize, columns: usize, pools: &[Pool]) {
    for transposed in 0..8 {
        let mut case = Case::dense(&[], &[rows], &[columns], &[depth]);
        for k in (0..3).filter(|k| transposed >> k & 1 == 1) {
            let [_, [high], _] = case.groups(k) else { unreachable!("one axis of rows") };
            let high = *high as isize;
            case.places[k].strides = [vec![], vec![1], vec![high]];
        }
        case.check::<T>(pools);
    }
}

/// The windows of an image \[n, c, h, w\] times kernels \[o, c, k, k\], to \[n, o, …\] or \[n, …, o\].
pub(super) fn convolution(
    [n, channels, high, wide]: [usize; 4],
    [out, kernel]: [usize; 2],
    channels_last: bool,
) -> Case {
    let (i, j) = (high - kernel + 1, wide - kernel + 1);
    let mut case = Case::dense(&[], &[n, i, j], &[out], &[channels, kernel, kernel]);
    let s = |x: usize| x as isize;
    let image = [s(channels * high * wide), s(wide), 1];
    case.places[0].strides = [vec![], image.to_vec(), vec![s(high * wide), s(wide), 1]];
    let taps = channels * kernel * kernel;
    case.places[1].strides = [vec![], vec![s(kernel * kernel), s(kernel), 1], vec![s(taps)]];
    if !channels_last {
        case.places[2].strides = [vec![], vec![s(out * i * j), s(j), 1], vec![s(i * j)]];
    }
    case
}

/// The gradient of a convolution's kernels: windows, transposed, times the gradient of its result.
pub(super) fn kernel_gradient(image: [usize; 4], kernel: [usize; 2]) -> Case {
    let forward = convolution(image, kernel, false);
    let Case { rows, columns, depth, places: [a, _, c], .. } = forward;
    let mut case = Case::dense(&[], &depth, &columns, &rows);
    let [batch, rows, columns] = a.strides;
    case.places[0].strides = [batch, columns, rows];
    case.places[1].strides = c.strides;
    case
}

#[test]
fn a_row_times_a_matrix_is_shared_by_what_is_read() {
    let of = |rows: usize, depth: usize, columns: usize| {
        Case::dense(&[], &[rows], &[columns], &[depth]).contraction::<f32>().is_shared()
    };
    // As many multiply-adds, and another number of numbers.
    assert!(of(1, 512, 128) && !of(32, 32, 64));
    assert!(!of(1, 128, 128));
    for columns in [40, 130, 384] {
        check_matrices::<f32>(1, 700, columns, &pools());
        check_matrices::<f64>(1, 700, columns, &pools());
    }
}

#[test]
fn small_matrices_are_right() {
    let pools = [Pool::new(1)];
    for rows in [1, 2, 3, 5, 7, 9, 13, 25] {
        for depth in [1, 2, 9] {
            for columns in [1, 3, 4, 5, 8, 15, 16, 17, 33, 64, 70] {
                check_matrices::<f32>(rows, depth, columns, &pools);
                check_matrices::<f64>(rows, depth, columns, &pools);
            }
        }
    }
}

#[test]
fn few_rows_are_computed_by_flat_tiles_and_right() {
    let pools = pools();
    for rows in [1, 2] {
        for columns in [35, 47, 65, 130, 520] {
            // Of one block of the depth, and of several, of which sums are added where vectors overlap.
            check_matrices::<f32>(rows, 40, columns, &pools[..1]);
            check_matrices::<f32>(rows, 800, columns, &pools[..2]);
            check_matrices::<f64>(rows, 390, columns, &pools[..1]);
        }
    }
    let is_flat = |rows| {
        let case = Case::dense(&[], &[rows], &[512], &[128]);
        let work = case.contraction::<f32>().work.expect("there are results");
        Isa::available().all(|isa| work.plans(isa).run.tile.is_flat())
    };
    assert!(is_flat(1) && is_flat(2) && !is_flat(3));
}

/// Checks it with tiles of three half vectors, where a level has them, and without, whatever this processor prefers.
fn check_with_halves_and_without<T: Scalar>(case: &Case, pools: &[Pool]) {
    let of = |halves| {
        let mut contraction = case.contraction::<T>();
        let work = Arc::make_mut(contraction.work.as_mut().expect("there are results"));
        for plans in &mut work.plans {
            (plans.run.tile.halves, plans.rectangle.tile.halves) = (halves, halves);
        }
        contraction
    };
    let (with, without) = (of(true), of(false));
    case.check_of(&with, pools);
    case.check_of(&without, pools);
    let [a, b, _] = with.reach().map(|reach| Rng::new(7).uniform::<T>(reach));
    for isa in levels() {
        let run = |contraction| case.run(contraction, isa, &pools[0], &a, &b);
        assert!(run(&with) == run(&without), "{isa:?} {case:?}");
    }
}

#[test]
fn three_half_vectors_give_the_bits_of_two_whole_ones() {
    let pools = [Pool::new(1), Pool::new(2)];
    for rows in [6, 7, 8, 9, 11, 12, 23] {
        for columns in [8, 9, 12, 13, 17, 20, 24, 25, 56] {
            let matrix = Case::dense(&[], &[rows], &[columns], &[30]);
            check_with_halves_and_without::<f32>(&matrix, &pools);
            check_with_halves_and_without::<f64>(&matrix, &pools);
            let image = convolution([2, 3, 6, columns + 2], [rows, 3], false);
            check_with_halves_and_without::<f32>(&image, &pools);
            check_with_halves_and_without::<f64>(&image, &pools);
        }
    }
    // Of several blocks of the depth, of which sums are added where vectors overlap.
    check_with_halves_and_without::<f32>(&convolution([2, 60, 5, 23], [20, 3], false), &pools);
}

/// The windows of an image \[n, h, w, c\], of which all channels of a row lie side by side, times flipped kernels
/// \[c, o, k, k\]: the gradient of a convolution in its image.
fn image_gradient([n, high, wide, channels]: [usize; 4], [out, kernel]: [usize; 2]) -> Case {
    let (i, j) = (high - kernel + 1, wide - kernel + 1);
    let mut case = Case::dense(&[], &[n, i, j], &[out], &[kernel, kernel, channels]);
    let s = |x: usize| x as isize;
    let image = [s(high * wide * channels), s(wide * channels), s(channels)];
    case.places[0].strides = [vec![], image.to_vec(), vec![image[1], image[2], 1]];
    let taps = kernel * kernel;
    case.places[1].strides = [vec![], vec![-s(kernel), -1, s(out * taps)], vec![s(taps)]];
    case.places[1].offset = taps - 1;
    case
}

#[test]
fn columns_are_turned_run_by_run_and_right() {
    let pools = [Pool::new(1), Pool::new(2)];
    // Whole squares, such as overlap, and runs that blocks of the depth cut in two.
    for channels in [16, 20, 31, 64, 100] {
        for out in [1, 3, 6] {
            let case = image_gradient([2, 5, 9, channels], [out, 3]);
            let mut contraction = case.contraction::<f32>();
            let work = Arc::make_mut(contraction.work.as_mut().expect("there are results"));
            for plans in &mut work.plans {
                let tile = TileShape { vectors: 1, ..plans.run.tile }.of_squares();
                plans.run =
                    Plan { turned: true, tile, y: Read::Squares, direct: false, ..plans.run };
                plans.run.x_packed = false;
            }
            case.check_of(&contraction, &pools);
            case.check::<f64>(&pools[..1]);
        }
    }
    let lenet = image_gradient([64, 18, 18, 16], [6, 5]).contraction::<f32>();
    let work = lenet.work.expect("there are results");
    let y = |isa| (work.plans(isa).run.tile.lanes, work.plans(isa).run.y);
    assert!(Isa::available().map(y).all(|(lanes, y)| lanes < 16 || y == Read::Squares));
}

#[test]
fn matrices_of_many_blocks_are_right() {
    let pools = pools();
    check_matrices::<f32>(70, 300, 150, &pools);
    check_matrices::<f64>(40, 520, 67, &pools);
    check_matrices::<f32>(3, 257, 1500, &pools);
    check_matrices::<f32>(200, 390, 260, &pools);
    check_matrices::<f64>(30, 400, 800, &pools[..2]);
    check_matrices::<f32>(5, 9, 9000, &pools[..1]);
}

#[test]
fn convolutions_are_right() {
    let pools = pools();
    for last in [false, true] {
        convolution([5, 1, 32, 32], [6, 5], last).check::<f32>(&pools);
        convolution([7, 6, 14, 14], [16, 5], last).check::<f32>(&pools);
        convolution([3, 4, 9, 8], [20, 3], last).check::<f64>(&pools);
    }
}

#[test]
fn long_sums_are_right() {
    let pools = pools();
    kernel_gradient([13, 1, 32, 32], [6, 5]).check::<f32>(&pools);
    kernel_gradient([20, 6, 14, 14], [16, 5]).check::<f32>(&pools);
    Case::dense(&[], &[3], &[5], &[300_000]).check::<f32>(&pools[..2]);
    Case::dense(&[], &[64], &[64], &[5_000]).check::<f64>(&pools[..2]);
}

#[test]
fn batches_are_right() {
    let pools = pools();
    Case::dense(&[9, 2], &[16], &[33], &[40]).check::<f32>(&pools);
    Case::dense(&[64], &[64], &[64], &[32]).check::<f32>(&pools);
    for k in [0, 1] {
        let mut shared = Case::dense(&[3, 5], &[20], &[30], &[160]);
        shared.places[k].strides[0] = vec![0, 0];
        shared.check::<f32>(&pools);
    }
}

#[test]
fn an_empty_depth_gives_zeros_and_an_empty_c_nothing() {
    let case = Case::dense(&[2], &[3], &[4], &[0]);
    let contraction = case.contraction::<f32>();
    assert_eq!(contraction.reach(), [0, 0, 24]);
    let c = case.run(&contraction, Isa::best(), &Pool::new(2), &[], &[]);
    assert_eq!(c, [0.0; 24]);
    let mut to = [f32::NAN; 12];
    let b = BOrPacked::Slice(to.as_ptr());
    // SAFETY: the rectangle lies within C, and nothing is read.
    unsafe {
        contraction.rectangle(
            Isa::best(),
            b"".as_ptr().cast(),
            b,
            1,
            1..3,
            0..4,
            to.as_mut_ptr(),
            4,
        )
    };
    assert_eq!(to[..8], [0.0; 8]);
    for extents in [[0, 2, 2, 2], [2, 0, 2, 2], [2, 2, 0, 2]] {
        let [batch, rows, columns, depth] = extents.map(|extent| [extent]);
        let contraction = Case::dense(&batch, &rows, &columns, &depth).contraction::<f32>();
        assert_eq!((contraction.reach(), contraction.packed_b_len()), ([0; 3], 0));
        let nothing = || Source::Slice(&[]);
        contraction.run(Isa::best(), &Pool::new(1), nothing(), nothing(), &mut []);
        contraction.pack_b(Isa::best(), &Pool::new(1), &[], &mut []);
    }
}
