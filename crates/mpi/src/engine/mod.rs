//! What carries messages: MPI, or nothing where there is one process.

#[cfg(not(feature = "mpi"))]
mod alone;
#[cfg(feature = "mpi")]
mod rsmpi;

#[cfg(not(feature = "mpi"))]
use alone as carrier;
#[cfg(feature = "mpi")]
use rsmpi as carrier;

pub use carrier::Element;
pub(crate) use carrier::abort;
pub(crate) use carrier::{Flight, Session, all_gather, all_to_all, broadcast, in_flight};
pub(crate) use carrier::{set_timeout, sum};
