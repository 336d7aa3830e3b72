from dataclasses import replace

import pandas as pd
import pytest

from helpers.patterns.material import read_material
from helpers.patterns.next_steps import find_next_steps
from helpers.patterns.personal import personalise, ripe
from tests.patterns.made import make_feature_days, make_journeys, make_material
from tests.patterns.small import accounts, at, events, small_run
from tests.patterns.test_preferences import made
from tests.patterns.test_search import CAUSAL
from tests.patterns.test_send_times import activity, offices

AS_OF = pd.Timestamp("2026-07-01")


def lives(names, **columns):
    frame = pd.DataFrame({"account_id": pd.array(names, "string"), "name": names})
    return frame.assign(last_on=pd.NaT, csm="c", **columns)


@pytest.fixture(scope="module")
def material():
    names = [f"a{number:03d}" for number in range(90)]
    return make_material(
        journeys=make_journeys(60),
        messages=made(90, each=40),
        hours=offices(90, odd=2),
        feature_days=make_feature_days({name: {"boards": 30, "files": 4} for name in names}),
        activity=activity(dict.fromkeys(names, pd.date_range("2026-05-01", periods=50))),
        lives=lives(names),
    )


@pytest.fixture(scope="module")
def found(material):
    return personalise(material, find_next_steps(material))


def test_one_row_an_account_says_what_when_and_where(found):  # B-12 B-13 B-14
    table = found.accounts.set_index("account_id")
    assert table.index.is_unique
    assert table.loc["a000", ["send_hour", "hour_basis"]].tolist() == [3, "own"]
    assert table.loc["a002", ["send_hour", "hour_basis"]].tolist() == [10, "company"]
    assert set(table["channel"]) == {"email", "push"}
    assert table.loc[table["channel"] == "email", "channel_basis"].eq("company").all()
    assert table.loc[table["channel"] == "push", "channel_basis"].str.startswith("own").all()
    assert (table["default_view"] == "boards").all()
    assert set(found.tables) >= {"personal", "channels", "send_times", "recommendations"}
    assert found.checks["what"].tolist() == ["channel", "send hour", "feature"]
    assert found.checks.set_index("what").loc["channel", "holds"]
    assert not CAUSAL.search(" ".join([*found.caveats, *found.checks["question"]]))


def test_a_choice_that_does_not_hold_up_is_not_followed(material):
    plain = replace(material, messages=made(90, bonus=0.0))
    told = personalise(plain, find_next_steps(plain))
    assert set(told.accounts["channel_basis"].dropna()) == {"company"}
    assert "channel" in " ".join(told.caveats)


def test_nobody_is_sent_what_was_unsubscribed_from(material):
    messages = material.messages.copy()
    everything = messages["account_id"] == "a003"
    mail = (messages["account_id"] == "a004") & (messages["channel"] == "email")
    messages.loc[everything | mail, "unsubscribed"] = True
    less = replace(material, messages=messages)
    table = personalise(less, find_next_steps(less)).accounts.set_index("account_id")
    assert pd.isna(table.loc["a003", "channel"])
    assert table.loc["a004", "channel"] == "push"


def test_without_messages_it_is_said_and_nothing_is_guessed(material):
    none = replace(material, messages=None)
    told = personalise(none, find_next_steps(none))
    assert told.accounts["channel"].isna().all()
    assert told.accounts["messages_left"].isna().all()
    assert told.accounts["send_hour"].notna().all()  # this comes from use
    assert told.caveats[0] == "Channels, topics and how much is too much: no `messages` table."
    assert list(told.accounts.columns) == list(
        personalise(material, find_next_steps(material)).accounts
    )


def test_young_messages_are_not_judged(material):
    late = material.messages.assign(sent_on=AS_OF - pd.Timedelta(days=3))
    assert ripe(replace(material, messages=late)).empty
    assert (
        len(ripe(material)) == (material.messages["sent_on"] < AS_OF - pd.Timedelta(days=7)).sum()
    )


def message(account, sent, opened=None, channel="email"):
    return {
        "account_id": account,
        "sent_at": at(sent),
        "channel": channel,
        "topic": "tips",
        "opened_at": at(opened) if opened else pd.NaT,
        "clicked_at": pd.NaT,
        "replied_at": pd.NaT,
        "unsubscribed_at": pd.NaT,
    }


def test_what_is_read_is_of_the_past_and_on_the_wall_clock(tmp_path):  # B-14
    sent = pd.DataFrame(
        [
            message("a", "2026-06-01 09:30", "2026-06-01 10:00"),
            message("a", "2026-06-20 23:15", "2026-07-01 08:00"),  # opened after the cutoff
            message("b", "2026-06-30 23:30", channel="sms"),
            message("c", "2026-06-03 09:00"),  # opted out
        ]
    )
    run = small_run(
        tmp_path,
        {
            "accounts": accounts("a", "b", "c", opted_out=[False, False, True]),
            "events": events(
                ("a", "u", "task_created", "2026-06-29 00:10"),  # a Monday on the wall clock
                ("a", "u", "task_created", "2026-06-29 00:50"),
                ("a", "u", "report_built", "2026-05-20 14:00"),
                ("b", "v", "task_created", "2026-06-30 23:59"),
                ("c", "w", "task_created", "2026-06-30 12:00"),
            ),
            "messages": sent,
        },
    )
    (run.stage / "tables" / "02_feature_engineering").mkdir(parents=True, exist_ok=True)
    labels = pd.DataFrame(
        {
            "account_id": pd.array(["a", "b"], "string"),
            "as_of": [AS_OF, AS_OF],
            "horizon_days": 90,
            "lead_days": 14,
            "churned": pd.array([None, None], "boolean"),
            "upgraded": pd.array([None, None], "boolean"),
            "censored": True,
        }
    )
    run.write("02_feature_engineering", "labels", labels)
    told = read_material(run, journey_days=7, activation_days=[28, 56], basket_days=30)
    rows = told.messages[["account_id", "channel", "sent_hour", "opened"]].to_numpy().tolist()
    assert rows == [["a", "email", 9, True], ["a", "email", 23, False], ["b", "sms", 23, False]]
    assert told.messages["sent_on"].iloc[2] == pd.Timestamp("2026-06-30")
    hours = told.hours.set_index(["account_id", "weekday", "hour"])
    assert hours.loc[("a", 0, 0), ["newest", "n_days"]].tolist() == [True, 1]
    assert hours.loc[("a", 2, 14), ["newest", "n_days"]].tolist() == [False, 1]
    assert hours.loc[("b", 1, 23), "n_days"] == 1
    assert "c" not in set(told.hours["account_id"])
    used = told.feature_days.set_index(["account_id", "feature"])["n_days"]
    assert used.to_dict() == {("a", "reports"): 1, ("a", "tasks"): 1, ("b", "tasks"): 1}
    assert told.stages is None
