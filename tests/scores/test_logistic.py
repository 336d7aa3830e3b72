import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from helpers.scores.logistic import fit_linear, fit_sigmoid, fit_strength, refit


@pytest.fixture
def rows():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(600, 8))
    x[rng.random((600, 8)) < 0.05] = np.nan
    p = 1 / (1 + np.exp(-(np.nan_to_num(x[:, 0]) - 0.7 * np.nan_to_num(x[:, 1]) - 2)))
    return x, (rng.random(600) < p).astype(float)


@pytest.mark.parametrize("strength", [0.003, 0.1, 1.0])
def test_agrees_with_scikit_learn(rows, strength):
    from sklearn.linear_model import LogisticRegression

    x, y = rows
    model = fit_linear(x, y, strength=strength)
    twin = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10)
    twin.fit(model.design.matrix(x), y)

    assert model.coefficients == pytest.approx(twin.coef_[0], abs=1e-7)
    assert model.intercept == pytest.approx(twin.intercept_[0], abs=1e-7)


def test_signs_are_kept_and_nothing_better_is_allowed(rows):
    x, y = rows
    asked = np.array([-1.0, -1.0, 1.0, 1.0, -1.0, 0.0, 1.0, -1.0])
    model = fit_linear(x, y, strength=0.1, directions=asked)
    free = fit_linear(x, y, strength=0.1)

    assert free.coefficients[0] > 0 > free.coefficients[1]
    assert model.coefficients[0] == 0  # the truth has the other sign: all that is left is nothing
    assert (model.signs * model.coefficients >= 0).all()
    # the slow twin: a bounded search from the same start finds no smaller loss
    matrix = model.design.matrix(x)

    def loss(point):
        logit = point[0] + matrix @ point[1:]
        return (point[1:] ** 2).sum() / 2 + 0.1 * (np.logaddexp(0, logit) - y * logit).sum()

    bounds = [(None, None)] + [
        (0, None) if s > 0 else (None, 0) if s < 0 else (None, None) for s in model.signs
    ]
    twin = minimize(loss, np.zeros(len(bounds)), bounds=bounds, method="L-BFGS-B")
    ours = loss(np.r_[model.intercept, model.coefficients])
    assert ours <= twin.fun + 1e-6


def test_weights_are_repeated_rows(rows):
    x, y = rows
    weight = np.random.default_rng(2).integers(0, 3, len(y)).astype(float)
    model = fit_linear(x, y, strength=0.05)
    matrix = model.design.matrix(x)
    repeated = np.repeat(np.arange(len(y)), weight.astype(int))

    by_weight = refit(model, matrix, y, weight, matrix[:20])
    by_rows = refit(model, matrix[repeated], y[repeated], np.ones(len(repeated)), matrix[:20])

    assert by_weight == pytest.approx(by_rows, abs=1e-6)


def test_order_of_rows_changes_nothing(rows):
    x, y = rows
    order = np.random.default_rng(3).permutation(len(y))

    first = fit_linear(x, y, strength=0.03)
    second = fit_linear(x[order], y[order], strength=0.03)

    assert first.logit(x) == pytest.approx(second.logit(x), abs=1e-6)


def test_contributions_add_up_to_the_score(rows):
    x, y = rows
    model = fit_linear(x, y, strength=0.1)

    total = model.intercept + model.contributions(x).sum(axis=1)

    assert total == pytest.approx(model.logit(x), abs=1e-6)


def test_one_class_gives_a_constant():
    model = fit_linear(np.arange(20.0)[:, None], np.zeros(20), strength=1.0)

    assert len(model.coefficients) == 0
    assert model.logit(np.array([[1.0], [99.0]])).tolist() == pytest.approx(
        [np.log(0.5 / 20.5)] * 2
    )
    assert not model.contributions(np.array([[1.0]])).any()


def test_noise_asks_for_caution_and_signal_does_not(rows):
    x, y = rows
    fold = np.arange(len(y)) % 5
    noise = np.random.default_rng(9).permutation(y)

    assert fit_strength(x, y, fold) > fit_strength(x, noise, fold)


def test_the_curve_recovers_a_planted_distortion():
    rng = np.random.default_rng(11)
    true = rng.normal(-2, 1.5, 6000)
    y = (rng.random(6000) < 1 / (1 + np.exp(-true))).astype(float)

    curve = fit_sigmoid(2.0 * true + 1.0, y)  # overconfident and shifted

    assert curve.slope == pytest.approx(0.5, abs=0.05)
    assert curve.shift == pytest.approx(-0.5, abs=0.12)
    assert curve.probability(2.0 * true + 1.0).mean() == pytest.approx(y.mean(), abs=0.01)


def test_a_ranking_the_wrong_way_round_gives_everybody_the_base_rate():
    rng = np.random.default_rng(12)
    score = rng.normal(size=400)
    y = (rng.random(400) < 1 / (1 + np.exp(score + 1))).astype(float)

    curve = fit_sigmoid(score, y)

    assert curve.slope == 0
    assert np.ptp(curve.probability(score)) == 0
    assert curve.probability(score)[0] == pytest.approx(y.mean(), abs=0.02)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-50, 50), st.booleans()), min_size=4, max_size=60).filter(
        lambda pairs: len({hit for _, hit in pairs}) == 2
    )
)
def test_probabilities_never_reach_zero_or_one_on_the_rows_learnt_from(pairs):
    score = np.array([value for value, _ in pairs])
    y = np.array([float(hit) for _, hit in pairs])

    curve = fit_sigmoid(score, y)
    p = curve.probability(score)

    assert curve.slope >= 0
    assert ((p >= 0) & (p <= 1) & np.isfinite(p)).all()
