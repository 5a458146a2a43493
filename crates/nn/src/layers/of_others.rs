//! What is made of layers without a name of its own.

use std::sync::Arc;

use graph::Param;

use super::tree::Content;
use super::{Layers, Tree};
use crate::Module;

impl Layers for Param {
    fn tree(&self) -> Tree {
        Tree::of("Param", Content::Parameter(self.clone())).described(self.shape().to_string())
    }
}

impl Layers for dyn Module {
    fn tree(&self) -> Tree {
        match self.as_layers() {
            Some(layers) => layers.tree(),
            None => Tree::of(name(self), Content::Unknown),
        }
    }
}

/// What `Debug` says first of a module: the name of its type.
fn name(module: &dyn Module) -> String {
    let said = format!("{module:?}");
    said.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
}

impl<L: Layers> Layers for Option<L> {
    fn tree(&self) -> Tree {
        match self {
            Some(layers) => layers.tree(),
            None => Tree::of("None", Content::Absent),
        }
    }
}

impl<L: Layers> Layers for [L] {
    fn tree(&self) -> Tree {
        let parts = self.iter().enumerate();
        parts.fold(Tree::new("list"), |tree, (i, part)| tree.with(&i.to_string(), part))
    }
}

impl<L: Layers> Layers for Vec<L> {
    fn tree(&self) -> Tree {
        self[..].tree()
    }
}

impl<L: Layers, const N: usize> Layers for [L; N] {
    fn tree(&self) -> Tree {
        self[..].tree()
    }
}

/// What points to layers has them.
macro_rules! pointers {
    ($($Pointer:ty),*) => {$(
        impl<L: Layers + ?Sized> Layers for $Pointer {
            fn tree(&self) -> Tree {
                (**self).tree()
            }
        }
    )*};
}
pointers!(&L, Box<L>, Arc<L>);

macro_rules! tuples {
    ($($($Part:ident $i:tt),+;)*) => {$(
        impl<$($Part: Layers),+> Layers for ($($Part,)+) {
            fn tree(&self) -> Tree {
                Tree::new("tuple")$(.with(stringify!($i), &self.$i))+
            }
        }
    )*};
}
tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
}
