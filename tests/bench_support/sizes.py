"""What is uploaded: our zips, and the Python handler's, alone and with its boto3 beside it."""

import importlib.metadata
import io
import zipfile
from pathlib import Path

MOST_BYTES = 3_000_000
VENDORED = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six")
HANDLERS = Path(__file__).resolve().parent.parent / "bench_handlers"


def table(zips):
    """Rows of text, and whether the largest of our zips is small enough. `zips` are paths by worker."""
    sizes = {worker: path.stat().st_size for worker, path in zips.items()}
    handlers = [(path.name, path) for path in sorted(HANDLERS.glob("*.py"))]
    rows = [["zip", "MB"], *([worker, mega(size)] for worker, size in sizes.items())]
    rows.append(["Python, all five handlers", mega(zipped(handlers))])
    rows.append(["Python, with boto3 vendored", mega(zipped([*handlers, *vendored()]))])
    largest = max(sizes.values())
    return rows, [("largest zip, MB", mega(largest), f"under {mega(MOST_BYTES)}", largest < MOST_BYTES)]


def vendored():
    """The files of boto3 and of what it needs, as pip has installed them, without compiled ones."""
    for name in VENDORED:
        for path in importlib.metadata.files(name):
            if path.suffix != ".pyc" and ".." not in path.parts:
                yield str(path), path.locate()


def zipped(files):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, path in files:
            writer.write(path, name)
    return len(archive.getvalue())


def mega(size):
    return f"{size / 1e6:.2f}" if size > 10_000 else f"{size / 1e6:.4f}"
