import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sources.demo.anomalies import plan_anomalies
from helpers.sources.demo.company import make_chunk
from helpers.sources.demo.events import trailing
from helpers.sources.demo.life import live
from helpers.sources.demo.settings import Scale
from helpers.sources.demo.taxonomy import ADOPTION, EVENTS, FEATURE_OF, MIX, code
from helpers.sources.demo.visits import regular_visits
from tests.sources.demo.conftest import Written


def test_every_event_of_the_taxonomy_occurs(brightdesk: Written) -> None:
    seen = set(brightdesk.frame("SELECT DISTINCT e FROM ev").e)
    assert seen == {event.name for event in EVENTS}
    assert len(seen) >= 20


def test_taxonomy_tables_agree() -> None:
    assert set(ADOPTION) == {event.feature for event in EVENTS if event.feature}
    for name in MIX:
        assert EVENTS[code(name)].name == name
    assert FEATURE_OF[code("login")] == -1


def test_nothing_happens_outside_an_accounts_life(brightdesk: Written) -> None:
    life = brightdesk.life
    span = brightdesk.frame("SELECT a, min(d) first, max(d) last FROM ev GROUP BY a").set_index("a")
    for number, start, end in zip(life.ids, life.signup_day, life.churn_day, strict=True):
        if f"BD-{number}" in span.index:
            row = span.loc[f"BD-{number}"]
            assert row["first"].date() >= life.scale.date(int(max(start, 0)))
            assert row["last"].date() < life.scale.date(int(min(end, life.scale.n_days)))


def test_one_day_is_missing_for_everybody(brightdesk: Written) -> None:
    # fault C15: an outage of the source, not a drop
    days = set(brightdesk.frame("SELECT DISTINCT d FROM ev").d.dt.date)
    wanted = {brightdesk.life.scale.date(n) for n in range(brightdesk.life.scale.n_days)}
    assert wanted - days == {brightdesk.life.scale.date(brightdesk.life.scale.outage_day)}


def test_visits_begin_with_a_login_and_end_with_their_length(brightdesk: Written) -> None:
    bad = brightdesk.frame(
        """WITH v AS (SELECT s, min(lt) t0, max(lt) t1, arg_min(e, (lt, e <> 'login')) f,
             sum((e = 'session_ended')::INT) n, max(duration_ms) ms, count(DISTINCT u) people
           FROM ev WHERE s IS NOT NULL GROUP BY s)
        SELECT count(*) n, sum((n <> 1 OR people <> 1)::INT) broken,
               sum((f NOT IN ('login', 'signed_up'))::INT) no_login,
               max(abs(ms / 1000.0 - date_diff('second', t0, t1))) off FROM v"""
    ).iloc[0]
    assert bad["n"] > 100_000
    assert bad["broken"] == 0
    assert bad["no_login"] / bad["n"] < 0.001
    assert bad["off"] <= 1


def test_accounts_use_only_what_they_adopted(small: Written) -> None:
    life, adopts = small.life, small.life.population.adopts
    used = small.frame("SELECT DISTINCT a, e FROM ev WHERE f IS NOT NULL")
    place = {f"BD-{number}": row for row, number in enumerate(life.ids)}
    scripted = {
        "api_called",
        "api_key_created",
        "export_run",
        "integration_used",
        "bulk_import_run",
    }
    checked = 0
    for account, name in used.itertuples(index=False):
        feature = FEATURE_OF[code(name)]
        if name in ("report_built", "timeline_viewed", "webinar_attended") and name not in scripted:
            odd = {"premium_in_trial", "emerging_champion"}
            mine = {a.kind for a in plan_anomalies(life).anomalies if a.account == place[account]}
            if not mine & odd:
                assert adopts[:, place[account], feature].any(), (account, name)
                checked += 1
    assert checked > 30


