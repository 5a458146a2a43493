//! Layers over one, two and three axes, normalisations and their like: what they share, and what they refuse.

mod mistakes;
mod norms;
mod samples;
mod sharing;
