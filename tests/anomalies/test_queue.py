"""From flags to what a manager gets: episodes, stories, known factors, feedback, budget, words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.anomalies.alerts import ALERT_COLUMNS
from helpers.anomalies.budget import apply_budget, rank_alerts
from helpers.anomalies.context import add_context, revenue
from helpers.anomalies.episodes import fold, to_episodes
from helpers.anomalies.feedback import thresholds
from helpers.anomalies.kinds.catalogue import KINDS
from helpers.anomalies.known_factors import explain
from helpers.anomalies.severity import LEVELS, lower, rank_of, tier
from helpers.anomalies.texts import metric_words, number, percent, span
from helpers.anomalies.wording import describe

AS_OF = pd.Timestamp("2026-07-01")


def flags(*rows):
    """(account, kind, day, severity, p-value) to flagged ends."""
    columns = ["account", "kind", "day", "severity", "p_value"]
    frame = pd.DataFrame(rows, columns=columns)
    directions = {kind.name: kind.direction for kind in KINDS}
    return frame.assign(
        direction=frame["kind"].map(directions),
        confidence=1 - frame["p_value"],
        metrics=[["events"] for _ in rows],
    )


def test_flagged_days_close_together_are_one_episode():
    rows = flags(
        (0, "usage_drop", 100, "low", 0.01),
        (0, "usage_drop", 107, "high", 0.001),
        (0, "usage_drop", 121, "high", 0.002),
        (0, "usage_drop", 136, "low", 0.03),  # 15 days later: another one
        (1, "usage_drop", 107, "low", 0.01),
    )

    episodes = to_episodes(rows)

    assert episodes[["account", "first_day", "last_day"]].values.tolist() == [
        [0, 100, 121],
        [0, 136, 136],
        [1, 107, 107],
    ]
    assert episodes["p_value"].tolist() == [0.001, 0.03, 0.01]  # the strongest row tells


def test_a_limit_must_be_kept_for_four_weeks_before_it_is_news_again():
    rows = flags(
        (0, "near_seat_limit", 100, "medium", np.nan),
        (0, "near_seat_limit", 128, "medium", np.nan),
        (0, "near_seat_limit", 160, "medium", np.nan),
    )

    assert to_episodes(rows)["first_day"].tolist() == [100, 160]


def test_one_account_one_story_named_by_the_more_specific_kind():
    story = fold(
        to_episodes(
            flags(
                (0, "usage_drop", 100, "high", 0.01),
                (0, "admin_absence", 108, "critical", 0.001),
                (0, "unusual_mix", 108, "low", 0.02),
                (0, "near_seat_limit", 104, "medium", np.nan),
            )
        )
    )

    assert story["kind"].tolist() == ["admin_absence", "near_seat_limit"]
    first = story.iloc[0]
    assert first["also_kinds"] == ["usage_drop"]  # the unspecific kind is not worth a word
    assert (first["first_day"], first["news_day"]) == (100, 108)  # critical since day 108
    assert first["severity"] == "critical"
    assert first["confidence"] == 0.999


def test_two_signs_of_growth_bear_each_other_out():
    story = fold(
        to_episodes(
            flags(
                (0, "near_seat_limit", 100, "medium", np.nan),
                (0, "new_departments", 105, "medium", np.nan),
            )
        )
    )

    assert story[["kind", "severity"]].values.tolist() == [["near_seat_limit", "high"]]


def test_nothing_flagged_is_no_story():
    empty = flags().iloc[:0]

    assert fold(to_episodes(empty)).empty


def calendar(*rows):
    columns = ["starts_on", "ends_on", "reason", "account_id", "region"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        starts_on=pd.to_datetime(frame["starts_on"]), ends_on=pd.to_datetime(frame["ends_on"])
    )


def window(account="a", start="2026-06-15", end="2026-06-21", seen="2026-06-21"):
    columns = ["starts_on", "ends_on", "last_seen_on"]
    days = [pd.Timestamp(day) for day in (start, end, seen)]
    return pd.DataFrame({"account_id": [account], **dict(zip(columns, days, strict=True))})


ACCOUNTS = pd.DataFrame({"account_id": ["a", "b"], "region": ["North", "South"]})


# T-07
@pytest.mark.parametrize(
    ("row", "steps"),
    [
        (("2026-06-14", "2026-06-22", "Move", "a", None), 2),
        (("2026-06-14", "2026-06-22", "Feast", None, "North"), 1),
        (("2026-06-14", "2026-06-22", "Closure", None, None), 1),
        (("2026-06-14", "2026-06-22", "Move", "b", None), 0),
        (("2026-06-14", "2026-06-22", "Feast", None, "South"), 0),
        (("2026-06-20", "2026-06-30", "Move", "a", None), 0),  # covers two days of seven
        (("2026-06-01", "2026-08-31", "Summer", None, None), 0),  # what everybody does is known
    ],
)
def test_a_known_factor_explains_what_it_covers(row, steps):
    found = explain(window(), calendar(row), ACCOUNTS)

    assert found["steps"].tolist() == [steps]
    assert found["explained_by"].iloc[0].startswith(row[2]) == bool(steps)


def test_a_dip_that_goes_on_is_not_explained():
    rows = calendar(("2026-06-14", "2026-06-22", "Move", "a", None))

    assert explain(window(seen="2026-06-29"), rows, ACCOUNTS)["steps"].iloc[0] == 2
    assert explain(window(seen="2026-06-30"), rows, ACCOUNTS)["steps"].iloc[0] == 0


def test_the_nearest_factor_is_named():
    rows = calendar(
        ("2026-06-14", "2026-06-22", "Feast", None, "North"),
        ("2026-06-14", "2026-06-22", "Move", "a", None),
    )

    text = explain(window(), rows, ACCOUNTS)["explained_by"].iloc[0]

    assert text == "Move (2026-06-14 to 2026-06-22)"


def verdicts(*rows):
    frame = pd.DataFrame(rows, columns=["item", "verdict", "as_of"])
    return frame.assign(as_of=pd.to_datetime(frame["as_of"]), account_id="a")


# K-02
def test_verdicts_move_the_threshold_by_a_stated_and_bounded_rule():
    told = [("alert:sudden_drop", "false_positive", "2026-05-01")] * 6
    told += [("alert:user_attrition", "confirmed", "2026-05-01")] * 50
    told += [("alert:usage_drop", "missed", "2026-05-01")]
    told += [("segment:power_users", "false_positive", "2026-05-01")]

    limits = thresholds(verdicts(*told), as_of=AS_OF, sensitivity=0.08).set_index("kind")

    assert limits.loc["sudden_drop", "multiplier"] == pytest.approx(2 / 8)
    assert limits.loc["sudden_drop", "max_q"] == pytest.approx(0.02)
    assert limits.loc["user_attrition", "multiplier"] == 2.0  # not 26
    assert limits.loc["usage_drop", "multiplier"] == pytest.approx(3 / 2)
    assert limits.loc["pattern_break", "max_q"] == 0.08
    assert np.isnan(limits.loc["near_seat_limit", "max_q"])  # a fact has no threshold
    assert limits.loc["sudden_drop", "precision"] == 0.0


def test_fault_E23_verdicts_of_the_same_day_or_later_are_not_known_yet():
    late = verdicts(
        ("alert:sudden_drop", "false_positive", "2026-07-01"),
        ("alert:sudden_drop", "false_positive", "2026-08-01"),
    )

    pd.testing.assert_frame_equal(
        thresholds(late, as_of=AS_OF, sensitivity=0.1),
        thresholds(None, as_of=AS_OF, sensitivity=0.1),
    )


def alert(severity="medium", confidence=0.9, mrr=100.0, csm="Ana", days_ago=1, account="a"):
    return {
        "account_id": account,
        "kind": "usage_drop",
        "severity": severity,
        "confidence": confidence,
        "mrr": mrr,
        "csm": csm,
        "detected_on": AS_OF - pd.Timedelta(days=days_ago),
        "news_on": AS_OF - pd.Timedelta(days=days_ago),
    }


# N-03
def test_alerts_are_ranked_by_severity_confidence_and_revenue():
    rows = [
        alert("low", 1.0, 900, account="d"),
        alert("high", 0.9, 100, account="b"),
        alert("high", 0.9, 500, account="c"),
        alert("critical", 0.5, 1, account="a"),
        alert("high", 0.9, 500, account="a"),
    ]

    ranked = rank_alerts(pd.DataFrame(rows))

    assert ranked["account_id"].tolist() == ["a", "a", "c", "b", "d"]


# N-13
def test_a_manager_gets_no_more_than_the_week_has_room_for():
    rows = [alert(account=f"m{n}", confidence=0.9 - n / 100) for n in range(4)]
    rows += [alert(account=f"w{n}", days_ago=9) for n in range(2)]
    rows += [alert(csm=None, account=f"n{n}") for n in range(3)]

    kept, rest, load = apply_budget(rank_alerts(pd.DataFrame(rows)), as_of=AS_OF, per_week=2)

    assert rest["account_id"].tolist() == ["n2", "m2", "m3"]
    assert load["kept"].tolist() == [2, 2, 2]
    assert load["csm"].tolist() == ["Ana", "Ana", "unassigned"]
    assert len(kept) == 6


# N-12
def test_critical_alerts_are_never_cut_but_they_count():
    rows = [alert("critical", account=f"c{n}") for n in range(3)] + [alert("high", account="h")]

    kept, rest, load = apply_budget(rank_alerts(pd.DataFrame(rows)), as_of=AS_OF, per_week=2)

    assert kept["account_id"].tolist() == ["c0", "c1", "c2"]
    assert rest["account_id"].tolist() == ["h"]
    assert load[["raised", "kept", "critical", "limit"]].iloc[0].tolist() == [4, 3, 3, 2]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(LEVELS), st.sampled_from(["Ana", "Ben", None]), st.integers(1, 28)
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 4),
)
def test_no_alert_is_lost_and_none_exceeds_the_budget(drawn, per_week):
    rows = [
        alert(severity, csm=csm, days_ago=days, account=f"a{n:02d}")
        for n, (severity, csm, days) in enumerate(drawn)
    ]

    kept, rest, load = apply_budget(rank_alerts(pd.DataFrame(rows)), as_of=AS_OF, per_week=per_week)

    assert sorted([*kept["account_id"], *rest["account_id"]]) == [row["account_id"] for row in rows]
    assert load["raised"].sum() == len(rows)
    assert (load["kept"] <= np.maximum(load["critical"], per_week)).all()
    assert "critical" not in set(rest["severity"])


def test_severities_have_an_order():
    assert rank_of(pd.Series(LEVELS)).tolist() == [0, 1, 2, 3]
    assert [lower("critical"), lower("critical", 2), lower("low", 2)] == ["high", "medium", "low"]
    assert [tier(0.895), tier(0.894), tier(0.345), tier(-0.2)] == [
        "extreme",
        "large",
        "notable",
        "minor",
    ]


def row(**told):
    blank = {"window_days": 7.0, "low": np.nan, "high": np.nan, "detail": "", "triage": ""}
    return pd.Series({**blank, "note": "", "size": np.nan, **told})


@pytest.mark.parametrize(
    ("told", "evidence"),
    [
        (
            {
                "kind": "usage_drop",
                "metric": "logins",
                "observed": 1_120,
                "expected": 1_800,
                "low": 1_720,
                "high": 1_880,
                "window_days": 28.0,
            },
            "logins 450 → 280 a week over 28 days, −38%, expected 430 to 470",
        ),
        (
            {"kind": "suspicious_activity", "metric": "security", "observed": 54, "expected": 0.2,
             "low": 0, "high": 1.2, "detail": "with exports by night"},
            ("failed logins and new keys 0.2 → 54 a week, 270 times as many, expected at most 1; "
            "with exports by night"),
        ),
        (
            {"kind": "near_seat_limit", "metric": "seats", "observed": 46, "expected": 50,
             "size": 0.92},
            "seats 46 of 50: 92%",
        ),
        (
            {"kind": "unexpected_spike", "metric": "events", "observed": 640, "expected": 60,
             "size": 10.7, "triage": "abuse"},
            ("events 60 → 640 on the highest day, 11 times the usual; exports, calls and the like: "
            "abuse cannot be ruled out"),
        ),
        (
            {"kind": "gradual_decline", "metric": "logins", "observed": 20, "expected": 30,
             "low": 8.0, "size": -0.3366},
            "logins −5% a week for 8 weeks, −34% in all; 20 in the last 7 days",
        ),
        (
            {"kind": "outlier_actions", "metric": "action:key_created", "observed": 4,
             "expected": 0.01},
            ("key created 4 times in 7 days, not once in 12 weeks before; 1% of its peers did it "
            "in 12 weeks"),
        ),
    ],
)  # fmt: skip
def test_the_reason_is_told_in_numbers(told, evidence):
    assert describe(row(**told))["evidence"] == evidence


def test_every_kind_can_be_told():
    numbers = {"observed": 3.0, "expected": 9.0, "size": -0.5, "low": 8.0, "window_days": 14.0}

    for kind in KINDS:
        words = describe(row(kind=kind.name, metric="events", **numbers))

        assert all(words[part] for part in ("historical", "recent", "evidence"))


def test_numbers_are_written_for_people():
    assert [number(1234.4), number(0.25), number(3.0), number(np.nan)] == [
        "1,234",
        "0.2",
        "3",
        "unknown",
    ]
    assert [percent(-0.38), percent(0.5), percent(11.0)] == ["−38%", "+50%", "12 times as many"]
    assert [span(7), span(28), span(1)] == ["a week", "a week over 28 days", "on one day"]
    assert metric_words("feature:bulk_import") == "bulk import"


# N-19, N-11
def test_context_stands_beside_an_alert():
    features = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "as_of": pd.to_datetime(["2026-06-01", "2026-07-01", "2026-07-01"]),
            "nps_last": [2.0, 9.0, np.nan],
            "tickets_open__n": [0.0, 2.0, 0.0],
            "days_to_renewal": [40.0, 10.0, 300.0],
            "mrr": [10.0, 10.0, 5.0],
        }
    )
    alerts = pd.DataFrame({"account_id": ["a", "b", "*"]})

    context = add_context(alerts, features)["context"].tolist()

    assert context == ["high value, NPS 9 (happy), 2 open tickets, renewal in 10 days", "", ""]
    assert add_context(alerts, None)["context"].tolist() == ["", "", ""]


def test_the_contract_is_kept():
    promised = ["account_id", "kind", "direction", "metrics", "detected_on", "severity"]
    promised += ["confidence", "explained_by", "play", "csm"]

    assert set(promised) <= set(ALERT_COLUMNS)


def test_revenue_is_what_the_subscriptions_say_else_the_crm():
    mrr = pd.Series({"a": None, "b": 7.0, "c": 8.0}, dtype="float64")
    dates = pd.to_datetime(["2026-06-01", "2026-07-01", "2026-07-01"])
    features = pd.DataFrame({"account_id": ["a", "a", "b"], "as_of": dates, "mrr": [1, 5, None]})

    assert revenue(mrr, features).tolist() == [5.0, 7.0, 8.0]
    assert revenue(mrr, None) is mrr
