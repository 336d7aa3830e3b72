"""What scores are compared with is computed rightly."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import beta as beta_function

from benchmarks.bg_nbd import fit_bg_nbd, log_likelihood


def simulate(n, *, r, alpha, a, b, days, seed=0):
    """Buyers with a rate and a chance to drop out of their own, watched for so many days."""
    rng = np.random.default_rng(seed)
    rows = []
    for rate, drop in zip(rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), strict=True):
        at, repeats, last, alive = 0.0, 0, 0.0, True
        while alive:
            at += rng.exponential(1 / rate)
            if at > days:
                break
            repeats, last = repeats + 1, at
            alive = rng.random() >= drop
        rows.append((repeats, last, float(days), alive))
    return pd.DataFrame(rows, columns=["repeats", "last", "age", "alive"])


def test_the_likelihood_is_that_of_the_paper_by_quadrature():
    r, alpha, a, b = 0.8, 9.0, 1.2, 3.0
    x, t_x, age = 2, 20.0, 50.0
    # rates integrate in closed form; chances to drop out are integrated here
    rising = np.prod([r + k for k in range(x)]) * alpha**r

    def given_drop(p):
        weight = p ** (a - 1) * (1 - p) ** (b - 1) / beta_function(a, b)
        stays = (1 - p) ** x / (alpha + age) ** (r + x)
        drops = p * (1 - p) ** (x - 1) / (alpha + t_x) ** (r + x)
        return weight * rising * (stays + drops)

    exact, _ = quad(given_drop, 0, 1)

    assert log_likelihood((r, alpha, a, b), [x], [t_x], [age]) == pytest.approx(np.log(exact))


def test_planted_buyers_are_told_from_those_that_dropped_out():
    truth = {"r": 0.9, "alpha": 12.0, "a": 0.8, "b": 3.0}
    seen = simulate(1_500, **truth, days=200)

    model = fit_bg_nbd(seen["repeats"], seen["last"], seen["age"])
    alive = model.alive(seen["repeats"], seen["last"], seen["age"])

    assert model.r == pytest.approx(truth["r"], rel=0.25)
    assert model.alpha == pytest.approx(truth["alpha"], rel=0.35)
    assert alive.mean() == pytest.approx(seen["alive"].mean(), abs=0.05)
    low = seen["alive"][alive < 0.2].mean()
    assert low < 0.3 < seen["alive"][alive > 0.8].mean()


def test_who_bought_lately_and_often_is_likelier_to_buy_again():
    model = fit_bg_nbd(*(simulate(600, r=1, alpha=10, a=1, b=3, days=150)[c]
                         for c in ("repeats", "last", "age")))  # fmt: skip

    often, seldom = model.active([9, 1], [148, 148], [150, 150], 30)
    lately, long_ago = model.active([5, 5], [149, 40], [150, 150], 30)

    assert often > seldom
    assert lately > long_ago
    assert (model.active([0, 3], [0, 80], [150, 150], 1e-9) < 1e-6).all()
