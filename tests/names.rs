//! Every name that a template gives fits, with the longest parameters that the template takes: AWS
//! would refuse the stack otherwise, and only for whoever has a long cluster's name. Some names are
//! exactly as long as AWS allows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The property that names a resource, and the most characters that AWS takes there, by the
/// resource's type. Each limit is the one that the type's page of the CloudFormation Template
/// Reference, or the service's API Reference, states.
const NAMED: [(&str, &str, usize); 23] = [
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "AutoScalingGroupName",
        255,
    ),
    ("AWS::AutoScaling::LifecycleHook", "LifecycleHookName", 255),
    ("AWS::CloudWatch::Alarm", "AlarmName", 255),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName", 255),
    ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateName", 128),
    ("AWS::ECS::CapacityProvider", "Name", 255),
    ("AWS::ECS::Cluster", "ClusterName", 255),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName", 128),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::KMS::Alias", "AliasName", 256),
    ("AWS::Lambda::Function", "FunctionName", 64),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::Logs::MetricFilter", "FilterName", 512),
    ("AWS::SNS::Topic", "TopicName", 256),
    ("AWS::SQS::Queue", "QueueName", 80),
    ("AWS::SSM::Parameter", "Name", 1011),
    ("AWS::Scheduler::Schedule", "Name", 64),
    ("AWS::Scheduler::ScheduleGroup", "Name", 64),
    ("AWS::StepFunctions::Activity", "Name", 80),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", 80),
];

/// Types whose resources have no name of their own, but that of what they belong to, or one that
/// AWS makes.
const NAMELESS: [&str; 9] = [
    "AWS::AutoScaling::WarmPool",
    "AWS::CloudFormation::Stack",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::KMS::Key",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
];

/// A role's own policies (IAM API Reference, PutRolePolicy).
const INLINE_POLICY: (&str, usize) = ("PolicyName", 128);

fn templates() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template");
    let files = std::fs::read_dir(folder).expect("the folder of the templates");
    let mut files: Vec<PathBuf> = files
        .map(|file| file.expect("a file of the folder").path())
        .filter(|path| path.extension().is_some_and(|is| is == "yaml"))
        .collect();
    files.sort();
    files
}

/// A section of a template: what is indented by two under each of its names.
fn section<'a>(text: &'a str, name: &str) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut inside, mut last) = (false, "");
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        if !line.starts_with(' ') && !line.is_empty() {
            inside = line.trim_end() == format!("{name}:");
        } else if let (true, Some(key)) = (inside, line.strip_prefix("  ")) {
            match key.strip_suffix(':').filter(|key| !key.starts_with(' ')) {
                Some(key) => last = key,
                None => found.entry(last).or_default().push(line),
            }
        }
    }
    found
}

/// What stands behind `key:` at this indentation.
fn value<'a>(lines: &[&'a str], indentation: usize, key: &str) -> Option<&'a str> {
    let start = format!("{}{key}:", " ".repeat(indentation));
    let found = lines.iter().find_map(|line| line.strip_prefix(&start));
    found.map(str::trim)
}

/// The length of the longest text that a pattern takes. Of patterns it knows characters, classes
/// and their counts.
fn longest(pattern: &str) -> Option<usize> {
    let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let mut whole = 0;
    while let Some(first) = rest.chars().next() {
        if "()|*+?.{}".contains(first) {
            return None;
        }
        let end = match first {
            '[' => rest.find(']')? + 1,
            '\\' => 2,
            other => other.len_utf8(),
        };
        rest = &rest[end..];
        let mut count = 1;
        if let Some(counted) = rest.strip_prefix('{') {
            let (counts, after) = counted.split_once('}')?;
            count = counts.rsplit(',').next()?.parse().ok()?;
            rest = after;
        }
        whole += count;
    }
    Some(whole)
}

