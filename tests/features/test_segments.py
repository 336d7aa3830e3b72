"""Segments stand for the days of every window: by hand, and against counting the days."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from helpers.engine import open_engine, stage
from helpers.features.population import open_context
from helpers.features.registry import all_features
from helpers.features.segments import edges_of, of_segments, stage_segments
from tests.company import AS_OF, make_config, write_run

DATES = [AS_OF, AS_OF - pd.Timedelta(days=30), AS_OF - pd.Timedelta(days=47)]
DAY_FEATURES = [feature for feature in all_features((7, 30, 90)) if feature.over == "day"]


def test_the_edges_are_those_of_the_windows_of_features_over_days():
    assert {7, 28, 30, 60, 90} <= set(edges_of(DAY_FEATURES))
    before = dataclasses.replace(
        DAY_FEATURES[0], sql="SUM(CASE WHEN age_days BETWEEN 11 AND 13 THEN n_events ELSE 0 END)"
    )
    assert edges_of([before]) == (10, 13)


@pytest.mark.parametrize("sql", ["MIN(age_days)", "SUM(CASE WHEN age_days < 9 THEN 1 ELSE 0 END)"])
def test_an_age_that_a_segment_cannot_tell_is_refused(sql):
    with pytest.raises(ValueError, match="knows age_days only as"):
        edges_of([dataclasses.replace(DAY_FEATURES[0], sql=sql)])


def test_sums_of_segments_are_the_sums_of_their_days(tmp_path):
    config = make_config()
    with open_engine(write_run(tmp_path)) as engine:
        history = stage(engine, config)
        context = open_context(engine, config, history, DATES, (7, 30, 90))
        stage_segments(context, DAY_FEATURES)
        segments = engine.frame(of_segments(context))
        days = engine.frame(
            """
            SELECT p.account_no, p.cutoff, c.age_days, d.n_events, d.n_night, d.n_login
            FROM account_day d JOIN as_of_day c ON c.day = d.day
            JOIN population p ON p.account_no = d.account_no AND p.cutoff = c.cutoff
            """
        )
    assert len(segments) < len(days) / 3
    assert set(segments["cutoff"]) == set(context.cutoffs)
    for first, last in [(1, 7), (1, 28), (1, 30), (31, 60), (1, 90), (1, 10_000)]:
        counted, summed = (
            frame[frame["age_days"].between(first, last)]
            .groupby(["account_no", "cutoff"])[["n_events", "n_night", "n_login"]]
            .sum()
            for frame in (days, segments)
        )
        pd.testing.assert_frame_equal(counted, summed, check_dtype=False)
    active = segments[segments["age_days"] <= 30].groupby(["account_no", "cutoff"])["n_days"].sum()
    by_day = days[days["age_days"] <= 30].groupby(["account_no", "cutoff"]).size()
    assert np.array_equal(active.to_numpy(), by_day.to_numpy())
