//! Launch templates and their versions.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::base64;
use crate::account::{ACCOUNT_ID, Account, PARTITION};
use crate::wire::{ApiError, only};

/// A launch template.
#[derive(Debug)]
pub struct Template {
    name: String,
    created: Timestamp,
    tags: Value,
    /// Version 1 is the first; the default version is always 1, because nothing here changes it.
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    created: Timestamp,
    description: Option<String>,
    raw: Value,
    data: Data,
}

/// What a version says about an instance, as far as the account acts on it.
#[derive(Debug, Clone)]
pub struct Data {
    /// Empty if the version names none.
    pub ami: String,
    /// Empty if the version names none.
    pub instance_type: String,
    /// Decoded.
    pub user_data: String,
}

/// Which version of which launch template an instance came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// Such as `lt-0123456789abcdef0`.
    pub id: String,
    /// The template's name.
    pub name: String,
    /// Counted from 1.
    pub version: u64,
}

/// Members of LaunchTemplateData that the account acts on, or on which nothing in it depends.
const DATA: [&str; 14] = [
    "BlockDeviceMappings",
    "CreditSpecification",
    "EbsOptimized",
    "IamInstanceProfile",
    "ImageId",
    "InstanceType",
    "KeyName",
    "MetadataOptions",
    "Monitoring",
    "NetworkInterfaces",
    "SecurityGroupIds",
    "SecurityGroups",
    "TagSpecifications",
    "UserData",
];

impl super::State {
    /// Finds a version of a template by the template's id or name, and the version's number, `$Latest` or `$Default`.
    ///
    /// # Errors
    /// What EC2 answers for an unknown template or version.
    pub fn template_version(
        &self,
        template: &str,
        version: &str,
    ) -> Result<(TemplateVersion, Data), ApiError> {
        let (id, found) = self.template(template)?;
        let number = found.number(version)?;
        let from = TemplateVersion {
            id: id.to_owned(),
            name: found.name.clone(),
            version: number,
        };
        let data = found.versions[number as usize - 1].data.clone();
        Ok((from, data))
    }

    /// A template's id, name and latest version, by its id or name.
    ///
    /// # Errors
    /// What EC2 answers for an unknown template.
    pub fn latest_version(&self, template: &str) -> Result<TemplateVersion, ApiError> {
        self.template_version(template, "$Latest")
            .map(|(version, _)| version)
    }

    fn template(&self, id_or_name: &str) -> Result<(&str, &Template), ApiError> {
        let by_id = self.templates.get_key_value(id_or_name);
        by_id
            .or_else(|| {
                let mut all = self.templates.iter();
                all.find(|(_, template)| template.name == id_or_name)
            })
            .map(|(id, template)| (id.as_str(), template))
            .ok_or_else(|| not_found(id_or_name))
    }
}

fn not_found(id_or_name: &str) -> ApiError {
    if id_or_name.starts_with("lt-") {
        ApiError::client(
            "InvalidLaunchTemplateId.NotFound",
            format!(
                "The specified launch template, with template ID {id_or_name}, does not exist."
            ),
        )
    } else {
        ApiError::client(
            "InvalidLaunchTemplateName.NotFoundException",
            format!(
                "The specified launch template, with template name {id_or_name}, does not exist."
            ),
        )
    }
}

impl Template {
    fn latest(&self) -> u64 {
        self.versions.len() as u64
    }

    fn number(&self, version: &str) -> Result<u64, ApiError> {
        match version {
            "$Latest" => Ok(self.latest()),
            "$Default" => Ok(1),
            _ => version
                .parse()
                .ok()
                .filter(|number| (1..=self.latest()).contains(number))
                .ok_or_else(|| {
                    ApiError::client(
                        "InvalidLaunchTemplateId.VersionNotFound",
                        format!("Could not find the launch template version {version}."),
                    )
                }),
        }
    }

    fn to_json(&self, id: &str) -> Value {
        json!({
            "LaunchTemplateId": id, "LaunchTemplateName": self.name, "CreateTime": self.created.to_string(),
            "CreatedBy": created_by(), "DefaultVersionNumber": 1, "LatestVersionNumber": self.latest(),
            "Tags": self.tags,
        })
    }

