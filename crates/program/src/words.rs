//! What each word of a graph is to the kernels: the one place that knows both languages.

use graph::{FoldWord, Lowering, MapWord, ZipWord};
use kernels::{Binary, Reduce, Unary};

/// A word of one argument.
pub(crate) fn unary(word: MapWord) -> Unary {
    match word {
        MapWord::Abs => Unary::Abs,
        MapWord::Ceil => Unary::Ceil,
        MapWord::Cos => Unary::Cos,
        MapWord::Erf => Unary::Erf,
        MapWord::Exp => Unary::Exp,
        MapWord::Exp2 => Unary::Exp2,
        MapWord::Expm1 => Unary::Expm1,
        MapWord::Floor => Unary::Floor,
        MapWord::Ln => Unary::Ln,
        MapWord::Log10 => Unary::Log10,
        MapWord::Log1p => Unary::Log1p,
        MapWord::Log2 => Unary::Log2,
        MapWord::Neg => Unary::Neg,
        MapWord::Recip => Unary::Recip,
        MapWord::Relu => Unary::Relu,
        MapWord::Round => Unary::Round,
        MapWord::Rsqrt => Unary::Rsqrt,
        MapWord::SechSquared => Unary::SechSquared,
        MapWord::Sigmoid => Unary::Sigmoid,
        MapWord::Sign => Unary::Sign,
        MapWord::Sin => Unary::Sin,
        MapWord::Sqrt => Unary::Sqrt,
        MapWord::Square => Unary::Square,
        MapWord::Tanh => Unary::Tanh,
        MapWord::Trunc => Unary::Trunc,
    }
}

/// A word of two arguments.
pub(crate) fn binary(word: ZipWord) -> Binary {
    match word {
        ZipWord::Add => Binary::Add,
        ZipWord::Atan2 => Binary::Atan2,
        ZipWord::Div => Binary::Div,
        ZipWord::Eq => Binary::Eq,
        ZipWord::Fmod => Binary::Fmod,
        ZipWord::Ge => Binary::Ge,
        ZipWord::Gt => Binary::Gt,
        ZipWord::Le => Binary::Le,
        ZipWord::Lt => Binary::Lt,
        ZipWord::Max => Binary::Max,
        ZipWord::Min => Binary::Min,
        ZipWord::Mul => Binary::Mul,
        ZipWord::MulNoNan => Binary::MulNoNan,
        ZipWord::Ne => Binary::Ne,
        ZipWord::Pow => Binary::Pow,
        ZipWord::Sub => Binary::Sub,
    }
}

/// A word of many arguments.
pub(crate) fn reduce(word: FoldWord) -> Reduce {
    match word {
        FoldWord::Max => Reduce::Max,
        FoldWord::Min => Reduce::Min,
        FoldWord::Prod => Reduce::Prod,
        FoldWord::Sum => Reduce::Sum,
    }
}

/// An element is found by its index, and often lies in another cache line than the one before.
const PICK: usize = 4;

/// The time of a micro-operation against that of an addition.
pub(crate) fn cost(lowering: &Lowering) -> usize {
    match *lowering {
        Lowering::Map(word) => unary(word).cost(),
        Lowering::Zip(word) => binary(word).cost(),
        Lowering::Pick(_) => PICK,
        _ => 1,
    }
}
