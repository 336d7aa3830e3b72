from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.impact.balance import balance
from helpers.impact.effects import measure_effects
from helpers.impact.follow_up import follow_up_days, follow_ups
from helpers.impact.rates import rate_ratio
from helpers.impact.weeks import account_weeks
from helpers.impact.weighing import placebo, ratio_of_rates, unweighed, weigh
from tests.impact.made import AS_OF, FOLLOW_DAYS, PLAY, make_company

WHEN = {"as_of": AS_OF, "follow_days": FOLLOW_DAYS}


def weeks_of(company, **changed):
    plays = changed.get("interventions", company.interventions)
    left = changed.get("left", company.left)
    follow = follow_ups(plays, left, company.accounts, time_zone="UTC", **WHEN)
    features = changed.get("features", company.features)
    activity = changed.get("activity", company.activity)
    return account_weeks(follow, features, activity, None, left, as_of=AS_OF)


def effects_of(company, **options):
    return measure_effects(
        company.interventions,
        company.left,
        company.accounts,
        company.features,
        company.activity,
        None,
        time_zone="UTC",
        **WHEN,
        **options,
    )


@pytest.fixture(scope="module")
def company():
    return make_company(seed=1)


@pytest.fixture(scope="module")
def weeks(company):
    return weeks_of(company)


# K-10: an account that got the play is followed until it left, nothing more is known, or it got it
# again
def test_follow_ups_by_hand():
    at = pd.to_datetime(
        ["2025-01-01T23:30", "2025-03-01T10:00", "2025-06-20T10:00", "2025-01-05T10:00",
         "2025-02-01T10:00", "2025-07-01T10:00", "2025-02-02T10:00"], utc=True
    )  # fmt: skip
    plays = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "c", "d", "e", "out"],
            "play": "rescue",
            "assigned_at": at,
            "arm": ["Treated", None, "control", "treated", "treated", "treated", "treated"],
            "completed_at": pd.to_datetime(
                ["2025-01-10T10:00", None, None, "2025-01-06T10:00", None, None, None], utc=True
            ),
            "hours": [2.0, None, None, 1.0, None, None, None],
        }
    )
    left = pd.DataFrame(
        {
            "account_id": ["c", "d"],
            "churned_at": pd.to_datetime(["2025-01-20", "2025-01-15"]),
        }
    )
    table = follow_ups(
        plays, left, pd.Series(list("abcde")), as_of=pd.Timestamp("2025-07-01"), follow_days=84,
        time_zone="Europe/Berlin",
    )  # fmt: skip

    rows = table.set_index(["account_id", "assigned_on"])
    assert rows.index.tolist() == [
        ("a", pd.Timestamp("2025-01-02")),  # half past midnight in Berlin
        ("a", pd.Timestamp("2025-03-01")),
        ("b", pd.Timestamp("2025-06-20")),
        ("c", pd.Timestamp("2025-01-05")),
    ]  # d had left before, e is of the as-of date, "out" may not be looked at
    assert rows["arm"].tolist() == ["treated", "", "control", "treated"]
    assert rows["days"].tolist() == [58, 84, 11, 15]  # again, all, known until, left
    assert rows["left"].tolist() == [False, False, False, True]
    assert rows["done_after_days"].fillna(-1).tolist() == [8, -1, -1, 1]


def test_an_account_that_leaves_on_the_last_day_of_the_follow_up_has_not_left_in_it():
    left = pd.DataFrame(
        {"account_id": ["a", "b"], "churned_at": pd.to_datetime(["2025-01-11", "2025-01-10"])}
    )
    days, gone, _ = follow_up_days(
        pd.Series(["a", "b"]), pd.Series([pd.Timestamp("2025-01-01")] * 2), left,
        stop=pd.Series([pd.NaT] * 2, dtype="datetime64[us]"), as_of=pd.Timestamp("2026-01-01"),
        follow_days=10,
    )  # fmt: skip
    assert days.tolist() == [10, 9]
    assert gone.tolist() == [False, True]


