//! The stores of one campaign in this process.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use magnet_proto::CampaignDigest;
use magnet_proto::config::{Campaign, EndpointKind};
use magnet_proto::state::embedded::EmbeddedState;
use magnet_proto::state::{self, Stores};

use crate::outdir::OutDir;

/// The file of paid answers in the output folder.
const ANSWERS: &str = "answers.log";

/// They cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("opening the state store")]
    State(#[from] state::Error),
    #[error("opening the file of paid answers \"{}\"", path.display())]
    Answers {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// The campaign's stores. An embedded state keeps paid answers and spending in
/// the output folder, so that a killed run does not buy them again.
pub(crate) async fn stores(
    campaign: &Campaign,
    digest: &CampaignDigest,
    holder: &str,
    out: &OutDir,
) -> Result<Stores, Error> {
    let mut stores = state::connect(&campaign.fleet, digest, holder).await?;
    if campaign.fleet.state == "embedded:" && !is_offline(campaign) {
        let path = out.path().join(ANSWERS);
        let kept = EmbeddedState::kept_in(&path);
        stores.state = Arc::new(kept.map_err(|source| Error::Answers { path, source })?);
    }
    Ok(stores)
}

/// Whether no teacher costs anything.
pub(crate) fn is_offline(campaign: &Campaign) -> bool {
    campaign.teacher.values().all(|teacher| teacher.kind == EndpointKind::Offline)
}
