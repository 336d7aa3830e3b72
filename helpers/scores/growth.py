"""What the notebook of growth and engagement shows: views, the headline, and what is missing."""

from typing import Any

import pandas as pd

from helpers.scores.study import Study

__all__ = [
    "CHANCES",
    "alike_view",
    "caveats",
    "facts",
    "gaps",
    "headline",
    "openings",
    "quiet_view",
    "review_view",
]

READY = 70.0
CHANCES = ("active_probability", "probability_low", "probability_high")
QUIET = 0.5
WITH_CHANCE = (
    "{n_ready:,} of {n_accounts:,} live accounts score {ready:.0f} or more for opportunity, and "
    "{n_alike:,} resemble accounts that upgraded. "
)
ENGAGED = (
    "{n_quiet:,} are more likely silent than active next week; of the silent weeks of the "
    "back-test the first {k} of the list held {capture:.0%} ({capture_low:.0%} to "
    "{capture_high:.0%}), by the account's own past {capture_own:.0%}."
)
NOT_ENGAGED = "Nobody is given a chance of being active next week ({reason})."


def headline(engagement: Study) -> str:
    """Return the template of the headline."""
    return WITH_CHANCE + (ENGAGED if engagement.signal.passed else NOT_ENGAGED)


def facts(
    expansion: pd.DataFrame,
    alike: pd.DataFrame,
    coming: pd.DataFrame,
    engagement: Study,
    evaluation: pd.DataFrame,
    *,
    own_past: str,
) -> dict[str, Any]:
    """Return the numbers of the headline and others worth keeping.

    Parameters
    ----------
    expansion, alike : DataFrame
        ``expansion`` and ``look_alikes`` of 06.
    coming : DataFrame
        From :func:`helpers.scores.next_week.next_week`.
    engagement : Study
        Of silent weeks.
    evaluation : DataFrame
        Of 06, both outcomes.
    own_past : str
        The baseline that needs no model.
    """
    newest = expansion[expansion["as_of"] == expansion["as_of"].max()]
    chance = newest["upgrade_probability"]
    values: dict[str, Any] = {
        "n_accounts": len(newest),
        "n_ready": int((newest["opportunity_score"] >= READY).sum()),
        "ready": READY,
        "n_alike": len(alike),
        "n_quiet": int((coming["active_probability"] < QUIET).sum()),
        "k": engagement.k,
        "reason": engagement.signal.reason,
        "engagement_signal": int(engagement.signal.passed),
        "engagement_auc": engagement.signal.auc,
        "upgrade_signal": int(chance.notna().any()),
    }
    for name, model in (("", engagement.model), ("_own", own_past)):
        row = _row(engagement.evaluation, model)
        values |= {f"capture{name}{end}": row[key] for end, key in _ENDS}
    judged = evaluation[
        (evaluation["outcome"] == "upgraded")
        & (evaluation["metric"] == "roc_auc")
        & (evaluation["split"] == "time")
    ]
    for name, auc in zip(judged["model"], judged["value"], strict=True):
        values[f"upgrade_auc_{str(name).replace(' ', '_').replace('-', '_')}"] = float(auc)
    return values


_ENDS = (("", "value"), ("_low", "low"), ("_high", "high"))


def _row(evaluation: pd.DataFrame, model: str) -> dict[str, float]:
    mine = evaluation[
        (evaluation["model"] == model)
        & (evaluation["metric"] == "capture_at_k")
        & (evaluation["split"] == "rolling")
    ]
    names = ("value", "low", "high")
    if mine.empty:
        return dict.fromkeys(names, float("nan"))
    return {name: float(mine[name].iloc[0]) for name in names}


def caveats(engagement: Study) -> tuple[str, ...]:
    """Return what a reader must know before acting on it."""
    notes = [
        "Resembling an account that upgraded is no reason to want the same: ask before offering.",
        "A week counts as active if anything happened in it, however little.",
    ]
    if engagement.signal.passed:
        notes.append(
            f"{engagement.signal.n_positive} silent weeks on the dates that were judged; "
            f"p = {engagement.signal.p_value:.3f} against weeks shuffled among accounts of one age."
        )
    return tuple(notes)


def gaps(expansion: pd.DataFrame, alike: pd.DataFrame, coming: pd.DataFrame) -> tuple[str, ...]:
    """Return what could not be computed, and for want of what."""
    told = []
    if alike.empty:
        told.append("look-alikes: nobody is listed, because too few upgrades are on record")
    if expansion["upgrade_probability"].isna().all():
        told.append("chance to upgrade: not given, because no model has shown a signal")
    if coming.empty:
        told.append("next week: not looked at, because no activity is on record")
    return tuple(told)


def openings(expansion: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts of the newest date, most ready for more first."""
    newest = expansion[expansion["as_of"] == expansion["as_of"].max()]
    ordered = newest.sort_values(
        ["opportunity_score", "account_id"], ascending=[False, True], ignore_index=True
    )
    names = ["account_id", "opportunity_score", "upgrade_probability", "upgrade_low"]
    return ordered[[*names, "upgrade_high", "reasons"]]


def alike_view(alike: pd.DataFrame, names: pd.Series | None = None) -> pd.DataFrame:
    """Return the look-alikes for people.

    Parameters
    ----------
    alike : DataFrame
        ``look_alikes`` of 06.
    names : Series, optional
        Account id to name; an account that is not in it keeps its id.
    """
    known = {} if names is None else names.dropna().to_dict()
    rows = zip(alike["share"], alike["low"], alike["high"], strict=True)
    return pd.DataFrame(
        {
            "account_id": alike["account_id"],
            "of those like it, upgraded": [
                f"{share:.0%} ({low:.0%}\u00a0to\u00a0{high:.0%})" for share, low, high in rows
            ],
            "usual": alike["base_rate"],
            "such as": [
                "; ".join(
                    " on ".join((known.get(one, one), date))
                    for one, date in (text.rsplit(" on ", 1) for text in listed)
                )
                for listed in alike["alike"]
            ],
            "in common": alike["because"].map(", ".join),
        }
    )


def review_view(expansion: pd.DataFrame, advanced: pd.DataFrame | None) -> pd.DataFrame:
    """Return what a business review could show the accounts most ready for more.

    Parameters
    ----------
    expansion : DataFrame
        Of 06.
    advanced : DataFrame or None
        ``advanced_features`` of 04.

    Returns
    -------
    DataFrame
        One row an account that is ready for more (:data:`READY`) and has something to be shown.
    """
    columns = ["account_id", "opportunity_score", "advanced features it does not use"]
    if advanced is None or advanced.empty:
        return pd.DataFrame(columns=columns)
    ordered = advanced.sort_values(["account_id", "place"])
    told = pd.Series(
        [
            f"{str(feature).replace('_', ' ')} ({using / n:.0%} of {n} alike, {usual:.0%} of all)"
            for feature, using, n, usual in zip(
                *(ordered[name] for name in ("feature", "n_using", "n_alike", "base_rate")),
                strict=True,
            )
        ],
        index=ordered["account_id"],
        dtype="object",
    )
    listed = told.groupby(level=0).agg(", ".join)
    ready = openings(expansion)[columns[:2]]
    ready = ready[ready["opportunity_score"] >= READY]
    return ready.assign(**{columns[2]: ready["account_id"].map(listed)}).dropna(ignore_index=True)


def quiet_view(coming: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts least likely to be active next week."""
    known = coming["active_probability"].notna()
    return coming.loc[known, ["account_id", *CHANCES, "active_weeks", "reasons"]]
