"""Which of the patterns and metrics that matter are tracked, and what lacks for the others."""

from typing import Any

import pandas as pd

from helpers.audit.issues import issue
from helpers.audit.tables import Views
from helpers.config import CompanyConfig

__all__ = ["catalogue_issues", "metric_tracking", "pattern_tracking"]

TRACKED, NOT_TRACKED = "tracked", "not tracked"


def pattern_tracking(views: Views, taxonomy: pd.DataFrame, config: CompanyConfig) -> pd.DataFrame:
    """Say of each catalogued pattern whether its data are there: the instrumentation gaps.

    Parameters
    ----------
    views : Views
        The clean tables.
    taxonomy : DataFrame
        From :func:`helpers.audit.taxonomy.event_taxonomy`.
    config : CompanyConfig
        With the catalogue and the roles.

    Returns
    -------
    DataFrame
        ``pattern``, ``type``, ``meaning``, ``decision`` (that it informs), ``sources``,
        ``metrics``, ``state`` (tracked, not tracked), ``gap`` (what lacks, in words).
    """
    counts = _counts(taxonomy)
    rows = []
    for name, pattern in config.catalogue.patterns.items():
        gap = _gap(pattern.sources, views, counts, config)
        rows.append(
            {
                "pattern": name,
                "type": pattern.type,
                "meaning": pattern.meaning,
                "decision": pattern.decision,
                "sources": ", ".join(pattern.sources),
                "metrics": ", ".join(pattern.metrics),
                "state": NOT_TRACKED if gap else TRACKED,
                "gap": gap,
            }
        )
    return pd.DataFrame(rows).astype("str")


def metric_tracking(views: Views, taxonomy: pd.DataFrame, config: CompanyConfig) -> pd.DataFrame:
    """Say of each catalogued metric whether its data are there.

    Returns
    -------
    DataFrame
        ``metric``, ``kind`` (depth, breadth, frequency, outcome), ``meaning``, ``measured_by``,
        ``typical`` (usual range by customer segment, as configured), ``season``, ``sources``,
        ``state``, ``gap``; see :func:`pattern_tracking`.
    """
    counts = _counts(taxonomy)
    rows = []
    for name, metric in config.catalogue.metrics.items():
        gap = _gap(metric.sources, views, counts, config)
        ranges = [f"{who}: {low:g} to {high:g}" for who, (low, high) in metric.typical.items()]
        counted = " + ".join(metric.events)
        per = f" per {' + '.join(metric.per)}" if metric.per else " a week"
        rows.append(
            {
                "metric": name,
                "kind": metric.kind,
                "meaning": metric.meaning,
                "measured_by": metric.feature or counted + per,
                "typical": "; ".join(ranges) or "not stated",
                "season": metric.season or "not stated",
                "sources": ", ".join(metric.sources),
                "state": NOT_TRACKED if gap else TRACKED,
                "gap": gap,
            }
        )
    return pd.DataFrame(rows).astype("str")


def catalogue_issues(patterns: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn the patterns that are not tracked into one note."""
    gaps = patterns[patterns["state"] == NOT_TRACKED]
    return [
        issue(
            "events",
            "",
            "a pattern of the catalogue that is not tracked",
            n_rows=len(gaps),
            share=len(gaps) / max(len(patterns), 1),
            severity="note",
            example="; ".join(gaps["pattern"].head(3)),
            remedy="The table `pattern_catalogue` says what to instrument or to load for each.",
        )
    ]


def _counts(taxonomy: pd.DataFrame) -> dict[str, int]:
    return dict(zip(taxonomy["event"], taxonomy["n_events"].astype(int), strict=True))


def _gap(needs: list[str], views: Views, counts: dict[str, int], config: CompanyConfig) -> str:
    """Say what lacks for a list of needs; empty if every one is met by one of its alternatives."""
    lacking = []
    for need in needs:
        reasons = [_lacks(part, views, counts, config) for part in need.split("|")]
        if all(reasons):
            lacking.append(" and ".join(dict.fromkeys(reasons)))
    return "; ".join(dict.fromkeys(lacking))


def _lacks(need: str, views: Views, counts: dict[str, int], config: CompanyConfig) -> str:
    """Return why one source is not there, in words; empty if it is."""
    mark, _, name = need.partition(":")
    if mark == "event":
        return "" if counts.get(name) else f"the event `{name}` never occurs"
    if mark == "role":
        events = config.roles.events_of(name)
        if not events:
            return f"no event is configured for the role `{name}`"
        found = any(counts.get(event) for event in events)
        return "" if found else f"the events of the role `{name}` never occur"
    table, _, column = need.partition(".")
    if table not in views.present:
        return f"there is no `{table}` table"
    if not column:
        return "" if views.n_rows(table) else f"`{table}` has no row"
    return "" if views.has(table, column) else f"`{table}.{column}` is empty"
