import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.plotting import BAND_COLOURS, colours_for
from helpers.scores import plots

mpl.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(fig):
    return [item.get_text() for ax in fig.axes for item in ax.texts]


def test_calibration_draws_percent_with_its_intervals():
    table = pd.DataFrame(
        {
            "bin": [1, 2],
            "n": [50, 50],
            "n_positive": [1, 15],
            "predicted": [0.03, 0.3],
            "observed": [0.02, 0.3],
            "low": [0.0, 0.19],
            "high": [0.1, 0.44],
        }
    )

    (ax,) = plots.plot_calibration(table).axes

    points = ax.containers[0].lines[0]
    assert points.get_xdata().tolist() == [3, 30]
    assert points.get_ydata().tolist() == [2, 30]
    assert ax.get_xlabel() == "predicted (% churn)"
    assert [t.get_text() for t in ax.texts] == ["1 of 50", "15 of 50"]


def test_gains_draw_every_ranking_and_the_capacity():
    shares = np.array([0.0, 0.25, 1.0])
    table = pd.concat(
        pd.DataFrame(
            {
                "model": model,
                "share_called": shares,
                "share_found": found,
                "at_capacity": shares == 0.25,
            }
        )
        for model, found in (("churn model", [0, 0.6, 1]), ("base rate", [0, 0.25, 1]))
    )

    (ax,) = plots.plot_gains(table).axes

    curve = ax.get_lines()[0]
    assert curve.get_xdata().tolist() == [0, 25, 100]
    assert curve.get_ydata().tolist() == [0, 60, 100]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["churn model", "random order"]
    assert texts(ax.figure) == ["capacity: 25% of accounts"]
    assert any(
        line.get_xdata() == [25, 25] for line in ax.get_lines() if len(line.get_xdata()) == 2
    )


def test_drivers_draw_the_largest_first_and_colour_their_direction():
    table = pd.DataFrame(
        {
            "account_id": ["b", "b", "a"],
            "contribution": [0.9, -0.2, 5.0],
            "driver": ["logins −38% in 30 days (raises)", "use +$x_{$ (lowers)", "z (raises)"],
        }
    )

    fig = plots.plot_drivers(table)
    (ax,) = fig.axes
    fig.canvas.draw()  # an odd $ must not kill the label

    bars = ax.patches
    assert [bar.get_width() for bar in bars] == [-0.2, 0.9]  # drawn from below
    assert bars[0].get_facecolor() != bars[1].get_facecolor()
    assert ax.get_yticklabels()[1].get_text() == "logins −38% in 30 days"
    assert "b" in ax.get_title(loc="left")
    (other,) = plots.plot_drivers(table, account="a").axes
    assert [bar.get_width() for bar in other.patches] == [5.0]


def test_lead_time_counts_and_those_never_named():
    table = pd.DataFrame(
        {
            "weeks_model": [1.0, 3.0, 3.5, np.nan],
            "weeks_anomaly": [np.nan] * 4,
            "weeks_health": [12.9, np.nan, np.nan, np.nan],
        }
    )

    axes = plots.plot_lead_time(table).axes

    heights = [[bar.get_height() for bar in ax.patches] for ax in axes]
    assert heights[0][:2] == [1, 2]
    assert sum(heights[1]) == 0
    assert sum(heights[2]) == 1
    assert axes[0].get_title(loc="left") == "churn model: named 3 of 4, median 3.0 weeks"
    assert axes[1].get_title(loc="left") == "alerts: named 0 of 4"


def test_score_bands_hold_every_account_in_the_colour_of_its_band():
    scores = [0, 30, 31, 70, 71, 100, 100]
    bands = ["low", "low", "medium", "medium", "high", "high", "high"]
    table = pd.DataFrame({"churn_score": pd.array(scores, dtype="Int64"), "churn_band": bands})

    (ax,) = plots.plot_score_bands(table).axes

    drawn = {}
    for bar in ax.patches:
        colour = mpl.colors.to_hex(bar.get_facecolor())
        drawn[colour] = drawn.get(colour, 0) + bar.get_height()
    assert drawn == {BAND_COLOURS["low"]: 2, BAND_COLOURS["medium"]: 2, BAND_COLOURS["high"]: 3}
    assert sorted(line.get_xdata()[0] for line in ax.get_lines()) == [30.5, 70.5]


def test_curves_of_staying_step_down_in_the_colour_of_their_segment():
    curves = pd.DataFrame(
        {
            "segment": ["At Risk"] * 3 + ["Casual Users"] * 2,
            "since": pd.Timestamp("2026-01-01"),
            "day": [0, 10, 90, 0, 90],
            "at_risk": [20, 20, 15, 40, 40],
            "left": [0, 5, 0, 0, 0],
            "stayed": [1.0, 0.75, 0.75, 1.0, 1.0],
            "low": [0.86, 0.5, 0.5, 0.93, 0.93],
            "high": [1.0, 0.88, 0.88, 1.0, 1.0],
        }
    )

    (ax,) = plots.plot_survival(curves).axes

    best, worst = ax.get_lines()
    assert worst.get_ydata().tolist() == [100, 75, 75]
    assert worst.get_drawstyle() == "steps-post"
    assert mpl.colors.to_hex(worst.get_color()) == colours_for(["At Risk"])["At Risk"]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["Casual Users: 0 of 40 left", "At Risk: 5 of 20 left"]
    assert best.get_ydata().tolist() == [100, 100]
    assert "75% of At Risk stayed, 100% of Casual Users" in ax.get_title(loc="left")


def test_fault_E22_nothing_to_draw_says_why():
    empty = pd.DataFrame({"churn_score": pd.array([pd.NA], dtype="Int64"), "churn_band": [None]})
    figures = {
        "no date could be judged": [
            plots.plot_calibration(pd.DataFrame()),
            plots.plot_gains(pd.DataFrame()),
        ],
        "no account has a score": [
            plots.plot_drivers(pd.DataFrame()),
            plots.plot_score_bands(empty),
        ],
        "nobody left within reach": [plots.plot_lead_time(pd.DataFrame())],
        "no earlier date to follow": [plots.plot_survival(pd.DataFrame())],
    }

    for why, drawn in figures.items():
        for fig in drawn:
            assert why in texts(fig)[0]
