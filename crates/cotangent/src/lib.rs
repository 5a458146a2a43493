//! Record mathematics, differentiate it, compile it: an autodiff computation-graph framework for the CPU.
