//! The Auto Scaling group: its instances, and what its lifecycle hooks say about the rollout.

use aws_sdk_autoscaling::types::AutoScalingGroup;
use serde_json::Value;
use workers::Error;
use workers::model::group::LifecycleState;

use super::Aws;
use super::pause::{Pause, paused};

/// Where an instance stays until somebody wants it elsewhere, besides in service.
const AT_REST: [&str; 3] = ["Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated"];

/// Statuses of an instance refresh that has not ended.
const GOES_ON: [&str; 6] = [
    "Pending",
    "InProgress",
    "Cancelling",
    "RollbackInProgress",
    "Baking",
    "Paused",
];

/// An instance of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: LifecycleState,
    /// The launch template's version that it came from.
    pub version: String,
    /// Its Availability Zone.
    pub zone: String,
}

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// The launch template's version that new instances come from, as the group names it.
    pub version: String,
    /// DesiredCapacity.
    pub desired: usize,
    /// Its instances.
    pub members: Vec<Member>,
    /// Why it is paused, if it is.
    pub pause: Option<Pause>,
}

/// What a group may do.
#[derive(Debug, Clone, Default)]
pub struct Capacity {
    /// DesiredCapacity.
    pub desired: i64,
    /// MinSize.
    pub least: i64,
    /// MaxSize.
    pub most: i64,
    /// The processes that somebody suspended.
    pub suspended: Vec<String>,
    /// Why somebody holds the group as it is, if somebody does.
    pub paused: Option<String>,
    /// The status of an instance refresh that goes on.
    pub refresh: Option<String>,
}

/// A lifecycle hook of a group.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Its name.
    pub name: String,
    /// Whether it is for instances that launch, or else for those that terminate.
    pub is_of_launch: bool,
    /// What our metadata says, if it is ours.
    pub ours: Option<Hooks>,
}

/// What the metadata of our hooks says.
#[derive(Debug, Clone)]
pub struct Hooks {
    /// The cluster.
    pub cluster: String,
    /// The stack.
    pub stack: String,
}

impl Group {
    /// A group as Auto Scaling describes it.
    pub(super) fn read(found: &AutoScalingGroup) -> Self {
        let version =
            |template: Option<&aws_sdk_autoscaling::types::LaunchTemplateSpecification>| {
                template
                    .and_then(|template| template.version())
                    .unwrap_or_default()
                    .to_owned()
            };
        let members = found.instances().iter().map(|one| Member {
            id: one.instance_id().unwrap_or_default().to_owned(),
            state: LifecycleState::from_name(
                one.lifecycle_state().map_or("", |state| state.as_str()),
            ),
            version: version(one.launch_template()),
            zone: one.availability_zone().unwrap_or_default().to_owned(),
        });
        Self {
            version: version(found.launch_template()),
            desired: found
                .desired_capacity()
                .and_then(|desired| usize::try_from(desired).ok())
                .unwrap_or_default(),
            members: members.collect(),
            pause: paused(found),
        }
    }

    /// The instances that are at rest neither in service nor retained.
    pub fn moving(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|one| one.moves())
    }

    /// The retained ones.
    pub fn retained(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|one| one.state.is_retained())
    }
}

impl Member {
    /// Whether it is at work.
    pub fn is_in_service(&self) -> bool {
        self.state == LifecycleState::InService
    }

    /// Whether it is on its way in or out.
    pub fn moves(&self) -> bool {
        let rests = match &self.state {
            LifecycleState::InService | LifecycleState::Standby => true,
            LifecycleState::Other(name) => AT_REST.contains(&name.as_str()),
            state => state.can_be_ended(),
        };
        !rests
    }
}

impl Aws {
    async fn described(&self, name: &str) -> Result<AutoScalingGroup, Error> {
        let call = "autoscaling:DescribeAutoScalingGroups";
        let sent = self
            .autoscaling
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(name)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let found = answer.auto_scaling_groups.into_iter().flatten().next();
        found.ok_or_else(|| {
            let group = workers::model::GroupName::new(name);
            Error::GroupNotFound { call, group }
        })
    }

    /// The group of this name.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn group(&self, name: &str) -> Result<Group, Error> {
        Ok(Group::read(&self.described(name).await?))
    }

    /// The group that an instance is in, if it is in any, and how it stands there.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn group_of(&self, instance: &str) -> Result<Option<(String, Member)>, Error> {
        let call = "autoscaling:DescribeAutoScalingInstances";
        let sent = self
            .autoscaling
            .describe_auto_scaling_instances()
            .instance_ids(instance)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let found = answer.auto_scaling_instances().first();
        Ok(found.map(|one| {
            let version = one.launch_template().and_then(|it| it.version());
            let member = Member {
                id: instance.to_owned(),
                state: LifecycleState::from_name(one.lifecycle_state().unwrap_or_default()),
                version: version.unwrap_or_default().to_owned(),
                zone: one.availability_zone().unwrap_or_default().to_owned(),
            };
            let group = one.auto_scaling_group_name().unwrap_or_default();
            (group.to_owned(), member)
        }))
    }

    /// All lifecycle hooks of the group.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn all_hooks(&self, group: &str) -> Result<Vec<Hook>, Error> {
        let call = "autoscaling:DescribeLifecycleHooks";
        let sent = self
            .autoscaling
            .describe_lifecycle_hooks()
            .auto_scaling_group_name(group)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let hooks = answer.lifecycle_hooks().iter().map(|hook| Hook {
            name: hook.lifecycle_hook_name().unwrap_or_default().to_owned(),
            is_of_launch: hook.lifecycle_transition() == Some("autoscaling:EC2_INSTANCE_LAUNCHING"),
            ours: ours(hook.notification_metadata()),
        });
        Ok(hooks.collect())
    }

    /// What the group may do, and whether an instance refresh goes on in it.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn capacity(&self, name: &str) -> Result<Capacity, Error> {
        let found = self.described(name).await?;
        let suspended = found.suspended_processes().iter();
        Ok(Capacity {
            desired: i64::from(found.desired_capacity().unwrap_or_default()),
            least: i64::from(found.min_size().unwrap_or_default()),
            most: i64::from(found.max_size().unwrap_or_default()),
            suspended: suspended
                .filter_map(|one| Some(one.process_name()?.to_owned()))
                .collect(),
            paused: paused(&found).map(|pause| pause.why),
            refresh: self.refresh(name).await?,
        })
    }

    async fn refresh(&self, group: &str) -> Result<Option<String>, Error> {
        let call = "autoscaling:DescribeInstanceRefreshes";
        let sent = self
            .autoscaling
            .describe_instance_refreshes()
            .auto_scaling_group_name(group)
            .max_records(1)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let last = answer.instance_refreshes().first();
        let status = last
            .and_then(|last| last.status())
            .map(|status| status.as_str());
        let goes_on = status.filter(|status| GOES_ON.contains(status));
        Ok(goes_on.map(str::to_owned))
    }
}

fn ours(metadata: Option<&str>) -> Option<Hooks> {
    let metadata: Value = serde_json::from_str(metadata?).ok()?;
    Some(Hooks {
        cluster: metadata["cluster"].as_str()?.to_owned(),
        stack: metadata["stack"].as_str()?.to_owned(),
    })
}
