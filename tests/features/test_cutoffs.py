"""The dated snapshots of a run."""

import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.features import as_of_dates

START, END = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-07-01")


def dates(**changes):
    given = {"n": 10, "step_days": 30, "history_starts": START, "min_history_days": 30}
    return as_of_dates(END, **{**given, **changes})


def test_newest_first_and_none_without_history():
    found = dates()
    assert found[0] == END
    assert [f"{date:%m-%d}" for date in found] == [
        "07-01",
        "06-01",
        "05-02",
        "04-02",
        "03-03",
        "02-01",
    ]
    assert dates(n=2) == found[:2]
    assert len(dates(min_history_days=31)) == 6  # 02-01 has exactly 31 days before it
    assert len(dates(min_history_days=32)) == 5


def test_the_runs_own_date_needs_one_day_and_no_window():  # C14
    assert dates(min_history_days=200) == [END]
    assert dates(history_starts=END - pd.Timedelta(days=1)) == [END]
    with pytest.raises(ParameterError, match=r"2026-07-01 is not after the first day.*later as_of"):
        dates(history_starts=END)


@pytest.mark.parametrize("wrong", [{"n": 0}, {"step_days": 0}])
def test_counts_must_be_positive(wrong):
    with pytest.raises(ParameterError, match="at least 1"):
        dates(**wrong)
