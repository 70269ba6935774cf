//! The operator's wish, as a running campaign sees it: go on, pause, cancel.
//!
//! It lies in the state store. While the store is away the last wish holds.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::WalkIndex;
use magnet_proto::state::{self, Control, Ending, State};
use magnet_worker::serve::{Stop, WalkRunner, Walked};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the wish is read.
const LOOK: Duration = Duration::from_secs(1);

/// Starts a campaign, or goes on with one: what ended it before is over. A
/// pause stays.
pub(crate) async fn begin(
    state: &Arc<dyn State>,
    stop: &CancellationToken,
) -> watch::Receiver<Control> {
    if let Ok(Control::Done | Control::Cancel) = state.control().await {
        set(state, Control::Run).await;
    }
    follow(state, stop).await
}

/// Tells the workers that the campaign is done.
pub(crate) async fn end(state: &Arc<dyn State>) {
    set(state, Control::Done).await;
}

async fn set(state: &Arc<dyn State>, control: Control) {
    if let Err(problem) = state.set_control(control).await {
        warn!("telling the workers: {problem}");
    }
}

/// The wish now and from now on, until stopped or nobody looks.
pub(crate) async fn follow(
    state: &Arc<dyn State>,
    stop: &CancellationToken,
) -> watch::Receiver<Control> {
    let (sender, receiver) = watch::channel(state.control().await.unwrap_or_default());
    let (state, stop) = (Arc::clone(state), stop.clone());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sender.closed() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let Ok(wish) = state.control().await else {
                continue;
            };
            if sender.send_if_modified(|known| std::mem::replace(known, wish) != wish) {
                info!("the operator's wish: {wish:?}");
            }
        }
    });
    receiver
}

/// Waits until the campaign is cancelled.
pub(crate) async fn cancelled(control: &mut watch::Receiver<Control>) {
    if control.wait_for(|wish| *wish == Control::Cancel).await.is_err() {
        std::future::pending().await
    }
}

/// Waits until the campaign is over, one way or the other.
pub(crate) async fn over(control: &mut watch::Receiver<Control>) {
    let is_over = |wish: &Control| matches!(wish, Control::Cancel | Control::Done);
    if control.wait_for(is_over).await.is_err() {
        std::future::pending().await
    }
}

/// Waits until a process of the campaign has ended it, or the operator has;
/// why, where a process said so.
pub(crate) async fn ended(
    state: &dyn State,
    control: &mut watch::Receiver<Control>,
    here: &mut watch::Receiver<Option<Ending>>,
) -> Option<Ending> {
    let here = async {
        match here.wait_for(Option::is_some).await {
            Ok(ending) => ending.clone(),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        ending = here => ending,
        () = cancelled(control) => state.ending().await.ok().flatten(),
    }
}

/// Runs walks as the operator wishes: none begins while paused, none goes on
/// after the campaign is over. What ends it for one process ends it for all.
pub(crate) struct Governed {
    runner: Arc<dyn WalkRunner>,
    state: Arc<dyn State>,
    control: watch::Receiver<Control>,
    ended: watch::Sender<Option<Ending>>,
}

impl Governed {
    pub(crate) fn new(
        runner: Arc<dyn WalkRunner>,
        state: &Arc<dyn State>,
        control: watch::Receiver<Control>,
    ) -> Self {
        let ended = watch::Sender::default();
        Self { runner, state: Arc::clone(state), control, ended }
    }

    /// Why the campaign was ended here, once it is.
    pub(crate) fn ended(&self) -> watch::Receiver<Option<Ending>> {
        self.ended.subscribe()
    }
}

#[async_trait]
impl WalkRunner for Governed {
    async fn run(&self, walk: WalkIndex) -> Result<Walked, Stop> {
        let mut control = self.control.clone();
        if *control.borrow() == Control::Pause
            && control.wait_for(|wish| *wish != Control::Pause).await.is_err()
        {
            return Err(Stop::Cancelled);
        }
        tokio::select! {
            biased;
            () = over(&mut control) => Err(Stop::Cancelled),
            walked = self.runner.run(walk) => walked,
        }
    }

    async fn in_place(&self, walks: Range<u64>) {
        self.runner.in_place(walks).await;
    }

    async fn end(&self, ending: Ending) -> Result<(), state::Error> {
        // The first reason is told: others follow from it.
        self.ended.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| ending.clone());
            is_first
        });
        self.state.end(&ending).await
    }

    fn state(&self) -> Option<Arc<dyn State>> {
        Some(Arc::clone(&self.state))
    }
}