/// The length of the longest name that `written` can stand for.
fn longest_name(written: &str, parameters: &BTreeMap<&str, Vec<&str>>) -> Result<usize, String> {
    let of_parameter = |name: &str| {
        let lines = parameters
            .get(name)
            .ok_or_else(|| format!("{name} is no parameter"))?;
        let pattern = value(lines, 4, "AllowedPattern").unwrap_or_default();
        longest(pattern).ok_or_else(|| {
            format!("the longest value of {name} is not known, by its pattern {pattern:?}")
        })
    };
    if let Some(name) = written.strip_prefix("!Ref ") {
        return of_parameter(name);
    }
    let text = written.strip_prefix("!Sub ").unwrap_or(written);
    if text.is_empty() || text.starts_with(['!', '|', '>']) {
        return Err("what it comes to is not known to this test".to_owned());
    }
    let mut parts = text.trim_matches(['\'', '"']).split("${");
    let mut whole = parts.next().unwrap_or_default().len();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or("a brace is not closed")?;
        whole += of_parameter(name)? + rest.len();
    }
    Ok(whole)
}

#[test]
fn every_name_fits_with_the_longest_parameters() {
    let (mut mutation, mut named, mut full) = (Vec::new(), 0, Vec::new());
    for path in templates() {
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&path).expect("a template");
        let parameters = section(&text, "Parameters");
        for (resource, lines) in section(&text, "Resources") {
            let kind = value(&lines, 4, "Type").unwrap_or_default();
            let known = NAMED.iter().find(|(own, ..)| *own == kind);
            if known.is_none() && !NAMELESS.contains(&kind) {
                mutation.push(format!(
                    "{file}: {resource}: no limit is known for names of {kind}"
                ));
            }
            let own =
                known.and_then(|(_, property, limit)| Some((value(&lines, 6, property)?, *limit)));
            let inline = lines.iter().filter_map(|line| {
                let policy = line.trim_start().strip_prefix("- ")?;
                let name = policy.strip_prefix(INLINE_POLICY.0)?.strip_prefix(": ")?;
                Some((name, INLINE_POLICY.1))
            });
            for (written, limit) in own.into_iter().chain(inline) {
                named += 1;
                match longest_name(written, &parameters) {
                    Ok(length) if length > limit => mutation.push(format!(
                        "{file}: {resource}: {written} may have {length} characters, and AWS takes {limit}"
                    )),
                    Ok(length) if length == limit => full.push(format!("{resource}: {written}")),
                    Ok(_) => {}
                    Err(message) => mutation.push(format!("{file}: {resource}: {written}: {message}")),
                }
            }
        }
    }
    assert!(mutation.is_empty(), "{}", mutation.join("\n"));
    assert!(named > 30, "only {named} names were found");
    // A cluster's name of 49 characters would break these, so 48 is not too few either.
    assert!(full.len() >= 2, "none is as long as it may be: {full:?}");
}

#[test]
fn the_longest_texts_of_patterns_are_known_or_said_to_be_unknown() {
    for (pattern, wanted) in [
        ("^[A-Za-z][A-Za-z0-9_-]{0,47}$", Some(48)),
        (r"^arn:\d{12}$", Some(16)),
        ("^[a-z]+$", None),
        ("^$|^a$", None),
        ("", None),
    ] {
        assert_eq!(longest(pattern), wanted, "{pattern}");
    }
    let cluster = BTreeMap::from([("C", vec!["    AllowedPattern: ^[a-z]{1,48}$"])]);
    assert_eq!(
        longest_name("!Sub '${C}-complete-action'", &cluster),
        Ok(64)
    );
    assert_eq!(longest_name("!Ref C", &cluster), Ok(48));
    assert!(longest_name("!Sub ${D}-x", &cluster).is_err());
    for unknown in ["!Join [x]", "!Sub", "", ">-"] {
        assert!(longest_name(unknown, &cluster).is_err(), "{unknown}");
    }
}
