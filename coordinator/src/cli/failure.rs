//! Which exit code an error of the coordinator or the worker calls for.

use std::error::Error;

use magnet_proto::process::Exit;
use magnet_worker::{serve, teacher};

use crate::{embedded, execute, library, outdir, pack};

/// What the person can mend is a usage error; a service that refuses counts as
/// unreachable.
pub(super) fn classify(error: &(dyn Error + 'static)) -> Option<Exit> {
    match error.downcast_ref::<embedded::Error>() {
        Some(embedded::Error::OutDir(error)) => return classify(error),
        Some(embedded::Error::Refused(_)) => return Some(Exit::Unreachable),
        _ => {}
    }
    match error.downcast_ref::<pack::make::Stop>() {
        Some(pack::make::Stop::Author(_)) => return Some(Exit::Unreachable),
        Some(pack::make::Stop::Folder(error)) => return classify(error),
        Some(pack::make::Stop::There(_)) => return Some(Exit::Usage),
        None => {}
    }
    let is_usage = error.is::<library::Error>()
        || error
            .downcast_ref::<pack::make::Error>()
            .is_some_and(|error| !matches!(error, pack::make::Error::Io { .. }))
        || error.is::<pack::Problems>()
        || error.is::<execute::Refusal>()
        || error.is::<teacher::stack::Error>()
        || error.downcast_ref::<outdir::Error>().is_some_and(|error| {
            // A full or read-only disk is nobody's mistake.
            !matches!(error, outdir::Error::Io { .. })
        });
    let is_service = matches!(
        error.downcast_ref::<serve::Error>(),
        Some(serve::Error::Queue(_) | serve::Error::Parts { .. })
    );
    is_usage.then_some(Exit::Usage).or(is_service.then_some(Exit::Unreachable))
}
