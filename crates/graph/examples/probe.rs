//! temporary
use graph::*;
use ndarray::{Array1, Array2};
fn main() {
    let sizes = [64usize, 128, 64, 10];
    let n = 64;
    let mut params = Params::seeded(0);
    let mut layers = vec![];
    {
        let mut root = params.root();
        for i in 0..3 {
            let mut s = root.child(&format!("l{i}"));
            let w = s.parameter(
                "w",
                Array2::from_shape_fn((sizes[i + 1], sizes[i]), |(a, b)| {
                    ((a * 7 + b * 13) % 17) as f64 / 17.0 - 0.5
                })
                .into_dyn(),
            );
            let b = s.parameter("b", Array1::zeros(sizes[i + 1]).into_dyn());
            let ga = s.parameter("g", Array1::ones(sizes[i + 1]).into_dyn());
            let be = s.parameter("be", Array1::zeros(sizes[i + 1]).into_dyn());
            layers.push((w, b, ga, be));
        }
    }
    let mut step = Step::new(|g, [x, labels]| {
        let mut h = x;
        for (i, (w, b, ga, be)) in layers.iter().enumerate() {
            h = h.matmul(g.param(w).t()) + g.param(b);
            if i < 2 {
                let mean = h.mean_over(keep(0));
                let var = h.variance_over(keep(0), 0);
                h = (h - mean) * (var + 1e-5).rsqrt() * g.param(ga) + g.param(be);
                h = h.relu();
            }
        }
        let lp = h.log_softmax(-1);
        -lp.gather(1, labels.unsqueeze(1)).mean()
    })
    .zeros_for_unused();
    let x = Array2::<f32>::from_shape_fn((n, 64), |(a, b)| ((a * 31 + b * 17) % 23) as f32 / 23.0);
    let l = Array1::<i64>::from_shape_fn(n, |i| (i % 10) as i64);
    println!("{:?}", step.run(&mut params, (&x, &l)));
    println!("{}", step.program().explain());
    let t = std::time::Instant::now();
    for _ in 0..1000 {
        step.run(&mut params, (&x, &l)).unwrap();
    }
    println!("{:?} per step", t.elapsed() / 1000);
    let mut p = step.program().clone();
    println!("{}", p.profile(&params, &[(&x).into(), (&l).into()], 200).unwrap());
}
