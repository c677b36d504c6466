//! Which way an instance goes, from where to where.

/// Which way the instance goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It comes: its launch hook is open.
    Launching,
    /// It leaves: its terminate hook is open.
    Terminating,
}

impl Transition {
    /// As Auto Scaling spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Launching => "autoscaling:EC2_INSTANCE_LAUNCHING",
            Self::Terminating => "autoscaling:EC2_INSTANCE_TERMINATING",
        }
    }

    /// The type of the event that Auto Scaling sends when a hook of this transition opens.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Launching => "EC2 Instance-launch Lifecycle Action",
            Self::Terminating => "EC2 Instance-terminate Lifecycle Action",
        }
    }

    /// From what Auto Scaling writes.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Launching, Self::Terminating];
        all.into_iter().find(|one| one.name() == name)
    }
}

/// Where the instance comes from, or goes to. Older events leave it out unless there is a warm
/// pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Outside of the group.
    Ec2,
    /// The group itself.
    AutoScalingGroup,
    /// The group's warm pool, whose instances are not in service.
    WarmPool,
}

impl Place {
    /// As Auto Scaling spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::AutoScalingGroup => "AutoScalingGroup",
            Self::WarmPool => "WarmPool",
        }
    }
}
