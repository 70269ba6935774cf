//! Panics: a fault of the program, told in one sentence.

use std::panic::PanicHookInfo;

/// Replaces the default message of a panic. With `backtrace` the default one
/// follows, so that the fault can be found.
pub fn tell_panics_plainly(backtrace: bool) {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("{}", sentence(info));
        if backtrace {
            default(info);
        }
    }));
}

fn sentence(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
    let payload = info.payload();
    let what = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!(
        "error: a fault in magnet itself{}: {what}\n\
         hint: what is written stays valid, the same command resumes it; \
         RUST_BACKTRACE=1 shows where it happened",
        place.unwrap_or_default()
    )
}
