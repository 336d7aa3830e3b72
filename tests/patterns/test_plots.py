import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt

from helpers.patterns import mine_rules, mine_sequences, plots
from helpers.patterns.divergence import divergence
from helpers.patterns.seasonality import fit_rhythm
from tests.patterns.made import FAILURE, SUCCESS, make_journeys, make_material
from tests.patterns.test_seasonality import DAYS, noisy, seasonal


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def material():
    return make_material(journeys=make_journeys(1_500))


def drawn(ax):
    ax.figure.canvas.draw()  # mathtext and layout errors show here
    return ax


def test_divergence_draws_both_outcomes_and_marks_the_step(material):
    steps = divergence(material.journeys, {"success": list(SUCCESS), "failure": list(FAILURE)})
    axes = plots.plot_divergence(steps)
    assert [drawn(ax).get_title(loc="left") for ax in axes] == ["success path", "failure path"]
    mine = steps[steps["path"] == "success"]
    lines = [line for line in axes[0].lines if len(line.get_xdata()) == len(mine)]
    assert lines[0].get_xdata().tolist() == pytest.approx((100 * mine["success_share"]).tolist())
    texts = [text.get_text() for text in axes[0].texts]
    assert "they part here" in texts
    labels = [label.get_text() for label in axes[0].get_yticklabels()]
    assert labels[2] == "3. profile_completed"


def test_rates_are_those_of_the_table_with_the_base_rate_as_a_line(material):
    sequences = mine_sequences(material, min_support=0.05, max_length=7)
    told = sequences[sequences["reported"] & (sequences["outcome"] == "activated")]
    ax = drawn(plots.plot_rates(told, outcome_label="users active later"))
    points = np.concatenate(
        [c.lines[0].get_xdata() for c in ax.containers if len(c.lines[0].get_xdata())]
    )
    assert sorted(points) == pytest.approx(sorted(100 * told.head(10)["outcome_rate"]))
    assert ax.lines[-1].get_xdata()[0] == pytest.approx(100 * told["base_rate"].iloc[0])
    assert ax.get_xlabel() == "users active later (%), with 95% interval"
    label = ax.get_yticklabels()[0].get_text().replace("\n", " ")
    assert label.startswith("… > profile_completed")  # what all begin with is not repeated


def test_rhythm_bars_are_the_indices_and_a_short_history_says_so():
    table = fit_rhythm(noisy(DAYS, planted=seasonal(DAYS))).table
    axes = plots.plot_rhythm(table)
    heights = [bar.get_height() for bar in axes[0].patches]
    week = table.loc[table["cycle"] == "week", "index"]
    assert heights == pytest.approx(week.tolist())
    assert drawn(axes[3]).get_title(loc="left").startswith("year: p <")
    short = fit_rhythm(noisy(DAYS[:150], planted=seasonal(DAYS[:150]))).table
    axes = plots.plot_rhythm(short)
    assert [text.get_text() for text in axes[3].texts] == ["not enough history"]


def test_rules_show_confidence_and_base_rate(material):
    rules = mine_rules(material, min_support=0.01).rules
    ax = drawn(plots.plot_rules(rules))
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx((100 * rules["confidence"]).tolist())
    marks = next(
        line for line in ax.lines if line.get_marker() == "|" and line.get_markersize() > 9
    )
    assert marks.get_xdata().tolist() == pytest.approx((100 * rules["base_rate"]).tolist())


def test_trends_draw_one_account_of_each_kind():
    trends = pd.DataFrame(
        {
            "account_id": ["$x_{$", "b"],
            "kind": ["gradual_decline", "plateau"],
            "slope_per_week": [-0.05, 0.0],
            "weeks": [6, 12],
            "use_per_week": [10.0, 5.0],
            "p_value": [0.01, 0.8],
        }
    )
    weeks = pd.DataFrame(
        {
            "account_id": ["$x_{$"] * 16 + ["b"] * 16,
            "week_start": list(pd.date_range("2026-03-11", periods=16, freq="7D")) * 2,
            "use_adjusted": np.arange(32.0),
        }
    )
    axes = plots.plot_trends(trends, weeks, measure="people active per day, summed over the week")
    fitted = axes[0].lines[-1]
    assert fitted.get_ydata()[-1] == pytest.approx(10)
    assert len(fitted.get_xdata()) == 6
    assert [drawn(ax).texts[0].get_text() for ax in axes[1::2]] == ["no account", "no account"]
    assert axes[0].get_ylabel() == "people active per day"


def test_pictures_of_nothing_say_why():
    nothing = make_material(journeys=make_journeys(0))
    empty = mine_sequences(nothing, min_support=0.05, max_length=3)
    for ax in (
        plots.plot_rates(empty, outcome_label="x"),
        *plots.plot_divergence(divergence(nothing.journeys, {})),
        plots.plot_rules(mine_rules(nothing, min_support=0.01).rules.head(0)),
    ):
        assert drawn(ax).texts[0].get_text().startswith("Nothing to draw: no ")
