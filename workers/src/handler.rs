//! The workers as types: a binary that names one at compile time carries no other's code, which
//! keeps each function's zip and cold start small. [`crate::answer`] is for processes that serve
//! all of them.

use jiff::Timestamp;
use serde_json::Value;

use crate::config::{History, Reading};
use crate::model::{Assessment, Subject};
use crate::{
    Answer, Clients, Error, Worker, answer_in_phase, complete, complete_action, drained, draining,
    joined, reconcile, stable,
};

/// A worker that can be asked.
pub trait Handler {
    /// Which it is.
    const WORKER: Worker;

    /// Its answer to an `input` of which `reading` and `history` were read.
    fn answer(
        reading: Reading,
        history: &History,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> impl Future<Output = Result<Answer, Error>>;
}

/// A worker that looks at the subject of a lifecycle event, again and again until it comes to
/// another verdict than "not yet".
pub trait PhaseHandler {
    /// Which it is.
    const WORKER: Worker;

    /// Looks once.
    fn look(
        subject: &Subject,
        history: &History,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> impl Future<Output = Result<Assessment, Error>>;
}

impl<W: PhaseHandler> Handler for W {
    const WORKER: Worker = W::WORKER;

    async fn answer(
        reading: Reading,
        history: &History,
        _input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let subject = &reading.subject()?;
        let looks = W::look(subject, history, clients, now);
        answer_in_phase(W::WORKER, looks, subject, history, clients, now).await
    }
}

/// See [`joined`].
#[derive(Debug)]
pub struct Joined;

/// See [`draining`].
#[derive(Debug)]
pub struct Draining;

/// See [`drained`].
#[derive(Debug)]
pub struct Drained;

/// See [`stable`].
#[derive(Debug)]
pub struct Stable;

/// See [`crate::complete_action`].
#[derive(Debug)]
pub struct CompleteAction;

/// See [`reconcile`].
#[derive(Debug)]
pub struct Reconcile;

impl PhaseHandler for Joined {
    const WORKER: Worker = Worker::Joined;

    async fn look(
        subject: &Subject,
        history: &History,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Assessment, Error> {
        joined::handle(subject, history, clients, now).await
    }
}

impl PhaseHandler for Draining {
    const WORKER: Worker = Worker::Draining;

    async fn look(
        subject: &Subject,
        history: &History,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Assessment, Error> {
        draining::handle(subject, history, clients, now).await
    }
}

impl PhaseHandler for Drained {
    const WORKER: Worker = Worker::Drained;

    async fn look(
        subject: &Subject,
        history: &History,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Assessment, Error> {
        drained::handle(subject, history, clients, now).await
    }
}

impl PhaseHandler for Stable {
    const WORKER: Worker = Worker::Stable;

    async fn look(
        subject: &Subject,
        history: &History,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Assessment, Error> {
        stable::handle(subject, history, clients, now).await
    }
}

impl Handler for CompleteAction {
    const WORKER: Worker = Worker::CompleteAction;

    async fn answer(
        reading: Reading,
        history: &History,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let earlier = history.since(Worker::CompleteAction)?;
        let order = complete_action::read_order(reading, input)?;
        complete(order, earlier, clients, now).await
    }
}

impl Handler for Reconcile {
    const WORKER: Worker = Worker::Reconcile;

    /// Its input is no lifecycle event: what was read of one is of no use.
    async fn answer(
        _reading: Reading,
        _history: &History,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let order = reconcile::read_order(input)?;
        let finding = reconcile::handle(&order, clients, now).await?;
        Ok(Answer {
            verdict: finding.verdict,
            reason: finding.reason,
            wait_seconds: 0,
            since: now(),
            extra: finding.extra,
        })
    }
}
