//! How far a run is: counters that the analysis raises and the command line draws a bar from.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Files done and files known. The analysis only counts; it knows nothing of terminals.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Progress {
    /// Says how many files there are to read; may be called again as more are found.
    pub fn expect(&self, files: usize) {
        self.total.fetch_add(files, Ordering::Relaxed);
    }

    /// Says that one more file is done.
    pub fn advance(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Files done and files known.
    #[must_use]
    pub fn state(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}
