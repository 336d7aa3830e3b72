"""The dictionary, and that every query is plain SQL that other engines know."""

import pandas as pd
import pytest
import sqlglot

from helpers.engine import Engine, open_engine, stage
from helpers.errors import ParameterError
from helpers.features import build_features, build_labels, dictionary, weekly_activity
from helpers.features.registry import RELATIONS, all_features
from tests.company import AS_OF, write_run

WINDOWS = [30, 60, 90]


def test_every_feature_is_described():
    frame = dictionary(WINDOWS)
    assert len(frame) > 150
    assert frame["feature"].is_unique
    for column in ("meaning", "unit", "family", "sources", "missing", "seed"):
        assert frame[column].str.len().gt(0).all(), column
    assert (
        not frame[["meaning", "unit", "missing"]].apply(lambda c: c.str.contains("{w}")).any().any()
    )
    assert frame["meaning"].str.endswith(".").sum() == 0
    named = frame["feature"].str.extract(r"_(\d+)d$")[0].dropna().astype(int)
    assert (frame.loc[named.index, "window_days"] == named).all()
    assert frame.set_index("feature").loc["mrr", "sources"] == "subscriptions, accounts"
    assert set(frame["kind"]) == {"number", "text", "boolean"}


def test_what_is_our_own_doing_is_no_behaviour():  # Z-02
    frame = dictionary(WINDOWS).set_index("feature")
    ours = ["csm", "plan", "industry", "region", "employees", "is_live", "age_days"]
    assert not frame.loc[ours, "behavioural"].any()
    assert not frame.loc[["csm", "is_live"], "predictive"].any()
    assert frame.loc["events__n_30d", "behavioural"]
    assert not frame.loc[frame["kind"] != "number", "behavioural"].any()


def test_windows_make_the_columns():
    short, long = (set(dictionary([days])["feature"]) for days in (7, 41))
    windowed = short - long
    assert len(windowed) > 15
    assert {name.replace("_7d", "_41d") for name in windowed} == long - short
    with pytest.raises(ParameterError, match="at least one window"):
        dictionary([])


def test_every_feature_has_a_relation_and_a_unit_of_its_own_name():
    for feature in all_features(WINDOWS):
        assert feature.over in RELATIONS or feature.over in ("joined", "spine"), feature.name
        assert feature.name.islower()


def test_every_query_is_known_to_other_engines(tmp_path, monkeypatch):
    asked: list[str] = []
    table, frame = Engine.table, Engine.frame
    monkeypatch.setattr(
        Engine, "table", lambda self, n, sql: (asked.append(sql), table(self, n, sql))
    )
    monkeypatch.setattr(Engine, "frame", lambda self, sql: (asked.append(sql), frame(self, sql))[1])
    run = write_run(tmp_path)
    config = run.config()
    with open_engine(run) as engine:
        history = stage(engine, config)
        known = {"config": config, "history": history}
        build_features(engine, [AS_OF, AS_OF - pd.Timedelta(days=30)], **known)
        build_labels(engine, [AS_OF], horizon_days=90, **known)
        weekly_activity(engine, AS_OF, **known)
    assert len(asked) > 40
    specific = ("STRPTIME", "DATE_DIFF", "DATEDIFF", "EXCLUDE", "QUALIFY", "LIST(", "UNNEST", "::")
    for sql in asked:
        assert not any(word in sql.upper() for word in specific), sql
        tree = sqlglot.parse_one(sql, read="duckdb")
        unknown = {node.name for node in tree.find_all(sqlglot.exp.Anonymous)}
        assert unknown <= {"EPOCH_US"}, unknown  # see helpers.engine.days
        for dialect in ("spark", "postgres"):
            sqlglot.transpile(
                sql, read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE
            )
