//! A scenario in virtual time that keeps pace with the wall clock, for clients on other threads of
//! this process: a person who watches. The trace is that of the same scenario in virtual time alone
//! until a client changes something.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::sync::oneshot;

use super::{Action, Inspect, Outcome, Runner, Settings, ask, in_virtual_time, setup};
use crate::account::Caller;
use crate::functions::Invoker;
use crate::host::SimulationHost;
use crate::scenario::{Silence, Unplayable};
use crate::sdk_client;
use crate::stepfunctions::STEPFUNCTIONS;

/// So often, in real time, virtual time is compared with the wall clock, and requests are served:
/// an answer takes two of these at most.
const STEP: Duration = Duration::from_millis(20);

/// A request from another thread.
struct Visit {
    request: HttpRequest,
    answer: oneshot::Sender<Result<HttpResponse, ConnectorError>>,
}

/// What comes from the other threads.
enum Message {
    Visit(Box<Visit>),
    Leave,
}

/// The clients' end: their HTTP client, and their word that they have left. Clones are the same.
#[derive(Debug, Clone)]
pub struct Visitor(Sender<Message>);

/// The account's end.
#[derive(Debug)]
pub struct Visitors(Receiver<Message>);

/// Both ends of a way into an account that runs on another thread.
pub fn visitors() -> (Visitor, Visitors) {
    let (sender, receiver) = channel();
    (Visitor(sender), Visitors(receiver))
}

impl Visitor {
    /// The HTTP client.
    pub fn connector(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    /// Nobody asks any more: the account ends. One that has ended already needs no word.
    pub fn leave(&self) {
        self.0.send(Message::Leave).ok();
    }
}

impl HttpConnector for Visitor {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, answered) = oneshot::channel();
        // Who has ended drops the answer's sender, and that is what the client hears.
        let visit = Box::new(Visit { request, answer });
        self.0.send(Message::Visit(visit)).ok();
        HttpConnectorFuture::new(async move {
            answered
                .await
                .unwrap_or_else(|ended| Err(ConnectorError::io(ended.into())))
        })
    }
}

/// How a paced scenario is played.
#[derive(Debug)]
pub struct Paced<'a> {
    /// What is done before anybody watches, as fast as it can be.
    pub before: &'a [Action],
    /// What is done at the pace of the wall clock.
    pub actions: &'a [Action],
    /// How many times faster than the wall clock.
    pub speed: u32,
    /// Who watches.
    pub visitors: Visitors,
    /// Told when `before` is done.
    pub ready: oneshot::Sender<()>,
}

/// Plays the scenario until it has ended and the visitors have left; nothing if they leave before
/// its end. Then `afterwards` looks at the account.
///
/// # Errors
/// What was refused, and by whom.
pub fn run_paced(
    settings: &Settings,
    paced: Paced<'_>,
    afterwards: Option<Inspect<'_>>,
) -> Result<Option<Outcome>, Unplayable> {
    in_virtual_time(settings, async {
        let mut account = setup::account(settings);
        account[STEPFUNCTIONS].forget_histories = false;
        let host = SimulationHost::new(account, Invoker::in_process());
        let silence = Arc::new(Mutex::new(Silence));
        let mut runner = Runner::new(settings, host.clone(), silence)?;
        for action in paced.before {
            runner.act(action).await?;
        }
        // Who does not wait for it has left.
        paced.ready.send(()).ok();
        let keeper = keep_pace(paced.visitors, paced.speed, &host);
        let mut keeper = std::pin::pin!(keeper);
        let played = tokio::select! {
            played = runner.play(paced.actions) => Some(played?),
            () = &mut keeper => None,
        };
        if played.is_some() {
            // Whoever watches looks on, and sees the end.
            let time_goes_on = host.run_until(|_| false, host.now() + super::LIMIT);
            tokio::select! {
                _ = time_goes_on => {}
                () = keeper => {}
            }
            ask(&host, afterwards).await;
        }
        host.end();
        Ok(played)
    })
}

/// Holds virtual time back to the wall clock's pace, and serves visitors, until they leave.
async fn keep_pace(visitors: Visitors, speed: u32, host: &SimulationHost) {
    let connector = sdk_client::in_process_connector(host, Caller::Operator);
    let (wall_began, virtual_began) = (Instant::now(), tokio::time::Instant::now());
    loop {
        tokio::time::sleep(STEP * speed).await;
        let due = wall_began + virtual_began.elapsed() / speed;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            match visitors.0.recv_timeout(left) {
                Ok(Message::Visit(visit)) => serve(&connector, *visit),
                Ok(Message::Leave) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
    }
}

/// Answers as soon as virtual time proceeds: a call takes its time on the wire.
fn serve(connector: &SharedHttpConnector, visit: Visit) {
    let answering = connector.call(visit.request);
    tokio::spawn(async move {
        // A client that does not wait any more needs no answer.
        visit.answer.send(answering.await).ok();
    });
}

#[cfg(test)]
mod tests;
