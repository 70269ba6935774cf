//! The store of parts and bundles: immutable objects, put atomically.
//!
//! The list of parts is the truth about a campaign's progress. An object that
//! exists is whole; putting it again with the same bytes changes nothing.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{DynObjectStore, ObjectMeta, ObjectStore as _, ObjectStoreExt, PutPayload};

pub mod cloud;

#[cfg(any(test, feature = "conformance"))]
#[expect(clippy::unwrap_used, reason = "a suite of tests, though not under cfg(test) alone")]
pub mod conformance;

/// A store opened under one prefix.
#[derive(Clone, Debug)]
pub struct Parts {
    store: Arc<DynObjectStore>,
    prefix: Path,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The last step of its name.
    pub name: String,
    pub size_bytes: u64,
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
    /// Opens a store by its URL: `memory:`, `file:DIR` with a folder relative
    /// to `base`, which is made if need be, or one of `s3:`, `gs:` and `az:`
    /// with a bucket and a prefix (see [`cloud`]).
    ///
    /// A file is on disk, under its whole name, before a put returns.
    pub fn open(url: &str, base: &std::path::Path) -> Result<Self, Error> {
        Self::open_with(url, base, &[])
    }

    /// The same with settings above those of the environment, by the names of
    /// their variables.
    pub fn open_with(
        url: &str,
        base: &std::path::Path,
        settings: &[(&str, String)],
    ) -> Result<Self, Error> {
        match url.split_once(':') {
            Some(("memory", _)) => Ok(Self::new(Arc::new(InMemory::new()), Path::default())),
            Some(("file", folder)) => {
                let folder = base.join(folder.strip_prefix("//").unwrap_or(folder));
                let refuse = |problem: &dyn std::fmt::Display| {
                    Error::BadUrl(format!("part store \"{}\": {problem}", folder.display()))
                };
                std::fs::create_dir_all(&folder).map_err(|error| refuse(&error))?;
                let store = LocalFileSystem::new_with_prefix(&folder);
                let store = store.map_err(|error| refuse(&error))?.with_fsync(true);
                Ok(Self::new(Arc::new(store), Path::default()))
            }
            _ => match cloud::open(url, settings)? {
                Some((store, prefix)) => Ok(Self::new(store, prefix)),
                None => Err(Error::BadUrl(format!(
                    "part store \"{url}\" is of no known kind\nhint: \"file:parts\" keeps parts \
                     in the output folder, \"s3://bucket/prefix\" in an object store, \
                     \"memory:\" keeps none"
                ))),
            },
        }
    }

    pub fn new(store: Arc<DynObjectStore>, prefix: Path) -> Self {
        Self { store, prefix }
    }

    /// Whether the store can be reached and read: told at the start rather than
    /// after the first shard.
    pub async fn reach(&self) -> Result<(), Error> {
        match self.store.list(Some(&self.prefix)).next().await {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Puts an object whole or not at all.
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let payload = PutPayload::from(bytes.into());
        self.store.put(&self.at(name), payload).await.map_err(Error::from)?;
        Ok(())
    }

    pub async fn get(&self, name: &str) -> Result<Bytes, Error> {
        Ok(self.store.get(&self.at(name)).await?.bytes().await?)
    }

    /// A range of an object's bytes, cut at its end.
    pub async fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes, Error> {
        Ok(self.store.get_range(&self.at(name), range).await?)
    }

    /// Deletes an object; one that is not there counts as deleted.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.at(name)).await.map_err(Error::from) {
            Ok(()) | Err(Error::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub async fn has(&self, name: &str) -> Result<bool, Error> {
        match self.store.head(&self.at(name)).await.map_err(Error::from) {
            Ok(_) => Ok(true),
            Err(Error::Missing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The objects below a folder, ascending by name.
    pub async fn list(&self, folder: &str) -> Result<Vec<Object>, Error> {
        collect(self.store.list(Some(&self.at(folder)))).await
    }

    /// Those of them whose names come after this one.
    pub async fn list_after(&self, folder: &str, name: &str) -> Result<Vec<Object>, Error> {
        let folder = self.at(folder);
        let after = folder.clone().join(name);
        collect(self.store.list_with_offset(Some(&folder), &after)).await
    }

    fn at(&self, name: &str) -> Path {
        name.split('/').fold(self.prefix.clone(), |path, step| path.join(step))
    }
}

async fn collect(
    entries: BoxStream<'static, object_store::Result<ObjectMeta>>,
) -> Result<Vec<Object>, Error> {
    let objects = entries.map_ok(|entry| {
        let name = entry.location.filename().unwrap_or_default().to_owned();
        Object { name, size_bytes: entry.size }
    });
    let mut objects: Vec<Object> = objects.try_collect().await?;
    objects.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(objects)
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
