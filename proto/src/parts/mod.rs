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
    /// Its URL, for messages; it holds no secret.
    place: Arc<str>,
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
    /// Credentials, permissions, a bucket that is not there. Of a store that
    /// has worked before this may pass as well.
    #[error("part store {problem}\nhint: {hint}")]
    Refused {
        problem: String,
        hint: &'static str,
        #[source]
        source: Box<object_store::Error>,
    },
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
            Some(("memory", _)) => Ok(Self::new(Arc::new(InMemory::new()), Path::default(), url)),
            Some(("file", folder)) => {
                let folder = base.join(folder.strip_prefix("//").unwrap_or(folder));
                let refuse = |problem: &dyn std::fmt::Display| {
                    Error::BadUrl(format!("part store \"{}\": {problem}", folder.display()))
                };
                std::fs::create_dir_all(&folder).map_err(|error| refuse(&error))?;
                let store = LocalFileSystem::new_with_prefix(&folder);
                let store = store.map_err(|error| refuse(&error))?.with_fsync(true);
                Ok(Self::new(Arc::new(store), Path::default(), url))
            }
            _ => match cloud::open(url, settings)? {
                Some((store, prefix)) => Ok(Self::new(store, prefix, url)),
                None => Err(Error::BadUrl(format!(
                    "part store \"{url}\" is of no known kind\nhint: \"file:parts\" keeps parts \
                     in the output folder, \"s3://bucket/prefix\" in an object store, \
                     \"memory:\" keeps none"
                ))),
            },
        }
    }

    /// The objects below `prefix` of a store that is at `place`.
    pub fn new(store: Arc<DynObjectStore>, prefix: Path, place: &str) -> Self {
        Self { store, prefix, place: place.into() }
    }

    /// Whether the store can be listed and takes what it is given: told at the
    /// start rather than after the first shard. A full disk and credentials
    /// that may only read are found by writing alone.
    pub async fn reach(&self) -> Result<(), Error> {
        if let Some(Err(error)) = self.store.list(Some(&self.prefix)).next().await {
            return Err(self.explain(Deed::List, error));
        }
        self.put(TRIAL, "takes what it is given").await?;
        // Who may not delete may still work.
        self.delete(TRIAL).await.ok();
        Ok(())
    }

    /// Puts an object whole or not at all.
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let payload = PutPayload::from(bytes.into());
        let put = self.store.put(&self.at(name), payload).await;
        put.map(drop).map_err(|error| self.explain(Deed::Write, error))
    }

    pub async fn get(&self, name: &str) -> Result<Bytes, Error> {
        let read = async { self.store.get(&self.at(name)).await?.bytes().await };
        read.await.map_err(|error| self.explain(Deed::Read, error))
    }

    /// A range of an object's bytes, cut at its end.
    pub async fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes, Error> {
        let read = self.store.get_range(&self.at(name), range).await;
        read.map_err(|error| self.explain(Deed::Read, error))
    }

    /// Deletes an object; one that is not there counts as deleted.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.at(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.explain(Deed::Write, error)),
        }
    }

    pub async fn has(&self, name: &str) -> Result<bool, Error> {
        match self.store.head(&self.at(name)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.explain(Deed::Read, error)),
        }
    }

    /// The objects below a folder, ascending by name.
    pub async fn list(&self, folder: &str) -> Result<Vec<Object>, Error> {
        let listed = collect(self.store.list(Some(&self.at(folder)))).await;
        listed.map_err(|error| self.explain(Deed::List, error))
    }

    /// Those of them whose names come after this one.
    pub async fn list_after(&self, folder: &str, name: &str) -> Result<Vec<Object>, Error> {
        let folder = self.at(folder);
        let after = folder.clone().join(name);
        let listed = collect(self.store.list_with_offset(Some(&folder), &after)).await;
        listed.map_err(|error| self.explain(Deed::List, error))
    }

    fn at(&self, name: &str) -> Path {
        name.split('/').fold(self.prefix.clone(), |path, step| path.join(step))
    }

    /// What a store's refusal means to a person, and whether waiting may mend
    /// it.
    fn explain(&self, deed: Deed, source: object_store::Error) -> Error {
        use object_store::Error as E;
        let place = &self.place;
        let no_bucket = || {
            (
                format!("\"{place}\" does not exist: there is no such bucket"),
                "make the bucket, or name another in fleet.parts",
            )
        };
        let denied = || {
            (
                format!("\"{place}\" may not be {} with these credentials", deed.past()),
                "check the credentials, and allow them to list the bucket, and to get, put and \
                 delete below the prefix",
            )
        };
        // A refused listing is told in words alone.
        let told = if deed == Deed::List { source.to_string() } else { String::new() };
        let (problem, hint) = match source {
            E::NotFound { path, .. } if deed == Deed::Read => return Error::Missing(path),
            E::NotFound { .. } => no_bucket(),
            E::Generic { .. } if told.contains("404 Not Found") => no_bucket(),
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => denied(),
            E::Generic { .. }
                if told.contains("403 Forbidden") || told.contains("401 Unauthorized") =>
            {
                denied()
            }
            E::NotSupported { .. } => (
                format!("\"{place}\" cannot be {}", deed.past()),
                "choose another store in fleet.parts",
            ),
            source => return Error::Transient(source),
        };
        Error::Refused { problem, hint, source: Box::new(source) }
    }
}

async fn collect(
    entries: BoxStream<'static, object_store::Result<ObjectMeta>>,
) -> object_store::Result<Vec<Object>> {
    let objects = entries.map_ok(|entry| {
        let name = entry.location.filename().unwrap_or_default().to_owned();
        Object { name, size_bytes: entry.size }
    });
    let mut objects: Vec<Object> = objects.try_collect().await?;
    objects.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(objects)
}

/// Put and deleted again, to see whether that can be done.
const TRIAL: &str = ".trial";

/// What was asked of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    List,
    Read,
    Write,
}

impl Deed {
    fn past(self) -> &'static str {
        match self {
            Self::List => "listed",
            Self::Read => "read",
            Self::Write => "written to",
        }
    }
}
