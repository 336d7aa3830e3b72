"""The usage signals that are watched, and the dense table of counts they become.

A count stays a count. A day on which no account has a single row is an outage of the source:
it is missing for everybody, not zero for anybody. What an account did before it signed up
or after it left is not looked at (``alive`` is false there).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "LIMIT_SHARES",
    "SIGNALS",
    "Activity",
    "Cube",
    "Signal",
    "fill_cube",
    "outage_days",
    "spread",
]


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One watched measure of an account.

    Parameters
    ----------
    name, unit, meaning : str
        What it is called, counted in and says.
    family : str
        Signals of one family move together by construction (logins and sessions): they
        corroborate each other once, not twice.
    risk : str
        ``down`` or ``up``: the direction that worries; empty where neither does by itself.
    role : str
        Role of the configuration that it needs; empty where every event counts.
    """

    name: str
    unit: str
    meaning: str
    family: str
    risk: str = ""
    role: str = ""


def _signal(name: str, family: str, risk: str, meaning: str, role: str = "") -> Signal:
    return Signal(name=name, unit=name, family=family, risk=risk, meaning=meaning, role=role)


SIGNALS: tuple[Signal, ...] = (
    _signal("events", "activity", "down", "everything done in the product"),
    _signal("logins", "activity", "down", "logins", "login"),
    _signal("sessions", "activity", "down", "visits, by session id"),
    _signal("active_users", "people", "down", "people active, summed over days"),
    _signal("core_events", "depth", "down", "use of the core product, by the catalogue"),
    _signal("features_used", "breadth", "down", "different features used, summed over days"),
    _signal("collaboration", "teamwork", "down", "comments, shares, mentions", "collaboration"),
    _signal("integrations", "depth", "down", "integrations at work", "integration"),
    _signal("uploads", "depth", "down", "data brought in", "upload"),
    _signal("errors", "errors", "up", "errors shown", "error"),
    _signal("tickets", "support", "up", "support tickets opened"),
    _signal("security", "security", "up", "failed logins, new keys", "security"),
    _signal("intent", "intent", "up", "pricing pages and competitor searches", "pricing_page"),
    _signal("exports", "exports", "", "data taken out", "export"),
    _signal("invites", "growth", "", "colleagues invited", "invite"),
    _signal("help", "learning", "", "help articles read", "help"),
    _signal("off_hours", "hours", "", "events at night (22 to 6 o'clock) and on weekends"),
)
"""In the order in which they are listed in tables; ``events`` is always there."""

LIMIT_SHARES = {"storage_gb": 0.80, "seats": 0.90, "api_calls": 1.0}
"""Storage above 80 % and seats above 90 % of what is paid for; API calls above the limit."""
MIN_USUAL_ACCOUNTS = 5
"""Accounts usually active on a weekday from which a day without any tells of an outage."""


