import numpy as np
import pandas as pd
import pytest

from helpers.scores.drift import drift_table, population_stability, stability_limit
from helpers.scores.review import drift_view
from tests.scores.made import make_tables
from tests.scores.run_of import make_dictionary


def test_the_index_by_hand():
    before = np.repeat([1.0, 2.0], [60, 40])
    now = np.repeat([1.0, 2.0], [30, 70])

    psi, n_bins = population_stability(before, now)

    # up to 1, up to 2, above, not known
    a, b = (np.array([*n, 0.5, 0.5]) / 102 for n in ((60.5, 40.5), (30.5, 70.5)))
    assert psi == pytest.approx(float(((b - a) * np.log(b / a)).sum()))
    assert n_bins == 2


def test_what_is_missing_counts_as_a_group_of_its_own():
    values = np.arange(200.0)
    gaps = np.where(np.arange(200) % 2, np.nan, values)

    assert population_stability(values, values)[0] == pytest.approx(0)
    assert population_stability(values, gaps)[0] > 0.5


@pytest.mark.parametrize("n", [100, 400, 3_000])
def test_alike_samples_pass_the_limit_as_often_as_it_says(n):  # the null
    rng = np.random.default_rng(n)
    over = 0
    for _ in range(300):
        psi, n_bins = population_stability(rng.normal(size=n), rng.normal(size=n))
        over += psi > stability_limit(n, n, n_bins)
    assert over / 300 <= 0.09


def test_the_limit_falls_with_accounts_to_the_rule_of_thumb():
    limits = [stability_limit(n, n, 11) for n in (50, 200, 1_000, 100_000)]

    assert limits == sorted(limits, reverse=True)
    assert limits[0] > 0.25
    assert limits[-1] == pytest.approx(0.10)
    assert stability_limit(0, 10, 11) == float("inf")


def test_only_the_input_that_moved_is_named():
    features, labels = make_tables(400, n_dates=8, strength=0.3)
    newest = features["as_of"] == features["as_of"].max()
    features.loc[newest, "exports__n_30d"] = features.loc[newest, "exports__n_30d"] * 3 + 4

    dictionary = make_dictionary(features)
    mine = dictionary["feature"] == "exports__n_30d"
    dictionary["meaning"] = dictionary["feature"].mask(mine, "exports in the last 30 days")

    found = drift_table(features, labels, dictionary)
    table = found.set_index("feature")

    assert table["state"].eq("drifted").sum() == 1
    row = table.loc["exports__n_30d"]
    assert drift_view(found)["input"].tolist()[0] == "exports in the last 30 days"
    assert row["state"] == "drifted"
    assert row["psi"] > row["psi_limit"]
    assert row["q_value"] < 0.05
    assert row["median_now"] > row["median_before"]
    known = labels.loc[labels["churned"].notna(), "as_of"].max()
    assert row["as_of_before"] == known
    assert table.index[0] == "exports__n_30d"


def test_a_season_that_quiets_everybody_is_no_drift():
    features, labels = make_tables(400, n_dates=8, strength=0.3)
    newest = features["as_of"] == features["as_of"].max()
    features.loc[newest, "events__change_30d"] = np.sinh(
        np.arcsinh(features.loc[newest, "events__change_30d"]) - 0.5
    )

    row = drift_table(features, labels, make_dictionary(features)).set_index("feature")

    assert row.loc["events__change_30d", "state"] == "stable"
    assert row.loc["events__change_30d", "median_now"] < -0.3


def test_few_accounts_say_so_and_no_outcome_gives_no_table():
    features, labels = make_tables(40, n_dates=6)
    few = drift_table(features, labels, make_dictionary(features))
    assert few["state"].eq("too few").all()
    unknown = labels.assign(churned=pd.array([pd.NA] * len(labels), dtype="boolean"))
    assert drift_table(features, unknown, make_dictionary(features)).empty