def test_an_account_week_could_have_brought_a_call(company, weeks):
    place, week = (weeks.rows[name].to_numpy() for name in ("place", "week"))
    accounts = weeks.accounts[place]
    start = pd.Series(weeks.starts[week]).astype("datetime64[us]")
    first = company.interventions.groupby("account_id")["assigned_at"].min()
    called = pd.Series(accounts).map(first).dt.tz_localize(None)
    gone = pd.Series(accounts).map(company.left.set_index("account_id")["churned_at"])
    assert not (called < start).any()
    assert not (gone <= start).any()
    assert not weeks.rows.duplicated().any()
    mine = weeks.called[place] == week
    assert ((called[mine] - start[mine]).dt.days < 7).all()
    assert mine.sum() > 100


def test_nothing_after_the_week_began_decides_who_is_compared(company, weeks):  # F-06
    week = 30
    day = pd.Timestamp(weeks.starts[week])
    features, activity = company.features.copy(), company.activity.copy()
    features.loc[features["as_of"] > day, ["events__change_30d", "tickets__n_30d"]] = 99.0
    late = activity["week_start"] + pd.Timedelta(days=7) > day
    activity.loc[late, "n_events"] = 12_345
    other = weeks_of(company, features=features, activity=activity)

    early = (weeks.rows["week"] <= week).to_numpy()
    assert early.sum() > 1_000
    pd.testing.assert_frame_equal(weeks.known[early], other.known[early])
    assert not weeks.known[~early].equals(other.known[~early])


def test_fresh_usage_by_hand(weeks, company):
    row = weeks.rows[weeks.rows["week"] == 25].iloc[5]
    start = pd.Timestamp(weeks.starts[25])
    mine = company.activity[company.activity["account_id"] == weeks.accounts[row["place"]]]
    whole = mine[mine["week_start"] + pd.Timedelta(days=7) <= start]["n_events"]
    four = whole.rolling(4).sum()
    known = weeks.known.loc[row.name]
    assert known["usage_share_of_peak"] == pytest.approx(four.iloc[-1] / four.max())
    change = np.log1p(four.iloc[-1]) - np.log1p(four.iloc[-5])
    assert known["usage_change_4_weeks"] == pytest.approx(change)
    assert np.isnan(known["alerts_10_weeks"])


def test_without_weights_follow_ups_are_counted_by_hand(company, weeks):
    rows = unweighed(weeks, follow_days=FOLLOW_DAYS).rows
    for _, row in rows.sample(25, random_state=3).iterrows():
        place, week = weeks.rows.iloc[row["at"]]
        last = min(week + FOLLOW_DAYS // 7, len(weeks.starts))  # where that of the lot ends
        if not row["treated"]:
            last = min(last, weeks.given[place])
        assert row["days"] == pytest.approx(weeks.days[place, week + 1 : last].sum())
        assert row["left"] == weeks.left[place, week + 1 : last].sum()


def test_weighing_makes_the_groups_alike(weeks):
    weighed = weigh(weeks, follow_days=FOLLOW_DAYS)
    table = balance(weeks, weighed).set_index("confounder")
    used = table[table["weighed_by"]]

    assert used["before"].abs().max() > 1
    assert used["after"].abs().max() < 0.1
    assert abs(table.loc["shoe_size", "before"]) < 0.25  # never weighed by, and never unlike
    assert not table.loc["shoe_size", "weighed_by"]
    rows = weighed.rows
    n = rows["treated"].sum()
    assert rows.loc[~rows["treated"], "weight"].sum() == pytest.approx(n)
    assert 1 < weighed.effective < (~rows["treated"]).sum()


def test_no_order_of_rows_matters(company, weeks):
    rng = np.random.default_rng(0)

    def mixed(frame):
        return frame.sample(frac=1, random_state=rng.integers(1 << 30)).reset_index(drop=True)

    tables = {name: mixed(getattr(company, name)) for name in ("features", "activity", "left")}
    other = weeks_of(company, interventions=mixed(company.interventions), **tables)
    ratios = [
        ratio_of_rates(weigh(each, follow_days=FOLLOW_DAYS), n_draws=20, seed=1)
        for each in (weeks, other)
    ]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-6)


def ratio_by_lot(n_companies, n_accounts):
    """Return what a lot says over large companies of the same kind."""
    rates = np.zeros((2, 2))
    for seed in range(n_companies):
        company = make_company(n_accounts, seed=100 + seed, by_lot=1.0)
        rows = follow_ups(
            company.interventions, company.left, company.accounts, **WHEN, time_zone="UTC"
        )
        for at, arm in enumerate(("treated", "control")):
            mine = rows[rows["arm"] == arm]
            rates[at] += mine["left"].sum(), mine["days"].sum()
    return rates[0, 0] / rates[0, 1] / (rates[1, 0] / rates[1, 1])


