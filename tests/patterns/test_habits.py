import pandas as pd
import pytest

from helpers.patterns.habits import common_ways, dashboards
from tests.patterns.made import make_feature_days, make_visits


def test_the_most_used_are_pinned_and_the_rare_put_away_where_unused():  # B-13
    days = {f"a{n:02d}": {"boards": 40, "files": 10 + n % 3} for n in range(40)}
    days["a00"] = {"boards": 5, "sketches": 60, "files": 2, **{f"f{k}": 3 + k for k in range(5)}}
    table = dashboards(make_feature_days(days))
    mine = table[table["account_id"] == "a00"]
    pinned = mine[mine["proposal"] == "pin"]
    # five at most, the most used first; files was used on too few days, f0 is the sixth
    assert pinned["feature"].tolist() == ["sketches", "f4", "f3", "boards", "f2"]
    assert pinned["place"].tolist() == [1, 2, 3, 4, 5]
    assert not (mine["proposal"] == "put away").any()  # it uses all that is rare
    other = table[(table["account_id"] == "a01") & (table["proposal"] == "put away")]
    assert set(other["feature"]) == {"sketches", "f0", "f1", "f2", "f3", "f4"}
    assert other["share_of_accounts"].max() == pytest.approx(1 / 40)
    assert (other["n_days"] == 0).all()


def test_nothing_used_nothing_proposed():
    table = dashboards(make_feature_days({}))
    assert table.empty
    assert "share_of_accounts" in table


def test_ways_are_counted_step_right_after_step():
    visits = make_visits(600, seed=4)
    table = common_ways(visits)
    paths = visits.tokens.groupby("unit")["token"].agg(list)
    for row in table.head(10).itertuples():
        n = sum(
            any(path[k : k + len(row.way)] == row.way for k in range(len(path))) for path in paths
        )
        assert row.n_sessions == n
        assert row.low < row.share < row.high
    assert table["n_sessions"].is_monotonic_decreasing
    assert table["way"].map(len).between(2, 4).all()
    assert common_ways(make_visits(0)).empty


def test_a_way_that_is_part_of_another_one_is_told_once():
    visits = make_visits(40)
    unit = visits.sessions["unit"]
    path = ["home", "search", "cart"]
    tokens = pd.DataFrame({"unit": unit.repeat(3), "token": path * len(unit)})
    ways = common_ways(type(visits)(visits.sessions, tokens))
    assert ways["way"].tolist() == [path]
    assert ways["share"].tolist() == [1.0]
