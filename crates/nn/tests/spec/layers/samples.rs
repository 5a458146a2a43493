//! One sample without the axis of samples.

use cotangent::nn::{Conv1d, Conv2d, ConvTranspose2d, Mode, Module};
use cotangent::ops::PaddingMode;
use cotangent::{Graph, Params};

use crate::{sample, values};

#[test]
fn it_is_convolved_as_a_batch_of_one() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let reflected = Conv1d::new(2, 3, 3).padding(2).padding_mode(PaddingMode::Reflect);
    let layers: [(Box<dyn Module>, &[usize]); 3] = [
        (Box::new(reflected.build(p, "reflected")), &[2, 7]),
        (Box::new(Conv2d::new(2, 4, 3).groups(2).stride(2).build(p, "grouped")), &[2, 5, 6]),
        (Box::new(ConvTranspose2d::new(2, 3, 2).stride(2).build(p, "transpose")), &[2, 3, 4]),
    ];
    let g = Graph::new();
    for (layer, shape) in layers {
        let x = g.constant(sample(shape));
        let alone = layer.forward(x, Mode::Eval);
        assert_eq!((alone.location().file(), alone.location().line()), (file!(), line!() - 1));
        let batch = layer.forward(x.unsqueeze(0), Mode::Eval);
        let values = values(&params, &[alone, batch.squeeze(0)]);
        assert_eq!(values[0], values[1]);
    }
}

#[test]
fn it_is_what_vmap_maps_over() {
    let mut params = Params::<f64>::with_seed(0);
    let conv = Conv2d::new(2, 4, 3).build(&mut params.root(), "conv");
    let g = Graph::new();
    let x = g.constant(sample(&[3, 2, 5, 6]));
    let mapped = g.vmap(&[(x, 0)], |x| vec![conv.forward(x[0])])[0];
    let values = values(&params, &[mapped, conv.forward(x)]);
    assert!((&values[0] - &values[1]).iter().all(|error| error.abs() < 1e-12));
}
