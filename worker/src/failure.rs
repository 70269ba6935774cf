//! Why a stage stopped: the sample is rejected, or something outside failed.

use std::num::NonZeroU32;

use magnet_proto::outcome::{Reason, Rejection};

use crate::teacher::Problem;
use crate::{execute, teacher};

#[derive(Debug)]
pub enum Failure {
    /// A result: this walk yields no sample.
    Rejected(Rejection),
    Teacher(teacher::Error),
    Executor(execute::Error),
}

impl Failure {
    pub fn rejected(reason: Reason, detail: impl Into<String>) -> Self {
        Self::Rejected(Rejection::new(reason, detail))
    }
}

impl From<execute::Error> for Failure {
    fn from(error: execute::Error) -> Self {
        match error {
            execute::Error::Unusable(why) | execute::Error::Unrecorded(why) => {
                Self::rejected(Reason::ExecutorFailed, why)
            }
            execute::Error::Teacher(error) => error.into(),
            error => Self::Executor(error),
        }
    }
}

impl From<teacher::Error> for Failure {
    fn from(error: teacher::Error) -> Self {
        match error {
            teacher::Error::TooLong(why) => Self::rejected(Reason::PromptTooLong, why),
            error => Self::Teacher(error),
        }
    }
}

/// The bounded number of tries for an answer that fails its checks. Each
/// refusal's reason is told to the teacher with the next try.
#[derive(Debug)]
pub struct Tries {
    tries: u32,
    refused: u32,
    problem: Option<String>,
}

impl Tries {
    pub fn new(tries: NonZeroU32) -> Self {
        Self { tries: tries.get(), refused: 0, problem: None }
    }

    /// Why the last try was refused.
    pub fn problem(&self) -> Option<Problem<'_>> {
        Problem::after(self.refused, self.problem.as_deref())
    }

    /// Spends a try on a refused answer; an error once none is left.
    pub fn refuse(&mut self, rejection: Rejection) -> Result<(), Failure> {
        tracing::trace!(%rejection, "an answer is refused");
        self.refused += 1;
        if self.refused >= self.tries {
            return Err(Failure::Rejected(rejection));
        }
        self.problem = Some(rejection.detail);
        Ok(())
    }

    /// The answer, or a spent try if there is none that can be used.
    pub fn usable<T>(&mut self, answer: Result<T, teacher::Error>) -> Result<Option<T>, Failure> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(teacher::Error::Unusable(why)) => {
                self.refuse(Rejection::new(Reason::AnswerUnusable, why))?;
                Ok(None)
            }
            Err(teacher::Error::GaveUp(why)) => {
                self.refuse(Rejection::new(Reason::CallGivenUp, why))?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
