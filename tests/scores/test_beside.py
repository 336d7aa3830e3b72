import numpy as np
import pandas as pd
import pytest

from helpers.scores.beside import with_tickets_beside
from helpers.scores.directions import BESIDE, directions_of
from helpers.scores.health import health_scores
from helpers.scores.predictions import predict
from helpers.scores.study import churn_study
from tests.company import make_config
from tests.scores.made import label, make_tables
from tests.scores.run_of import make_dictionary


def beside_of(features, feature, accounts):
    rows = features.loc[features["account_id"].isin(accounts), ["account_id", "as_of"]]
    return rows.assign(feature=feature, n_tickets=2)


@pytest.fixture(scope="module")
def tables():
    features, labels = make_tables(300)
    return features, labels, make_dictionary(features)


def test_a_column_a_feature_says_where_there_was_such_a_ticket(tables):
    features, _, dictionary = tables
    names = sorted(features["account_id"].unique())
    rare = beside_of(features, "boards", names[:19])
    common = beside_of(features, "bulk_import", names[:20])
    newest = features["as_of"].max()
    common = common[common["as_of"] == newest]

    wide, described, inputs = with_tickets_beside(
        features, dictionary, pd.concat([rare, common], ignore_index=True)
    )

    assert [item.name for item in inputs] == [BESIDE + "bulk_import"]  # 19 accounts are too few
    marked = wide[wide[BESIDE + "bulk_import"] == 1]
    assert sorted(marked["account_id"]) == names[:20]
    assert marked["as_of"].eq(newest).all()
    assert wide[BESIDE + "bulk_import"].isin([0.0, 1.0]).all()
    assert described["feature"].tolist()[-1] == BESIDE + "bulk_import"
    assert wide[features.columns].equals(features)


def test_the_order_of_rows_does_not_matter(tables):
    features, _, dictionary = tables
    names = sorted(features["account_id"].unique())
    beside = pd.concat(
        [beside_of(features, name, names[n : n + 30]) for n, name in enumerate("cab")],
        ignore_index=True,
    )

    one = with_tickets_beside(features, dictionary, beside)
    other = with_tickets_beside(features, dictionary, beside.sample(frac=1, random_state=1))

    assert [item.name for item in one[2]] == [BESIDE + name for name in "abc"]
    assert one[2] == other[2]
    pd.testing.assert_frame_equal(one[0], other[0])


@pytest.mark.parametrize("beside", [None, pd.DataFrame(columns=["account_id", "as_of", "feature"])])
def test_without_tickets_nothing_is_added(tables, beside):
    features, _, dictionary = tables

    wide, described, inputs = with_tickets_beside(features, dictionary, beside)

    assert inputs == ()
    assert wide is features
    assert described is dictionary


def test_at_most_forty_features_become_inputs(tables):
    features, _, dictionary = tables
    names = sorted(features["account_id"].unique())
    parts = [beside_of(features, f"article {n:03d}", names[: 20 + n % 60]) for n in range(60)]

    _, _, inputs = with_tickets_beside(features, dictionary, pd.concat(parts, ignore_index=True))

    assert len(inputs) == 40
    assert BESIDE + "article 059" in {item.name for item in inputs}  # the commonest
    assert BESIDE + "article 000" not in {item.name for item in inputs}


def test_it_reads_in_words_and_raises_only(tables):
    features, _, dictionary = tables
    names = sorted(features["account_id"].unique())

    _, _, (item,) = with_tickets_beside(
        features, dictionary, beside_of(features, "odd_{name}", names[:40])
    )

    assert item.theme == "ticket beside odd {name}"
    assert item.words(1.0) == "a ticket around use of odd {name}"
    assert item.words(0.0) == "no ticket around use of odd {name}"
    assert directions_of("churned", [item.name, "ticket_other"]).tolist() == [1.0, 0.0]
    assert directions_of("upgraded", [item.name]).tolist() == [0.0]


def test_the_feature_whose_trouble_goes_before_leaving_is_found_among_others():
    features, _ = make_tables(600, strength=0.0, base=-12.0)
    rng = np.random.default_rng(3)
    names = features["account_id"].unique()
    troubled = names[rng.random(len(names)) < 0.2]
    dates = np.sort(features["as_of"].unique())
    leaves = rng.random(len(names)) < np.where(np.isin(names, troubled), 0.6, 0.05)
    when = pd.Series(
        np.where(
            leaves,
            dates[0].astype("datetime64[D]")
            + rng.integers(0, 270, len(names)).astype("timedelta64[D]"),
            np.datetime64("NaT"),
        ),
        index=names,
    )
    features["is_live"] = ~(features["account_id"].map(when) < features["as_of"])
    labels = label(features, when.astype("datetime64[us]"))
    beside = pd.concat(
        [
            beside_of(features, "imports", troubled),
            *(beside_of(features, f"other{n}", names[rng.random(600) < 0.3]) for n in range(6)),
        ],
        ignore_index=True,
    )

    study = churn_study(
        features, labels, make_dictionary(features), health_scores(features), beside,
        config=make_config(), challenger=False, n_draws=50,
    )  # fmt: skip
    _, contributions = predict(study, n_refits=2)

    assert study.signal.passed
    largest = contributions.groupby("theme")["contribution"].max().sort_values()
    assert largest.index[-1] == "ticket beside imports"
    assert largest.iloc[-1] > 2 * largest.drop("ticket beside imports").max()
