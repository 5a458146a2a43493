//! Tables of vectors: `embedding.json`, which `embedding.py` writes.

use cotangent::nn::{Bag, Embedding, EmbeddingBag};
use cotangent::{Graph, Params};

use super::{Table, array, cases, errors, set};

pub fn compare(table: &mut Table) {
    for case in &cases(include_str!("embedding.json")) {
        let mut params = Params::<f64>::with_seed(0);
        let scope = &mut params.root();
        let options = &case["options"];
        let padding = options["padding"].as_u64().map(|row| row as usize);
        let max_norm = options["max_norm"].as_f64();
        let g = Graph::new();
        let given = |name: &str| (!case[name].is_null()).then(|| array(&case[name]));
        let indices = |name: &str| given(name).map(|x| g.constant(x.mapv(|x| x as i64)));
        let (index, offsets) = (indices("index").unwrap(), indices("offsets"));
        let weights = given("weights").map(|x| g.constant(x));
        let (y, weight) = if case["kind"] == "Embedding" {
            let layer = Embedding::new(5, 3);
            let layer = padding.map_or(layer.clone(), |row| layer.padding(row));
            let layer = max_norm.map_or(layer.clone(), |max_norm| layer.max_norm(max_norm));
            let layer = layer.build(scope, "layer");
            (layer.forward(index), layer.weight)
        } else {
            let bag = match options["mode"].as_str().unwrap() {
                "sum" => Bag::Sum,
                "mean" => Bag::Mean,
                _ => Bag::Max,
            };
            let layer = EmbeddingBag::new(5, 3).bag(bag);
            let layer = padding.map_or(layer.clone(), |row| layer.padding(row));
            let layer = max_norm.map_or(layer.clone(), |max_norm| layer.max_norm(max_norm));
            let layer = layer.build(scope, "layer");
            let y = match (offsets, weights) {
                (None, None) => layer.forward(index),
                (None, Some(weights)) => layer.forward_weighted(index, weights),
                (Some(offsets), None) => layer.forward_offsets(index, offsets),
                (Some(offsets), Some(weights)) => {
                    layer.forward_offsets_weighted(index, offsets, weights)
                }
            };
            (y, layer.weight)
        };
        if let Some(row) = padding {
            let started = params.get(weight.id()).unwrap();
            assert!(started.index_axis(ndarray::Axis(0), row).iter().all(|&x| x == 0.0));
        }
        set(&mut params, &case["parameters"]);
        let of: Vec<_> = [g.param(&weight)].into_iter().chain(weights).collect();
        table.add(case["kind"].as_str().unwrap(), &case["options"], errors(case, &params, y, &of));
    }
}
