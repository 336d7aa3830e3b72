"""One run at a time for one run id; the lock dies with the process that holds it."""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.errors import MachineError

__all__ = ["hold_lock"]


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` for the duration of the block.

    The kernel releases a lock when its process ends, however it ends, so there is no stale
    lock to clean up. The file's text only tells a second caller whom to wait for.

    Raises
    ------
    MachineError
        If another process holds it: names that process and since when.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MachineError(_who(path)) from None
        since = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _who(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        who = f"process {holder['pid']}, since {holder['since']}"
    except (OSError, ValueError, KeyError):
        who = "process unknown"
    return (
        f"another run of {path.stem!r} is under way ({who}). Wait for it to end, or choose "
        "another --run-id."
    )
