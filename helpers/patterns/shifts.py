"""When, and for whom, do sessions take another way? A scan over periods and groups.

A fault in a checkout, an incident of a supplier, a new way of working: each shows as a sequence
of steps that sessions hold far more, or far less, often in some weeks, in some group of accounts,
or in both. Nobody says beforehand which. So every sequence is compared between each *place* (a
period of weeks, a group, a period in a group) and the rest, and its surest place is kept.

Having looked at so many places is paid for: the p-value of the surest place takes whole accounts
as units (:mod:`helpers.patterns.contrast`), is multiplied by the number of places looked at, and
all sequences searched are counted in the q-value. Several sequences with the same place are one
story: the surest one tells it, the others stand beside it.

References
----------
Kulldorff (1997), *Commun. Statist. Theory Meth.* 26, 1481-1496: scan statistics over places and
times, the most likely cluster first.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.contrast import contrast, exposures, fisher_two_sided
from helpers.patterns.frames import cells
from helpers.patterns.places import Places, lay_out
from helpers.patterns.prefixspan import Patterns, TooManyPatternsError, mine, mine_bounded
from helpers.patterns.sequences import encode
from helpers.patterns.visits import Visits
from helpers.patterns.where import say_place
from helpers.stats import benjamini_hochberg, safe_ratio

__all__ = ["SHIFT_COLUMNS", "Shifts", "across_accounts", "find_shifts"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MIN_SHARE, MIN_SESSIONS = 0.005, 20
"""A sequence in fewer sessions, or in a smaller share of them, is not looked at."""
MAX_PATTERNS = 1_500
SAME_STORY = 0.5
"""Common weeks (of all weeks of both) from which on two places in one group are one story."""
NEARLY = 0.8
"""A sequence with so large a part of the surest one's score is nearly as sure."""
SHIFT_COLUMNS = (
    "pattern",
    "group",
    "value",
    "from_on",
    "until_on",
    "n_sessions",
    "n_accounts",
    "rate",
    "low",
    "high",
    "rate_elsewhere",
    "p_value",
    "q_value",
    "also",
    "reported",
)


