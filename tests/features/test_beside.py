"""Tickets beside use: counted from both sides of a ticket, and never from after the date."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from helpers.engine import open_engine, stage
from helpers.features.beside import tickets_beside_use
from tests.company import AS_OF, make_config, make_tables, write_run
from tests.features.by_hand import at, day, events_on
from tests.features.naive import dated

DATES = (AS_OF, day(30), day(60))


def beside(tables, dates=(AS_OF,), without=(), windows_days=(30, 90)):
    config = make_config()
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder), tables, without=without, config=config)
        with open_engine(run) as engine:
            history = stage(engine, config)
            return tickets_beside_use(
                engine, dates, config=config, history=history, windows_days=windows_days
            )


def ticket(number, age, account="a"):
    return {
        "ticket_id": f"t{number}", "account_id": account, "opened_at": at(age),
        "closed_at": pd.NaT, "priority": "normal", "escalated": False,
    }  # fmt: skip


def company(tickets, **ages):
    accounts = pd.DataFrame({"account_id": ["a", "b"], "signed_up_at": [at(300)] * 2})
    events = [events_on("a", days, feature=feature) for feature, days in ages.items()]
    events.append(events_on("b", [1, 280], feature="boards"))
    return {"accounts": accounts, "events": pd.concat(events), "tickets": pd.DataFrame(tickets)}


def test_a_ticket_counts_for_what_was_used_within_the_shortest_window_of_it():
    found = beside(company([ticket(1, 40)], files=[70], reports=[71], boards=[10], tasks=[9]))

    assert found["feature"].tolist() == ["boards", "files"]  # 30 days after and before, not 31
    assert found["n_tickets"].tolist() == [1, 1]
    assert found["as_of"].eq(AS_OF).all()


def test_a_ticket_counts_once_and_leaves_the_longest_window():
    tables = company([ticket(1, 5), ticket(2, 90), ticket(3, 91)], files=[3, 4, 88])

    found = beside(tables)

    assert found.set_index("feature")["n_tickets"].to_dict() == {"files": 2}


def test_what_happens_later_changes_nothing():
    tables = company([ticket(1, 40), ticket(2, 20)], files=[45, 29], boards=[28])

    found = beside(tables, dates=[day(30)])

    assert found["feature"].tolist() == ["files"]
    assert found["n_tickets"].tolist() == [1]


def test_agrees_with_a_slow_count():
    tables = make_tables()
    found = beside(tables, dates=DATES, windows_days=(30, 60, 90))

    events = tables["events"].dropna(subset=["feature"])
    used = events.assign(day=dated(events, "occurred_at"))
    opened = tables["tickets"].assign(day=dated(tables["tickets"], "opened_at"))
    opted_out = tables["accounts"].loc[tables["accounts"]["opted_out"], "account_id"]
    rows = []
    for date in DATES:
        recent = opened[(opened["day"] < date) & ((date - opened["day"]).dt.days <= 90)]
        for (account, feature), days in used.groupby(["account_id", "feature"]):
            before = days.loc[days["day"] < date, "day"].to_numpy()
            mine = recent.loc[recent["account_id"] == account, "day"].to_numpy()
            near = [(np.abs(before - one) <= np.timedelta64(30, "D")).any() for one in mine]
            if sum(near) and account not in set(opted_out):
                rows.append((account, date, feature, sum(near)))
    expected = pd.DataFrame(rows, columns=list(found.columns)).sort_values(
        ["as_of", "account_id", "feature"], ascending=[False, True, True], ignore_index=True
    )

    assert len(found) > 20
    assert_frame_equal(found, expected.astype(found.dtypes.to_dict()))


@pytest.mark.parametrize("absent", [["tickets"], ["tickets", "users"]])
def test_without_tickets_there_are_no_rows(absent):
    found = beside(make_tables(), without=absent)

    assert found.empty
    assert list(found.columns) == ["account_id", "as_of", "feature", "n_tickets"]


def test_a_date_sees_only_use_that_had_come_in():
    tables = company([ticket(1, 40)], files=[45])
    events = tables["events"].assign(loaded_at=at(1))
    on_time = events["feature"] == "boards"
    events.loc[on_time, "loaded_at"] = events.loc[on_time, "occurred_at"]

    found = beside(tables | {"events": events}, dates=[AS_OF, day(30)])

    assert found["as_of"].tolist() == [AS_OF]
