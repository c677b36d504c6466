//! What the rounds tell.

use jiff::Timestamp;

use super::super::Update;
use super::Poller;
use crate::aws::{Activity, Stack, StackEvent};
use crate::watch::{Change, Ended, Entry, Standing};

impl Poller {
    /// The events that are new.
    pub(super) fn send_events(&self, news: Vec<StackEvent>) {
        for event in news {
            let at = event.at;
            self.change(
                at,
                Change::Event {
                    at,
                    resource: event.resource,
                    status: event.status,
                    reason: event.reason,
                },
            );
        }
    }

    /// That the stack is newer than this program understands, before anything is said of it.
    pub(super) fn send_newer_interface(&mut self, stack: &Stack) {
        let Some(newer) = stack.newer_interface() else {
            return;
        };
        let (at, reason) = (self.look.now(), newer.to_string());
        self.sight.happened([Entry {
            at,
            subject: "ecs-rollout".to_owned(),
            status: "WARNING".to_owned(),
            text: reason.clone(),
        }]);
        self.change(at, Change::Warning { reason });
    }

    /// What has changed since the round before.
    pub(super) fn send_changes(&mut self) {
        let standing = Standing::of(&self.sight);
        for change in standing.since(self.before.as_ref(), self.look.now()) {
            self.change(self.look.now(), change);
        }
        self.before = Some(standing);
    }

    /// The activities that are new, if they failed or are no rollout's doing.
    pub(super) fn send_activities(&mut self, page: Vec<Activity>) {
        let news = self.activities.news(page, self.sight.began);
        let ended = news.iter().filter(|one| one.ended.is_some());
        self.sight.happened(ended.map(Entry::from));
        for one in news {
            let reason = match (one.has_failed(), one.is_foreign()) {
                (true, _) => one.message.clone(),
                (false, true) => one.cause.clone(),
                (false, false) => continue,
            };
            let at = one.ended.unwrap_or(one.began);
            self.change(
                at,
                Change::Activity {
                    at,
                    instance: one.instance().map(str::to_owned),
                    activity: one.description,
                    status: one.status,
                    reason,
                },
            );
        }
    }

    /// An execution that ended badly.
    pub(super) fn send_ended(&self, one: &Ended) {
        self.change(
            one.at,
            Change::Execution {
                at: one.at,
                execution: one.execution.clone(),
                instance: one.instance.clone(),
                status: one.status.clone(),
                reason: one.reason(),
            },
        );
    }

    /// All that was seen.
    pub(super) fn publish(&self) {
        let sight = Box::new(self.sight.clone());
        self.send(Update::Sight(self.look.now(), sight));
    }

    pub(super) fn change(&self, at: Timestamp, change: Change) {
        self.send(Update::Change(at, Box::new(change)));
    }

    /// Nobody listens any more once the user has left.
    fn send(&self, news: Update) {
        self.news.send(news).ok();
    }
}
