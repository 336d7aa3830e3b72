"""The company's rhythm and each account's trend, from daily activity."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.patterns.day_index import ActivityGrid, activity_grid, day_index
from helpers.patterns.material import Material
from helpers.patterns.seasonality import CYCLES, Rhythm, fit_rhythm
from helpers.patterns.trends import BANDS, LIMITS, Limits, trend_kinds
from helpers.patterns.weekly import WeeklyGrid, age_profile, weekly_grid, with_age_profile

__all__ = ["CompanyRhythm", "Trends", "find_rhythm", "find_trends"]

SEASON_DAYS = 28
"""A calendar entry longer than this is a season, part of the rhythm, and stays in."""
SHOWN_Q = 0.05
"""Largest q-value of a decline that is listed by name."""
YEARS_TO_REMOVE = 2
"""The profile of the year is taken out of an account's trend only if it was seen so often."""


@dataclass(frozen=True, kw_only=True)
class CompanyRhythm:
    """Index of every day and the cycles found in it.

    Parameters
    ----------
    index : DataFrame
        ``day``, ``index`` (missing on days left out), ``n_accounts``, ``why_out``.
    rhythm : Rhythm
        The cycles.
    caveat : str
        What a reader of the year's profile must know; empty if nothing.
    """

    index: pd.DataFrame
    rhythm: Rhythm
    caveat: str

    @property
    def measures(self) -> dict[str, float | str]:
        """Peak and strength of each cycle, and the trend, for the finding."""
        found: dict[str, float | str] = {"trend per week": self.rhythm.trend_per_week}
        for row in self.rhythm.peaks().to_dict("records"):
            found[f"{row['cycle']} peak"] = str(row["peak"])
            found[f"{row['cycle']} peak index"] = float(row["peak_index"])
            found[f"{row['cycle']} strength"] = float(row["strength"])
        return found

    @property
    def caveats(self) -> tuple[str, ...]:
        """The caveat, if there is one."""
        return (self.caveat,) if self.caveat else ()

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is written, by name."""
        return {"seasonality": self.rhythm.table, "day_index": self.index}


@dataclass(frozen=True, kw_only=True)
class Trends:
    """The trend of every live account, and the weeks it was read from.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.patterns.trends.trend_kinds`, with ``name`` and ``csm``.
    weeks : DataFrame
        ``account_id``, ``week_start``, ``use``, ``use_adjusted`` (season and age taken out;
        missing in weeks not seen): the last 16 weeks.
    ages : DataFrame
        What is normal by age, from :func:`helpers.patterns.weekly.age_profile`.
    measure : str
        What is counted.
    """

    table: pd.DataFrame
    weeks: pd.DataFrame
    ages: pd.DataFrame
    measure: str

    @property
    def summary(self) -> pd.DataFrame:
        """Accounts by kind, with the median slope and what the kind means."""
        kinds = self.table["kind"].fillna(self.table["why_not"])
        counts = kinds.value_counts()
        order = [*BANDS, *sorted(set(counts.index) - set(BANDS))]
        slopes = self.table["slope_per_week"].groupby(kinds).median()
        return pd.DataFrame(
            {
                "kind": order,
                "n_accounts": [int(counts.get(kind, 0)) for kind in order],
                "share": [counts.get(kind, 0) / max(len(self.table), 1) for kind in order],
                "slope_per_week": [float(slopes.get(kind, np.nan)) for kind in order],
                "meaning": [BANDS.get(kind, "not judged") for kind in order],
            }
        )

    @property
    def declining(self) -> pd.DataFrame:
        """Accounts whose decline stands after all accounts are counted, the surest first."""
        columns = ["slope_per_week", "low", "high", "weeks", "use_per_week", "q_value"]
        named = self.table["kind"] == "gradual_decline"
        mine = self.table[named & (self.table["q_value"] < SHOWN_Q)]
        ordered = mine.sort_values(["q_value", "slope_per_week", "account_id"], ignore_index=True)
        return ordered[["account_id", "name", "csm", *columns]]

    @property
    def caveats(self) -> tuple[str, ...]:
        """How far the name of a trend can be trusted."""
        judged = int(self.table["kind"].notna().sum())
        said = (
            f"By its own weeks alone: of the {judged:,} accounts that can be judged some "
            f"{LIMITS.max_p * judged:,.0f} would be named a decline, and as many growth, without "
            "having any. A decline is certain where it stands after all accounts are counted "
            f"(q < {SHOWN_Q})."
        )
        return (said,)

    @property
    def headline(self) -> str:
        """The sentence over ``measures`` and the number of rules, for the finding."""
        return (
            "Rules that stand and have an action: {n_rules}. {n_gradual_decline:,} live accounts "
            "look like a gradual decline ({n_declines_shown:,} with certainty), "
            "{n_steady_growth:,} like growth, {n_plateau:,} are flat."
        )

    @property
    def measures(self) -> dict[str, int]:
        """Accounts of each kind, for the finding."""
        counts = self.table["kind"].value_counts()
        found = {f"n_{kind}": int(counts.get(kind, 0)) for kind in BANDS}
        return {**found, "n_declines_shown": len(self.declining)}

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is written, by name."""
        return {"trends": self.table, "trend_weeks": self.weeks, "age_profile": self.ages}


def find_rhythm(material: Material) -> CompanyRhythm:
    """Fit the company's week, month, quarter end and year."""
    grid = _grid(material)
    index = day_index(grid)
    why = grid.excluded.groupby("day")["reason"].agg(", ".join)
    rhythm = fit_rhythm(index)
    enough = rhythm.table.loc[rhythm.table["cycle"] == "year", "enough_history"].all()
    years = len(index) / 365.25
    caveat = ""
    if not enough:
        caveat = "The year's profile needs a year of history; there is less."
    elif years < YEARS_TO_REMOVE:
        caveat = (
            "Most months were seen once: a season of the year and a one-off would look the same."
        )
    index = index.assign(why_out=index["day"].map(why).astype("string"))
    return CompanyRhythm(index=index, rhythm=rhythm, caveat=caveat)


def find_trends(
    material: Material, company: CompanyRhythm, *, limits: Limits = LIMITS, n_weeks: int = 16
) -> Trends:
    """Name the trend of every account that is live at the cutoff.

    Use is counted in events: whoever comes every day and does ever less is still one person a
    day, so that counting people hides a decline until it is nearly over.
    """
    grid = _grid(material)
    long = len(grid.days) >= YEARS_TO_REMOVE * 365
    cycles = CYCLES if long else tuple(cycle for cycle in CYCLES if cycle != "year")
    weekly = weekly_grid(grid, company.rhythm.factor(grid.days, cycles=cycles))
    lives = material.lives.sort_values("account_id").reset_index(drop=True)
    ages = age_profile(weekly, lives["first_on"])
    adjusted = with_age_profile(weekly, lives["first_on"], ages)
    live = lives["last_on"].isna() & lives["account_id"].notna()
    table = trend_kinds(adjusted, as_of=material.as_of, limits=limits)
    table = table.assign(name=lives["name"], csm=lives["csm"])
    return Trends(
        table=table[live.to_numpy(bool)].reset_index(drop=True),
        weeks=_weeks(adjusted, n_weeks),
        ages=ages,
        measure="events a week",
    )


def _grid(material: Material) -> ActivityGrid:
    calendar = material.calendar
    if calendar is not None:
        lasts = (calendar["ends_on"] - calendar["starts_on"]).dt.days + 1
        calendar = calendar[lasts <= SEASON_DAYS]
    return activity_grid(material.activity, material.lives, as_of=material.as_of, calendar=calendar)


def _weeks(weekly: WeeklyGrid, n_weeks: int) -> pd.DataFrame:
    counts, exposure = weekly.counts[:, -n_weeks:], weekly.exposure[:, -n_weeks:]
    ends = weekly.ends[-n_weeks:]
    index = pd.MultiIndex.from_product(
        [weekly.accounts, ends - pd.Timedelta(days=7)], names=["account_id", "week_start"]
    )
    frame = pd.DataFrame({"use": counts.ravel(), "exposure": exposure.ravel()}, index=index)
    frame["use_adjusted"] = (frame["use"] / frame["exposure"]).where(frame["exposure"] > 0)
    return frame.drop(columns=["exposure"]).reset_index()
