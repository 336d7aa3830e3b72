"""Single features by hand, and what was planted must be found."""

import numpy as np
import pandas as pd
import pytest

from tests.company import AS_OF, catalogue
from tests.features.by_hand import at, day, events_on, features_of, one, with_config

ACCOUNT = pd.DataFrame({"account_id": ["a"], "signed_up_at": [at(250)]})
ANCHOR = events_on("a", [250])  # the history covers the account's whole life


def found_for(*parts, accounts=ACCOUNT, config=None, dates=(AS_OF,), **tables):
    events = pd.concat([ANCHOR, *parts], ignore_index=True)
    given = {"accounts": accounts, "events": events, "feature_catalogue": catalogue(), **tables}
    return features_of(given, dates, config=config)


def weekly(counts, account="a"):
    """Events in whole weeks; ``counts[0]`` is the last week before the cutoff."""
    ages = [7 * week + 3 for week, n in enumerate(counts) for _ in range(int(n))]
    return events_on(account, ages)


def test_wau_velocity_is_the_change_against_the_30_days_before():  # F-09
    before = [events_on("a", [31 + 7 * w for w in range(4)], user_id=f"u{n}") for n in range(85)]
    now = [events_on("a", [1 + 7 * w for w in range(4)], user_id=f"u{n}") for n in range(52)]
    row = one(found_for(*before, *now, events_on("a", [249], user_id="u0")))
    assert row["wau__mean_30d"] == 52
    assert row["wau__change_30d"] == pytest.approx(52 / 85 - 1)  # -38.8 %
    assert row["active_users__n_30d"] == 52


def test_a_fall_of_5_percent_a_week_is_found():  # F-06, T-04
    row = one(found_for(weekly(np.round(400 * 0.95 ** -np.arange(12.0)))))
    assert row["events__slope_90d"] == pytest.approx(np.log(0.95), abs=2e-3)
    assert row["events__change_30d"] < -0.15


def test_a_falling_and_a_small_account_differ_though_their_level_is_equal():  # F-06
    falling = weekly([40, 60, 90, 130, 170, 210, 250, 290, 320, 350, 380, 400])
    level = (falling["occurred_at"] >= at(30, 0)).sum()
    small = weekly([level / 4] * 12).assign(account_id="b")
    accounts = pd.DataFrame({"account_id": ["a", "b"], "signed_up_at": [at(250)] * 2})
    found = found_for(falling, small, events_on("b", [250]), accounts=accounts)
    a, b = one(found, "a"), one(found, "b")
    assert a["events__n_30d"] == b["events__n_30d"]
    assert a["events__slope_90d"] < -0.15 < -0.01 < b["events__slope_90d"]
    assert a["events__change_30d"] < -0.5 < b["events__change_30d"]
    assert a["events__share_of_peak"] < 0.4 < 0.9 < b["events__share_of_peak"]


def test_a_change_from_nothing_is_empty_and_from_nothing_to_nothing_zero():  # D13
    row = one(found_for(events_on("a", [3, 4]), events_on("a", [5], event="error_shown")))
    assert pd.isna(row["events__change_30d"])
    assert row["errors__change_30d"] == 0.0  # one error, against an earlier count taken as 1
    assert row["logins__change_30d"] == 0.0


def test_who_uses_it_beside_the_main_user():  # F-18
    main = events_on("a", list(range(1, 200)), user_id="boss")
    before = [events_on("a", [40, 41], user_id=f"u{n}") for n in range(4)]
    now = [events_on("a", [10], user_id="u0")]
    row = one(found_for(main, *before, *now))
    assert row["secondary_users__n_30d"] == 1
    assert row["secondary_users__change_30d"] == -0.75
    assert row["power_user_days_since"] == 1
    gone = one(found_for(main[main["occurred_at"] < at(20)], *before, *now))
    assert gone["power_user_days_since"] == 21


def test_adoption_new_and_abandoned_features():  # F-07, F-08, F-14
    habit = [events_on("a", [2 + 7 * w for w in range(20)], event="task_created")]
    dropped = [events_on("a", [33 + 7 * w for w in range(20)], event="comment_added")]
    tried = [events_on("a", [2, 3], event="report_built")]
    row = one(found_for(*habit, *dropped, *tried))
    n_available = catalogue()["feature"].nunique()
    assert row["features_used__n_30d"] == 2
    assert row["adoption__share_90d"] == pytest.approx(3 / n_available)
    assert row["core_features_used__n_90d"] == 2
    assert row["features_abandoned__n_30d"] == 1  # comments, every week until 33 days ago
    assert row["new_features__n_30d"] == 1
    assert row["exploration__share_30d"] == pytest.approx(2 / 7)  # 5 days of tasks, 2 of reports
    assert row["feature_pairs__n_90d"] == 1  # tasks and reports on day 2
    assert row["features_explored__n"] == 3
    assert row["features_adopted__n_30d"] == 1


