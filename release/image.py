"""The container image of the activity worker, as an OCI image layout in a tar, without a daemon.

Its only layer has the static binary and the root certificates, where the TLS library of the AWS SDKs looks for them.
Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
"""

import json
import time

from archive import gzipped, sha256, tar_of

BINARY = "activity-worker"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
# Nobody, by number: an image without /etc/passwd knows no names.
USER = "65532:65532"
# GOARCH, as an image names a processor, by the name that Lambda has for it.
PROCESSORS = {"x86_64": "amd64", "arm64": "arm64"}
MEDIA = "application/vnd.oci.image."


def image_layout(binary, certificates, architecture, version, epoch):
    """The tar of an image layout with one image."""
    layer = tar_of({BINARY: binary, CERTIFICATES: certificates}, epoch, executables=[BINARY])
    blobs = {}
    compressed = put(blobs, gzipped(layer), MEDIA + "layer.v1.tar+gzip")
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    platform = {"architecture": PROCESSORS[architecture], "os": "linux"}
    config = put_json(blobs, {
        "created": created,
        **platform,
        "config": {
            "User": USER,
            "Env": [f"SSL_CERT_FILE=/{CERTIFICATES}"],
            "Entrypoint": [f"/{BINARY}"],
            "StopSignal": "SIGTERM",
            "Labels": labels(version, created),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer)}"]},
        "history": [{"created": created, "created_by": "release/build"}],
    }, MEDIA + "config.v1+json")
    manifest = put_json(blobs, {
        "schemaVersion": 2,
        "mediaType": MEDIA + "manifest.v1+json",
        "config": config,
        "layers": [compressed],
        "annotations": labels(version, created),
    }, MEDIA + "manifest.v1+json")
    name = {"org.opencontainers.image.ref.name": version}
    index = {
        "schemaVersion": 2,
        "mediaType": MEDIA + "index.v1+json",
        "manifests": [{**manifest, "platform": platform, "annotations": name}],
    }
    files = {f"blobs/sha256/{digest}": content for digest, content in blobs.items()}
    files["oci-layout"] = as_json({"imageLayoutVersion": "1.0.0"})
    files["index.json"] = as_json(index)
    return tar_of(files, epoch)


def labels(version, created):
    """What a registry shows of the image."""
    return {
        "org.opencontainers.image.title": BINARY,
        "org.opencontainers.image.description": "The workers of ecs-rollout without Lambda, for Step Functions activities",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.created": created,
    }


def put_json(blobs, value, media_type):
    """Adds a JSON document to the blobs; its descriptor."""
    return put(blobs, as_json(value), media_type)


def put(blobs, content, media_type):
    """Adds a blob; its descriptor."""
    digest = sha256(content)
    blobs[digest] = content
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def as_json(value):
    """The one spelling of a JSON value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
