//! The stage as a scenario finds it: an empty account, somebody who watches, somebody who listens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::Runner;
use crate::account::Account;
use crate::account::Observer;
use crate::api_quota::ApiQuota;
use crate::checker::{InvariantChecker, Terms};
use crate::cloudformation::CLOUDFORMATION;
use crate::host::SimulationHost;
use crate::narrator::Narrator;
use crate::scenario::{About, Listener, Settings, Unplayable};
use crate::trace::Record;

/// When every scenario begins. Any instant would do.
const BEGIN: &str = "2026-01-05T03:00:00Z";
/// The stack's name. The cluster's is a parameter of it.
const STACK: &str = "ecs-cluster";

/// CloudFormation makes a policy within seconds.
const SETUP_LIMIT: Duration = Duration::from_secs(3600);

/// Tells each fact to the listener.
struct Ear {
    teller: Narrator,
    listener: Arc<Mutex<dyn Listener>>,
    began: Timestamp,
}

impl Observer for Ear {
    fn observe(&mut self, account: &Account, record: &Record) {
        let mut listener = self
            .listener
            .lock()
            .expect("only a panic poisons the lock, and it has ended the run");
        listener.passed(record.at.duration_since(self.began).unsigned_abs());
        listener.fact(account, record);
        if let Some(line) = self.teller.line(record) {
            listener.line(&line);
        }
    }
}

/// An account as the settings want it, in which nothing is yet.
pub(super) fn account(settings: &Settings) -> Account {
    let begin: Timestamp = BEGIN.parse().expect("a constant time");
    let mut account = crate::services::account(begin, settings.seed);
    account[CLOUDFORMATION].files = settings.files.texts.clone();
    for variant in &settings.variants {
        variant.apply(&mut account);
    }
    account
}

impl Runner {
    /// With WorkerHost=Activity, somebody attaches the stack's policy to a role and starts the
    /// worker as soon as the policy is there: the first instances wait for it.
    pub(super) async fn start_activity_worker(&self) {
        if self.settings.parameter("WorkerHost") != Some("Activity") {
            return;
        }
        let policy = |account: &Account| {
            let mut policies = account[CLOUDFORMATION].managed_policies();
            // Named after its logical id; there may be policies for people too.
            let policy = policies.find(|arn| arn.contains("-ActivityWorkerPolicy-"));
            policy.map(str::to_owned)
        };
        let watch = self.checker.clone();
        let there = move |account: &mut Account| {
            policy(account).is_some() || watch.first_failure().is_some()
        };
        let limit = self.host.now() + SETUP_LIMIT;
        self.host.run_until(there, limit).await;
        if let Some(policy) = self.host.with(|account| policy(account)) {
            crate::activities::start(&self.host, &self.cluster, &policy);
        }
    }

    pub(super) fn new(
        settings: &Settings,
        world: SimulationHost,
        listener: Arc<Mutex<dyn Listener>>,
    ) -> Result<Self, Unplayable> {
        let (begin, ami) = world.with(|account| (account.now, format!("ami-{}", account.hex(17))));
        let cluster = settings
            .parameter("EcsClusterName")
            .ok_or_else(|| {
                let why = "the parameters lack EcsClusterName, which names the cluster; add it";
                Unplayable::new(About::Parameters, why)
            })?
            .to_owned();
        let watch = InvariantChecker::new(Terms {
            latency: world.latency(),
            ..terms(settings)?
        });
        world.mutate(settings.mutation);
        world.add_observer(watch.clone());
        let usage = ApiQuota::default();
        world.add_observer(usage.clone());
        world.add_observer(Ear {
            teller: Narrator::new(begin, STACK),
            listener: listener.clone(),
            began: begin,
        });
        let settings = settings.clone();
        Ok(Self {
            settings,
            host: world,
            listener,
            checker: watch,
            quota: usage,
            stack: STACK.to_owned(),
            cluster,
            ami,
            released: None,
            faults_started: false,
            reports: Vec::new(),
            broken: Vec::new(),
            due: Vec::new(),
            began: begin,
            scaled: None,
        })
    }
}

fn terms(settings: &Settings) -> Result<Terms, Unplayable> {
    let number = |key: &str, default: u64| match settings.parameter(key) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| {
            let why = format!("parameter {key} is {value:?}, not a whole number");
            Unplayable::new(About::Parameters, why)
        }),
    };
    Ok(Terms {
        stack: STACK.to_owned(),
        batch: number("BatchSize", 1)? as usize,
        drain_deadline: Duration::from_secs(number("DrainDeadlineSeconds", 3000)?),
        join_deadline: Duration::from_secs(number("JoinDeadlineSeconds", 900)?),
        managed_draining: settings.has_capacity_provider("ManagedDraining", "DISABLED"),
        agent_limit: Duration::from_secs(number("AgentDisconnectedLimitSeconds", 600)?),
        keeps_standalone: settings.parameter("StandaloneTaskPolicy") == Some("skip-instance"),
        waits_for_daemons: settings.parameter("WaitForDaemons") != Some("false"),
        latency: Duration::ZERO,
        in_turns: settings.parameter("WorkerHost") == Some("Activity"),
        policy: settings
            .parameter("DrainDeadlinePolicy")
            .unwrap_or("retain")
            .to_owned(),
    })
}
