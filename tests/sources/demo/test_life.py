import numpy as np
import pytest

from helpers.sources.demo.facts_lists import RATE_RATIO
from helpers.sources.demo.hazard import ACAUSAL, BASE, WEIGHTS, weekly_hazard
from helpers.sources.demo.life import Life, live
from helpers.sources.demo.log import Log
from helpers.sources.demo.realised import naive_ratio, oracle_auc, rescue_arms, ticket_and_import
from helpers.sources.demo.settings import PLANTED, Scale
from helpers.sources.demo.taxonomy import AT_RISK, NEW, STATES

PLANTED_SHARES = [PLANTED.share_new, PLANTED.share_casual, PLANTED.share_power,
                  PLANTED.share_at_risk]  # fmt: skip


def shares(life: Life, day: int) -> np.ndarray:
    state = life.state_on(day)[life.live_on(day)]
    return np.array([(state == number).mean() for number in range(len(STATES))])


def test_shares_hold_at_every_as_of_date() -> None:
    # G-11
    life = live(Scale())
    for day in range(60, life.scale.n_days + 1, 15):
        assert np.abs(shares(life, day) - PLANTED_SHARES).max() < 0.035, day


@pytest.mark.parametrize("accounts", [60, 200])
def test_shares_hold_at_the_end_of_small_companies(accounts: int) -> None:
    life = live(Scale(accounts=accounts, months=8))
    assert np.abs(shares(life, life.scale.n_days) - PLANTED_SHARES).max() < 0.09


def test_about_a_fifteenth_leaves_a_quarter(large: Life) -> None:
    # D-16: 6 to 7 % of live accounts a quarter, three quarters of them from a decline
    leaves, n, slipping = 0, 0, 0
    for day in range(90, large.scale.n_days - 89, 30):
        alive = large.live_on(day)
        gone = alive & (large.churn_day < day + 90)
        n, leaves = n + alive.sum(), leaves + gone.sum()
        slipping += (gone & (large.state_on(day) == AT_RISK)).sum()
    assert 0.06 < leaves / n < 0.072
    assert slipping / leaves > 0.6


def test_ticket_and_import_have_the_planted_lift(large: Life) -> None:
    # expected over companies, 3.2 +- 0.15; here two of 20,000 accounts
    lives = (large, live(Scale(accounts=20_000, seed=21)))
    found = [ticket_and_import(life) for life in lives]
    assert np.mean([exposure.lift for exposure in found]) == pytest.approx(3.2, abs=0.15)
    for exposure in found:
        assert 0.08 <= exposure.exposed / exposure.n <= 0.12


def test_the_lift_counts_what_it_says(large: Life) -> None:
    """A slow twin on 300 accounts and one date."""
    day = large.scale.n_days - 120
    tickets, imports = large.logs["tickets"], large.logs["bulk_imports"]
    n, both = 0, 0
    for account in range(300):
        if not large.signup_day[account] < day <= large.churn_day[account]:
            continue
        n += 1
        seen = [
            any(day - 30 <= d < day for d in rows.of(account)["day"]) for rows in (tickets, imports)
        ]
        both += all(seen)
    assert n == large.live_on(day)[:300].sum()
    recent = np.zeros(len(large.ids), int)
    for rows in (tickets, imports):
        inside = (rows["day"] >= day - 30) & (rows["day"] < day)
        recent[np.unique(rows["account"][inside])] += 1
    assert both == ((recent == 2) & large.live_on(day))[:300].sum()


def test_churn_can_be_told_but_not_too_well(large: Life) -> None:
    assert 0.80 <= oracle_auc(large) <= 0.88


def test_auc_by_hand_and_with_a_shuffled_outcome(large: Life) -> None:
    rng = np.random.default_rng(3)
    shuffled = large.churn_day.copy()
    rng.shuffle(shuffled)
    null = Life(**{**vars(large), "churn_day": shuffled})
    assert abs(oracle_auc(null) - 0.5) < 0.05


def test_hazard_is_the_sum_of_its_drivers() -> None:
    quiet = {driver.name: np.zeros(2) for driver in WEIGHTS}
    assert weekly_hazard(quiet) == pytest.approx(np.exp(BASE) + ACAUSAL)
    for driver in WEIGHTS:
        one = {**quiet, driver.name: np.array([0.0, 1.0])}
        low, high = weekly_hazard(one) - ACAUSAL
        assert high / low == pytest.approx(np.exp(driver.weight))


