//! Plays a story to its end in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Action, Fault, Listener, Settings, Switch};
use crate::account::Account;
use crate::fact::Told;
use crate::promises::{self, Broken, Claim};
use crate::report::{Amis, Report, cost_usd, rounded};
use crate::telling::Teller;
use crate::watch::{Terms, Watch};
use crate::wire::ApiError;
use crate::workload::{self, Standalone};
use crate::world::{Observer, World};

/// When every story begins. Any instant would do.
const BEGIN: &str = "2026-01-05T03:00:00Z";
/// No roll takes longer: the hooks' global timeout is 48 hours, for the roll and for its way back.
const LIMIT: Duration = Duration::from_secs(96 * 3600);
/// How long the workload may take to be at rest before a roll begins.
const SETTLE_LIMIT: Duration = Duration::from_secs(2 * 3600);
/// The SSM parameter of the AMI when the parameter file does not name one (the template's default).
const AMI_PARAMETER: &str = "/ami/ecs/latest";

/// What a story came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Played {
    /// One report for each roll.
    pub reports: Vec<Report>,
    /// Promises broken outside of any roll.
    pub broken: Vec<Broken>,
}

/// Plays the story; `listener` hears it line by line. `wait` makes every Wait state last that long.
///
/// # Errors
/// A sentence: what was refused, and by whom.
pub fn play(
    settings: &Settings,
    actions: &[Action],
    wait: Option<Duration>,
    listener: Arc<Mutex<dyn Listener>>,
) -> Result<Played, String> {
    // The SDKs take the jitter of their retries from the thread's generator.
    fastrand::seed(settings.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        let mut stage = Stage::new(settings, wait, listener)?;
        for action in actions {
            stage.act(action).await?;
        }
        let broken = stage.watch.end_roll().broken;
        Ok(Played {
            reports: stage.reports,
            broken,
        })
    })
}

struct Stage {
    settings: Settings,
    world: World,
    watch: Watch,
    stack: String,
    ami: String,
    reports: Vec<Report>,
}

/// Tells each fact to the listener.
struct Ear {
    teller: Teller,
    watch: Watch,
    listener: Arc<Mutex<dyn Listener>>,
    began: Timestamp,
    old_ami: String,
}

impl Observer for Ear {
    fn observe(&mut self, _account: &Account, told: &Told) {
        let Some(line) = self.teller.line(told) else {
            return;
        };
        let instances = self.watch.instances();
        let left = instances
            .values()
            .filter(|seen| seen.ami == self.old_ami)
            .count();
        let new = instances
            .values()
            .filter(|seen| seen.ami != self.old_ami && seen.state == "InService")
            .count();
        let mut listener = self
            .listener
            .lock()
            .expect("only a panic poisons the lock, and it has ended the run");
        listener.line(&line);
        listener.progress(
            new,
            new + left,
            told.at.duration_since(self.began).unsigned_abs(),
        );
    }
}

impl Stage {
    fn new(
        settings: &Settings,
        wait: Option<Duration>,
        listener: Arc<Mutex<dyn Listener>>,
    ) -> Result<Self, String> {
        let begin: Timestamp = BEGIN.parse().expect("a constant time");
        let mut account = Account::new(begin, settings.seed);
        account.cloudformation.files = settings.files.texts.clone();
        account.stepfunctions.wait_override = wait;
        for switch in &settings.switches {
            flip(&mut account, *switch);
        }
        let ami = format!("ami-{}", account.hex(17));
        let stack = settings
            .parameter("EcsClusterName")
            .ok_or("the parameters lack EcsClusterName; name the cluster")?
            .to_owned();
        let watch = Watch::new(terms(settings, &stack)?);
        let world = World::new(account);
        world.add_observer(watch.clone());
        world.add_observer(Ear {
            teller: Teller::new(begin, &stack),
            watch: watch.clone(),
            listener,
            began: begin,
            old_ami: ami.clone(),
        });
        let settings = settings.clone();
        Ok(Self {
            settings,
            world,
            watch,
            stack,
            ami,
            reports: Vec::new(),
        })
    }