def test_without_a_catalogue_a_feature_is_available_once_somebody_used_it():  # F-08
    accounts = pd.DataFrame({"account_id": ["a", "b"], "signed_up_at": [at(250)] * 2})
    events = pd.concat(
        [
            events_on("a", [250, 50, 40], event="one"),
            events_on("b", [45], event="two"),
            events_on("b", [20], event="three"),
        ]
    )
    found = features_of({"accounts": accounts, "events": events}, [AS_OF, day(30), day(48)])
    shares = found.pivot_table(index="account_id", columns="as_of", values="adoption__share_90d")
    assert shares.loc["a"].tolist() == [1, 1 / 2, pytest.approx(1 / 3)]
    assert shares.loc["b"].tolist() == [0, 1 / 2, pytest.approx(2 / 3)]


def test_pairs_of_a_shop_with_many_articles_are_not_counted():
    articles = [events_on("a", [5], feature=f"article {n}") for n in range(120)]
    events = pd.concat([ANCHOR, *articles])
    row = one(features_of({"accounts": ACCOUNT, "events": events}))
    assert pd.isna(row["feature_pairs__n_90d"])
    assert row["features_used__n_30d"] == 120


def test_the_first_weeks_of_an_account():  # F-13, F-20
    accounts = pd.DataFrame({"account_id": ["a"], "signed_up_at": [at(100)]})
    parts = [
        events_on("a", [100], event="email_verified"),
        events_on("a", [97], event="profile_completed"),
        events_on("a", [90], event="project_created"),
        events_on("a", [85], event="user_invited"),
    ]
    found = found_for(*parts, accounts=accounts, dates=(AS_OF, day(95)))
    now, then = one(found), one(found, as_of=day(95))
    assert now["days_to_setup_done"] == 10
    assert (then["setup__share"], now["setup__share"]) == (pytest.approx(2 / 3), 1)
    assert pd.isna(then["days_to_setup_done"])
    assert now["invited_within_30d"] == 1
    assert pd.isna(then["invited_within_30d"])  # 5 days old: may still happen
    assert now["days_to_first_core"] == -150  # the anchor event is older than the account
    late = [events_on("a", [60], event="user_invited")]
    assert one(found_for(*late, accounts=accounts))["invited_within_30d"] == 0
    old = pd.DataFrame({"account_id": ["a"], "signed_up_at": [at(900)]})
    assert pd.isna(one(found_for(*parts, accounts=old))["days_to_setup_done"])  # not seen


def test_three_core_features_every_week():  # F-20
    names = ["task_created", "comment_added", "file_uploaded"]
    weeks = [events_on("a", [2 + 7 * w for w in range(4)], event=name) for name in names]
    assert one(found_for(*weeks))["core3_weekly"] == 1
    weeks[2] = events_on("a", [2, 9, 16], event="file_uploaded")  # not in the fourth week
    assert one(found_for(*weeks))["core3_weekly"] == 0


def test_learning_and_intent_count_their_roles():  # F-11, F-12, F-19
    parts = [
        events_on("a", [5, 6], event="webinar_attended"),
        events_on("a", [7], event="community_posted"),
        events_on("a", [8, 40], event="competitor_comparison_searched"),
        events_on("a", [9], event="limit_reached"),
        events_on("a", [10] * 6, event="user_invited"),
    ]
    row = one(found_for(*parts))
    assert row["learning__n_90d"] == 2
    assert row["community__n_90d"] == 1
    assert row["competitor_search__n_90d"] == 2
    assert row["limit_hits__n_30d"] == 1
    assert row["invites__n_30d"] == 6
    assert row["collaboration__n_30d"] == 6
    assert row["used_learning"] == 1
    assert row["exports__n_30d"] == 0


TERMS = pd.DataFrame(
    {
        "account_id": "a",
        "started_on": [day(200), day(60), day(60)],
        "ended_on": [day(60), None, None],
        "plan": ["Starter", "Pro", "Pro"],
        "seats": [4, 8, 2],
        "mrr": [50.0, 120.0, 30.0],
        "discount": [0.0, 0.1, None],
        "is_trial": [True, False, False],
    }
)


def test_terms_in_force_count_and_nothing_of_the_extract():  # F-15
    accounts = ACCOUNT.assign(plan="Enterprise", mrr=999.0, seats=77, renewal_on=day(-40))
    found = found_for(accounts=accounts, subscriptions=TERMS, dates=(AS_OF, day(60), day(100)))
    now, change, then = one(found), one(found, as_of=day(60)), one(found, as_of=day(100))
    assert (then["mrr"], change["mrr"], now["mrr"]) == (50, 50, 150)  # day(60) is not known yet
    assert (then["plan"], now["plan"]) == ("Starter", "Pro")
    assert (then["is_trial"], now["is_trial"]) == (1, 0)
    assert now["discount"] == 0.1
    assert now["products__n"] == 2
    assert now["plan_changes__n_365d"] == 1
    assert now["tenure_days"] == 200
    assert now["seats__change_90d"] == 1.5  # 4 seats then, 10 now
    assert now["days_to_renewal"] == 40
    assert pd.isna(then["days_to_renewal"])


