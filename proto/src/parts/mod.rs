//! The store of parts and bundles: immutable objects, put atomically.
//!
//! The list of parts is the truth about a campaign's progress. An object that
//! exists is whole; putting it again with the same bytes changes nothing.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{DynObjectStore, ObjectStoreExt, PutPayload};
use std::sync::Arc;

/// A store opened under one prefix.
#[derive(Clone, Debug)]
pub struct Parts {
    store: Arc<DynObjectStore>,
    prefix: Path,
}

/// What went wrong, split by what the caller does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such object: \"{0}\"")]
    Missing(String),
    #[error("part store is away")]
    Transient(#[source] object_store::Error),
    #[error("part store refused")]
    Permanent(#[source] object_store::Error),
    #[error("{0}")]
    BadUrl(String),
}

impl Parts {
    pub fn new(store: Arc<DynObjectStore>, prefix: Path) -> Self {
        Self { store, prefix }
    }

    /// Puts an object whole or not at all.
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let payload = PutPayload::from(bytes.into());
        self.store
            .put(&self.at(name), payload)
            .await
            .map_err(Error::from)?;
        Ok(())
    }

    pub async fn get(&self, name: &str) -> Result<Bytes, Error> {
        Ok(self.store.get(&self.at(name)).await?.bytes().await?)
    }

    pub async fn has(&self, name: &str) -> Result<bool, Error> {
        match self.store.head(&self.at(name)).await.map_err(Error::from) {
            Ok(_) => Ok(true),
            Err(Error::Missing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The names below a folder, ascending.
    pub async fn list(&self, folder: &str) -> Result<Vec<String>, Error> {
        let folder = self.at(folder);
        let entries = self.store.list(Some(&folder)).map(|entry| {
            let location = entry?.location;
            Ok::<_, object_store::Error>(location.filename().unwrap_or_default().to_owned())
        });
        let mut names: Vec<String> = entries.try_collect().await?;
        names.sort_unstable();
        Ok(names)
    }

    fn at(&self, name: &str) -> Path {
        name.split('/')
            .fold(self.prefix.clone(), |path, step| path.join(step))
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error as E;
        match error {
            E::NotFound { path, .. } => Self::Missing(path),
            E::Unauthenticated { .. } | E::PermissionDenied { .. } | E::NotSupported { .. } => {
                Self::Permanent(error)
            }
            error => Self::Transient(error),
        }
    }
}
