//! Uses of the operations beyond the examples of the registry: generated shapes, broadcasts,
//! attributes and repeated inputs.

mod algebra;

use cotangent::ops::{Example, Sample};
use cotangent::{Axes, Seed, Shape, Span, Var, keep};

type Map = for<'g> fn(Var<'g>) -> Var<'g>;
type Zip = for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>;
type Fold = for<'g> fn(Var<'g>, Axes) -> Var<'g>;

/// Ranks 0 to 4, with axes of size 0 and 1.
fn shapes() -> Vec<Shape> {
    vec![
        [].into(),
        [1].into(),
        [0].into(),
        [3].into(),
        [2, 2].into(),
        [3, 0].into(),
        [1, 2, 3].into(),
        [2, 1, 2, 1].into(),
        [2, 2, 1, 2].into(),
    ]
}

/// Pairs of shapes that broadcast.
fn pairs() -> Vec<(Shape, Shape)> {
    vec![
        ([].into(), [3].into()),
        ([2, 2].into(), [2].into()),
        ([2, 1].into(), [1, 3].into()),
        ([1].into(), [1, 1].into()),
        ([0, 2].into(), [2].into()),
        ([2, 1, 2].into(), [3, 1].into()),
        ([2, 1, 1, 2].into(), [2, 2, 1].into()),
    ]
}

/// All generated cases.
pub fn generated() -> Vec<Example> {
    [
        maps(),
        zips(),
        folds(),
        matrices(),
        parts(),
        indexed(),
        algebra::factorisations(),
        algebra::windows(),
    ]
    .concat()
}

fn maps() -> Vec<Example> {
    let functions: [(&str, f64, f64, Map); 30] = [
        ("neg", -2.0, 2.0, |x| -x),
        ("recip", 0.5, 2.0, |x| x.recip()),
        ("square", -2.0, 2.0, |x| x.square()),
        ("exp", -2.0, 2.0, |x| x.exp()),
        ("expm1", -1.0, 1.0, |x| x.expm1()),
        ("ln", 0.3, 3.0, |x| x.ln()),
        ("log1p", -0.5, 3.0, |x| x.log1p()),
        ("sqrt", 0.3, 3.0, |x| x.sqrt()),
        ("rsqrt", 0.3, 3.0, |x| x.rsqrt()),
        ("powf", 0.3, 2.0, |x| x.powf(2.7)),
        ("powf", 0.3, 2.0, |x| x.powf(-1.3)),
        ("powf", -2.0, 2.0, |x| x.powf(3.0)),
        ("powf", -2.0, 2.0, |x| x.powf(0.0) * x),
        ("sin", -3.0, 3.0, |x| x.sin()),
        ("cos", -3.0, 3.0, |x| x.cos()),
        ("tanh", -2.0, 2.0, |x| x.tanh()),
        ("sigmoid", -4.0, 4.0, |x| x.sigmoid()),
        ("softplus", -4.0, 4.0, |x| x.softplus()),
        ("erf", -2.0, 2.0, |x| x.erf()),
        ("gelu", -2.0, 2.0, |x| x.gelu()),
        ("gelu_tanh", -2.0, 2.0, |x| x.gelu_tanh()),
        ("silu", -3.0, 3.0, |x| x.silu()),
        ("relu", 0.3, 2.0, |x| x.relu() * x),
        ("leaky_relu", -2.0, -0.3, |x| x.leaky_relu(0.2).square()),
        ("elu", -2.0, -0.3, |x| x.elu(1.3)),
        ("abs", -2.0, -0.3, |x| x.abs() * x),
        ("sign", 0.3, 2.0, |x| x.sign() * x.square()),
        ("clamp", -0.8, 0.8, |x| x.clamp(-1.0, 1.0).square()),
        ("stop_gradient", -2.0, 2.0, |x| x.square() - x.stop_gradient() + x.stop_gradient()),
        ("to_real", 0.3, 2.0, |x| x.gt(0.0).to_real() * x.square()),
    ];
    let with_shape = |shape: Shape| {
        functions.map(|(name, low, high, f)| {
            Example::new(name, [Sample::real(&shape, low..high)], move |_, x| f(x[0]))
        })
    };
    shapes().into_iter().flat_map(with_shape).collect()
}

