//! What an endpoint says when it refuses, told once: in the log, and to
//! whoever asks how the campaign is.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use magnet_proto::state::{Refusal, State};

/// A server that words every refusal differently is heard so often.
const MOST: usize = 50;

/// One endpoint's refusals.
pub struct Heard {
    teacher: String,
    state: Option<Arc<dyn State>>,
    gists: Mutex<HashSet<String>>,
}

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heard").field("teacher", &self.teacher).finish_non_exhaustive()
    }
}

impl Heard {
    /// `teacher` is the name that the campaign gives the endpoint.
    pub fn new(teacher: &str, state: Option<Arc<dyn State>>) -> Self {
        Self { teacher: teacher.to_owned(), state, gists: Mutex::default() }
    }

    /// A refusal, with its words as they may be shown.
    pub(super) async fn refusal(&self, words: &str) {
        let refusal = Refusal { teacher: self.teacher.clone(), words: words.to_owned() };
        if !self.is_news(&refusal) {
            return;
        }
        tracing::warn!(teacher = refusal.teacher, words, "a teacher refuses a request");
        if let Some(state) = &self.state
            && let Err(error) = state.note_refusal(&refusal).await
        {
            tracing::debug!(%error, "a refusal could not be shared");
        }
    }

    fn is_news(&self, refusal: &Refusal) -> bool {
        let mut gists = self.gists.lock().unwrap_or_else(PoisonError::into_inner);
        gists.len() < MOST && gists.insert(refusal.gist())
    }
}
