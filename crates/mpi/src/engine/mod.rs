//! What carries messages: MPI, or nothing where there is one process.

#[cfg_attr(feature = "mpi", path = "rsmpi.rs")]
#[cfg_attr(not(feature = "mpi"), path = "alone.rs")]
mod carrier;

pub use carrier::Element;
pub(crate) use carrier::abort;
pub(crate) use carrier::{Flight, Session, all_gather, all_to_all, broadcast, in_flight, sum};
