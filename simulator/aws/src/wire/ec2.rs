//! EC2's protocol: requests as under the Query protocol, answers under names of their own. A member
//! begins with a small letter, most lists are called a set of something, their items are `<item>`,
//! and nothing stands between the root and the members
//! (<https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html>).

use serde_json::Value;

use super::query::escaped;
use super::{ApiError, Response};

/// Lists whose names on the wire are not their API's with a small letter, and the names of their
/// items.
const LISTS: [(&str, &str, &str); 10] = [
    ("BlockDeviceMappings", "blockDeviceMappingSet", "item"),
    ("Groups", "groupSet", "groupId"),
    ("LaunchTemplateVersions", "launchTemplateVersionSet", "item"),
    ("NetworkInterfaces", "networkInterfaceSet", "item"),
    ("PrivateIpAddresses", "privateIpAddressesSet", "item"),
    ("Ipv6Addresses", "ipv6AddressesSet", "item"),
    ("SecurityGroupIds", "securityGroupIdSet", "item"),
    ("SecurityGroups", "securityGroupSet", "item"),
    ("TagSpecifications", "tagSpecificationSet", "item"),
    ("Tags", "tagSet", "item"),
];

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Writes an answer, or an error, to `action`.
pub fn write(action: &str, request_id: String, answer: Result<Value, ApiError>) -> Response {
    let (status, body) = match answer {
        Ok(answer) => {
            let mut body = format!(
                "<{action}Response xmlns=\"{NAMESPACE}\"><requestId>{request_id}</requestId>"
            );
            element(&mut body, &answer, "item");
            body.push_str(&format!("</{action}Response>"));
            (200, body)
        }
        Err(error) => {
            let body = format!(
                "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>",
                escaped(&error.code),
                escaped(&error.message),
            );
            (error.status, body)
        }
    };
    Response {
        status,
        content_type: "text/xml",
        body,
        request_id,
    }
}

fn element(out: &mut String, value: &Value, item: &str) {
    match value {
        Value::Null => {}
        Value::String(text) => out.push_str(&escaped(text)),
        Value::Array(items) => items.iter().for_each(|one| named(out, item, one, "item")),
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                let (name, item) = on_the_wire(name);
                named(out, &name, value, item);
            }
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn named(out: &mut String, name: &str, value: &Value, item: &str) {
    out.extend(["<", name, ">"]);
    element(out, value, item);
    out.extend(["</", name, ">"]);
}

/// What a member is called on the wire, and its items if it is a list.
fn on_the_wire(name: &str) -> (String, &'static str) {
    let list = LISTS.iter().find(|(api, ..)| *api == name);
    if let Some((_, wire, item)) = list {
        return ((*wire).to_owned(), item);
    }
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    (first.into_iter().chain(letters).collect(), "item")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_has_the_names_of_ec2() {
        let template = json!({"LaunchTemplateName": "a<b", "LatestVersionNumber": 2, "Gone": null,
            "Tags": [{"Key": "k"}], "NetworkInterfaces": [{"Groups": ["sg-1"]}]});
        let answer = json!({"LaunchTemplates": [template], "Ok": true});
        let body = write("DescribeLaunchTemplates", "r".to_owned(), Ok(answer)).body;
        let inner = "<launchTemplates><item><launchTemplateName>a&lt;b</launchTemplateName>\
            <latestVersionNumber>2</latestVersionNumber><tagSet><item><key>k</key></item></tagSet>\
            <networkInterfaceSet><item><groupSet><groupId>sg-1</groupId></groupSet></item></networkInterfaceSet>\
            </item></launchTemplates><ok>true</ok>";
        for part in inner.split_inclusive("Set>") {
            assert!(body.contains(part), "{part} is not in {body}");
        }
        let begin = "<DescribeLaunchTemplatesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId><launchTemplates><item>";
        assert!(body.starts_with(begin), "{body}");
        assert!(
            body.ends_with("</launchTemplates><ok>true</ok></DescribeLaunchTemplatesResponse>"),
            "{body}"
        );
    }

    #[test]
    fn an_error_has_the_form_of_ec2() {
        let error = ApiError::client("InvalidAMIID.Malformed", "no <id>");
        let response = write("A", "r".to_owned(), Err(error));
        assert_eq!(response.status, 400);
        assert_eq!(
            response.body,
            "<Response><Errors><Error><Code>InvalidAMIID.Malformed</Code><Message>no &lt;id&gt;</Message></Error></Errors><RequestID>r</RequestID></Response>"
        );
    }
}
