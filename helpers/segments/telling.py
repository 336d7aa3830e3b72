"""What a reader must know before using the segments, in words."""

import pandas as pd

from helpers.segments.prepare import Preparation

__all__ = ["missing_dimensions", "warnings_of"]


def warnings_of(selection: pd.DataFrame, reason: str) -> tuple[str, ...]:
    """Say what a reader of the segments must know first."""
    if reason:
        return (f"No clusters: {reason}. Segments follow the written rules alone.",)
    chosen = selection[selection["chosen"]].iloc[0]
    k, notes = int(chosen["n_clusters"]), []
    if k <= 3:
        notes.append(f"{k} segments are too coarse to act on differently.")
    if k > 7:
        notes.append(f"{k} segments: more than seven overwhelm a team; consider a smaller k_max.")
    if chosen["near_tie"]:
        tied = selection.loc[selection["near_tie"] & ~selection["chosen"], "n_clusters"]
        others = " and ".join(str(int(other)) for other in tied)
        notes.append(f"A near tie: {others} clusters separate accounts about as well as {k}.")
    return tuple(notes)


def missing_dimensions(
    features: pd.DataFrame, prepared: Preparation | None, dictionary: pd.DataFrame
) -> tuple[str, ...]:
    """Name each dimension without any feature, and the tables it would be made of."""
    if prepared is None or "sources" not in dictionary:
        return ()
    sources = dictionary.set_index("feature")["sources"]
    told = features.reindex(columns=sources.index[sources == "events"]).notna().any(axis=None)
    always = {"accounts", "events"} if told else {"accounts"}
    notes = []
    for name in prepared.dimensions.loc[~prepared.dimensions["used"], "dimension"]:
        wanted = [item.feature for item in prepared.learnt if item.dimension == name]
        named = sources.reindex(wanted).dropna().str.split(", ")
        tables = sorted({table for row in named for table in row if table not in always})
        text = " or ".join(f"`{table}`" for table in tables)
        because = f"there is no {text} table" if tables else "no feature of it varies"
        notes.append(f"{name} of accounts: not compared, because {because}")
    return tuple(notes)
