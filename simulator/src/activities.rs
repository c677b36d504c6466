//! Runs the real activity worker in process, when a stack is deployed with `WorkerHost=Activity`:
//! one process, which somebody starts again when it was killed.

use std::sync::Arc;
use std::time::Duration;

use activity_worker::Settings;
use activity_worker::stepfunctions::StepFunctions;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::sync::{Notify, watch};
use workers::Clients;

use crate::account::{Caller, arn};
use crate::host::SimulationHost;
use crate::interceptors::invocations::{Crash, crash};
use crate::sdk_client;

/// How long whoever looks after the process takes to start it again.
///
/// assumption: ten seconds. A supervisor with another delay proves it wrong.
const RESTART: Duration = Duration::from_secs(10);

/// Runs the activity worker of `cluster`, with the rights of the managed policy `policy`, for as
/// long as the world goes on.
pub fn start(world: &SimulationHost, cluster: &str, policy: &str) {
    let settings = Settings {
        activities: Settings::activities_with(&arn("states", &format!("activity:{cluster}-"))),
        concurrency: 4,
        name: "rehearsal".to_owned(),
        grace: Duration::ZERO,
    };
    let killed = Arc::new(Notify::new());
    let wire = SharedHttpConnector::new(KillableConnector {
        wire: sdk_client::in_process_connector(world, Caller::ActivityWorker(policy.to_owned())),
        world: world.clone(),
        killed: killed.clone(),
    });
    let config = sdk_client::sdk_config(world, wire);
    let clients = Clients::new(&config).measured_by(sdk_client::metrics(world));
    let stepfunctions = StepFunctions::new(&config, &clients.clock);
    let world = world.clone();
    tokio::spawn(async move {
        // Kept: a worker whose stop nobody can tell any more stops.
        let (_never, stop) = watch::channel(false);
        loop {
            let clock = world.clone();
            let now = move || clock.machine_time();
            tokio::select! {
                _ = activity_worker::run(&settings, &stepfunctions, &clients, now, stop.clone()) => {}
                () = killed.notified() => {}
            }
            tokio::time::sleep(RESTART).await;
        }
    });
}

/// The wire of a process that the fault `worker-error` kills while it answers, before the answer is
/// out or after.
#[derive(Debug)]
struct KillableConnector {
    wire: SharedHttpConnector,
    world: SimulationHost,
    killed: Arc<Notify>,
}

impl HttpConnector for KillableConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let fate = if target.ends_with(".SendTaskSuccess") {
            self.world.with(crash)
        } else {
            Crash::Never
        };
        if fate == Crash::Before {
            self.killed.notify_one();
            return HttpConnectorFuture::new(std::future::pending());
        }
        let (sent, killed) = (self.wire.call(request), self.killed.clone());
        HttpConnectorFuture::new(async move {
            let response = sent.await;
            if fate == Crash::After {
                killed.notify_one();
                std::future::pending::<()>().await;
            }
            response
        })
    }
}
