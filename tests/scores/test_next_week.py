import numpy as np
import pandas as pd
import pytest

from helpers.scores.metrics import roc_auc
from helpers.scores.next_week import (
    ENGAGEMENT_MODEL,
    PAUSE,
    STEADY,
    engagement_study,
    next_week,
    weekly_panel,
)
from tests.company import make_config

START = pd.Timestamp("2026-01-05")
WEEKS = 30


def company(n=150, *, seed=1, planted=True):
    """Each account's chance of an active week is its own and, if planted, falls for a third."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.75, 1.0, n)
    falling = rng.random(n) < 0.35
    rows = []
    for week in range(WEEKS):
        chance = level * np.where(falling & planted & (week > 12), 0.93 ** (week - 12), 1.0)
        if not planted:
            chance = np.full(n, 0.8)
        active = rng.random(n) < chance
        days = np.where(active, 1 + rng.binomial(4, chance), 0)
        rows.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{i:03d}" for i in range(n)],
                    "week_start": START + pd.Timedelta(weeks=week),
                    "n_events": days * 5,
                    "active_days": days,
                    "active_users": np.minimum(days, 3),
                }
            )
        )
    activity = pd.concat(rows, ignore_index=True)
    features = pd.DataFrame(
        {
            "account_id": [f"a{i:03d}" for i in range(n)],
            "as_of": START + pd.Timedelta(weeks=4),
            "plan": np.where(np.arange(n) % 2, "Pro", "Team"),
            "message_open__rate_90d": rng.random(n),
            "csm": "Ana",
        }
    )
    return (
        activity,
        features,
        pd.DataFrame({"account_id": [], "churned_at": []}).astype(
            {"account_id": "str", "churned_at": "datetime64[us]"}
        ),
    )


def study_of(*made, n_draws=100):
    return engagement_study(*made, config=make_config(), n_draws=n_draws)


@pytest.fixture(scope="module")
def study():
    return study_of(*company())


def test_a_week_by_hand():
    days = [3, 0, 5, 2, 0, 4, 4, 2]
    activity = pd.DataFrame(
        {
            "account_id": "a",
            "week_start": [START + pd.Timedelta(weeks=k) for k in range(8)],
            "n_events": days,
            "active_days": days,
            "active_users": 2,
        }
    )
    features, left = company(2)[1:]
    panel = weekly_panel(activity, features, left)
    newest = panel.recorded[panel.at(panel.newest)].iloc[0]

    assert panel.newest == START + pd.Timedelta(weeks=8)
    assert np.isnan(panel.outcome[panel.at(panel.newest)][0])
    assert newest["active_weeks__share"] == pytest.approx(6 / 8)
    assert newest["active_days__last"] == 2
    assert newest["weeks_since_active"] == 1
    assert newest["active_days__trend"] == pytest.approx(3 / (14 / 6) - 1)
    fifth = panel.rows["as_of"] == START + pd.Timedelta(weeks=4)
    assert panel.outcome[fifth.to_numpy()].tolist() == [1.0]  # the week without a day


def test_the_future_changes_no_input():
    activity, features, left = company(40)
    cut = activity["week_start"] < START + pd.Timedelta(weeks=20)
    full, past = (weekly_panel(a, features, left) for a in (activity, activity[cut]))
    keys = ["account_id", "as_of"]
    a = pd.concat([full.rows[keys], full.recorded], axis=1)
    b = pd.concat([past.rows[keys], past.recorded], axis=1)
    both = a.merge(b, on=keys, suffixes=("", "_cut"))
    assert len(both) > 100
    for name in past.recorded.columns:
        assert both[name].equals(both[f"{name}_cut"]), name


def test_who_has_left_is_not_asked_about():
    activity, features, left = company(20)
    gone = pd.DataFrame({"account_id": ["a003"], "churned_at": [START + pd.Timedelta(weeks=15)]})
    silent = (activity["account_id"] == "a003") & (
        activity["week_start"] >= START + pd.Timedelta(weeks=15)
    )
    activity.loc[silent, ["n_events", "active_days", "active_users"]] = 0

    panel = weekly_panel(activity, features, gone)

    mine = panel.rows[panel.rows["account_id"] == "a003"]
    assert mine["as_of"].max() == START + pd.Timedelta(weeks=14)
    assert weekly_panel(activity, features, left).rows["account_id"].eq("a003").sum() > len(mine)


def test_planted_declines_are_told_and_beat_the_own_past(study):  # P-09
    assert study.signal.passed
    table = study.evaluation[study.evaluation["split"] == "rolling"]
    auc = table[table["metric"] == "roc_auc"].set_index("model")["value"]
    loss = table[table["metric"] == "log_loss"].set_index("model")["value"]
    assert auc[ENGAGEMENT_MODEL] >= auc[[STEADY, PAUSE]].max() - 0.01
    assert loss[ENGAGEMENT_MODEL] < loss["base rate"]


def test_every_live_account_has_its_chance_and_interval(study):  # P-09, P-12
    table = next_week(study)

    assert len(table) == 150
    assert table["active_probability"].between(0, 1).all()
    assert (table["probability_low"] <= table["active_probability"]).all()
    assert (table["active_probability"] <= table["probability_high"]).all()
    assert table["active_probability"].is_monotonic_increasing
    assert table["reasons"].head(5).map(len).max() >= 1
    assert not table["reasons"].explode().dropna().str.contains("raises").any()
    outcome = study.panel.rows
    last = outcome[outcome["as_of"] == START + pd.Timedelta(weeks=WEEKS - 1)]
    both = table.merge(last[["account_id", "outcome"]], on="account_id")
    assert roc_auc(both["outcome"], 1 - both["active_probability"]) > 0.6


def test_where_weeks_are_drawn_by_lot_no_chance_is_told():  # the null
    study = study_of(*company(150, planted=False, seed=4))
    table = next_week(study)

    assert not study.signal.passed
    assert table["active_probability"].isna().all()
    assert table["reason"].str.startswith("no usable signal").all()
    assert table["active_weeks"].notna().all()


def test_no_activity_is_told_in_words():
    activity, features, left = company(5)
    study = study_of(activity.iloc[:0], features, left)

    assert not study.signal.passed
    assert next_week(study).empty
