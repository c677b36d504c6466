//! Settings that are wrong, and what is said of them.

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::os_shim_internal::Env;

use super::*;

fn setting(value: &str, origin: Origin) -> Setting {
    Setting {
        value: value.to_owned(),
        origin,
    }
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

fn place(region: &str, endpoint: Option<&str>) -> Place {
    let endpoints = endpoint.map(|value| setting(value, variable("AWS_ENDPOINT_URL")));
    Place {
        region: setting(region, Origin::Flag("--region")),
        endpoints: endpoints.into_iter().collect(),
    }
}

fn no_answer(endpoint: &str, is_found: bool) -> Error {
    let cause = ConnectorError::io("nobody there".into());
    let unanswered = Unanswered::boxed(endpoint.to_owned(), is_found, cause);
    Error::Unavailable {
        call: "ecs:ListTasks",
        what: "no connection".to_owned(),
        source: Some(Box::new(ConnectorError::io(unanswered))),
    }
}

#[test]
fn a_missing_answer_is_blamed_on_what_set_the_address() {
    let own = "https://ecs.eu-wset-1.amazonaws.com";
    let (exit, text) = place("eu-wset-1", None)
        .blame(&no_answer(own, false))
        .expect("the Region is to blame");
    assert_eq!(exit, Exit::Input);
    assert_eq!(
        text,
        "ecs:ListTasks failed (no connection): there is no Region 'eu-wset-1' (from --region): \
         https://ecs.eu-wset-1.amazonaws.com has no address; did you mean eu-west-1?"
    );
    // Of a Region that is, and of a host that is found, the network is to blame.
    for (region, is_found) in [("eu-west-1", false), ("eu-new-9", true)] {
        let blamed = place(region, None).blame(&no_answer(own, is_found));
        let (exit, text) = blamed.expect("it has no answer");
        assert_eq!(exit, Exit::Aws, "{text}");
        assert!(text.contains("nobody there. Check the network"), "{text}");
    }
    let endpoint = "http://127.0.0.1:1";
    let set = place("eu-wset-1", Some("http://127.0.0.1:1/"));
    let blamed = set.blame(&no_answer(endpoint, true));
    let (exit, text) = blamed.expect("the endpoint is to blame");
    assert_eq!(exit, Exit::Aws);
    assert!(
        text.contains("does not answer: io error: nobody there. Correct endpoint")
            || text.contains("does not answer: nobody there. Correct endpoint"),
        "{text}"
    );
    assert!(text.contains("AWS_ENDPOINT_URL"), "{text}");
}

#[test]
fn a_signature_is_blamed_on_the_region_only_where_the_endpoint_may_be_in_another() {
    let error = Error::bad_answer("ecs:ListTasks", "InvalidSignatureException: no");
    let blamed = place("us-east-1", Some("http://127.0.0.1:4500")).blame(&error);
    let (exit, text) = blamed.expect("the Region is to blame");
    assert_eq!(exit, Exit::Input);
    assert!(text.contains("'us-east-1' (from --region)"), "{text}");
    let vpc = "https://vpce-1.ecs.us-east-1.vpce.amazonaws.com";
    for endpoint in [None, Some(vpc)] {
        assert_eq!(place("us-east-1", endpoint).blame(&error), None);
    }
    let expired = Error::bad_answer("ecs:ListTasks", "ExpiredToken: old");
    assert_eq!(
        place("us-east-1", Some("http://127.0.0.1:4500")).blame(&expired),
        None
    );
}

#[test]
fn only_what_can_be_a_region_and_an_address_passes() {
    assert_eq!(place("eu-west-1", None).check(), Ok(()));
    for region in ["", "eu west", "-eu", "eu.west", &"e".repeat(64)] {
        let refused = place(region, None).check().expect_err(region);
        assert_eq!(refused.exit, Exit::Input);
        assert!(refused.to_string().contains("--region"), "{refused}");
    }
    for address in [
        "http://localhost:4566",
        "https://[::1]:1/path",
        "https://ecs.example",
    ] {
        assert_eq!(
            place("eu-west-1", Some(address)).check(),
            Ok(()),
            "{address}"
        );
    }
    for address in [
        "",
        "garbage",
        "localhost:4566",
        "ftp://a",
        "http://",
        "https:///a",
        "http://:80",
        "http://a b",
        "http://a:port",
    ] {
        let refused = place("eu-west-1", Some(address)).check();
        let refused = refused.expect_err(address).to_string();
        assert!(refused.contains("AWS_ENDPOINT_URL"), "{refused}");
    }
}

#[test]
fn a_setting_is_found_where_the_sdk_finds_it() {
    let env = |set: &[(&str, &str)]| {
        let env = Env::from_slice(set);
        let sources = Sources {
            flag: None,
            configured: None,
            env: &env,
            profile: "prod",
            files: None,
        };
        (sources.region(), sources.endpoint("Auto Scaling"))
    };
    let (region, endpoint) = env(&[
        ("AWS_DEFAULT_REGION", "a"),
        ("AWS_REGION", "b"),
        ("AWS_ENDPOINT_URL", "c"),
        ("AWS_ENDPOINT_URL_AUTO_SCALING", "d"),
    ]);
    assert_eq!(region, variable("AWS_REGION"));
    assert_eq!(endpoint, variable("AWS_ENDPOINT_URL_AUTO_SCALING"));
    let (region, endpoint) = env(&[("AWS_ENDPOINT_URL", "c")]);
    assert_eq!(region, Origin::Metadata);
    assert_eq!(endpoint, variable("AWS_ENDPOINT_URL"));
    assert_eq!(
        env(&[]).1.to_string(),
        "endpoint_url of profile prod".to_owned()
    );
}
