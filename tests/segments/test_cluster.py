import numpy as np
import pandas as pd
import pytest

from helpers.segments.agreement import (
    adjusted_rand,
    best_jaccard,
    match_clusters,
    ward_agreement,
)
from helpers.segments.cluster import assign, fit_clusters
from helpers.segments.selection import Rule, choose, evaluate
from helpers.segments.widths import silhouette

QUICK = Rule(n_draws=5, n_chance=3)


def blobs(*, centres, n=60, spread=0.25, seed=0):
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.normal(centre, spread, (n, 2)) for centre in centres])
    return pd.DataFrame(points, columns=["activity", "trend"])


FOUR = [(0, 0), (3, 0), (1, 3), (4, 3)]


def test_clusters_are_numbered_by_their_first_dimension():
    fitted = fit_clusters(blobs(centres=FOUR), 4, seed=1)
    assert fitted.centres.index.tolist() == [1, 2, 3, 4]
    assert fitted.centres["activity"].is_monotonic_decreasing
    assert fitted.centres.round(0).to_numpy().tolist() == [[4, 3], [3, 0], [1, 3], [0, 0]]


def test_fault_E14_row_order_and_one_more_account_keep_the_numbers():
    scores = blobs(centres=FOUR)
    before = assign(scores, fit_clusters(scores, 4, seed=1).centres)["cluster"]
    shuffled = scores.sample(frac=1, random_state=9)
    again = assign(shuffled, fit_clusters(shuffled, 4, seed=1).centres)["cluster"]
    assert again.sort_index().equals(before)
    extra = pd.concat([scores, pd.DataFrame({"activity": [1.4], "trend": [1.6]})])
    more = assign(scores, fit_clusters(extra, 4, seed=1).centres)["cluster"]
    assert (more == before).all()


def test_assignment_by_hand():
    centres = pd.DataFrame({"x": [0.0, 4.0]}, index=pd.Index([1, 2], name="cluster"))
    found = assign(pd.DataFrame({"x": [0.0, 1.0, 2.0, 9.0]}), centres)
    assert found["cluster"].tolist() == [1, 1, 1, 2]  # half way: the first
    assert found["certainty"].tolist() == pytest.approx([1.0, 2 / 3, 0.0, 4 / 9], abs=1e-4)


def test_agreement_by_hand():
    assert adjusted_rand([1, 1, 2, 2], ["b", "b", "a", "a"]) == 1.0
    assert adjusted_rand([1, 1, 2, 2], [1, 2, 1, 2]) == pytest.approx(-0.5)
    assert adjusted_rand([1, 1, 1], [5, 5, 5]) == 1.0
    assert best_jaccard([1, 1, 2, 2], [1, 1, 1, 2]).tolist() == pytest.approx([2 / 3, 1 / 2])


def test_agreement_is_that_of_scikit_learn():
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(1)
    for _ in range(20):
        first, second = rng.integers(0, 4, 50), rng.integers(0, 5, 50)
        assert adjusted_rand(first, second) == pytest.approx(adjusted_rand_score(first, second))


def test_centres_are_matched_one_to_one():
    reference = pd.DataFrame({"x": [0.0, 1.0, 5.0]}, index=[1, 2, 3])
    other = pd.DataFrame({"x": [5.2, 0.1, 1.3]}, index=[1, 2, 3])
    assert match_clusters(reference, other) == {1: 3, 2: 1, 3: 2}


def test_a_second_algorithm_agrees_on_clear_clusters():  # G-05
    scores = blobs(centres=FOUR)
    clusters = assign(scores, fit_clusters(scores, 4, seed=1).centres)["cluster"]
    assert ward_agreement(scores, clusters, seed=0) == 1.0
    rng = np.random.default_rng(0)
    random = pd.Series(rng.integers(1, 5, len(scores)), index=scores.index)
    assert ward_agreement(scores, random, seed=0) < 0.1


@pytest.mark.parametrize("n_centres", [4, 5, 6])
def test_the_planted_number_is_found(n_centres):  # G-01
    angles = np.linspace(0, 2 * np.pi, n_centres, endpoint=False)
    scores = blobs(centres=[(3 * np.cos(a), 3 * np.sin(a)) for a in angles])
    table = choose(evaluate(scores, range(4, 9), seed=0, rule=QUICK), len(scores), rule=QUICK)
    assert table.loc[table["chosen"], "n_clusters"].tolist() == [n_centres]
    assert table["inertia"].is_monotonic_decreasing
    assert table.loc[table["chosen"], "stability"].iloc[0] > 0.99


