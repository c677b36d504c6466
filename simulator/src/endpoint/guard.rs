//! Who may ask a listener on loopback at all. Any page in a browser on this machine can send
//! requests to it, under the listener's own address or, after DNS rebinding, under a name of the
//! page's choice. Both are refused by what the browser itself writes into the head of a request,
//! before the rest is read.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::account::{Caller, REGION};
use crate::endpoint::keys::Keys;
use crate::wire::{self, ApiError};

/// What browsers write into requests of pages, and AWS's clients never do. The second stands for
/// all that begin so.
const OF_BROWSERS: [&str; 2] = ["origin", "sec-fetch-"];

/// Where a presigned request has its credential.
const PRESIGNED: &str = "X-Amz-Credential";

/// Who asks, and which service the signature names.
pub struct Signed {
    /// Whose access key it is.
    pub caller: Caller,
    /// The service in the credential scope; empty if there is none.
    pub service: String,
}

/// Lets a request pass that is meant for the listener at `own`, comes from no page, and has one of
/// our keys.
///
/// # Errors
/// With HTTP status 403: what is wrong with it, and the way out.
pub fn check(parts: &Parts, own: SocketAddr, keys: &Keys) -> Result<Signed, ApiError> {
    check_head(parts, own)?;
    let credential = credential(parts);
    let wire::Scope {
        key,
        region,
        service,
    } = wire::scope(&credential);
    if key.is_empty() {
        return Err(denied(
            "MissingAuthenticationToken",
            "the request is not signed; sign it with the access key that the account printed when it started".to_owned(),
        ));
    }
    let caller = keys.caller(key).ok_or_else(|| {
        denied(
            "InvalidClientTokenId",
            "the request is signed with an access key that is not this account's; take the one that the account printed \
             when it started"
                .to_owned(),
        )
    })?;
    check_region(parts, region, service)?;
    Ok(Signed {
        caller,
        service: service.to_owned(),
    })
}

/// The service in the credential scope of a request, whoever sent it.
pub fn service(parts: &Parts) -> String {
    wire::scope(&credential(parts)).service.to_owned()
}

/// Refuses what is meant for another Region: there the client would find other resources, or none.
/// As AWS, in whose Regions a signature for another one is not valid. Only STS has a global
/// endpoint too, which is in us-east-1
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html>).
fn check_region(parts: &Parts, region: &str, service: &str) -> Result<(), ApiError> {
    let is_global = service == "sts" && region == "us-east-1";
    if region.is_empty() || region == REGION.as_str() || is_global {
        return Ok(());
    }
    let code = match service {
        "s3" => "AuthorizationHeaderMalformed",
        _ if parts.headers.contains_key("x-amz-target") => "InvalidSignatureException",
        _ => "SignatureDoesNotMatch",
    };
    let message = format!(
        "Credential should be scoped to a valid Region: the request is for {region}, and this account is in {REGION}"
    );
    Err(denied(code, message))
}

/// Refuses what a page in a browser sends, and what is meant for another host.
///
/// # Errors
/// With HTTP status 403.
pub fn check_head(parts: &Parts, own: SocketAddr) -> Result<(), ApiError> {
    let of_browser = |name: &str| OF_BROWSERS.iter().any(|own| name.starts_with(own));
    let names = parts.headers.keys().map(header::HeaderName::as_str);
    if let Some(name) = names.into_iter().find(|name| of_browser(name)) {
        let message = format!(
            "the request has the header {name}, as those of pages in browsers have; no page may ask here"
        );
        return Err(denied("AccessDenied", message));
    }
    let hosts: Vec<_> = parts.headers.get_all(header::HOST).iter().collect();
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let is_ours = |host: &str| host == own.to_string() || own.port() == 80 && host == ip(own);
    let named = hosts.first().and_then(|host| host.to_str().ok());
    if hosts.len() == 1 && named.into_iter().chain(authority).all(is_ours) && named.is_some() {
        return Ok(());
    }
    let message = format!(
        "the request is for the host {:?}, and this listener is {own}; name it by that address, since a name may be \
         another's (DNS rebinding)",
        authority.or(named).unwrap_or_default()
    );
    Err(denied("AccessDenied", message))
}

/// The address as a client names it that leaves out HTTP's own port.
fn ip(own: SocketAddr) -> String {
    match own {
        SocketAddr::V4(own) => own.ip().to_string(),
        SocketAddr::V6(own) => format!("[{}]", own.ip()),
    }
}

/// As a layer of a router: [`check_head`] before anything else.
pub async fn layer(State(own): State<SocketAddr>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match check_head(&parts, own) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => (StatusCode::FORBIDDEN, error.to_string()).into_response(),
    }
}

