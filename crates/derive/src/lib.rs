//! The derive macro of `Layers`: what a struct of layers consists of.
//!
//! It is a feature of the facade, `derive`, and stands there beside the trait, `cotangent::nn::Layers`, with its example: see
//! [`Layers`].

mod attributes;
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `Layers` for a struct: its fields are its parts, in the order in which they are written, under their names, or
/// numbers for a tuple struct.
///
/// | attribute | of | means |
/// |---|---|---|
/// | `#[layers(skip)]` | a field | it holds no layers: a number, an option |
/// | `#[layers(crate = cotangent_nn)]` | the struct | where the trait is, if not in `::cotangent::nn` |
///
/// Every other field must have `Layers` itself, as layers, parameters, and lists, tuples, options and pointers of them have. For
/// a field whose type has a parameter of the struct, that is a bound of what is implemented.
#[proc_macro_derive(Layers, attributes(layers))]
pub fn layers(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::expand(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}
