//! All tests of the program as a whole, in one binary: linking it once is most of the time that they take.

mod action;
mod bad_input;
mod cli;
mod config;
mod discover;
mod features;
mod fixes;
mod grammar;
mod laws;
mod output;
mod pages;
mod recall;
mod services;
