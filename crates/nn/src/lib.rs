//! Layers, initialisation and losses for Cotangent.
//!
//! A layer is a plain struct of [`graph::Param`] handles. It is built into a [`graph::Scope`] under
//! a name, and records its mathematics in `forward`; it knows no precision and holds no values. A
//! model is a struct of layers with a `forward` of its own:
//!
//! ```
//! use cotangent::{Params, Scope, Var};
//! use cotangent::Step;
//! use cotangent::ndarray::{Array1, Array2};
//! use cotangent::nn::{BatchNorm, Linear, Loss, Mode};
//!
//! struct Mlp {
//!     fc1: Linear,
//!     bn1: BatchNorm,
//!     fc2: Linear,
//! }
//!
//! impl Mlp {
//!     fn new(p: &mut Scope<'_>) -> Self {
//!         Self {
//!             fc1: Linear::new(64, 128).build(p, "fc1"),
//!             bn1: BatchNorm::new(128).build(p, "bn1"),
//!             fc2: Linear::new(128, 10).build(p, "fc2"),
//!         }
//!     }
//!
//!     fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
//!         self.fc2.forward(self.bn1.forward(self.fc1.forward(x), mode).relu())
//!     }
//! }
//!
//! let mut params = Params::seeded(0);
//! let model = Mlp::new(&mut params.root());
//! let mut step = Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
//!
//! let (images, digits) = (Array2::<f32>::ones((32, 64)), Array1::from_elem(32, 3_i64));
//! let loss = step.run(&mut params, (&images, &digits))?;
//! assert!(loss > 0.0 && step.gradients().norm() > 0.0);
//! # Ok::<(), cotangent::RunError>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | affine maps | [`Linear`], [`Bilinear`], [`Embedding`], [`EmbeddingBag`] |
//! | over one, two and three axes | [`Conv2d`] and its kin in [`conv`], [`MaxPool2d`] and its kin in [`pool`], [`Pad2d`] and its kin in [`PadNd`], [`Upsample`], [`PixelShuffle`], [`PixelUnshuffle`] |
//! | normalisations | [`BatchNorm`], [`LayerNorm`], [`GroupNorm`], [`InstanceNorm`], [`RmsNorm`], [`LocalResponseNorm`] |
//! | along a sequence | [`Rnn`], [`Gru`], [`Lstm`]; [`recurrent`] for what they share |
//! | nonlinear | [`Activation`], [`PRelu`], [`Glu`], [`SwiGlu`] |
//! | weights made of others | [`WeightNorm`], [`SpectralNorm`] around a builder: [`parametrize`] |
//! | random | [`Dropout`], [`Dropout2d`] of channels, [`AlphaDropout`] |
//! | shapes | [`Flatten`], [`Unflatten`], [`Identity`] |
//! | attention and transformers | [`MultiHeadAttention`], [`TransformerEncoder`], [`TransformerDecoder`]; [`attention`] and [`transformer`] for what they share |
//! | what a model consists of, printed, counted, walked | `Layers`, with the feature `derive` |
//! | composition | [`Module`], [`Sequential`] |
//! | initial values | [`init`] |
//! | losses | [`Loss`] for the usual ones, [`loss`] for their options |
//! | parts of normalisations of one's own | [`standardized`], [`Affine`] |
//! | of vectors and categories | [`cosine_similarity`], [`gumbel_softmax`] |
//! | regularisation λR(W) | [`l1_penalty`], [`l2_penalty`] over [`parameters_where`] |
//!
//! # Mistakes
//! An input of the wrong shape is a mistake in model code: `forward` panics with the rule, the
//! shapes, the layer's path and the user's line. A batch that is too small for what is asked of it
//! (one sample under [`BatchNorm`], the mean loss of none) is an error of the run,
//! [`graph::RunError::Refused`], as its size comes from data; so are labels, lengths and offsets out of range. A hyperparameter may come from a user or a file:
//! every builder has `try_build`, and the options of losses have `check`, which answer a
//! [`HyperparameterError`]; `build` and the losses themselves panic with the same message.

mod activation;
pub mod attention;
pub mod batch_norm;
mod bilinear;
mod channel_dropout;
mod channels;
pub mod conv;
mod dropout;
mod embedding;
mod error;
mod flatten;
mod glu;
mod group_norm;
mod gumbel;
pub mod init;
mod instance_norm;
mod layer_norm;
#[cfg(feature = "derive")]
pub mod layers;
mod linear;
mod local_response_norm;
pub mod loss;
mod module;
mod normalize;
mod pad;
pub mod parametrize;
mod penalty;
pub mod pool;
mod prelu;
pub mod recurrent;
mod resize;
mod rms_norm;
mod sequential;
mod similarity;
pub mod transformer;

