//! The calls about launch templates.

use serde_json::{Map, Value, json};

use super::template::{Template, missing, version};
use crate::account::Account;
use crate::ec2::EC2;
use crate::wire::{ApiError, only};

/// CreateLaunchTemplate.
pub fn create(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "LaunchTemplateName",
        "LaunchTemplateData",
        "VersionDescription",
        "TagSpecifications",
    ];
    only("CreateLaunchTemplate", input, &known)?;
    let name = text(input, "LaunchTemplateName")?;
    if !(3..=128).contains(&name.len()) {
        return Err(ApiError::client(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: - ( ) . / _.",
        ));
    }
    if account[EC2].templates.values().any(|old| old.name == name) {
        return Err(ApiError::client(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        ));
    }
    let version = version(account.now, input)?;
    let id = format!("lt-0{}", account.hex(16));
    let template = Template {
        name: name.to_owned(),
        created: account.now,
        tags: tags(input)?,
        versions: vec![version],
    };
    let answer = template.to_json(&id);
    account[EC2].templates.insert(id, template);
    Ok(json!({"LaunchTemplate": answer}))
}

/// CreateLaunchTemplateVersion. The default version stays 1. What is given comes over what
/// SourceVersion has
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html>).
pub fn create_version(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "LaunchTemplateId",
        "LaunchTemplateName",
        "LaunchTemplateData",
        "SourceVersion",
        "VersionDescription",
    ];
    only("CreateLaunchTemplateVersion", input, &known)?;
    let (id, source) = account[EC2].template(id_or_name(input)?)?;
    let id = id.to_owned();
    let mut input = input.clone();
    if let Some(number) = input["SourceVersion"].as_str() {
        let source = source.raw(source.number(number)?);
        let mut data = source.as_object().cloned().unwrap_or_default();
        let given = input["LaunchTemplateData"].as_object().cloned();
        data.extend(given.unwrap_or_default());
        input["LaunchTemplateData"] = data.into();
    }
    let version = version(account.now, &input)?;
    let template = account[EC2]
        .templates
        .get_mut(&id)
        .expect("the template was found just now");
    template.versions.push(version);
    Ok(json!({"LaunchTemplateVersion": template.version_to_json(&id, template.latest())}))
}

/// DescribeLaunchTemplates, by ids, by names, or all.
pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only(
        "DescribeLaunchTemplates",
        input,
        &["LaunchTemplateIds", "LaunchTemplateNames"],
    )?;
    let state = &account[EC2];
    let wanted = [
        texts(input, "LaunchTemplateIds")?,
        texts(input, "LaunchTemplateNames")?,
    ]
    .concat();
    let found = if wanted.is_empty() {
        let all = state.templates.iter();
        all.map(|(id, template)| template.to_json(id)).collect()
    } else {
        wanted
            .iter()
            .map(|name| state.template(name).map(|(id, found)| found.to_json(id)))
            .collect::<Result<Vec<_>, _>>()?
    };
    Ok(json!({"LaunchTemplates": found}))
}

/// DescribeLaunchTemplateVersions; without Versions all of them, newest first.
pub fn describe_versions(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["LaunchTemplateId", "LaunchTemplateName", "Versions"];
    only("DescribeLaunchTemplateVersions", input, &known)?;
    let (id, template) = account[EC2].template(id_or_name(input)?)?;
    let wanted = texts(input, "Versions")?;
    let numbers = if wanted.is_empty() {
        (1..=template.latest()).rev().collect()
    } else {
        wanted
            .iter()
            .map(|version| template.number(version))
            .collect::<Result<Vec<_>, _>>()?
    };
    let versions: Vec<Value> = numbers
        .into_iter()
        .map(|number| template.version_to_json(id, number))
        .collect();
    Ok(json!({"LaunchTemplateVersions": versions}))
}

/// DeleteLaunchTemplate. Instances that came from it stay.
pub fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["LaunchTemplateId", "LaunchTemplateName"];
    only("DeleteLaunchTemplate", input, &known)?;
    let (id, template) = account[EC2].template(id_or_name(input)?)?;
    let (id, answer) = (id.to_owned(), template.to_json(id));
    account[EC2].templates.remove(&id);
    Ok(json!({"LaunchTemplate": answer}))
}

/// The tags of the launch template itself; those of instances are in its data.
fn tags(input: &Value) -> Result<Value, ApiError> {
    let specifications = input["TagSpecifications"].as_array();
    let mut tags = Vec::new();
    for specification in specifications.map_or(&[][..], Vec::as_slice) {
        only(
            "TagSpecifications",
            specification,
            &["ResourceType", "Tags"],
        )?;
        if specification["ResourceType"] != "launch-template" {
            return Err(ApiError::not_known(format_args!(
                "tags of {} in TagSpecifications of CreateLaunchTemplate; only of a launch-template",
                specification["ResourceType"]
            )));
        }
        tags.extend(
            specification["Tags"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
    }
    Ok(Value::Array(tags))
}

fn id_or_name(input: &Value) -> Result<&str, ApiError> {
    let both = ["LaunchTemplateId", "LaunchTemplateName"].map(|member| input[member].as_str());
    match both {
        [Some(one), None] | [None, Some(one)] => Ok(one),
        _ => Err(ApiError::client(
            "MissingParameter",
            "Either LaunchTemplateId or LaunchTemplateName must be provided, and not both.",
        )),
    }
}

fn text<'a>(input: &'a Value, member: &str) -> Result<&'a str, ApiError> {
    input[member].as_str().ok_or_else(|| missing(member))
}