    async fn act(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Deploy => self.deploy().await,
            Action::Roll => self.roll().await,
            Action::Scale(size) => {
                let input = json!({"AutoScalingGroupName": self.stack, "DesiredCapacity": size});
                self.call("autoscaling", "SetDesiredCapacity", &input)
                    .map(drop)
            }
            Action::WarmPool(size) => {
                let input = json!({"AutoScalingGroupName": self.stack, "MinSize": size, "PoolState": "Stopped"});
                self.call("autoscaling", "PutWarmPool", &input).map(drop)
            }
            Action::PutEvent(event) => self.put_event(event),
            Action::Deregister => self.deregister(),
            Action::Settle => self.settle(LIMIT).await,
            Action::Pass(seconds) => {
                let until = self.world.now() + Duration::from_secs(*seconds);
                self.world.run_until(|_| false, until).await;
                Ok(())
            }
            Action::DeleteServices => self.delete_services(),
            Action::Delete => self.delete().await,
        }
    }

    fn call(&self, service: &str, action: &str, input: &Value) -> Result<Value, String> {
        self.world
            .call(service, action, input)
            .map_err(|error| refused(action, &error))
    }

    fn put_ami(&self, ami: &str) -> Result<(), String> {
        let name = self
            .settings
            .parameter("EcsAmiParameterKey")
            .unwrap_or(AMI_PARAMETER);
        let input = json!({"Name": name, "Value": ami, "Type": "String", "Overwrite": true});
        self.call("ssm", "PutParameter", &input).map(drop)
    }

    async fn deploy(&mut self) -> Result<(), String> {
        self.put_ami(&self.ami)?;
        let parameters: Vec<Value> = self
            .settings
            .parameters
            .iter()
            .map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}))
            .collect();
        let input = json!({
            "StackName": self.stack, "TemplateURL": self.settings.files.template, "Parameters": parameters,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        });
        self.call("cloudformation", "CreateStack", &input)?;
        self.settle(LIMIT).await?;
        match self.watch.stack_status().as_str() {
            "CREATE_COMPLETE" => {}
            status => {
                return Err(format!(
                    "the stack {} ended {status}, so there is nothing to roll",
                    self.stack
                ));
            }
        }
        let mut workload = self.settings.workload.clone();
        if self.settings.faults.contains(&Fault::DrainHangs) {
            // On the instance that the roll replaces first, so that what follows is seen.
            workload.tasks.push(Standalone {
                family: "never-stops".to_owned(),
                count: 1,
                run_seconds: None,
                on_instance: self.oldest(),
            });
        }
        workload::start(&self.world, &self.stack, &workload)
            .map_err(|error| refused("the workload", &error))?;
        let limit = self.world.now() + SETTLE_LIMIT;
        if self
            .world
            .run_until(|account| account.ecs.settled(), limit)
            .await
        {
            return Ok(());
        }
        let unsettled = self.world.with(|account| account.ecs.pending());
        Err(format!(
            "the workload is not at rest {} minutes after its start: {}; give the cluster more instances or the services smaller tasks",
            SETTLE_LIMIT.as_secs() / 60,
            unsettled.unwrap_or_default()
        ))
    }

    async fn roll(&mut self) -> Result<(), String> {
        let began = self.world.now();
        let new_ami = self
            .world
            .with(|account| format!("ami-{}", account.hex(17)));
        let faults = self.settings.faults(&new_ami);
        let transitions = self.world.with(|account| {
            account.faults = faults;
            account.ecs.dynamics.throttling = true;
            account.stepfunctions.transitions
        });
        let size = self.watch.instances().len();
        self.watch.begin_roll();
        self.put_ami(&new_ami)?;
        let keys: Vec<Value> = self
            .settings
            .parameters
            .iter()
            .map(|(key, _)| json!({"ParameterKey": key, "UsePreviousValue": true}))
            .collect();
        let input = json!({
            "StackName": self.stack, "UsePreviousTemplate": true, "Parameters": keys,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        });
        self.call("cloudformation", "UpdateStack", &input)?;
        let watch = self.watch.clone();
        self.world
            .run_until(move |_| watch.pending().is_none(), began + LIMIT)
            .await;
        let transitions =
            self.world.with(|account| account.stepfunctions.transitions) - transitions;
        let report = self.report(began, size, &new_ami, transitions);
        if report.outcome == "UPDATE_COMPLETE" {
            self.ami = new_ami;
        }
        self.reports.push(report);
        Ok(())
    }

    fn report(&self, began: Timestamp, size: usize, new_ami: &str, transitions: u64) -> Report {
        let outcome = self.watch.stack_status();
        let amis = Amis {
            old: self.ami.clone(),
            new: new_ami.to_owned(),
        };
        let mut seen = self.watch.end_roll();
        let now = self.world.now();
        if let Some(detail) = self.unfinished(&outcome, size, &amis) {
            seen.broken.push(Broken {
                claim: Claim::RollEnds,
                at: now,
                detail,
            });
        }
        let calls: u64 = seen.api_calls.values().sum();
        Report {
            instances: size,
            replaced: seen.replaced.len(),
            retained: self.retained(),
            roll_seconds: rounded(now.duration_since(began).as_secs_f64(), 3),
            lower_bound_seconds: None,
            overhead: None,
            tasks_moved: seen.tasks_moved,
            tasks_killed_early: seen.tasks_killed_early,
            max_open_drains: seen.max_open_drains,
            api_calls_per_instance: rounded(calls as f64 / seen.replaced.len().max(1) as f64, 2),
            state_transitions: transitions,
            max_history_events: seen.max_history_events,
            cost_usd: rounded(cost_usd(transitions, &seen), 6),
            promises: promises::judge(&seen.broken),
            api_calls: seen.api_calls,
            ami: amis,
            seed: self.settings.seed,
            outcome,
        }
    }

    /// Why the roll has not ended as it must, if so.
    fn unfinished(&self, outcome: &str, size: usize, amis: &Amis) -> Option<String> {
        if let Some(pending) = self.watch.pending() {
            return Some(format!(
                "{} hours after it began, {pending}",
                LIMIT.as_secs() / 3600
            ));
        }
        let wanted = match outcome {
            "UPDATE_COMPLETE" => &amis.new,
            "UPDATE_ROLLBACK_COMPLETE" => &amis.old,
            other => return Some(format!("the stack ended {other}")),
        };
        let instances = self.watch.instances();
        let serving: Vec<_> = instances
            .iter()
            .filter(|(_, seen)| seen.state == "InService")
            .collect();
        if let Some((id, seen)) = serving.iter().find(|(_, seen)| seen.ami != *wanted) {
            return Some(format!(
                "{id} is in service on {}, not on {wanted}",
                seen.ami
            ));
        }
        (serving.len() != size).then(|| {
            format!(
                "{} instances are in service, {size} were before",
                serving.len()
            )
        })
    }

    fn retained(&self) -> Vec<String> {
        let instances = self.watch.instances().into_iter();
        instances
            .filter(|(_, seen)| seen.state.ends_with(":Retained"))
            .map(|(id, _)| id)
            .collect()
    }

    async fn settle(&self, limit: Duration) -> Result<(), String> {
        let until = self.world.now() + limit;
        let watch = self.watch.clone();
        // What was just asked for begins a moment later.
        let soon = self.world.now() + Duration::from_secs(60);
        self.world.run_until(|_| false, soon).await;
        if self
            .world
            .run_until(move |_| watch.pending().is_none(), until)
            .await
        {
            return Ok(());
        }
        let pending = self.watch.pending().unwrap_or_default();
        Err(format!("{} hours later {pending}", limit.as_secs() / 3600))
    }

    fn put_event(&self, event: &Value) -> Result<(), String> {
        let oldest = self.oldest().unwrap_or_default();
        let event = event
            .to_string()
            .replace("INSTANCE", &oldest)
            .replace("GROUP", &self.stack);
        let event = serde_json::from_str(&event).map_err(|error| format!("the event: {error}"))?;
        self.world
            .with(|account| crate::eventbridge::put_event(account, event));
        Ok(())
    }

    fn oldest(&self) -> Option<String> {
        let input = json!({"AutoScalingGroupNames": [self.stack]});
        let group = self
            .call("autoscaling", "DescribeAutoScalingGroups", &input)
            .ok()?;
        group["AutoScalingGroups"][0]["Instances"][0]["InstanceId"]
            .as_str()
            .map(str::to_owned)
    }

    fn deregister(&self) -> Result<(), String> {
        let oldest = self
            .oldest()
            .ok_or("the group has no instance to deregister")?;
        let filter = json!({"cluster": self.stack, "filter": format!("ec2InstanceId == {oldest}")});
        let listed = self.call("ecs", "ListContainerInstances", &filter)?;
        let input = json!({"cluster": self.stack, "containerInstance": listed["containerInstanceArns"][0], "force": true});
        self.call("ecs", "DeregisterContainerInstance", &input)
            .map(drop)
    }

    async fn delete(&self) -> Result<(), String> {
        self.call(
            "cloudformation",
            "DeleteStack",
            &json!({"StackName": self.stack}),
        )?;
        self.settle(LIMIT).await
    }

    fn delete_services(&self) -> Result<(), String> {
        for service in &self.settings.workload.services {
            let input = json!({"cluster": self.stack, "service": service.name, "force": true});
            self.call("ecs", "DeleteService", &input)?;
        }
        Ok(())
    }
}

