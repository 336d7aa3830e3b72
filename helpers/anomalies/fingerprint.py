"""A hash of everything that the verdicts on some first days rest on."""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.signals import Activity

__all__ = ["fingerprint"]

ATTRIBUTES = ("account_id", "cohort", "region", "signed_up_on")
LIMITS = ("seats", "storage_gb_limit", "api_calls_limit")


def fingerprint(activity: Activity, n_days: int) -> str:
    """Hash the first ``n_days`` days, and what is known of who was there.

    Accounts, users and features of which nothing is known before that are left out: they had no
    part in any verdict.

    Parameters
    ----------
    activity : Activity
    n_days : int

    Returns
    -------
    str
        SHA-256.
    """
    digest = hashlib.sha256()
    there = activity.alive[:, :n_days].any(axis=1)
    for counts in (*activity.signals.counts, *activity.features.counts):
        there |= (counts[:, :n_days] > 0).any(axis=1)
    columns = [name for name in (*ATTRIBUTES, *LIMITS) if name in activity.accounts]
    accounts = activity.accounts[there]
    _add_rows(digest, pd.DataFrame(accounts[columns]))
    _add(digest, activity.observed[:n_days])
    _add(digest, activity.alive[there, :n_days])
    for counts in activity.signals.counts:
        _add(digest, counts[there, :n_days])
    for name, counts in zip(activity.features.names, activity.features.counts, strict=True):
        if counts[:, :n_days].any():
            digest.update(name.encode() + b"\0")
            _add(digest, counts[there, :n_days])
    _add_people(digest, activity, n_days)
    ids = activity.accounts["account_id"].astype("string")
    for rows in (activity.actions, activity.levels):
        if rows is not None:
            past = rows[rows["day"] < n_days]
            _add_rows(digest, past.assign(account=ids.to_numpy()[past["account"]]))
    if activity.terms is not None:
        began = activity.terms[activity.terms["from_day"] < n_days]
        ended = began["to_day"].clip(upper=n_days)
        _add_rows(digest, began.assign(account=ids.to_numpy()[began["account"]], to_day=ended))
    return digest.hexdigest()


def _add_people(digest: "hashlib._Hash", activity: Activity, n_days: int) -> None:
    came = (activity.user_days[:, :n_days] > 0).any(axis=1)
    users = activity.users[came]
    if len(users):
        ids = activity.accounts["account_id"].astype("string").to_numpy()
        _add_rows(digest, users.assign(account=ids[users["account"]]))
        _add(digest, activity.user_days[came, :n_days])


def _add(digest: "hashlib._Hash", values: NDArray[np.generic]) -> None:
    digest.update(str(values.shape).encode() + np.ascontiguousarray(values).tobytes())


def _add_rows(digest: "hashlib._Hash", rows: pd.DataFrame) -> None:
    """Add a table: its columns and each row's hash."""
    digest.update("\0".join(rows.columns).encode())
    plain = rows.astype(
        {name: "string" for name, kind in rows.dtypes.items() if kind in ("object", "category")}
    )
    _add(digest, pd.util.hash_pandas_object(plain, index=False).to_numpy())
