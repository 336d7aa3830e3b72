from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from helpers.plotting import colours_for
from helpers.segments import account_map, composition, describe_segments, plots
from helpers.segments.migration import follow_segments
from tests.segments.frames import AS_OF


@pytest.fixture(autouse=True)
def close_figures():
    import matplotlib as mpl

    mpl.use("agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_selection_draws_inertia_and_marks_the_choice(planted):  # G-01
    _, segmentation = planted
    table = segmentation.selection
    elbow, quality = plots.plot_selection(table).axes
    drawn = elbow.lines[0].get_xydata()
    assert drawn.tolist() == table[["n_clusters", "inertia"]].to_numpy().tolist()
    marks = [line.get_xdata()[0] for line in elbow.lines[1:]]
    assert marks == table.loc[table["chosen"], "n_clusters"].tolist()
    labels = [line.get_label() for line in quality.lines[:3]]
    assert any("silhouette" in text for text in labels)


def test_map_places_every_account_and_names_each_segment(planted):  # G-06
    _, segmentation = planted
    accounts, axes = account_map(segmentation)
    assert len(accounts) == 240
    assert 0.3 < axes.attrs["explained"] <= 1
    assert (axes[["x", "y"]].pow(2).sum() - 1).abs().max() < 1e-3
    (ax,) = plots.plot_map(accounts, axes).axes
    assert sum(len(points.get_offsets()) for points in ax.collections) == 240
    assert {text.get_text() for text in ax.texts} == set(accounts["segment"])


def test_map_is_that_of_scikit_learn(planted):
    from sklearn.decomposition import PCA

    _, segmentation = planted
    accounts, axes = account_map(segmentation)
    model = PCA(2).fit(segmentation.scores)
    assert axes.attrs["explained"] == pytest.approx(model.explained_variance_ratio_.sum(), abs=1e-3)
    theirs = model.transform(segmentation.scores)
    for column, place in zip("xy", theirs.T, strict=True):
        assert abs(np.corrcoef(accounts[column], place)[0, 1]) == pytest.approx(1, abs=1e-6)


def test_the_title_of_the_map_names_the_segments_that_lie_closest(planted):
    _, segmentation = planted
    accounts, axes = account_map(segmentation)
    middles = accounts.groupby("segment")[["x", "y"]].median()
    far = {
        (a, b): np.linalg.norm(middles.loc[a] - middles.loc[b])
        for a in middles.index
        for b in middles.index
        if a < b
    }
    one, other = min(far, key=far.get)
    (ax,) = plots.plot_map(accounts, axes).axes
    assert ax.get_title(loc="left").startswith(f"{one} and {other} lie closest; the map shows")
    alone = accounts.assign(segment="Casual Users")
    (ax,) = plots.plot_map(alone, axes).axes
    assert ax.get_title(loc="left").startswith("All are Casual Users;")


def test_long_names_are_broken_not_laid_over_each_other():
    names = [f"Power Users at Risk of Feature Fatigue {n}" for n in range(6)]
    rows = [(name, "use", 0.5, 0.1, 0.9) for name in names]
    table = pd.DataFrame(rows, columns=["segment", "meaning", "effect", "low", "high"])
    fig = plots.plot_profiles(table)
    fig.canvas.draw()
    boxes = [tick.get_window_extent() for tick in fig.axes[0].get_xticklabels()]
    assert all(a.x1 <= b.x0 for a, b in pairwise(boxes))


def test_profiles_show_only_what_is_sure(planted):
    features, segmentation = planted
    profiles, _ = describe_segments(features, segmentation)
    (ax,) = plots.plot_profiles(profiles).axes
    shown = ax.images[0].get_array()
    metrics = [tick.get_text() for tick in ax.get_yticklabels()]
    segments = [tick.get_text() for tick in ax.get_xticklabels()]
    table = profiles.set_index(["meaning", "segment"])
    for row, metric in enumerate(metrics):
        for column, segment in enumerate(segments):
            cell = table.loc[(metric, segment)]
            sure = cell["low"] > 0 or cell["high"] < 0
            assert np.ma.is_masked(shown[row, column]) == (not sure)
            if sure:
                assert shown[row, column] == pytest.approx(cell["effect"])


def test_composition_draws_shares_in_the_colour_of_the_segment(planted):
    _, segmentation = planted
    table = composition(segmentation)
    table = pd.concat([table.assign(as_of=AS_OF - pd.Timedelta(days=90)), table])
    (ax,) = plots.plot_composition(table).axes
    colours = colours_for(list(table["segment"].unique()))
    for line, (segment, mine) in zip(ax.lines, table.groupby("segment", sort=False), strict=True):
        assert line.get_ydata().tolist() == pytest.approx((100 * mine["share"]).tolist())
        assert line.get_color() == colours[segment]
    assert {text.get_text() for text in ax.texts} == set(colours)


def test_migration_shows_shares_and_hides_noise(planted):
    features, segmentation = planted
    earlier = features.assign(as_of=AS_OF - pd.Timedelta(days=90))
    both = pd.concat([earlier, features])
    table = follow_segments(both, segmentation, seed=0, n_refits=2).migration
    assert table.empty  # the segmentation knows one date only
    table = pd.DataFrame(
        {
            "segment_from": ["At Risk", "At Risk", "New Users"],
            "segment_to": ["At Risk", "Churned", "New Users"],
            "share": [0.75, 0.25, 1.0],
            "above_noise": [False, True, False],
        }
    )
    (ax,) = plots.plot_migration(table).axes
    shown = ax.images[0].get_array()
    columns = [tick.get_text() for tick in ax.get_xticklabels()]
    assert columns == ["At Risk", "New Users", "Churned"]
    assert shown[0, 2] == pytest.approx(25)
    assert np.ma.is_masked(shown[0, 0])
    assert sorted(text.get_text() for text in ax.texts) == ["100%", "25%", "75%"]


def test_nothing_to_draw_is_said(planted):
    features, segmentation = planted
    profiles, _ = describe_segments(features, segmentation)
    accounts, axes = account_map(segmentation)
    empty = [
        plots.plot_selection(segmentation.selection.assign(silhouette=np.nan)),
        plots.plot_map(accounts.iloc[:0], axes),
        plots.plot_profiles(profiles.iloc[:0]),
        plots.plot_composition(composition(segmentation).iloc[:0]),
        plots.plot_migration(pd.DataFrame()),
    ]
    for figure in empty:
        (ax,) = figure.axes
        assert ax.texts[0].get_text().startswith("Nothing to draw: ")


def test_labels_from_the_data_cannot_break_a_figure(planted):
    _, segmentation = planted
    accounts, axes = account_map(segmentation)
    odd = accounts.assign(segment="costs $x_{ and more")
    figure = plots.plot_map(odd, axes)
    figure.canvas.draw()
    assert r"\$x" in figure.axes[0].texts[0].get_text()
