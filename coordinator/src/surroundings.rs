//! What a campaign is worked in: its bundle, its stores, and when to stop.

use std::sync::Arc;

use magnet_proto::bundle::Bundle;
use magnet_proto::state::State;
use magnet_worker::teacher::stack::Patience;
use tokio_util::sync::CancellationToken;

/// What a campaign's runner may use.
pub struct Surroundings {
    pub bundle: Arc<Bundle>,
    pub state: Arc<dyn State>,
    /// The store of function outputs; may be another one than `state`.
    pub cache: Arc<dyn State>,
    pub patience: Patience,
    pub cancel: CancellationToken,
}
