//! Where the consoles of AWS show more of an operation.

use serde::Serialize;

use super::Source;
use crate::aws::console;

/// A page of a console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What is there.
    pub label: String,
    /// Its address.
    pub url: String,
}

/// Where the consoles show more: the stack, the group, and each execution that failed.
pub fn links(source: &Source) -> Vec<Link> {
    let region = &source.region;
    let mut links = Vec::new();
    if !source.stack_id.is_empty() {
        let id = source.stack_id.replace(':', "%3A").replace('/', "%2F");
        links.push(Link {
            label: "events of the stack".to_owned(),
            url: format!(
                "{}/cloudformation/home?region={region}#/stacks/events?stackId={id}",
                host(region, &source.stack_id)
            ),
        });
        links.push(Link {
            label: "activity of the group".to_owned(),
            url: format!(
                "{}/ec2/home?region={region}#AutoScalingGroupDetails:id={};view=activity",
                host(region, &source.stack_id),
                source.group
            ),
        });
    }
    let failed = source
        .passages
        .iter()
        .filter(|it| it.has_failed() && !it.arn.is_empty());
    links.extend(failed.map(|it| Link {
        label: format!("failed execution of {}", it.instance),
        url: console(region, &it.arn),
    }));
    links
}

/// The console of the partition that an ARN is of.
fn host(region: &str, arn: &str) -> String {
    let whole = console(region, arn);
    let end = whole.find("/states/").unwrap_or(whole.len());
    whole[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_console_of_the_region() {
        let source = Source {
            stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1".to_owned(),
            region: "eu-west-1".to_owned(),
            group: "g".to_owned(),
            ..Source::default()
        };
        let urls: Vec<String> = links(&source).into_iter().map(|it| it.url).collect();
        assert_eq!(
            urls,
            [
                "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/events?stackId=\
                 arn%3Aaws%3Acloudformation%3Aeu-west-1%3A123456789012%3Astack%2Fs%2F1",
                "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#AutoScalingGroupDetails:id=g;view=activity",
            ]
        );
    }
}