@dataclass(frozen=True)
class Shifts:
    """What the scan found.

    Parameters
    ----------
    table : DataFrame
        One row a sequence searched, in its surest place: ``pattern`` (list), ``group`` and
        ``value`` (missing: everybody), ``from_on`` and ``until_on`` (the day after; missing: all
        the time), ``n_sessions`` and ``n_accounts`` of the place, ``rate`` of its sessions that
        hold the sequence with bounds ``low`` and ``high``, ``rate_elsewhere``, ``p_value`` (of
        the place, places counted), ``q_value``, ``also`` (other sequences of the same story,
        list), ``reported``. Reported ones first, the surest story first.
    n_places : int
        Places each sequence was looked for in.
    """

    table: pd.DataFrame
    n_places: int

    @property
    def headline(self) -> str:
        """The sentence over ``measures`` for the finding; empty if there is nothing to tell."""
        if not self.measures["n_shifts"]:
            return ""
        return (
            " Sessions took another way in {n_shifts} places, most surely "
            "{shift_path}: {shift_place}."
        )

    @property
    def measures(self) -> dict[str, float | str]:
        """How much was searched and told, and the surest story, for the finding."""
        told = self.table[self.table["reported"]]
        found: dict[str, float | str] = {
            "n_shifts": len(told),
            "n_session_patterns": len(self.table),
        }
        if len(told):
            first = told.iloc[0].to_dict()
            found["shift_path"] = ", then ".join(first["pattern"]).replace("_", " ")
            found["shift_place"] = say_place(first)
        return found

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is written, by name."""
        return {"shifts": self.table}


def find_shifts(
    visits: Visits, *, as_of: pd.Timestamp, max_length: int = 3, max_q: float = 0.05
) -> Shifts:
    """Look in which weeks and groups sequences of steps are unusually frequent or rare.

    Parameters
    ----------
    visits : Visits
        From :func:`helpers.patterns.visits.read_visits`.
    as_of : Timestamp
        Weeks are counted back from here.
    max_length : int
        Steps of the longest sequence; sequences have two steps or more.
    max_q : float
        Largest q-value reported.
    """
    sessions = visits.sessions.reset_index(drop=True)
    places = lay_out(sessions, as_of=as_of)
    patterns = _mined(visits, sessions["unit"], max_length)
    if all(len(items) < 2 for items in patterns.items) or not places.n_places:
        return Shifts(_empty(), places.n_places)
    best, score = places.surest(patterns)
    p_value = _tested(patterns, places, best, score, sessions["account_id"].to_numpy())
    table = pd.DataFrame(
        {
            "pattern": cells(list(items) for items in patterns.items),
            "number": np.arange(len(patterns.items)),
            "place": best,
            "score": score,
            "p_value": p_value,
            "q_value": benjamini_hochberg(p_value),
        }
    )
    long = table["pattern"].map(len) > 1
    ordered = table[long].sort_values(["q_value", "score"], ascending=[True, False], kind="stable")
    told = _stories(ordered.reset_index(drop=True), places, patterns, max_q)
    told = told.join(_described(told, patterns, places, sessions))
    return Shifts(told[list(SHIFT_COLUMNS)].reset_index(drop=True), places.n_places)


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="object") for name in SHIFT_COLUMNS}).astype(
        {"reported": bool}
    )


def _mined(visits: Visits, units: pd.Series, max_length: int) -> Patterns:
    """Mine; where there are too many, shorter ones: a rare step matters more than a long path."""
    database = encode(visits.tokens, units)
    least = max(MIN_SESSIONS, int(np.ceil(MIN_SHARE * len(units))))
    for length in range(max_length, 2, -1):
        try:
            return mine(database, min_support=least, max_length=length, max_patterns=MAX_PATTERNS)
        except TooManyPatternsError:
            continue
    return mine_bounded(database, min_support=least, max_length=2, max_patterns=MAX_PATTERNS)


def _tested(
    patterns: Patterns, places: Places, best: Ints, score: Floats, accounts: NDArray[np.object_]
) -> Floats:
    """P-value of each pattern's surest place, all places counted.

    Where even independent sessions would leave it above 0.05, that value is kept: taking whole
    accounts as units hardly makes it smaller.
    """
    from scipy.stats import norm

    account = np.unique(accounts, return_inverse=True)[1]
    p_value = np.minimum(1.0, 2 * norm.sf(np.abs(score)) * places.n_places)
    for number in np.flatnonzero(p_value < 0.05):
        inside = places.inside(int(best[number]))
        p = across_accounts(patterns.rows_of(int(number)), inside, account)
        p_value[number] = max(p_value[number], min(1.0, p * places.n_places))
    return np.asarray(p_value, float)


def across_accounts(rows: NDArray[np.integer], inside: Bools, account: Ints) -> float:
    """Test whether sessions that hold a sequence lie in a place more, or less, often than others.

    Parameters
    ----------
    rows : ndarray of int
        Sessions that hold it.
    inside : ndarray of bool, (n_sessions,)
        Sessions of the place.
    account : ndarray of int, (n_sessions,)
        Numbers from 0 on.

    Returns
    -------
    float
        The larger of the exact test's two-sided p-value for independent sessions and that of a
        score test whose units are whole accounts. The latter is at most as sure as the number
        of accounts that go the same way: one busy account proves nothing.

    References
    ----------
    Score test with cluster-robust variance: Rotnitzky, Jewell (1990), *Biometrika* 77, 485-497.
    """
    from scipy.stats import t

    n, m = len(inside), int(account.max()) + 1
    shown, here = len(rows) / n, float(inside.mean())
    both = np.bincount(account[rows][inside[rows]], minlength=m)
    per_account = both - shown * np.bincount(account[inside], minlength=m)
    per_account = per_account - here * np.bincount(account[rows], minlength=m)
    per_account = per_account + shown * here * np.bincount(account, minlength=m)
    spread = float(np.sqrt((per_account**2).sum()))
    clustered = 2 * float(t.sf(abs(per_account.sum()) / spread, m - 1)) if m > 1 and spread else 1.0
    counts = (np.array([int(both.sum())]), np.array([len(rows)]))
    exact = fisher_two_sided(*counts, int(inside.sum()), n)
    return max(clustered, float(exact[0]))


def _stories(table: pd.DataFrame, places: Places, patterns: Patterns, max_q: float) -> pd.DataFrame:
    """Mark the sequence that tells each story, and put the others of the story beside it."""
    stories: list[list[int]] = []
    for number in table.index[table["q_value"] < max_q].tolist():
        place = int(table["place"][number])
        for story in stories:
            if places.alike(int(table["place"][story[0]]), place, SAME_STORY):
                story.append(number)
                break
        else:
            stories.append([number])
    heads = [_head(story, table, places, patterns) for story in stories]
    also = {
        head: [" > ".join(table["pattern"][k]) for k in story if k != head]
        for head, story in zip(heads, stories, strict=True)
    }
    beside = cells(also.get(k, []) for k in table.index)
    rank = {head: number for number, head in enumerate(heads)}
    told = table.assign(reported=table.index.isin(heads), also=beside)
    return told.iloc[sorted(range(len(told)), key=lambda k: (rank.get(k, len(told)), k))]


def _head(story: list[int], table: pd.DataFrame, places: Places, patterns: Patterns) -> int:
    """Choose the sequence that tells a story: the surest, or one nearly as sure that says more.

    Saying more: of the sessions of the place with its first step, a larger share holds it all.
    """
    surest = story[0]
    near = [k for k in story if table["score"][k] >= NEARLY * table["score"][surest]]
    near = [k for k in near if table["place"][k] == table["place"][surest]]
    if table["score"][surest] <= 0 or len(near) < 2:
        return surest
    inside = places.inside(int(table["place"][surest]))
    first = {items[0]: n for n, items in enumerate(patterns.items) if len(items) == 1}

    def held(number: int) -> float:
        whole = inside[patterns.rows_of(int(table["number"][number]))].sum()
        return float(whole / inside[patterns.rows_of(first[table["pattern"][number][0]])].sum())

    return max(near, key=held)


def _described(
    table: pd.DataFrame, patterns: Patterns, places: Places, sessions: pd.DataFrame
) -> pd.DataFrame:
    """Rates inside and outside of each place; bounds for those reported only."""
    accounts = sessions["account_id"].to_numpy()
    parts = []
    for number, mine_here in table.groupby("place", sort=False):
        inside = places.inside(int(str(number)))
        size: dict[str, object] = {
            "n_sessions": int(inside.sum()),
            "n_accounts": len(np.unique(accounts[inside])),
            **places.named(int(str(number))),
        }
        for row in mine_here.itertuples():
            rows = patterns.rows_of(int(str(row.number)))
            both = int(inside[rows].sum())
            found = {
                "rate": float(safe_ratio(both, inside.sum())),
                "rate_elsewhere": float(safe_ratio(len(rows) - both, (~inside).sum())),
                "low": np.nan,
                "high": np.nan,
            }
            if row.reported:
                found |= _bounds(rows, inside, accounts)
            parts.append({"index": row.Index, **size, **found})
    return pd.DataFrame(parts).set_index("index").reindex(table.index)


def _bounds(
    rows: NDArray[np.integer], inside: Bools, accounts: NDArray[np.object_]
) -> dict[str, float]:
    shown = np.zeros(len(inside), bool)
    shown[rows] = True
    found = contrast(exposures([np.flatnonzero(inside)]), shown, accounts, min_units=1).iloc[0]
    return {"low": float(found["low"]), "high": float(found["high"])}
