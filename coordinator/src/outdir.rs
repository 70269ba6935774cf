//! The output folder: one campaign's, and one process's at a time.
//!
//! `campaign.json` says whose folder it is; another campaign's, or a folder
//! with somebody's dataset in it, is refused before anything is written. The
//! lock is the operating system's: it ends with the process, however that
//! ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use magnet_proto::CampaignDigest;
use magnet_proto::config::Campaign;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::finalize::is_of_dataset;

const IDENTITY: &str = "campaign.json";
const LOCK: &str = ".lock";

/// Whose folder it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub campaign: CampaignDigest,
    pub name: String,
    pub seed: u64,
    /// The program that began it.
    pub version: String,
}

impl Identity {
    pub fn of(campaign: &Campaign, digest: CampaignDigest) -> Self {
        Self {
            campaign: digest,
            name: campaign.campaign.name.clone(),
            seed: campaign.campaign.seed,
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }
}

/// A folder that is ours until it is dropped.
#[derive(Debug)]
pub struct OutDir {
    path: PathBuf,
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "\"{}\" holds another campaign (\"{name}\", seed {seed})\nhint: choose another folder with \
         --out DIR, or remove this one", path.display()
    )]
    OtherCampaign { path: PathBuf, name: String, seed: u64 },
    #[error(
        "\"{}\" holds a dataset (\"{file}\") that no campaign of ours has begun\nhint: choose \
         another folder with --out DIR", path.display()
    )]
    OtherDataset { path: PathBuf, file: String },
    #[error(
        "another process is at work in \"{}\"\nhint: wait for it, or choose another folder with \
         --out DIR", path.display()
    )]
    Busy { path: PathBuf },
    #[error(
        "\"{}\" cannot be read: {problem}\nhint: if the folder is not needed, remove it",
        path.display()
    )]
    Unreadable { path: PathBuf, problem: String },
    #[error("preparing the output folder \"{}\"", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl OutDir {
    /// Opens the folder for this campaign: makes it, or goes on in it.
    pub fn open(path: &Path, identity: &Identity) -> Result<Self, Error> {
        let refuse = |source| Error::Io { path: path.to_owned(), source };
        // Whose it is comes first, so that a wrong folder is left as it was.
        check(path, identity)?;
        fs::create_dir_all(path).map_err(refuse)?;
        let lock = File::create(path.join(LOCK)).map_err(refuse)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Busy { path: path.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(refuse(source)),
        }
        // Once more, now that nobody else can write it.
        if !check(path, identity)? {
            let mut bytes = serde_json::to_vec_pretty(identity).map_err(io::Error::other);
            bytes.iter_mut().for_each(|bytes| bytes.push(b'\n'));
            let aside = path.join(".campaign.json.unfinished");
            bytes
                .and_then(|bytes| fs::write(&aside, bytes))
                .and_then(|()| fs::rename(&aside, path.join(IDENTITY)))
                .map_err(refuse)?;
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether the folder is this campaign's already. An error if it is
/// somebody else's.
fn check(path: &Path, identity: &Identity) -> Result<bool, Error> {
    let file = path.join(IDENTITY);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return no_dataset(path).map(|()| false);
        }
        Err(source) => return Err(Error::Io { path: file, source }),
    };
    let there: Identity = serde_json::from_slice(&bytes)
        .map_err(|error| Error::Unreadable { path: file, problem: error.to_string() })?;
    if there.campaign != identity.campaign {
        let Identity { name, seed, .. } = there;
        return Err(Error::OtherCampaign { path: path.to_owned(), name, seed });
    }
    if there.version != identity.version {
        warn!(
            began = there.version,
            now = identity.version,
            "another version of the program began this campaign: what it finished is kept as it is"
        );
    }
    Ok(true)
}

fn no_dataset(path: &Path) -> Result<(), Error> {
    let Ok(entries) = fs::read_dir(path) else {
        return Ok(());
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    match names.into_iter().find(|name| is_of_dataset(name) || name == "manifest.json") {
        Some(file) => Err(Error::OtherDataset { path: path.to_owned(), file }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::Digest;

    use super::*;

    fn identity(seed: u64) -> Identity {
        Identity {
            campaign: CampaignDigest(Digest::of(&seed.to_le_bytes())),
            name: "desk".into(),
            seed,
            version: "1".into(),
        }
    }

    #[test]
    fn the_same_campaign_goes_on_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new/out");
        drop(OutDir::open(&out, &identity(1)).unwrap());
        assert!(OutDir::open(&out, &identity(1)).is_ok());
    }

    #[test]
    fn another_campaigns_folder_is_refused_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        drop(OutDir::open(folder.path(), &identity(1)).unwrap());
        let error = OutDir::open(folder.path(), &identity(2)).unwrap_err().to_string();
        assert!(error.contains("\"desk\", seed 1") && error.contains("hint: "), "{error}");
    }

    #[test]
    fn somebodys_dataset_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sft.jsonl"), "mine").unwrap();
        let error = OutDir::open(folder.path(), &identity(1)).unwrap_err();
        assert!(matches!(error, Error::OtherDataset { .. }), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn two_processes_do_not_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = OutDir::open(folder.path(), &identity(1)).unwrap();
        let error = OutDir::open(folder.path(), &identity(1)).unwrap_err();
        assert!(matches!(error, Error::Busy { .. }), "{error}");
        drop(first);
        assert!(OutDir::open(folder.path(), &identity(1)).is_ok());
    }
}