def test_accounts_leave_once_and_have_no_life_before_or_after(large: Life) -> None:
    state = large.history["state"]
    alive = state >= 0
    starts = np.diff(np.pad(alive, ((0, 0), (1, 0))).astype(int), axis=1).clip(0).sum(axis=1)
    former = large.churn_day < 0
    assert (starts[~former] == 1).all()
    assert (starts[former] == 0).all()
    assert former.any()
    assert (large.signup_day < large.churn_day).all()


def test_new_accounts_are_new_for_thirteen_weeks(large: Life) -> None:
    rows, weeks = np.nonzero(large.history["state"] == NEW)
    first = np.array([large.scale.first_day(week) for week in range(large.scale.n_weeks)])
    assert (first[weeks] - large.signup_day[rows]).max() < 91


def test_declines_lose_five_percent_a_week(large: Life) -> None:
    # T-04
    state, rate = large.history["state"], large.history["rate"]
    both = (state[:, 1:] == AT_RISK) & (state[:, :-1] == AT_RISK) & (rate[:, 1:] > 0.05)
    ratio = rate[:, 1:][both] / rate[:, :-1][both]
    assert np.median(ratio) == pytest.approx(0.95, abs=1e-4)
    assert (ratio < 1.0).mean() > 0.98


def test_growth_is_four_percent_for_eight_weeks_or_more(large: Life) -> None:
    # T-05
    rows = large.logs["growth"]
    assert (rows["weeks"] >= 8).all()
    rate, checked = large.history["rate"], 0
    for account, day, weeks in zip(rows["account"], rows["day"], rows["weeks"], strict=True):
        week = int(large.scale.week_of(np.array([day]))[0])
        course = rate[account, week + 1 : min(week + int(weeks), large.scale.n_weeks)]
        if len(course) >= 8 and (course > 0).all():
            assert np.allclose(course[1:] / course[:-1], 1.04, atol=1e-4)
            checked += 1
    assert checked > 100


def test_bursts_are_followed_by_an_upgrade_in_time_or_never(large: Life) -> None:
    #
    bursts, upgrades = large.logs["bursts"], large.logs["upgrades"]
    assert bursts["upgrades"].mean() == pytest.approx(PLANTED.burst_upgrade, abs=0.01)
    assert bursts["invites"].min() >= 6
    assert bursts["invites"].max() <= 12
    annual = upgrades["kind"] == 0
    when = dict(zip(upgrades["account"][annual], upgrades["day"][annual], strict=True))
    for account, day, yes in zip(*(bursts[n] for n in ("account", "day", "upgrades")), strict=True):
        if day + 88 <= large.scale.n_days:
            assert (account in when and 44 <= when[account] - day <= 84) == bool(yes)
            assert large.churn_day[account] > day + 88


def test_the_rescue_protects_but_managers_call_the_sickest(large: Life) -> None:
    # K-07 K-10: the coin finds the effect, the naive comparison says the opposite
    arms = rescue_arms(large)
    ratio = arms["treated"].rate / arms["control"].rate
    error = np.sqrt(1 / arms["treated"].churned + 1 / arms["control"].churned)
    assert abs(np.log(ratio / RATE_RATIO)) < 3 * error
    assert PLANTED.rescue_hazard_ratio < RATE_RATIO < 1
    assert naive_ratio(large) > 1.2


def test_two_lives_are_equal_and_another_seed_is_another_life() -> None:
    one, two, other = (live(Scale(accounts=300, seed=seed)) for seed in (1, 1, 2))
    assert (one.churn_day == two.churn_day).all()
    assert (one.history["hazard"] == two.history["hazard"]).all()
    assert (one.churn_day != other.churn_day).any()


def test_a_log_is_sorted_and_cut_by_account() -> None:
    log = Log(("day", "score"))
    log.add(np.array([2, 0]), day=np.array([5, 9]), score=1)
    log.add(np.array([2]), day=3, score=7)
    log.add(np.array([], int), day=1, score=1)
    rows = log.sorted()
    assert rows["account"].tolist() == [0, 2, 2]
    assert rows["day"].tolist() == [9, 3, 5]
    assert rows.of(2)["score"].tolist() == [7, 1]
    assert rows.between(1, 3)["account"].tolist() == [1, 1]
    assert log.n_rows == 3
