//! Where a role listens: where it is told to, else where it can.

use magnet_proto::process::{self, Failure};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// An address, and who chose it.
pub(super) enum Address {
    /// It is this one, or an error.
    Chosen(String),
    /// Another port will do: several workers may stand on one machine.
    Preferred(&'static str),
}

impl Address {
    /// The flag goes above the configuration, that above the default.
    pub(super) fn of(flag: Option<&str>, configured: &str, default: &'static str) -> Self {
        match (flag, configured) {
            (Some(flag), _) => Self::Chosen(flag.to_owned()),
            (None, "") => Self::Preferred(default),
            (None, configured) => Self::Chosen(configured.to_owned()),
        }
    }

    /// Serves these routes there until `stop`.
    pub(super) async fn serve(
        &self,
        routes: axum::Router,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let listener = match self {
            Self::Chosen(address) => process::listen(address).await?,
            Self::Preferred(address) => match process::listen(address).await {
                Ok(listener) => listener,
                Err(problem) => {
                    debug!("{problem}; taking another port");
                    process::listen("127.0.0.1:0").await?
                }
            },
        };
        if let Ok(address) = listener.local_addr() {
            eprintln!("listening at http://{address}");
        }
        process::serve(listener, routes, stop.clone());
        Ok(())
    }
}
