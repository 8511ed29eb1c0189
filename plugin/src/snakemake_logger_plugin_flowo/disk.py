"""What file system a directory is on, and whether that is a network's."""

from __future__ import annotations

import os
from pathlib import Path

REMOTE = {
    "9p", "afs", "beegfs", "ceph", "cifs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
    "orangefs", "panfs", "pvfs2", "smb3", "smbfs", "virtiofs", "wekafs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "fuse.beegfs",
}  # fmt: skip


def file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The type of the file system that a directory is on; `unknown` where the system does not tell."""
    found, longest = "unknown", -1
    real = os.path.realpath(path)
    try:
        rows = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return found
    for row in rows:
        fields = row.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\").rstrip("/")
        # the later of two on the same point covers the earlier
        if (real == point or real.startswith(point + "/")) and len(point) >= longest:
            found, longest = fields[2], len(point)
    return found
