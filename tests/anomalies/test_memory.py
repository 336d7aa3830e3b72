"""A run that knows what an earlier one judged finds the same, and judges new days only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.anomalies import Settings, all_tables, analyse, build_queue, judge, memory
from helpers.anomalies.company import company_history
from helpers.anomalies.history import clip
from helpers.anomalies.signals import Activity
from tests.anomalies.made import change, make_activity, quiet

N_DAYS, FIRST = 210, 206
FEATURES = ("reports", "boards", "api")
CALENDAR = pd.DataFrame(
    {
        "starts_on": pd.to_datetime(["2026-07-10"]),
        "ends_on": pd.to_datetime(["2026-07-12"]),
        "reason": ["holiday"],
        "region": pd.array([None], "string"),
        "account_id": pd.array(["a0003"], "string"),
    }
)


@pytest.fixture(scope="module")
def activity() -> Activity:
    """Sixty accounts with drops, spikes and people who leave before and after the first run."""
    made = make_activity(n_accounts=60, n_days=N_DAYS, n_users=4, features=FEATURES, seed=3)
    for account, day in ((4, 185), (9, 201), (12, 206)):
        quiet(made, account, slice(day, None))
        change(made, "events", account + 20, day, 40)
        made.user_days[4 * account : 4 * account + 4, day:] = 0
    made.features.counts[:, 30, 186:] = 0
    made.signals.of("errors")[:, 190] *= 9  # an incident
    return replace(made, accounts=made.accounts.assign(signed_up_on=_signed(made)))


def _signed(made):
    signed = made.accounts["signed_up_on"].copy()
    signed.iloc[40:50] = made.days[0] + pd.to_timedelta(np.arange(90, 140, 5), unit="D")
    return signed


@pytest.fixture(scope="module")
def whole(activity):
    """What a run that knows nothing finds."""
    return tables_of(activity)


def tables_of(activity, kept=None, calendar=CALENDAR):
    analysis = analyse(activity, Settings(), calendar=calendar, kept=kept)
    queue = build_queue(analysis, per_week=5, calendar=calendar)
    return all_tables(analysis, queue)


def assert_same(left, right):
    assert left.keys() == right.keys()
    for name in left:
        pd.testing.assert_frame_equal(left[name], right[name], obj=name, check_exact=True)


def ends_judged(monkeypatch):
    """Count the ends that are judged from now on."""
    judged = []
    plain = judge._block

    def counting(activity, ends, *rest):
        judged.extend(ends[0].tolist())
        return plain(activity, ends, *rest)

    monkeypatch.setattr(judge, "_block", counting)
    return judged


def test_day_after_day_finds_what_one_run_finds(activity, whole, tmp_path, monkeypatch):
    for n_days in range(FIRST, N_DAYS):
        analyse(clip(activity, 0, n_days), Settings(), calendar=CALENDAR, kept=tmp_path)
    judged = ends_judged(monkeypatch)

    known = tables_of(activity, tmp_path)

    assert judged == [N_DAYS]  # one new day, whatever the history
    assert len(known["alerts"]) >= 4
    assert_same(known, whole)


def test_a_run_of_the_same_day_judges_nothing_again(activity, tmp_path, monkeypatch):
    first = tables_of(activity, tmp_path)
    judged = ends_judged(monkeypatch)

    assert_same(tables_of(activity, tmp_path), first)
    assert judged == []


def test_blocks_of_any_size_find_the_same(activity, whole, monkeypatch):
    monkeypatch.setattr(judge, "BLOCK_CELLS", 3 * 60)

    assert_same(tables_of(activity), whole)


@pytest.mark.parametrize("what", ["late row", "alive", "cohort", "user", "feature", "calendar"])
def test_a_change_of_what_was_judged_makes_it_judge_anew(what, activity, tmp_path, monkeypatch):
    analyse(clip(activity, 0, N_DAYS - 1), Settings(), calendar=CALENDAR, kept=tmp_path)
    changed, calendar = changed_by(what, activity)
    judged = ends_judged(monkeypatch)

    known = analyse(changed, Settings(), calendar=calendar, kept=tmp_path)

    assert len(judged) > 20
    anew = analyse(changed, Settings(), calendar=calendar)
    pd.testing.assert_frame_equal(known.flags, anew.flags)


def changed_by(what, activity):
    signals, alive, users = activity.signals.counts.copy(), activity.alive.copy(), activity.users
    features, accounts, calendar = activity.features.counts.copy(), activity.accounts, CALENDAR
    if what == "late row":
        signals[0, 17, 100] += 1
    elif what == "alive":
        alive[5, 200:] = False
    elif what == "cohort":
        accounts = accounts.assign(cohort=np.arange(60) % 2)
    elif what == "user":
        users = users.assign(is_admin=~users["is_admin"])
    elif what == "feature":
        features[1, 3, 50] += 1
    else:
        calendar = CALENDAR.assign(reason="fiscal year end")
    made = replace(
        activity,
        signals=replace(activity.signals, counts=signals),
        features=replace(activity.features, counts=features),
        alive=alive,
        users=users,
        accounts=accounts,
    )
    return made, calendar


def test_a_new_account_does_not_make_it_judge_anew(activity, tmp_path, monkeypatch):
    past = clip(activity, 0, N_DAYS - 1)
    unborn = past.alive.copy()
    unborn[20] = False  # signs up on the last day
    analyse(replace(without(past, 20), alive=unborn), Settings(), kept=tmp_path)
    alive = activity.alive.copy()
    alive[20, : N_DAYS - 1] = False
    judged = ends_judged(monkeypatch)

    analyse(replace(without(activity, 20), alive=alive), Settings(), kept=tmp_path)

    assert judged == [N_DAYS]


def without(activity, account):
    """Take away everything that an account ever did."""
    signals, features = activity.signals.counts.copy(), activity.features.counts.copy()
    people = activity.user_days.copy()
    signals[:, account], features[:, account] = 0, 0
    people[activity.users["account"] == account] = 0
    return replace(
        activity,
        signals=replace(activity.signals, counts=signals),
        features=replace(activity.features, counts=features),
        user_days=people,
    )


@pytest.mark.parametrize("damage", ["cut", "nonsense", "none"])
def test_damaged_memory_is_left_alone(damage, activity, whole, tmp_path):
    analyse(clip(activity, 0, N_DAYS - 1), Settings(), calendar=CALENDAR, kept=tmp_path)
    (kept,) = tmp_path.iterdir()
    sound = kept.read_bytes()
    kept.write_bytes({"cut": sound[: len(sound) // 2], "nonsense": b"x", "none": b""}[damage])

    assert_same(tables_of(activity, tmp_path), whole)


def test_memory_is_read_by_nobody_else_and_holds_no_objects(activity, tmp_path):
    folder = tmp_path / "judged"
    analyse(activity, Settings(), kept=folder)

    assert folder.stat().st_mode & 0o077 == 0
    assert [path.suffix for path in folder.iterdir()] == [".zip"]  # no draft is left


def test_new_settings_have_a_memory_of_their_own(activity, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "MOST_KEPT", 2)
    for days in (28, 14, 7):
        analyse(activity, Settings(review_days=days), kept=tmp_path)
    judged = ends_judged(monkeypatch)

    for days in (14, 28):  # the one used longest ago is forgotten
        analyse(activity, Settings(review_days=days), kept=tmp_path)
        assert bool(judged) is (days == 28)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_feature_may_be_called_like_a_signal():
    made = make_activity(n_accounts=20, n_days=N_DAYS, features=("logins", "boards"), seed=5)
    whole = company_history(made, CALENDAR)
    known = company_history(clip(made, 0, FIRST), CALENDAR)

    assert len(whole) == (len(made.signals.names) + 2) * N_DAYS
    pd.testing.assert_frame_equal(company_history(made, CALENDAR, known), whole)


def test_a_company_without_features_is_remembered_too(tmp_path):
    activity = make_activity(n_accounts=30, n_days=N_DAYS)
    tables_of(clip(activity, 0, FIRST), kept=tmp_path)

    assert_same(tables_of(activity, kept=tmp_path), tables_of(activity))


def test_a_full_disk_leaves_what_was_there(activity, tmp_path, monkeypatch):
    analyse(clip(activity, 0, N_DAYS - 1), Settings(), kept=tmp_path)
    (kept,) = tmp_path.iterdir()
    before = kept.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "_arrays", full)
    with pytest.raises(OSError, match="No space"):
        analyse(activity, Settings(), kept=tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]