fn texts(input: &Value, member: &str) -> Result<Vec<String>, ApiError> {
    let empty = Map::new();
    let members = input.as_object().unwrap_or(&empty);
    let Some(list) = members.get(member) else {
        return Ok(Vec::new());
    };
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(ApiError::client(
                "InvalidParameterValue",
                format!("{member} holds {item}, which is neither text nor a number"),
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Caller;

    fn call(account: &mut Account, action: &str, input: Value) -> Result<Value, ApiError> {
        crate::ec2::call(account, &Caller::Operator, action, &input)
    }

    fn with_template() -> Account {
        let start = "2026-11-23T00:00:00Z".parse().expect("an instant");
        let mut account = crate::services::account(start, 1);
        let data = json!({"ImageId": "ami-1", "InstanceType": "m7g.large", "UserData": "Zm9v"});
        let input = json!({"LaunchTemplateName": "one", "LaunchTemplateData": data});
        call(&mut account, "CreateLaunchTemplate", input).expect("a new template");
        account
    }

    #[test]
    fn versions_are_found_by_number_and_by_word() {
        let mut account = with_template();
        let input =
            json!({"LaunchTemplateName": "one", "LaunchTemplateData": {"ImageId": "ami-2"}});
        let answer = call(&mut account, "CreateLaunchTemplateVersion", input).expect("a version");
        assert_eq!(answer["LaunchTemplateVersion"]["VersionNumber"], 2);
        for (version, ami) in [
            ("1", "ami-1"),
            ("$Default", "ami-1"),
            ("2", "ami-2"),
            ("$Latest", "ami-2"),
        ] {
            let (_, data) = account[EC2]
                .template_version("one", version)
                .expect("a version");
            assert_eq!(data.ami, ami, "{version}");
        }
        for version in ["0", "3", "latest"] {
            let error = account[EC2]
                .template_version("one", version)
                .expect_err("no version");
            assert_eq!(error.code, "InvalidLaunchTemplateId.VersionNotFound");
        }
        let input = json!({"LaunchTemplateName": "one", "Versions": ["$Latest", 1]});
        let answer = call(&mut account, "DescribeLaunchTemplateVersions", input).expect("versions");
        let numbers = answer["LaunchTemplateVersions"]
            .as_array()
            .expect("a list")
            .iter();
        let numbers: Vec<&Value> = numbers.map(|version| &version["VersionNumber"]).collect();
        assert_eq!(numbers, [2, 1]);
        let input = json!({"LaunchTemplateName": "one", "SourceVersion": "1", "LaunchTemplateData": {"ImageId": "ami-3"}});
        call(&mut account, "CreateLaunchTemplateVersion", input).expect("a version");
        let (_, data) = account[EC2].template_version("one", "3").expect("there");
        assert_eq!(
            (data.ami.as_str(), data.user_data.as_str()),
            ("ami-3", "foo")
        );
    }

    #[test]
    fn user_data_is_decoded_and_checked() {
        let mut account = with_template();
        let (_, data) = account[EC2]
            .template_version("one", "1")
            .expect("a version");
        assert_eq!(data.user_data, "foo");
        let input =
            json!({"LaunchTemplateName": "one", "LaunchTemplateData": {"UserData": "#!/bin/bash"}});
        let error =
            call(&mut account, "CreateLaunchTemplateVersion", input).expect_err("not base64");
        assert_eq!(error.code, "InvalidUserData.Malformed");
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let mut account = with_template();
        for (action, input, code) in [
            (
                "CreateLaunchTemplate",
                json!({"LaunchTemplateName": "one", "LaunchTemplateData": {}}),
                "InvalidLaunchTemplateName.AlreadyExistsException",
            ),
            (
                "CreateLaunchTemplate",
                json!({"LaunchTemplateName": "two", "LaunchTemplateData": {"HibernationOptions": {}}}),
                "NotImplemented",
            ),
            (
                "DeleteLaunchTemplate",
                json!({"LaunchTemplateName": "two"}),
                "InvalidLaunchTemplateName.NotFoundException",
            ),
            (
                "DescribeLaunchTemplates",
                json!({"LaunchTemplateIds": ["lt-2"]}),
                "InvalidLaunchTemplateId.NotFound",
            ),
        ] {
            let error = call(&mut account, action, input).expect_err("wrong");
            assert_eq!(error.code, code, "{action}");
        }
    }
}
