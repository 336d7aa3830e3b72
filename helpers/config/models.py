"""The configuration of one company, as strict models."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from helpers.config.catalogue import Catalogue
from helpers.config.default_catalogue import DEFAULT
from helpers.config.delivery import Delivery
from helpers.config.engine import EngineSettings, engine_settings
from helpers.config.roles import Roles
from helpers.config.sources import Source, Strict, TimeZone
from helpers.errors import ConfigError

__all__ = [
    "Analysis",
    "Capacity",
    "Company",
    "CompanyConfig",
    "Freshness",
    "Identifiers",
    "Roles",
    "Thresholds",
]


def _to_date(value: object) -> object:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is not a date such as 2026-07-01") from None
    return value


Day = Annotated[dt.date, BeforeValidator(_to_date)]


class Company(Strict):
    """Who the report is about."""

    name: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217; all money is in it")
    time_zone: TimeZone = Field(default="UTC", description="the zone that cuts days in reports")
    fiscal_year_starts_month: int = Field(default=1, ge=1, le=12)


class Identifiers(Strict):
    """How ids of different systems are compared."""

    case_sensitive: bool = Field(
        default=False, description="true for ids such as Salesforce's 15 characters"
    )


class Analysis(Strict):
    """Windows, horizons and dates; a notebook parameter of the same name overrides it."""

    as_of: Day | None = Field(
        default=None, description="cutoff; default: the day after the last complete day"
    )
    windows_days: list[int] = Field(default=[30, 60, 90], min_length=1)
    horizon_days: int = Field(default=90, ge=1, le=730, description="churn is looked for so long")
    lead_days: int = Field(default=0, ge=0, description="blind gap between score and outcome")
    n_as_of: int = Field(default=10, ge=1, le=60, description="dated snapshots, newest included")
    step_days: int = Field(default=30, ge=1, le=366, description="between snapshots")
    journey_days: int = Field(default=7, ge=1, le=90, description="a user's first days")
    activation_days: list[int] = Field(
        default=[28, 56],
        min_length=2,
        max_length=2,
        description="activated = core use between these days after sign-up",
    )
    basket_days: int = Field(default=30, ge=1, le=366, description="window of a rule's basket")
    k_min: int = Field(default=4, ge=2, le=20)
    k_max: int = Field(default=8, ge=2, le=20)
    churn_after_silent_days: int | None = Field(
        default=None,
        ge=1,
        description="where outcomes are not recorded: churned after so many days without an event",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = []
        if self.lead_days >= self.horizon_days:
            problems.append(
                f"lead_days ({self.lead_days}) must be less than horizon_days "
                f"({self.horizon_days}): a lead past the horizon leaves no churn to predict"
            )
        if self.k_min > self.k_max:
            problems.append(f"k_min ({self.k_min}) exceeds k_max ({self.k_max})")
        if any(days < 1 or days > 730 for days in self.windows_days):
            problems.append(f"windows_days must lie in 1 to 730, got {self.windows_days}")
        if sorted(set(self.windows_days)) != self.windows_days:
            problems.append(f"windows_days must rise without repeats, got {self.windows_days}")
        if not 0 <= self.activation_days[0] < self.activation_days[1]:
            problems.append(f"activation_days must rise, got {self.activation_days}")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class Thresholds(Strict):
    """Limits above which a run warns, refuses or raises a flag."""

    max_quarantine_share: float = Field(default=0.05, ge=0, le=1)
    max_orphan_share: float = Field(default=0.05, ge=0, le=1)
    clock_skew_days: int = Field(default=1, ge=0, le=30)
    earliest_date: Day = Field(default=dt.date(1990, 1, 1), description="older is implausible")
    stale_after_days: int = Field(default=7, ge=0, description="a source older than that warns")
    measures_valid_days: int = Field(
        default=92, ge=1, le=730, description="an older measure says nothing of an account"
    )
    min_history_months: int = Field(default=6, ge=1)
    min_churned_accounts: int = Field(default=30, ge=5, description="fewer: no churn model")
    min_accounts: int = Field(default=30, ge=2, description="fewer: no segments")
    storage_share: float = Field(default=0.80, gt=0, le=1)
    seat_share: float = Field(default=0.90, gt=0, le=1)
    max_median_ratio: float = Field(
        default=5.0, gt=1, description="a median that jumps by more between runs: not published"
    )
    leak_auc: float = Field(default=0.95, gt=0.5, le=1, description="a single feature above leaks")


class Freshness(Strict):
    """How old the newest row of a table may be, in days before the as-of date."""

    warn_after_days: int | None = Field(default=None, ge=0)
    error_after_days: int | None = Field(default=None, ge=0, description="older: no run")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        warn, error = self.warn_after_days, self.error_after_days
        if warn is not None and error is not None and warn > error:
            raise ValueError(
                f"warn_after_days ({warn}) exceeds error_after_days ({error}): it would never warn"
            )
        return self


class Capacity(Strict):
    """What a customer-success manager can do."""

    accounts_per_csm_per_week: int = Field(default=5, ge=1)
    alerts_per_csm_per_week: int = Field(default=5, ge=1)


def _sources(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: [entry] if isinstance(entry, dict) else entry for name, entry in value.items()
        }
    return value


class CompanyConfig(Strict):
    """Everything a run needs to know of one company."""

    version: Literal[1]
    company: Company
    data: str = Field(default=".", description="the data folder, relative to this file")
    sources: Annotated[dict[str, list[Source]], BeforeValidator(_sources)]
    ids: Identifiers = Identifiers()
    roles: Roles = Roles()
    analysis: Analysis = Analysis()
    engine: Annotated[EngineSettings, BeforeValidator(engine_settings)] = EngineSettings()
    thresholds: Thresholds = Thresholds()
    capacity: Capacity = Capacity()
    delivery: Delivery = Delivery()
    catalogue: Catalogue = DEFAULT
    max_quarantine_share: dict[str, float] = Field(
        default_factory=dict, description="table to its own limit"
    )
    freshness: dict[str, Freshness] = Field(
        default_factory=dict, description="table to how old its newest row may be"
    )
    parameters: dict[str, str | int | float | bool | list[int] | list[float] | list[str]] = Field(
        default_factory=dict, description="notebook parameters, as with -p"
    )

    @model_validator(mode="after")
    def _events_where_needed(self) -> Self:
        """Decide here what a company without events may not ask for; all else is then silent."""
        if "events" in self.sources or "measures" not in self.sources:
            return self
        asked = [f"roles.{name}" for name, events in self.roles if events]
        if self.analysis.churn_after_silent_days is not None:
            asked.append("analysis.churn_after_silent_days")
        if asked:
            raise ValueError(
                f"{', '.join(asked)}: rests on events, and sources.events is not there. Add the "
                "events, or leave it out"
            )
        return self

    @property
    def as_of(self) -> dt.date:
        """The cutoff in force.

        Raises
        ------
        ConfigError
            If neither the file nor the data audit has set it yet.
        """
        if self.analysis.as_of is None:
            raise ConfigError("the as-of date is not set: run notebooks/01_data_audit.ipynb first.")
        return self.analysis.as_of

    def with_as_of(self, as_of: dt.date) -> Self:
        """Return the same configuration with another cutoff."""
        analysis = self.analysis.model_copy(update={"as_of": as_of})
        return self.model_copy(update={"analysis": analysis})

    def quarantine_limit(self, table: str) -> float:
        """Return the share of rows of ``table`` that may be quarantined."""
        return self.max_quarantine_share.get(table, self.thresholds.max_quarantine_share)

    def stale_after(self, table: str) -> int:
        """Return after how many days without a new row ``table`` warns."""
        own = self.freshness.get(table)
        given = own.warn_after_days if own is not None else None
        return self.thresholds.stale_after_days if given is None else given
