//! Layers, initialisation and losses for Cotangent.
