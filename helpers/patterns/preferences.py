"""Which channel an account answers in, which topic a stage answers to, how much is too much.

An account gets a dozen messages a year, so its own rate in one channel says little by itself. It
is drawn towards what an account that opens as much as this one would open in that channel, the
more the fewer messages it rests on; how much accounts really differ is learnt from all of them.
Whether choosing like this is any good is looked up in the newest messages, which took no part in
it; only then is it followed.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.alike import Alike, among_alike
from helpers.patterns.contrast import contrast, exposures, fisher_two_sided
from helpers.patterns.families import q_by_family
from helpers.stats import benjamini_hochberg, safe_ratio, wilson

__all__ = [
    "channel_check",
    "channel_preferences",
    "message_tolerance",
    "topics_by_stage",
]

Floats = NDArray[np.float64]
HELD_OUT = 1 / 3
MIN_SENT = 5
"""Fewer messages in a channel: nothing is said of this account and channel alone."""
MIN_USED = 0.03
"""A channel with a smaller share of the messages is no default."""
TOLERANCE_DAYS = 28
STAGE_DAYS = 60
"""A message counts for the stage that was known at most so many days before."""


def channel_preferences(messages: pd.DataFrame) -> pd.DataFrame:
    """Rate every channel of every account that messages were sent to.

    Parameters
    ----------
    messages : DataFrame
        From :func:`helpers.patterns.contact.read_messages`, the ripe ones.

    Returns
    -------
    DataFrame
        ``account_id``, ``channel``, ``n_sent``, ``n_opened``, ``n_clicked``, ``n_replied``,
        ``open_rate`` with bounds ``low`` and ``high`` (Wilson; missing rate below
        :data:`MIN_SENT` messages), ``company_rate`` (of the channel), ``shrunk_rate``,
        ``unsubscribed`` (from this channel), ``place`` (by shrunk rate, channels left
        out by the recipient last), ``p_value`` and ``q_value`` (the best against the company's
        default channel in this account; channels tried and accounts counted; the best's row
        only). By account and place.

    References
    ----------
    Casella (1985), *American Statistician* 39, 83-87: empirical Bayes. Fleiss, Levin, Paik (2003),
    *Statistical Methods for Rates and Proportions*, ch. 15: how much rates differ between groups.
    """
    counts = _counted(messages, ["account_id", "channel"])
    rates = _shrunk(counts, "channel")
    rates = rates.sort_values(
        ["account_id", "unsubscribed", "shrunk_rate", "channel"],
        ascending=[True, True, False, True],
        kind="stable",
    )
    rates["place"] = rates.groupby("account_id", sort=False).cumcount() + 1
    rates["p_value"] = _against_default(rates, default_channel(messages))
    rates["q_value"] = benjamini_hochberg(rates["p_value"].to_numpy(float))
    return rates.reset_index(drop=True)


def default_channel(messages: pd.DataFrame) -> str | None:
    """Return the channel in common use that is opened most in the whole company."""
    if messages.empty:
        return None
    used = messages["channel"].value_counts(normalize=True)
    rate = messages.groupby("channel")["opened"].mean()
    common = rate[used.reindex(rate.index) >= MIN_USED]
    return str(common.sort_index().idxmax())


def _counted(messages: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    grouped = messages.groupby(by, sort=True)
    counts = grouped[["opened", "clicked", "replied"]].sum().add_prefix("n_").astype("int64")
    counts.insert(0, "n_sent", grouped.size())
    return counts.assign(unsubscribed=grouped["unsubscribed"].any()).reset_index()


def _shrunk(counts: pd.DataFrame, option: str) -> pd.DataFrame:
    """Rates with bounds, drawn towards what is usual for the option and for the account."""
    n, hits = counts["n_sent"].to_numpy(float), counts["n_opened"].to_numpy(float)
    sums = counts.groupby(option)[["n_opened", "n_sent"]].transform("sum")
    company = safe_ratio(sums["n_opened"], sums["n_sent"])
    usual = np.clip(company * _openness(counts["account_id"], n, hits, company), 0.01, 0.99)
    weight = prior_weight(n, hits, usual)
    low, high = wilson(hits, n)
    return counts.assign(
        open_rate=np.where(n >= MIN_SENT, safe_ratio(hits, n), np.nan),
        low=low,
        high=high,
        company_rate=company,
        shrunk_rate=safe_ratio(hits + weight * usual, n + weight),
    )


def _openness(accounts: pd.Series, n: Floats, hits: Floats, company: Floats) -> Floats:
    """How much more each account opens than is usual in its channels, drawn towards 1."""
    code = pd.factorize(accounts)[0]
    sums = (np.bincount(code, v) for v in (n, hits, n * company))
    sent, opened, expected = (np.asarray(v, float) for v in sums)
    rate = np.asarray(safe_ratio(expected, sent), float)
    weight = prior_weight(sent, opened, rate) * rate
    return np.asarray(safe_ratio(opened + weight, expected + weight), float)[code]


def prior_weight(n: Floats, hits: Floats, usual: Floats, *, most: float = 1_000.0) -> float:
    """Return how many messages the company's rate is worth beside an account's own.

    By moments: what the squared distances of the rates from what is usual exceed chance by is how
    much groups really differ. No excess gives ``most``: everybody is like the company.
    """
    chance = n * usual * (1 - usual)
    excess = float(((hits - n * usual) ** 2 - chance).sum())
    pairs = float((n * (n - 1) * usual * (1 - usual)).sum())
    if excess <= 0 or pairs <= 0:
        return most
    alike = min(excess / pairs, 1.0)  # correlation of two messages of one group
    return float(min((1 - alike) / alike, most))


def _against_default(rates: pd.DataFrame, default: str | None) -> Floats:
    """Test each account's best channel against the default one; missing elsewhere."""
    p = np.full(len(rates), np.nan)
    n_tried = rates.groupby("account_id")["channel"].transform("size").to_numpy(float)
    usual = rates[rates["channel"] == default].set_index("account_id")
    best = (rates["place"] == 1) & (rates["channel"] != default) & (rates["n_sent"] >= MIN_SENT)
    other = usual.reindex(rates["account_id"])
    best &= (other["n_sent"].fillna(0) >= MIN_SENT).to_numpy(bool)
    rows = np.flatnonzero(best)
    if len(rows):
        mine, theirs = rates.iloc[rows], other.iloc[rows].astype({"n_opened": "int64"})
        a, n_a = mine["n_opened"].to_numpy(int), mine["n_sent"].to_numpy(int)
        b, n_b = theirs["n_opened"].to_numpy(int), theirs["n_sent"].to_numpy(int)
        found = fisher_two_sided(a, n_a, a + b, n_a + n_b)
        p[rows] = np.minimum(1.0, found * n_tried[rows])
    return p


