//! ListObjectsV2: all keys with a prefix, in one answer.

use std::collections::BTreeMap;

use super::{Object, Response, xml};
use crate::wire::ApiError;

/// Answers for `bucket`, which holds `objects`.
///
/// # Errors
/// `NotImplemented`, for anything but a prefix.
pub(super) fn objects(
    bucket: &str,
    objects: &BTreeMap<String, Object>,
    query: &str,
) -> Result<Response, ApiError> {
    let mut prefix = String::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("list-type", "2") | ("x-id", _) => {}
            // Keys that would need encoding are not encoded: `package` makes none.
            ("encoding-type", "url") => {}
            ("prefix", value) => prefix = value.to_owned(),
            (name, value) => {
                return Err(ApiError::not_known(format_args!(
                    "{name}={value} of ListObjectsV2"
                )));
            }
        }
    }
    let found: Vec<_> = objects
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix))
        .collect();
    let count = found.len();
    let mut text = format!(
        "<Name>{}</Name><Prefix>{}</Prefix><KeyCount>{count}</KeyCount><MaxKeys>{}</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>",
        xml::escaped(bucket),
        xml::escaped(&prefix),
        count.max(1000),
    );
    for (key, object) in found {
        text.push_str(&format!(
            "<Contents><Key>{}</Key><LastModified>{:.3}</LastModified><ETag>{}</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
            xml::escaped(key),
            object.modified,
            xml::escaped(&object.etag()),
            object.bytes.len(),
        ));
    }
    Ok(xml::response(200, "ListBucketResult", &text))
}
