import numpy as np
import pandas as pd
import pytest

from helpers.patterns.preferences import (
    channel_check,
    channel_preferences,
    default_channel,
    message_tolerance,
    prior_weight,
    topics_by_stage,
)

REACTIONS = ("opened", "clicked", "replied", "unsubscribed")


def mail(rows):
    """Rows (account, channel, topic, day, hour, opened), reactions beyond that none."""
    frame = pd.DataFrame(
        rows, columns=["account_id", "channel", "topic", "sent_on", "sent_hour", "opened"]
    )
    frame["sent_on"] = pd.to_datetime(frame["sent_on"])
    frame = frame.assign(clicked=False, replied=False, unsubscribed=False)
    return frame.astype({**dict.fromkeys(REACTIONS, bool), "account_id": "string"})


def made(n=150, *, seed=0, bonus=0.35, each=24):
    """Each account opens more in a channel of its own; mail is opened more than push."""
    rng = np.random.default_rng(seed)
    usual = {"email": 0.5, "push": 0.3}
    rows = []
    for number in range(n):
        own = ("email", "push")[number % 2]
        for _ in range(each):
            channel = rng.choice(["email", "push"])
            rate = usual[channel] + (bonus if channel == own else 0)
            day = pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(rng.integers(0, 180)))
            rows.append((f"a{number:03d}", channel, "tips", day, 9, rng.random() < rate))
    return mail(rows)


def test_counts_and_rates_by_hand():  # B-14
    rows = [("a", "email", "x", "2026-01-01", 9, opened) for opened in (1, 1, 0, 0, 0)]
    rows += [("a", "sms", "x", "2026-01-02", 9, 1), ("b", "email", "x", "2026-01-03", 9, 1)]
    told = channel_preferences(mail(rows)).set_index(["account_id", "channel"])
    assert told.loc[("a", "email"), ["n_sent", "n_opened"]].tolist() == [5, 2]
    assert told.loc[("a", "email"), "open_rate"] == pytest.approx(0.4)
    assert told.loc[("a", "email"), "low"] == pytest.approx(0.1176, abs=1e-3)  # Wilson
    assert told.loc[("a", "email"), "company_rate"] == pytest.approx(3 / 6)
    assert np.isnan(told.loc[("a", "sms"), "open_rate"])  # one message says nothing
    assert default_channel(mail(rows)) == "sms"
    assert default_channel(mail([])) is None


def test_the_channel_of_an_account_is_found_and_holds_up():
    messages = made(70, each=60)
    best = channel_preferences(messages)
    first = best[best["place"] == 1].set_index("account_id")["channel"]
    right = [first[f"a{n:03d}"] == ("email", "push")[n % 2] for n in range(70)]
    assert np.mean(right) > 0.85
    check = channel_check(messages)
    assert check.p_value < 0.001
    assert check.ratio > 1.1


def test_one_account_is_certain_only_if_its_own_messages_are():
    rows = [("a", "push", "x", "2026-01-01", 9, True)] * 20
    rows += [("a", "email", "x", "2026-01-01", 9, False)] * 20
    rows += [(f"b{n}", "email", "x", "2026-01-01", 9, n % 5 > 0) for n in range(150)]
    rows += [(f"b{n}", "push", "x", "2026-01-01", 9, n % 5 == 0) for n in range(100)]
    rows += [("c", "push", "x", "2026-01-01", 9, n % 3 > 0) for n in range(9)]
    rows += [("c", "email", "x", "2026-01-01", 9, n % 2 > 0) for n in range(9)]
    told = channel_preferences(mail(rows)).set_index(["account_id", "place"])
    assert told.loc[("a", 1), "channel"] == "push"  # against the default channel, which is mail
    assert told.loc[("a", 1), "q_value"] < 1e-6
    assert told.loc[("c", 1), "q_value"] > 0.5
    assert told["q_value"].notna().sum() == 2


def test_where_accounts_are_alike_no_choice_holds_up():
    p = [channel_check(made(80, seed=seed, bonus=0.0)).p_value for seed in range(8)]
    assert sum(value < 0.05 for value in p) <= 2
    best = channel_preferences(made(80, seed=3, bonus=0.0))
    assert not (best["q_value"] < 0.05).any()
    assert (best.loc[best["place"] == 1, "channel"] == "email").mean() > 0.8


