"""Features that another system has computed: laid in where their own source is absent.

A measure is named like the feature that it stands for and is in that feature's unit. It is read
strictly before each cutoff, the newest first, and it goes stale. Where a company has the source
itself, the feature is computed from the source and the measure says nothing.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Sequence
from dataclasses import replace

from helpers.config import near_miss
from helpers.engine import Engine
from helpers.errors import ParameterError
from helpers.features.feature import Feature
from helpers.features.population import Context
from helpers.features.visible import visible

__all__ = ["MEASURED", "TOLD", "as_measured", "check_names", "stage_measures"]

MEASURED = "agg_measures"
"""One row an account and cutoff, one column a measure."""
TOLD = "measured_feature"
"""The features that measures tell in this run, since no source does."""


def as_measured(feature: Feature) -> Feature:
    """Return the record of a feature that a measure tells: as another system computed it."""
    return replace(
        feature,
        needs=("measures",),
        fill=None,
        min_days=0,
        whole_life=False,
        note="as measured by another system; empty where the measure is missing or stale",
    )


def check_names(names: Sequence[str], features: Sequence[Feature]) -> None:
    """Refuse a measure that no feature is named like, or whose feature is no number.

    Raises
    ------
    ParameterError
        Listing every such name with the nearest feature.
    """
    usable = {f.name for f in features if f.kind != "text" and f.over != "spine" and not f.hidden}
    problems = [
        f"measure {name!r} is no number of the dictionary.{near_miss(name, sorted(usable))}"
        for name in names
        if name not in usable
    ]
    if problems:
        raise ParameterError(
            "\n".join(problems)
            + "\nA measure is named like the feature that it stands for: the table `dictionary` of "
            "notebooks/02_feature_engineering.ipynb lists them, with windows_days as configured."
        )


def stage_measures(context: Context, features: Sequence[Feature]) -> tuple[str, ...]:
    """Make the table :data:`MEASURED` and return the features that it holds.

    Parameters
    ----------
    context : Context
        With ``population``; its configuration says after how many days a measure is stale.
    features : sequence of Feature
        Of this run's windows.

    Returns
    -------
    tuple of str
        Empty where the company has no measures; nothing is made then.

    Raises
    ------
    ParameterError
        For a measure that is named like no feature.
    """
    if not context.has("measures"):
        return ()
    names = _names(context.engine)
    check_names(names, features)
    valid = context.config.thresholds.measures_valid_days
    columns = ", ".join(
        f"MAX(CASE WHEN measure = '{name}' THEN value END) AS {name}" for name in names
    )
    context.engine.table(
        MEASURED,
        f"""
        SELECT account_no, cutoff, {columns} FROM (
            SELECT account_no, cutoff, measure, value, ROW_NUMBER() OVER (
                PARTITION BY account_no, cutoff, measure ORDER BY age_days
            ) AS place FROM ({visible("measures")}) AS v WHERE age_days <= {valid}
        ) AS newest WHERE place = 1 GROUP BY account_no, cutoff
        """,
    )
    return tuple(names)


def _names(engine: Engine) -> list[str]:
    found = engine.frame("SELECT DISTINCT measure FROM side_measures ORDER BY measure")
    return [str(name) for name in found["measure"]]
