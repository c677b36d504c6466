"""Archives whose bytes depend only on what is in them: sorted, owned by nobody, of one time."""

import gzip
import hashlib
import io
import tarfile
import time
import zipfile

# A zip knows no time before this one.
FIRST_YEAR_OF_ZIP = 1980


def zip_of(files, epoch):
    """A zip of `files`, name to bytes, all executable."""
    stamp = max(time.gmtime(epoch)[:6], (FIRST_YEAR_OF_ZIP, 1, 1, 0, 0, 0))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def tar_of(files, epoch, executables=()):
    """A tar of `files`, name to bytes, with the folders that they need."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted({*files, *folders_of(files)}):
            entry = tarfile.TarInfo(name)
            entry.mtime = epoch
            if name not in files:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
                continue
            entry.size, entry.mode = len(files[name]), 0o755 if name in executables else 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    return buffer.getvalue()


def folders_of(names):
    """Every folder on the way to one of `names`."""
    return {name[:at] for name in names for at, letter in enumerate(name) if letter == "/" and at > 0}


def gzipped(content):
    """`content`, compressed, without a name or a time."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def sha256(content):
    """The digest of `content`, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
