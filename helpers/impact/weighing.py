"""Accounts that were called beside accounts that were not, weighed until they look as sick.

Managers call those who look worst, so those called leave more often whether or not a call helps.
The account-weeks without a call get weights under which the means of all that was known, and of
its squares, are those of the account-weeks with one. That undoes the choice as far as what decided
it is in the data; nothing here can undo what is not. An account that is called later is followed
until then; since it is the sicker ones that are called later, those that remain count for more,
by how unlikely it was to remain.

References
----------
Entropy balancing: Hainmueller (2012), *Political Analysis* 20, 25-46. Every week as a trial of its
own: Hernan, Robins (2016), *American J. of Epidemiology* 183, 758-764. Weights for censoring:
Robins, Finkelstein (2000), *Biometrics* 56, 779-788. Follow-up from the end of the week of the
call, for both: a landmark, Anderson, Cain, Gelber (1983), *J. Clinical Oncology* 1, 710-719.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.impact.weeks import Weeks

__all__ = [
    "Weighed",
    "placebo",
    "rate_of",
    "ratio_of_rates",
    "unweighed",
    "weigh",
]

Array = NDArray[np.float64]

RIDGE = 1.0
SLACK = 1e-3
"""Of the balance: lets it fail by a little where no weights could make it exact."""
MOST_LIKELY = 0.5
"""A week's chance of a later call is taken as no higher, lest one account count for hundreds."""


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """Account-weeks in use, and what each counts.

    Parameters
    ----------
    rows : DataFrame
        ``at`` (position among the account-weeks), ``account_id, treated, weight``; ``days``
        followed and departures ``left``, both counted by the weights for censoring; ``seen_left``
        as it was.
    """

    rows: pd.DataFrame

    @property
    def effective(self) -> float:
        """How many equally weighted other accounts the weights are worth (Kish)."""
        return _kish(_by_account(self.rows)[:, 3])

    @property
    def departures(self) -> float:
        """How many equally weighted departures of others their rate rests on (Kish)."""
        return _kish(_by_account(self.rows)[:, 2])


def _kish(weights: Array) -> float:
    square = float((weights**2).sum())
    return float(weights.sum() ** 2 / square) if square > 0 else 0.0


def weigh(weeks: Weeks, *, follow_days: int) -> Weighed:
    """Weigh the account-weeks without a call until they look like those with one.

    Parameters
    ----------
    weeks : Weeks
    follow_days : int
        Longest follow-up, in whole weeks from the week of the call, of which the first does not
        count: it ends where that of the lot ends. A week longer, and a play that works for
        ``follow_days`` would be blamed for a week in which it no longer does.

    Returns
    -------
    Weighed
        Those called count one each; the weights of the others sum to their number. No rows where
        nobody was called or nobody else was there.
    """
    table, treated = _followed(weeks, follow_days, censoring=True)
    others = ~treated
    if not treated.any() or not others.any():
        return Weighed(rows=table.iloc[:0].assign(weight=0.0))
    design = _design(weeks.known)[table["at"].to_numpy()]
    week = weeks.rows["week"].to_numpy()[table["at"].to_numpy()]
    design = np.column_stack([design, 2 * week / max(len(weeks.starts), 1) - 1])
    weight = np.ones(len(table))
    weight[others] = _entropy_weights(design[others], design[treated].mean(axis=0))
    weight[others] *= treated.sum()
    return Weighed(rows=table.assign(weight=weight))


def unweighed(weeks: Weeks, *, follow_days: int) -> Weighed:
    """Return the same account-weeks, each counting one: what a plain table would compare."""
    table, _ = _followed(weeks, follow_days, censoring=False)
    return Weighed(rows=table.assign(weight=1.0))


