//! The public parameters under `/aws/service`, in which AWS publishes its AMIs. Everybody may read
//! them, nobody may write them. Only names of AMIs are known here; each has an AMI of its own, for
//! the processor that the name says
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html>,
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html>).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::{Account, PARTITION, REGION};
use crate::ec2::{Processor, register_image};
use crate::ssm::SSM;
use crate::wire::ApiError;

/// How the names of public parameters begin.
pub const PREFIX: &str = "/aws/service/";

/// How the ids of the made up AMIs begin; the rest follows from the parameter's name.
const AMI: &str = "ami-0ec5a11ea5e";

/// What is published under a name.
#[derive(Debug)]
pub struct Published {
    ami: String,
    version: u64,
    modified: Timestamp,
}

/// The processor of the AMIs that AWS publishes under this name; `None` if it is not a name of AMIs
/// that is known here.
pub fn processor(name: &str) -> Option<Processor> {
    let path: Vec<&str> = name.strip_prefix(PREFIX)?.split('/').collect();
    let of_ecs = ["amazon-linux-2023", "amazon-linux-2"];
    let is_known = match path.as_slice() {
        [
            "ecs",
            "optimized-ami",
            system,
            ..,
            "recommended",
            "image_id",
        ] => of_ecs.contains(system),
        ["bottlerocket", variant, "arm64" | "x86_64", _, "image_id"] => {
            variant.starts_with("aws-ecs-")
        }
        ["ami-amazon-linux-latest", ami] => ami.contains("-arm64") || ami.contains("-x86_64"),
        _ => false,
    };
    let is_arm = path.iter().any(|part| part.contains("arm64"));
    let processor = if is_arm {
        Processor::Arm64
    } else {
        Processor::X86_64
    };
    is_known.then_some(processor)
}

/// Why a stack cannot take its AMI from this public parameter, and the way out; `None` if it can,
/// or if the parameter is not AWS's.
///
/// AWS publishes each AMI in two forms: `…/recommended` holds a JSON object,
/// `…/recommended/image_id` the id alone
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html>).
pub fn why_no_ami(name: &str) -> Option<String> {
    if !name.starts_with(PREFIX) || processor(name).is_some() {
        return None;
    }
    Some(match with_the_id(name.trim_end_matches('/')) {
        Some(with_id) => format!(
            "the public parameter {name} holds a JSON object and not an AMI id; take {with_id}, which holds the id alone"
        ),
        None => not_known(name).message,
    })
}

/// The parameter that holds the id alone, of one of ECS's that holds a JSON object.
fn with_the_id(name: &str) -> Option<String> {
    let is_of_ecs = name.starts_with("/aws/service/ecs/") && name.ends_with("/recommended");
    let with_id = format!("{name}/image_id");
    (is_of_ecs && processor(&with_id).is_some()).then_some(with_id)
}

/// Why no instance of this type boots what AWS publishes under `name`, for a person; `None` if one
/// does, or if the name is not one of AMIs that is known here.
pub fn wrong_processor(name: &str, instance_type: &str) -> Option<String> {
    let (needed, own) = (processor(name)?, Processor::of_instance_type(instance_type));
    (needed != own).then(|| {
        format!(
            "the parameter {name} holds AMIs for {needed}, and {instance_type} is {own}: no instance would boot; take an \
             instance type or a parameter for the other processor"
        )
    })
}

/// AWS publishes a new AMI under this name.
///
/// # Errors
/// `NotImplemented`, if it is not a name of AMIs that is known here.
pub fn publish(account: &mut Account, name: &str, ami: &str) -> Result<(), ApiError> {
    let processor = processor(name).ok_or_else(|| not_known(name))?;
    register_image(account, ami, processor);
    let version = account[SSM].published.get(name).map_or(0, |it| it.version) + 1;
    let published = Published {
        ami: ami.to_owned(),
        version,
        modified: account.now,
    };
    account[SSM].published.insert(name.to_owned(), published);
    Ok(())
}

/// `GetParameter` of a public parameter.
///
/// # Errors
/// `NotImplemented` for a name that is not known here.
pub fn get(account: &mut Account, name: &str) -> Result<Value, ApiError> {
    let with_id = with_the_id(name);
    let of_id = with_id.as_deref().unwrap_or(name);
    let processor = processor(of_id).ok_or_else(|| not_known(name))?;
    let published = account[SSM].published.get(of_id);
    let (ami, version, modified) = match published {
        Some(one) => (one.ami.clone(), one.version, one.modified),
        None => (
            format!("{AMI}{:06x}", hash(of_id)),
            1,
            Timestamp::UNIX_EPOCH,
        ),
    };
    register_image(account, &ami, processor);
    let value = match with_id {
        Some(_) => recommended(of_id, &ami).to_string(),
        None => ami,
    };
    Ok(json!({"Parameter": {
        "Name": name, "Type": "String", "Value": value, "Version": version, "DataType": "text",
        "LastModifiedDate": modified.to_string(),
        "ARN": format!("arn:{PARTITION}:ssm:{REGION}::parameter{name}"),
    }}))
}

/// What `…/recommended` holds. The members are documented; the texts beside the id are made up
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html>).
fn recommended(of_id: &str, ami: &str) -> Value {
    let os = if of_id.contains("amazon-linux-2023") {
        "Amazon Linux 2023"
    } else {
        "Amazon Linux 2"
    };
    json!({
        "schema_version": 1, "image_name": format!("ecs-optimized-{ami}"), "image_id": ami, "os": os,
        "ecs_runtime_version": "Docker version 25.0.8", "ecs_agent_version": "1.97.1",
    })
}

fn not_known(name: &str) -> ApiError {
    ApiError::not_known(format_args!(
        "the public parameter {name}; known are {PREFIX}ecs/optimized-ami/amazon-linux-2023/…/recommended/image_id, \
         {PREFIX}bottlerocket/aws-ecs-…/image_id and {PREFIX}ami-amazon-linux-latest/…"
    ))
}

/// 24 bits that differ from name to name (FNV-1a).
fn hash(name: &str) -> u32 {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    name.bytes().fold(0x811c_9dc5, mix) >> 8
}
