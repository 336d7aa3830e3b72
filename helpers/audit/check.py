"""`playbook check`: read and audit, print what is wrong and how to mend it, write nothing."""

import datetime as dt
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from helpers.audit.review import Audit, audit_tables, clean_paths
from helpers.config import data_folder, load_config
from helpers.errors import ParameterError
from helpers.sources import Reading, check_files, read_company
from helpers.sources.work import Progress

__all__ = ["check_company"]


def check_company(
    config_path: Path, data: Path | None, as_of: str | None, progress: Progress | None = None
) -> str:
    """Read a company's data, audit them, and say in plain text what is wrong.

    Parameters
    ----------
    config_path : Path
        YAML of the company.
    data : Path, optional
        Data folder; default: as the configuration says.
    as_of : str, optional
        Cutoff date; default: as the configuration or the data say.
    progress : callable, optional
        Told in a few words what is at hand.

    Returns
    -------
    str
        Verdicts, reconciliation and issues, one a line.

    Raises
    ------
    ConfigError, InputError
        As :func:`helpers.sources.read_company`.
    """
    config = load_config(config_path)
    if as_of:
        try:
            config = config.with_as_of(dt.date.fromisoformat(as_of))
        except ValueError:
            raise ParameterError(
                f"--as-of {as_of!r}: expected a date such as 2026-07-01."
            ) from None
    folder = data_folder(config_path, config, data)
    check_files(config, folder, config_path=config_path)
    with tempfile.TemporaryDirectory(prefix="playbook-check-") as scratch:
        reading = read_company(
            config, folder, Path(scratch), as_of=config.analysis.as_of, progress=progress
        )
        audit = audit_tables(
            clean_paths(Path(scratch)),
            config.with_as_of(reading.as_of),
            quarantine=reading.quarantine,
            reading_issues=reading.issues,
            reconciliation=reading.reconciliation,
        )
    return _text(config.company.name, reading, audit)


def _text(company: str, reading: Reading, audit: Audit) -> str:
    lines = [f"{company} as of {reading.as_of}", "", "Fit for what"]
    lines += [
        f"  {row['analysis']:<22}{row['verdict']:<20}{row['because']}"
        for row in audit.fitness.to_dict(orient="records")
    ]
    lines += ["", "Rows (every row in is kept, quarantined or a duplicate)"]
    lines.append(f"  {'table':<18}{'in':>12}{'kept':>12}{'quarantined':>13}{'duplicate':>11}")
    for row in reading.reconciliation.to_dict(orient="records"):
        lines.append(
            f"  {row['table']:<18}{row['rows_in']:>12,}{row['rows_kept']:>12,}"
            f"{row['rows_quarantined']:>13,}{row['rows_duplicate']:>11,}"
        )
    lines += ["", "Rows that find their account (unmatched, and matched only once respelled)"]
    lines += [
        f"  {row['table']:<18}{row['unmatched_share']:>12.2%}{row['respelled_share']:>12.2%}"
        for row in audit.identity.to_dict(orient="records")
    ]
    lines += ["", "What is wrong, and what to do"]
    lines += [_issue_line(row) for row in audit.issues.to_dict(orient="records")]
    gaps = audit.tracking.loc[audit.tracking["state"] != "tracked"]
    if len(gaps):
        lines += ["", "Not tracked (give `roles:` in the configuration if you have such events)"]
        lines += [f"  {row['role']:<18}{row['used_for']}" for row in gaps.to_dict("records")]
    for title, frame, column in (
        ("Patterns of the catalogue that are not tracked", audit.patterns, "pattern"),
        ("Metrics of the catalogue that are not tracked", audit.metrics, "metric"),
    ):
        lacking = frame.loc[frame["state"] != "tracked"]
        if len(lacking):
            lines += ["", title]
            lines += [f"  {row[column]:<30}{row['gap']}" for row in lacking.to_dict("records")]
    return "\n".join(lines)


def _issue_line(row: dict[Hashable, Any]) -> str:
    where = f"{row['table']}.{row['column']}" if row["column"] else str(row["table"])
    example = f", e.g. {row['example']}" if row["example"] else ""
    share = row["share"] + 1e-12  # a half is rounded up: 1,077 of 2,000 are 53.9 %
    count = f": {row['n_rows']:,} ({share:.1%})" if row["n_rows"] else ""
    head = f"  {row['severity']:<8}{where}: {row['rule']}{count}"
    remedy = f"\n          {row['remedy']}" if row["remedy"] else ""
    return head + example + remedy
