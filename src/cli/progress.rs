//! A progress bar on standard error, for people who wait: only on a terminal, and only after half a second.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::progress::Progress;

const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(80);

/// Does the work, with a bar beside it unless `quiet`.
pub(super) fn with_bar<T>(quiet: bool, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if quiet || !io::stderr().is_terminal() {
        return work(&progress);
    }
    let (working, done) = mpsc::channel::<()>();
    let progress = &progress;
    thread::scope(|scope| {
        scope.spawn(move || draw(progress, &done));
        // Dropped when the work is done, or has panicked: either way the bar goes.
        let _working = working;
        work(progress)
    })
}

fn draw(progress: &Progress, done: &Receiver<()>) {
    if done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} files {wide_bar}") {
        bar.set_style(style);
    }
    loop {
        let (finished, expected) = progress.state();
        bar.set_length(expected.max(finished) as u64);
        bar.set_position(finished as u64);
        bar.tick();
        if done.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    bar.finish_and_clear();
}
