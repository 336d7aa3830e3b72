import pandas as pd
import pytest

from helpers.impact.response import (
    churn_by_quarter,
    contact_after_alerts,
    episodes,
    retention_after_alerts,
)
from helpers.impact.verdicts import verdicts

AS_OF = pd.Timestamp("2025-07-01")


def day(text):
    return pd.Timestamp(text)


@pytest.fixture
def flags():
    rows = [
        ("a", "2025-01-08", "risk", "high"),
        ("a", "2025-01-15", "risk", "critical"),  # the same episode
        ("a", "2025-03-05", "risk", "critical"),  # seven weeks later: another
        ("b", "2025-02-05", "risk", "high"),
        ("b", "2025-02-05", "risk", "critical"),  # the more severe of one week counts
        ("c", "2025-02-05", "risk", "medium"),  # not severe
        ("c", "2025-02-12", "expansion", "high"),  # no risk
        ("d", "2025-06-25", "risk", "high"),  # its time is not over
    ]
    table = pd.DataFrame(rows, columns=["account_id", "week_end", "direction", "severity"])
    return table.assign(week_end=pd.to_datetime(table["week_end"]))


@pytest.fixture
def touches():
    at = ["2025-01-09T23:30", "2025-01-12T08:00", "2025-03-04T08:00", "2025-02-25T08:00"]
    return pd.DataFrame(
        {
            "account_id": ["a", "a", "a", "b"],
            "occurred_at": pd.to_datetime(at, utc=True),
        }
    )


PLAYS = pd.DataFrame(
    {
        "account_id": ["a", "b"],
        "assigned_at": pd.to_datetime(["2025-03-10T10:00", "2025-02-06T10:00"], utc=True),
        "arm": ["treated", "control"],
    }
)


def test_a_spell_of_warnings_is_one_episode(flags):
    found = episodes(flags).sort_values(["account_id", "detected_on"])
    assert found["account_id"].tolist() == ["a", "a", "b", "d"]
    assert found["detected_on"].dt.strftime("%m-%d").tolist() == [
        "01-08",
        "03-05",
        "02-05",
        "06-25",
    ]
    assert found["severity"].tolist() == ["high", "critical", "critical", "high"]
    assert episodes(None).empty


def test_days_to_the_first_contact_by_hand(flags, touches):  # K-05
    table = contact_after_alerts(
        flags, touches, PLAYS, as_of=AS_OF, time_zone="Europe/Berlin", within_days=14
    )
    rows = table.set_index(["account_id", "detected_on"])["days"]
    assert rows[("a", day("2025-01-08"))] == 2  # half past midnight in Berlin
    assert rows[("a", day("2025-03-05"))] == 5  # the play; the call the day before is no answer
    assert pd.isna(rows[("b", day("2025-02-05"))])  # the control arm, and a call on day 20
    assert len(rows) == 3


def test_accounts_are_followed_from_the_end_of_the_time_for_an_answer(flags, touches):  # K-07
    contacts = contact_after_alerts(flags, touches, PLAYS, as_of=AS_OF, time_zone="UTC")
    left = pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "churned_at": [day("2025-03-25"), day("2025-02-10")],
        }
    )
    table = retention_after_alerts(
        contacts, left, as_of=AS_OF, within_days=14, follow_days=84, n_draws=20, seed=0
    ).set_index("contacted")

    assert table.loc["yes", "n_warnings"] == 2
    assert table.loc["yes", "median_days"] == 3  # of 1 and 5 in UTC
    assert table.loc["yes", "n_left"] == 2  # a left within 84 days of both
    assert table.loc["yes", "risk"] == 1.0
    assert table.loc["no", "n_warnings"] == 1
    assert table.loc["no", "n_left"] == 0  # b had left before the time for an answer was over
    assert table["share_of_all"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_churn_by_quarter_by_hand():  # K-08
    accounts = pd.DataFrame(
        {
            "account_id": list("abcdef"),
            "signed_up_at": pd.to_datetime(
                ["2024-01-01"] * 4 + ["2025-02-01", "2025-06-01"], utc=True
            ),
        }
    )
    left = pd.DataFrame(
        {
            "account_id": ["a", "b", "f"],
            "churned_at": [day("2024-12-20"), day("2025-05-01"), day("2025-06-20")],
        }
    )
    table = churn_by_quarter(accounts, left, as_of=AS_OF, time_zone="UTC")

    assert table["quarter_ends"].tolist() == [day("2025-04-01"), AS_OF]
    assert table["n_start"].tolist() == [3, 4]  # f came and went within the quarter
    assert table["n_left"].tolist() == [0, 1]
    assert table["churn_rate"].tolist() == [0.0, 0.25]
    assert table["change"].tolist()[1] == 0.25
    nobody = churn_by_quarter(accounts, left.iloc[:0], as_of=AS_OF, time_zone="UTC")
    assert nobody.empty


def test_verdicts_by_hand():  # K-03, K-06, K-11
    rows = [
        ("alert:sudden_drop", "confirmed", 10.0, "2025-06-01"),
        ("alert:sudden_drop", "confirmed", 30.0, "2025-06-01"),
        ("alert:sudden_drop", "false_positive", 20.0, "2025-06-01"),
        ("alert:sudden_drop", "missed", None, "2025-06-01"),
        ("alert:usage_drop", "false_positive", 60.0, "2025-06-01"),
        ("alert:usage_drop", "confirmed", 5.0, "2025-07-01"),  # of this very run: not known yet
        ("health", "confirmed", 5.0, "2025-06-01"),
        ("alert:usage_drop", "perhaps", 5.0, "2025-06-01"),  # not a verdict
    ]
    feedback = pd.DataFrame(rows, columns=["item", "verdict", "minutes", "as_of"])
    table = verdicts(feedback, as_of=AS_OF)

    assert list(zip(table["family"], table["item"], strict=True)) == [
        ("alert", "all"), ("alert", "sudden_drop"), ("alert", "usage_drop"),
        ("health", "all"), ("health", "health"),
    ]  # fmt: skip
    drop = table.iloc[1]
    assert (drop["judged"], drop["confirmed"], drop["missed"]) == (3, 2, 1)
    assert drop["precision"] == pytest.approx(2 / 3)
    assert drop["recall"] == pytest.approx(2 / 3)
    assert drop["minutes"] == 20.0
    assert drop["hours"] == pytest.approx(1.0)
    assert 0 < drop["low"] < 2 / 3 < drop["high"] < 1
    assert table.iloc[0]["judged"] == 4
    assert verdicts(None, as_of=AS_OF).empty


def test_warnings_without_any_contact_recorded_are_unanswered(flags):
    table = contact_after_alerts(flags, None, None, as_of=AS_OF, time_zone="UTC")
    assert len(table) == 3
    assert table["contacted_on"].isna().all()
    nobody = contact_after_alerts(None, None, PLAYS, as_of=AS_OF, time_zone="UTC")
    assert nobody.empty
    left = pd.DataFrame({"account_id": ["a"], "churned_at": [day("2025-03-25")]})
    told = retention_after_alerts(
        table, left, as_of=AS_OF, within_days=14, follow_days=84, n_draws=5, seed=0
    ).set_index("contacted")
    assert told["n_warnings"].to_dict() == {"yes": 0, "no": 3}
    assert told.loc["no", "n_left"] == 2
