"""One line a segment: how many, worth how much, what is typical, why the name, what to do."""

from dataclasses import asdict, fields

import numpy as np
import pandas as pd

from helpers.segments.playbooks import Playbook, playbook_of
from helpers.segments.profiles import profile_segments
from helpers.segments.segmentation import Segmentation
from helpers.segments.vocabulary import family_of

__all__ = ["describe_segments", "personas"]

N_TRAITS = 5


def describe_segments(
    features: pd.DataFrame, segmentation: Segmentation
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return profiles (long form) and personas (one row a segment) of the newest date.

    See :func:`helpers.segments.profiles.profile_segments` and :func:`personas`.
    """
    profiles = profile_segments(features, segmentation)
    return profiles, personas(profiles, segmentation)


def personas(profiles: pd.DataFrame, segmentation: Segmentation) -> pd.DataFrame:
    """Return one row a segment of the newest date.

    Parameters
    ----------
    profiles : DataFrame
        From :func:`helpers.segments.profiles.profile_segments`.
    segmentation : Segmentation
        The segments.

    Returns
    -------
    DataFrame, (n_segments, 17)
        ``segment``, ``n_accounts``, ``share`` (of live accounts), ``mrr``, ``mrr_share``,
        ``certainty`` (median), ``traits`` (list of text: the largest differences whose
        interval excludes 0), ``rule``, ``because``, ``family``, and the playbook: ``objective``,
        ``touch``, ``channel``, ``content``, ``owner``, ``success_metric``.
    """
    sizes = profiles.drop_duplicates("segment")[["segment", "n_accounts", "mrr"]]
    table = sizes.reset_index(drop=True)
    table.insert(2, "share", table["n_accounts"] / max(int(table["n_accounts"].sum()), 1))
    table["mrr_share"] = table["mrr"] / (table["mrr"].sum() or np.nan)
    newest = segmentation.assignments[segmentation.assignments["as_of"] == segmentation.as_of]
    certainty = newest.groupby("segment")["certainty"].median()
    table["certainty"] = table["segment"].map(certainty).astype(float)
    table["traits"] = [_traits(profiles, segment) for segment in table["segment"]]
    reasons = segmentation.naming.reindex(columns=["segment", "rule", "because"])
    table = table.merge(reasons, on="segment", how="left")
    table["family"] = pd.Series([family_of(name) for name in table["segment"]], dtype="str")
    plays = [asdict(playbook_of(segment)) for segment in table["segment"]]
    return table.join(pd.DataFrame(plays, columns=[item.name for item in fields(Playbook)]))


def _traits(profiles: pd.DataFrame, segment: str) -> list[str]:
    rows = profiles[(profiles["segment"] == segment) & profiles["effect"].notna()]
    sure = rows[(rows["low"] > 0) | (rows["high"] < 0)]
    ranked = sure.assign(size=sure["effect"].abs().round(6)).sort_values(
        ["size", "metric"], ascending=[False, True]
    )
    return [_trait(row) for _, row in ranked.head(N_TRAITS).iterrows()]


def _trait(row: pd.Series) -> str:
    """Write a share or a change in percent, another number with three digits."""
    percent = any(mark in row["metric"] for mark in ("__share", "__change", "__rate"))
    text = "{}: {:.0%} (others {:.0%})" if percent else "{}: {:,.3g} (others {:,.3g})"
    return text.format(row["meaning"], row["mean"], row["rest_mean"])
