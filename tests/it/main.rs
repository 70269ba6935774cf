//! The integration tests: the real `magnet`, run as a person runs it.

mod harness;

mod command_line;
mod configuration;
mod dataset;
mod deploy;
mod libraries;
mod readme;
