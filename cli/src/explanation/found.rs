//! What the worker whose question stands finds now.

use workers::model::{Subject, Transition};
use workers::{Assessment, Verdict, Worker};

use crate::aws::Pause;

/// What the worker whose question stands finds now.
#[derive(Debug)]
pub struct Found {
    /// Whose question stands.
    pub worker: Worker,
    /// What it is about.
    pub subject: Subject,
    /// The services that had tasks on it when its drain began.
    pub services: Vec<String>,
    /// What it finds; nothing for complete-action, which only acts; or the error that it meets.
    pub finding: Result<Option<Assessment>, String>,
}

impl Found {
    /// Whether the pause is what it waits for: a new instance that no earlier drain holds, or a
    /// drain whose turn has not come.
    pub fn waits_for_resume(&self, pause: Option<&Pause>) -> bool {
        let Ok(Some(finding)) = &self.finding else {
            return false;
        };
        let holds = match (self.worker, self.subject.action.transition) {
            (Worker::Stable, Transition::Launching) => {
                finding.extra.held_by.iter().flatten().next().is_none()
            }
            (Worker::Draining, _) => {
                let turn = finding.extra.turn.as_ref();
                turn.is_some_and(|turn| turn.came_at.is_none())
            }
            _ => false,
        };
        pause.is_some() && holds && finding.verdict == Verdict::NotYet
    }

    /// Whether that is what draining would do, since a look alone does not set it.
    pub fn is_set_draining(&self, finding: &Assessment) -> bool {
        let done = finding.verdict == Verdict::Reached && finding.extra.member == Some(false);
        let turn = finding.extra.turn.as_ref();
        let waits = turn.is_some_and(|turn| turn.came_at.is_none());
        self.worker == Worker::Draining && !done && !waits
    }
}
