//! Uploads in parts, which is how the AWS CLI puts what is 8 MiB or more.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Object, ObjectKey, Request, Response, not_found, xml};
use crate::wire::ApiError;

/// Every part but the last has at least as many bytes.
const SMALLEST: usize = 5 << 20;
const PARTS: std::ops::RangeInclusive<u32> = 1..=10_000;

/// Uploads that are neither completed nor aborted, by id.
pub(super) type Uploads = BTreeMap<String, Upload>;

/// What has come of an object.
#[derive(Debug)]
pub(super) struct Upload {
    bucket: String,
    key: String,
    /// With the headers of the whole, and no bytes.
    object: Object,
    parts: BTreeMap<u32, Object>,
}

/// CreateMultipartUpload. `object` has the request's headers.
pub(super) fn create(
    uploads: &mut Uploads,
    id: String,
    object_key: ObjectKey<'_>,
    object: Object,
) -> Response {
    let text = format!(
        "<Bucket>{}</Bucket><Key>{}</Key><UploadId>{id}</UploadId>",
        xml::escaped(object_key.bucket),
        xml::escaped(object_key.key)
    );
    let upload = Upload {
        bucket: object_key.bucket.to_owned(),
        key: object_key.key.to_owned(),
        object,
        parts: BTreeMap::new(),
    };
    uploads.insert(id, upload);
    xml::response(200, "InitiateMultipartUploadResult", &text)
}

/// UploadPart: a part that comes again replaces the one before.
pub(super) fn part(
    uploads: &mut Uploads,
    object_key: ObjectKey<'_>,
    query: &str,
    part: Object,
) -> Result<Response, ApiError> {
    let number = value(query, "partNumber").and_then(|text| text.parse().ok());
    let Some(number) = number.filter(|number| PARTS.contains(number)) else {
        return Err(ApiError::client(
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
        ));
    };
    let etag = part.etag();
    let upload = upload(uploads, object_key, query)?;
    upload.parts.insert(number, part);
    Ok(Response::empty(200).with("etag", etag))
}

/// AbortMultipartUpload: what has come is gone.
pub(super) fn abort(
    uploads: &mut Uploads,
    object_key: ObjectKey<'_>,
    query: &str,
) -> Result<Response, ApiError> {
    upload(uploads, object_key, query)?;
    uploads.remove(&id(query));
    Ok(Response::empty(204))
}

#[derive(Deserialize)]
struct Complete {
    #[serde(rename = "Part", default)]
    parts: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

/// CompleteMultipartUpload: the object, whole. A list of parts that is wrong leaves the upload as
/// it is.
pub(super) fn complete(
    uploads: &mut Uploads,
    object_key: ObjectKey<'_>,
    request: &Request<'_>,
) -> Result<Object, ApiError> {
    let upload = upload(uploads, object_key, request.query)?;
    let text = String::from_utf8_lossy(request.body);
    let named = quick_xml::de::from_str::<Complete>(&text)
        .map(|complete| complete.parts)
        .unwrap_or_default();
    if named.is_empty() {
        return Err(ApiError::client(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let bytes = joined(&upload.parts, &named)?;
    let mut object = upload.object.clone();
    object.bytes = bytes.into();
    uploads.remove(&id(request.query));
    Ok(object)
}

fn joined(parts: &BTreeMap<u32, Object>, named: &[Named]) -> Result<Vec<u8>, ApiError> {
    if !named.is_sorted_by(|a, b| a.part_number < b.part_number) {
        return Err(ApiError::client(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ));
    }
    let mut bytes = Vec::new();
    for (at, one) in named.iter().enumerate() {
        let part = parts.get(&one.part_number);
        let Some(part) = part.filter(|part| same(&part.etag(), &one.etag)) else {
            return Err(ApiError::client(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
            ));
        };
        if at + 1 < named.len() && part.bytes.len() < SMALLEST {
            return Err(ApiError::client(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
            ));
        }
        bytes.extend_from_slice(&part.bytes);
    }
    Ok(bytes)
}

/// Clients name an entity tag with its quotes or without.
fn same(own: &str, named: &str) -> bool {
    own.trim_matches('"') == named.trim_matches('"')
}

fn upload<'a>(
    uploads: &'a mut Uploads,
    object_key: ObjectKey<'_>,
    query: &str,
) -> Result<&'a mut Upload, ApiError> {
    let found = uploads.get_mut(&id(query));
    found
        .filter(|upload| upload.bucket == object_key.bucket && upload.key == object_key.key)
        .ok_or_else(|| {
            not_found(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
            )
        })
}

fn id(query: &str) -> String {
    value(query, "uploadId").unwrap_or_default()
}

fn value(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}
