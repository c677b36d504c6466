//! The calls about launch templates.

use serde::Deserialize;
use serde_json::{Value, json};

use super::template::{Template, missing, version};
use crate::account::Account;
use crate::ec2::EC2;
use crate::wire::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLaunchTemplate<'a> {
    launch_template_name: Option<&'a str>,
    launch_template_data: Option<Value>,
    version_description: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

/// The tags of the launch template itself; those of instances are in its data.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagSpecification {
    _resource_type: Tagged,
    #[serde(default)]
    tags: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tagged {
    LaunchTemplate,
}

/// CreateLaunchTemplate.
pub fn create(account: &mut Account, request: CreateLaunchTemplate<'_>) -> Result<Value, ApiError> {
    let name = request.launch_template_name;
    let name = name.ok_or_else(|| missing("LaunchTemplateName"))?;
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
    let (data, description) = (request.launch_template_data, request.version_description);
    let version = version(account.now, description, data)?;
    let id = format!("lt-0{}", account.hex(16));
    let tags = request.tag_specifications.into_iter();
    let template = Template {
        name: name.to_owned(),
        created: account.now,
        tags: tags.flat_map(|specification| specification.tags).collect(),
        versions: vec![version],
    };
    let answer = template.to_json(&id);
    account[EC2].templates.insert(id, template);
    Ok(json!({"LaunchTemplate": answer}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLaunchTemplateVersion<'a> {
    launch_template_id: Option<&'a str>,
    launch_template_name: Option<&'a str>,
    launch_template_data: Option<Value>,
    source_version: Option<&'a str>,
    version_description: Option<String>,
}

/// CreateLaunchTemplateVersion. The default version stays 1. What is given comes over what
/// SourceVersion has
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html>).
pub fn create_version(
    account: &mut Account,
    request: CreateLaunchTemplateVersion<'_>,
) -> Result<Value, ApiError> {
    let wanted = id_or_name(request.launch_template_id, request.launch_template_name)?;
    let (id, source) = account[EC2].template(wanted)?;
    let id = id.to_owned();
    let mut data = request.launch_template_data;
    if let Some(number) = request.source_version {
        let source = source.raw(source.number(number)?);
        let mut merged = source.as_object().cloned().unwrap_or_default();
        let given = data.as_ref().and_then(Value::as_object).cloned();
        merged.extend(given.unwrap_or_default());
        data = Some(merged.into());
    }
    let version = version(account.now, request.version_description, data)?;
    let template = account[EC2]
        .templates
        .get_mut(&id)
        .expect("the template was found just now");
    template.versions.push(version);
    Ok(json!({"LaunchTemplateVersion": template.version_to_json(&id, template.latest())}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeLaunchTemplates {
    #[serde(default)]
    launch_template_ids: Vec<String>,
    #[serde(default)]
    launch_template_names: Vec<String>,
}

/// DescribeLaunchTemplates, by ids, by names, or all.
pub fn describe(
    account: &mut Account,
    request: DescribeLaunchTemplates,
) -> Result<Value, ApiError> {
    let state = &account[EC2];
    let wanted = [request.launch_template_ids, request.launch_template_names].concat();
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeLaunchTemplateVersions<'a> {
    launch_template_id: Option<&'a str>,
    launch_template_name: Option<&'a str>,
    #[serde(default)]
    versions: Vec<Value>,
}

/// DescribeLaunchTemplateVersions; without Versions all of them, newest first.
pub fn describe_versions(
    account: &mut Account,
    request: DescribeLaunchTemplateVersions<'_>,
) -> Result<Value, ApiError> {
    let named = id_or_name(request.launch_template_id, request.launch_template_name)?;
    let (id, template) = account[EC2].template(named)?;
    let wanted = request.versions;
    let numbers = if wanted.is_empty() {
        (1..=template.latest()).rev().collect()
    } else {
        wanted
            .iter()
            .map(|version| template.number(&version_text(version)?))
            .collect::<Result<Vec<_>, _>>()?
    };
    let versions: Vec<Value> = numbers
        .into_iter()
        .map(|number| template.version_to_json(id, number))
        .collect();
    Ok(json!({"LaunchTemplateVersions": versions}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteLaunchTemplate<'a> {
    launch_template_id: Option<&'a str>,
    launch_template_name: Option<&'a str>,
}

/// DeleteLaunchTemplate. Instances that came from it stay.
pub fn delete(account: &mut Account, request: DeleteLaunchTemplate<'_>) -> Result<Value, ApiError> {
    let named = id_or_name(request.launch_template_id, request.launch_template_name)?;
    let (id, template) = account[EC2].template(named)?;
    let (id, answer) = (id.to_owned(), template.to_json(id));
    account[EC2].templates.remove(&id);
    Ok(json!({"LaunchTemplate": answer}))
}

fn id_or_name<'a>(id: Option<&'a str>, name: Option<&'a str>) -> Result<&'a str, ApiError> {
    match [id, name] {
        [Some(one), None] | [None, Some(one)] => Ok(one),
        _ => Err(ApiError::client(
            "MissingParameter",
            "Either LaunchTemplateId or LaunchTemplateName must be provided, and not both.",
        )),
    }
}

/// The number of a version, which a stack may write as a number.
fn version_text(version: &Value) -> Result<String, ApiError> {
    match version {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(ApiError::client(
            "InvalidParameterValue",
            format!("Versions holds {version}, which is neither text nor a number"),
        )),
    }
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