def test_fault_E06_no_structure_is_an_answer():
    cloud = blobs(centres=[(0, 0)], n=300, spread=1.0)
    table = choose(evaluate(cloud, range(4, 9), seed=0, rule=QUICK), len(cloud), rule=QUICK)
    assert not table["chosen"].any()
    same = pd.DataFrame({"activity": [1.0] * 40, "trend": [2.0] * 40})
    table = choose(evaluate(same, range(4, 9), seed=0, rule=QUICK), len(same), rule=QUICK)
    assert not table["chosen"].any()
    assert set(table["reason"]) == {"fewer distinct accounts than clusters"}


def measured(**columns):
    usual = {
        "n_clusters": [4, 5, 6, 8],
        "silhouette": [0.40, 0.41, 0.30, 0.41],
        "silhouette_se": 0.01,
        "silhouette_chance": 0.2,
        "stability": 0.9,
        "jaccard_min": 0.9,
        "smallest": 50,
        "n_names": [4, 5, 6, 8],
    }
    return pd.DataFrame(usual | columns)


def chosen(table):
    picked = choose(table, 400)
    return picked.loc[picked["chosen"], "n_clusters"].tolist(), picked


def test_near_ties_are_shown_and_go_to_fewer_clusters():  # Z-01
    number, table = chosen(measured())
    assert number == [4]
    assert table["near_tie"].tolist() == [True, True, False, True]
    assert table["reason"].tolist()[:3] == [
        "chosen among near ties",
        "near tie with the one chosen",
        "less separated than the best",
    ]


def test_more_than_seven_clusters_lose_a_tie_but_can_win():
    number, _ = chosen(measured(silhouette=[0.2, 0.2, 0.40, 0.41], stability=[1, 1, 0.7, 1]))
    assert number == [6]
    number, _ = chosen(measured(silhouette=[0.3, 0.3, 0.3, 0.6]))
    assert number == [8]


def test_the_more_stable_of_near_ties_wins():
    number, _ = chosen(measured(stability=[0.7, 0.95, 0.9, 0.9]))
    assert number == [5]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"smallest": [3, 50, 50, 50]}, "a cluster of 3 accounts: outliers, not a segment"),
        ({"stability": [0.5, 0.9, 0.9, 0.9]}, "does not come back when accounts are resampled"),
        ({"jaccard_min": [0.5, 1, 1, 1]}, "one cluster dissolves when accounts are resampled"),
        ({"silhouette_chance": [0.45, 0, 0, 0]}, "no better separated than a shapeless cloud"),
        ({"n_names": [3, 5, 6, 8]}, "two clusters would get the same playbook"),
    ],
)  # fmt: skip
def test_a_number_is_refused_for_a_reason(columns, reason):
    number, table = chosen(measured(**columns))
    assert number == [5]
    assert table["reason"].iloc[0] == reason


def test_equal_playbooks_everywhere_do_not_mean_no_structure():
    number, _ = chosen(measured(n_names=[3, 3, 3, 3]))
    assert number == [4]


def test_a_high_silhouette_of_three_outliers_is_refused():
    crowd = blobs(centres=[(0, 0), (1.2, 0), (0, 1.2), (1.2, 1.2)], n=50, spread=0.2)
    far = pd.DataFrame({"activity": [60.0, 60.1, 60.2], "trend": [60.0, 60.1, 60.0]})
    scores = pd.concat([crowd, far], ignore_index=True)
    table = choose(evaluate(scores, [2, 4, 5], seed=0, rule=QUICK), len(scores), rule=QUICK)
    best = table.sort_values("silhouette").iloc[-1]
    assert best["n_clusters"] == 2  # 0.97, and of no use
    assert "outliers" in best["reason"]


def test_silhouette_by_hand():
    line = pd.DataFrame({"x": [0.0, 1.0, 10.0, 11.0]})
    value = silhouette(line, np.array([1, 1, 2, 2]))
    assert value == pytest.approx(np.mean([1 - 1 / 10.5, 1 - 1 / 9.5, 1 - 1 / 9.5, 1 - 1 / 10.5]))
    assert np.isnan(silhouette(line, np.array([1, 1, 1, 1])))