def test_a_channel_that_was_left_is_the_last_choice():
    messages = made(20)
    gone = (messages["account_id"] == "a000") & (messages["channel"] == "email")
    messages["unsubscribed"] |= gone
    best = channel_preferences(messages)
    mine = best[best["account_id"] == "a000"]
    assert mine["channel"].tolist() == ["push", "email"]


def test_how_much_groups_differ_is_learnt():
    """Groups drawn from a beta distribution: the weight is the sum of its two numbers."""
    rng = np.random.default_rng(0)
    n = np.full(3_000, 40.0)
    hits = rng.binomial(40, rng.beta(6, 6, 3_000)).astype(float)
    usual = np.full(3_000, 0.5)
    assert prior_weight(n, hits, usual) == pytest.approx(12, rel=0.15)
    same = rng.binomial(40, 0.5, 3_000).astype(float)
    assert prior_weight(n, same, usual) > 200


def test_too_much_is_told_where_people_leave():
    """Naive: count the messages of the account in the 28 days before each one."""
    rng = np.random.default_rng(0)
    rows = [
        (
            f"a{n % 120:03d}",
            "email",
            "tips",
            pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(d)),
            9,
            0,
        )
        for n, d in enumerate(rng.integers(0, 240, 2_400))
    ]
    messages = mail(rows).sort_values(["account_id", "sent_on"], ignore_index=True)
    before = []
    for _, mine in messages.groupby("account_id"):
        days = mine["sent_on"].tolist()
        before += [
            sum(one - other <= pd.Timedelta(days=28) for other in days[:n])
            for n, one in enumerate(days)
        ]
    before = np.array(before)
    messages["opened"] = rng.random(len(messages)) < 0.5
    messages["unsubscribed"] = rng.random(len(messages)) < np.where(before >= 3, 0.15, 0.01)
    table, limit = message_tolerance(messages)
    counted = pd.Series(np.minimum(before, 5)).value_counts().sort_index()
    assert table["n_sent"].tolist() == counted.tolist()
    assert limit == 3
    assert table.loc[table["worse"], "n_before"].tolist()[0] == 3
    messages["unsubscribed"] = rng.random(len(messages)) < 0.02
    assert message_tolerance(messages)[1] is None
    assert message_tolerance(messages.head(0))[1] is None


def test_a_topic_is_told_for_a_stage_only_if_the_same_accounts_open_it_more():  # B-12
    rng = np.random.default_rng(0)
    rows, stages = [], []
    for number in range(120):
        account, keen = f"a{number:03d}", number % 2 == 0
        stages.append((account, pd.Timestamp("2026-01-01"), "Adopting"))
        for k in range(20):
            # news goes to keen accounts only, who open everything; tips are opened more by all
            topic = ("news" if keen else "offer") if k % 2 else "tips"
            rate = 0.3 + 0.3 * keen + 0.2 * (topic == "tips")
            day = pd.Timestamp("2026-01-02") + pd.Timedelta(days=k)
            rows.append((account, "email", topic, day, 9, rng.random() < rate))
    table = topics_by_stage(
        mail(rows), pd.DataFrame(stages, columns=["account_id", "as_of", "lifecycle_stage"])
    ).set_index("topic")
    assert table.loc["tips", "q_value"] < 0.01
    assert table.loc["news", "lift"] > 1.05  # looks good
    assert table.loc["news", "alike_lift"] < 1  # only by whom it was sent to
    late = pd.DataFrame(stages, columns=["account_id", "as_of", "lifecycle_stage"])
    late["as_of"] = pd.Timestamp("2026-06-01")  # not known yet when the messages were sent
    assert topics_by_stage(mail(rows), late).empty
    assert topics_by_stage(mail([]), None).columns.tolist() == ["lifecycle_stage", *_after_topic()]


def _after_topic():
    names = "topic n_sent n_accounts open_rate low high base_rate lift alike_lift p_value q_value"
    return names.split()