fn zips() -> Vec<Example> {
    let functions: [(&str, f64, f64, Zip); 12] = [
        ("add", 0.5, 2.0, |a, b| (a + b) * a),
        ("sub", 0.5, 2.0, |a, b| (a - b) * b),
        ("mul", 0.5, 2.0, |a, b| a * b),
        ("div", 0.5, 2.0, |a, b| a / b),
        ("mul_no_nan", 0.5, 2.0, |a, b| a.mul_no_nan(b)),
        ("pow", 0.5, 2.0, |a, b| a.pow(b)),
        ("atan2", 0.5, 2.0, |a, b| a.atan2(b)),
        ("maximum", 0.5, 2.0, |a, b| (a - 3.0).maximum(b) * a),
        ("minimum", 0.5, 2.0, |a, b| (a - 3.0).minimum(b) * b),
        ("select", 0.5, 2.0, |a, b| a.gt(b - 3.0).select(a * b, b)),
        ("lt", 0.5, 2.0, |a, b| a.lt(b - 3.0).select(a, a * b.square())),
        ("broadcast", 0.5, 2.0, |a, b| {
            a.square().broadcast_to((a + b).shape()) * b.broadcast_to((a + b).shape())
        }),
    ];
    let with_pair = |(a, b): (Shape, Shape)| {
        functions.into_iter().flat_map(move |(name, low, high, f)| {
            let range = || low..high;
            let (left, right) = (Sample::real(&a, range()), Sample::real(&b, range()));
            [
                Example::new(name, [left.clone(), right.clone()], move |_, x| f(x[0], x[1])),
                Example::new(name, [left.clone(), right], move |_, x| f(x[1], x[0])),
                Example::new(name, [left], move |_, x| f(x[0], x[0])),
            ]
        })
    };
    pairs().into_iter().flat_map(with_pair).collect()
}

fn folds() -> Vec<Example> {
    let functions: [(&str, Fold); 10] = [
        ("sum", |x, axes| x.square().sum_over(axes)),
        ("mean", |x, axes| x.exp().mean_over(axes)),
        ("variance", |x, axes| x.variance_over(axes, 0)),
        ("variance", |x, axes| x.variance_over(axes, 1)),
        ("std", |x, axes| x.std_over(axes, 1)),
        ("prod", |x, axes| x.prod_over(axes)),
        ("max", |x, axes| x.max_over(axes).square()),
        ("min", |x, axes| x.min_over(axes).square()),
        ("logsumexp", |x, axes| x.logsumexp_over(axes)),
        ("norm", |x, axes| x.norm_over(axes)),
    ];
    let all = || Axes::from(..);
    let places: [(Shape, Axes); 8] = [
        ([4].into(), 0.into()),
        ([3, 2].into(), 0.into()),
        ([2, 3].into(), keep(-1)),
        ([2, 3].into(), all()),
        ([2, 3, 2].into(), keep([0, 2])),
        ([2, 1, 3].into(), [1, 2].into()),
        ([2, 2, 1, 2].into(), [0, -1].into()),
        ([2, 1, 2, 2].into(), keep(all())),
    ];
    let with_place = |(shape, axes): (Shape, Axes)| {
        functions.map(|(name, f)| {
            let axes = axes.clone();
            Example::new(name, [Sample::real(&shape, 0.3..2.0)], move |_, x| f(x[0], axes.clone()))
        })
    };
    let empty = Example::new("sum", [Sample::real([2, 0], 0.0..1.0)], |_, x| x[0].sum_over(1));
    let products = Example::new("prod", [Sample::real([0, 2], 0.0..1.0)], |_, x| x[0].prod_over(0));
    places.into_iter().flat_map(with_place).chain([empty, products]).collect()
}

