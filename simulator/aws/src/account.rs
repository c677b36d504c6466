//! The account: one clock, one queue, one state per service, and the facts of what happened.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::Queue;
use crate::error::ApiError;
use crate::faults::Faults;
use crate::signal::Signal;
use crate::trace::{Record, TraceEvent};
use crate::{
    autoscaling, cloudformation, cloudwatch, ec2, ecs, elasticloadbalancing, eventbridge, lambda,
    s3, sns, sqs, ssm, stepfunctions, sts,
};

pub use crate::arn::{ACCOUNT_ID, PARTITION, arn};
pub use crate::caller::Caller;
pub use crate::region::{REGION, Region};

/// Makes the seed of the faults another one than that of the services.
const FAULT_SEED: u64 = 0x5eed_0fa0_1750_0fa0;

/// Something that a service has planned for later.
#[derive(Debug)]
pub enum Event {
    /// Of EC2 Auto Scaling.
    AutoScaling(autoscaling::Event),
    /// Of CloudFormation.
    CloudFormation(cloudformation::Event),
    /// Of EC2.
    Ec2(ec2::Event),
    /// Of ECS.
    Ecs(ecs::Event),
    /// Of EventBridge.
    EventBridge(eventbridge::Event),
    /// Of Step Functions.
    StepFunctions(stepfunctions::Event),
}

macro_rules! event_from {
    ($($service:ident $variant:ident),*) => {$(
        impl From<$service::Event> for Event {
            fn from(event: $service::Event) -> Self {
                Self::$variant(event)
            }
        }
    )*};
}
event_from!(autoscaling AutoScaling, cloudformation CloudFormation, ec2 Ec2, ecs Ecs, eventbridge EventBridge, stepfunctions StepFunctions);

/// An AWS account in memory.
#[derive(Debug)]
pub struct Account {
    /// The present instant. Only [`Account::step`] moves it.
    pub now: Timestamp,
    /// Where all chance of the services comes from.
    pub random: fastrand::Rng,
    /// Where the chance of calls and invocations comes from. It is apart, so that how often workers
    /// ask does not change how long the services take.
    pub wire_random: fastrand::Rng,
    /// What is made to go wrong.
    pub faults: Faults,
    /// Where the chance of faults comes from.
    pub fault_random: fastrand::Rng,
    /// Whether an answer goes straight to the wire: a long list may then be text already, see
    /// [`crate::wire::query::written`].
    pub answers_written: bool,
    /// Everything that happened, in order.
    pub trace: Vec<Record>,
    queue: Queue,
    /// The names of the CloudWatch alarms that are in ALARM.
    pub alarms: BTreeSet<String>,
    /// EC2 Auto Scaling.
    pub autoscaling: autoscaling::State,
    /// CloudFormation.
    pub cloudformation: cloudformation::State,
    /// CloudWatch: metrics.
    pub cloudwatch: cloudwatch::State,
    /// EC2: launch templates and instances.
    pub ec2: ec2::State,
    /// ECS.
    pub ecs: ecs::State,
    /// EventBridge.
    pub eventbridge: eventbridge::State,
    /// Lambda.
    pub lambda: lambda::State,
    /// S3.
    pub s3: s3::State,
    /// SNS.
    pub sns: sns::State,
    /// SQS.
    pub sqs: sqs::State,
    /// Systems Manager Parameter Store.
    pub ssm: ssm::State,
    /// Step Functions.
    pub stepfunctions: stepfunctions::State,
}

impl Account {
    /// An empty account at `start`, in which all chance follows from `seed`. Its times are whole
    /// milliseconds, as those of AWS are.
    pub fn new(start: Timestamp, seed: u64) -> Self {
        let start = Timestamp::from_millisecond(start.as_millisecond())
            .expect("a good time without its microseconds is a good time");
        Self {
            now: start,
            random: fastrand::Rng::with_seed(seed),
            wire_random: fastrand::Rng::with_seed(!seed),
            faults: Faults::default(),
            fault_random: fastrand::Rng::with_seed(seed ^ FAULT_SEED),
            answers_written: false,
            trace: Vec::new(),
            queue: Queue::default(),
            alarms: BTreeSet::new(),
            autoscaling: Default::default(),
            cloudformation: Default::default(),
            cloudwatch: Default::default(),
            ec2: Default::default(),
            ecs: Default::default(),
            eventbridge: Default::default(),
            lambda: Default::default(),
            s3: Default::default(),
            sns: Default::default(),
            sqs: Default::default(),
            ssm: Default::default(),
            stepfunctions: Default::default(),
        }
    }

