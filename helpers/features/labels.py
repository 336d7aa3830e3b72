"""What became of each account after a date, and where that cannot be known yet.

A label looks at ``[as_of + lead, as_of + horizon)`` and nothing else. If the run's own as-of date
lies inside that window, the account is censored: its label is empty, never "did not churn".
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Sequence

import pandas as pd

from helpers.config import CompanyConfig
from helpers.engine import Engine, History, day_number, day_to_date
from helpers.errors import ParameterError
from helpers.features.population import Context, open_context

__all__ = ["build_labels"]

NOT_OVER = "the window is not over"
LEFT_EARLY = "left before the lead was over"
NOT_RECORDED = "outcomes are not recorded"


def build_labels(
    engine: Engine,
    as_of_dates: Sequence[pd.Timestamp],
    *,
    config: CompanyConfig,
    history: History,
    horizon_days: int,
    lead_days: int = 0,
) -> pd.DataFrame:
    """Label every account that was a customer at each as-of date.

    Parameters
    ----------
    engine, as_of_dates, config, history
        As for :func:`helpers.features.build_features`.
    horizon_days : int
        Outcomes count up to ``as_of + horizon``, that day excluded.
    lead_days : int
        Blind gap: outcomes count from ``as_of + lead`` on.

    Returns
    -------
    DataFrame
        account_id, as_of, horizon_days, lead_days, churned, upgraded (boolean, empty where
        censored), censored, churned_on, upgraded_on (dates of the first outcome in the window),
        why_censored (text); sorted by as_of (newest first) and account.

    Raises
    ------
    ParameterError
        Unless ``0 <= lead_days < horizon_days``; or, where churn means silence, if the window is
        shorter than ``churn_after_silent_days``.

    Notes
    -----
    An account that left inside the lead is censored too: nobody could have acted on its score.
    Without a table of outcomes but with ``churn_after_silent_days``, churned means no event in the
    whole window, and ``churned_on`` is the day on which the silence had lasted that long.
    """
    if not 0 <= lead_days < horizon_days:
        raise ParameterError(
            f"lead_days must lie in [0, horizon_days={horizon_days}), got {lead_days}: a lead past "
            "the horizon leaves no churn to predict."
        )
    context = open_context(engine, config, history, as_of_dates)
    silent_days = config.analysis.churn_after_silent_days
    if context.has("outcomes"):
        frame = engine.frame(_from_outcomes(horizon_days, lead_days))
    elif silent_days is not None:
        _check_silence(silent_days, horizon_days, lead_days)
        frame = engine.frame(_from_silence(horizon_days, lead_days, silent_days))
    else:
        frame = engine.frame(_unknown())
    return _finish(frame, context, horizon_days, lead_days)


def _check_silence(silent_days: int, horizon_days: int, lead_days: int) -> None:
    if horizon_days - lead_days < silent_days:
        raise ParameterError(
            f"churn is declared after {silent_days} silent days (churn_after_silent_days), but the "
            f"window from lead_days={lead_days} to horizon_days={horizon_days} is only "
            f"{horizon_days - lead_days} days long: silence could not be told from a pause. "
            f"Expected horizon_days of at least {silent_days + lead_days}."
        )


def _from_outcomes(horizon_days: int, lead_days: int) -> str:
    opens = f"o.occurred_day >= p.cutoff + {lead_days}"
    return f"""
        SELECT p.account_id, p.cutoff, TRUE AS knows_churn, TRUE AS knows_upgrade,
               MIN(CASE WHEN {opens} AND o.outcome = 'churned' THEN o.occurred_day END)
                   AS churned_day,
               MIN(CASE WHEN {opens} AND o.outcome = 'upgraded' THEN o.occurred_day END)
                   AS upgraded_day,
               MAX(CASE WHEN NOT {opens} AND o.outcome = 'churned' THEN 1 ELSE 0 END)
                   AS left_early
        FROM population p
        LEFT JOIN side_outcomes o ON o.account_no = p.account_no AND o.occurred_day >= p.cutoff
                                 AND o.occurred_day < p.cutoff + {horizon_days}
        WHERE p.is_live
        GROUP BY p.account_id, p.cutoff
        ORDER BY p.cutoff DESC, p.account_id
        """


def _from_silence(horizon_days: int, lead_days: int, silent_days: int) -> str:
    """Churned: nothing in the window; dated when the silence had lasted long enough."""
    return f"""
        SELECT p.account_id, p.cutoff, TRUE AS knows_churn, FALSE AS knows_upgrade,
               CASE WHEN MAX(CASE WHEN d.day >= p.cutoff + {lead_days} THEN 1 ELSE 0 END) = 0
                    THEN MAX(d.day) + {silent_days} END AS churned_day,
               CAST(NULL AS INTEGER) AS upgraded_day, 0 AS left_early
        FROM population p
        JOIN account_day d ON d.account_no = p.account_no AND d.day < p.cutoff + {horizon_days}
                          AND d.day >= p.cutoff - {silent_days}
        WHERE p.is_live
        GROUP BY p.account_id, p.cutoff
        ORDER BY p.cutoff DESC, p.account_id
        """


def _unknown() -> str:
    return """
        SELECT account_id, cutoff, FALSE AS knows_churn, FALSE AS knows_upgrade,
               CAST(NULL AS INTEGER) AS churned_day, CAST(NULL AS INTEGER) AS upgraded_day,
               0 AS left_early
        FROM population WHERE is_live ORDER BY cutoff DESC, account_id
        """


def _finish(
    frame: pd.DataFrame, context: Context, horizon_days: int, lead_days: int
) -> pd.DataFrame:
    """Censor what is not known yet and turn day numbers into dates."""
    run_as_of = context.config.analysis.as_of
    known_until = day_number(pd.Timestamp(run_as_of)) if run_as_of else context.history.last_day + 1
    why = pd.Series(pd.NA, index=frame.index, dtype="string")
    why[frame["left_early"] == 1] = LEFT_EARLY
    why[frame["cutoff"] + horizon_days > known_until] = NOT_OVER
    why[~frame["knows_churn"]] = NOT_RECORDED
    open_ = why.isna()
    labels = pd.DataFrame(
        {
            "account_id": frame["account_id"].astype("string"),
            "as_of": day_to_date(frame["cutoff"]).to_numpy(),
            "horizon_days": horizon_days,
            "lead_days": lead_days,
        }
    )
    for outcome in ("churned", "upgraded"):
        happened = frame[f"{outcome}_day"].notna().astype("boolean")
        known = open_ & frame["knows_churn" if outcome == "churned" else "knows_upgrade"]
        labels[outcome] = happened.where(known)
    labels["censored"] = ~open_
    for outcome in ("churned", "upgraded"):
        day = frame[f"{outcome}_day"].where(open_)
        labels[f"{outcome}_on"] = day_to_date(day).to_numpy()
    return labels.assign(why_censored=why)
