"""The two catalogues of a company: patterns that matter, and the usage metrics they rest on.

A pattern is something a team would act upon; a metric is a number of use with a kind. A number
that is neither depth, breadth, frequency nor outcome (registered users, page views so far) is a
vanity metric: it has no place to be entered.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from helpers.config.roles import ROLE_NAMES
from helpers.config.sources import Strict
from helpers.contract import TABLES

__all__ = ["METRIC_KINDS", "PATTERN_TYPES", "Catalogue", "Metric", "Pattern"]

METRIC_KINDS = ("depth", "breadth", "frequency", "outcome")
PATTERN_TYPES = (
    "adoption milestone",
    "engagement signal",
    "risk indicator",
    "expansion readiness",
)


def _known_source(need: str) -> str:
    """Accept a table, table.column, role:name or event:name, and alternatives joined by ``|``."""
    for part in need.split("|"):
        mark, _, name = part.partition(":")
        if name and mark == "event":
            continue
        if name and mark == "role":
            if name not in ROLE_NAMES:
                raise ValueError(f"{part!r}: not a role; there are {', '.join(ROLE_NAMES)}")
            continue
        table, _, column = part.partition(".")
        if table not in TABLES:
            raise ValueError(
                f"{part!r}: expected a table, table.column, role:name or event:name; tables are "
                f"{', '.join(TABLES)}"
            )
        if column and column not in TABLES[table].names:
            raise ValueError(f"{part!r}: {table} has {', '.join(TABLES[table].names)}")
    return need


Need = Annotated[str, AfterValidator(_known_source)]


class Metric(Strict):
    """One usage metric.

    It is measured by a feature of the dictionary, or by counting events: per account and week,
    or, with ``per``, as a share of other events.
    """

    meaning: str = Field(min_length=1, description="its definition, in a sentence")
    kind: Literal["depth", "breadth", "frequency", "outcome"]
    sources: list[Need] = Field(min_length=1, description="what must be tracked")
    feature: str | None = Field(default=None, description="of the table `dictionary`")
    events: list[str] = Field(default_factory=list, description="counted per account and week")
    per: list[str] = Field(default_factory=list, description="events that they are a share of")
    typical: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="customer segment to its usual range, low and high"
    )
    season: str = Field(default="", description="what is known of its seasons")

    @model_validator(mode="before")
    @classmethod
    def _pairs(cls, given: object) -> object:
        """Let a range be written as a list."""
        if isinstance(given, dict) and isinstance(given.get("typical"), dict):
            typical = {
                str(name): tuple(pair) if isinstance(pair, list) else pair
                for name, pair in given["typical"].items()
            }
            return {**given, "typical": typical}
        return given

    @model_validator(mode="after")
    def _measured_once(self) -> Self:
        if (self.feature is None) == (not self.events):
            raise ValueError("give either `feature` or `events`: how it is measured")
        if self.per and not self.events:
            raise ValueError("`per` is a share of `events`: give these too")
        for segment, (low, high) in self.typical.items():
            if low > high:
                raise ValueError(f"typical.{segment}: {low} to {high} does not rise")
        return self


class Pattern(Strict):
    """One pattern that a team would act upon."""

    type: Literal["adoption milestone", "engagement signal", "risk indicator",
                  "expansion readiness"]  # fmt: skip
    meaning: str = Field(min_length=1)
    sources: list[Need] = Field(min_length=1, description="what must be tracked")
    metrics: list[str] = Field(default_factory=list, description="names of the metric catalogue")
    decision: str = Field(min_length=1, description="the business decision that it informs")


class Catalogue(Strict):
    """Ten to twenty metrics, ten to fifteen patterns, linked by name."""

    segment_by: Literal["plan", "region", "industry"] = "plan"
    metrics: dict[str, Metric]
    patterns: dict[str, Pattern]

    @model_validator(mode="after")
    def _sized_and_linked(self) -> Self:
        problems = []
        if not 10 <= len(self.metrics) <= 20:
            problems.append(f"expected 10 to 20 metrics, got {len(self.metrics)}")
        if not 10 <= len(self.patterns) <= 15:
            problems.append(f"expected 10 to 15 patterns, got {len(self.patterns)}")
        for name, pattern in self.patterns.items():
            problems += [
                f"patterns.{name}.metrics: {metric!r} is not in metrics"
                for metric in pattern.metrics
                if metric not in self.metrics
            ]
        if problems:
            raise ValueError("; ".join(problems))
        return self
