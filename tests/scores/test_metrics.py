import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.scores.metrics import chance, rank, ranking, roc_auc
from tests.scores import naive_scores as naive

SAMPLES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda rows: len({hit for hit, _ in rows}) == 2
)


@given(rows=SAMPLES, k=st.integers(1, 45))
def test_agrees_with_the_naive_twins(rows, k):
    outcome = np.array([float(hit) for hit, _ in rows])
    score = np.array([float(value) for _, value in rows])

    found = rank(outcome, score, k=k)

    hits = naive.found_at_k(outcome, score, k)
    assert found["roc_auc"] == pytest.approx(naive.roc_auc(outcome, score))
    assert found["average_precision"] == pytest.approx(naive.average_precision(outcome, score))
    assert found["capture_at_k"] == pytest.approx(hits / outcome.sum())
    assert found["precision_at_k"] == pytest.approx(hits / min(k, len(rows)))
    assert found["lift_at_k"] == pytest.approx(hits / min(k, len(rows)) / outcome.mean())


def test_agrees_with_scikit_learn():
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    rng = np.random.default_rng(4)
    p = np.round(rng.random(300), 2)
    y = (rng.random(300) < p).astype(float)

    found = rank(y, p) | {k: v[0] for k, v in chance(p, y[None], np.ones((1, 300))).items()}

    assert found["roc_auc"] == pytest.approx(roc_auc_score(y, p))
    assert found["average_precision"] == pytest.approx(average_precision_score(y, p))
    assert found["brier"] == pytest.approx(brier_score_loss(y, p))
    assert found["log_loss"] == pytest.approx(log_loss(y, np.clip(p, 1e-6, 1 - 1e-6)))


@given(rows=SAMPLES, seed=st.integers(0, 99))
def test_a_weight_is_a_row_that_often(rows, seed):
    outcome = np.array([float(hit) for hit, _ in rows])
    score = np.array([float(value) for _, value in rows])
    weight = np.random.default_rng(seed).integers(0, 4, len(rows))
    repeated = np.repeat(np.arange(len(rows)), weight)
    if len(set(outcome[repeated])) < 2:
        return

    weighted = ranking(score, (weight * outcome)[None], weight[None].astype(float), k=3)
    plain = rank(outcome[repeated], score[repeated], k=3)

    assert {name: values[0] for name, values in weighted.items()} == pytest.approx(plain)


def test_a_perfect_and_a_reversed_order():
    outcome = np.array([1.0, 1.0, 0.0, 0.0])

    assert roc_auc(outcome, [4, 3, 2, 1]) == 1
    assert roc_auc(outcome, [1, 2, 3, 4]) == 0
    assert roc_auc(outcome, [7, 7, 7, 7]) == 0.5


def test_one_class_has_no_ranking():  # E02, E03
    for outcome in (np.zeros(5), np.ones(5)):
        found = rank(outcome, np.arange(5.0), k=2)
        assert np.isnan(found["roc_auc"])
        assert np.isnan(found["average_precision"])
    assert np.isnan(rank(np.zeros(5), np.arange(5.0))["capture_at_k"])
