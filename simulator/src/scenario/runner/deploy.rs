//! Creates the stack of a scenario and starts its workload.

use std::time::Duration;

use serde_json::{Value, json};
use workers::drained::blockers::cause;
use workers::model::cluster::Shortage;
use workers::model::cluster::shortage::attributes_in;

use super::{About, LIMIT, Runner, Unplayable};
use crate::account::Account;
use crate::cloudformation;
use crate::ecs::ECS;
use crate::scenario::StepError;
use crate::ssm::public;
use crate::trace::StackStatus;
use crate::workload;

/// How long the workload may take to be at rest before a rollout begins.
const SETTLE_LIMIT: Duration = Duration::from_secs(2 * 3600);
/// The template's parameter that names the SSM parameter of the AMI.
const AMI_KEY: &str = "EcsAmiParameterKey";
/// The SSM parameter of the AMI when the parameter file does not name one (the template's default).
const AMI_PARAMETER: &str = "/ami/ecs/latest";

impl Runner {
    pub(super) fn put_ami(&self, ami: &str) -> Result<(), Unplayable> {
        let name = self.settings.parameter(AMI_KEY).unwrap_or(AMI_PARAMETER);
        if name.starts_with(public::PREFIX) {
            // AWS releases the AMIs of its own parameters.
            let published = self
                .host
                .with(|account| public::publish(account, name, ami));
            return published
                .map_err(|why| Unplayable::new(About::Parameters, format!("{AMI_KEY}: {why}")));
        }
        let input = json!({"Name": name, "Value": ami, "Type": "String", "Overwrite": true});
        let put = self.call("ssm", "PutParameter", &input);
        put.map(drop).map_err(|why| {
            let why = format!(
                "{AMI_KEY} is {name:?}: {why}; name an SSM parameter of your own, such as {AMI_PARAMETER}"
            );
            Unplayable::new(About::Parameters, why)
        })
    }

    pub(super) async fn create(&mut self) -> Result<(), Unplayable> {
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
        let created = self.call("cloudformation", "CreateStack", &input);
        created.map_err(|why| self.why_no_stack(&input, &why))?;
        self.start_activity_worker().await;
        let asked = self.host.now();
        self.unprotect_a_failed_creation(asked + LIMIT).await?;
        Ok(self.wait_idle_since(asked, LIMIT).await?)
    }

    /// Whether the parameters are the cause of CreateStack's refusal, or the template.
    fn why_no_stack(&self, input: &Value, why: &StepError) -> Unplayable {
        let fit = self
            .host
            .with(|account| cloudformation::request::check_parameters(account, input));
        match fit {
            Ok(()) => Unplayable::new(About::Template, why.to_string()),
            Err(_) => Unplayable::new(
                About::Parameters,
                format!("{why}; the template says which parameters there are, and their limits"),
            ),
        }
    }

    pub(super) async fn deploy(&mut self) -> Result<(), Unplayable> {
        self.create().await?;
        self.start_workload().await
    }

    /// Starts the workload on the stack that was created, and goes on when it is at rest.
    pub(super) async fn start_workload(&mut self) -> Result<(), Unplayable> {
        match self.checker.stack_status() {
            Some(StackStatus::CreateComplete) => {}
            other => {
                let status = other.map_or("", StackStatus::name);
                let why = self.checker.first_failure().unwrap_or_default();
                let stack = &self.stack;
                let why =
                    format!("the stack {stack} ended {status}, so there is nothing to roll: {why}");
                return Err(Unplayable::new(About::Template, why));
            }
        }
        let (workload, left_out) =
            workload::on_this_cluster(&self.host, &self.cluster, self.workload())
                .map_err(|why| Unplayable::new(About::Workload, why.to_string()))?;
        for why in &left_out {
            let listener = self.listener.lock();
            listener
                .expect("only a panic poisons the lock, and it has ended the run")
                .remark(&format!("{why}. It is left out"));
        }
        workload::start(&self.host, &self.cluster, &workload)
            .map_err(|why| Unplayable::new(About::Workload, why.to_string()))?;
        let limit = self.host.now() + SETTLE_LIMIT;
        let mut busy = None;
        if self
            .run_until(move |account| account[ECS].is_idle(&mut busy), limit)
            .await?
        {
            return Ok(());
        }
        let (unsettled, unmet) = self
            .host
            .with(|account| (account[ECS].pending(), account[ECS].unmet(&self.cluster)));
        let remedy = match unmet {
            Some(unmet) => format!(
                "{unmet}; let the instances' user data set such attributes (ECS_INSTANCE_ATTRIBUTES in a template of your \
                 own, --template), or change the placementConstraints in the workload"
            ),
            None => self.advice(),
        };
        let why = format!(
            "the workload is not at rest {} minutes after its start: {}; {remedy}",
            SETTLE_LIMIT.as_secs() / 60,
            unsettled.unwrap_or_default()
        );
        Err(Unplayable::new(About::Workload, why))
    }

    /// What would help a workload that is not at rest: by what ECS says of the service that finds
    /// no place, if one does.
    fn advice(&self) -> String {
        let unplaced = self.host.with(|account| account[ECS].unplaced());
        let known = unplaced.and_then(|unplaced| {
            let shortage = Shortage::from_event(&unplaced.message);
            let larger = [
                Shortage::Cpu,
                Shortage::Memory,
                Shortage::NoInstance,
                Shortage::Other,
            ];
            (!larger.contains(&shortage)).then_some((unplaced, shortage))
        });
        let Some((unplaced, shortage)) = known else {
            return "give the cluster more instances or the services smaller tasks".to_owned();
        };
        let constraints = unplaced.constraints.iter();
        let mut absent: Vec<String> = constraints
            .flat_map(|constraint| attributes_in(constraint))
            .map(str::to_owned)
            .collect();
        absent.retain(|name| {
            let is_absent = |account: &mut Account| account[ECS].with_attribute(name).is_empty();
            self.host.with(is_absent)
        });
        let cause = cause(shortage, &unplaced.constraints, &absent);
        format!("service {}: {cause}", unplaced.service)
    }
}
