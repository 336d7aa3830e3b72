import re

import numpy as np
import pandas as pd
import pytest

from helpers.scores.directions import BESIDE, DIRECTIONS
from helpers.scores.inputs import CHURN_INPUTS, INDICATORS, in_words, indicator_table, resolve
from helpers.scores.readings import column_for, predictive_columns, reading
from helpers.scores.upgrades import UPGRADE_INPUTS

CAUSAL = re.compile(r"\b(cause|because of|lead to|leads to|due to|effect|drives?|prevent)", re.I)


@pytest.mark.parametrize(
    ("wanted", "columns", "found"),
    [
        ("tickets__n_30d", ["tickets__n_30d", "tickets__n_60d"], "tickets__n_30d"),
        ("tickets__n_30d", ["tickets__n_60d", "tickets__n_90d"], "tickets__n_60d"),
        ("tickets__n_60d", ["tickets__n_90d", "tickets__n_30d"], "tickets__n_30d"),  # a tie
        ("tickets__n_30d", ["tickets__change_30d"], None),
        ("nps_last", ["nps_last"], "nps_last"),
        ("nps_last", ["nps_lasts"], None),
    ],
)
def test_the_nearest_window_stands_in(wanted, columns, found):
    assert column_for(wanted, columns) == found


def test_absent_features_read_as_missing_and_infinite_ones_too():
    frame = pd.DataFrame({"x__n_30d": [1, 2], "y": [np.inf, 1.0]})

    assert reading(frame, "z").isna().all()
    assert reading(frame, "x__n_30d").tolist() == [1.0, 2.0]
    assert reading(frame, "y").isna().tolist() == [True, False]


def test_inputs_without_a_source_drop_out():
    frame = pd.DataFrame(
        {
            "days_since_last_login": [1.0, 9.0],
            "nps_last": [np.nan, np.nan],
            "secret_status": [0.0, 1.0],
        }
    )

    used, values = resolve(CHURN_INPUTS, frame)

    assert [item.name for item in used] == ["days_since_last_login"]
    assert list(values.columns) == ["days_since_last_login"]


def test_only_allowed_columns_are_read():
    frame = pd.DataFrame({"days_since_last_login": [1.0], "exports__n_30d": [2.0]})
    dictionary = pd.DataFrame(
        {
            "feature": ["days_since_last_login", "exports__n_30d", "not_there"],
            "predictive": [False, True, True],
        }
    )

    allowed = predictive_columns(frame, dictionary)
    used, _ = resolve(CHURN_INPUTS, frame, allowed=allowed)

    assert allowed == ["exports__n_30d"]
    assert [item.name for item in used] == ["exports__n_30d"]


def test_one_column_never_serves_two_inputs():
    frame = pd.DataFrame({"tickets__n_60d": [1.0, 3.0]})

    used, _ = resolve(CHURN_INPUTS, frame)

    assert [item.name for item in used] == ["tickets__n_30d"]


def test_the_seven_leading_indicators_are_inputs_or_listed_as_absent():  # P-03
    everything = indicator_table(CHURN_INPUTS)
    nothing = indicator_table([])

    assert everything["indicator"].tolist() == list(INDICATORS)
    assert everything["available"].all()
    assert not nothing["available"].any()
    assert nothing["inputs"].str.startswith("not available").all()
    names = [item.name for item in CHURN_INPUTS]
    assert set(INDICATORS.values()) <= set(names)
    assert len(names) == len(set(names))


def test_the_inputs_of_the_seed_are_there():  # P-01
    names = {item.name for item in CHURN_INPUTS}

    assert {
        "days_since_last_login",
        "events__change_30d",
        "tickets__n_30d",
        "nps_last",
        "features_used__change_30d",
        "active_users__n_30d",
    } <= names


@pytest.mark.parametrize("item", [*CHURN_INPUTS, *UPGRADE_INPUTS], ids=lambda item: item.name)
def test_every_input_has_words_without_a_causal_verb(item):
    text = item.words(0.25)

    assert any(character.isdigit() for character in text)
    assert not CAUSAL.search(text)
    assert "not known" in item.words(float("nan"))


def test_numbers_have_a_minus_and_names_keep_their_hyphen():
    assert in_words("logins {x:+.0%} in 30 days", -0.38) == "logins −38% in 30 days"
    assert in_words("{x:,.0f} pricing-page visits", 3) == "3 pricing-page visits"


def test_half_of_a_level_counts_alike_wherever_it_began():
    share = next(item for item in CHURN_INPUTS if item.transform == "ratio")

    got = share.apply(pd.Series([0.8, 0.4, 0.2, 0.0]))

    assert got.diff().iloc[1] == pytest.approx(got.diff().iloc[2])
    assert np.isfinite(got).all()


def test_directions_name_inputs_that_there_are():
    for target, inputs in (("churned", CHURN_INPUTS), ("upgraded", UPGRADE_INPUTS)):
        assert set(DIRECTIONS[target]) - {BESIDE} <= {item.name for item in inputs}
        assert set(DIRECTIONS[target].values()) <= {-1, 1}
