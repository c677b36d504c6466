//! Explains an instance from the screen, beside the rounds, and with a share of their calls.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::super::explain::explained;
use crate::aws::{Access, Slots};
use crate::failure::Failure;

/// What explains instances.
#[derive(Debug, Clone)]
pub struct Explainer {
    /// The access to the account.
    pub access: Access,
    /// The slots that the calls take.
    pub slots: Slots,
}

/// An instance, and its explanation.
pub type Explanation = (String, String);

/// Explanations that are awaited.
#[derive(Debug)]
pub struct Explanations {
    explainer: Explainer,
    sender: UnboundedSender<Explanation>,
    answers: UnboundedReceiver<Explanation>,
    /// What looks now: only the last instance that was chosen is of interest.
    looks: Option<JoinHandle<()>>,
}

impl Explanations {
    /// Those of this explainer.
    pub fn of(explainer: Explainer) -> Self {
        let (sender, answers) = unbounded_channel();
        Self {
            explainer,
            sender,
            answers,
            looks: None,
        }
    }

    /// Begins to explain an instance, in place of the one before.
    pub fn ask(&mut self, instance: String) {
        if let Some(before) = self.looks.take() {
            before.abort();
        }
        let (access, slots) = (self.explainer.access.clone(), self.explainer.slots.clone());
        let sender = self.sender.clone();
        self.looks = Some(tokio::spawn(async move {
            let text = text(access, slots, &instance).await;
            let text = text.unwrap_or_else(|failure| failure.to_string());
            // Nobody waits any more once the screen is left.
            sender.send((instance, text)).ok();
        }));
    }

    /// The next that is known.
    pub async fn next(&mut self) -> Option<Explanation> {
        self.answers.recv().await
    }
}

async fn text(access: Access, slots: Slots, instance: &str) -> Result<String, Failure> {
    let aws = access.connect_in_slots(slots).await?;
    explained(&aws, instance).await
}
