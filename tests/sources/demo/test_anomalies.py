"""Every planted oddity, looked up in the raw events."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.sources.demo.anomalies import LATE_NEGATIVE, LATE_POSITIVE, plan_anomalies
from helpers.sources.demo.life import live
from helpers.sources.demo.settings import Scale
from helpers.sources.demo.taxonomy import AT_RISK
from tests.sources.demo.conftest import Written

FEATURE = {
    "outlier_actions": "e IN ('api_key_created', 'export_run')",
    "suspicious_activity": "e IN ('login_failed', 'export_run')",
    "premium_in_trial": "f IN ('automations', 'workload', 'timeline')",
    "emerging_champion": "e IN ('item_shared', 'comment_added', 'community_posted')",
    "five_integrations_three_departments": "e = 'integration_used'",
}


@pytest.fixture(scope="module")
def truth(brightdesk: Written) -> pd.DataFrame:
    table = brightdesk.csv("truth/anomalies.csv", keep_default_na=False)
    return table.assign(
        first=pd.to_datetime(table.starts_on).dt.date, last=pd.to_datetime(table.ends_on).dt.date
    )


def late(truth: pd.DataFrame, kind: str) -> pd.DataFrame:
    return truth[(truth.kind == kind) & (truth.phase == "late") & (truth.origin == "planted")]


def per_week(
    written: Written, account: str, first: dt.date, last: dt.date, what: str = "true"
) -> float:
    days = (last - first).days + 1
    return float(
        written.frame(
            f"SELECT count(*) n FROM ev WHERE a = '{account}' AND {what} "
            f"AND d BETWEEN DATE '{first}' AND DATE '{last}'"
        ).n[0]
        * 7
        / days
    )


def ratios(written: Written, rows: pd.DataFrame, what: str = "true") -> np.ndarray:
    """Use a week during the oddity over use a week in the eight weeks before."""
    found = []
    for row in rows.itertuples():
        before = row.first - dt.timedelta(days=56)
        calm = per_week(written, row.account_id, before, row.first - dt.timedelta(days=1), what)
        during = per_week(written, row.account_id, row.first, row.last, what)
        found.append((during + 0.5) / (calm + 0.5))
    return np.array(found)


@pytest.mark.parametrize("kind", [*LATE_NEGATIVE, *LATE_POSITIVE])
def test_every_kind_is_planted_eight_times(truth: pd.DataFrame, kind: str) -> None:
    # N-08 N-09 N-15 N-16 N-17 N-18
    rows = late(truth, kind)
    assert len(rows) == 8
    assert rows.account_id.is_unique
    assert (rows["first"] >= dt.date(2026, 6, 1)).all()
    assert (rows["last"] <= dt.date(2026, 6, 30)).all()


def test_no_account_has_two_late_oddities(truth: pd.DataFrame) -> None:
    rows = truth[(truth.phase == "late") & (truth.origin == "planted") & (truth.account_id != "")]
    assert rows.account_id.is_unique


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("sudden_drop", 0.0, 0.25),  # 90 % less
        ("user_attrition", 0.2, 0.75),
        ("unexpected_spike", 5.0, 30.0),
        ("pattern_break", 0.7, 1.4),  # same volume
        ("admin_absence", 0.5, 1.1),
        ("power_user_silent", 0.5, 1.1),
        ("above_typical_power_user", 1.5, 4.5),
        ("outlier_actions", 30.0, 1e9),
        ("suspicious_activity", 15.0, 1e9),
        ("premium_in_trial", 4.0, 1e9),
        ("emerging_champion", 1.8, 50.0),
        ("five_integrations_three_departments", 1.5, 1e9),
    ],
)
def test_kinds_show_in_the_events(
    brightdesk: Written, truth: pd.DataFrame, kind: str, low: float, high: float
) -> None:
    found = np.median(ratios(brightdesk, late(truth, kind), FEATURE.get(kind, "true")))
    assert low <= found <= high


def test_an_abandoned_feature_falls_to_zero_and_the_rest_goes_on(
    brightdesk: Written, truth: pd.DataFrame
) -> None:
    # N-08
    rest = []
    for row in late(truth, "feature_abandonment").itertuples():
        what = f"f = '{row.detail}'"
        before = row.first - dt.timedelta(days=56)
        day_before = row.first - dt.timedelta(days=1)
        assert per_week(brightdesk, row.account_id, row.first, row.last, what) == 0
        assert per_week(brightdesk, row.account_id, before, day_before, what) > 1
        one = pd.DataFrame([row])
        rest.append(ratios(brightdesk, one, f"f <> '{row.detail}'")[0])
    assert 0.7 < np.median(rest) < 1.4


def test_a_broken_pattern_moves_to_nights_and_weekends(
    brightdesk: Written, truth: pd.DataFrame
) -> None:
    # N-09
    for row in late(truth, "pattern_break").itertuples():
        found = brightdesk.frame(
            f"""SELECT avg((isodow(d) > 5)::INT) weekend, avg((hour(lt) < 6)::INT) night
            FROM ev WHERE a = '{row.account_id}' AND d >= DATE '{row.first}'"""
        ).iloc[0]
        assert found["weekend"] > 0.2
        assert found["night"] > 0.8


def test_silent_people_were_the_busiest_or_the_administrators(
    brightdesk: Written, truth: pd.DataFrame
) -> None:
    # N-18
    users = brightdesk.csv("product/users.csv.gz").set_index("user_id")
    for kind in ("power_user_silent", "admin_absence"):
        for row in late(truth, kind).itertuples():
            use = brightdesk.frame(
                f"""SELECT u, count(*) FILTER (d < DATE '{row.first}'
                      AND d >= DATE '{row.first}' - 90) old,
                    count(*) FILTER (d >= DATE '{row.first}') new
                FROM ev WHERE a = '{row.account_id}' GROUP BY u"""
            ).set_index("u")
            gone = use[(use.new == 0) & (use.old > 0)]
            if kind == "power_user_silent":
                assert use.old.idxmax() in gone.index, row.account_id
            else:
                admins = users[(users.org_id == row.account_id) & (users.admin == "Y")].index
                assert set(admins) & set(use[use.old > 0].index) <= set(gone.index)


def test_limits_are_passed_by_those_planted_and_by_those_listed(
    brightdesk: Written, truth: pd.DataFrame
) -> None:
    # N-16: above 80 % of storage, above 90 % of seats, above the API limit
    levels = brightdesk.frame(
        f"""SELECT org_id, metric, arg_max(value, measured_on) AS value
        FROM '{brightdesk.folder}/product/usage_levels.parquet'
        WHERE measured_on = DATE '2026-06-30' GROUP BY 1, 2"""
    ).pivot_table(index="org_id", columns="metric", values="value")
    accounts = brightdesk.csv("crm/accounts.csv").set_index("customer_id").loc[levels.index]
    shares = {
        "near_storage_limit": levels.storage_gb / accounts.storage_quota_gb > 0.80,
        "near_seat_limit": levels.seats / accounts.seats_purchased > 0.90,
        "api_over_limit": levels.api_calls / accounts.api_quota > 1.0,
    }
    for kind, over in shares.items():
        listed = truth[(truth.kind == kind) & (truth.phase == "late")].account_id
        assert set(over.index[over]) == set(listed), kind


def test_five_integrations_come_with_three_departments(
    brightdesk: Written, truth: pd.DataFrame
) -> None:
    # N-17
    levels = brightdesk.frame(
        f"""SELECT org_id, arg_max(value, measured_on) n, arg_min(value, measured_on) old
        FROM '{brightdesk.folder}/product/usage_levels.parquet'
        WHERE metric = 'integrations' GROUP BY 1"""
    ).set_index("org_id")
    rows = late(truth, "five_integrations_three_departments")
    assert set(levels.index[levels.n >= 5]) == set(rows.account_id)
    assert (levels.old < 5).all()
    assert _active_departments(brightdesk, rows).min() >= 3


def test_new_departments_have_people_at_work(brightdesk: Written, truth: pd.DataFrame) -> None:
    # N-15
    rows = late(truth, "new_departments")
    assert (_active_departments(brightdesk, rows) >= 3).all()
    users = brightdesk.csv("product/users.csv.gz")
    for row in rows.itertuples():
        mine = users[users.org_id == row.account_id]
        joined = pd.to_datetime(mine.created_ms, unit="ms").dt.date
        before, after = mine[joined < row.first], mine[joined == row.first]
        assert len(set(after.department) - set(before.department)) >= 2


def _active_departments(written: Written, rows: pd.DataFrame) -> np.ndarray:
    users = written.csv("product/users.csv.gz").set_index("user_id").department
    found = []
    for account in rows.account_id:
        active = written.frame(
            f"SELECT DISTINCT u FROM ev WHERE a = '{account}' AND d >= DATE '2026-06-01'"
        ).u
        found.append(users.reindex(active).nunique())
    return np.array(found)


def test_the_fault_of_the_product_hits_many_for_two_days(
    brightdesk: Written, truth: pd.DataFrame
) -> None:
    # N-19
    row = truth[(truth.kind == "systemic_incident") & (truth.phase == "late")].iloc[0]
    assert (row["last"] - row["first"]).days == 1
    daily = brightdesk.frame(
        """SELECT d, avg((e = 'error_shown')::INT) errors, avg((f = 'boards')::INT) boards
        FROM ev GROUP BY d ORDER BY d"""
    )
    inside = daily.d.dt.date.between(row["first"], row["last"])
    calm = daily[daily.d.dt.date.between(dt.date(2026, 4, 1), dt.date(2026, 5, 31))]
    assert (daily[inside].errors > 3 * calm.errors.mean()).all()
    assert (daily[inside].boards < 0.8 * calm.boards.mean()).all()
    assert row.account_id == ""


def test_oddities_also_lie_in_the_past_and_before_churn(
    brightdesk: Written, truth: pd.DataFrame
) -> None:
    # P-05
    past = truth[(truth.phase == "early") & (truth.kind != "gradual_decline")]
    assert past.kind.nunique() >= 6
    before = truth[(truth.phase == "before_churn") & (truth.kind != "gradual_decline")]
    assert len(before) >= 10
    left = brightdesk.csv("truth/accounts.csv").set_index("account_id").churned_on
    for row in before.itertuples():
        lead = (dt.date.fromisoformat(left[row.account_id]) - row.first).days
        assert 0 < lead <= 70


def test_declines_are_listed_from_onset_to_end(brightdesk: Written, truth: pd.DataFrame) -> None:
    # T-04
    life = brightdesk.life
    current = truth[(truth.kind == "gradual_decline") & (truth.phase == "current")]
    slipping = life.live_on(life.scale.n_days) & (life.state_on(life.scale.n_days) == AT_RISK)
    assert set(current.account_id) == {f"BD-{number}" for number in life.ids[slipping]}
    long = current[current["first"] < dt.date(2026, 4, 1)]
    drops = []
    for row in long.itertuples():
        span = [row.first, row.first + dt.timedelta(days=27)]
        begin = per_week(brightdesk, row.account_id, *span)
        end = per_week(brightdesk, row.account_id, dt.date(2026, 6, 3), dt.date(2026, 6, 30))
        if begin > 5:
            drops.append(end / begin)
    assert np.median(drops) < 0.6


def test_plateaus_are_flatter_than_others(brightdesk: Written) -> None:
    # T-06
    life = brightdesk.life
    plateau = plan_anomalies(life).plateau
    assert len(plateau) == 16
    weekly = brightdesk.frame(
        """SELECT a, (DATE '2026-06-30' - d) // 7 AS w, count(*) n FROM ev
        WHERE d > DATE '2026-06-30' - 84 GROUP BY 1, 2"""
    ).pivot_table(index="a", columns="w", values="n", fill_value=0)
    share = weekly / weekly.sum()
    spread = (share.std(axis=1) / share.mean(axis=1)).rename("spread")
    flat = spread.reindex([f"BD-{number}" for number in life.ids[plateau]])
    volume = weekly.sum(axis=1)
    others = spread[
        (volume > volume.reindex(flat.index).quantile(0.1)) & ~spread.index.isin(flat.index)
    ]
    assert flat.median() < 0.7 * others.median()


@pytest.mark.parametrize(("accounts", "each"), [(1200, 16), (200, 3), (60, 1)])
def test_counts_scale_with_the_company(accounts: int, each: int) -> None:
    plan = plan_anomalies(live(Scale(accounts=accounts)))
    kinds = pd.Series([a.kind for a in plan.anomalies if a.phase == "late"]).value_counts()
    assert kinds.max() == each
    if accounts >= 200:
        assert set(kinds.index) == {*LATE_NEGATIVE, *LATE_POSITIVE}
    if accounts >= 600:
        assert (kinds == each).all()
