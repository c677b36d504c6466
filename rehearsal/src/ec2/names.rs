//! What members are called on the wire: EC2's Query protocol names a list after one of its items
//! (`LaunchTemplateName.1`), while the API, and so CloudFormation, calls it `LaunchTemplateNames`.

use serde_json::{Map, Value};

/// Lists on the wire, and what the API calls them.
const LISTS: [(&str, &str); 9] = [
    ("BlockDeviceMapping", "BlockDeviceMappings"),
    ("LaunchTemplateId", "LaunchTemplateIds"),
    ("LaunchTemplateName", "LaunchTemplateNames"),
    ("LaunchTemplateVersion", "Versions"),
    ("NetworkInterface", "NetworkInterfaces"),
    ("SecurityGroup", "SecurityGroups"),
    ("SecurityGroupId", "SecurityGroupIds"),
    ("Tag", "Tags"),
    ("TagSpecification", "TagSpecifications"),
];

/// The input with the names of the API.
pub fn of_the_api(input: &Value) -> Value {
    match input {
        Value::Array(items) => items.iter().map(of_the_api).collect(),
        Value::Object(members) => {
            let renamed = members.iter().map(|(name, value)| {
                let list = LISTS.iter().find(|(wire, _)| wire == name);
                let name = match list {
                    Some((_, api)) if value.is_array() => (*api).to_owned(),
                    _ => name.clone(),
                };
                (name, of_the_api(value))
            });
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_have_the_names_of_the_api_and_nothing_else_changes() {
        let wire =
            json!({"LaunchTemplateName": "one", "TagSpecification": [{"Tag": [{"Key": "k"}]}]});
        let api =
            json!({"LaunchTemplateName": "one", "TagSpecifications": [{"Tags": [{"Key": "k"}]}]});
        assert_eq!(of_the_api(&wire), api);
        assert_eq!(of_the_api(&api), api);
        let wire = json!({"LaunchTemplateName": ["one"], "LaunchTemplateVersion": ["1"]});
        let api = json!({"LaunchTemplateNames": ["one"], "Versions": ["1"]});
        assert_eq!(of_the_api(&wire), api);
    }
}
