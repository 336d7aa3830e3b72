"""A company in which managers call the sickest accounts, and what a call does is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

START, WEEKS, WARM_UP = pd.Timestamp("2025-01-01"), 52, 14
AS_OF = START + pd.Timedelta(weeks=WEEKS)
PLAY, FOLLOW_DAYS = "rescue", 84


@dataclass(frozen=True)
class Company:
    """Tables as 01 and 02 write them; ``ratio`` is what a call does to the hazard."""

    accounts: pd.Series
    interventions: pd.DataFrame
    left: pd.DataFrame
    features: pd.DataFrame
    activity: pd.DataFrame


def make_company(
    n: int = 600,
    *,
    ratio: float = 0.5,
    seed: int = 0,
    by_lot: float = 0.0,
    base: float = -4.9,
    steep: float = 2.0,
    sickness_called: float = 2.8,
) -> Company:
    """Simulate week by week: sickness, calls that follow what shows of it, and departures.

    Managers see the last snapshot and nothing else, so that all they act on is in the data.

    A share ``by_lot`` of the accounts that would be called is put into an experiment instead.
    """
    rng = np.random.default_rng(seed)
    ids = np.array([f"a{number:05d}" for number in range(n)])
    sick = rng.normal(0, 1, n)
    called = np.full(n, -1)
    protected = np.zeros(n, dtype=bool)
    gone = np.full(n, -1)
    events, snapshots, plays, seen = [], [], [], sick
    for week in range(WEEKS):
        monday = START + pd.Timedelta(weeks=week)
        live = gone < 0
        sick = 0.97 * sick + np.sqrt(1 - 0.97**2) * rng.normal(0, 1, n)
        use = rng.poisson(60 * np.exp(-0.6 * sick)) * live
        if week % 4 == 0:
            snapshots.append(_snapshot(ids, monday, sick, live, rng))
            seen = -snapshots[-1]["events__change_30d"].to_numpy()
        if week >= WARM_UP:
            chance = 1 / (1 + np.exp(steep * (sickness_called - seen)))
            now = np.flatnonzero(live & (called < 0) & (rng.random(n) < chance))
            called[now] = week
            lot = rng.random(len(now)) < by_lot
            arm = np.where(lot, np.where(rng.random(len(now)) < 0.5, "treated", "control"), "")
            protected[now[arm != "control"]] = True
            at = monday + pd.to_timedelta(rng.integers(0, 5, len(now)) * 24 + 10, unit="h")
            plays.append(pd.DataFrame({"account_id": ids[now], "assigned_at": at, "arm": arm}))
        covered = protected & (called >= 0) & (week - called < 12)
        hazard = np.exp(base + 1.1 * sick + np.log(ratio) * covered)
        leaves = live & (rng.random(n) < 1 - np.exp(-hazard))
        gone[leaves] = week
        events.append(pd.DataFrame({"account_id": ids, "week_start": monday, "n_events": use}))
    return Company(
        accounts=pd.Series(ids),
        interventions=_interventions(pd.concat(plays, ignore_index=True)),
        left=_left(ids, gone),
        features=pd.concat(snapshots, ignore_index=True),
        activity=pd.concat(events, ignore_index=True),
    )


def _snapshot(ids, monday, sick, live, rng):
    noise = rng.normal(0, 0.3, len(ids))
    return pd.DataFrame(
        {
            "account_id": ids,
            "as_of": monday,
            "is_live": live,
            "events__change_30d": -sick + noise,
            "tickets__n_30d": rng.poisson(np.exp(0.5 * sick)).astype(float),
            "nps_last": np.where(rng.random(len(ids)) < 0.5, np.nan, np.round(7 - 2 * sick)),
            "mrr": np.round(np.exp(rng.normal(6, 1, len(ids)))),
            "shoe_size": rng.normal(42, 2, len(ids)),
        }
    )


def _interventions(plays):
    at = pd.to_datetime(plays["assigned_at"]).dt.tz_localize("UTC")
    arm = plays["arm"].astype("string").replace("", pd.NA)
    done = (at + pd.Timedelta(days=5)).where(arm.ne("control").fillna(value=True))
    return plays.assign(play=PLAY, assigned_at=at, arm=arm, completed_at=done, hours=1.5)


def _left(ids, gone):
    out = gone >= 0
    days = START + pd.to_timedelta(gone[out] * 7 + 6, unit="D")
    table = pd.DataFrame({"account_id": ids[out], "churned_at": days})
    return table.sort_values(["churned_at", "account_id"], ignore_index=True)
