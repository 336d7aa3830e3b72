"""Messages on their way, in a file that survives the process: each is sent once or asked about.

A message is ``pending`` until a process takes it (``sending``, written before a byte leaves). It
ends as ``sent``, as ``refused`` (the other side said no, so nothing was delivered) or as
``unknown``: something may have arrived. What is unknown is never sent again by itself; a person
looks and says what is so. A process that died while sending leaves ``sending``, which the next one
turns into ``unknown``. Whoever works with the outbox holds its lock.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from helpers.delivery.clock import this_moment
from helpers.errors import MachineError, ParameterError

__all__ = ["OPEN_STATES", "Decision", "Outbox", "Parcel"]

State = Literal["pending", "sending", "sent", "refused", "unknown", "dropped"]
Decision = Literal["sent", "pending", "dropped"]
"""What a person can say of an open message: it arrived; send it; never send it."""
OPEN_STATES = ("pending", "unknown", "refused")
SCHEMA = 1
_TABLE = """
create table if not exists messages (
    id text not null, channel text not null, run_id text not null, as_of text not null,
    rule text not null, account_id text not null, title text not null, payload text not null,
    state text not null, why text not null default '', attempts integer not null default 0,
    added_at text not null, changed_at text not null, primary key (id, channel)
) strict
"""

_LISTED = """
select id, channel, state, rule, account_id, title, as_of, run_id, attempts, why
from messages order by rowid
"""
_MOVE = """
update messages set state = ?, why = ?, attempts = attempts + ?, changed_at = ?
where state = ? and (? is null or (id = ? and channel = ?))
"""


@dataclass(frozen=True)
class Parcel:
    """One message for one channel."""

    id: str
    channel: str
    payload: str
    attempts: int


class Outbox:
    """The messages of all runs below one reports folder.

    Parameters
    ----------
    reports : Path
        The file is ``.outbox/outbox.sqlite`` below it, readable by its owner only.

    Raises
    ------
    MachineError
        If the file is damaged or newer than this version.
    """

    def __init__(self, reports: Path) -> None:
        folder = Path(reports) / ".outbox"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / "outbox.sqlite"
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._open() as base:
            version = int(base.execute("pragma user_version").fetchone()[0])
            if version > SCHEMA:
                raise MachineError(f"{self.path.name} was written by a newer version of playbook.")
            base.execute(_TABLE)
            base.execute(f"pragma user_version = {SCHEMA}")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        base = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            base.execute("pragma synchronous = full")
            yield base
        except sqlite3.DatabaseError as error:
            raise MachineError(
                f"the outbox {self.path.name} cannot be used ({error}). Move it away if what it "
                "holds is not needed; messages of earlier runs are then sent again."
            ) from None
        finally:
            base.close()

    def add(
        self,
        *,
        id: str,  # noqa: A002  the name of the column
        channel: str,
        run_id: str,
        as_of: str,
        rule: str,
        account_id: str,
        title: str,
        payload: str,
    ) -> bool:
        """Add a message unless it is known already; tell whether it is new."""
        now = this_moment()
        values = (id, channel, run_id, as_of, rule, account_id, title, payload, now, now)
        with self._open() as base:
            done = base.execute(
                "insert or ignore into messages (id, channel, run_id, as_of, rule, account_id, "
                "title, payload, state, added_at, changed_at) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)",
                values,
            )
            return done.rowcount == 1

    def recover(self) -> int:
        """Call what a dead process was sending unknown; return how many there were."""
        why = "the process ended while it was sent"
        return self._move("sending", "unknown", why=why)

    def pending(self) -> list[Parcel]:
        """Return what waits, in the order in which it was added."""
        with self._open() as base:
            rows = base.execute(
                "select id, channel, payload, attempts from messages where state = 'pending' "
                "order by rowid"
            ).fetchall()
        return [Parcel(*row) for row in rows]

    def take(self, parcel: Parcel) -> bool:
        """Write that a message is being sent, before it is; False if it is no longer pending."""
        return self._move("pending", "sending", parcel=parcel, attempt=1) == 1

    def settle(self, parcel: Parcel, state: State, why: str = "") -> None:
        """Write what became of a message that was taken."""
        self._move("sending", state, parcel=parcel, why=why)

    def resolve(self, id: str, state: Decision) -> int:  # noqa: A002
        """Let a person decide on what is unknown, refused or pending; return how many that were.

        Raises
        ------
        ParameterError
            If no open message has the id.
        """
        with self._open() as base:
            done = base.execute(
                "update messages set state = ?, why = 'decided by a person', changed_at = ? "
                "where id = ? and state in ('unknown', 'refused', 'pending')",
                (state, this_moment(), id),
            )
        if not done.rowcount:
            raise ParameterError(
                f"no open message has the id {id!r}: `playbook alerts list` shows them."
            )
        return done.rowcount

    def table(self, *, every: bool = False) -> pd.DataFrame:
        """Return the open messages, or every one, oldest first, without their payloads."""
        with self._open() as base:
            table = pd.read_sql_query(_LISTED, base)
        return table if every else table[table["state"].isin(OPEN_STATES)].reset_index(drop=True)

    def _move(
        self,
        before: str,
        after: str,
        *,
        parcel: Parcel | None = None,
        why: str = "",
        attempt: int = 0,
    ) -> int:
        key = (None, None) if parcel is None else (parcel.id, parcel.channel)
        with self._open() as base:
            done = base.execute(_MOVE, (after, why, attempt, this_moment(), before, key[0], *key))
            return done.rowcount