/// The header that signs a request, or what stands for it in the address.
fn credential(parts: &Parts) -> String {
    if let Some(signed) = text(&parts.headers, "authorization") {
        return signed.to_owned();
    }
    let query = parts.uri.query().unwrap_or_default();
    let mut members = form_urlencoded::parse(query.as_bytes());
    let credential = members.find(|(name, _)| name == PRESIGNED);
    credential.map_or_else(String::new, |(_, value)| format!("Credential={value}"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn denied(code: &str, message: String) -> ApiError {
    ApiError {
        status: 403,
        code: code.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const OWN: &str = "127.0.0.1:4500";

    fn checked(uri: &str, own: &str, headers: &[(&str, &str)]) -> Result<Signed, ApiError> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        check(&parts, own.parse().expect("an address"), &keys())
    }

    fn keys() -> Keys {
        Keys::of(&[7; 40])
    }

    fn signature() -> String {
        let key = keys().operator().to_owned();
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    #[test]
    fn a_signed_request_to_our_own_address_passes() {
        let signed = signature();
        for (own, host) in [
            (OWN, OWN),
            ("[::1]:4500", "[::1]:4500"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("127.0.0.1:80", "127.0.0.1:80"),
        ] {
            let passed = checked("/", own, &[("host", host), ("authorization", &signed)]);
            let passed = passed.unwrap_or_else(|error| panic!("{host}: {error}"));
            assert_eq!(
                (passed.caller, passed.service.as_str()),
                (Caller::Operator, "ecs")
            );
        }
        let key = keys().operator().to_owned();
        let presigned =
            format!("/b/k?X-Amz-Credential={key}%2F20260101%2Feu-west-1%2Fs3%2Faws4_request");
        let passed = checked(&presigned, OWN, &[("host", OWN)]).map(|signed| signed.service);
        assert_eq!(passed.expect("a presigned request"), "s3");
    }

    #[test]
    fn another_region_is_refused_by_name() {
        let signed = |region: &str, service: &str| {
            signature().replace("eu-west-1/ecs", &format!("{region}/{service}"))
        };
        let refused = |service: &str, more: &[(&str, &str)]| {
            let signed = signed("us-east-1", service);
            let headers = [&[("host", OWN), ("authorization", signed.as_str())], more].concat();
            let refused = checked("/", OWN, &headers).err().expect("another Region");
            assert_eq!(refused.status, 403);
            for word in ["for us-east-1", "is in eu-west-1"] {
                assert!(refused.message.contains(word), "{refused}");
            }
            refused.code
        };
        let target = [("x-amz-target", "AmazonSSM.GetParameter")];
        assert_eq!(refused("ssm", &target), "InvalidSignatureException");
        assert_eq!(refused("autoscaling", &[]), "SignatureDoesNotMatch");
        assert_eq!(refused("s3", &[]), "AuthorizationHeaderMalformed");
        let global = signed("us-east-1", "sts");
        checked("/", OWN, &[("host", OWN), ("authorization", &global)]).expect("STS is global");
    }

    #[test]
    fn another_host_is_refused_however_it_is_named() {
        let signed = signature();
        let hosts = [
            "evil.example",
            "evil.example:4500",
            "127.0.0.1.evil.example:4500",
            "localhost:4500",
            "127.0.0.1",
            "127.0.0.1:4501",
            "127.0.0.1:4500.",
            "",
        ];
        for host in hosts {
            let refused = checked("/", OWN, &[("host", host), ("authorization", &signed)]);
            let refused = refused.err().unwrap_or_else(|| panic!("{host:?} passes"));
            assert_eq!(
                (refused.status, refused.code.as_str()),
                (403, "AccessDenied"),
                "{host:?}"
            );
        }
        for (uri, headers) in [
            ("/", vec![("authorization", signed.as_str())]),
            (
                "/",
                vec![
                    ("host", OWN),
                    ("host", OWN),
                    ("authorization", signed.as_str()),
                ],
            ),
            (
                "http://evil.example/",
                vec![("host", OWN), ("authorization", signed.as_str())],
            ),
        ] {
            assert!(checked(uri, OWN, &headers).is_err(), "{uri} {headers:?}");
        }
    }

    #[test]
    fn a_page_is_refused_even_with_a_key() {
        let signed = signature();
        for (name, value) in [
            ("origin", "http://127.0.0.1:4500"),
            ("origin", "null"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "no-cors"),
        ] {
            let headers = [
                ("host", OWN),
                ("authorization", signed.as_str()),
                (name, value),
            ];
            let refused = checked("/", OWN, &headers).err();
            let refused = refused.unwrap_or_else(|| panic!("{name}: {value} passes"));
            assert!(refused.message.contains(name), "{refused}");
        }
    }

    #[test]
    fn no_key_and_a_wrong_one_are_refused_and_no_key_is_disclosed() {
        let mutation = signature().replace(keys().operator(), "AKIAWRONG");
        for (headers, code) in [
            (vec![("host", OWN)], "MissingAuthenticationToken"),
            (
                vec![("host", OWN), ("authorization", "Bearer x")],
                "MissingAuthenticationToken",
            ),
            (
                vec![("host", OWN), ("authorization", mutation.as_str())],
                "InvalidClientTokenId",
            ),
        ] {
            let refused = checked("/", OWN, &headers).err().expect("it is refused");
            assert_eq!((refused.status, refused.code.as_str()), (403, code));
            assert!(!refused.message.contains(keys().operator()), "{refused}");
            assert!(!refused.message.contains("AKIAWRONG"), "{refused}");
        }
    }
}
