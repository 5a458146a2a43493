//! Layers over one, two and three axes, normalisations and their like: what they share, and what they refuse.

#[path = "layers/mistakes.rs"]
mod mistakes;
#[path = "layers/sharing.rs"]
mod sharing;