# the truth is what a lot says in larger companies of the same kind: a call halves the hazard, and
# the sickest are called
def test_weighing_finds_the_effect_that_the_naked_eye_turns_round():
    truth = ratio_by_lot(2, 20_000)
    assert 0.48 < truth < 0.60
    found = [
        effects_of(make_company(1_200, seed=seed), n_draws=200, seed=seed).table.set_index(
            "comparison"
        )
        for seed in range(4)
    ]
    weighed, naive = (
        np.array([table.loc[how, ["low", "rate_ratio", "high"]].to_list() for table in found])
        for how in ("weighed", "naive")
    )
    assert ((weighed[:, 0] <= truth) & (truth <= weighed[:, 2])).sum() >= 3
    assert np.exp(np.log(weighed[:, 1]).mean()) == pytest.approx(truth, abs=0.2)
    assert (naive[:, 0] > truth).all()  # no interval holds it: each lies wholly above
    assert np.exp(np.log(naive[:, 1]).mean()) > 1.2


def test_where_a_call_does_nothing_nothing_is_found():  # the null
    covers = []
    for seed in range(4):
        weeks = weeks_of(make_company(1_200, seed=100 + seed, ratio=1.0))
        weighed = weigh(weeks, follow_days=FOLLOW_DAYS)
        _, low, high = ratio_of_rates(weighed, n_draws=200, seed=seed)
        covers.append(low <= 1 <= high)
    assert sum(covers) >= 3


def test_placebos_lie_around_one(weeks):
    ratios = placebo(weigh(weeks, follow_days=FOLLOW_DAYS), n_draws=300, seed=2)
    assert np.isfinite(ratios).mean() > 0.9
    assert np.nanmedian(ratios) == pytest.approx(1, abs=0.25)


def test_where_everybody_as_sick_was_called_ordinary_practice_cannot_tell():
    company = make_company(seed=5, steep=40.0, sickness_called=1.2)
    effects = effects_of(company, n_draws=20)
    assert effects.table["comparison"].tolist() == ["naive"]
    assert effects.placebo.empty
    assert "ordinary practice cannot tell" in " ".join(effects.notes)


def test_by_lot_is_compared_by_arm_and_says_what_it_could_have_shown():  # K-09
    company = make_company(seed=5, by_lot=1.0, ratio=0.2, base=-4.0)
    effects = effects_of(company)
    row = effects.table.iloc[0]
    follow = effects.follow_ups
    arms = {arm: follow[follow["arm"] == arm] for arm in ("treated", "control")}
    events = [int(arms[arm]["left"].sum()) for arm in arms]
    time = [float(arms[arm]["days"].sum()) for arm in arms]

    assert effects.table["comparison"].tolist() == ["by lot"]
    assert row["n_with"] == arms["treated"]["account_id"].nunique()
    assert row["rate_ratio"] == pytest.approx(rate_ratio(tuple(events), tuple(time))[0], rel=1e-4)
    assert row["high"] < 1
    assert row["p_value"] < 0.05
    assert row["risk_high"] < 0
    assert effects.notes == (
        f"{PLAY.title()}: 0 assignments outside an experiment, too few to weigh",
    )


def test_a_rate_over_none_is_no_number_to_hand_on():
    company = make_company(seed=5, by_lot=1.0, base=-4.0)
    arm = company.interventions.set_index("account_id")["arm"]
    stayed = company.left[company.left["account_id"].map(arm) != "control"]
    row = effects_of(replace(company, left=stayed)).table.iloc[0]
    assert row["left_without"] == 0
    assert row["left_with"] > 0
    assert np.isnan(row["rate_ratio"])
    assert np.isnan(row["high"])
    assert row["low"] > 1


def test_without_plays_there_are_tables_without_rows(company):
    effects = measure_effects(
        None, company.left, company.accounts, company.features, company.activity, None,
        time_zone="UTC", **WHEN,
    )  # fmt: skip
    assert effects.table.empty
    assert effects.balance.empty
    assert effects.follow_ups.empty
    assert effects.notes == ()