def split_newest(messages: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the messages where a third of them is newer."""
    edge = messages["sent_on"].quantile(1 - HELD_OUT) if len(messages) else pd.NaT
    newest = messages["sent_on"] > edge
    return messages[~newest], messages[newest]


def channel_check(messages: pd.DataFrame) -> Alike:
    """Look whether newest messages are opened more in the channel that older ones would choose.

    Compared within each channel, so that what all accounts prefer does not count.
    """
    older, newest = split_newest(messages)
    rated = channel_preferences(older)
    best = rated[rated["place"] == 1].set_index("account_id")
    own = newest["account_id"].map(best["channel"])
    known = own.notna().to_numpy(bool)
    judged = newest[known]
    return among_alike(
        (judged["channel"] == own[known]).to_numpy(bool),
        judged["opened"],
        judged["channel"].astype(object),
        judged["account_id"],
    )


def topics_by_stage(messages: pd.DataFrame, stages: pd.DataFrame | None) -> pd.DataFrame:
    """Compare how often each topic is opened in each lifecycle stage with the stage's other mail.

    Parameters
    ----------
    messages : DataFrame
        The ripe ones.
    stages : DataFrame or None
        ``account_id``, ``as_of``, ``lifecycle_stage``; the latest one known when a message was
        sent counts.

    Returns
    -------
    DataFrame
        ``lifecycle_stage``, ``topic``, ``n_sent``, ``n_accounts``, ``open_rate``, ``low``,
        ``high``, ``base_rate`` (of the stage), ``lift``, ``alike_lift`` (against what the same
        accounts open of other topics: who is sent a topic may open more of everything),
        ``p_value`` (the larger of both comparisons), ``q_value`` (each stage a family); by
        stage, the most opened first.
    """
    columns = ["lifecycle_stage", "topic", "n_sent", "n_accounts", "open_rate", "low", "high"]
    columns += ["base_rate", "lift", "alike_lift", "p_value", "q_value"]
    if stages is None or stages.empty or messages.empty:
        return pd.DataFrame(columns=columns)
    known = _with_stage(messages.dropna(subset=["topic"]), stages)
    parts: list[pd.DataFrame] = []
    for stage, mine in known.groupby("lifecycle_stage", sort=True):
        here = mine.reset_index(drop=True)
        groups = here.groupby("topic", sort=True).indices
        found = contrast(exposures(list(groups.values())), here["opened"], here["account_id"])
        same = [
            among_alike(
                here["topic"] == topic, here["opened"], here["account_id"], here["account_id"]
            )
            for topic in groups
        ]
        found["alike_lift"] = [one.ratio for one in same]
        found["p_value"] = found["p_value"].clip(lower=pd.Series([one.p_value for one in same]))
        parts.append(found.assign(lifecycle_stage=str(stage), topic=[str(t) for t in groups]))
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True)
    table["q_value"] = q_by_family(table["p_value"], table["lifecycle_stage"])
    table = table.rename(columns={"n_units": "n_sent", "outcome_rate": "open_rate"})
    by = ["lifecycle_stage", "open_rate", "topic"]
    return table.sort_values(by, ascending=[True, False, True])[columns].reset_index(drop=True)


def _with_stage(messages: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """Give each message the stage known when it was sent; messages before any stage go."""
    left = messages.sort_values("sent_on", kind="stable").astype({"account_id": object})
    right = stages.sort_values("as_of", kind="stable").astype({"account_id": object})
    far = pd.Timedelta(days=STAGE_DAYS)
    joined = pd.merge_asof(
        left, right, left_on="sent_on", right_on="as_of", by="account_id", tolerance=far
    )
    return joined.dropna(subset=["lifecycle_stage"])


def message_tolerance(messages: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """Compare what becomes of a message by how many came in the four weeks before it.

    Returns
    -------
    table : DataFrame
        ``n_before`` (5 stands for five or more), ``n_sent``, ``n_accounts``, ``open_rate`` with
        bounds, ``unsubscribe_rate`` with bounds, ``p_opened`` and ``p_left`` (this many against
        fewer; missing for 0), ``worse`` (with certainty: opened less or left more, both tests
        and all rows counted).
    limit : int or None
        Messages in four weeks that no row speaks against: ``n_before`` of the first ``worse``
        row; ``None`` where no row is worse, so that no limit is known.
    """
    ordered = messages.sort_values(["account_id", "sent_on"], kind="stable").reset_index(drop=True)
    before = np.minimum(_in_weeks_before(ordered), 5)
    rows: list[dict[str, Any]] = []
    for n_before in sorted(set(before.tolist())):
        upto = before <= n_before
        here = ordered[upto].reset_index(drop=True)
        mine = exposures([np.flatnonzero(before[upto] == n_before)])
        opened, left = (
            contrast(mine, here[what], here["account_id"]).iloc[0]
            for what in ("opened", "unsubscribed")
        )
        rows.append(_tolerance_row(n_before, opened, left))
    table = pd.DataFrame(rows, columns=_TOLERANCE)
    p = table[["p_opened", "p_left"]].to_numpy(float)
    q = benjamini_hochberg(p.ravel()).reshape(p.shape)
    less, more = table["opened_less"].to_numpy(bool), table["left_more"].to_numpy(bool)
    table["worse"] = ((q[:, 0] < 0.05) & less) | ((q[:, 1] < 0.05) & more)
    table = table.drop(columns=["opened_less", "left_more"])
    worse = table.loc[table["worse"], "n_before"]
    return table, int(worse.iloc[0]) if len(worse) else None


_TOLERANCE = [
    "n_before",
    "n_sent",
    "n_accounts",
    "open_rate",
    "open_low",
    "open_high",
    "unsubscribe_rate",
    "unsubscribe_low",
    "unsubscribe_high",
    "p_opened",
    "p_left",
    "opened_less",
    "left_more",
]


def _tolerance_row(n_before: int, opened: Any, left: Any) -> dict[str, Any]:
    return {
        "n_before": n_before,
        "n_sent": int(opened["n_units"]),
        "n_accounts": int(opened["n_accounts"]),
        "open_rate": opened["outcome_rate"],
        "open_low": opened["low"],
        "open_high": opened["high"],
        "unsubscribe_rate": left["outcome_rate"],
        "unsubscribe_low": left["low"],
        "unsubscribe_high": left["high"],
        "p_opened": opened["p_value"],
        "p_left": left["p_value"],
        "opened_less": bool(opened["outcome_rate"] < opened["rate_without"]),
        "left_more": bool(left["outcome_rate"] > left["rate_without"]),
    }


def _in_weeks_before(ordered: pd.DataFrame) -> NDArray[np.int64]:
    """Count the account's messages in the four weeks before each one, the same day included."""
    account = pd.factorize(ordered["account_id"])[0].astype(np.int64)
    day = ordered["sent_on"].to_numpy("datetime64[D]").astype(np.int64)
    stride = int(day.max(initial=0) - day.min(initial=0)) + TOLERANCE_DAYS + 1
    place = account * stride + (day - day.min(initial=0))
    first = np.searchsorted(place, np.maximum(place - TOLERANCE_DAYS, account * stride))
    return np.arange(len(ordered)) - first
