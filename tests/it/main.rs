//! All tests of the program as a whole, in one binary: linking it once is most of the time that they take.

mod cli;
mod config;
mod discover;
mod grammar;
mod output;
mod pages;
