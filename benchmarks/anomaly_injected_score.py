"""Recall at equal false alarms, with intervals, of every method and kind of fault."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.stats import wilson

__all__ = ["ALERTS", "NOTHING", "REVIEW", "Results", "chosen", "natural_rate", "recall_table"]

Array = NDArray[np.float64]

NOTHING = "nothing put in"
"""Accounts without a fault, counted as if one had begun on a random day: what chance gives."""
REVIEW, ALERTS = "review", "alerts"
"""Ours: by the q-values that alerts rest on, and the alerts as they are raised."""
DRAWS = 400
MIN_ACCOUNTS = 10
"""Kinds that fewer different accounts could carry are not shown."""


@dataclass
class Results:
    """Scores of all repetitions, one below the other.

    Parameters
    ----------
    truth : list of DataFrame
        ``account_id``, ``kind`` (empty: no fault), ``size``, ``begins`` (position among the days
        under review; negative: before them).
    scores : dict
        (method, setting, direction) to a list of (n_accounts, n_ends) scores.
    """

    truth: list[pd.DataFrame] = field(default_factory=list)
    scores: dict[tuple[str, str, str], list[Array]] = field(default_factory=dict)

    def add(self, method: str, setting: str, direction: str, score: Array) -> None:
        """Append the scores of one repetition."""
        self.scores.setdefault((method, setting, direction), []).append(score)

    @property
    def faults(self) -> pd.DataFrame:
        """The truth of all repetitions."""
        return pd.concat(self.truth, ignore_index=True)

    def peaks(self, key: tuple[str, str, str]) -> tuple[Array, Array]:
        """Largest score of all days, and of the days since the fault began."""
        score = np.concatenate(self.scores[key])
        begins = self.faults["begins"].to_numpy()
        since = np.arange(score.shape[1])[None] >= begins[:, None]
        return score.max(axis=1), np.where(since, score, -np.inf).max(axis=1)


def direction_of(kind: str) -> str:
    """Spikes are looked for among what is more than usual, all else among what is worse."""
    return "more" if kind == "spike" else "worse"


def threshold(untouched: Array, rate: float) -> float:
    """Score that at most this share of the untouched accounts passes."""
    ordered = np.sort(untouched)[::-1]
    return float(ordered[min(int(rate * len(ordered) + 1e-6), len(ordered) - 1)])


def natural_rate(results: Results, direction: str) -> float:
    """Share of untouched accounts that the alerts, as they are raised, name."""
    top, _ = results.peaks((ALERTS, "", direction))
    return float((top[(results.faults["kind"] == "").to_numpy()] > 0).mean())


def best_setting(results: Results, method: str, direction: str, rate: float) -> str:
    """Return the setting with the highest mean recall over the kinds: chosen in its favour."""
    faults = results.faults
    mine = (faults["kind"] != "") & (faults["kind"].map(direction_of) == direction)
    settings = [key[1] for key in results.scores if key[0] == method and key[2] == direction]
    recalls = {}
    for setting in settings:
        top, since = results.peaks((method, setting, direction))
        hit = since > threshold(top[faults["kind"] == ""], rate)
        recalls[setting] = (
            pd.Series(hit[mine]).groupby(faults["kind"][mine].to_numpy()).mean().mean()
        )
    return max(recalls, key=lambda name: (recalls[name], name))


def chosen(results: Results, rate: float | None) -> dict[str, list[tuple[str, str, str]]]:
    """Return each direction's keys, ours first; without a rate ours are the alerts raised."""
    out = {}
    for direction in ("worse", "more"):
        at = natural_rate(results, direction) if rate is None else rate
        methods = dict.fromkeys(key[0] for key in results.scores if key[2] == direction)
        others = [name for name in methods if name not in (REVIEW, ALERTS)]
        best = [(name, best_setting(results, name, direction, at), direction) for name in others]
        out[direction] = [(ALERTS if rate is None else REVIEW, "", direction), *best]
    return out


def recall_table(results: Results, *, rate: float | None, by_size: bool = True) -> pd.DataFrame:
    """Recall of each method by kind (and size), and how far ours is ahead of the best other.

    Parameters
    ----------
    results : Results
    rate : float or None
        Share of untouched accounts that are alarmed in the days under review; without one, the
        share that the alerts raised name.
    by_size : bool

    Returns
    -------
    DataFrame
        ``kind``, ``size``, ``n``, one column a method; ``low``, ``high``: 95 % interval of ours
        (Wilson); ``ahead``, ``ahead_low``, ``ahead_high``: ours less the best other, in shares,
        with a 95 % bootstrap interval over accounts; ``days``, ``days_best``: median days from
        the fault's beginning to the alarm, ours and the best other's.
    """
    keys = chosen(results, rate)
    rows = []
    for (kind, size), mine in _groups(results.faults, by_size=by_size):
        direction = "worse" if kind == NOTHING else direction_of(kind)
        rows.append({"kind": kind, "size": size, "n": len(mine),
                     **_one_group(results, keys[direction], mine, rate)})  # fmt: skip
    return pd.DataFrame(rows)