@settings(max_examples=25, deadline=None)
@given(rate=st.floats(0.02, 0.6), people=st.integers(150, 300), seed=st.integers(0, 1000))
def test_habitual_visits_keep_their_rate_and_vary_less_than_dice(
    rate: float, people: int, seed: int
) -> None:
    days = 140
    chance = np.full((people, days), rate, np.float32)
    person, day = regular_visits(chance, np.random.default_rng(seed))
    grid = np.zeros((people, days), int)
    np.add.at(grid, (person, day), 1)
    assert grid.max() <= 3
    assert grid.mean() == pytest.approx(rate, rel=0.08)
    weekly = grid.reshape(people, -1, 7).sum(axis=2)
    assert weekly.var() < 0.8 * 7 * rate + 0.06


def test_visits_follow_a_chance_that_changes() -> None:
    chance = np.tile(np.r_[np.full(70, 0.5), np.zeros(70), np.full(70, 0.1)], (400, 1))
    _, day = regular_visits(chance.astype(np.float32), np.random.default_rng(1))
    count = np.bincount(day // 70, minlength=3) / (400 * 70)
    assert count[1] == 0
    assert count[[0, 2]].tolist() == pytest.approx([0.5, 0.1], rel=0.06)


def test_trailing_sum_agrees_with_a_slow_one() -> None:
    rng = np.random.default_rng(2)
    account, day = rng.integers(0, 3, 200), rng.integers(0, 90, 200)
    value = rng.integers(1, 9, 200).astype(float)
    fast = trailing(account, day, value, 3, 90)
    for a in range(3):
        for d in range(90):
            mine = (account == a) & (day > d - 30) & (day <= d)
            assert fast[a, d] == value[mine].sum()


def test_a_portion_does_not_depend_on_the_ones_before() -> None:
    life = live(Scale(accounts=220, months=6))
    plan = plan_anomalies(life)
    make_chunk(life, plan, 0)
    after = make_chunk(life, plan, 1)
    alone = make_chunk(live(Scale(accounts=220, months=6)), plan, 1)
    assert len(after.events) == len(alone.events) > 1000
    for name in ("person", "second", "code", "visit"):
        assert (getattr(after.events, name) == getattr(alone.events, name)).all()


def test_weekdays_months_and_seasons_show(brightdesk: Written) -> None:
    # T-01 T-02 T-03: what the simulation's own state says agrees with the planted factors
    rows = brightdesk.planted.filter(regex="^T-0[123]", axis=0)
    assert len(rows) == 12
    miss = (rows["realised"] - rows["planted"]).abs()
    assert (miss <= rows["tolerance"]).all(), rows[miss > rows["tolerance"]]
    days = brightdesk.frame("SELECT isodow(d) w, count(*) / count(DISTINCT d) n FROM ev GROUP BY 1")
    index = (days.set_index("w").n / days.n.mean()).sort_index().to_numpy()
    assert set(np.argsort(-index)[:3] + 1) == {2, 3, 4}  # peak Tuesday to Thursday
    assert index == pytest.approx(rows.filter(like="T-01", axis=0)["planted"].to_numpy(), abs=0.07)


def test_calendar_explains_the_planned_absences(brightdesk: Written) -> None:
    # T-07
    plan = plan_anomalies(brightdesk.life)
    calendar = brightdesk.csv("cs/calendar.csv").dropna(subset=["customer_id"])
    assert len(calendar) == len(plan.initiatives) == 20
    drops = []
    for account, first, last in calendar[["customer_id", "starts_on", "ends_on"]].to_numpy():
        n = brightdesk.frame(
            f"""SELECT count(*) FILTER (d BETWEEN DATE '{first}' AND DATE '{last}')
                  / (DATE '{last}' - DATE '{first}' + 1) inside,
                count(*) FILTER (d BETWEEN DATE '{first}' - 56 AND DATE '{first}' - 1) / 56 before
                FROM ev WHERE a = '{account}'"""
        ).iloc[0]
        drops.append(n["inside"] / n["before"])
    assert np.median(drops) < 0.3
