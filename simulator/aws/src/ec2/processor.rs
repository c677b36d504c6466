//! Processors: which one an instance type has, and which one an AMI needs.

use std::fmt;

use super::{State, TemplateData};
use crate::account::Account;
use crate::ec2::EC2;
use crate::wire::ApiError;

/// The architecture of a processor, as EC2 names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processor {
    /// Of Graviton instances.
    Arm64,
    /// Of Intel's and AMD's.
    X86_64,
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        })
    }
}

impl Processor {
    /// The processor of an instance type such as `m7g.large`. Graviton families have a g behind
    /// their generation: m7g, c6gn, im4gn; and there is a1
    /// (<https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>).
    pub fn of_instance_type(instance_type: &str) -> Self {
        let family = instance_type.split('.').next().unwrap_or_default();
        let series = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let options = series.trim_start_matches(|c: char| c.is_ascii_digit());
        if family == "a1" || (series != options && options.starts_with('g')) {
            Self::Arm64
        } else {
            Self::X86_64
        }
    }

    /// Why an instance of this type does not boot an AMI for this processor, in EC2's words; `None`
    /// if it does.
    pub fn mismatch(self, instance_type: &str) -> Option<String> {
        let own = Self::of_instance_type(instance_type);
        (own != self).then(|| {
            format!(
                "The architecture '{own}' of the specified instance type does not match the architecture '{self}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI."
            )
        })
    }
}

impl State {
    /// Whether an instance that this version of a launch template describes boots.
    ///
    /// # Errors
    /// What RunInstances answers.
    pub fn check_template(&self, data: &TemplateData) -> Result<(), ApiError> {
        self.check_processor(&data.ami, &data.instance_type)
    }

    /// Whether an instance of this type boots this AMI. The account knows the processors of AWS's
    /// own AMIs; any other AMI boots everywhere.
    ///
    /// # Errors
    /// What RunInstances answers.
    pub fn check_processor(&self, ami: &str, instance_type: &str) -> Result<(), ApiError> {
        let needed = self.processors.get(ami);
        match needed.and_then(|needed| needed.mismatch(instance_type)) {
            Some(message) => Err(ApiError::client("InvalidParameterValue", message)),
            None => Ok(()),
        }
    }
}

/// An AMI that runs on one processor only is known.
pub fn register_image(account: &mut Account, ami: &str, processor: Processor) {
    account[EC2].processors.insert(ami.to_owned(), processor);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_types_have_the_processors_of_their_families() {
        for arm in [
            "m7g.large",
            "c6gn.xlarge",
            "t4g.small",
            "a1.large",
            "im4gn.large",
            "is4gen.large",
            "g5g.xlarge",
            "x2gd.large",
        ] {
            assert_eq!(Processor::of_instance_type(arm), Processor::Arm64, "{arm}");
        }
        for x86 in [
            "m7i.large",
            "m7a.large",
            "t3.small",
            "g5.xlarge",
            "g4dn.xlarge",
            "p4d.24xlarge",
            "u-6tb1.metal",
            "c5n.large",
            "",
        ] {
            assert_eq!(Processor::of_instance_type(x86), Processor::X86_64, "{x86}");
        }
    }

    #[test]
    fn an_ami_boots_on_its_own_processor_only() {
        let mut account = crate::services::account(jiff::Timestamp::UNIX_EPOCH, 1);
        register_image(&mut account, "ami-arm", Processor::Arm64);
        let check = |ami: &str, kind: &str| account[EC2].check_processor(ami, kind);
        assert_eq!(check("ami-arm", "m7g.large"), Ok(()));
        assert_eq!(check("ami-own", "m7i.large"), Ok(()));
        let refused = check("ami-arm", "m7i.large").expect_err("another processor");
        assert_eq!(refused.code, "InvalidParameterValue");
        assert!(refused.message.starts_with(
            "The architecture 'x86_64' of the specified instance type does not match the architecture 'arm64'"
        ));
    }
}