pub use bilinear::BilinearBuilder;
pub use channel_dropout::{Dropout1d, Dropout2d, Dropout3d};
pub use embedding::{Bag, EmbeddingBagBuilder, EmbeddingBuilder};
pub use error::HyperparameterError;
pub use group_norm::GroupNormBuilder;
pub use instance_norm::InstanceNormBuilder;
pub use layer_norm::LayerNormBuilder;
#[cfg(feature = "derive")]
pub use layers::{Layers, Tree};
pub use linear::LinearBuilder;
pub use loss::Loss;
pub use module::{Mode, Module};
pub use normalize::Affine;
pub use pad::PadNd;
pub use penalty::parameters_where;
pub use prelu::PReluBuilder;
pub use resize::ScaleFactor;
pub use rms_norm::RmsNormBuilder;

/// Implements [`trait@Layers`]: see there.
///
/// ```
/// use cotangent::prelude::*;
///
/// #[derive(Layers)]
/// struct Mlp {
///     hidden: Linear,
///     output: Linear,
///     #[layers(skip)]
///     classes: usize,
/// }
///
/// let mut params = Params::seeded(0);
/// let p = &mut params.root();
/// let model = Mlp {
///     hidden: Linear::new(64, 32).build(p, "hidden"),
///     output: Linear::new(32, 10).build(p, "output"),
///     classes: 10,
/// };
/// assert_eq!(model.tree().trainable(), params.trainable_count());
/// # let _ = model.classes;
/// ```
#[cfg(feature = "derive")]
pub use derive::Layers;

/// From one list come what is exported and what the suites go through, so that nothing is left out.
macro_rules! exported {
    ($kind:ident: $($module:ident::$name:ident),* $(,)?) => {
        $(pub use $module::$name;)*

        pub(crate) const $kind: &[&str] = &[$(stringify!($name)),*];
    };
}
pub(crate) use exported;

exported! {
    LAYERS: activation::Activation, attention::MultiHeadAttention, attention::RotaryEmbedding,
    attention::SinusoidalPositions, batch_norm::BatchNorm, bilinear::Bilinear,
    channel_dropout::AlphaDropout, channel_dropout::ChannelDropout, conv::Conv1d, conv::Conv2d,
    conv::Conv3d, conv::ConvTranspose1d, conv::ConvTranspose2d, conv::ConvTranspose3d,
    dropout::Dropout, embedding::Embedding, embedding::EmbeddingBag, flatten::Flatten,
    flatten::Identity, flatten::Unflatten, glu::Glu, glu::SwiGlu, group_norm::GroupNorm,
    instance_norm::InstanceNorm, layer_norm::LayerNorm, linear::Linear,
    local_response_norm::LocalResponseNorm, parametrize::SpectralNorm, parametrize::WeightNorm,
    pad::Pad1d, pad::Pad2d, pad::Pad3d, pool::AdaptiveAvgPool1d, pool::AdaptiveAvgPool2d, pool::AdaptiveAvgPool3d,
    pool::AdaptiveMaxPool1d, pool::AdaptiveMaxPool2d, pool::AdaptiveMaxPool3d, pool::AvgPool1d,
    pool::AvgPool2d, pool::AvgPool3d, pool::MaxPool1d, pool::MaxPool2d, pool::MaxPool3d,
    prelu::PRelu, recurrent::Gru, recurrent::Lstm, recurrent::Rnn, resize::PixelShuffle,
    resize::PixelUnshuffle, resize::Upsample, rms_norm::RmsNorm, sequential::Sequential,
    transformer::TransformerDecoder, transformer::TransformerDecoderLayer,
    transformer::TransformerEncoder, transformer::TransformerEncoderLayer,
}

exported! {
    FUNCTIONS: attention::scaled_dot_product_attention, gumbel::gumbel_softmax,
    normalize::standardized, penalty::l1_penalty, penalty::l2_penalty, similarity::cosine_similarity,
}

/// The names of all layers, losses and functions that record.
///
/// ```
/// let names = cotangent::nn::every_part();
/// assert!(["Linear", "CrossEntropy", "l2_penalty"].iter().all(|name| names.contains(name)));
/// ```
pub fn every_part() -> Vec<&'static str> {
    [LAYERS, FUNCTIONS, loss::LOSSES].concat()
}
