//! Every layout, of random groups of axes.

use super::*;

/// Random extents, each axis of every operand at a random place in its memory, forwards or backwards, with gaps; factors
/// may repeat and overlap.
fn random(rng: &mut Rng, most: usize) -> Case {
    let mut draw = |below: usize| rng.bits() as usize % below;
    let mut group =
        |axes: usize, most: usize| -> Vec<usize> { (0..axes).map(|_| 1 + draw(most)).collect() };
    let (batch, rows) = (group(1, 3), group(2, most));
    let (columns, depth) = (group(2, most), group(2, most));
    let mut case = Case { batch, rows, columns, depth, places: Default::default() };
    for k in 0..3 {
        let extents = case.groups(k).concat();
        let counts = case.groups(k).map(<[usize]>::len);
        let mut order: Vec<usize> = (0..extents.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, draw_of(rng, i + 1));
        }
        let mut strides = vec![0; extents.len()];
        let (mut stride, mut offset) = (1 + draw_of(rng, 6) / 5, draw_of(rng, 4));
        for axis in order {
            let backwards = draw_of(rng, 4) == 0;
            strides[axis] = if backwards { -(stride as isize) } else { stride as isize };
            if backwards {
                offset += (extents[axis] - 1) * stride;
            }
            stride = match (k < 2, draw_of(rng, 6)) {
                (true, 0) => stride,
                (_, 1) => stride * extents[axis] + draw_of(rng, 5),
                _ => stride * extents[axis],
            };
            if k < 2 && draw_of(rng, 12) == 0 && !backwards {
                strides[axis] = 0;
            }
        }
        let (first, rest) = strides.split_at(counts[0]);
        let (second, third) = rest.split_at(counts[1]);
        case.places[k] = Lies { offset, strides: [first, second, third].map(<[isize]>::to_vec) };
    }
    case
}

fn draw_of(rng: &mut Rng, below: usize) -> usize {
    rng.bits() as usize % below
}

#[test]
fn small_contractions_of_random_layouts_are_right() {
    let (mut rng, pools) = (Rng::new(7), pools());
    for _ in 0..300 {
        random(&mut rng, 5).check::<f32>(&pools[..2]);
        random(&mut rng, 9).check::<f64>(&pools[..1]);
    }
}

#[test]
fn larger_contractions_of_random_layouts_are_right() {
    let (mut rng, pools) = (Rng::new(8), pools());
    for _ in 0..12 {
        random(&mut rng, 24).check::<f32>(&pools);
    }
}

#[test]
fn what_lies_beside_c_in_its_slice_may_be_read() {
    // The left half of a matrix is the product of its right half and another matrix.
    let mut case = Case::dense(&[], &[9], &[8], &[8]);
    for k in [0, 2] {
        case.places[k].strides[1] = vec![16];
    }
    case.places[0].offset = 8;
    let contraction = case.contraction::<f32>();
    let b: Vec<f32> = Rng::new(1).uniform(64);
    let mut c: Vec<f32> = Rng::new(2).uniform(9 * 16);
    let a = c.clone();
    let pool = Pool::new(1);
    let isa = Isa::best();
    contraction.run(isa, &pool, Source::Output(0), Source::Slice(&b), &mut c);
    let mut expected = vec![0.0; 9 * 16];
    contraction.run(isa, &pool, Source::Slice(&a), Source::Slice(&b), &mut expected);
    for (i, (row, expected)) in c.chunks(16).zip(expected.chunks(16)).enumerate() {
        assert_eq!((&row[..8], &row[8..]), (&expected[..8], &a[i * 16 + 8..i * 16 + 16]));
    }
}

#[test]
#[should_panic(expected = "A cannot lie in C's slice: it may share places with C")]
fn what_c_covers_may_not_be_read() {
    let contraction = Case::dense(&[], &[4], &[4], &[4]).contraction::<f32>();
    let (pool, isa) = (Pool::new(1), Isa::best());
    contraction.run(isa, &pool, Source::Output(0), Source::Slice(&[0.0; 16]), &mut [0.0; 16]);
}
