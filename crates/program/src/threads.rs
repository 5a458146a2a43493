//! The threads that programs share.

use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use kernels::Pool;

/// One pool for all programs that were not given a number of threads.
static POOL: RwLock<Option<Arc<Pool>>> = RwLock::new(None);

/// The thread that calls, alone.
pub(crate) fn pool_of_one() -> &'static Pool {
    static ONE: LazyLock<Pool> = LazyLock::new(|| Pool::new(1));
    &ONE
}

/// The threads of programs that were not given a number of their own, and of optimizers.
///
/// Their number is set by [`set_default_threads`].
pub fn default_pool() -> Arc<Pool> {
    if let Some(pool) = &*POOL.read().unwrap_or_else(PoisonError::into_inner) {
        return Arc::clone(pool);
    }
    set_default_threads(std::thread::available_parallelism().map_or(1, usize::from));
    default_pool()
}

/// Lets programs compiled from now on use this many threads (at least one), unless they are given a
/// number of their own. By default it is one for each core. Results do not depend on it.
///
/// ```
/// cotangent::set_default_threads(2);
/// assert_eq!(cotangent::default_pool().threads(), 2);
/// ```
pub fn set_default_threads(threads: usize) {
    let pool = Arc::new(Pool::new(threads.max(1)));
    *POOL.write().unwrap_or_else(PoisonError::into_inner) = Some(pool);
}