    fn version_to_json(&self, id: &str, number: u64) -> Value {
        let version = &self.versions[number as usize - 1];
        let mut answer = json!({
            "LaunchTemplateId": id, "LaunchTemplateName": self.name, "VersionNumber": number,
            "CreateTime": version.created.to_string(), "CreatedBy": created_by(), "DefaultVersion": number == 1,
            "LaunchTemplateData": version.raw,
        });
        if let Some(description) = &version.description {
            answer["VersionDescription"] = json!(description);
        }
        answer
    }
}

fn created_by() -> String {
    format!("arn:{PARTITION}:iam::{ACCOUNT_ID}:root")
}

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
    if account.ec2.templates.values().any(|old| old.name == name) {
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
        tags: input["TagSpecifications"][0]
            .get("Tags")
            .cloned()
            .unwrap_or_else(|| json!([])),
        versions: vec![version],
    };
    let answer = template.to_json(&id);
    account.ec2.templates.insert(id, template);
    Ok(json!({"LaunchTemplate": answer}))
}

pub fn create_version(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "LaunchTemplateId",
        "LaunchTemplateName",
        "LaunchTemplateData",
        "VersionDescription",
    ];
    only("CreateLaunchTemplateVersion", input, &known)?;
    let id = account.ec2.template(id_or_name(input)?)?.0.to_owned();
    let version = version(account.now, input)?;
    let template = account
        .ec2
        .templates
        .get_mut(&id)
        .expect("the template was found just now");
    template.versions.push(version);
    Ok(json!({"LaunchTemplateVersion": template.version_to_json(&id, template.latest())}))
}

pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only(
        "DescribeLaunchTemplates",
        input,
        &["LaunchTemplateIds", "LaunchTemplateNames"],
    )?;
    let state = &account.ec2;
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

pub fn describe_versions(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["LaunchTemplateId", "LaunchTemplateName", "Versions"];
    only("DescribeLaunchTemplateVersions", input, &known)?;
    let (id, template) = account.ec2.template(id_or_name(input)?)?;
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

pub fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["LaunchTemplateId", "LaunchTemplateName"];
    only("DeleteLaunchTemplate", input, &known)?;
    let (id, template) = account.ec2.template(id_or_name(input)?)?;
    let (id, answer) = (id.to_owned(), template.to_json(id));
    account.ec2.templates.remove(&id);
    Ok(json!({"LaunchTemplate": answer}))
}

fn version(created: Timestamp, input: &Value) -> Result<Version, ApiError> {
    let raw = &input["LaunchTemplateData"];
    if !raw.is_object() {
        return Err(missing("LaunchTemplateData"));
    }
    only("LaunchTemplateData", raw, &DATA)?;
    let member = |name| raw.get(name).and_then(Value::as_str).unwrap_or_default();
    let ami = member("ImageId");
    if !ami.is_empty() && !ami.starts_with("ami-") {
        return Err(ApiError::client(
            "InvalidAMIID.Malformed",
            format!("Invalid id: \"{ami}\" (expecting \"ami-...\")"),
        ));
    }
    let user_data = base64::decode(member("UserData"))
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            ApiError::client(
                "InvalidUserData.Malformed",
                "Invalid BASE64 encoding of user data.",
            )
        })?;
    Ok(Version {
        created,
        description: input["VersionDescription"].as_str().map(str::to_owned),
        data: Data {
            ami: ami.to_owned(),
            instance_type: member("InstanceType").to_owned(),
            user_data,
        },
        raw: raw.clone(),
    })
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

fn missing(member: &str) -> ApiError {
    ApiError::client(
        "MissingParameter",
        format!("The request must contain the parameter {member}"),
    )
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

    fn call(account: &mut Account, action: &str, input: Value) -> Result<Value, ApiError> {
        crate::ec2::call(account, action, &input)
    }

    fn with_template() -> Account {
        let start = "2026-11-23T00:00:00Z".parse().expect("an instant");
        let mut account = Account::new(start, 1);
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
            let (_, data) = account
                .ec2
                .template_version("one", version)
                .expect("a version");
            assert_eq!(data.ami, ami, "{version}");
        }
        for version in ["0", "3", "latest"] {
            let error = account
                .ec2
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
    }

    #[test]
    fn user_data_is_decoded_and_checked() {
        let mut account = with_template();
        let (_, data) = account.ec2.template_version("one", "1").expect("a version");
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
