//! `account`: serves an AWS account in memory on loopback.

use crate::failure::Failure;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use simulator::account::REGION;
use simulator::cloudformation::CLOUDFORMATION;
use simulator::ecs::ECS;
use simulator::endpoint::{self, keys::Keys};
use simulator::faults::{FAULTS, Fault, Faults, SLOW_PULL};
use simulator::functions::Invoker;
use simulator::host::SimulationHost;
use simulator::lambda::LAMBDA;
use simulator::lambda_process::{Host, LambdaProcesses};
use simulator::scenario::files::Files;
use simulator::services;
use tokio::signal::unix::{SignalKind, signal};
use workers::text::printable;

use super::fault::Disturbance;
use super::flow;
use super::processes::Workers;
use super::rehearse::Output;
use crate::view::out::print;

/// Clients need a secret key to sign with. The account does not check signatures.
const SECRET: &str = "not-checked";

/// Nobody lets an account run longer.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The Region of the account if no flag names one.
const REGION_IF_NOT_GIVEN: &str = "eu-west-1";

/// Flags of `account`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout account --listen 127.0.0.1:4500 --speed 60 > account.env &
  . ./account.env
  aws stepfunctions list-state-machines

When it listens, it writes its address and a new random access key to stdout, as lines for a shell or, with --output json, as
one JSON object. The access key id is the secret: the account refuses every request without it. It also refuses requests
of pages in a browser, and requests under another host name than its address. Refusals are written to stderr. Ctrl-C
ends the account, and everything in it.

It also refuses requests for another Region than its own. ECS's API limits hold. With --fault the AMI of the first launch
is the old one, and any other one is new. Faults of the workload are yours to start, so they are refused here.

Exit code: 0 if it was ended by a signal, 2 if it could not start."))]
pub struct Account {
    /// Address on loopback, with port 0 for one that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4500")]
    listen: SocketAddr,
    /// How many times faster than the wall clock time passes in the account
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// The Region that the account is in
    #[arg(long, value_name = "REGION", default_value = REGION_IF_NOT_GIVEN)]
    region: String,
    /// Something that goes wrong all the time, as in `rehearse`; may be given several times
    #[arg(long, value_name = "NAME", value_parser = lasting_fault)]
    fault: Vec<Fault>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A template that stacks may be created from, with the files beside it [default: those of this
    /// build]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Run code that somebody uploads to the account, with all your rights; without it only our
    /// workers' binaries run
    #[arg(long)]
    run_uploaded_code: bool,
    /// How address and access key are written
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    workers: Workers,
}

impl Account {
    /// Serves the account until a signal comes.
    ///
    /// # Errors
    /// A sentence about what is wrong with a flag.
    pub fn run(self) -> Result<ExitCode, Failure> {
        REGION
            .choose(&self.region)
            .map_err(|error| format!("--region: {error}"))?;
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

    /// What a client needs to know: for a shell to read, or as one line of JSON.
    fn announcement(&self, url: &str, key: &str) -> String {
        match self.output {
            Output::Text => format!(
                "# listening on {url}\n\
                 export AWS_ENDPOINT_URL={url} AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}\n\
                 export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={SECRET}\n"
            ),
            Output::Json => {
                let told = json!({
                    "url": url, "region": REGION, "accessKeyId": key, "secretAccessKey": SECRET,
                });
                format!("{told}\n")
            }
        }
    }

    async fn serve(&self, files: Files) -> Result<ExitCode, Failure> {
        let listener = endpoint::listen(self.listen)?;
        let url = endpoint::url(&listener)?;
        let keys = Keys::random()?;
        let environments = LambdaProcesses::new(Host {
            workers: self.workers.folder()?,
            endpoint: url.clone(),
            keys: keys.clone(),
            runs_uploaded_code: self.run_uploaded_code,
            log: self.workers.log(),
        });
        if let Err(error) = environments.check() {
            anstream::eprintln!(
                "ecs-rollout: functions will fail, unless their zips are uploaded and --run-uploaded-code is given: {error}"
            );
        }
        let mut account = services::account(Timestamp::now(), self.seed);
        account[CLOUDFORMATION].files = files.texts;
        // AWS's API limits hold here from the beginning; a rehearsal starts its workload without
        // them.
        account[ECS].timing.throttling = true;
        if self.fault.contains(&Fault::SlowPull) {
            account[ECS].timing.pending_with_pull = SLOW_PULL;
        }
        account[FAULTS].active = Faults::learning(self.fault.iter().copied());
        account[LAMBDA].refuses_uploads = !self.run_uploaded_code;
        let invoker = Invoker::Processes(environments);
        let world = SimulationHost::on_the_wall_clock(account, self.speed, invoker);
        let log = Arc::new(|line: &str| anstream::eprintln!("refused: {}", printable(line)));
        let server = endpoint::serve(listener, world.clone(), keys.clone(), log);
        let mut terminate = signal(SignalKind::terminate())
            .map_err(|error| format!("signals cannot be heard: {error}"))?;
        print(self.announcement(&url, keys.operator()));
        let forever = world.now() + FOREVER;
        tokio::select! {
            ended = server => Err(format!("{url}: {ended:?}").into()),
            _ = world.run_until(|_| false, forever) => Ok(ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => Ok(ExitCode::SUCCESS),
            _ = terminate.recv() => Ok(ExitCode::SUCCESS),
        }
    }
}

/// A fault that an account has all the time.
fn lasting_fault(name: &str) -> Result<Fault, Failure> {
    let fault = match Disturbance::from_name(name)? {
        Disturbance::Fault(fault) => fault,
        Disturbance::Incident(_) => {
            return Err(format!(
                "{name} happens once, in the middle of a rollout: rehearse with it"
            )
            .into());
        }
    };
    match fault.is_of_an_account() {
        Ok(()) => Ok(fault),
        Err(why) => Err(format!("{name} {why}: rehearse with it").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_that_an_account_has_by_itself_are_taken_and_others_named() {
        assert_eq!(lasting_fault("never-joins"), Ok(Fault::NeverJoins));
        assert_eq!(lasting_fault("throttle"), Ok(Fault::Throttle));
        for (name, words) in [
            ("drain-hangs", "drain-hangs is a fault of the workload"),
            (
                "worker-error",
                "worker-error is a fault of workers inside the rehearsal",
            ),
            ("spot-interrupted", "spot-interrupted happens once"),
            ("boredom", "no fault is called boredom"),
        ] {
            let refused = lasting_fault(name).expect_err(name);
            assert!(refused.to_string().contains(words), "{refused}");
        }
    }
}
