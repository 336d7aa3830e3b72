"""The whole way: what must not matter, what must be found, what must stay quiet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.anomalies import daily as daily_room
from helpers.anomalies.alerts import build_queue
from helpers.anomalies.analysis import Settings, analyse
from helpers.anomalies.daily import day_scores, learn_days
from helpers.anomalies.flags import risk_by_week, weekly_flags
from helpers.anomalies.measure_truth import found_by_kind
from helpers.anomalies.plots import plot_account, plot_company_days, plot_kinds
from helpers.anomalies.rounding import significant
from helpers.anomalies.signals import fill_cube, spread
from helpers.anomalies.tables import all_tables
from helpers.errors import ParameterError
from tests.anomalies.made import change, make_activity, quiet, reorder, run, scene_of

FEATURES = ("boards", "files", "tasks")


@pytest.fixture(scope="module")
def planted():
    """A hundred quiet accounts, ten of them with something to find."""
    activity = make_activity(n_accounts=100, n_users=6, features=FEATURES, seed=3)
    quiet(activity, 3, slice(182, 196), 0.04)
    activity.features.counts[:, 3, 182:] = 0
    activity.user_days[6 * 3 : 6 * 4, 182:] = 0
    quiet(activity, 8, slice(186, 196), 0.4)
    change(activity, "errors", 8, slice(186, 196), 8.0)
    activity.features.counts[1, 12, 170:] = 0
    activity.user_days[6 * 20 + 1 : 6 * 20 + 5, 178:] = 0
    return activity


@pytest.fixture(scope="module")
def analysis(planted):
    return run(planted)


@pytest.fixture(scope="module")
def queue(analysis):
    return build_queue(analysis, per_week=5)


def kinds_by_account(alerts):
    every = zip(alerts["account_id"], alerts["kind"], alerts["also_kinds"], strict=True)
    return {account: {kind, *also} for account, kind, also in every}


def test_what_was_planted_is_found_and_little_else(queue):
    found = kinds_by_account(pd.concat([queue.alerts, queue.review_list]))

    assert "sudden_drop" in found["a0003"]
    assert "usage_drop" in found["a0008"]
    assert "feature_abandonment" in found["a0012"]
    assert "user_attrition" in found["a0020"]
    assert len(set(found) - {"a0003", "a0008", "a0012", "a0020"}) <= 4


def test_nothing_planted_nothing_critical():
    alerts = build_queue(
        run(make_activity(n_accounts=100, n_users=6, features=FEATURES)), per_week=9
    )

    assert not alerts.alerts["severity"].isin(["critical"]).any()
    assert len(alerts.alerts) <= 5


def test_the_order_of_accounts_does_not_matter(planted, queue):
    activity = make_activity(n_accounts=100, n_users=0, features=FEATURES, seed=3)
    activity = replace(activity, signals=planted.signals, features=planted.features)
    order = np.random.default_rng(1).permutation(100)

    first = build_queue(run(activity), per_week=5).alerts
    second = build_queue(run(reorder(activity, order)), per_week=5).alerts

    assert sorted(first["account_id"]) == sorted(second["account_id"])
    merged = first.merge(second, on=["account_id", "kind", "detected_on"], suffixes=("", "_2"))
    assert len(merged) == len(first)
    assert (merged["severity"] == merged["severity_2"]).all()
    assert (merged["evidence"] == merged["evidence_2"]).all()


# no look-ahead: the back-test sees what a run of that day would have seen
def test_weekly_flags_are_those_of_a_run_at_that_weeks_end(planted, analysis):
    cut = 196 - 28
    past = replace(
        planted,
        days=planted.days[:cut],
        alive=planted.alive[:, :cut],
        observed=planted.observed[:cut],
        signals=replace(planted.signals, counts=planted.signals.counts[:, :, :cut]),
        features=replace(planted.features, counts=planted.features.counts[:, :, :cut]),
        user_days=planted.user_days[:, :cut],
    )

    then = run(past)
    now = weekly_flags(analysis.activity, analysis.flags)
    seen = now[now["week_end"] <= past.as_of].reset_index(drop=True)

    pd.testing.assert_frame_equal(weekly_flags(then.activity, then.flags), seen)
    risk = risk_by_week(analysis.activity, analysis.judged.risk)
    pd.testing.assert_frame_equal(
        risk_by_week(then.activity, then.judged.risk),
        risk[risk["week_end"] <= past.as_of].reset_index(drop=True),
    )


def test_fault_C16_half_a_last_day_is_not_a_drop():
    whole = make_activity(n_accounts=80)
    half = make_activity(n_accounts=80)
    half.signals.counts[:, :, -1] = np.floor(half.signals.counts[:, :, -1] * 0.1)
    half.observed[-1] = False

    week = scene_of(half).week
    usual = scene_of(whole).week

    assert np.nanmedian(week.ratio("events")[:, -1]) == pytest.approx(1.0, abs=0.05)
    assert np.nanmean(week.of("events", "p_low")[:, -1] < 0.01) <= 0.05
    assert np.nanmedian(usual.ratio("events")[:, -1]) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("n_accounts", [0, 1, 2, 5])
@pytest.mark.parametrize("n_days", [20, 60, 130])
def test_fault_E01_few_accounts_or_days_degrade_with_a_reason(n_accounts, n_days):
    activity = make_activity(n_accounts=n_accounts, n_days=n_days, n_users=2, features=FEATURES)

    analysis = run(activity)
    queue = build_queue(analysis, per_week=5)
    tables = all_tables(analysis, queue)

    assert str(tables["alerts"]["detected_on"].dtype) == "datetime64[us]"
    assert set(tables["scores"].columns) >= {"account_id", "day", "metric", "value", "expected"}
    short = any("days of history" in line for line in analysis.missing)
    assert short == (n_days < 42)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"review_days": 0}, "review_days must lie in 1 to 92"),
        ({"baseline_days": 20}, "baseline_days must lie in 28 to 365"),
        ({"sensitivity": 0.5}, "sensitivity must lie above 0, at most 0.2"),
        ({"windows_days": ()}, "windows_days must lie in 1 to 92"),
    ],
)
def test_settings_out_of_range_are_refused(given, words):
    with pytest.raises(ParameterError, match=words):
        Settings(**given)


# T-08
def test_windows_can_be_daily_weekly_or_monthly():
    activity = make_activity(n_accounts=60, spread=0.01, rate=(200.0, 400.0))
    activity.signals.counts[:, 4, 195] = np.floor(activity.signals.counts[:, 4, 195] * 0.3)

    weekly = analyse(activity, Settings(windows_days=(7, 28)))
    daily = analyse(activity, Settings(windows_days=(1, 7)))

    assert not ((weekly.flags["account"] == 4) & (weekly.flags["day"] == 196)).any()
    flagged = daily.flags[(daily.flags["account"] == 4) & (daily.flags["day"] == 196)]
    assert flagged["window_days"].tolist() == [1]


# N-14: normal per cohort, in the scores too
def test_daily_scores_tell_the_days_that_were_odd():
    activity = make_activity(n_accounts=60, rate=(200.0, 300.0))
    activity.signals.of("events")[7, 190] = 0
    keep = np.arange(60) < 10
    learnt = learn_days(activity, activity.signals, keep=keep)

    scores = day_scores(activity, learnt, days=90, keep=keep)
    mine = scores[(scores["account_id"] == "a0007") & (scores["metric"] == "events")]

    assert scores["account_id"].nunique() == 10
    assert len(mine) == 90
    assert mine.sort_values("score")["day"].iloc[0] == activity.days[190]
    assert (mine["low"] <= mine["expected"]).all()
    assert mine["score"].median() == pytest.approx(0, abs=0.4)


def test_days_are_the_same_however_many_are_learnt_at_once(monkeypatch):
    activity = make_activity(n_accounts=30, n_days=187)  # the last week is not over
    whole = learn_days(activity, activity.signals)
    monkeypatch.setattr(daily_room, "CHUNK_CELLS", 90)
    monkeypatch.setattr(daily_room, "CHUNK_ROWS", 7)

    pieces = learn_days(activity, activity.signals, last_weeks=3)

    for name in ("observed", "expected", "spread"):
        np.testing.assert_allclose(
            getattr(pieces, name),
            getattr(whole, name)[:, :, -pieces.observed.shape[2] :],
            rtol=1e-9,
        )
    assert pieces.first_day == 187 - 5 - 14


def test_a_weekday_habit_of_its_own_is_learnt():
    activity = make_activity(n_accounts=60, spread=0.01, rate=(60.0, 80.0))
    events = activity.signals.of("events")
    friday, monday = np.arange(196) % 7 == 4, np.arange(196) % 7 == 0
    events[5, friday], events[5, monday] = 0, events[5, monday] * 2  # never on Fridays
    expected = learn_days(activity, activity.signals).expected[0][:, -7:]

    assert (
        expected[5, 4]
        < 0.3 * np.median(expected[:, 4] / expected.mean(axis=1)) * expected[5].mean()
    )


def test_tables_are_sorted_and_consistent(analysis, queue):
    tables = all_tables(analysis, queue)
    scores, kinds = tables["scores"], tables["kinds"]

    assert scores[["account_id", "day", "metric"]].duplicated().sum() == 0
    assert scores["day"].max() == analysis.activity.days[-1]
    single = queue.alerts[queue.alerts["account_id"] != "*"]
    assert kinds["alerts"].sum() == len(single)
    assert set(tables["changes"]["account_id"]) <= set(single["account_id"])
    assert tables["weekly_flags"]["week_end"].max() == analysis.activity.as_of
    assert tables["signals"].set_index("signal").loc["sessions", "why_not"] == "not in the data"


# N-18, N-10
def test_inactive_users_are_listed_for_alerts_about_people(queue):
    mine = queue.inactive_users[queue.inactive_users["account_id"] == "a0020"]

    assert mine["user_id"].tolist() == [f"u{120 + number:05d}" for number in (1, 2, 3, 4)]


def test_pictures_draw_what_the_tables_hold(analysis, queue):
    tables = all_tables(analysis, queue)
    top = queue.alerts[queue.alerts["account_id"] == "a0003"].iloc[0]

    axes = plot_account(tables["scores"], top, name="A $ B")
    daily = tables["scores"]
    events = daily[(daily["account_id"] == "a0003") & (daily["metric"] == top["metrics"][0])]
    drawn = next(line for line in axes[0].lines if line.get_label() == "observed").get_ydata()
    assert drawn[-1] == pytest.approx(events["value"].tail(7).sum())

    bars = plot_kinds(queue.alerts)
    assert sum(patch.get_width() for patch in bars.patches) == len(queue.alerts)

    company = plot_company_days(tables["company_days"])
    line = company[0].lines[0].get_ydata()
    events = tables["company_days"][tables["company_days"]["metric"] == "events"]
    assert line[-1] == events["company"].iloc[-1]


def test_pictures_of_nothing_say_so():
    empty = {"account_id": "", "kind": "no alert", "metrics": []}
    nothing = pd.Series(empty | {"detected_on": pd.NaT, "last_seen_on": pd.NaT})
    scores = pd.DataFrame(columns=["account_id", "day", "metric", "value", "expected"])

    axes = plot_account(scores, nothing, name="")
    bars = plot_kinds(pd.DataFrame({"kind": [], "severity": []}))

    assert axes[0].texts[0].get_text() == "no daily history"
    assert len(bars.patches) == 0


def test_published_numbers_have_six_digits():
    assert significant([0.123456789, 1.23456789e-11, 0.0, 1234567.8]).tolist() == [
        0.123457,
        1.23457e-11,
        0.0,
        1234570.0,
    ]
    assert np.isnan(significant(np.nan))


def test_counts_are_spread_over_accounts_and_days():
    rows = pd.DataFrame({"account": [0, 1, 1], "day": [2, 0, 0], "n": [5, 1, 2]})

    assert spread(rows, (2, 3)).tolist() == [[0, 0, 5], [3, 0, 0]]
    assert fill_cube({"a": rows}, (2, 3)).of("a")[1, 0] == 3
    with pytest.raises(KeyError, match="no signal 'b' here"):
        fill_cube({"a": rows}, (2, 3)).of("b")


def test_recall_and_precision_count_what_they_say():
    day = pd.Timestamp("2026-06-10")
    alerts = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "kind": ["sudden_drop", "usage_drop", "sudden_drop"],
            "also_kinds": [[], ["sudden_drop"], []],
            "detected_on": [day, day, day],
            "last_seen_on": [day, day, day],
        }
    )
    truth = pd.DataFrame(
        {
            "account_id": ["a", "b", "d", "c"],
            "kind": ["sudden_drop"] * 3 + ["user_attrition"],
            "starts_on": [day - pd.Timedelta(days=n) for n in (2, 5, 2, 1)],
            "ends_on": [day + pd.Timedelta(days=9)] * 4,
        }
    )

    found = found_by_kind(alerts, truth).set_index("kind")

    assert found.loc["sudden_drop", ["planted", "found", "alerts", "right"]].tolist() == [
        3,
        2,
        3,
        2,
    ]
    assert found.loc["sudden_drop", "lag_days"] == 3.5
    assert found.loc["user_attrition", ["found", "noticed"]].tolist() == [0, 1]
