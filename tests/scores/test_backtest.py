import numpy as np
import pandas as pd
import pytest

from helpers.scores.backtest import backtest, fit_final, linear_learner
from helpers.scores.challenger import tree_inputs, tree_learner
from helpers.scores.evaluate import dates_to_judge
from helpers.scores.inputs import CHURN_INPUTS
from helpers.scores.metrics import roc_auc
from helpers.scores.panel import build_panel
from tests.scores.made import HORIZON, label, make_tables
from tests.scores.run_of import make_dictionary


@pytest.fixture(scope="module")
def tables():
    return make_tables(320)


@pytest.fixture(scope="module")
def panel(tables):
    return build_panel(*tables, inputs=CHURN_INPUTS)


@pytest.fixture(scope="module")
def tested(panel):
    return backtest(panel)


def judged(tested, dates=None):
    rows = tested.rows[tested.rows["outcome"].notna() & tested.rows["score"].notna()]
    return rows if dates is None else rows[rows["as_of"].isin(dates)]


def mean_auc(rows):
    return np.mean([roc_auc(d["outcome"], d["score"]) for _, d in rows.groupby("as_of")])


def test_dates_without_enough_known_outcomes_are_not_scored(tested):
    early = tested.dates[~tested.dates["scored"]]

    assert len(early) >= HORIZON // 30
    assert early["reason"].str.contains("known outcomes of the rarer kind before it").all()
    assert tested.rows.loc[tested.rows["as_of"].isin(early["as_of"]), "score"].isna().all()
    later = tested.rows[~tested.rows["as_of"].isin(early["as_of"])]
    assert later["probability"].between(0, 1).all()


def test_planted_drivers_are_found_in_later_dates(tested):
    assert mean_auc(judged(tested)) > 0.65


def test_a_date_is_scored_by_what_was_known_before_it(tables, tested):
    """Change every outcome that was not known on a day: its scores stay equal to the last bit."""
    features, labels = tables
    date = sorted(features["as_of"].unique())[6]
    unknown = labels["as_of"] + pd.Timedelta(days=HORIZON) > date
    changed = labels.assign(
        churned=labels["churned"].where(~unknown, ~labels["churned"].fillna(value=True))
    )

    again = backtest(build_panel(features, changed, inputs=CHURN_INPUTS), as_ofs=[date])

    here = tested.rows["as_of"] == date
    assert tested.rows.loc[here, "score"].notna().all()
    assert (changed["churned"] != labels["churned"]).any()
    pd.testing.assert_series_equal(tested.rows.loc[here, "score"], again.rows.loc[here, "score"])
    pd.testing.assert_series_equal(
        tested.rows.loc[here, "probability"], again.rows.loc[here, "probability"]
    )


def test_an_accounts_own_outcomes_do_not_move_its_score(tables, panel, tested):
    """Flip what became of one fold: the scores of its accounts move by one level, all alike."""
    features, labels = tables
    date = panel.as_ofs[-4]
    mine = panel.rows.loc[panel.rows["fold"] == 2, "account_id"].unique()
    own = labels["account_id"].isin(mine)
    changed = labels.assign(churned=labels["churned"].where(~own, ~labels["churned"]))
    learner = linear_learner(0.03)

    before = backtest(panel, learner=learner, as_ofs=[date])
    after = backtest(
        build_panel(features, changed, inputs=CHURN_INPUTS), learner=learner, as_ofs=[date]
    )

    rows = (panel.rows["as_of"] == date) & panel.rows["account_id"].isin(mine)
    others = (panel.rows["as_of"] == date) & ~panel.rows["account_id"].isin(mine)
    moved = after.rows["score"] - before.rows["score"]
    assert np.ptp(moved[rows]) < 1e-9
    assert np.ptp(moved[others]) > 0.1


def test_fault_E12_random_labels_that_stay_with_an_account_are_not_learnt():
    """A model that recognises accounts again would reach an area under the curve of 1."""
    aucs = []
    for seed in range(6):
        features, labels = make_tables(260, strength=0.0, base=-9.0, seed=seed)
        rng = np.random.default_rng(seed)
        names = sorted(features["account_id"].unique())
        marked = pd.Series(rng.random(len(names)) < 0.3, index=names)
        marks = rng.normal(size=(len(names), 3))  # a signature that never changes
        for column, values in zip(
            ("days_since_last_login", "adoption__share_90d", "stickiness_30d"), marks.T, strict=True
        ):
            features[column] = np.exp(
                features["account_id"].map(dict(zip(names, values, strict=True)))
            )
        known = labels["churned"].notna()
        labels["churned"] = labels["account_id"].map(marked).astype("boolean").where(known)
        panel = build_panel(features, labels, inputs=CHURN_INPUTS)
        tested = backtest(panel, as_ofs=panel.as_ofs[-4:-3])
        aucs.append(mean_auc(judged(tested)))

    assert np.mean(aucs) == pytest.approx(0.5, abs=0.06)


