//! In which protocol a client speaks, so that an error reaches it as one: botocore shows an error
//! in XML to a client of a JSON service as an answer that cannot be parsed.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

/// The protocols of AWS's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JSON with the call in the header `x-amz-target`.
    Json,
    /// A form, answered in XML.
    Query,
    /// A form, answered in EC2's own XML.
    Ec2,
    /// JSON with the call in the path.
    RestJson,
    /// XML with the call in the path.
    RestXml,
}

/// The services that speak [`Protocol::RestXml`].
const REST_XML: [&str; 4] = ["s3", "cloudfront", "route53", "s3-outposts"];

/// The protocol of a request that is signed for `service`, which is empty if it is not signed.
pub fn of(parts: &Parts, service: &str) -> Protocol {
    let is_form = header(&parts.headers, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if parts.headers.contains_key("x-amz-target") {
        Protocol::Json
    } else if service == "ec2" {
        Protocol::Ec2
    } else if REST_XML.contains(&service) {
        Protocol::RestXml
    } else if is_form {
        Protocol::Query
    } else if !service.is_empty() || super::invoke::function(&parts.uri).is_some() {
        // The Query services are sent forms by every client, to the root.
        if parts.method == Method::POST && parts.uri.path() == "/" {
            Protocol::Query
        } else {
            Protocol::RestJson
        }
    } else if parts.uri.path() == "/" {
        Protocol::Query
    } else {
        Protocol::RestXml
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn each_client_is_answered_in_its_protocol() {
        let of = |method: &str, path: &str, header: (&str, &str), service: &str| {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header.0, header.1);
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            super::of(&parts, service)
        };
        let none = ("accept", "*/*");
        let form = (
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        let target = ("x-amz-target", "AmazonSSM.GetParameter");
        for (method, path, header, service, protocol) in [
            ("POST", "/", target, "ssm", Protocol::Json),
            ("POST", "/", form, "autoscaling", Protocol::Query),
            ("POST", "/", form, "ec2", Protocol::Ec2),
            (
                "GET",
                "/2015-03-31/functions",
                none,
                "lambda",
                Protocol::RestJson,
            ),
            (
                "POST",
                "/2015-03-31/functions/f/invocations",
                none,
                "lambda",
                Protocol::RestJson,
            ),
            (
                "POST",
                "/2015-03-31/functions/f/invocations",
                none,
                "",
                Protocol::RestJson,
            ),
            (
                "POST",
                "/v1/submitjob",
                ("content-type", "application/json"),
                "batch",
                Protocol::RestJson,
            ),
            ("GET", "/bucket/key", none, "s3", Protocol::RestXml),
            ("GET", "/bucket/key", none, "", Protocol::RestXml),
            (
                "GET",
                "/2013-04-01/hostedzone",
                none,
                "route53",
                Protocol::RestXml,
            ),
            ("POST", "/", none, "", Protocol::Query),
        ] {
            assert_eq!(
                of(method, path, header, service),
                protocol,
                "{method} {path} {service}"
            );
        }
    }
}
