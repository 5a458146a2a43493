//! Attention to a cache: of one element, of several, and what does not lie in it.

use cotangent::nn::attention::{Masks, RotaryEmbedding};
use cotangent::nn::{Mode, MultiHeadAttention, TransformerEncoder};
use cotangent::{Function, Graph, Params, RunError};
use ndarray::{ArrayD, Axis, Slice, arr0};

use crate::{assert_says, panic_message, sample, value};

const LENGTH: usize = 7;

/// Encoders of all kinds.
fn encoders(params: &mut Params<f64>) -> Vec<TransformerEncoder> {
    let plain = TransformerEncoder::new(8, 2, 2).feedforward(16).norm();
    let rotated = plain.clone().norm_first().rotary(RotaryEmbedding::new(4));
    let shared = rotated.clone().kv_heads(1);
    let named = [("plain", plain), ("rotated", rotated), ("shared", shared)];
    named.map(|(name, encoder)| encoder.build(&mut params.root(), name)).into()
}

#[test]
fn one_program_generates_token_by_token_what_the_whole_causal_pass_answers() {
    assert_pieces(&[1; LENGTH]);
}

#[test]
fn a_beginning_is_read_at_once_and_what_follows_in_any_pieces() {
    for pieces in [&[LENGTH][..], &[3, 1, 1, 1, 1], &[2, 4, 1], &[1, 5]] {
        assert_pieces(pieces);
    }
}

/// Fails unless sequences that are read in pieces of so many elements are answered as by the whole causal pass.
fn assert_pieces(pieces: &[usize]) {
    let mut params = Params::<f64>::with_seed(1);
    for encoder in encoders(&mut params) {
        let g = Graph::new();
        let all = sample(&[3, LENGTH, 8]);
        let causal = Masks::none().causal();
        let whole = value(&params, encoder.forward_masked(g.constant(&all), causal, Mode::Eval));
        let mut next = Function::several(|_, [x, position, cache]| {
            let (y, cache) = encoder.forward_cached(x, position, cache);
            [y, cache]
        });
        // What lies behind the elements is not seen.
        let mut cache = ArrayD::from_elem(encoder.cache_shape(3, LENGTH).to_vec(), 1e3);
        let mut position = 0;
        for piece in pieces {
            let here = Slice::from(position..position + piece);
            let x = all.slice_axis(Axis(1), here).to_owned();
            let [y, written] = next.run(&params, (&x, &arr0(position as i64), &cache)).unwrap();
            let far = (&y - &whole.slice_axis(Axis(1), here))
                .iter()
                .fold(0.0_f64, |far, d| far.max(d.abs()));
            assert!(far < 1e-12, "{pieces:?}, position {position}: {far}");
            cache = written.to_owned();
            position += piece;
        }
    }
}

/// The error of a run of the encoder without rotations, of so many elements from a position on; and the line it is of.
fn refused(elements: usize, position: i64) -> String {
    let mut params = Params::<f64>::with_seed(1);
    let encoder = encoders(&mut params).remove(0);
    let line = line!() + 2;
    let mut next = Function::several(|_, [x, position, cache]| {
        let (y, cache) = encoder.forward_cached(x, position, cache);
        [y, cache]
    });
    let cache = ArrayD::<f64>::zeros(encoder.cache_shape(3, LENGTH).to_vec());
    let x = sample(&[3, elements, 8]);
    let error = next.run(&params, (&x, &arr0(position), &cache)).unwrap_err();
    assert!(matches!(error, RunError::IndexOutOfRange { .. } | RunError::Refused(_)), "{error}");
    let told = error.to_string();
    assert_says(&told, &[&format!("\n  at {}:{line}:", file!())]);
    told
}

#[test]
fn elements_beyond_the_cache_are_told_with_its_length_and_what_to_do() {
    let many = "0..7, the number of positions of the cache";
    let told = refused(1, 7);
    assert_says(&told, &[&format!("forward_cached: position 7 is outside {many}"), "at least 8"]);
    let told = refused(1, -1);
    let rule = format!("forward_cached: position -1 is outside {many}; a position counts from 0");
    assert_says(&told, &[&rule]);
    let told = refused(5, 3);
    let rule = format!("forward_cached: position 3, with the 4 that follow, is outside {many}");
    let remedy = "begin earlier, take fewer than 5 from there on, or let there be at least 8 positions of the cache";
    assert_says(&told, &[&rule, remedy]);
    let told = refused(8, 0);
    let rule = "multi_head_attention \"plain.layers.0.self_attn\": 8 elements at once, and a cache of 7: give fewer, or a cache of \
                at least `cache_shape(batch, 8)`";
    assert_says(&told, &[rule, "inputs: [3, 8, 8], [2, 3, 2, 7, 4]"]);
}

#[test]
fn queries_that_begin_beyond_the_keys_are_refused() {
    let g = Graph::new();
    let (q, k) = (g.constant(sample(&[2, 3, 4])), g.constant(sample(&[2, 5, 4])));
    let from = |position: i64| {
        let masks = Masks::none().causal_from(g.constant(arr0(position)));
        cotangent::nn::scaled_dot_product_attention(q, k, k, masks).eval()
    };
    assert!(from(0).is_ok() && from(2).is_ok());
    for wrong in [3, -1] {
        let told = from(wrong).unwrap_err().to_string();
        let rule = format!(
            "scaled_dot_product_attention: position {wrong}, with the 2 that follow, is outside 0..5, the number of keys"
        );
        assert_says(&told, &[&rule, "at "]);
    }
}

#[test]
fn what_is_no_cache_or_no_position_names_the_rule_and_the_layer() {
    let mut params = Params::<f64>::with_seed(0);
    let layer = MultiHeadAttention::new(8, 4).kv_heads(2).build(&mut params.root(), "attention");
    assert_eq!(layer.cache_shape(3, 7), [2, 3, 2, 7, 2].into());
    let g = Graph::new();
    let (x, position) = (g.full([3, 5, 8], 0.0), g.index_input("position", []));
    let cache = g.full(layer.cache_shape(3, 7), 0.0);
    let rule = "multi_head_attention \"attention\": the input must be one or more elements of each sequence, reals of shape \
                [batch, L, 8]";
    for shape in [&[5, 8][..], &[3, 0, 8], &[3, 5, 7]] {
        let x = g.full(shape, 0.0);
        assert_says(&panic_message(|| layer.forward_cached(x, position, cache)), &[rule]);
    }
    let rule = "the position must be one index, that of the first of these elements";
    let positions = g.index_input("positions", [5]);
    assert_says(&panic_message(|| layer.forward_cached(x, positions, cache)), &[rule]);
    let rule = "the cache must be reals of shape [2, 3, 2, 7, 2], [2, batch, kv_heads, length, D]";
    let cache = g.full([2, 3, 4, 7, 2], 0.0);
    assert_says(&panic_message(|| layer.forward_cached(x, position, cache)), &[rule]);
}
