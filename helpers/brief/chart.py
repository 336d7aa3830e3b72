"""Twelve months of one account's use, with what was expected lately and the flagged weeks."""

import base64
import io

import numpy as np
import pandas as pd

from helpers.brief.subject import Subject
from helpers.plotting import SEVERITY_COLOURS, figure

__all__ = ["limits", "usage_picture"]

WEEKS = 52
WEEK = pd.Timedelta(days=7)
LIMITS = {"seats__share": "seats", "storage__share": "storage", "api__share": "API calls"}
SIGNALS = ("active_users", "events")
_EXPECTED, _LINE = "#66727f", "#2f6db3"


def usage_picture(subject: Subject) -> tuple[str, str]:
    """Return the picture as a ``data:`` address and what it shows in a sentence.

    Both are "" where the account has no weekly activity.
    """
    weeks = subject.rows("02_feature_engineering", "activity_week")
    if weeks.empty:
        return "", ""
    weeks = weeks.sort_values("week_start").tail(WEEKS)
    has_people = bool(weeks["active_users"].notna().any())
    column = "n_events"
    expected = _expected(subject)
    flags = subject.rows("05_anomaly_review", "weekly_flags")
    fig, axes = figure(width=6.6, height=3.2, rows=2 if has_people else 1)
    title = _title(weeks[column].astype(float))
    _draw(axes[0], weeks, column, "events a week", expected)
    axes[0].set_title(title)
    _mark(axes[0], weeks, column, flags)
    if has_people:
        _draw(axes[1], weeks, "active_users", "people a week", None)
        axes[0].tick_params(labelbottom=False)
    told = f"Use by week, {len(weeks)} weeks: {title[0].lower()}{title[1:]}."
    if not flags.empty:
        told += " Dots: weeks that the anomaly review flagged, by severity."
    if expected is not None:
        told += " Dashed: what its own past and season led to expect."
    return _as_address(fig), told


def limits(subject: Subject) -> list[tuple[str, float]]:
    """Return name and share of each plan limit that is known, the fullest first."""
    known = [(name, subject.value(feature)) for feature, name in LIMITS.items()]
    return sorted(((name, x) for name, x in known if x is not None), key=lambda one: -one[1])


def _expected(subject: Subject) -> pd.Series | None:
    """Return the expected events of whole weeks, by the week's first day."""
    scores = subject.rows("05_anomaly_review", "scores")
    if scores.empty:
        return None
    events = scores[scores["metric"] == "events"]
    if events.empty:
        return None
    back = (subject.as_of - pd.to_datetime(events["day"])).dt.days
    week = subject.as_of - pd.to_timedelta(7 * np.ceil(back / 7), unit="D")
    sums = events.assign(week=week).groupby("week")["expected"].agg(["sum", "count"])
    return sums.loc[sums["count"] == 7, "sum"]


def _title(values: pd.Series) -> str:
    """Say how the last four weeks compare with the twelve before."""
    if len(values) < 16:
        return f"{len(values)} weeks of use: too short to compare"
    now, before = values.tail(4).mean(), values.iloc[-16:-4].mean()
    if before == 0:
        return "No use in the twelve weeks before the last four"
    change = f"{now / before - 1:+.0%}".replace("-", "\u2212")
    return f"The last 4 weeks against the 12 before: {change}"


def _draw(axes, weeks, column, name, expected) -> None:  # type: ignore[no-untyped-def]
    axes.plot(weeks["week_start"], weeks[column].astype(float), color=_LINE, linewidth=1.6)
    if expected is not None:
        shown = expected[expected.index >= weeks["week_start"].min()]
        axes.plot(shown.index, shown.to_numpy(), color=_EXPECTED, linestyle="--", linewidth=1.2)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(name)


def _mark(axes, weeks, column, flags) -> None:  # type: ignore[no-untyped-def]
    if flags.empty:
        return
    order = list(SEVERITY_COLOURS)
    worst = flags.assign(rank=flags["severity"].map(order.index)).sort_values("rank")
    worst = worst.drop_duplicates("week_end")
    values = weeks.set_index("week_start")[column].astype(float)
    for severity, rows in worst.groupby("severity"):
        starts = pd.to_datetime(rows["week_end"]) - WEEK
        found = values.reindex(starts).dropna()
        axes.scatter(found.index, found, s=26, color=SEVERITY_COLOURS[severity], zorder=3)


def _as_address(fig) -> str:  # type: ignore[no-untyped-def]
    import matplotlib.pyplot as plt

    held = io.BytesIO()
    fig.savefig(held, format="png", dpi=150, metadata={"Software": None})
    plt.close(fig)
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode("ascii")
