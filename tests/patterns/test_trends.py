from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers.patterns.day_index import ActivityGrid
from helpers.patterns.rhythm import find_rhythm, find_trends
from helpers.patterns.trends import LIMITS, _slopes, trend_kinds
from helpers.patterns.weekly import (
    MATURE_WEEKS,
    WeeklyGrid,
    age_profile,
    weekly_grid,
    with_age_profile,
)
from tests.patterns.made import make_material

AS_OF = pd.Timestamp("2026-07-01")


def grid(counts, exposure=None):
    counts = np.atleast_2d(np.asarray(counts, float))
    n, weeks = counts.shape
    return WeeklyGrid(
        pd.Index([f"a{i:04d}" for i in range(n)]),
        pd.date_range(end=AS_OF, periods=weeks, freq="7D"),
        counts,
        np.ones_like(counts) if exposure is None else np.atleast_2d(exposure).astype(float),
    )


def noisy(slope, *, n=200, level=60, noise=0.1, weeks=20, seed=0):
    """Weekly use that changed by ``slope`` a week in the last 16 weeks; flat before."""
    rng = np.random.default_rng(seed)
    time = np.maximum(np.arange(weeks) - weeks + 1.0, -16)
    mean = level * (1 + slope) ** time * np.exp(rng.normal(0, noise, (n, weeks)))
    return rng.poisson(mean).astype(float)


def kinds(counts, **options):
    return trend_kinds(grid(counts), as_of=AS_OF, **options)


def share(table, kind):
    return (table["kind"] == kind).mean()


def test_a_clean_decline_and_growth_are_named_with_their_slope():  # T-04 T-05
    weeks = np.arange(20)
    table = kinds([1000 * 0.95**weeks, 400 * 1.04**weeks, np.full(20, 500.0)])
    assert table["kind"].tolist() == ["gradual_decline", "steady_growth", "plateau"]  # T-06
    assert table["slope_per_week"].tolist() == pytest.approx([-0.05, 0.04, 0.0], abs=1e-6)
    assert table["weeks"].tolist() == [16, 16, 12]
    assert (table["low"] <= table["slope_per_week"]).all()
    assert table["p_value"].iloc[0] < 1e-6
    assert table["use_per_week"].iloc[0] == pytest.approx(1000 * 0.95**19)


def test_five_percent_a_week_is_found_long_before_the_level_has_halved():  # T-04 Z-09
    found = {w: share(kinds(noisy(-0.05)[:, -w - 1 :]), "gradual_decline") for w in (8, 12, 16)}
    assert found[16] > 0.9
    assert found[12] > 0.8
    assert 0.95**12 > 0.5  # after twelve weeks the level has not yet halved


def measured(slope, *, since, noise, n=600, seed=0):
    """Flat use that changed by ``slope`` a week since so many weeks, with this weekly noise."""
    rng = np.random.default_rng(seed)
    time = np.maximum(np.arange(20) - 19.0, -since)
    own = np.sqrt(noise**2 - 1 / 400)  # what 400 actions a week do not explain
    return rng.poisson(400 * (1 + slope) ** time * np.exp(rng.normal(0, own, (n, 20)))).astype(
        float
    )


@pytest.mark.parametrize(
    ("slope", "since", "noise", "kind"),
    [
        (-0.05, 8, 0.08, "gradual_decline"),  # T-04
        (-0.05, 10, 0.16, "gradual_decline"),  # Z-09: long before it is -40 %
        (0.04, 8, 0.08, "steady_growth"),  # T-05
        (0.0, 12, 0.08, "plateau"),  # T-06
    ],
)
def test_planted_trends_are_found_by_the_stated_durations(slope, since, noise, kind):
    assert share(kinds(measured(slope, since=since, noise=noise)), kind) >= 0.95


def seasonal_days(n=300, *, seed=0):
    """Days of accounts that follow a week, a month and a quarter, and have no trend."""
    rng = np.random.default_rng(seed)
    when = pd.date_range(end=AS_OF - pd.Timedelta(days=1), periods=60 * 7)
    week = np.array([1.1, 1.3, 1.4, 1.3, 1.1, 0.4, 0.3])[when.day_of_week]
    month = np.where(when.day <= 7, 1.15, 1.0)
    quarter = np.where((when + pd.offsets.QuarterEnd(0) - when).days < 14, 1.3, 1.0)
    level = rng.lognormal(2.5, 0.7, (n, 1))
    week_noise = np.repeat(np.exp(rng.normal(0, 0.1, (n, 60))), 7, axis=1)
    counts = rng.poisson(level * week_noise * week * month * quarter)
    rows, columns = np.nonzero(counts)
    names = np.array([f"a{i:04d}" for i in range(n)])
    activity = pd.DataFrame(
        {"account_id": names[rows], "day": when[columns], "n_events": counts[rows, columns]}
    )
    lives = pd.DataFrame(
        {"account_id": names, "region": None, "name": None, "csm": None, "last_on": pd.NaT}
    )
    return activity, lives.assign(first_on=when[0])


