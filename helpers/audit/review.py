"""The whole audit of one reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.audit.catalogue import catalogue_issues, metric_tracking, pattern_tracking
from helpers.audit.drift import Earlier, compare_runs
from helpers.audit.fitness import judge_fitness
from helpers.audit.identity import identity
from helpers.audit.issues import find_issues
from helpers.audit.population import concentration, population_issues, sampling
from helpers.audit.tables import open_views
from helpers.audit.taxonomy import event_taxonomy, taxonomy_issues, tracking
from helpers.audit.timeliness import coverage_by_week, freshness, outage_days, time_issues
from helpers.config import CompanyConfig
from helpers.contract import TABLES

__all__ = ["Audit", "audit_tables", "clean_paths"]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What the audit found; each attribute is a table of the same name in its module.

    Parameters
    ----------
    issues : DataFrame
        What is wrong: the contract's columns and a remedy.
    fitness : DataFrame
        For which analysis the data are fit.
    fresh : DataFrame
        From when to when each table speaks.
    weeks : DataFrame
        Events, accounts and users per week.
    outages : DataFrame
        Days on which the source was silent.
    taxonomy : DataFrame
        Event names, counts, and whether the catalogue has them.
    tracking : DataFrame
        Roles of events that are tracked, and those that are not.
    patterns, metrics : DataFrame
        The two catalogues: what is tracked, and what lacks for the rest.
    identity : DataFrame
        How many rows of each source find their account and their users.
    changes : DataFrame
        The newest rows of each table against the run before; empty without one.
    groups : DataFrame
        Share of accounts per group that appears in each source.
    spread : dict
        How unevenly use is spread over accounts.
    absent : tuple of str
        Contract tables without a source.
    """

    issues: pd.DataFrame
    fitness: pd.DataFrame
    fresh: pd.DataFrame
    weeks: pd.DataFrame
    outages: pd.DataFrame
    taxonomy: pd.DataFrame
    tracking: pd.DataFrame
    patterns: pd.DataFrame
    metrics: pd.DataFrame
    identity: pd.DataFrame
    changes: pd.DataFrame
    groups: pd.DataFrame
    spread: dict[str, float]
    absent: tuple[str, ...]

    def n_issues(self, severity: str) -> int:
        """Count the issues of one severity."""
        return int((self.issues["severity"] == severity).sum())

    def worst_verdict(self) -> str:
        """Return the verdict of the analysis that fares worst."""
        verdicts = list(self.fitness["verdict"])
        return next(v for v in ("not fit", "fit with warnings", "fit") if v in verdicts)


def clean_paths(folder: Path) -> dict[str, Path]:
    """Return the clean tables in a folder, by contract name."""
    return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def audit_tables(
    paths: Mapping[str, Path],
    config: CompanyConfig,
    *,
    quarantine: pd.DataFrame,
    reading_issues: pd.DataFrame,
    reconciliation: pd.DataFrame | None = None,
    earlier: Earlier | None = None,
) -> Audit:
    """Audit the clean tables and what was held back from them.

    Parameters
    ----------
    paths : mapping of contract table to parquet file
        From :func:`clean_paths`.
    config : CompanyConfig
        With ``as_of`` filled in.
    quarantine, reading_issues : DataFrame
        From :func:`helpers.sources.read_company`.
    reconciliation : DataFrame, optional
        As well; without it identities are not reported.
    earlier : (Path, Timestamp), optional
        The run to compare with, from :func:`helpers.audit.drift.earlier_run`.

    Returns
    -------
    Audit
    """
    counts = (
        pd.DataFrame({"table": [], "rows_in": []}) if reconciliation is None else reconciliation
    )
    with open_views(paths) as views:
        fresh, outages = freshness(views, config), outage_days(views, config.company.time_zone)
        taxonomy = event_taxonomy(views, config.roles)
        patterns = pattern_tracking(views, taxonomy, config)
        groups, spread = sampling(views), concentration(views)
        issues = find_issues(
            views,
            quarantine,
            reading_issues,
            [
                *time_issues(fresh, outages, config),
                *taxonomy_issues(taxonomy),
                *catalogue_issues(patterns),
                *population_issues(groups, spread, views.clock),
            ],
        )
        return Audit(
            issues=issues,
            fitness=judge_fitness(views, issues, fresh, config),
            fresh=fresh,
            weeks=coverage_by_week(views, config.company.time_zone),
            outages=outages,
            taxonomy=taxonomy,
            tracking=tracking(taxonomy, config),
            patterns=patterns,
            metrics=metric_tracking(views, taxonomy, config),
            identity=identity(views, counts, quarantine, reading_issues),
            changes=compare_runs(views, config, earlier),
            groups=groups,
            spread=spread,
            absent=tuple(
                name
                for name in TABLES
                if name not in views.present and not _replaced(name, views.present)
            ),
        )


def _replaced(name: str, present: set[str]) -> bool:
    """Tell whether a table only stands in for one that is there."""
    return any(table.instead == name and table.name in present for table in TABLES.values())
