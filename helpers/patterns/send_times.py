"""At which hour, and on which weekday, is an account there to read what is sent?

Whoever uses the product is at work and reads. Each account's hours are drawn towards the company's,
the more the less it was seen; the hour that results is taken in place of the company's only if,
in the newest third of the days, which took no part in the choice, the account was there at its
own hour on more days than at the company's (all accounts counted). Whether messages are opened
more at such an hour is another question, with a check of its own.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.alike import Alike, among_alike
from helpers.stats import benjamini_hochberg

__all__ = ["send_time_check", "send_times"]

Floats = NDArray[np.float64]
WEIGHTS = (3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)
"""Days that the company's pattern may be worth; the likeliest of them is taken."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAY_DAYS = 364
MAX_Q = 0.05


def send_times(hours: pd.DataFrame, activity: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Choose an hour and a weekday for every account that was seen.

    Parameters
    ----------
    hours : DataFrame
        From :func:`helpers.patterns.contact.read_hours`.
    activity : DataFrame
        ``account_id``, ``day``: days of use; the last year is looked at.
    as_of : Timestamp
        The run's cutoff.

    Returns
    -------
    DataFrame
        ``account_id``, and for ``hour`` and ``weekday`` each: ``send_<what>`` (what to take),
        ``<what>_basis`` ("own" or "company"), ``own_<what>``, ``n_days_own`` and
        ``n_days_company`` (newest days seen at its own and at the company's, as
        ``<what>_n_own`` and ``<what>_n_company``), ``<what>_q`` (missing where both are the
        same). By account.

    References
    ----------
    Minka (2000), *Estimating a Dirichlet distribution*: likelihood of counts under a common
    pattern, and how strongly it binds. Sign test: Conover (1999), *Practical Nonparametric
    Statistics*, ch. 3.
    """
    by_hour = _counts(hours.assign(option=hours["hour"]), 24)
    recent = activity[activity["day"] >= as_of - pd.Timedelta(days=WEEKDAY_DAYS)]
    edge = as_of - pd.Timedelta(days=WEEKDAY_DAYS // 3)
    weekdays = recent.assign(
        option=recent["day"].dt.day_of_week, newest=recent["day"] >= edge, n_days=1
    )
    by_weekday = _counts(weekdays, 7)
    found = _chosen(*by_hour, "hour")
    days = _chosen(*by_weekday, "weekday")
    joined = found.join(days, how="outer").rename_axis("account_id").reset_index()
    for column in ("send_weekday", "own_weekday"):
        joined[column] = joined[column].map(_named).astype("string")
    for column in ("send_hour", "own_hour"):
        joined[column] = joined[column].astype("Int64")
    return joined.astype({"account_id": "string"})


def _named(weekday: object) -> str | None:
    return (
        WEEKDAYS[int(weekday)] if isinstance(weekday, int | float) and weekday == weekday else None
    )


def _counts(rows: pd.DataFrame, n_options: int) -> tuple["pd.Index[str]", Floats, Floats]:
    """Accounts, and their days by option in the older and in the newest part."""
    codes, accounts = pd.factorize(rows["account_id"], sort=True)
    shape = (len(accounts), n_options)
    parts = []
    for part in (~rows["newest"].to_numpy(bool), rows["newest"].to_numpy(bool)):
        place = codes[part] * n_options + rows["option"].to_numpy(int)[part]
        weight = rows["n_days"].to_numpy(float)[part]
        summed = np.bincount(place, weight, minlength=shape[0] * shape[1])
        parts.append(np.asarray(summed.reshape(shape), float))
    return pd.Index(accounts), parts[0], parts[1]


def _chosen(accounts: "pd.Index[str]", older: Floats, newest: Floats, what: str) -> pd.DataFrame:
    """Choose by the older part, test on the newest."""
    from scipy.stats import binom

    own, company = shrunk_choice(older)
    rows = np.arange(len(accounts))
    mine, usual = newest[rows, own], newest[rows, np.full(len(rows), company)]
    other = own != company
    p = np.where(other, binom.sf(mine - 1, mine + usual, 0.5), np.nan)
    q = benjamini_hochberg(p)
    take = other & (q < MAX_Q)
    return pd.DataFrame(
        {
            f"send_{what}": np.where(take, own, company),
            f"{what}_basis": pd.array(np.where(take, "own", "company"), dtype="string"),
            f"own_{what}": own,
            f"{what}_n_own": mine.astype(np.int64),
            f"{what}_n_company": usual.astype(np.int64),
            f"{what}_q": q,
        },
        index=accounts,
    )


def shrunk_choice(counts: Floats) -> tuple[NDArray[np.int64], int]:
    """Return each account's likeliest option, drawn towards the company's, and the company's."""
    total = counts.sum(axis=0)
    usual = (total + 0.5) / (total + 0.5).sum()
    weight = pattern_weight(counts, usual)
    own = np.argmax(counts + weight * usual, axis=1).astype(np.int64)
    return own, int(np.argmax(usual))


def pattern_weight(counts: Floats, usual: Floats) -> float:
    """Return how many days of its own the company's pattern is worth, by likelihood."""
    from scipy.special import gammaln

    n = counts.sum(axis=1)
    likelihoods = [
        float(
            (gammaln(w) - gammaln(n + w)).sum()
            + (gammaln(counts + w * usual) - gammaln(w * usual)).sum()
        )
        for w in WEIGHTS
    ]
    return WEIGHTS[int(np.argmax(likelihoods))]


def send_time_check(hours: pd.DataFrame, messages: pd.DataFrame, *, since: pd.Timestamp) -> Alike:
    """Look whether messages are opened more near the hour that older days would choose.

    Parameters
    ----------
    hours : DataFrame
        From :func:`helpers.patterns.contact.read_hours`; the older part alone chooses.
    messages : DataFrame
        The ripe ones.
    since : Timestamp
        First day of the newest part; earlier messages lie within the days that chose.

    Returns
    -------
    Alike
        Messages at most an hour from the account's own hour, against others of the same channel
        sent at the same hour: what is good for all accounts does not count.
    """
    accounts, older, _ = _counts(hours.assign(option=hours["hour"]), 24)
    own = pd.Series(shrunk_choice(older)[0] if len(accounts) else [], index=accounts, dtype=float)
    later = messages[(messages["sent_on"] >= since) & messages["account_id"].isin(accounts)]
    hour = later["account_id"].map(own).to_numpy(float)
    sent = later["sent_hour"].to_numpy(float)
    near = np.abs((sent - hour + 12) % 24 - 12) <= 1
    strata = later["channel"].astype(str) + " " + later["sent_hour"].astype(str)
    return among_alike(near, later["opened"], strata.to_numpy(object), later["account_id"])