    /// Plans `event` for `delay` from now, or for the end of time.
    pub fn after(&mut self, delay: Duration, event: impl Into<Event>) {
        let due = self.now.checked_add(delay).unwrap_or(Timestamp::MAX);
        self.queue.plan(due, event.into());
    }

    /// Writes down that `fact` happened now.
    pub fn record(&mut self, fact: TraceEvent) {
        self.trace.push(Record {
            at: self.now,
            event: fact,
        });
    }

    /// When the next planned thing is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }

    /// Does the next planned thing that is due at `until` or before, at its own instant, and says
    /// whether there was one. When there is none the clock stands at `until`.
    pub fn step(&mut self, until: Timestamp) -> bool {
        match self.queue.take_due(until) {
            Some((due, event)) => {
                self.now = self.now.max(due);
                self.on_event(event);
                true
            }
            None => {
                self.now = self.now.max(until);
                false
            }
        }
    }

    /// Does everything that is due until `until`, and stands there.
    pub fn advance(&mut self, until: Timestamp) {
        while self.step(until) {}
    }

    /// Lets every service notice what AWS does behind its API.
    pub fn signal(&mut self, signal: &Signal) {
        // ECS before Auto Scaling: an agent starts before the hook of its instance is reached.
        cloudformation::notice(self, signal);
        ecs::notice(self, signal);
        autoscaling::notice(self, signal);
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::AutoScaling(event) => autoscaling::on_event(self, event),
            Event::CloudFormation(event) => cloudformation::on_event(self, event),
            Event::Ec2(event) => ec2::on_event(self, event),
            Event::Ecs(event) => ecs::on_event(self, event),
            Event::EventBridge(event) => eventbridge::on_event(self, event),
            Event::StepFunctions(event) => stepfunctions::on_event(self, event),
        }
    }

    /// Calls `action` of `service`, both spelled as in the AWS API: `call(&caller, "autoscaling",
    /// "DescribeAutoScalingGroups", &json!({"AutoScalingGroupNames": ["a"]}))`. Times in answers
    /// are RFC 3339 strings under the member's own name; the wire layer turns them into what each
    /// protocol writes.
    ///
    /// # Errors
    /// What AWS would answer; and `NotImplemented`, naming service and call, for what the account
    /// does not know.
    pub fn call(
        &mut self,
        caller: &Caller,
        service: &str,
        action: &str,
        input: &Value,
    ) -> Result<Value, ApiError> {
        let answer = match service {
            "autoscaling" => autoscaling::call(self, caller, action, input),
            "cloudformation" => cloudformation::call(self, action, input),
            "ec2" => ec2::call(self, action, input),
            "ecs" => ecs::call(self, action, input),
            "elasticloadbalancing" => elasticloadbalancing::call(self, action, input),
            "events" => eventbridge::call(self, action, input),
            "lambda" => lambda::call(self, action, input),
            "sns" => sns::call(self, caller, action, input),
            "sqs" => sqs::call(self, action, input),
            "ssm" => ssm::call(self, action, input),
            "sts" => sts::call(caller, action, input),
            "states" => stepfunctions::call(self, action, input),
            _ => Err(ApiError::not_implemented(service, action)),
        };
        self.record_call(caller, service, action, answer.as_ref().err());
        answer
    }

    /// Writes down that a call was answered.
    pub fn record_call(
        &mut self,
        caller: &Caller,
        service: &str,
        action: &str,
        error: Option<&ApiError>,
    ) {
        self.record(TraceEvent::ApiCall {
            caller: caller.clone(),
            service: service.to_owned(),
            action: action.to_owned(),
            error: error.map(|error| error.code.clone()),
        });
    }

    /// A new random id of `length` hexadecimal digits, such as those of `i-0123456789abcdef0`.
    pub fn hex(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(b"0123456789abcdef"[self.random.usize(0..16)]))
            .collect()
    }

    /// A new random UUID.
    pub fn uuid(&mut self) -> String {
        let digits = self.hex(32);
        format!(
            "{}-{}-4{}-a{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[13..16],
            &digits[17..20],
            &digits[20..]
        )
    }

    /// A duration between `from` and `to`, by chance.
    pub fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let (from, to) = (from.as_millis() as u64, to.as_millis() as u64);
        Duration::from_millis(self.random.u64(from..=to.max(from)))
    }
}

/// Who is told of every fact, at once, with the account as it then stands.
pub trait Observer: Send {
    /// Takes notice of a fact.
    fn observe(&mut self, account: &Account, record: &Record);
}
