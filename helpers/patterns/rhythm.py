"""The company's rhythm and each account's trend, from daily activity."""

from dataclasses import dataclass

import pandas as pd

from helpers.patterns.day_index import ActivityGrid, activity_grid, day_index
from helpers.patterns.material import Material
from helpers.patterns.seasonality import Rhythm, fit_rhythm
from helpers.patterns.trends import LIMITS, Limits, trend_kinds
from helpers.patterns.weekly import WeeklyGrid, age_profile, weekly_grid, with_age_profile

__all__ = ["CompanyRhythm", "Trends", "find_rhythm", "find_trends"]

SEASON_DAYS = 28
"""A calendar entry longer than this is a season, part of the rhythm, and stays in."""
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


@dataclass(frozen=True, kw_only=True)
class Trends:
    """The trend of every live account, and the weeks it was read from.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.patterns.trends.trend_kinds`.
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


def find_rhythm(material: Material) -> CompanyRhythm:
    """Fit the company's week, month, quarter end and year."""
    grid = _grid(material, "n_events")
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

    Use is counted in people active per day, which is steadier than events; where events carry
    no user, in events.
    """
    by_people = bool(material.activity["n_users"].sum())
    grid = _grid(material, "n_users" if by_people else "n_events")
    cycles = ("week", "month", "quarter")
    if len(grid.days) >= YEARS_TO_REMOVE * 365:
        cycles = (*cycles, "year")
    weekly = weekly_grid(grid, company.rhythm.factor(grid.days, cycles=cycles))
    lives = material.lives.sort_values("account_id").reset_index(drop=True)
    ages = age_profile(weekly, lives["first_on"])
    adjusted = with_age_profile(weekly, lives["first_on"], ages)
    live = lives["last_on"].isna() & lives["account_id"].notna()
    table = trend_kinds(adjusted, as_of=material.as_of, limits=limits)
    return Trends(
        table=table[live.to_numpy(bool)].reset_index(drop=True),
        weeks=_weeks(adjusted, n_weeks),
        ages=ages,
        measure="people active per day, summed over the week" if by_people else "events a week",
    )


def _grid(material: Material, measure: str) -> ActivityGrid:
    activity = material.activity[["account_id", "day"]]
    activity = activity.assign(n_events=material.activity[measure])
    calendar = material.calendar
    if calendar is not None:
        lasts = (calendar["ends_on"] - calendar["starts_on"]).dt.days + 1
        calendar = calendar[lasts <= SEASON_DAYS]
    return activity_grid(activity, material.lives, as_of=material.as_of, calendar=calendar)


def _weeks(weekly: WeeklyGrid, n_weeks: int) -> pd.DataFrame:
    counts, exposure = weekly.counts[:, -n_weeks:], weekly.exposure[:, -n_weeks:]
    ends = weekly.ends[-n_weeks:]
    index = pd.MultiIndex.from_product(
        [weekly.accounts, ends - pd.Timedelta(days=7)], names=["account_id", "week_start"]
    )
    frame = pd.DataFrame({"use": counts.ravel(), "exposure": exposure.ravel()}, index=index)
    frame["use_adjusted"] = (frame["use"] / frame["exposure"]).where(frame["exposure"] > 0)
    return frame.drop(columns=["exposure"]).reset_index()