def test_accounts_that_only_follow_the_season_are_rarely_given_a_trend():  # T-01 T-02 T-03
    activity, lives = seasonal_days()
    made = make_material(activity=activity, lives=lives, as_of=AS_OF)
    trends = find_trends(made, find_rhythm(made))
    named = trends.table["kind"].isin(["gradual_decline", "steady_growth"])
    assert len(trends.table) == 300
    assert trends.table["kind"].notna().all()
    assert named.mean() <= 0.05
    assert trends.declining.empty  # and none of them is listed
    assert "(q < 0.05)" in trends.caveats[0]


def test_only_what_is_certain_among_all_accounts_is_listed_by_name():
    activity, lives = seasonal_days(60)
    falls = activity["account_id"].isin(["a0003", "a0007"])
    weeks = (AS_OF - activity["day"]).dt.days / 7
    kept = np.where(falls, 12 * 0.93 ** np.maximum(16 - weeks, 0), activity["n_events"])
    noisy_days = np.random.default_rng(1).poisson(kept)
    activity["n_events"] = np.where(falls, noisy_days, activity["n_events"])
    made = make_material(activity=activity, lives=lives, as_of=AS_OF)
    trends = find_trends(made, find_rhythm(made))
    assert sorted(trends.declining["account_id"]) == ["a0003", "a0007"]
    assert trends.declining["q_value"].is_monotonic_increasing
    assert (trends.declining["q_value"] < 0.05).all()
    assert trends.measures["n_declines_shown"] == 2
    assert trends.measures["n_gradual_decline"] >= 2


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.25])
def test_accounts_without_a_trend_are_rarely_given_one(noise):
    table = kinds(noisy(0.0, n=600, noise=noise, seed=3))
    assert share(table, "gradual_decline") + share(table, "steady_growth") <= 0.05
    assert 0.01 < (table["p_value"] < 0.05).mean() < 0.13


def test_bands_are_tolerances_with_two_sides():  # Z-19
    weeks = np.arange(20)

    def kind(slope, **limits):
        counts = 3_000 * (1 + slope) ** weeks
        return kinds([counts], limits=replace(LIMITS, **limits))["kind"].iloc[0]

    assert kind(-0.026) == "gradual_decline"
    assert kind(-0.024) == "none"
    assert kind(0.021) == "steady_growth"
    assert kind(0.019) == "plateau"
    assert kind(-0.019) == "plateau"
    assert kind(-0.021) == "none"
    assert kind(-0.03, decline=-0.03) == "gradual_decline"


def test_slope_agrees_with_a_poisson_regression():
    counts = noisy(-0.03, n=1, seed=8)
    exposure = np.linspace(0.7, 1.3, 20)[None, :]
    table = trend_kinds(grid(counts, exposure), as_of=AS_OF)
    window = int(table["weeks"].iloc[0])
    x = sm.add_constant(np.arange(window) - window + 1.0)
    fit = sm.GLM(
        counts[0, -window:],
        x,
        family=sm.families.Poisson(),
        offset=np.log(exposure[0, -window:]),
    ).fit()
    assert np.log1p(table["slope_per_week"].iloc[0]) == pytest.approx(fit.params[1], abs=1e-6)


def test_a_noisy_neighbour_makes_an_account_less_sure():
    calm = noisy(-0.05, n=1, noise=0.02)
    among_calm = kinds(np.vstack([calm, noisy(0.0, n=50, noise=0.02, seed=1)]))
    among_wild = kinds(np.vstack([calm, noisy(0.0, n=50, noise=0.5, seed=1)]))
    assert among_wild["p_value"].iloc[0] > among_calm["p_value"].iloc[0]


def test_seasons_are_taken_out():
    season = np.linspace(1.4, 0.6, 20)  # into the summer
    counts = 400 * season
    assert kinds([counts])["kind"].tolist() == ["gradual_decline"]
    table = trend_kinds(grid([counts], [season]), as_of=AS_OF)
    assert table["kind"].tolist() == ["plateau"]


def test_weeks_not_seen_are_not_zeros():
    counts, exposure = 500 * 0.95 ** np.arange(20), np.ones(20)
    counts[10], exposure[10] = 0, 0
    table = trend_kinds(grid([counts], [exposure]), as_of=AS_OF)
    assert table["slope_per_week"].iloc[0] == pytest.approx(-0.05, abs=1e-6)


def test_short_histories_and_hardly_any_use_are_not_judged():
    exposure = np.zeros((3, 20))
    exposure[0, -5:] = exposure[1, -6:] = exposure[2] = 1
    counts = np.where(exposure > 0, 50.0, 0.0)
    counts[2] = 0.3
    table = trend_kinds(grid(counts, exposure), as_of=AS_OF)
    assert table["kind"].isna().tolist() == [False, False, True]
    short = trend_kinds(grid(counts[:, -4:], exposure[:, -4:]), as_of=AS_OF)
    assert short["kind"].isna().all()
    assert short["why_not"].tolist()[:2] == ["fewer than 6 weeks seen"] * 2
    assert table["why_not"].iloc[2] == "hardly any use"
    assert table["slope_per_week"].isna().iloc[2]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_accounts_or_none(n):
    table = kinds(noisy(-0.05, n=n) if n else np.zeros((0, 20)))
    assert len(table) == n
    assert set(table.columns) >= {"account_id", "kind", "slope_per_week", "weeks", "p_value"}


