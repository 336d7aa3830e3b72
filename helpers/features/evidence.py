"""What to look at before trusting the feature table: coverage, base rates, and two kinds of low."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

import pandas as pd

from helpers.engine import Engine
from helpers.features.measures import TOLD
from helpers.stats import wilson

__all__ = ["base_rates", "coverage", "declining_and_low", "facts", "feature_pairs", "gaps",
           "measured"]  # fmt: skip

PAIR_DAYS = 90
_EVENTS = r"^events__n_(\d+)d$"


def measured(engine: Engine) -> list[str]:
    """Return the features that measures told :func:`helpers.features.build_features`."""
    return engine.frame(f"SELECT feature FROM {TOLD} ORDER BY feature")["feature"].tolist()


def coverage(features: pd.DataFrame, dictionary: pd.DataFrame) -> pd.DataFrame:
    """Tell for each family how much of it is there.

    Parameters
    ----------
    features : DataFrame
        As :func:`helpers.features.build_features` returns it.
    dictionary : DataFrame
        As :func:`helpers.features.dictionary` returns it.

    Returns
    -------
    DataFrame
        family, n_features, n_empty (not a single value), known_share (of all cells), sources,
        absent (what the empty ones need and no other feature has); families in the order of the
        dictionary.
    """
    known = features[dictionary["feature"].tolist()].notna().mean()
    described = dictionary.assign(known=known.to_numpy())
    absent = _absent(described)
    rows = []
    for family, part in described.groupby("family", sort=False):
        empty = part[part["known"] == 0]
        tables = _listed(part["sources"])
        needs = [absent[need] for need in _listed(empty["needs"]) if need in absent]
        rows.append(
            {
                "family": str(family),
                "n_features": len(part),
                "n_empty": len(empty),
                "known_share": float(part["known"].mean()),
                "sources": ", ".join(dict.fromkeys(tables)),
                "absent": ", ".join(dict.fromkeys(needs)),
            }
        )
    return pd.DataFrame(rows)


def _listed(texts: pd.Series) -> list[str]:
    return [name for text in texts for name in text.split(", ") if name]


def _absent(described: pd.DataFrame) -> dict[str, str]:
    """Return the sources that no feature with a value needs, and how to call them.

    A table of which nothing is there is called by its name, else the column is. Of alternatives
    (``a|b``) any may be the one that is there.
    """
    known = _listed(described.loc[described["known"] > 0, "needs"])
    there = {part for need in known for part in need.split("|")}
    tables_there = {part.split(".")[0] for part in there}

    def called(need: str) -> str:
        parts = [part.removeprefix("role:") for part in need.split("|")]
        kind = "role " if need.startswith("role:") else ""
        names = [
            part if kind or part.split(".")[0] in tables_there else part.split(".")[0]
            for part in parts
        ]
        return kind + " or ".join(f"`{name}`" for name in dict.fromkeys(names))

    needs = dict.fromkeys(_listed(described["needs"]))
    return {need: called(need) for need in needs if there.isdisjoint(need.split("|"))}


def base_rates(labels: pd.DataFrame) -> pd.DataFrame:
    """Return how many accounts churned and upgraded after each date.

    Parameters
    ----------
    labels : DataFrame
        As :func:`helpers.features.build_labels` returns it.

    Returns
    -------
    DataFrame
        as_of, outcome (``churned``, ``upgraded``), n_accounts (labelled), n_censored, n_outcome,
        rate, low, high (95 % Wilson interval); empty where every account is censored. Oldest date
        first. Windows of neighbouring dates overlap, so their rates are not independent.
    """
    rows = []
    for outcome in ("churned", "upgraded"):
        for as_of, part in labels.groupby("as_of"):
            known = part[outcome].dropna()
            hits, n = int(known.sum()), len(known)
            low, high = wilson([hits], [n])
            rows.append(
                {
                    "as_of": as_of,
                    "outcome": outcome,
                    "n_accounts": n,
                    "n_censored": len(part) - n,
                    "n_outcome": hits,
                    "rate": hits / n if n else float("nan"),
                    "low": float(low[0]) if n else float("nan"),
                    "high": float(high[0]) if n else float("nan"),
                }
            )
    return pd.DataFrame(rows)


def facts(features: pd.DataFrame, rates: pd.DataFrame) -> dict[str, float | int | str]:
    """Return the numbers that a reader should know of a feature table.

    Parameters
    ----------
    features : DataFrame
        As :func:`helpers.features.build_features` returns it.
    rates : DataFrame
        As :func:`base_rates` returns it.

    Returns
    -------
    dict
        Of the newest date: as_of, n_accounts, n_live, short_share (of live accounts with a short
        history). Of the table: n_features, n_dates. Of the newest date whose churn is known:
        labelled_on, n_labelled, n_churned, rate, low, high; ``n_labelled`` is 0 if there is none.
    """
    newest = features[features["as_of"] == features["as_of"].max()]
    live = newest[newest["is_live"]]
    known = rates[(rates["outcome"] == "churned") & (rates["n_accounts"] > 0)]
    values: dict[str, float | int | str] = {
        "as_of": pd.Timestamp(features["as_of"].max()).strftime("%Y-%m-%d"),
        "n_accounts": newest["account_id"].nunique(),
        "n_live": len(live),
        "short_share": float(live["is_short_history"].mean()) if len(live) else 0.0,
        "n_features": features.shape[1] - 2,
        "n_dates": features["as_of"].nunique(),
        "n_labelled": 0,
        "n_with_churn": int((known["n_outcome"] > 0).sum()),
    }
    if len(known):
        last = known.sort_values("as_of").iloc[-1]
        values |= {
            "labelled_on": pd.Timestamp(last["as_of"]).strftime("%Y-%m-%d"),
            "n_labelled": int(last["n_accounts"]),
            "n_churned": int(last["n_outcome"]),
            "rate": float(last["rate"]),
            "low": float(last["low"]),
            "high": float(last["high"]),
        }
    return values


def gaps(covered: pd.DataFrame) -> tuple[str, ...]:
    """Say which features could not be computed and what they need, one sentence a family."""
    columns = [covered[name].tolist() for name in ("family", "n_empty", "n_features", "absent")]
    return tuple(
        f"{family}: {n_empty} of {n} features are empty, "
        + (f"for want of {absent}" if absent else "because the sources hold nothing to measure")
        for family, n_empty, n, absent in zip(*columns, strict=True)
        if n_empty
    )


def declining_and_low(features: pd.DataFrame, *, n_pairs: int = 3) -> pd.DataFrame:
    """Find pairs of accounts that use the product equally now, one of them falling.

    Parameters
    ----------
    features : DataFrame
        As :func:`helpers.features.build_features` returns it; the newest date is taken.
    n_pairs : int
        How many pairs at most; the steepest falls first.

    Returns
    -------
    DataFrame
        pair, kind (``declining``, ``constantly low``), account_id, the events of the window
        nearest to 30 days, events__change_30d, events__slope_90d, events__share_of_peak. Empty if
        no account falls by 3 % a week or more, or none of equal level (within 15 %) is steady:
        within 1.5 % a week, within 15 % of the month before, at 60 % of its peak or more.
    """
    level = _level_column(features)
    columns = [
        "account_id",
        level,
        "events__change_30d",
        "events__slope_90d",
        "events__share_of_peak",
    ]
    newest = features[(features["as_of"] == features["as_of"].max()) & features["is_live"]]
    usable = newest[columns].dropna()
    usable = usable[usable[level] >= 20].set_index("account_id")
    falling = usable[usable["events__slope_90d"] <= -0.03]
    steady = usable[
        (usable["events__slope_90d"].abs() <= 0.015)
        & (usable["events__change_30d"].abs() <= 0.15)
        & (usable["events__share_of_peak"] >= 0.6)
    ]
    chosen = [row for pair in _twins(falling, steady, level)[:n_pairs] for row in pair]
    found = usable.loc[chosen].reset_index()
    found["pair"] = [index // 2 + 1 for index in range(len(found))]
    found["kind"] = ["declining", "constantly low"] * (len(found) // 2)
    return found[["pair", "kind", *columns]]


def _level_column(features: pd.DataFrame) -> str:
    """Return the count of events whose window is nearest to 30 days."""
    windows = [int(found) for found in features.columns.str.extract(_EVENTS)[0].dropna()]
    return f"events__n_{min(windows, key=lambda days: (abs(days - 30), days))}d"


def _twins(falling: pd.DataFrame, steady: pd.DataFrame, level: str) -> list[tuple[str, str]]:
    """Pair each falling account, steepest first, with the steady one nearest in level."""
    pairs: list[tuple[str, str]] = []
    free = steady[level].sort_index()
    slopes = falling.sort_index().sort_values("events__slope_90d", kind="stable")
    for account, own in slopes[level].items():
        distance = (free / own - 1).abs()
        near = distance[distance <= 0.15]
        if len(near):
            twin = str(near.idxmin())
            pairs.append((str(account), twin))
            free = free.drop(twin)
    return pairs


def feature_pairs(engine: Engine, *, n_accounts_min: int = 20) -> pd.DataFrame:
    """Tell which features are used together: on the same day by the same account.

    Parameters
    ----------
    engine : Engine
        After :func:`helpers.features.build_features`; the newest of its dates is taken.
    n_accounts_min : int
        Pairs seen in fewer accounts are left out.

    Returns
    -------
    DataFrame
        feature_a, feature_b, n_accounts, n_days (account-days with both, last 90 days), share (of
        account-days with any feature), expected_share (if the two were used independently), lift.
        Association only. Highest lift first.
    """
    frame = engine.frame(
        f"""
        WITH newest AS (SELECT MAX(cutoff) AS cutoff FROM cutoff), recent AS (
            SELECT d.account_no, d.feature, d.day
            FROM account_feature_day d JOIN newest n
              ON d.day < n.cutoff AND d.day >= n.cutoff - {PAIR_DAYS}
        ), single AS (
            SELECT feature, COUNT(*) AS n FROM recent GROUP BY feature
        ), days AS (
            SELECT COUNT(*) AS n FROM (SELECT DISTINCT account_no, day FROM recent) AS seen
        ), together AS (
            SELECT f.feature AS feature_a, g.feature AS feature_b, COUNT(*) AS n_days,
                   COUNT(DISTINCT f.account_no) AS n_accounts
            FROM recent f JOIN recent g
              ON g.account_no = f.account_no AND g.day = f.day AND g.feature > f.feature
            GROUP BY f.feature, g.feature
        )
        SELECT t.feature_a, t.feature_b, t.n_accounts, t.n_days,
               CAST(t.n_days AS DOUBLE) / d.n AS share,
               CAST(a.n AS DOUBLE) * b.n / d.n / d.n AS expected_share,
               CAST(t.n_days AS DOUBLE) * d.n / a.n / b.n AS lift
        FROM together t JOIN single a ON a.feature = t.feature_a
        JOIN single b ON b.feature = t.feature_b CROSS JOIN days d
        WHERE t.n_accounts >= {n_accounts_min}
        ORDER BY lift DESC, t.feature_a, t.feature_b
        """
    )
    whole = dict.fromkeys(["n_accounts", "n_days"], "int64")
    return frame.astype({"feature_a": "string", "feature_b": "string", **whole})
