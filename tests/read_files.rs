//! Which files the command line reads: as people's tools write them, several at once; and what it
//! says of what it leaves out and of what cannot be.

mod refusals;
mod support;

use refusals::refused;
use support::{changed_template, file, root, run};

#[test]
fn a_workload_that_no_instance_may_run_names_the_attribute() {
    let pinned = file(
        "pinned-workload.json",
        r#"{"services": [{"serviceName": "db", "desiredCount": 1, "placementConstraints": [
            {"type": "memberOf", "expression": "attribute:stack == prod"}]}]}"#,
    );
    refused(
        &["rehearse", "--workload", &pinned],
        &[
            "pinned-workload.json",
            "service db",
            "no instance has the attribute stack",
            "ECS_INSTANCE_ATTRIBUTES",
        ],
    );
}

#[test]
fn files_of_windows_and_several_files_are_read() {
    let text = r#"{"services": [{"serviceName": "first", "desiredCount": 1}]}"#;
    let marked = file("marked-workload.json", &format!("\u{feff}{text}"));
    let wide: Vec<u8> =
        "\u{feff}{\"services\": [{\"serviceName\": \"second\", \"desiredCount\": 1}]}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
    let utf_16 = file("utf-16-workload.json", "");
    std::fs::write(&utf_16, wide).expect("a file of the test");
    let parameters = root().join("template/parameters.example.json");
    let parameters = std::fs::read_to_string(parameters).expect("the example");
    let parameters = file("marked-parameters.json", &format!("\u{feff}{parameters}"));
    let arguments = [
        "rehearse",
        "--instances",
        "1",
        "--output",
        "json",
        "--parameters",
        &parameters,
        "--workload",
        &marked,
        &utf_16,
    ];
    let output = run(&arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    for service in ["assumed: first:", "assumed: second:"] {
        assert!(message.contains(service), "{message}");
    }
}

#[test]
fn templates_and_scenarios_of_windows_are_read_and_other_bytes_are_named() {
    let first = "AWSTemplateFormatVersion";
    let template = changed_template(
        "marked",
        "ecs-cluster.yaml",
        first,
        &format!("\u{feff}{first}"),
    );
    let output = run(&[
        "rehearse",
        "--instances",
        "1",
        "--output",
        "json",
        "--template",
        &template,
    ]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    let scenario = file("marked.scenario", "\u{feff}instances 1\ndeploy\n");
    let output = run(&["scenario", &scenario]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    let broken = file("latin-1-workload.json", "");
    std::fs::write(
        &broken,
        b"{\"services\": [{\"serviceName\": \"gr\xf6sser\"}]}",
    )
    .expect("a file");
    refused(
        &["rehearse", "--workload", &broken],
        &["latin-1-workload.json", "line 1", "0xf6", "UTF-8"],
    );
}

/// Two answers in one file, each in an encoding of its own, as `cat` and `copy /b` put them.
#[test]
fn appended_answers_are_read_in_their_encodings_or_refused_by_name_and_place() {
    let page = |name: &str| {
        format!("{{\"services\": [\n  {{\"serviceName\": \"{name}\", \"desiredCount\": 1}}]}}\n")
    };
    let utf_8 = |text: &str| [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let utf_16 = |text: &str| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>()
    };
    let written = |name: &str, bytes: Vec<u8>| {
        let path = file(name, "");
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let (one, two) = (page("one"), page("two"));
    let files = [
        written("marks.json", [utf_8(&one), utf_8(&two)].concat()),
        written(
            "mixed.json",
            [utf_16(&page("three")), utf_8(&page("four"))].concat(),
        ),
        written("plain.json", page("five").into_bytes()),
    ];
    let size = ["rehearse", "--instances", "1", "--output", "json"];
    let arguments = [&size[..], &["--workload", &files[0], &files[1], &files[2]]].concat();
    let output = run(&arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    for name in ["one", "two", "three", "four", "five"] {
        assert!(message.contains(&format!("assumed: {name}: ")), "{message}");
    }
    // Without a mark nothing says that the second answer is UTF-16, or that it is not.
    let bare = utf_16(&two)[2..].to_vec();
    for (number, bytes) in [
        [one.clone().into_bytes(), bare].concat(),
        [utf_16(&one), two.clone().into_bytes()].concat(),
        [utf_16(&one), b"{}\n\xe4".to_vec()].concat(),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("unmarked-{number}.json");
        let path = written(&name, bytes);
        refused(&["rehearse", "--workload", &path], &[&name, "line 3"]);
    }
}

#[test]
fn services_of_another_capacity_provider_are_left_out_and_said() {
    let workload = file(
        "providers-workload.json",
        r#"{"services": [{"serviceName": "web", "desiredCount": 1},
            {"serviceName": "far", "desiredCount": 9, "capacityProviderStrategy": [{"capacityProvider": "cp-other"}]}]}"#,
    );
    let output = run(&[
        "rehearse",
        "--instances",
        "1",
        "--output",
        "json",
        "--workload",
        &workload,
    ]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    for words in [
        "service far uses the capacity provider cp-other",
        "CapacityProvider=ENABLED",
        "left out",
    ] {
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_parameter_that_holds_json_is_refused_with_the_one_that_holds_the_id() {
    let text = std::fs::read_to_string(root().join("template/parameters.example.json"))
        .expect("the example");
    let (own, public) = (
        "/ami/ecs/latest",
        "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended",
    );
    assert!(text.contains(own));
    let parameters = file("json-ami.json", &text.replace(own, public));
    let output = run(&["rehearse", "--parameters", &parameters]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    let place = format!(
        "json-ami.json: EcsAmiParameterKey: the public parameter {public} holds a JSON object"
    );
    let remedy = format!("take {public}/image_id");
    for words in [place, remedy] {
        assert!(message.contains(&words), "{message}");
    }
}

#[test]
fn an_ami_for_another_processor_does_not_boot() {
    let text = std::fs::read_to_string(root().join("template/parameters.example.json"))
        .expect("the example");
    let key = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id";
    let more = format!(r#"[{{"ParameterKey": "EcsAmiParameterKey", "ParameterValue": "{key}"}},"#);
    let without: String = {
        let list: serde_json::Value = serde_json::from_str(&text).expect("a list");
        let kept = list.as_array().expect("a list").iter();
        let kept = kept.filter(|one| one["ParameterKey"] != "EcsAmiParameterKey");
        serde_json::Value::Array(kept.cloned().collect()).to_string()
    };
    let mutation = file("x86-parameters.json", &without.replacen('[', &more, 1));
    refused(
        &["rehearse", "--parameters", &mutation],
        &[
            "holds AMIs for x86_64, and m7g.large is arm64",
            "You must use a valid fully-formed launch template",
            "does not match the architecture",
        ],
    );
}

/// What AWS or the account in memory refuses of a parameter is said with the file that it is in.
#[test]
fn messages_about_parameters_name_their_file() {
    let text = std::fs::read_to_string(root().join("template/parameters.example.json"))
        .expect("the example");
    let without: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list");
    let without: Vec<_> = without
        .into_iter()
        .filter(|one| one["ParameterKey"] != "EcsClusterName")
        .collect();
    let nameless = file("nameless.json", &serde_json::json!(without).to_string());
    refused(
        &["rehearse", "--parameters", &nameless],
        &["nameless.json: ", "lack EcsClusterName"],
    );
    for (number, (from, to, words)) in [
        ("/ami/ecs/latest", "a bad/name", "EcsAmiParameterKey"),
        ("/ami/ecs/latest", "/aws/service/nope", "EcsAmiParameterKey"),
        ("/ami/ecs/latest", "/aws/mine", "EcsAmiParameterKey"),
        ("\"3000\"", "\"soon\"", "DrainDeadlineSeconds"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(text.contains(from), "{from}");
        let name = format!("named-{number}.json");
        let parameters = file(&name, &text.replace(from, to));
        let place = format!("{name}: ");
        refused(&["rehearse", "--parameters", &parameters], &[&place, words]);
    }
    let scenario = file(
        "named.scenario",
        "parameter DrainDeadlineSeconds=soon\ndeploy\n",
    );
    refused(
        &["scenario", &scenario],
        &["named.scenario: ", "DrainDeadlineSeconds"],
    );
}

/// AWS's own parameter with the JSON object: its name alone says so, before any call.
#[test]
fn the_parameter_with_json_is_refused_with_the_one_that_holds_the_id() {
    let name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended";
    refused(
        &["roll", "ecs-cluster", "--ami-parameter", name],
        &["--ami-parameter", "JSON", &format!("take {name}/image_id")],
    );
}