def test_order_and_names_of_accounts_do_not_matter():
    counts = noisy(-0.03, n=40)
    order = np.random.default_rng(1).permutation(40)
    one, two = kinds(counts), kinds(counts[order])
    columns = ["kind", "slope_per_week", "weeks", "p_value", "q_value"]
    pd.testing.assert_frame_equal(one[columns].iloc[order].reset_index(drop=True), two[columns])


def days(counts, usable=None):
    counts = np.asarray(counts, np.float32)
    return ActivityGrid(
        pd.Index([f"a{i}" for i in range(len(counts))]),
        pd.date_range(end=AS_OF - pd.Timedelta(days=1), periods=counts.shape[1]),
        counts,
        np.ones(counts.shape, bool) if usable is None else usable,
        pd.DataFrame(columns=["day", "reason"]),
    )


def test_weeks_end_with_the_last_day_and_need_four_usable_days():
    counts = np.ones((1, 24))
    usable = np.ones((1, 24), bool)
    usable[0, 3:7] = False  # the first whole week keeps three days
    usable[0, 10:12] = False
    weekly = weekly_grid(days(counts, usable), np.ones(24))
    assert weekly.ends.tolist() == list(pd.to_datetime(["2026-06-17", "2026-06-24", "2026-07-01"]))
    assert weekly.counts.tolist() == [[0, 5, 7]]
    assert weekly.exposure.tolist() == [[0, pytest.approx(5 / 7), 1]]


def test_what_is_normal_at_an_age_is_learnt_and_taken_out():  # T-08
    rng = np.random.default_rng(0)
    weeks, n = 60, 300
    start = rng.integers(0, 45, n)
    age = np.arange(weeks)[None, :] - start[:, None]
    profile = np.where(age < 13, 1.5, np.where(age < 26, 1.5 - 0.5 * (age - 12) / 14, 1.0))
    exposure = (age >= 0).astype(float)
    counts = rng.poisson(40 * profile * exposure).astype(float)
    weekly = grid(counts, exposure)
    first_on = pd.Series(weekly.ends[0] - pd.Timedelta(days=7) + pd.to_timedelta(7 * start, "D"))
    learnt = age_profile(weekly, first_on)
    assert learnt["factor"].iloc[5] == pytest.approx(1.5, rel=0.06)
    assert learnt["factor"].iloc[MATURE_WEEKS] == 1
    young = pd.Series(weekly.ends[-1] - first_on).dt.days.between(7 * 20, 7 * 30).to_numpy()
    plain = trend_kinds(weekly, as_of=AS_OF)[young]
    fair = trend_kinds(with_age_profile(weekly, first_on, learnt), as_of=AS_OF)[young]
    assert fair["slope_per_week"].abs().mean() < plain["slope_per_week"].abs().mean()
    assert fair["slope_per_week"].mean() == pytest.approx(0, abs=0.01)


def test_too_few_young_accounts_teach_nothing():
    weekly = grid(noisy(0.0, n=10))
    first_on = pd.Series([AS_OF - pd.Timedelta(days=100)] * 10)
    assert (age_profile(weekly, first_on)["factor"] == 1).all()
    unknown = pd.Series([pd.NaT] * 10)
    assert (age_profile(weekly, unknown)["factor"] == 1).all()


def test_one_week_or_a_jump_is_no_trend():  # T-04 T-05 Z-19
    flat = measured(0.0, since=0, noise=0.08, n=200)
    spike, jump, drop = flat.copy(), flat.copy(), flat.copy()
    spike[:, -1] *= 3  # one busy week at the end
    jump[:, -3:] *= 1.8  # another level for three weeks
    drop[:, -2:] *= 0.5
    assert share(kinds(spike), "steady_growth") < 0.05
    assert share(kinds(jump), "steady_growth") < 0.05
    assert share(kinds(drop), "gradual_decline") < 0.05


def test_leaving_a_week_out_agrees_with_fitting_without_it():
    """The slow way: the week is not seen, everything is fitted again."""
    counts = measured(0.04, since=12, noise=0.10, n=30)
    whole = _slopes(grid(counts), 12, LIMITS)
    seen = []
    for week in range(1, 13):
        exposure = np.ones_like(counts)
        exposure[:, -week] = 0
        without = np.where(exposure > 0, counts, 0)
        again = _slopes(replace(grid(without), exposure=exposure), 12, LIMITS)
        seen.append(again.slope / again.error)
    for one_step, slow in ((whole.least, np.min(seen, axis=0)), (whole.most, np.max(seen, axis=0))):
        assert np.corrcoef(one_step, slow)[0, 1] > 0.95
        assert np.allclose(one_step, slow, rtol=0.2)
