//! Polls: `GetActivityTask` is held open until there is a question, or until 60 seconds have
//! passed. The account itself answers at once; what is open is kept here, and asked again whenever
//! time has moved.
//!
//! A poll whose client went away gets nothing. The question goes to the next.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::{HostState, SimulationHost};
use crate::account::Caller;
use crate::stepfunctions::activity_task::{POLL, answers_now};
use crate::wire::{Call, Response};

/// The polls that are open, oldest first.
#[derive(Debug, Default)]
pub(super) struct Polls(VecDeque<Poll>);

#[derive(Debug)]
struct Poll {
    caller: Caller,
    call: Call,
    answer: oneshot::Sender<Response>,
}

/// Whether the call may have to wait for its answer.
pub(super) fn is_poll(call: &Call) -> bool {
    (call.service.as_str(), call.action.as_str()) == ("states", "GetActivityTask")
}

fn can_be_answered(stage: &HostState, call: &Call) -> bool {
    let activity = call.input["activityArn"].as_str().unwrap_or_default();
    answers_now(&stage.account, activity)
}

impl SimulationHost {
    /// Answers a poll when there is something to answer.
    pub(super) async fn park(&self, caller: &Caller, call: &Call) -> Response {
        let (answer, answered) = oneshot::channel();
        let until = {
            let mut stage = self.lock();
            let now = self.now();
            stage.advance(now);
            let at_once = match stage.refused(caller, call) {
                None if can_be_answered(&stage, call) => Some(stage.answer(caller, call)),
                refused => refused,
            };
            if let Some(response) = at_once {
                stage.notify_observers();
                drop(stage);
                self.wake.notify_one();
                return response;
            }
            let (caller, call) = (caller.clone(), call.clone());
            stage.polls.0.push_back(Poll {
                caller,
                call,
                answer,
            });
            now + POLL
        };
        tokio::select! {
            biased;
            Ok(response) = answered => response,
            () = tokio::time::sleep_until(self.instant(until)) => {
                let mut stage = self.lock();
                stage.advance(self.now());
                stage.answer(caller, call)
            }
        }
    }
}

impl HostState {
    /// Answers the open polls for which there is a question by now.
    pub(super) fn answer_polls(&mut self) {
        let open = std::mem::take(&mut self.polls.0);
        for poll in open {
            if poll.answer.is_closed() {
                continue;
            }
            if can_be_answered(self, &poll.call) {
                let response = self.answer(&poll.caller, &poll.call);
                // A client that goes away at this instant leaves its question to the heartbeat's
                // limit, as with AWS.
                let _gone = poll.answer.send(response);
            } else {
                self.polls.0.push_back(poll);
            }
        }
    }
}
