import numpy as np
import pandas as pd
import pytest

from helpers.patterns.autocorrelated import fit_log_linear
from helpers.patterns.day_index import activity_grid, day_index
from helpers.patterns.seasonality import CYCLES, POSITIONS, fit_rhythm

DAYS = pd.date_range("2025-04-01", "2026-06-30")
WEEK = np.array([0.95, 1.15, 1.20, 1.15, 0.90, 0.25, 0.20])


def seasonal(days):
    """The rhythm that the tests plant, as a factor a day."""
    month = np.select([days.day <= 7, days.day <= 20], [1.15, 1.0], 0.93)
    end = (days + pd.offsets.QuarterEnd(0) - days).days < 14
    year = np.select([days.month.isin([7, 8]), days.month.isin([10, 11, 12])], [0.85, 1.1], 1.0)
    return WEEK[days.day_of_week] * month * np.where(end, 1.12, 1.0) * year


def noisy(days, *, planted, phi=0.4, scale=0.03, seed=0):
    rng = np.random.default_rng(seed)
    noise = np.zeros(len(days))
    for t in range(1, len(days)):
        noise[t] = phi * noise[t - 1] + rng.normal(0, scale)
    return pd.DataFrame({"day": days, "index": planted * np.exp(noise)})


def of(table, cycle):
    return table[table["cycle"] == cycle].set_index("position")


def test_planted_rhythm_is_recovered_with_its_peaks():  # T-01 T-02 T-03
    rhythm = fit_rhythm(noisy(DAYS, planted=seasonal(DAYS)))
    week, month = of(rhythm.table, "week"), of(rhythm.table, "month")
    quarter, year = of(rhythm.table, "quarter"), of(rhythm.table, "year")
    ratio = week["index"].to_numpy() / week["index"].iloc[0]
    assert ratio == pytest.approx(WEEK / WEEK[0], rel=0.04)
    assert (month["index"] / month["index"].iloc[1]).tolist() == pytest.approx(
        [1.15, 1.0, 0.93], rel=0.03
    )
    assert quarter["index"].iloc[1] / quarter["index"].iloc[0] == pytest.approx(1.12, rel=0.03)
    assert year.loc[["July", "August"], "index"].mean() == pytest.approx(0.85, abs=0.05)
    assert year.loc[["October", "November", "December"], "index"].mean() > 1.04
    peaks = rhythm.peaks().set_index("cycle")
    assert peaks.loc["week", "peak"] == "Wednesday"
    assert peaks.loc["month", "peak"] == "days 1 to 7"
    assert peaks.loc["quarter", "peak"] == "last two weeks"
    assert peaks.loc["year", "trough"] in ("July", "August")
    assert (peaks["p_value"] < 1e-3).all()
    inside = (rhythm.table["low"] < rhythm.table["index"]) & (
        rhythm.table["index"] < rhythm.table["high"]
    )
    assert inside.all()


def test_noise_without_rhythm_is_rarely_called_one_although_days_resemble_each_other():
    runs = [
        fit_rhythm(noisy(DAYS, planted=1.0, phi=0.7, seed=seed)).table.drop_duplicates("cycle")
        for seed in range(40)
    ]
    found = pd.concat(runs).groupby("cycle")["p_value"].agg(lambda p: (p < 0.01).mean())
    assert found[["week", "month", "quarter"]].max() <= 0.05
    assert found["year"] <= 0.15


def test_independent_noise_agrees_with_a_plain_regression():
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(600), np.arange(600) / 599, rng.random(600) < 0.3])
    y = np.exp(x @ [0.2, 0.3, -0.4] + rng.normal(0, 0.2, 600))
    ours = fit_log_linear(x, y, np.ones(600, bool))
    theirs = sm.GLM(y, x, family=sm.families.Gamma(sm.families.links.Log())).fit(scale="X2")
    assert ours.coefficients == pytest.approx(theirs.params, abs=0.02)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.bse, rel=0.25)
    assert 400 < ours.freedom < 600


def test_days_that_resemble_each_other_widen_the_interval():
    flat = np.ones(len(DAYS))
    calm, moody = (
        fit_rhythm(noisy(DAYS, planted=flat, phi=phi, scale=scale, seed=4)).table
        for phi, scale in ((0.0, 0.1), (0.8, 0.06))  # the same variance
    )
    width = [of(t, "month")["high"] - of(t, "month")["low"] for t in (calm, moody)]
    assert (width[1] > 1.5 * width[0]).all()


def test_a_weekend_without_any_use_is_a_number():
    planted = np.where(DAYS.day_of_week >= 5, 0.0, 1.0)
    rhythm = fit_rhythm(noisy(DAYS, planted=planted))
    week = of(rhythm.table, "week")["index"]
    assert week[["Saturday", "Sunday"]].max() < 0.02
    assert rhythm.peaks()["p_value"].iloc[0] < 1e-6
    assert week["Monday"] == pytest.approx(1.4, rel=0.05)


def test_short_histories_say_so_and_keep_every_row():
    days = DAYS[:150]
    table = fit_rhythm(noisy(days, planted=seasonal(days))).table
    assert table["cycle"].drop_duplicates().tolist() == list(CYCLES)
    assert len(table) == sum(len(names) for names in POSITIONS.values())
    enough = table.drop_duplicates("cycle").set_index("cycle")["enough_history"]
    assert enough.to_dict() == {"week": True, "month": True, "quarter": False, "year": False}
    assert of(table, "year")[["index", "p_value"]].isna().all(axis=None)


@pytest.mark.parametrize("n_days", [0, 1, 2, 20])
def test_hardly_any_history_gives_no_rhythm_and_no_error(n_days):
    rhythm = fit_rhythm(noisy(DAYS[:n_days], planted=seasonal(DAYS[:n_days])))
    assert not rhythm.table["enough_history"].any()
    assert rhythm.peaks().empty
    assert (rhythm.factor(DAYS[:30]) == 1).all()
    assert np.isnan(rhythm.trend_per_week)


