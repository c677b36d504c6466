//! The workers as types: a binary that names one at compile time carries no other's code, which
//! keeps each function's zip and cold start small. [`crate::answer`] is for processes that serve
//! all of them.

use jiff::Timestamp;
use serde_json::Value;

use crate::config::Reading;
use crate::{
    Answer, Clients, Error, Worker, answer_in_phase, complete, drained, draining, joined,
    reconcile, stable,
};

/// A worker that can be asked.
pub trait Handler {
    /// Which it is.
    const WORKER: Worker;

    /// Its answer to an input of which `reading` was read.
    fn answer(
        reading: Reading,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> impl Future<Output = Result<Answer, Error>>;
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

impl Handler for Joined {
    const WORKER: Worker = Worker::Joined;

    async fn answer(
        reading: Reading,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let subject = &reading.subject()?;
        let looks = joined::handle(subject, input, clients, now);
        answer_in_phase(Self::WORKER, looks, (subject, input), clients, now).await
    }
}

impl Handler for Draining {
    const WORKER: Worker = Worker::Draining;

    async fn answer(
        reading: Reading,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let subject = &reading.subject()?;
        let looks = draining::handle(subject, input, clients, now);
        answer_in_phase(Self::WORKER, looks, (subject, input), clients, now).await
    }
}

impl Handler for Drained {
    const WORKER: Worker = Worker::Drained;

    async fn answer(
        reading: Reading,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let subject = &reading.subject()?;
        let looks = drained::handle(subject, input, clients, now);
        answer_in_phase(Self::WORKER, looks, (subject, input), clients, now).await
    }
}

impl Handler for Stable {
    const WORKER: Worker = Worker::Stable;

    async fn answer(
        reading: Reading,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let subject = &reading.subject()?;
        let looks = stable::handle(subject, input, clients, now);
        answer_in_phase(Self::WORKER, looks, (subject, input), clients, now).await
    }
}

impl Handler for CompleteAction {
    const WORKER: Worker = Worker::CompleteAction;

    async fn answer(
        reading: Reading,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        complete(reading, input, clients, now).await
    }
}

impl Handler for Reconcile {
    const WORKER: Worker = Worker::Reconcile;

    /// Its input is no lifecycle event: what was read of one is of no use.
    async fn answer(
        _reading: Reading,
        input: &Value,
        clients: &Clients,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, Error> {
        let finding = reconcile::handle(input, clients, now).await?;
        Ok(Answer {
            verdict: finding.verdict,
            reason: finding.reason,
            wait_seconds: 0,
            since: now(),
            extra: finding.extra,
        })
    }
}
