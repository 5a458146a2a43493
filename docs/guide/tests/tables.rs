//! What the guide's tables of names say exists, and means what the other framework means.

use cotangent::data::digits;
use cotangent::nn::loss::CrossEntropy;
use cotangent::nn::recurrent::LstmState;
use cotangent::ops::Conv;
use cotangent::optim::{OneCycle, SkipNonFinite};
use cotangent::prelude::*;
use cotangent::transform;

fn scalar(value: f64) -> ArrayD<f64> {
    ArrayD::from_elem(vec![], value)
}

/// The value of what is recorded.
fn value(record: impl for<'g> Fn(&'g Graph) -> Var<'g>) -> ArrayD<f64> {
    record(&Graph::new()).eval().unwrap()
}

#[test]
fn operations_mean_what_their_row_says() {
    let x = array![[3.0, 1.0, 2.0], [0.0, 5.0, -1.0]];
    let check = |record: fn(Var<'_>) -> Var<'_>, expected: ArrayD<f64>| {
        assert_eq!(value(|g| record(g.constant(&x))), expected);
    };
    check(|x| x.sum_over(1), array![6.0, 4.0].into_dyn());
    check(|x| x.mean_over(keep([0, 1])), array![[10.0 / 6.0]].into_dyn());
    check(|x| x.variance_over(0, 1), array![4.5, 8.0, 4.5].into_dyn());
    check(|x| x.variance_over(0, 0), array![2.25, 4.0, 2.25].into_dyn());
    check(|x| x.max_over(1), array![3.0, 5.0].into_dyn());
    check(|x| x.argmax(1), array![0.0, 1.0].into_dyn());
    check(|x| x.reshape([3, -1]), array![[3.0, 1.0], [2.0, 0.0], [5.0, -1.0]].into_dyn());
    check(|x| x.t(), array![[3.0, 0.0], [1.0, 5.0], [2.0, -1.0]].into_dyn());
    check(|x| x.unsqueeze(0).permute([2, 0, 1]).squeeze(1), x.t().to_owned().into_dyn());
    check(|x| x.slice_axis(1, 0..2), array![[3.0, 1.0], [0.0, 5.0]].into_dyn());
    check(|x| x.slice_axis(1, -1..), array![[2.0], [-1.0]].into_dyn());
    check(|x| x.graph().concat(&[x, x], 1).slice_axis(1, 3..), x.clone().into_dyn());
    check(|x| x.graph().stack(&[x, x], 0).sum_over(0), (2.0 * &x).into_dyn());
    check(|x| x.gt(1.0).select(x, 0.0), array![[3.0, 0.0, 2.0], [0.0, 5.0, 0.0]].into_dyn());
    check(
        |x| x.take(0, x.graph().constant(array![1])).squeeze(0),
        array![0.0, 5.0, -1.0].into_dyn(),
    );
    check(|x| x.gather(1, x.graph().constant(array![[2], [0]])), array![[2.0], [0.0]].into_dyn());
    check(|x| x.clamp(0.0, 1.0), array![[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]].into_dyn());
    check(|x| x.powf(3.0).slice_axis(0, 0..1), array![[27.0, 1.0, 8.0]].into_dyn());
    check(|x| x.square().ge(4.0).to_real().sum(), scalar(3.0));
    check(|x| x.graph().einsum("ij,kj->ik", &[x, x]) - x.matmul(x.t()), ArrayD::zeros(vec![2, 2]));
    check(
        |x| {
            let image = x.reshape([1, 1, 2, 3]);
            image.conv2d(x.graph().full([1, 1, 3, 3], 1.0), Conv::new().padding(1)).max()
        },
        scalar(10.0),
    );
    let nothing = value(|g| {
        let x = g.constant(&x);
        x.softmax(-1).ln() - (x - x.logsumexp_over(keep(-1)))
    });
    assert!(nothing.iter().all(|difference| difference.abs() < 1e-14));
}

#[test]
fn losses_and_transforms_mean_what_their_row_says() {
    let loss = CrossEntropy::new().label_smoothing(0.1);
    let smoothed = value(|g| loss.of(g.full([2, 4], 0.0), g.constant(array![1, 3])));
    assert!((smoothed[[]] - 4_f64.ln()).abs() < 1e-15);
    let near = value(|g| g.constant(array![0.5, 3.0]).huber(g.full([2], 0.0), 1.0));
    assert_eq!(near[[]], (0.125 + 2.5) / 2.0, "torch's smooth_l1_loss");

    let g = Graph::new();
    let (x, t) = (g.constant(array![1.0, 2.0]), g.constant(array![0.0, 1.0]));
    assert_eq!(x.square().jvp(x, t).eval().unwrap(), array![0.0, 4.0].into_dyn());
    assert_eq!(x.square().jacobian(x).eval().unwrap(), array![[2.0, 0.0], [0.0, 4.0]].into_dyn());
    let once_more = transform::checkpoint(|_, x| x[0].square().sum());
    assert_eq!(once_more(&g, &[x]).grad(x).eval().unwrap(), array![2.0, 4.0].into_dyn());
    let halved = transform::custom_vjp(|_, x| x[0].square(), |x, _, v| vec![v * x[0]]);
    assert_eq!(halved(&g, &[x]).sum().grad(x).eval().unwrap(), array![1.0, 2.0].into_dyn());
}

#[test]
fn recurrent_layers_are_made_and_called_as_their_row_says() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let rnn = Rnn::new(3, 4).relu().build(p, "rnn");
    let gru = Gru::new(3, 4).layers(2).bidirectional().bias(false).build(p, "gru");
    let lstm = Lstm::new(3, 4).layers(2).batch_first().dropout(0.2).build(p, "lstm");
    let paths: Vec<&str> = gru.stack.cells.iter().map(|cell| cell.weight_hh.path()).collect();
    let (first, second) = (["gru.weight_hh_l0", "gru.weight_hh_l0_reverse"], "gru.weight_hh_l1");
    assert_eq!(paths, [first[0], first[1], second, "gru.weight_hh_l1_reverse"]);
    assert!(gru.stack.cells[0].bias_ih.is_none());

    let g = Graph::new();
    let x = g.input("x", [7, 5, 3]);
    assert_eq!(rnn.forward(x, Mode::Eval).output.shape(), [7, 5, 4].into());
    assert_eq!(gru.forward(x, Mode::Eval).state.shape(), [4, 5, 4].into());
    let read = lstm.forward(x.permute([1, 0, 2]), Mode::Eval);
    assert_eq!(read.output.shape(), [5, 7, 4].into());
    let LstmState { h, c } = read.state;
    let on = lstm.forward_from(x.permute([1, 0, 2]), LstmState { h, c }, Mode::Eval);
    assert_eq!(on.state.c.shape(), [2, 5, 4].into());
    let lengths = g.index_input("lengths", [5]);
    assert_eq!(gru.forward_lengths(x, lengths, Mode::Eval).output.shape(), [7, 5, 8].into());
}

#[test]
fn optimizers_are_made_as_their_row_says() {
    let steps = digits().len().div_ceil(64) as u64;
    let rate = |optimizer: &dyn Optimizer| optimizer.learning_rate();
    assert_eq!(rate(&Sgd::new(0.1).momentum(0.9).weight_decay(1e-4)), 0.1);
    assert_eq!(rate(&Adam::adamw(1e-3).schedule(StepDecay::new(0.5, 10).per(steps))), 1e-3);
    assert_eq!(rate(&Sgd::new(0.1).schedule(Cosine::new(1.0, 0.0, 100))), 0.1);
    assert!(rate(&Sgd::new(0.1).schedule(OneCycle::new(100))) < 0.1);
    assert_eq!(rate(&Adam::new(1e-3).with(ClipGlobalNorm::new(1.0)).with(SkipNonFinite)), 1e-3);
    let averaging = Adam::<f32>::new(1e-3).with(Ema::new(0.999));
    let params = Params::seeded(0);
    assert_eq!(averaging.averaged(&params).values(), params.values());
}
