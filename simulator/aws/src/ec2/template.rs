//! Launch templates and their versions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::account::{ACCOUNT_ID, PARTITION};
use crate::ec2::REQUESTS;
use crate::wire::ApiError;

/// The code of what is answered for a version that a launch template does not have.
pub const VERSION_NOT_FOUND: &str = "InvalidLaunchTemplateId.VersionNotFound";

/// A launch template.
#[derive(Debug)]
pub struct Template {
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) tags: Value,
    /// Version 1 is the first; the default version is always 1, because nothing here changes it.
    pub(super) versions: Vec<Version>,
}

/// One version of a launch template.
#[derive(Debug)]
pub struct Version {
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
    /// Whether it asks for Spot instances.
    pub spot: bool,
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

/// The LaunchTemplateData on which the account acts, or on which nothing in it depends.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataRequest<'a> {
    _block_device_mappings: Option<IgnoredAny>,
    _credit_specification: Option<IgnoredAny>,
    _ebs_optimized: Option<IgnoredAny>,
    _iam_instance_profile: Option<IgnoredAny>,
    #[serde(default)]
    image_id: &'a str,
    #[serde(borrow)]
    instance_market_options: Option<MarketOptions<'a>>,
    #[serde(default)]
    instance_type: &'a str,
    _key_name: Option<IgnoredAny>,
    _metadata_options: Option<IgnoredAny>,
    _monitoring: Option<IgnoredAny>,
    _network_interfaces: Option<IgnoredAny>,
    _security_group_ids: Option<IgnoredAny>,
    _security_groups: Option<IgnoredAny>,
    _tag_specifications: Option<IgnoredAny>,
    #[serde(default)]
    user_data: &'a str,
}

/// An Auto Scaling group launches Spot instances one at a time, which end when they are
/// interrupted: what SpotOptions could say otherwise is refused.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MarketOptions<'a> {
    market_type: Option<&'a str>,
}

impl super::State {
    /// Finds a version of a template by the template's id or name, and the version's number,
    /// `$Latest` or `$Default`.
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

    /// The tags of the launch template of this id.
    pub fn template_tags(&self, id: &str) -> Option<&Value> {
        self.templates.get(id).map(|template| &template.tags)
    }

    /// The instance profile that a version of a launch template names.
    pub fn instance_profile(&self, id: &str, version: &str) -> Option<&str> {
        let template = self.templates.get(id)?;
        let number = template.number(version).ok()?;
        template.raw(number)["IamInstanceProfile"]["Name"].as_str()
    }

    pub(super) fn template(&self, id_or_name: &str) -> Result<(&str, &Template), ApiError> {
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
    pub(super) fn latest(&self) -> u64 {
        self.versions.len() as u64
    }

    pub(super) fn number(&self, version: &str) -> Result<u64, ApiError> {
        match version {
            "$Latest" => Ok(self.latest()),
            "$Default" => Ok(1),
            _ => version
                .parse()
                .ok()
                .filter(|number| (1..=self.latest()).contains(number))
                .ok_or_else(|| {
                    ApiError::client(
                        VERSION_NOT_FOUND,
                        format!("Could not find the launch template version {version}."),
                    )
                }),
        }
    }

    /// The LaunchTemplateData of a version that there is.
    pub(super) fn raw(&self, number: u64) -> &Value {
        &self.versions[number as usize - 1].raw
    }

    pub(super) fn to_json(&self, id: &str) -> Value {
        json!({
            "LaunchTemplateId": id, "LaunchTemplateName": self.name, "CreateTime": self.created.to_string(),
            "CreatedBy": created_by(), "DefaultVersionNumber": 1, "LatestVersionNumber": self.latest(),
            "Tags": self.tags,
        })
    }

    pub(super) fn version_to_json(&self, id: &str, number: u64) -> Value {
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

/// User data as text. The AWS CLI breaks the lines of what it encodes.
fn decoded(text: &str) -> Option<String> {
    let digits: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(digits).ok()?;
    String::from_utf8(bytes).ok()
}

/// Reads LaunchTemplateData, and says what is wrong with it.
pub fn version(
    created: Timestamp,
    description: Option<String>,
    raw: Option<Value>,
) -> Result<Version, ApiError> {
    let raw = raw.filter(Value::is_object);
    let raw = raw.ok_or_else(|| missing("LaunchTemplateData"))?;
    let request: DataRequest<'_> = REQUESTS.read("LaunchTemplateData", &raw)?;
    let ami = request.image_id;
    if !ami.is_empty() && !ami.starts_with("ami-") {
        return Err(ApiError::client(
            "InvalidAMIID.Malformed",
            format!("Invalid id: \"{ami}\" (expecting \"ami-...\")"),
        ));
    }
    let user_data = decoded(request.user_data).ok_or_else(|| {
        ApiError::client(
            "InvalidUserData.Malformed",
            "Invalid BASE64 encoding of user data.",
        )
    })?;
    let data = Data {
        ami: ami.to_owned(),
        instance_type: request.instance_type.to_owned(),
        user_data,
        spot: asks_for_spot(request.instance_market_options)?,
    };
    Ok(Version {
        created,
        description,
        data,
        raw,
    })
}

fn asks_for_spot(market: Option<MarketOptions<'_>>) -> Result<bool, ApiError> {
    match market.map(|market| market.market_type) {
        None => Ok(false),
        Some(Some("spot")) => Ok(true),
        Some(other) => Err(ApiError::not_known(format_args!(
            "the MarketType {} of InstanceMarketOptions; only spot",
            other.unwrap_or("null")
        ))),
    }
}

/// What is answered for a parameter that must be there and is not.
pub fn missing(member: &str) -> ApiError {
    ApiError::client(
        "MissingParameter",
        format!("The request must contain the parameter {member}"),
    )
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn user_data_is_base64_with_line_breaks_at_most() {
        assert_eq!(decoded("Zm9v\nYmE=").as_deref(), Some("fooba"));
        for text in ["Zg", "Zg=", "Zm9*", "=Zm9", "#!/bin/bash\n", "/w=="] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
