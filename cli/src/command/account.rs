//! `account`: serves an AWS account in memory on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use rehearsal::account::Account as InMemory;
use rehearsal::endpoint;
use rehearsal::environments::Environments;
use rehearsal::functions::Invoker;
use rehearsal::story::files::Files;
use rehearsal::world::World;
use tokio::signal::unix::{SignalKind, signal};

use super::processes::Workers;
use crate::view::out::say;

/// Nobody lets an account run longer.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Flags of `account`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout account --listen 127.0.0.1:4500 --speed 60
  export AWS_ENDPOINT_URL=http://127.0.0.1:4500 AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
  aws stepfunctions list-state-machines

The first line on stdout tells where it listens; what it refuses is told on stderr. Ctrl-C ends it, and everything in it.

Exit code: 0 if it was ended by a signal, 2 if it could not start.")]
pub struct Account {
    /// Address on loopback, with port 0 for one that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4500")]
    listen: SocketAddr,
    /// How many times as fast as the wall clock time goes by in the account
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Where all chance comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A template that stacks may be created from, with the files beside it [default: those of this build]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    #[command(flatten)]
    workers: Workers,
}

impl Account {
    /// Serves the account until a signal comes.
    ///
    /// # Errors
    /// A sentence about what is wrong with a flag.
    pub fn run(self) -> Result<ExitCode, String> {
        let files = match &self.template {
            Some(path) => Files::read(path)?,
            None => Files::built_in(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        runtime.block_on(self.serve(files))
    }

    async fn serve(&self, files: Files) -> Result<ExitCode, String> {
        let listener = endpoint::listen(self.listen)?;
        let url = endpoint::url(&listener)?;
        let environments =
            Environments::new(self.workers.folder()?, url.clone(), self.workers.log());
        if let Err(message) = environments.check() {
            anstream::eprintln!(
                "ecs-rollout: functions will fail, unless their zips are uploaded: {message}"
            );
        }
        let mut account = InMemory::new(Timestamp::now(), self.seed);
        account.cloudformation.files = files.texts;
        let invoker = Invoker::Processes(environments);
        let world = World::on_the_wall_clock(account, self.speed, invoker);
        let log = Arc::new(|line: &str| anstream::eprintln!("refused: {line}"));
        let server = endpoint::serve(listener, world.clone(), log);
        let mut terminate = signal(SignalKind::terminate())
            .map_err(|error| format!("signals cannot be heard: {error}"))?;
        say(format!("listening on {url}\n"));
        let forever = world.now() + FOREVER;
        tokio::select! {
            ended = server => Err(format!("{url}: {ended:?}")),
            _ = world.run_until(|_| false, forever) => Ok(ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => Ok(ExitCode::SUCCESS),
            _ = terminate.recv() => Ok(ExitCode::SUCCESS),
        }
    }
}
