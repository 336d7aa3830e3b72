import numpy as np
import pandas as pd
import pytest

from helpers.segments import plots, segment_accounts
from helpers.segments.agreement import adjusted_rand
from helpers.segments.algorithms import ALGORITHMS, compare_algorithms
from helpers.segments.chance import gap_statistic
from helpers.segments.cluster import one_thread
from helpers.segments.selection import Rule
from helpers.segments.stability import jaccard_per_cluster
from helpers.segments.study import segment_in_line
from tests.segments.frames import make_dictionary, make_features


@pytest.fixture(scope="module")
def compared(planted):
    _, segmentation = planted
    return compare_algorithms(segmentation, seed=1)


def test_five_algorithms_agree_on_clear_kinds(planted, compared):  # G-03, G-04, G-05
    _, segmentation = planted
    table = compared.algorithms.set_index("algorithm")
    assert tuple(table.index) == ALGORITHMS
    assert table.loc["k-means", "agreement"] == 1
    assert (table.loc[["Ward hierarchy", "Gaussian mixture"], "agreement"] > 0.8).all()
    assert table["n_accounts"].unique().tolist() == [len(segmentation.clustered)]
    assert len(compared.agreement) == 10  # every pair of five, once
    assert compared.agreement["adjusted_rand"].between(-1, 1).all()
    assert compared.note == ""


def test_an_account_that_fits_nowhere_is_listed_first(planted):  # G-04
    features, _ = planted
    odd = features.iloc[[0]].assign(account_id="acc-odd", age_days=500.0)
    extremes = {
        "stickiness_30d": 1.0,
        "tickets__n_90d": 900.0,
        "nps_last": 0.0,
        "csat__mean_90d": 1.0,
        "events__share_of_peak": 0.01,
        "help__n_30d": 900.0,
    }
    table = pd.concat([features, odd.assign(**extremes)])
    found = segment_accounts(
        table, make_dictionary(table), seed=1, k_min=4, k_max=4, rule=Rule(n_draws=1, n_chance=1)
    )
    outliers = compare_algorithms(found, seed=1).outliers
    both = outliers["called_by"] == "DBSCAN and HDBSCAN"
    assert "acc-odd" in set(outliers.loc[both, "account_id"])
    assert both.is_monotonic_decreasing  # those that both name come first
    assert set(outliers["segment"]) <= set(found.newest["segment"])


def test_the_drawn_tree_holds_every_account_and_is_cut_where_it_says(planted, compared):  # G-03
    import matplotlib as mpl

    mpl.use("agg")
    _, segmentation = planted
    tree = compared.tree
    assert tree["n_leaf"].sum() == len(segmentation.clustered)
    (ax,) = plots.plot_tree(tree, n_clusters=3).axes
    cut = ax.lines[-1].get_ydata()[0]
    heights = tree["y1"].dropna()
    assert (heights > cut).sum() == 2  # two mergers above the cut leave three groups
    (blank,) = plots.plot_tree(tree.iloc[:0], n_clusters=3).axes
    assert blank.texts[0].get_text().startswith("Nothing to draw: ")


def test_without_clusters_there_is_nothing_to_compare():
    few = make_features(20)
    found, continuity = segment_in_line(few, make_dictionary(few), None, seed=1)
    told = compare_algorithms(found, seed=1)
    assert told.algorithms.empty
    assert told.outliers.empty
    assert continuity.table.empty
    assert continuity.note == "there is no run before this one"


def test_gap_is_largest_at_the_planted_number_and_nought_in_a_box():  # G-01
    rng = np.random.default_rng(2)
    blobs = np.concatenate([rng.normal((x, y), 0.2, (60, 2)) for x in (0, 4) for y in (0, 4)])
    frame = pd.DataFrame(blobs, columns=["a", "b"])
    with one_thread():
        gaps = {k: gap_statistic(frame, k, seed=0, n_boxes=3)[0] for k in (3, 4, 5)}
    assert max(gaps, key=gaps.get) == 4
    even = pd.DataFrame(rng.uniform(0, 1, (400, 2)) * [4, 1], columns=["a", "b"])
    with one_thread():
        gap, _ = gap_statistic(even, 3, seed=0, n_boxes=5)
    assert abs(gap) < 0.1
    constant = pd.DataFrame({"a": [1.0, 1.0, 2.0, 2.0], "b": 0.0})
    assert np.isnan(gap_statistic(constant, 2, seed=0, n_boxes=2)[0])  # nothing is left over


def test_jaccard_per_cluster_by_hand():
    labels = np.array([1, 1, 2, 2])
    again = [np.array([7, 7, 9, 9]), np.array([1, 1, 1, 2])]
    assert jaccard_per_cluster(labels, again) == pytest.approx([(1 + 2 / 3) / 2, (1 + 1 / 2) / 2],
                                                               abs=1e-4)  # fmt: skip


def test_every_segment_says_how_well_it_comes_back(planted):
    _, segmentation = planted
    table = segmentation.naming.set_index("cluster")["jaccard"]
    chosen = segmentation.selection.query("chosen").iloc[0]
    assert table.dropna().min() == pytest.approx(chosen["jaccard_min"])
    assert table.isna().tolist() == [False, False, False, True]  # new accounts, by rule


def test_young_accounts_are_a_segment_by_rule_and_no_other_is_young(planted):  # Z-06
    features, segmentation = planted
    young = features.loc[features["age_days"] < 90, "account_id"]
    newest = segmentation.newest
    assert set(newest.index[newest["cluster"] == segmentation.young_cluster]) == set(young)
    assert set(segmentation.clustered.index).isdisjoint(young)
    assert (newest.loc[young, "certainty"] == 1).all()
    assert adjusted_rand(features.index == "new", newest["segment"].reindex(features["account_id"])
                         == "New Users") == 1.0  # fmt: skip
