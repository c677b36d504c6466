//! `activity-worker`: flags, logs, clients and signals around [`activity_worker::run`].

mod options;

use std::process::ExitCode;

use activity_worker::stepfunctions::StepFunctions;
use clap::Parser;
use lambda_runtime::tracing::subscriber;
use options::CommandLine;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use workers::metrics::Sink;
use workers::{Clients, boot};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = CommandLine::parse();
    let levels = subscriber::EnvFilter::builder()
        .with_default_directive(subscriber::filter::LevelFilter::INFO.into())
        .from_env_lossy();
    subscriber::fmt()
        .json()
        .with_target(false)
        .with_env_filter(levels)
        .init();
    match serve(&options).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(left) => {
            tracing::warn!(
                left,
                "stopped, and left questions unanswered; they are asked again"
            );
            ExitCode::from(1)
        }
        Err(error) => {
            tracing::error!(error = error.to_string(), "cannot listen for signals");
            ExitCode::from(1)
        }
    }
}

async fn serve(options: &CommandLine) -> std::io::Result<usize> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let config = boot::sdk_config(Some(options.region())).await;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let settings = options.settings(host.trim());
    let (tell, stop) = watch::channel(false);
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(
            signal = name,
            "takes nothing new, and finishes what it holds"
        );
        // Whoever would hear it has ended.
        let _ended = tell.send(true);
    });
    let activities: Vec<&str> = settings
        .activities
        .iter()
        .map(|(_, arn)| arn.as_str())
        .collect();
    tracing::info!(
        name = settings.name,
        concurrency = settings.concurrency,
        ?activities,
        "polling"
    );
    let clients = Clients::new(&config).measured_by(Sink::stdout());
    let stepfunctions = StepFunctions::new(&config, &clients.clock);
    let left = activity_worker::run(&settings, &stepfunctions, &clients, boot::clock, stop).await;
    tracing::info!(left, "stopped");
    Ok(left)
}
