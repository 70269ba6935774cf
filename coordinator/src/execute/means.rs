//! What executors are made of.

use std::sync::Arc;

use magnet_proto::config::Campaign;
use magnet_proto::library::Library;
use magnet_proto::pack::Pack;
use magnet_proto::servers::Servers;
use magnet_proto::state::State;
use magnet_worker::execute::metered;
use magnet_worker::teacher::Machine;

/// What executors are made of.
pub struct Means<'a> {
    pub campaign: &'a Campaign,
    pub library: &'a Library,
    pub pack: &'a Pack,
    pub servers: &'a Arc<Servers>,
    /// Finds the values of variables, where a server is started.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub metrics: &'a metered::Metrics,
    /// Who plays the machine, where a model does.
    pub machine: Option<Arc<dyn Machine>>,
    pub cache: Arc<dyn State>,
}
