"""A copy of a warehouse that may be written to: the data files are linked, not copied, since no load ever changes one.

Knows nothing of what the files hold.
"""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

from analytics.snapshots import SnapshotFolder


def link_warehouse(root: Path, target: Path) -> None:
    """Make `target` a warehouse with the current snapshot of `root` alone, not marked as a demo, so that a load adds to it.

    Files on another file system are copied. Raises WarehouseError when the snapshot lacks a file.
    """
    source, copy = SnapshotFolder(root), SnapshotFolder(target)
    manifest = source.current()
    source.check_files(manifest)
    for name in sorted(manifest.paths()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        _link(root / name, target / name)
    shutil.copy2(root / manifest.buyer_key, target / manifest.buyer_key)
    with copy.locked():
        copy.publish(replace(manifest, is_demo=False, parent=None))


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP):
            raise
        shutil.copy2(path, target)
