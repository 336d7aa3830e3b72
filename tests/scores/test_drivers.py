import re

import numpy as np
import pandas as pd
import pytest

from helpers.scores.backtest import fit_final
from helpers.scores.drivers import SMALLEST, contribution_table, driver_lists, model_table
from helpers.scores.inputs import CHURN_INPUTS
from helpers.scores.panel import build_panel
from tests.scores.made import make_tables
from tests.scores.test_inputs import CAUSAL


@pytest.fixture(scope="module")
def scored():
    panel = build_panel(*make_tables(320), inputs=CHURN_INPUTS)
    fitted = fit_final(panel, panel.newest)
    here = panel.at(panel.newest)
    rows = panel.rows[here].reset_index(drop=True)
    recorded = panel.recorded[here].reset_index(drop=True)
    return panel, fitted.linear, rows, recorded, panel.signals[here]


@pytest.fixture(scope="module")
def contributions(scored):
    panel, model, rows, recorded, given = scored
    return contribution_table(model, panel.inputs, rows["account_id"], recorded, given)


def test_contributions_of_an_account_add_up_to_its_distance_from_the_average(scored, contributions):
    _, model, rows, _, given = scored
    told = contributions.groupby("account_id")["contribution"].sum()
    distance = pd.Series(model.logit(given) - model.intercept, index=rows["account_id"])
    n_themes = contributions["theme"].nunique()

    gap = (distance - told.reindex(distance.index).fillna(0)).abs()
    assert gap.max() <= SMALLEST * n_themes  # what is too small to be told


def test_taking_the_first_driver_away_moves_the_score_most(scored, contributions):  # P-04
    panel, model, rows, _, given = scored
    plain = model.logit(given)
    average = np.zeros((len(given), len(model.design.source)))
    place = pd.Series(rows.index, index=rows["account_id"])
    moved = []
    for account, told in contributions.groupby("account_id", sort=False):
        row = place[account]
        changes = {}
        for theme in told["theme"]:
            # the theme's columns at the average training row: what the account would score without
            columns = [panel.inputs[at].theme == theme for at in model.design.source]
            matrix = model.design.matrix(given[[row]])
            matrix[:, columns] = average[[row]][:, columns]
            changes[theme] = plain[row] - (model.intercept + matrix @ model.coefficients)[0]
        first = told.iloc[0]
        assert changes[first["theme"]] == pytest.approx(first["contribution"], abs=1e-5)
        assert abs(changes[first["theme"]]) == pytest.approx(max(map(abs, changes.values())))
        moved.append(abs(changes[first["theme"]]))
    assert len(moved) > 100
    assert np.median(moved) > SMALLEST


def test_planted_drivers_are_named_and_noise_is_not(contributions):
    top = contributions.groupby("account_id", sort=False).head(3)
    named = top["theme"].value_counts()

    assert set(named.index[:3]) == {"last login", "trend of use", "NPS"}
    assert named.get("exports", 0) + named.get("seats", 0) < 0.2 * named.sum()


def test_drivers_tell_the_number_and_the_direction(contributions):
    for driver in contributions["driver"].head(200):
        assert re.search(r"\d|not known", driver)
        assert driver.endswith(("(raises)", "(lowers)"))
        assert not CAUSAL.search(driver)


def test_the_value_told_is_the_recorded_one(scored, contributions):
    _, _, rows, recorded, _ = scored
    by_account = recorded.set_index(rows["account_id"])

    for row in contributions.head(60).itertuples():
        assert row.value == by_account.loc[row.account_id, row.feature] or np.isnan(row.value)


def test_a_theme_is_told_once(contributions):
    assert not contributions.duplicated(["account_id", "theme"]).any()


def test_the_slope_of_the_curve_scales_contributions(scored, contributions):
    panel, model, rows, recorded, given = scored

    doubled = contribution_table(
        model, panel.inputs, rows["account_id"], recorded, given, slope=2.0
    )
    merged = contributions.merge(doubled, on=["account_id", "theme"])

    assert len(merged) == len(contributions)
    assert merged["contribution_y"].to_numpy() == pytest.approx(
        2 * merged["contribution_x"].to_numpy(), abs=1e-5
    )


def test_lists_hold_three_at_most_and_none_for_the_average_account():
    table = pd.DataFrame({"account_id": ["a"] * 4 + ["b"], "driver": ["w", "x", "y", "z", "only"]})

    lists = driver_lists(table, pd.Series(["b", "a", "average"]))

    assert lists.tolist() == [["only"], ["w", "x", "y"], []]


def test_the_model_is_in_the_open(scored):
    panel, model, *_ = scored

    table = model_table(model, panel.inputs)

    assert len(table) == len(model.coefficients)
    assert table["coefficient"].abs().is_monotonic_decreasing
    assert table["odds_ratio"].to_numpy() == pytest.approx(np.exp(table["coefficient"]), abs=1e-5)
    assert set(table["role"]) <= {"value", "missing"}
    assert model_table(None, panel.inputs).columns.equals(table.columns)