fn terms(settings: &Settings, stack: &str) -> Result<Terms, String> {
    let number = |key: &str, default: u64| match settings.parameter(key) {
        None => Ok(default),
        Some(value) => value
            .parse()
            .map_err(|_| format!("parameter {key} is {value:?}, not a whole number")),
    };
    Ok(Terms {
        stack: stack.to_owned(),
        batch: number("BatchSize", 1)? as usize,
        drain_deadline: Duration::from_secs(number("DrainDeadlineSeconds", 3000)?),
        policy: settings
            .parameter("DrainDeadlinePolicy")
            .unwrap_or("retain")
            .to_owned(),
    })
}

fn flip(account: &mut Account, switch: Switch) {
    match switch {
        Switch::EarlySignalLost => {
            account
                .cloudformation
                .dynamics
                .signal_before_in_service_counts = false
        }
        Switch::AbandonedLaunchSkipsHook => {
            account
                .autoscaling
                .dynamics
                .terminate_hooks_after_abandoned_launch = false
        }
        Switch::ExecutionNamedAfterEvent => {
            account.eventbridge.dynamics.execution_name =
                crate::eventbridge::ExecutionName::EventId;
        }
    }
}

fn refused(what: &str, error: &ApiError) -> String {
    format!("{what} was refused: {error}")
}
