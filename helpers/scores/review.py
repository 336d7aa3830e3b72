"""Do the scores still hold: what was said before, and who is asked about now?"""

import pandas as pd

from helpers.artifacts import Run
from helpers.audit.drift import earlier_runs
from helpers.scores.drift import drift_table
from helpers.scores.hindsight import predicted_and_actual

__all__ = ["drift_view", "hindsight_view", "look_back"]


def look_back(
    run: Run, features: pd.DataFrame, labels: pd.DataFrame, left: pd.DataFrame, accounts: pd.Series
) -> dict[str, pd.DataFrame]:
    """Return ``predicted_and_actual`` of earlier runs, and the ``drift`` of the model's inputs.

    Parameters
    ----------
    run : Run
        Says where earlier runs lie.
    features, labels : DataFrame
        Of 02.
    left : DataFrame
        ``account_id, churned_at``: :func:`helpers.features.departures.departures`.
    accounts : Series
        Ids that may be looked at.
    """
    config = run.config()
    dictionary = run.read("02_feature_engineering", "dictionary")
    as_of = pd.Timestamp(config.as_of)
    return {
        "predicted_and_actual": predicted_and_actual(
            earlier_runs(run, config), left, accounts, as_of=as_of
        ),
        "drift": drift_table(features, labels, dictionary),
    }


def hindsight_view(found: pd.DataFrame) -> pd.DataFrame:
    """Return predicted and actual departures for people."""
    rows = zip(found["low"], found["high"], strict=True)
    return pd.DataFrame(
        {
            "run": found["run_id"],
            "days gone by": [
                f"{days} of {of}"
                for days, of in zip(found["days"], found["horizon_days"], strict=True)
            ],
            "band": found["band"],
            "accounts": found["n"],
            "expected to leave": found["expected"].astype("float64").round(1),
            "as many as": [f"{low} to {high}" for low, high in rows],
            "left": found["left"],
            "verdict": found["verdict"],
        }
    )


def drift_view(found: pd.DataFrame) -> pd.DataFrame:
    """Return the inputs that have moved, or may have, for people."""
    moved = found[found["state"].isin(["drifted", "look"])]
    return pd.DataFrame(
        {
            "input": moved["meaning"],
            "median before": moved["median_before"],
            "now": moved["median_now"],
            "not known before": moved["missing_before"],
            "not known now": moved["missing_now"],
            "stability index": moved["psi"],
            "limit for so many accounts": moved["psi_limit"],
            "q (KS)": moved["q_value"],
            "verdict": moved["state"],
        }
    )
