//! The process shell: what every role's `main` has around its work.
//!
//! Logs go to stderr, stdout is for data. A first Ctrl-C or SIGTERM asks for an
//! orderly stop, a second one ends the process. What went wrong is told once,
//! at the top, with its way out; the exit code says which kind it was. Metrics
//! and health are served over HTTP, on the same routes by every role.

mod exit;
mod health;
mod http;
mod logging;
mod panic;
mod sampled;
mod stop;
mod vitals;
mod watch;

pub use exit::{Classify, Exit, Failure, in_one_line, tell};
pub use health::{Health, Held, Probe, Pulse, STALLED, Service};
pub use http::{listen, routes, serve};
pub use logging::{LogFormat, Verbosity, log_to_stderr};
pub use panic::tell_panics_plainly;
pub use sampled::register_sampled;
pub use stop::stop_on_signals;
pub use vitals::register_vitals;
