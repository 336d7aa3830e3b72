"""One study of the segments: found, held against the run before and other ways, looked ahead."""

import pandas as pd

from helpers.segments.algorithms import Comparison, compare_algorithms
from helpers.segments.carry import (
    Continuity,
    carry_names,
    compare_with_quarter_before,
    usual_number,
)
from helpers.segments.cluster import MAX_FULL_ACCOUNTS
from helpers.segments.forecast import Forecast, forecast_moves
from helpers.segments.migration import Movement
from helpers.segments.model import segment_accounts
from helpers.segments.review import merge_candidates, review_sheet
from helpers.segments.segmentation import Segmentation
from helpers.segments.stability import MAX_ACCOUNTS
from helpers.segments.widths import MAX_SILHOUETTE_ACCOUNTS

__all__ = [
    "cautions",
    "compare_algorithms",
    "forecast_moves",
    "key_values",
    "review_sheet",
    "segment_in_line",
    "tables_of",
]

UNRELATED = 0.3
RELABELLED = 0.8
MIN_ACTIVE_DAYS = 2
"""Of the median account in a month: where one day makes the difference, a move may be chance."""


def segment_in_line(
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    before: pd.DataFrame | None,
    *,
    seed: int,
    **options: int | float | bool,
) -> tuple[Segmentation, Continuity]:
    """Segment the accounts in line with the run before, where there is one.

    Parameters
    ----------
    features, dictionary : DataFrame
        Tables of 02.
    before : DataFrame or None
        ``assignments`` of the run before: of near ties its number of segments is kept, and
        clusters that go on from its segments keep their names.
    seed : int
        Of every random draw.
    **options
        Of :func:`helpers.segments.model.segment_accounts`.

    Returns
    -------
    Segmentation, Continuity
        Without a run before, the continuity is that with the accounts of a quarter ago,
        clustered by themselves.
    """
    found = segment_accounts(
        features,
        dictionary,
        seed=seed,
        usual=usual_number(before),
        **options,  # type: ignore[arg-type]
    )
    if before is None:
        return found, compare_with_quarter_before(features, dictionary, found, seed=seed)
    return carry_names(features, found, before)


def tables_of(
    found: Segmentation,
    movement: Movement,
    continuity: Continuity,
    others: Comparison,
    ahead: Forecast,
) -> dict[str, pd.DataFrame]:
    """Return what a study hands on, by the name of its table."""
    return {
        "assignments": found.assignments,
        "selection": found.selection,
        "naming": found.naming,
        "preparation": found.ingredients,
        "correlated": found.correlated,
        "migration": movement.migration,
        "movers": movement.movers,
        "continuity": continuity.table,
        "algorithms": others.algorithms,
        "agreement": others.agreement,
        "outliers": others.outliers,
        "tree": others.tree,
        "transitions": ahead.transitions,
        "move_forecast": ahead.accounts,
        "forecast_test": ahead.back_test,
    }


def key_values(
    found: Segmentation, people: pd.DataFrame, movement: Movement, *, currency: str
) -> dict[str, object]:
    """Return the numbers of the finding: sizes, what is at risk, how good the clusters are."""
    at_risk = people[people["family"] == "at risk"]
    money = at_risk["mrr"].sum(min_count=min(1, len(at_risk)))
    return {
        "n_accounts": int(people["n_accounts"].sum()),
        "n_segments": len(people),
        "how": "the written rules alone" if found.reason else "clustering",
        "n_at_risk": int(at_risk["n_accounts"].sum()),
        "at_risk_share": float(at_risk["share"].sum()),
        "at_risk_mrr": money,
        "at_risk_paying": "" if pd.isna(money) else f", {money:,.0f} {currency} a month",
        "unexpected": movement.unexpected,
        **found.measures,
        **{
            f"share of {segment}": share
            for segment, share in zip(people["segment"], people["share"], strict=True)
        },
    }


def cautions(
    people: pd.DataFrame,
    found: Segmentation,
    continuity: Continuity,
    others: Comparison,
    ahead: Forecast,
) -> tuple[str, ...]:
    """Say what else a reader must know: emergence, relabelling, disagreement, sampling, merging."""
    notes = [*_slow(found)]
    emerging = continuity.emerging["segment"].tolist()
    if emerging:
        notes.append(f"Emerging, with no segment before that leads to it: {', '.join(emerging)}.")
    if continuity.agreement < RELABELLED:
        notes.append(
            f"The same accounts at the same date agree only to {continuity.agreement:.2f} "
            "(adjusted Rand index) with how they were called before: part of what moved are labels."
        )
    table = others.algorithms
    if len(table):
        rival = table[table["algorithm"].isin(["Ward hierarchy", "Gaussian mixture"])]
        if rival["agreement"].max() < UNRELATED:
            notes.append("Two other algorithms group these accounts differently: borders are soft.")
    alike = merge_candidates(people)
    notes += [
        f"{first} and {second} have the same playbook: consider merging them."
        for first, second in zip(alike["first"], alike["second"], strict=True)
    ]
    if len(ahead.back_test) and not ahead.helps:
        notes.append(ahead.verdict)
    return (*notes, *_sampled(len(found.scores), others))


def _slow(found: Segmentation) -> tuple[str, ...]:
    """Say that a month shows little of accounts that are hardly ever active in one."""
    days = found.active_days
    if not days < MIN_ACTIVE_DAYS:
        return ()
    told = f"Half of the settled accounts are active on {days:.0f} or fewer of 30 days: one visit "
    told += "more or less moves them, and a segment at risk holds those that merely stayed away."
    return (told,)


def _sampled(n: int, others: Comparison) -> tuple[str, ...]:
    """Say what was computed on a part of the accounts only."""
    if n <= MAX_SILHOUETTE_ACCOUNTS:
        return ()
    parts = [f"silhouette over at most {MAX_SILHOUETTE_ACCOUNTS:,} accounts"]
    if n > MAX_ACCOUNTS:
        parts.append(f"resamples and shapeless clouds over at most {MAX_ACCOUNTS:,}")
    if others.note:
        parts.append(f"other algorithms over {others.note}")
    if n > MAX_FULL_ACCOUNTS:
        parts.append("k-means in mini-batches")
    return (f"Of many accounts a part is looked at: {'; '.join(parts)}.",)
