//! Does from the screen what the verbs `pause`, `resume` and `cancel` do, beside the rounds, and
//! with a share of their calls. The screen has asked.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::explainer::Explainer;
use crate::aws::{Aws, missing_group};
use crate::command::{cancel, pause};
use crate::failure::Failure;
use crate::screen::Action;

/// Whoever reads the pause later reads this.
const REASON: &str = "paused on the screen of watch";

/// Actions under way.
#[derive(Debug)]
pub struct Actions {
    account: Explainer,
    stack: String,
    sender: UnboundedSender<String>,
    results: UnboundedReceiver<String>,
}

impl Actions {
    /// Those on this stack, with the access of an explainer.
    pub fn of(account: Explainer, stack: String) -> Self {
        let (sender, results) = unbounded_channel();
        Self {
            account,
            stack,
            sender,
            results,
        }
    }

    /// Whether the account ends with this process.
    pub fn is_in_memory(&self) -> bool {
        self.account.access.is_in_memory()
    }

    /// Begins an action.
    pub fn begin(&self, action: Action) {
        let (access, slots) = (self.account.access.clone(), self.account.slots.clone());
        let (stack, sender) = (self.stack.clone(), self.sender.clone());
        tokio::spawn(async move {
            let done = async {
                let aws = access.connect_in_slots(slots).await?;
                act(&aws, &stack, action).await
            };
            let text = done.await.unwrap_or_else(|failure| failure.to_string());
            // Nobody waits any more once the screen is left.
            sender.send(text).ok();
        });
    }

    /// What came of the next that has ended.
    pub async fn next(&mut self) -> Option<String> {
        self.results.recv().await
    }
}

async fn act(aws: &Aws, name: &str, action: Action) -> Result<String, Failure> {
    let stack = aws.stack(name).await?;
    if action == Action::Cancel {
        return cancel::without_question(aws, &stack).await;
    }
    let not_now = pause::effect::why_not(&stack).filter(|_| action == Action::Pause);
    if let Some(why) = not_now {
        return Err(Failure::refused(why));
    }
    let name = stack.group()?;
    let group = aws.group(&name).await;
    let group = group.map_err(|error| missing_group(&stack, error))?;
    match (action, &group.pause) {
        (Action::Pause, Some(pause)) => Ok(format!("Paused already: '{}'.", pause.why)),
        (Action::Pause, None) => {
            aws.pause(&name, REASON, Some(aws.now())).await?;
            Ok("Paused: open drains continue, no other begins. Press p to resume.".to_owned())
        }
        (_, None) => Ok("It is not paused.".to_owned()),
        (_, Some(_)) => {
            aws.release(&name).await?;
            Ok("Resumed; the next instances move within minutes.".to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
