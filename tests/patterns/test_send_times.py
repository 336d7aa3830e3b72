import numpy as np
import pandas as pd
import pytest

from helpers.patterns.send_times import pattern_weight, send_time_check, send_times, shrunk_choice
from tests.patterns.made import make_hours
from tests.patterns.test_preferences import mail

AS_OF = pd.Timestamp("2026-07-01")


def activity(days):
    """Days of use: {account: dates}."""
    rows = [(account, day) for account, mine in days.items() for day in mine]
    frame = pd.DataFrame(rows, columns=["account_id", "day"])
    return frame.assign(day=pd.to_datetime(frame["day"])).astype({"account_id": "string"})


def offices(n=40, *, odd=0, seed=0):
    """Everybody works at ten; some, from the front, at three at night instead."""
    rng = np.random.default_rng(seed)
    days = {}
    for number in range(n):
        hour = 3 if number < odd else 10
        mine = []
        for newest, n_days in ((False, 8), (True, 4)):
            for weekday in range(5):
                mine.append((weekday, hour, newest, int(rng.binomial(n_days, 0.8))))
                mine.append((weekday, 14, newest, int(rng.binomial(n_days, 0.4))))
        days[f"a{number:03d}"] = [row for row in mine if row[3]]
    return make_hours(days)


def test_an_hour_of_its_own_needs_newer_days_that_agree():  # B-12 B-14
    table = send_times(offices(odd=3), activity({}), as_of=AS_OF).set_index("account_id")
    own = table[table["hour_basis"] == "own"]
    assert own.index.tolist() == ["a000", "a001", "a002"]
    assert own["send_hour"].tolist() == [3, 3, 3]
    assert set(table["send_hour"].drop(own.index)) == {10}
    assert (own["hour_q"] < 0.05).all()


def test_a_habit_that_ended_is_not_followed():
    """Nights in the older days, office hours in the newest: the company's hour is given."""
    hours = offices(odd=3)
    newest = hours["newest"] & hours["account_id"].isin(["a000"])
    hours.loc[newest & (hours["hour"] == 3), "hour"] = 10
    table = send_times(hours, activity({}), as_of=AS_OF).set_index("account_id")
    assert table.loc["a000", "own_hour"] == 3
    assert table.loc["a000", "send_hour"] == 10
    assert table.loc["a000", "hour_basis"] == "company"


def test_by_chance_nobody_has_an_hour_of_its_own():
    rng = np.random.default_rng(0)
    days = {
        f"a{n:03d}": [
            (int(rng.integers(0, 5)), int(rng.integers(8, 18)), bool(k % 3 == 0), 1)
            for k in range(30)
        ]
        for n in range(150)
    }
    table = send_times(make_hours(days), activity({}), as_of=AS_OF)
    assert (table["hour_basis"] == "company").all()


def test_weekdays_come_from_the_last_year():
    days = {f"a{n:02d}": pd.date_range("2025-07-03", "2026-06-30", freq="W-TUE") for n in range(30)}
    days["b"] = pd.date_range("2025-07-03", "2026-06-30", freq="W-SAT")
    days["old"] = pd.date_range("2024-01-01", "2024-06-30", freq="W-SUN")  # too long ago
    table = send_times(make_hours({}), activity(days), as_of=AS_OF).set_index("account_id")
    assert table.loc["b", "send_weekday"] == "Saturday"
    assert table.loc["b", "weekday_basis"] == "own"
    assert table.loc["a00", "send_weekday"] == "Tuesday"
    assert "old" not in table.index
    assert pd.isna(table.loc["b", "send_hour"])  # no hours were seen


def test_few_days_say_little_beside_the_company():
    counts = np.tile([0.0, 40.0, 10.0], (50, 1))
    counts[0] = [2, 0, 0]  # two days at another hour
    own, company = shrunk_choice(counts)
    assert company == 1
    assert own[0] == 1
    alike = pattern_weight(counts[1:], np.array([0.01, 0.79, 0.2]))
    rng = np.random.default_rng(0)
    apart = rng.multinomial(50, [0.2, 0.3, 0.5], 1)  # every account all at one hour
    apart = np.eye(3)[rng.integers(0, 3, 50)] * apart.sum()
    assert pattern_weight(apart, np.full(3, 1 / 3)) < alike


def test_whether_messages_are_opened_more_at_such_an_hour_is_looked_up():
    rng = np.random.default_rng(0)
    hours = offices(60, odd=30)
    rows = []
    for number in range(60):
        own = 3 if number < 30 else 10
        for _ in range(8):
            sent = int(rng.choice([3, 10]))
            rate = 0.7 if sent == own else 0.3
            rows.append((f"a{number:03d}", "email", "x", "2026-06-15", sent, rng.random() < rate))
    since = pd.Timestamp("2026-06-01")
    found = send_time_check(hours, mail(rows), since=since)
    assert found.p_value < 0.001
    assert found.ratio == pytest.approx(1.4, abs=0.25)
    shuffled = mail(rows).assign(opened=rng.permutation([row[5] for row in rows]))
    assert send_time_check(hours, shuffled, since=since).p_value > 0.02
    assert send_time_check(hours, mail(rows), since=AS_OF).n == 0  # what chose is not judged
