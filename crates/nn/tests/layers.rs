//! Layers over one, two and three axes, normalisations and their like: against PyTorch, and what they refuse.

#[path = "layers/build.rs"]
mod build;
#[path = "layers/mistakes.rs"]
mod mistakes;
#[path = "layers/parity.rs"]
mod parity;
#[path = "layers/sharing.rs"]
mod sharing;
