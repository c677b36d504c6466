//! The Auto Scaling group: its instances, and what its lifecycle hooks say about the roll.

use serde_json::Value;
use workers::Error;
use workers::model::group::LifecycleState;

use super::Aws;

/// Where an instance stays until somebody wants it elsewhere, besides in service.
const AT_REST: [&str; 4] = [
    "Standby",
    "Warmed:Stopped",
    "Warmed:Running",
    "Warmed:Hibernated",
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
    /// Its instances.
    pub members: Vec<Member>,
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
    /// Whether it is on its way in or out.
    pub fn moves(&self) -> bool {
        let rests = match &self.state {
            LifecycleState::InService => true,
            LifecycleState::Other(name) => AT_REST.contains(&name.as_str()),
            state => state.is_retained(),
        };
        !rests
    }
}

impl Aws {
    /// The group of this name.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn group(&self, name: &str) -> Result<Group, Error> {
        let call = "autoscaling:DescribeAutoScalingGroups";
        let sent = self
            .autoscaling
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(name)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let Some(found) = answer.auto_scaling_groups().first() else {
            let group = workers::model::GroupName::new(name);
            return Err(Error::GroupNotFound { call, group });
        };
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
        Ok(Group {
            version: version(found.launch_template()),
            members: members.collect(),
        })
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

    /// What our hooks of the group say, if it has any.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn hooks(&self, group: &str) -> Result<Option<Hooks>, Error> {
        let call = "autoscaling:DescribeLifecycleHooks";
        let sent = self
            .autoscaling
            .describe_lifecycle_hooks()
            .auto_scaling_group_name(group)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let ours = answer.lifecycle_hooks().iter().find_map(|hook| {
            let metadata: Value = serde_json::from_str(hook.notification_metadata()?).ok()?;
            Some(Hooks {
                cluster: metadata["cluster"].as_str()?.to_owned(),
                stack: metadata["stack"].as_str()?.to_owned(),
            })
        });
        Ok(ours)
    }
}
