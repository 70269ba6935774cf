//! The integration tests: the real `magnet`, run as a person runs it, and as a
//! fleet on real services with real kills.
//!
//! `services` starts RabbitMQ, Redis and an S3 server on loopback; `fleet`
//! starts coordinators and workers. Which fault is tested where is told in
//! `tests/README.md`.

mod harness;
mod mock;
mod services;
mod server;

mod asks;
mod backends;
mod command_line;
mod configuration;
mod contamination;
mod dataset;
mod deploy;
mod difficulty;
mod endpoints;
mod exports;
mod faults;
mod fleet;
mod http_executor;
mod libraries;
mod limits;
mod load;
mod mcp;
mod metrics;
mod mix;
mod openapi;
mod packs;
mod packs_made;
mod pairs;
mod plan;
mod purpose;
mod readme;
mod refusals;
mod schemas;
mod sources;
mod status_page;
mod teacher;
