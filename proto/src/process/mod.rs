//! The process shell: what every role's `main` has around its work.
//!
//! Logs go to stderr, stdout is for data. A first Ctrl-C or SIGTERM asks for an
//! orderly stop, a second one ends the process. What went wrong is told once,
//! at the top, with its way out; the exit code says which kind it was.

mod exit;
mod logging;
mod panic;
mod stop;

pub use exit::{Classify, Exit, Failure, tell};
pub use logging::{LogFormat, Verbosity, log_to_stderr};
pub use panic::tell_panics_plainly;
pub use stop::stop_on_signals;