@dataclass(frozen=True, kw_only=True)
class Cube:
    """Counts of several measures, per account and day.

    Parameters
    ----------
    names : tuple of str, (n_names,)
        Sorted or in catalogue order.
    counts : ndarray of float32, (n_names, n_accounts, n_days)
        Never missing: what is missing is said by ``Activity.observed`` and ``alive``.
    """

    names: tuple[str, ...]
    counts: NDArray[np.float32]

    def of(self, name: str) -> NDArray[np.float32]:
        """Return the (n_accounts, n_days) counts of one measure; ``KeyError`` if absent."""
        if name not in self.names:
            raise KeyError(f"no signal {name!r} here; there are {list(self.names)}")
        return self.counts[self.names.index(name)]


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Everything the detectors look at, on one common axis of accounts and days.

    Parameters
    ----------
    accounts : DataFrame, (n_accounts, …)
        ``account_id`` sorted, ``csm``, ``mrr``, ``region``, ``signed_up_on``; row = position.
    days : DatetimeIndex, (n_days,)
        Every calendar day from the first event to the day before ``as_of``.
    alive : ndarray of bool, (n_accounts, n_days)
        Signed up and not churned.
    observed : ndarray of bool, (n_days,)
        False on an outage day.
    signals : Cube
        The catalogue's signals that the data can give.
    features : Cube
        Use of each product feature.
    users : DataFrame, (n_users, …)
        ``account`` (position), ``user_id``, ``is_admin``, ``is_champion``, ``department``,
        ``role``; sorted by account and user; empty where events name no user.
    user_days : ndarray, (n_users, n_days)
        Events of each user a day.
    actions : DataFrame
        ``account`` (position), ``event``, ``day`` (position), ``n``, ``n_night`` (of these
        between 22 and 6 o'clock): each event name a day.
    core_features, premium_features : tuple of str
        As the catalogue marks them.
    roles : mapping of role to tuple of str
        Event names of each role.
    levels : DataFrame or None
        Metered levels: ``account`` (position), ``metric``, ``day`` (position), ``value``.
    terms : DataFrame or None
        Subscriptions: ``account``, ``from_day``, ``to_day`` (positions), ``is_trial``, ``seats``.
    limit_shares : mapping of metric to float
        Share of what is paid for above which a level is near its limit.
    missing : mapping of str to str
        Signal or kind to the reason why it cannot be computed.
    feature_since, user_since : ndarray of int or None
        When each account first used each feature, (n_features, n_accounts), and each user did
        anything, (n_users,): see :func:`helpers.anomalies.history.with_first_uses`.
    catalogue : tuple of Signal
        What is known of each signal.
    """

    accounts: pd.DataFrame
    days: pd.DatetimeIndex
    alive: NDArray[np.bool_]
    observed: NDArray[np.bool_]
    signals: Cube
    features: Cube
    users: pd.DataFrame
    user_days: NDArray[np.float32]
    actions: pd.DataFrame
    core_features: tuple[str, ...] = ()
    premium_features: tuple[str, ...] = ()
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    levels: pd.DataFrame | None = None
    terms: pd.DataFrame | None = None
    limit_shares: dict[str, float] = field(default_factory=lambda: dict(LIMIT_SHARES))
    missing: dict[str, str] = field(default_factory=dict)
    feature_since: NDArray[np.intp] | None = None
    user_since: NDArray[np.intp] | None = None
    catalogue: tuple[Signal, ...] = SIGNALS

    @property
    def as_of(self) -> pd.Timestamp:
        """The cutoff: the day after the last one here."""
        return self.days[-1] + pd.Timedelta(days=1)

    def signal(self, name: str) -> Signal:
        """Return the description of one signal; ``KeyError`` if unknown."""
        for signal in self.catalogue:
            if signal.name == name:
                return signal
        raise KeyError(name)


def spread(rows: pd.DataFrame, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Spread long counts over accounts and days.

    Parameters
    ----------
    rows : DataFrame
        ``account``, ``day`` (positions within ``shape``), ``n``; repeats are added.
    shape : tuple of int
        (n_accounts, n_days).

    Returns
    -------
    ndarray of float32
        Zero where there is no row.
    """
    flat = rows["account"].to_numpy(np.intp) * shape[1] + rows["day"].to_numpy(np.intp)
    total = np.bincount(flat, weights=rows["n"].to_numpy(float), minlength=shape[0] * shape[1])
    return total.reshape(shape).astype(np.float32)


def fill_cube(parts: Mapping[str, pd.DataFrame], shape: tuple[int, int]) -> Cube:
    """Spread the rows of several measures, in the order given; see :func:`spread`."""
    counts = np.zeros((len(parts), *shape), np.float32)
    for index, rows in enumerate(parts.values()):
        counts[index] = spread(rows, shape)
    return Cube(names=tuple(parts), counts=counts)


def outage_days(active_accounts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which days have no row of any account although that weekday usually has some.

    Parameters
    ----------
    active_accounts : ndarray, (n_days,)
        Accounts with at least one row, a day.

    Returns
    -------
    ndarray of bool, (n_days,)
        True on an outage. A weekday that is usually silent (a shop closed on Saturdays) is no
        outage, and where fewer than ``MIN_USUAL_ACCOUNTS`` are usually active a day without
        any is no news of the source.
    """
    weekday = np.arange(len(active_accounts)) % 7
    usual = np.zeros(len(active_accounts))
    for day in range(7):
        same = weekday == day
        if same.any():
            usual[same] = np.median(active_accounts[same])
    return np.asarray((active_accounts == 0) & (usual >= MIN_USUAL_ACCOUNTS))
