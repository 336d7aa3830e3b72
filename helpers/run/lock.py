"""One run at a time for one run id; the lock dies with the process that holds it."""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from helpers.errors import DeliveryError, MachineError

__all__ = ["hold_lock", "hold_outbox"]


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


@contextmanager
def hold_outbox(reports: Path) -> Iterator[None]:
    """Hold the lock of the outbox below a reports folder: one process sends at a time.

    Raises
    ------
    DeliveryError
        If another process is sending; what waits then goes with it or with the next run.
    """
    path = Path(reports) / ".locks" / ".outbox.lock"
    with ExitStack() as held:
        try:
            held.enter_context(hold_lock(path))
        except MachineError:
            raise DeliveryError(
                "another process is sending messages; new ones go with the next run, or with "
                "`playbook alerts send`."
            ) from None
        yield


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
