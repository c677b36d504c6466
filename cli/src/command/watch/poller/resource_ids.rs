//! What the stack made: it comes and goes with it.

use workers::Error;

use crate::aws::{Stack, is_about_lost_resource};
use crate::failure::Failure;

/// What the stack made, as far as it has said.
#[derive(Debug, Default)]
pub struct Places {
    /// Its group.
    pub group: Option<String>,
    /// Its state machine.
    pub machine: Option<String>,
    /// Its cluster.
    pub cluster: Option<String>,
}

/// Why a round did not come to its end.
pub enum Failed {
    /// AWS refused a call for good.
    Asking(Error),
    /// A sentence for the user.
    Told(Failure),
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Asking(error) => Self::from(&error),
            Failed::Told(failure) => failure,
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Asking(error)
    }
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self::Told(message.into())
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Told(failure)
    }
}

/// What a stack made comes and goes with it: then what is not there is no error, and `nothing` is
/// known of it.
pub fn gone_is<T>(looked: Result<T, Error>, stack: &Stack, nothing: T) -> Result<T, Failed> {
    match looked {
        Err(error) if stack.may_lack_resources() && is_about_lost_resource(&error) => Ok(nothing),
        other => Ok(other?),
    }
}

impl Places {
    /// What the stack's outputs say. While it is created it has none yet, and while it is deleted
    /// they may have gone. One whose creation or deletion `was_followed` to its end may have none.
    ///
    /// # Errors
    /// A sentence, if it is at rest and has none.
    pub fn learn(&mut self, stack: &Stack, was_followed: bool) -> Result<(), Failure> {
        let may_lack = stack.is_busy()
            || stack.status.starts_with("DELETE_")
            || (was_followed && stack.may_lack_resources());
        for (place, said) in [
            (&mut self.group, stack.group()),
            (&mut self.machine, stack.state_machine()),
            (&mut self.cluster, stack.cluster()),
        ] {
            match said {
                Ok(said) => *place = Some(said),
                Err(_) if may_lack || place.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