def _groups(
    faults: pd.DataFrame, *, by_size: bool
) -> list[tuple[tuple[str, float], NDArray[np.intp]]]:
    put_in = faults[faults["kind"] != ""]
    by = ["kind", "size"] if by_size else ["kind"]
    groups = [
        ((key[0], key[1] if by_size else np.nan), rows.to_numpy())
        for key, rows in put_in.groupby(by, sort=False).groups.items()
        for key in [key if isinstance(key, tuple) else (key,)]
    ]
    enough = put_in.groupby("kind")["account_id"].nunique() >= MIN_ACCOUNTS
    groups = [group for group in groups if enough[group[0][0]]]
    untouched = np.flatnonzero((faults["kind"] == "").to_numpy())
    order = list(dict.fromkeys(sorted((name for (name, _), _ in groups))))
    groups.sort(key=lambda group: (order.index(group[0][0]), group[0][1]))
    return [*groups, ((NOTHING, np.nan), untouched)]


Peaks = dict[tuple[str, str, str], tuple[Array, Array]]


def _one_group(
    results: Results, keys: list[tuple[str, str, str]], mine: NDArray[np.intp], rate: float | None
) -> dict[str, float]:
    """Recall and days of one group of accounts; ours is the first key."""
    peaks = {key: results.peaks(key) for key in keys}
    untouched = np.flatnonzero((results.faults["kind"] == "").to_numpy())
    limits = _limits(peaks, untouched, rate)
    hits = {key: peaks[key][1][mine] > limits[key] for key in keys}
    row = {key[0]: float(hits[key].mean()) for key in keys}
    ours, others = keys[0], keys[1:]
    best = max(others, key=lambda key: hits[key].mean())
    low, high = wilson(int(hits[ours].sum()), len(mine))
    row |= {"low": float(low), "high": float(high)}
    row["ahead"] = row[ours[0]] - row[best[0]]
    spread = _bootstrap(results, {key: peaks[key] for key in (ours, best)}, mine, untouched, rate)
    row["ahead_low"], row["ahead_high"] = np.quantile(spread, [0.025, 0.975])
    row["days"] = _days(results, ours, mine, limits[ours])
    row["days_best"] = _days(results, best, mine, limits[best])
    return row


def _limits(
    peaks: Peaks, untouched: NDArray[np.intp], rate: float | None
) -> dict[tuple[str, str, str], float]:
    """Set every method's threshold; without a rate, at what the first one's alerts give."""
    first = next(iter(peaks.values()))
    at = float((first[0][untouched] > 0).mean()) if rate is None else rate
    return {key: threshold(top[untouched], at) for key, (top, _) in peaks.items()}


def _bootstrap(
    results: Results,
    peaks: Peaks,
    mine: NDArray[np.intp],
    untouched: NDArray[np.intp],
    rate: float | None,
) -> Array:
    """Draw accounts anew, set both thresholds anew, and compare recall: (``DRAWS``,)."""
    rng = np.random.default_rng(0)
    codes, names = pd.factorize(results.faults["account_id"])
    out = np.zeros(DRAWS)
    for draw in range(DRAWS):
        weight = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        drawn, known = (np.repeat(rows, weight[codes[rows]]) for rows in (mine, untouched))
        if len(drawn) and len(known):
            limits = _limits(peaks, known, rate)
            ours, best = (float((peaks[key][1][drawn] > limits[key]).mean()) for key in peaks)
            out[draw] = ours - best
    return out


def _days(
    results: Results, key: tuple[str, str, str], mine: NDArray[np.intp], limit: float
) -> float:
    """Median days from the beginning of the fault to the first alarm after it."""
    score = np.concatenate(results.scores[key])[mine]
    begins = results.faults["begins"].to_numpy()[mine]
    day = np.arange(score.shape[1])[None]
    alarmed = (score > limit) & (day >= begins[:, None])
    first = np.where(alarmed.any(axis=1), alarmed.argmax(axis=1), -1)
    found = first >= 0
    return float(np.median(first[found] - begins[found])) if found.any() else float("nan")
