//! What the review adds to findings: money.

pub mod prices;
