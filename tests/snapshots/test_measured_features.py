"""Measures stand in for features whose source is absent; by hand."""

from pathlib import Path

import pandas as pd
import pytest

from helpers.engine import open_engine, stage
from helpers.errors import ParameterError
from helpers.features import build_features, dictionary, evidence
from helpers.run.execute import RunOptions, run_company
from tests.company import AS_OF, make_tables, write_run
from tests.snapshots.frames import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]

WINDOWS = [30, 60, 90]


def measures(*rows):
    columns = ["account_id", "measure", "measured_on", "value"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(measured_on=pd.to_datetime(frame["measured_on"]).astype("datetime64[us]"))


def features_of(folder, tables, without=(), dates=(AS_OF,)):
    run = write_run(folder, tables, without=without)
    with open_engine(run) as engine:
        history = stage(engine, run.config())
        dated = [pd.Timestamp(date) for date in dates]
        table = build_features(engine, dated, config=run.config(), history=history,
                               windows_days=WINDOWS)  # fmt: skip
        return table.copy().set_index(["as_of", "account_id"]), evidence.measured(engine), history


def test_a_measure_is_read_strictly_before_the_date_and_until_it_is_stale(tmp_path):
    # D-17
    as_of = pd.Timestamp(AS_OF)
    day = pd.Timedelta(days=1)
    tables = make_tables() | {
        "measures": measures(
            ("acc-01", "wau__mean_90d", as_of - day, 7.0),
            ("acc-01", "wau__mean_90d", as_of - 40 * day, 5.0),
            ("acc-02", "wau__mean_90d", as_of, 9.0),  # the day itself is not over
            ("acc-03", "wau__mean_90d", as_of - 93 * day, 4.0),  # 92 days is the limit
        )
    }
    dates = [as_of, as_of - 30 * day]
    table, told, history = features_of(tmp_path, tables, without=["events"], dates=dates)
    seen = table["wau__mean_90d"]
    assert told == ["wau__mean_90d"]
    assert history.n_events == 0
    assert seen[(as_of, "acc-01")] == 7.0
    assert seen[(as_of - 30 * day, "acc-01")] == 5.0
    assert pd.isna(seen[(as_of, "acc-02")])
    assert pd.isna(seen[(as_of, "acc-03")])
    assert seen[(as_of - 30 * day, "acc-03")] == 4.0
    assert table["events__n_30d"].isna().all()  # no event source: unknown, not zero
    described = dictionary(WINDOWS, measured=told).set_index("feature")
    assert described["sources"]["wau__mean_90d"] == "measures"
    assert "`events`" in " ".join(
        evidence.gaps(evidence.coverage(table.reset_index(), described.reset_index()))
    )


def test_the_source_wins_over_a_measure(tmp_path):
    before = pd.Timestamp(AS_OF) - pd.Timedelta(days=1)
    plain, _, _ = features_of(tmp_path / "plain", make_tables())
    tables = make_tables() | {"measures": measures(("acc-01", "events__n_30d", before, -1.0))}
    both, told, _ = features_of(tmp_path / "both", tables)
    assert told == []
    pd.testing.assert_frame_equal(plain, both)


def test_a_measure_named_like_no_feature_is_refused_with_the_nearest(tmp_path):
    before = pd.Timestamp(AS_OF) - pd.Timedelta(days=1)
    tables = make_tables() | {"measures": measures(("acc-01", "wau_mean_90d", before, 1.0))}
    with pytest.raises(ParameterError, match=r"'wau_mean_90d' is no number of the dictionary\. "
                       r"Did you mean 'wau__mean_90d'\?"):  # fmt: skip
        features_of(tmp_path, tables, without=["events"])


def test_a_run_refuses_such_a_name_before_it_reads_anything(tmp_path):
    path = tmp_path / "mine.yaml"
    text = (EXAMPLES / "customer_data.yaml").read_text()
    path.write_text(text.replace("nps_last:", "nps_lst:"))
    options = RunOptions(root=ROOT, config=path, data=tmp_path, reports=tmp_path / "reports")
    with pytest.raises(ParameterError, match=r"'nps_lst' is no number of the dictionary\. Did you "
                       r"mean 'nps_last'\?"):  # fmt: skip
        run_company(options)
    assert not (tmp_path / "reports").exists()
