"""Publication by one rename: readers see the old report or the new one, never a mixture."""

import ctypes
import errno
import os
import sys
from pathlib import Path

from helpers.run.layout import Layout, remove_tree

__all__ = ["publish", "recover"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def publish(layout: Layout) -> None:
    """Make the staged folder the published one.

    Where the system can, the two folders change places in one step (``renameat2`` with
    ``RENAME_EXCHANGE``, Linux 3.15). Elsewhere the old folder is set aside first; if the
    process dies in between, :func:`recover` completes it on the next start.

    Raises
    ------
    OSError
        If the file system refuses; the previous report is then still in place.
    """
    _sync_tree(layout.staging)
    target = layout.published
    if not target.exists():
        layout.staging.rename(target)
    elif _exchange(layout.staging, target):
        remove_tree(layout.staging)
    else:
        aside = _aside(layout)
        remove_tree(aside)
        target.rename(aside)
        layout.staging.rename(target)
        remove_tree(aside)
    _sync(target.parent)
    remove_tree(layout.scratch)
    remove_tree(layout.failed)


def recover(layout: Layout) -> None:
    """Put a report back that a killed process had set aside, or drop it if it was replaced."""
    aside = _aside(layout)
    if aside.exists() and not layout.published.exists():
        aside.rename(layout.published)
    remove_tree(aside)


def _aside(layout: Layout) -> Path:
    return layout.reports / ".staging" / f".{layout.run_id}.previous"


def _exchange(first: Path, second: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    paths = os.fsencode(first), os.fsencode(second)
    if rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(second))


def _sync_tree(folder: Path) -> None:
    for current, _, files in os.walk(folder, topdown=False):
        for name in files:
            _sync(Path(current, name))
        _sync(Path(current))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot sync a folder
            raise
    finally:
        os.close(descriptor)
