//! What members are called on the wire: EC2's Query protocol names a list after one of its items
//! (`LaunchTemplateName.1`), while the API, and so CloudFormation, calls it `LaunchTemplateNames`.
//! Between that name and the item's number there is no `member`, unlike in the other services.

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
                match list.zip(items_of(value)) {
                    Some(((_, api), items)) => ((*api).to_owned(), of_the_api(&items)),
                    None => (name.clone(), of_the_api(value)),
                }
            });
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// The list that `value` is: an array, or members that are numbered and nothing else.
fn items_of(value: &Value) -> Option<Value> {
    let Value::Object(members) = value else {
        return value.is_array().then(|| value.clone());
    };
    let numbered = members
        .iter()
        .map(|(number, item)| Some((number.parse::<usize>().ok()?, item.clone())));
    let mut items = numbered.collect::<Option<Vec<_>>>()?;
    items.sort_by_key(|(number, _)| *number);
    Some(items.into_iter().map(|(_, item)| item).collect())
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

    #[test]
    fn what_query_numbers_without_member_is_a_list() {
        let numbered = json!({"10": "ten", "2": "two"});
        let wire = json!({"LaunchTemplateVersion": numbered, "LaunchTemplateData": {"TagSpecification": {
            "1": {"ResourceType": "instance", "Tag": {"1": {"Key": "k", "Value": "v"}}}}}});
        let api = json!({"Versions": ["two", "ten"], "LaunchTemplateData": {"TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "v"}]}]}});
        assert_eq!(of_the_api(&wire), api);
    }

    #[test]
    fn a_structure_is_no_list_though_it_is_named_like_one() {
        let wire = json!({"Tag": {"Key": "k", "1": "v"}});
        assert_eq!(of_the_api(&wire), wire);
    }
}
