import math
from pathlib import Path

import pandas as pd
import pytest

from helpers.errors import InputError, ParameterError
from helpers.sources.demo.compare import compare, read_planted
from tests.sources.demo.conftest import Written

PLANTED = [
    {"key": "A-03.lift", "planted": 3.2, "realised": 3.0, "tolerance": 0.5},
    {"key": "Q-02.success_rate", "planted": 0.78, "realised": 0.79, "tolerance": 0.03},
    {"key": "E-02.opted_out", "planted": 9.0, "realised": 9.0, "tolerance": 0.0},
]


def test_compare_by_hand() -> None:
    found = compare(PLANTED, {"A-03.lift": 2.6, "E-02.opted_out": 9, "Q-02.success_rate": math.nan})
    assert found["miss"].round(6).tolist()[::2] == [-0.6, 0.0]
    assert found["within_tolerance"].tolist() == [False, pd.NA, True]
    assert math.isnan(found["found"][1])


def test_a_miss_on_the_edge_of_the_tolerance_counts_as_found() -> None:
    assert compare(PLANTED, {"A-03.lift": 3.7})["within_tolerance"][0]


def test_nothing_found_is_not_within_tolerance() -> None:
    assert compare(PLANTED, {})["within_tolerance"].isna().all()


def test_a_key_that_was_never_planted_is_an_error() -> None:
    with pytest.raises(ParameterError, match=r"Did you mean .A-03[.]lift."):
        compare(PLANTED, {"A-03.lif": 3.0})


def test_reads_what_was_written(small: Written) -> None:
    planted = read_planted(small.folder)
    assert planted["key"].is_unique
    exact = compare(planted, dict(zip(planted["key"], planted["planted"], strict=True)))
    assert exact["within_tolerance"].all()
    assert (exact["miss"] == 0).all()


def test_a_folder_without_truth_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="only a company written by `playbook demo`"):
        read_planted(tmp_path)