fn matrices() -> Vec<Example> {
    let pairs: [(&[usize], &[usize]); 9] = [
        (&[3], &[3]),
        (&[2, 3], &[3]),
        (&[3], &[3, 2]),
        (&[2, 3], &[3, 2]),
        (&[1, 1], &[1, 4]),
        (&[2, 0], &[0, 3]),
        (&[2, 2, 3], &[3, 2]),
        (&[2, 1, 2, 2], &[3, 2, 2]),
        (&[3], &[2, 3, 2]),
    ];
    let product = |(a, b): (&[usize], &[usize])| {
        let samples = [Sample::real(a, -1.0..1.0), Sample::real(b, -1.0..1.0)];
        Example::new("matmul", samples, |_, x| x[0].matmul(x[1]))
    };
    let square = Example::new("matmul", [Sample::real([2, 2], -1.0..1.0)], |_, x| {
        x[0].matmul(x[0]).matmul(x[0].t())
    });
    let softmax = |axis: isize| {
        Example::new("softmax", [Sample::real([2, 3, 2], -3.0..3.0)], move |_, x| {
            x[0].softmax(axis) * x[0].log_softmax(axis)
        })
    };
    let softmaxes = (-3..3).map(softmax);
    pairs.into_iter().map(product).chain([square]).chain(softmaxes).collect()
}

/// Slices, borders, permutations, joins and cumulative sums with random attributes.
fn parts() -> Vec<Example> {
    (0..12).flat_map(parts_of).collect()
}

fn parts_of(run: u64) -> Vec<Example> {
    let seed = Seed { seed: 5, run };
    let below = |stream: u64, extent: usize| (seed.bits(stream, 0) % extent as u64) as usize;
    let shape: Shape = (0..3).map(|axis| 1 + below(axis, 4)).collect();
    let sample = || [Sample::real(&shape, -2.0..2.0)];
    let axis = below(3, 3) as isize;
    let spans: Vec<Span> = (0..3u64)
        .map(|axis| Span {
            start: Some(below(10 + axis, 6) as isize - 3),
            stop: [None, Some(below(20 + axis, 6) as isize - 3)][below(30 + axis, 2)],
            step: [-2, -1, 1, 2][below(40 + axis, 4)],
        })
        .collect();
    let border: Vec<(usize, usize)> =
        (0..3u64).map(|axis| (below(50 + axis, 3), below(60 + axis, 3))).collect();
    let order = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][below(70, 6)];
    let total = shape.size() as isize;
    vec![
        Example::new("slice", sample(), move |_, x| x[0].square().slice(&spans)),
        Example::new("pad", sample(), move |_, x| x[0].square().pad(&border, 0.7).square()),
        Example::new("permute", sample(), move |_, x| x[0].square().permute(order)),
        Example::new("flip", sample(), move |_, x| x[0].flip([axis]) * x[0]),
        Example::new("cumsum", sample(), move |_, x| x[0].square().cumsum(axis)),
        Example::new("reshape", sample(), move |_, x| x[0].square().reshape([total])),
        Example::new("concat", sample(), move |g, x| {
            g.concat(&[x[0], x[0].square(), x[0].slice_axis(axis, 0..1)], axis)
        }),
        Example::new("concat", sample(), move |g, x| g.stack(&[x[0], x[0].sin()], axis)),
    ]
}

fn indexed() -> Vec<Example> {
    let table = || Sample::real([4, 3], -2.0..2.0);
    let at = |shape: &[usize], extent| Sample::index(shape, extent);
    vec![
        Example::new("gather", [table(), at(&[4, 5], 3)], |_, x| x[0].square().gather(-1, x[1])),
        Example::new("gather", [table(), at(&[0, 3], 4)], |_, x| x[0].gather(0, x[1])),
        Example::new("take", [table(), at(&[6], 4)], |_, x| x[0].square().take(0, x[1])),
        Example::new("take", [table(), at(&[], 3)], |_, x| x[0].square().take(-1, x[1])),
        Example::new("take", [table(), at(&[2, 1, 2], 4)], |_, x| x[0].sin().embedding(x[1])),
        Example::new("one_hot", [table(), at(&[4], 3)], |_, x| x[1].one_hot(3) * x[0].square()),
    ]
}