def test_levels_against_the_limits_of_the_time():  # F-19
    accounts = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "signed_up_at": [at(250)] * 3,
            "plan": ["Pro", "Starter", "Starter"],
            "storage_gb_limit": [120.0, 20.0, 20.0],
            "api_calls_limit": [1000.0, 100.0, 300.0],  # not a limit of the plan
        }
    )
    levels = pd.DataFrame(
        {
            "account_id": "a",
            "metric": ["storage_gb", "storage_gb", "storage_gb", "api_calls", "seats"],
            "measured_on": [day(110), day(40), day(2), day(2), day(2)],
            "value": [10.0, 60.0, 90.0, 500.0, 9.0],
        }
    )
    found = found_for(
        accounts=accounts, subscriptions=TERMS, usage_levels=levels, dates=(AS_OF, day(100))
    )
    now, then = one(found), one(found, as_of=day(100))
    assert (then["storage__share"], now["storage__share"]) == (0.5, 0.75)
    assert now["storage__change_30d"] == 0.5
    assert now["api__share"] == 0.5
    assert now["seats__share"] == 0.9
    assert pd.isna(one(found_for(usage_levels=levels), as_of=AS_OF)["api__share"])


def test_how_people_answer_messages():  # F-16
    messages = pd.DataFrame(
        {
            "account_id": "a",
            "sent_at": [at(n, 7) for n in (10, 20, 30, 40)],
            "channel": ["e-mail", "e-mail", "push", "sms"],
            "topic": ["news", "news", "renewal", "news"],
            "opened_at": [at(10, 9), None, at(30, 9), None],
            "clicked_at": [None, None, at(29), None],
            "replied_at": [at(1), None, None, None],
            "unsubscribed_at": [None, None, None, at(35)],
        }
    )
    found = found_for(messages=messages, dates=(AS_OF, day(5)))
    now, then = one(found), one(found, as_of=day(5))
    assert (now["message_open__rate_90d"], now["message_click__rate_90d"]) == (0.5, 0.25)
    assert now["message_reply__rate_90d"] == 0.25
    assert pd.isna(then["message_reply__rate_90d"])  # nobody had ever replied
    assert now["unsubscribes__n_365d"] == 1
    assert now["preferred_hour"] == 9
    assert now["preferred_channel"] == "e-mail"  # one reaction each: the first by name
    assert now["preferred_topic"] == "news"


def test_news_from_outside_is_optional():  # D-18
    signals = pd.DataFrame(
        {
            "account_id": "a",
            "kind": ["funding", "headcount_growth", "job_postings", "job_postings"],
            "observed_on": [day(170), day(10), day(20), day(80)],
            "value": [1e6, 0.3, 4.0, None],
        }
    )
    row = one(found_for(external_signals=signals))
    assert row["funding_180d"] == 1
    assert row["headcount_growth_180d"] == 0.3
    assert row["job_postings_90d"] == 5  # a posting without a number is one
    without = one(found_for())
    names = ["funding_180d", "headcount_growth_180d", "job_postings_90d"]
    assert without[names].isna().all()


def test_no_ticket_is_told_from_no_ticket_system():  # D-11
    tickets = pd.DataFrame(
        {"ticket_id": ["t"], "account_id": ["b"], "opened_at": [at(200)], "text": [None]}
    )
    accounts = pd.DataFrame({"account_id": ["a", "b"], "signed_up_at": [at(250)] * 2})
    quiet = one(found_for(accounts=accounts, tickets=tickets))
    assert quiet["has_tickets_90d"] == 0
    assert quiet["tickets__n_90d"] == 0
    assert pd.isna(quiet["csat__mean_90d"])
    assert pd.isna(one(found_for(accounts=accounts))["has_tickets_90d"])


def test_a_source_of_dates_without_times_knows_no_nights():
    dates = pd.DataFrame(
        {"account_id": "a", "event": "task_created", "occurred_at": [at(n, 0) for n in (5, 120)]}
    )
    assert pd.isna(one(features_of({"accounts": ACCOUNT, "events": dates}))["night_share_90d"])
    timed = pd.concat([dates, events_on("a", [130])])
    row = one(features_of({"accounts": ACCOUNT, "events": timed}))
    assert row["night_share_90d"] == 1.0
    assert row["weekend_share_90d"] == 0.0


def test_silence_makes_an_account_dead_only_where_configured():
    events = events_on("a", [250, 70])
    tables = {"accounts": ACCOUNT, "events": events}
    assert one(features_of(tables))["is_live"]
    found = features_of(tables, [AS_OF, day(10)], config=with_config(churn_after_silent_days=60))
    assert not one(found)["is_live"]
    assert one(found, as_of=day(10))["is_live"]  # 60 days before day(10) is day(70)


def test_short_history_is_marked_not_refused():  # Z-10
    accounts = pd.DataFrame({"account_id": ["a"], "signed_up_at": [at(56)]})
    row = one(found_for(weekly([9] * 8), accounts=accounts))
    assert row["is_short_history"]
    assert pd.isna(row["events__slope_90d"])
    assert pd.isna(row["events__change_30d"])
    assert row["events__share_of_peak"] == 1.0  # 56 days are enough for this one
    assert not one(found_for())["is_short_history"]
