//! Functions by name.

use std::sync::Arc;

use magnet_proto::FunctionId;
use magnet_proto::library::Library;

/// A sample that does not belong to the library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("function {} is not in the library of {} functions", .0.0, .1)]
    UnknownFunction(FunctionId, usize),
    #[error("rendering JSON")]
    Json(#[from] serde_json::Error),
}

/// The names of a library's functions.
#[derive(Debug)]
pub(super) struct Names(pub(super) Arc<Library>);

impl Names {
    pub(super) fn of(&self, function: FunctionId) -> Result<&str, Error> {
        match self.0.contains(function) {
            true => Ok(&self.0.get(function).name),
            false => Err(Error::UnknownFunction(function, self.0.len())),
        }
    }

    pub(super) fn all(&self, functions: &[FunctionId]) -> Result<Vec<&str>, Error> {
        functions.iter().map(|&function| self.of(function)).collect()
    }
}
