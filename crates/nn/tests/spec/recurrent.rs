//! Recurrent layers: what they promise beyond what PyTorch's do.

mod behaviour;
mod mistakes;
