//! Parameter files, in each form that the AWS CLI takes: the list of `create-stack`, with or
//! without `Parameters` around it, CodePipeline's object, and `["Key=Value"]`
//! (<https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/index.html>).

use serde_json::{Map, Value};

use super::error::ParametersError;

/// The parameters of the predecessor which have no meaning any more.
const GONE: [&str; 4] = [
    "DeploymentS3Bucket",
    "LifecycleLaunchFunctionZip",
    "LifecycleTerminateFunctionZip",
    "LambdaFunctionRole",
];

/// Parameters by key, and remarks about some of them.
pub type ParametersRead = (Vec<(String, String)>, Vec<String>);

/// Reads a parameter file. `file` is named in messages. Beside the parameters come remarks about
/// those of the predecessor that are not needed any more.
///
/// # Errors
/// The file, the place, and what is wrong there.
pub fn read_parameters(file: &str, text: &str) -> Result<ParametersRead, ParametersError> {
    let whole: Value = serde_json::from_str(text).map_err(|error| ParametersError::NotJson {
        file: file.to_owned(),
        cause: error.to_string(),
    })?;
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut remarks = Vec::new();
    for (place, key, value) in pairs(file, &whole)? {
        if GONE.contains(&key.as_str()) {
            remarks.push(format!(
                "{file}: {key} is not needed any more; it is left out"
            ));
            continue;
        }
        if parameters.iter().any(|(known, _)| *known == key) {
            return Err(ParametersError::Twice { place, key });
        }
        parameters.push((key, value));
    }
    Ok((parameters, remarks))
}

/// Where a parameter stands, its key and its value.
type Pair = (String, String, String);

fn pairs(file: &str, whole: &Value) -> Result<Vec<Pair>, ParametersError> {
    let given = whole.get("Parameters").unwrap_or(whole);
    match given {
        Value::Array(list) => {
            let entries = list.iter().enumerate();
            entries
                .map(|(at, entry)| pair(format!("{file}: entry {}", at + 1), entry))
                .collect()
        }
        Value::Object(members) if whole.is_object() && given != whole => of_members(file, members),
        _ => Err(ParametersError::NotAList(file.to_owned())),
    }
}

fn of_members(file: &str, members: &Map<String, Value>) -> Result<Vec<Pair>, ParametersError> {
    let members = members.iter();
    members
        .map(|(key, value)| match value.as_str() {
            Some(value) => Ok((format!("{file}: Parameters"), key.clone(), value.to_owned())),
            None => Err(ParametersError::NotAText {
                file: file.to_owned(),
                key: key.clone(),
                value: value.clone(),
            }),
        })
        .collect()
}

/// One entry of a list: an object, or a text with an equals sign.
fn pair(place: String, entry: &Value) -> Result<Pair, ParametersError> {
    if let Some(text) = entry.as_str() {
        return match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((place, key.to_owned(), value.to_owned())),
            _ => Err(ParametersError::NotAPair {
                place,
                text: text.to_owned(),
            }),
        };
    }
    let text = |member: &'static str| {
        entry[member]
            .as_str()
            .ok_or_else(|| ParametersError::NoMember {
                place: place.clone(),
                member,
            })
    };
    let key = text("ParameterKey")?;
    if entry["UsePreviousValue"] == true && entry["ParameterValue"].is_null() {
        let key = key.to_owned();
        return Err(ParametersError::NoPreviousValue { place, key });
    }
    let value = text("ParameterValue")?.to_owned();
    let key = key.to_owned();
    Ok((place, key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(key: &str, value: &str) -> Vec<(String, String)> {
        vec![(key.to_owned(), value.to_owned())]
    }

    #[test]
    fn every_form_that_the_aws_cli_takes_is_read() {
        for text in [
            r#"[{"ParameterKey": "A", "ParameterValue": "b=c, d"}]"#,
            r#"{"StackName": "s", "Parameters": [{"ParameterKey": "A", "ParameterValue": "b=c, d"}]}"#,
            r#"{"Parameters": {"A": "b=c, d"}, "Tags": {"owner": "me"}}"#,
            r#"["A=b=c, d"]"#,
        ] {
            let (parameters, remarks) = read_parameters("p.json", text).expect(text);
            assert_eq!(parameters, one("A", "b=c, d"), "{text}");
            assert!(remarks.is_empty());
        }
        let empty = read_parameters("p.json", r#"["KeyName="]"#).expect("an empty value");
        assert_eq!(empty.0, one("KeyName", ""));
    }

    #[test]
    fn what_is_in_none_of_these_forms_is_refused_with_its_place() {
        let message = |text: &str| {
            read_parameters("p.json", text)
                .expect_err("bad")
                .to_string()
        };
        assert!(message(r#"{"A": "b"}"#).starts_with("p.json: not a list"));
        assert!(message(r#"{"Parameters": "b"}"#).starts_with("p.json: not a list"));
        assert!(message(r#"["A"]"#).starts_with("p.json: entry 1: \"A\" is not Key=Value"));
        assert!(message(r#"["=b"]"#).contains("is not Key=Value"));
        assert!(
            message(r#"{"Parameters": {"ClusterSize": 4}}"#)
                .starts_with("p.json: Parameters: ClusterSize is 4, not a text")
        );
        assert!(message("[7]").starts_with("p.json: entry 1: ParameterKey is missing"));
        let previous = r#"[{"ParameterKey": "A", "UsePreviousValue": true}]"#;
        assert!(message(previous).starts_with("p.json: entry 1: A has UsePreviousValue"));
        assert!(message(r#"["A=1", "A=2"]"#).contains("entry 2: A is given twice"));
    }

    #[test]
    fn an_old_parameter_file_is_read_with_remarks() {
        let text = r#"[{"ParameterKey": "EcsClusterName", "ParameterValue": "Dev"}, {"ParameterKey": "DeploymentS3Bucket", "ParameterValue": "b"}]"#;
        let (parameters, remarks) = read_parameters("p.json", text).expect("good");
        assert_eq!(
            parameters,
            [("EcsClusterName".to_owned(), "Dev".to_owned())]
        );
        assert!(remarks[0].contains("DeploymentS3Bucket is not needed any more"));
    }

    #[test]
    fn bad_parameter_files_are_refused_with_file_place_and_remedy() {
        let message = |text: &str| {
            read_parameters("p.json", text)
                .expect_err("bad")
                .to_string()
        };
        assert!(message("[").starts_with("p.json: not JSON"));
        assert!(message("{}").starts_with("p.json: not a list"));
        assert!(
            message(r#"[{"ParameterKey": "A"}]"#).contains("entry 1: ParameterValue is missing")
        );
        let twice = r#"[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "A", "ParameterValue": "2"}]"#;
        assert!(message(twice).contains("entry 2: A is given twice"));
    }
}
