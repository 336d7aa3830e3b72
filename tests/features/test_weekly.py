"""Activity in whole weeks counted back from the as-of date."""

import pandas as pd
import pytest

from helpers.engine import open_engine, stage
from helpers.features import weekly_activity
from tests.company import AS_OF, make_tables, write_run
from tests.features.naive import dated


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    tables = make_tables()
    run = write_run(tmp_path_factory.mktemp("run"), tables)
    config = run.config()
    with open_engine(run) as engine:
        history = stage(engine, config)
        return tables, weekly_activity(engine, AS_OF, config=config, history=history)


def test_every_week_is_whole_and_silent_ones_are_there(made):
    _, weeks = made
    assert ((AS_OF - weeks["week_start"]).dt.days % 7 == 0).all()
    assert not weeks.duplicated(["account_id", "week_start"]).any()
    silent = weeks[weeks["account_id"] == "acc-06"]
    assert len(silent) == 38  # 267 days old: 38 whole weeks
    assert silent["n_events"].sum() == 0
    assert weeks.loc[weeks["account_id"] == "acc-10", "week_start"].tolist() == [
        AS_OF - pd.Timedelta(days=14),
        AS_OF - pd.Timedelta(days=7),
    ]  # 20 days old: the days before the two whole weeks are left out
    assert "acc-09" not in weeks["account_id"].tolist()  # opted out


def test_counts_agree_with_the_events(made):
    tables, weeks = made
    events = tables["events"].assign(day=dated(tables["events"], "occurred_at"))
    for row in weeks[weeks["account_id"].isin(["acc-03", "acc-12"])].itertuples():
        inside = events["day"].between(row.week_start, row.week_start + pd.Timedelta(days=6))
        mine = events[inside & (events["account_id"] == row.account_id)]
        assert row.n_events == len(mine)
        assert row.n_logins == (mine["event"] == "login").sum()
        assert row.n_errors == (mine["event"] == "error_shown").sum()
        assert row.n_invites == (mine["event"] == "user_invited").sum()
        assert row.active_days == mine["day"].nunique()
        assert row.active_users == mine["user_id"].nunique()
        assert row.features_used == mine["feature"].nunique()
        assert row.hours == pytest.approx(mine["duration_s"].sum() / 3600)
