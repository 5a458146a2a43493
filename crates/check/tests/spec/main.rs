//! What the checker concludes, and how it says so.

mod meant;
mod plain;
mod printing;
mod recorded;
mod undecided;
