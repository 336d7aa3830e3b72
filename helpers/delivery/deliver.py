"""After publication: put the run's messages into the outbox, and send what waits."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.config.delivery import Delivery
from helpers.delivery.clock import this_day
from helpers.delivery.messages import messages_of
from helpers.delivery.outbox import Outbox
from helpers.delivery.payloads import dumped, payload
from helpers.delivery.sending import Sender
from helpers.errors import DeliveryError

__all__ = ["deliver", "send_waiting"]


def deliver(
    folder: Path,
    config: CompanyConfig,
    *,
    today: dt.date | None = None,
    say: Callable[[str], None] = print,
    sender: Callable[..., Sender] = Sender,
) -> None:
    """Send the messages of a published run, and what earlier runs could not send.

    Nothing is sent unless the configuration says ``delivery.send: true``. A run of the past
    (older than ``max_age_days``, or with a newer published run of the company beside it) adds
    nothing, so that a backfill does not tell old news. Hold the outbox's lock.

    Parameters
    ----------
    folder : Path
        The published run.
    config : CompanyConfig
        In force.
    today : date, optional
        For the age; default: the clock's, UTC.
    say : callable
        Receives a line about what was done.
    sender : callable
        Makes the sender of a channel.

    Raises
    ------
    ConfigError
        If a channel's address is not there or not allowed; before anything is sent.
    DeliveryError
        If a message waits, was refused, or may or may not have arrived. The run is published.
    """
    if not config.delivery.send:
        return
    with _senders(config.delivery, sender) as senders:
        outbox = Outbox(folder.parent)
        too_old = _why_past(folder, config, today or this_day())
        if too_old:
            say(f"no new messages: {too_old}")
        else:
            _add(outbox, folder, config)
        _send(outbox, senders, say)
    _report(outbox, f"{folder.name} is published; ")


def send_waiting(
    reports: Path,
    settings: Delivery,
    *,
    say: Callable[[str], None] = print,
    sender: Callable[..., Sender] = Sender,
) -> None:
    """Send what waits in the outbox, without a new run.

    Raises
    ------
    ConfigError, DeliveryError
        As :func:`deliver`.
    """
    with _senders(settings, sender) as senders:
        outbox = Outbox(reports)
        _send(outbox, senders, say)
    _report(outbox, "")


@contextmanager
def _senders(settings: Delivery, sender: Callable[..., Sender]) -> Iterator[dict[str, Sender]]:
    """Open a sender for each channel; all of them are checked before the first one sends."""
    with ExitStack() as held:
        made = {}
        for name, channel in settings.channels.items():
            made[name] = sender(name, channel)
            held.callback(made[name].close)
        yield made


def _add(outbox: Outbox, folder: Path, config: CompanyConfig) -> None:
    settings = config.delivery
    run = Run(folder, folder.name, folder)
    as_of = str(config.as_of)
    told = messages_of(run, as_of=as_of, company=config.company.name, limit=settings.max_messages)
    for name, channel in settings.channels.items():
        for message in told:
            outbox.add(
                id=message.id,
                channel=name,
                run_id=folder.name,
                as_of=as_of,
                rule=message.rule,
                account_id=message.account_id,
                title=message.title,
                payload=dumped(payload(channel.kind, message, link=settings.link)),
            )


def _send(outbox: Outbox, senders: dict[str, Sender], say: Callable[[str], None]) -> None:
    outbox.recover()
    n_sent, busy = 0, set()
    for parcel in outbox.pending():
        known = parcel.channel in senders and parcel.channel not in busy
        if not known or not outbox.take(parcel):
            continue
        answer = senders[parcel.channel].send(parcel.payload)
        outbox.settle(parcel, answer.state, answer.why)
        n_sent += answer.state == "sent"
        if answer.state == "pending":  # the others would wait as long
            busy.add(parcel.channel)
    if n_sent:
        say(f"{n_sent} messages sent")


def _report(outbox: Outbox, begin: str) -> None:
    left = outbox.table()
    if left.empty:
        return
    parts = [f"{n} {state}" for state, n in left["state"].value_counts().sort_index().items()]
    reasons = sorted({why for why in left["why"] if why})
    because = f" ({'; '.join(reasons[:3])})" if reasons else ""
    raise DeliveryError(
        f"{begin}messages not delivered: {', '.join(parts)}{because}. Pending ones go with the "
        "next run or `playbook alerts send`; for the others look whether they arrived, then "
        "`playbook alerts resolve ID`."
    )


def _why_past(folder: Path, config: CompanyConfig, today: dt.date) -> str:
    age = (today - config.as_of).days
    if age > config.delivery.max_age_days:
        return f"as of {config.as_of} is {age} days ago (limit {config.delivery.max_age_days})"
    own = _manifest(folder)
    for path in sorted(folder.parent.glob("*/manifest.json")):
        other = _manifest(path.parent)
        newer = str(other.get("as_of") or "") > str(own.get("as_of") or config.as_of)
        if other.get("company") == own.get("company") and newer:
            return f"{path.parent.name} is newer"
    return ""


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found