def test_days_left_out_change_little_and_are_not_zeros():
    index = noisy(DAYS, planted=seasonal(DAYS))
    holed = index.copy()
    holed.loc[[50, 51, 52, 200], "index"] = np.nan
    one, two = (fit_rhythm(i).table["index"].to_numpy() for i in (index, holed))
    assert two == pytest.approx(one, rel=0.02)


def test_factor_multiplies_only_cycles_that_are_real():
    rhythm = fit_rhythm(noisy(DAYS, planted=WEEK[DAYS.day_of_week], phi=0.0))
    week = of(rhythm.table, "week")["index"].to_numpy()
    unreal = rhythm.table.loc[rhythm.table["p_value"] >= 0.05, "cycle"].unique()
    assert set(unreal) >= {"month", "quarter"}
    assert rhythm.factor(DAYS, cycles=("week", "month")) == pytest.approx(week[DAYS.day_of_week])


def grid_of(counts, *, lives=None, calendar=None, regions=None):
    """Counts: account -> list of events a day from 1 June 2026 on."""
    rows = [
        {"account_id": account, "day": pd.Timestamp("2026-06-01") + pd.Timedelta(days=d), "n": n}
        for account, series in counts.items()
        for d, n in enumerate(series)
        if n
    ]
    activity = pd.DataFrame(rows).rename(columns={"n": "n_events"})
    length = max(map(len, counts.values()))
    lives = lives if lives is not None else dict.fromkeys(counts, (None, None))
    frame = pd.DataFrame(
        {
            "account_id": list(lives),
            "first_on": pd.to_datetime([a for a, _ in lives.values()]),
            "last_on": pd.to_datetime([b for _, b in lives.values()]),
            "region": regions if regions is not None else "EMEA",
        }
    )
    as_of = pd.Timestamp("2026-06-01") + pd.Timedelta(days=length)
    return activity_grid(activity, frame, as_of=as_of, calendar=calendar)


def test_index_compares_each_account_with_itself():
    # b joins late and is three times as large: use did not rise, the company grew
    grid = grid_of(
        {"a": [10, 20, 10, 20, 10, 20], "b": [0, 0, 30, 60, 30, 60]},
        lives={"a": (None, None), "b": ("2026-06-03", None)},
    )
    index = day_index(grid)
    assert index["index"].tolist() == pytest.approx([2 / 3, 4 / 3] * 3)
    assert index["n_accounts"].tolist() == [1, 1, 2, 2, 2, 2]


def test_fault_E07_a_giant_account_counts_as_one_account():
    rng = np.random.default_rng(0)
    counts = {f"a{i}": (20 + rng.integers(0, 3, 28)).tolist() for i in range(9)}
    burst = [100] * 14 + [300] * 14
    one, ten = (
        day_index(grid_of({**counts, "giant": [n * size for n in burst]}))["index"]
        for size in (10, 100)
    )
    assert ten.to_numpy() == pytest.approx(one.to_numpy(), rel=0.01)
    assert one.iloc[14:].mean() / one.iloc[:14].mean() < 1.4  # volume alone would say 2.8


def test_fault_C15_an_outage_is_left_out_not_a_zero():
    series = [30] * 28
    series[10] = 0
    grid = grid_of({"a": series, "b": series})
    assert grid.excluded["day"].tolist() == [pd.Timestamp("2026-06-11")]
    assert grid.excluded["reason"].tolist() == ["no data from the source"]
    index = day_index(grid)
    assert np.isnan(index["index"].iloc[10])
    assert index["index"].drop(10).tolist() == pytest.approx([1.0] * 27)


def test_known_factors_are_left_out_for_those_they_concern():  # T-07
    calendar = pd.DataFrame(
        {
            "starts_on": pd.to_datetime(["2026-06-05", "2026-06-07", "2026-06-09"]),
            "ends_on": pd.to_datetime(["2026-06-06", "2026-06-07", "2026-06-09"]),
            "reason": ["holiday", "regional holiday", "office move"],
            "account_id": [None, None, "a"],
            "region": [None, "EMEA", None],
        }
    )
    grid = grid_of(
        {"a": [30] * 10, "b": [30] * 10}, calendar=calendar, regions=["EMEA", "Americas"]
    )
    assert grid.usable.sum(axis=0).tolist() == [2, 2, 2, 2, 0, 0, 1, 2, 1, 2]
    assert not grid.usable[0, 6]
    assert not grid.usable[0, 8]
    assert grid.excluded["reason"].tolist() == ["holiday", "holiday"]


def test_nothing_from_the_cutoff_on_is_seen():
    full = grid_of({"a": [10] * 20})
    rows = pd.DataFrame(
        {
            "account_id": "a",
            "day": pd.date_range("2026-06-01", periods=40),
            "n_events": [10] * 20 + [999] * 20,
        }
    )
    lives = pd.DataFrame({"account_id": ["a"], "first_on": [pd.NaT], "last_on": [pd.NaT]})
    later = activity_grid(rows, lives, as_of=pd.Timestamp("2026-06-21"))
    assert later.counts.tolist() == full.counts.tolist()


def test_no_activity_has_no_days():
    lives = pd.DataFrame({"account_id": ["a"], "first_on": [pd.NaT], "last_on": [pd.NaT]})
    nothing = pd.DataFrame(
        {"account_id": [], "day": pd.to_datetime([]), "n_events": np.array([], int)}
    )
    grid = activity_grid(nothing, lives, as_of=pd.Timestamp("2026-06-21"))
    assert day_index(grid).empty