def _entropy_weights(others: Array, target: Array) -> Array:
    """Return the weights nearest to equal ones under which the means are those of the target."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    centred = others - target

    def loss(tilt: Array) -> tuple[float, Array]:
        score = centred @ tilt
        total = float(logsumexp(score))
        share = np.exp(score - total)
        return total + SLACK * float(tilt @ tilt) / 2, centred.T @ share + SLACK * tilt

    found = minimize(loss, np.zeros(centred.shape[1]), jac=True, method="L-BFGS-B",
                     options={"maxiter": 2_000})  # fmt: skip
    score = centred @ found.x
    return np.asarray(np.exp(score - logsumexp(score)), float)


def _followed(
    weeks: Weeks, follow_days: int, *, censoring: bool
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Follow each account-week, with a call or without any, from the next week on."""
    place, week = (weeks.rows[name].to_numpy() for name in ("place", "week"))
    called = weeks.called[place] == week
    there = ~weeks.left[place, week] & (called | (weeks.given[place] > week))
    there &= np.isin(week, week[called])
    at = np.flatnonzero(there)
    place, week, called = place[at], week[at], called[at]
    end = np.minimum(week + max(follow_days // 7, 2), len(weeks.starts))
    end = np.where(called, end, np.minimum(end, weeks.given[place]))
    stays = _staying(weeks) if censoring else np.zeros(weeks.days.shape)
    table = pd.DataFrame(
        {"at": at, "account_id": weeks.accounts.to_numpy()[place], "treated": called}
    )
    for name, counted in (("days", weeks.days), ("left", weeks.left.astype(float))):
        plain = _between(counted, place, week + 1, end)
        lifted = _between(counted * np.exp(-stays), place, week + 1, end)
        lifted *= np.exp(stays[place, week])
        table[name] = np.where(called, plain, lifted)
        table[f"seen_{name}"] = plain
    return table[table["seen_days"] > 0].reset_index(drop=True), called[
        (table["seen_days"] > 0).to_numpy()
    ]


def _between(
    values: Array, place: NDArray[np.int64], first: NDArray[np.int64], end: NDArray[np.int64]
) -> Array:
    """Sum a row of each account over weeks ``[first, end)``."""
    total = np.hstack([np.zeros((len(values), 1)), np.cumsum(values, axis=1)])
    return np.asarray(total[place, np.maximum(end, first)] - total[place, first], float)


def _staying(weeks: Weeks) -> Array:
    """Return the logarithm of the probability of not being given anything, summed over weeks."""
    place, week = (weeks.rows[name].to_numpy() for name in ("place", "week"))
    given = weeks.given[place] == week
    stays = np.zeros(weeks.days.shape)
    if given.any() and not given.all():
        chance = _probability(_design(weeks.known), given)
        stays[place, week] = np.log1p(-np.minimum(chance, MOST_LIKELY))
    return np.cumsum(stays, axis=1)


def _probability(design: Array, outcome: NDArray[np.bool_]) -> Array:
    """Return an outcome's probability, by ridge logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / RIDGE, max_iter=2_000)
    model.fit(design, outcome)
    return np.asarray(model.predict_proba(design)[:, 1], float)


def _design(known: pd.DataFrame) -> Array:
    """Return normal scores, their squares, and a flag for what is missing somewhere.

    Scores keep the few that are very sick apart, which plain ranks would press together.
    """
    from scipy.special import ndtri

    columns = []
    for name in known.columns:
        values = known[name]
        missing = values.isna().to_numpy()
        if missing.all() or values.nunique(dropna=True) < 2:
            continue
        rank = (values.rank() - 0.5) / values.notna().sum()
        score = ndtri(rank.fillna(0.5).to_numpy(float))
        columns += [score, score**2]
        if missing.any():
            columns.append(missing.astype(float))
    return np.column_stack(columns) if columns else np.zeros((len(known), 1))


def ratio_of_rates(
    weighed: Weighed, *, n_draws: int, seed: int, level: float = 0.95
) -> tuple[float, float, float]:
    """Ratio of the rates of leaving, with an interval from drawing whole accounts.

    Returns
    -------
    ratio, low, high : float
        NaN where nobody comparable left. Accounts are weighted at random (exponential weights,
        the Bayesian bootstrap), so that one which is there in many weeks counts as one. The
        balance is not found anew in each draw, which widens nothing.

    References
    ----------
    Rubin (1981), *Annals of Statistics* 9, 130-134.
    """
    sums = _by_account(weighed.rows)
    ratio = rate_of(weighed)
    if not np.isfinite(ratio):
        return ratio, float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    draws = rng.standard_exponential((n_draws, len(sums))) @ sums
    ratios = np.array([_ratio(draw) for draw in draws])
    usable = ratios[np.isfinite(ratios)]
    if not len(usable):
        return ratio, float("nan"), float("nan")
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(usable, [tail, 100 - tail])
    return ratio, float(low), float(high)


def rate_of(weighed: Weighed) -> float:
    """Return the rate of leaving with a call over that without; NaN where none of these left."""
    return _ratio(_by_account(weighed.rows).sum(axis=0))


def _by_account(rows: pd.DataFrame) -> Array:
    """Return (n_accounts, 4): weighted departures and days with a call, and without one."""
    codes, names = pd.factorize(rows["account_id"], sort=True)
    treated = rows["treated"].to_numpy(bool)
    weight = rows["weight"].to_numpy(float)
    columns = [
        np.bincount(codes, weight * rows[name].to_numpy(float) * group, len(names))
        for group in (treated, ~treated)
        for name in ("left", "days")
    ]
    return np.column_stack(columns)


def _ratio(sums: Array) -> float:
    """Return the ratio of the rates; NaN where a group has no time or the others no event."""
    gone, time, gone_without, time_without = (float(value) for value in sums)
    if min(time, time_without) <= 0 or gone_without <= 0:
        return float("nan")
    return gone / time / (gone_without / time_without)


def placebo(weighed: Weighed, *, n_draws: int, seed: int) -> Array:
    """Ratios when account-weeks without a call, drawn by weight, are taken for those with one.

    Nobody among them was called, so the ratios should lie around 1: a method that finds an effect
    here would find one anywhere.

    Returns
    -------
    ndarray, (n_draws,)
        NaN where the rest of a draw holds no departure.
    """
    rows = weighed.rows[~weighed.rows["treated"].astype(bool)]
    n = int(weighed.rows["treated"].sum())
    ratios = np.full(n_draws, np.nan)
    if rows.empty or not n:
        return ratios
    weight, left, days = (rows[name].to_numpy(float) for name in ("weight", "left", "days"))
    rng = np.random.default_rng(seed)
    for draw in range(n_draws):
        taken = rng.multinomial(n, weight / weight.sum()).astype(float)
        rest = np.where(taken > 0, 0.0, weight)
        sums = [
            (taken * left).sum(),
            (taken * days).sum(),
            (rest * left).sum(),
            (rest * days).sum(),
        ]
        ratios[draw] = _ratio(np.array(sums))
    return ratios