def test_shuffled_outcomes_give_an_area_of_one_half():
    aucs = []
    for seed in range(20):  # one area varies by 0.055, their mean by 0.012
        features, labels = make_tables(260, seed=seed)
        rng = np.random.default_rng(seed)
        for _, there in labels.groupby("as_of"):
            known = there.index[there["churned"].notna()]
            labels.loc[known, "churned"] = rng.permutation(
                labels.loc[known, "churned"].to_numpy(dtype=bool).copy()
            )
        panel = build_panel(features, labels, inputs=CHURN_INPUTS)
        tested = backtest(panel, as_ofs=panel.as_ofs[-4:-3])
        aucs.append(mean_auc(judged(tested)))

    assert np.mean(aucs) == pytest.approx(0.5, abs=0.04)


def test_probabilities_are_calibrated_on_later_dates():
    predicted, happened = [], []
    for seed in (1, 2, 3):
        panel = build_panel(*make_tables(400, seed=seed), inputs=CHURN_INPUTS)
        rows = judged(backtest(panel))
        predicted.append(rows["probability"])
        happened.append(rows["outcome"])
    p, y = pd.concat(predicted), pd.concat(happened)

    high = p >= p.quantile(0.8)
    assert p.mean() == pytest.approx(y.mean(), rel=0.15)
    assert p[high].mean() == pytest.approx(y[high].mean(), rel=0.25)


def test_the_model_of_today_finds_the_planted_directions(panel):
    fitted = fit_final(panel, panel.newest)
    names = [item.name for item in panel.inputs]
    by_name = {
        names[position]: weight
        for position, weight in zip(
            fitted.linear.design.used, fitted.linear.coefficients, strict=False
        )
    }

    strongest = sorted(by_name, key=lambda name: -abs(by_name[name]))[:3]
    assert {"days_since_last_login", "events__change_30d"} <= set(strongest)
    assert by_name["days_since_last_login"] > 0 > by_name["events__change_30d"]
    assert by_name["nps_last"] < 0
    assert fitted.n_positive == panel.outcome[panel.known_at(panel.newest)].sum()
    assert 0 < fitted.base_rate < 1


def test_fault_E13_the_challenger_does_not_depend_on_the_order_of_rows(tables):
    features, labels = tables
    dictionary = make_dictionary(features)
    scores = []
    for table in (features, features.sample(frac=1, random_state=5)):
        panel = build_panel(table, labels, inputs=CHURN_INPUTS)
        given = tree_inputs(panel, table, dictionary)
        run = backtest(panel, learner=tree_learner(), given=given, as_ofs=panel.as_ofs[-4:-3])
        scores.append(run.rows["score"])

    assert scores[0].notna().any()
    pd.testing.assert_series_equal(*scores)


def test_the_challenger_sees_only_what_the_dictionary_allows(tables, panel):
    features, _ = tables
    dictionary = make_dictionary(features)

    given = tree_inputs(panel, features, dictionary)

    allowed = dictionary.loc[dictionary["predictive"], "feature"]
    assert given.shape == (len(panel.rows), len(allowed))
    assert "employees" not in set(allowed)


def test_the_newest_dates_that_hold_enough_outcomes_are_judged(tested):
    dates = dates_to_judge(tested)
    rows = judged(tested)

    assert dates[0] == rows["as_of"].max()
    assert rows.loc[rows["as_of"].isin(dates), "outcome"].sum() >= 20
    assert rows.loc[rows["as_of"].isin(dates[:-1]), "outcome"].sum() < 20


def test_labels_helper_agrees_with_the_rule_of_the_horizon():
    features, labels = make_tables(50, n_dates=5)
    gone = labels.dropna(subset=["churned_on"]).drop_duplicates("account_id")
    again = label(features, gone.set_index("account_id")["churned_on"])

    merged = labels.merge(again, on=["account_id", "as_of"], suffixes=("", "_again"))
    assert len(merged) == len(labels)
    assert (merged["churned"].fillna(False) == merged["churned_again"].fillna(False)).all()
