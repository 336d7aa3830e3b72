"""Is this delivery like the last one? The newest rows of each table, against the run before.

A source that changes its unit (hours become minutes) stays perfectly valid: only a comparison
with what was accepted before shows it. Medians are compared, of the newest 90 days of each run,
so that neither growth nor a single odd row matters.
"""

import json
from pathlib import Path

import pandas as pd

from helpers.artifacts import Run
from helpers.audit.tables import Views, open_views
from helpers.config import CompanyConfig
from helpers.contract import TABLES
from helpers.sources.session import Sql, commas, fill, ident, literal

__all__ = ["JUMPED", "Earlier", "compare_runs", "earlier_run", "earlier_runs", "jumps"]

WINDOW_DAYS = 90
MIN_VALUES = 30
"""Medians of fewer values jump by chance."""
GROUPED = {"events": "event", "outcomes": "outcome", "external_signals": "kind"}
"""What tells apart the quantities that one number column holds, besides the long tables."""
SHRUNK = 0.5
"""Fewer new rows a day than this share of before are worth a look."""
JUMPED = "jumped"
CLEAN = Path("tables") / "01_data_audit"
_COLUMNS = ["table", "measure", "before", "now", "ratio", "state"]

Earlier = tuple[Path, pd.Timestamp]
"""Folder of a published run, and its as-of date."""


def earlier_run(run: Run, config: CompanyConfig) -> Earlier | None:
    """Return the newest published run of the same company with an earlier as-of date.

    Looks where this run will be published, or was published. ``None`` if there is none.
    """
    candidates = earlier_runs(run, config)
    return candidates[-1] if candidates else None


def earlier_runs(run: Run, config: CompanyConfig) -> list[Earlier]:
    """Return every published run of the same company with an earlier as-of date, oldest first."""
    candidates = set()
    for folder in (run.stage, *run.bases):
        reports = folder.parent.parent if folder.parent.name.startswith(".") else folder.parent
        for path in sorted(reports.glob("*/manifest.json")):
            try:
                found = json.loads(path.read_text("utf-8"))
                company, as_of = found["company"], pd.Timestamp(found["as_of"])
            except (OSError, ValueError, KeyError):
                continue
            if company == config.company.name and as_of < pd.Timestamp(config.as_of):
                candidates.add((as_of, path.parent.name, path.parent))
    return [(folder, as_of) for as_of, _, folder in sorted(candidates)]


def compare_runs(views: Views, config: CompanyConfig, earlier: Earlier | None) -> pd.DataFrame:
    """Compare each table's newest 90 days with those of the run before.

    Parameters
    ----------
    views : Views
        The clean tables of this run.
    config : CompanyConfig
        With ``as_of`` filled in, and the largest ratio of medians that passes.
    earlier : (Path, Timestamp) or None
        From :func:`earlier_run`.

    Returns
    -------
    DataFrame
        ``table``, ``measure`` ("rows a day", "accounts", or "median of <column>"), ``before``,
        ``now``, ``ratio``, ``state``: "as before", "fewer rows", "gone" or "jumped" (a median
        beyond the limit: a change of unit until somebody says otherwise). Empty without an
        earlier run.
    """
    if earlier is None:
        return pd.DataFrame(columns=_COLUMNS).astype(_types())
    folder, as_of = earlier
    paths = {path.stem: path for path in sorted((folder / CLEAN).glob("*.parquet"))}
    paths = {name: path for name, path in paths.items() if name in TABLES}
    with open_views(paths) as then:
        before = _measures(then, as_of)
    now = _measures(views, pd.Timestamp(config.as_of))
    rows = [
        _compared(key, value, now.get(key), config.thresholds.max_median_ratio)
        for key, value in before.items()
    ]
    return pd.DataFrame(rows, columns=_COLUMNS).astype(_types())


def jumps(changes: pd.DataFrame) -> list[str]:
    """Say which medians have jumped, and what to do, one sentence each."""
    return [
        f"{row.table}: the {row.measure} is {row.now:g}, in the run before it was {row.before:g} "
        f"({row.ratio:g} times): has its unit changed? Mend the mapping (e.g. number.divide_by), "
        "or raise thresholds.max_median_ratio if it is meant."
        for row in changes[changes["state"] == JUMPED].itertuples()
    ]


def _types() -> dict[str, str]:
    numbers = dict.fromkeys(("before", "now", "ratio"), "float64")
    return dict.fromkeys(_COLUMNS, "str") | numbers


def _measures(views: Views, as_of: pd.Timestamp) -> dict[tuple[str, str], float]:
    """Measure each table that is there; a median of too few values is left out."""
    found: dict[tuple[str, str], float] = {}
    for name in sorted(views.present):
        table = TABLES[name]
        numbers = [c.name for c in table.columns if c.kind in ("number", "integer")]
        kind = table.long[0] if table.long else GROUPED.get(name)
        groups = ident(kind) if kind else Sql("''")
        parts = [fill("COUNT({c}), MEDIAN(ABS({c}))", c=ident(column)) for column in numbers]
        sql = fill(
            "SELECT {g}, COUNT(*) {p} FROM {t} WHERE {w} GROUP BY 1 ORDER BY 1",
            g=groups,
            p=commas([Sql(""), *parts]) if parts else Sql(""),
            t=ident(name),
            w=_newest(table.when, as_of),
        )
        total = 0
        for group, n_rows, *values in views.session.rows(sql):
            total += n_rows
            for column, n, median in zip(numbers, values[::2], values[1::2], strict=True):
                if n >= MIN_VALUES:
                    of = f" ({group})" if group else ""
                    found[name, f"median of {column}{of}"] = float(median)
        per_day = total / WINDOW_DAYS
        measure, value = ("rows", float(total)) if table.when is None else ("rows a day", per_day)
        found[name, measure] = value
    return found


def _newest(when: str | None, as_of: pd.Timestamp) -> Sql:
    if when is None:
        return Sql("TRUE")
    first, last = (literal(str(day.date())) for day in (as_of - pd.Timedelta(days=90), as_of))
    moment = fill("CAST({w} AS TIMESTAMP)", w=ident(when))
    return fill("{m} >= CAST({f} AS TIMESTAMP) AND {m} < CAST({l} AS TIMESTAMP)",
                m=moment, f=first, l=last)  # fmt: skip


def _compared(
    key: tuple[str, str], before: float, now: float | None, limit: float
) -> dict[str, object]:
    table, measure = key
    ratio = float("nan") if now is None or before == 0 else now / before
    state = "as before"
    if now is None:
        state = "gone"
    elif measure.startswith("rows") and ratio < SHRUNK:
        state = "fewer rows"
    elif measure.startswith("median") and ratio > 0 and not 1 / limit <= ratio <= limit:
        state = JUMPED
    return {
        "table": table,
        "measure": measure,
        "before": before,
        "now": float("nan") if now is None else now,
        "ratio": ratio,
        "state": state,
    }
