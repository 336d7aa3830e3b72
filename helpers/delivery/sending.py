"""One request to one webhook, and what its answer means.

Only an answer that says so means "sent". A message that may have arrived is never sent again by
itself: two messages about one account cost the trust that the channel lives from.
"""

import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx

from helpers.config.delivery import Channel, Delivery
from helpers.errors import ConfigError
from helpers.report.text import visible

__all__ = ["Answer", "Sender", "address_of", "check_channels"]

CONNECT_S, READ_S, BUDGET_S, WAIT_S = 5.0, 10.0, 30.0, 30.0
GAP_S = {"slack": 1.0, "teams": 0.25}
"""Seconds between two messages of one channel: Slack allows one a second, Teams four."""
MAX_ANSWER = 4096
N_TRIES = 3
_WORD = re.compile(r"[\w .:-]{1,60}")


@dataclass(frozen=True)
class Answer:
    """What became of a request: ``state`` of the outbox, and why in words without the address."""

    state: Literal["sent", "pending", "refused", "unknown"]
    why: str = ""


def address_of(name: str, channel: Channel) -> str:
    """Read the address of a channel from where the configuration says, and check it.

    Raises
    ------
    ConfigError
        If it is not there, or is not ``https`` to one of the channel's hosts (``http`` is
        allowed to this machine itself, if ``hosts`` names it). The message never holds it.
    """
    where, _, place = channel.url.partition(":")
    text = os.environ.get(place, "") if where == "env" else _from_file(name, Path(place))
    if not text.strip():
        raise ConfigError(f"channel {name!r}: {channel.url} is empty or not there; set it.")
    parts = urlsplit(text.strip())
    host = (parts.hostname or "").lower()
    with_port = f"{host}:{parts.port}" if parts.port else host
    loopback = host in ("127.0.0.1", "::1", "localhost") and with_port in channel.allowed
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ConfigError(f"channel {name!r}: expected an address that begins with https://.")
    if parts.username or parts.password:
        raise ConfigError(f"channel {name!r}: an address with a user name is not allowed.")
    if not any(_is_at(host, with_port, one) for one in channel.allowed):
        raise ConfigError(
            f"channel {name!r}: the address names a host that is not among {channel.allowed}. If "
            "it is right, list the host under delivery.channels as `hosts`."
        )
    return text.strip()


def check_channels(settings: Delivery) -> None:
    """See that every channel has an allowed address, before a run that wants to send begins.

    Raises
    ------
    ConfigError
        As :func:`address_of`.
    """
    if settings.send:
        for name, channel in settings.channels.items():
            address_of(name, channel)


def _is_at(host: str, with_port: str, allowed: str) -> bool:
    if allowed.startswith("."):
        return host.endswith(allowed) and host != allowed[1:]
    return allowed in (host, with_port)


def _from_file(name: str, path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"channel {name!r}: {path.name} can be read by others; chmod 600 it.")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"channel {name!r}: {path.name}: {error.strerror}.") from None


class Sender:
    """Sends to one channel, no faster than it allows.

    Parameters
    ----------
    name : str
        The channel's name, for messages.
    channel : Channel
        Its settings.
    sleep, clock : callable
        Of the time module; replaced in tests.
    """

    def __init__(
        self,
        name: str,
        channel: Channel,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._kind = name, channel.kind
        self._address = address_of(name, channel)
        self._sleep, self._clock = sleep, clock
        self._last: float | None = None
        limits = httpx.Timeout(READ_S, connect=CONNECT_S)
        self._client = httpx.Client(timeout=limits, follow_redirects=False)

    def send(self, body: str) -> Answer:
        """Send one message; wait as a busy channel asks, at most 30 seconds in all."""
        began = self._clock()
        for attempt in range(N_TRIES):
            self._keep_distance()
            answer, wait = self._once(body, began)
            if wait is None:
                return answer
            left = BUDGET_S - (self._clock() - began)
            if attempt == N_TRIES - 1 or wait > min(WAIT_S, left):
                break
            self._sleep(wait)
        return Answer("pending", f"channel {self._name!r} is busy (HTTP 429)")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _keep_distance(self) -> None:
        if self._last is not None:
            gap = GAP_S[self._kind] - (self._clock() - self._last)
            if gap > 0:
                self._sleep(gap)
        self._last = self._clock()

    def _once(self, body: str, began: float) -> tuple[Answer, float | None]:
        """Return the answer, and how long to wait before another try (None: no other try)."""
        where = f"channel {self._name!r}"
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            with self._client.stream(
                "POST", self._address, content=body.encode("utf-8"), headers=headers
            ) as response:
                text = self._text(response, began)
                return self._meaning(response, text, where)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            return Answer("pending", f"{where} cannot be reached"), None
        except httpx.HTTPError as error:
            return Answer("unknown", f"{where}: {type(error).__name__} after it was sent"), None

    def _text(self, response: httpx.Response, began: float) -> str:
        held = b""
        for piece in response.iter_bytes():
            held += piece
            if len(held) >= MAX_ANSWER:
                break
            if self._clock() - began > BUDGET_S:
                raise httpx.ReadTimeout("the answer does not end")
        return held[:MAX_ANSWER].decode("utf-8", "replace").strip()

    def _meaning(
        self, response: httpx.Response, text: str, where: str
    ) -> tuple[Answer, float | None]:
        code = response.status_code
        if code == httpx.codes.TOO_MANY_REQUESTS:
            return Answer("pending"), _seconds(response.headers.get("Retry-After"))
        if code in (200, 201, 202, 204):
            if text in self._good(code):
                return Answer("sent"), None
            said = _WORD.match(visible(text))
            return Answer("refused", f"{where} answered {said[0] if said else 'nonsense'!r}"), None
        if httpx.codes.is_redirect(code):
            return Answer("refused", f"{where}: HTTP {code}, redirects are not followed"), None
        if code >= 500:
            return Answer("unknown", f"{where}: HTTP {code}"), None
        return Answer("refused", f"{where}: HTTP {code}"), None

    def _good(self, code: int) -> tuple[str, ...]:
        """Return the texts that mean success: Slack says ok, Workflows says nothing."""
        if self._kind == "slack":
            return ("ok",)
        return ("", "1", "ok") if code == 200 else ("",)


def _seconds(header: str | None) -> float:
    try:
        return max(float(header or 1.0), 0.0)
    except ValueError:
        return WAIT_S + 1  # a date: later than we wait
