"""Coverage, base rates, twins of equal level, pairs of features, and their pictures."""

import matplotlib as mpl
import pandas as pd
import pytest

from helpers.engine import open_engine, stage
from helpers.features import build_features, dictionary, evidence, plots
from tests.company import AS_OF, catalogue, write_run
from tests.features.by_hand import at, day, events_on, features_of

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def bare():
    accounts = pd.DataFrame({"account_id": ["a", "b"], "signed_up_at": [at(250)] * 2})
    return features_of({"accounts": accounts, "events": events_on("a", [1, 250])})


def test_coverage_names_what_is_missing(bare):
    covered = evidence.coverage(bare, dictionary([30, 60, 90])).set_index("family")
    assert covered.loc["support", "known_share"] == 0
    assert covered.loc["support", "n_empty"] == covered.loc["support", "n_features"]
    assert covered.loc["support", "absent"] == "`tickets`, `events.user_id`"
    assert covered.loc["milestones", "absent"] == "`feature_catalogue`"
    assert 0 < covered.loc["usage", "known_share"] < 1
    said = evidence.gaps(covered.reset_index())
    assert "surveys: 3 of 3 features are empty, for want of `surveys`" in said
    assert not any(line.startswith("firmographic: 0") for line in said)


def test_plot_of_coverage_shows_the_table(bare):
    covered = evidence.coverage(bare, dictionary([30, 60, 90]))
    ax = plots.plot_coverage(covered)
    drawn = [patch.get_width() for patch in ax.patches]
    assert drawn == pytest.approx((100 * covered["known_share"])[::-1].tolist())


def labels(**churned):
    rows = [
        {"account_id": f"{date}{n}", "as_of": day(int(date[1:])), "churned": value}
        for date, values in churned.items()
        for n, value in enumerate(values)
    ]
    frame = pd.DataFrame(rows).astype({"churned": "boolean"})
    return frame.assign(upgraded=pd.Series(False, frame.index, dtype="boolean"))


def test_rates_have_intervals_and_open_windows_have_none():
    rates = evidence.base_rates(labels(d120=[True, False, False, False], d30=[None, None]))
    churn = rates[rates["outcome"] == "churned"].reset_index(drop=True)
    assert churn["as_of"].tolist() == [day(120), day(30)]
    assert churn["n_accounts"].tolist() == [4, 0]
    assert churn["n_censored"].tolist() == [0, 2]
    assert churn["rate"].tolist()[0] == 0.25
    assert 0.04 < churn["low"][0] < 0.06  # Wilson, 1 of 4
    assert churn.loc[1, ["rate", "low", "high"]].isna().all()
    ax = plots.plot_base_rates(rates, 90)
    assert len(ax.get_xticks()) == 2


def test_facts_take_the_newest_known_date(bare):
    rates = evidence.base_rates(labels(d120=[False] * 4, d90=[True, False], d30=[None]))
    facts = evidence.facts(bare, rates)
    assert (facts["n_accounts"], facts["n_live"], facts["as_of"]) == (2, 2, "2026-07-01")
    assert (facts["labelled_on"], facts["n_labelled"], facts["rate"]) == ("2026-04-02", 2, 0.5)
    assert facts["n_with_churn"] == 1
    unknown = evidence.facts(bare, evidence.base_rates(labels(d30=[None])))
    assert unknown["n_labelled"] == 0
    assert "rate" not in unknown


def twins(**rows):
    columns = ["events__n_30d", "events__change_30d", "events__slope_90d", "events__share_of_peak"]
    frame = pd.DataFrame(rows, index=columns).T.rename_axis("account_id").reset_index()
    return frame.assign(as_of=AS_OF, is_live=True)


def test_a_falling_account_is_paired_with_a_steady_one_of_its_size():  # F-06
    found = evidence.declining_and_low(
        twins(
            falling=(100, -0.4, -0.09, 0.3),
            steady=(105, 0.02, 0.001, 0.9),
            larger=(300, 0.0, 0.0, 1.0),
            swinging=(101, 0.5, 0.001, 0.9),
        )
    )
    assert found["account_id"].tolist() == ["falling", "steady"]
    assert found["kind"].tolist() == ["declining", "constantly low"]
    assert found["pair"].tolist() == [1, 1]


def test_no_pair_is_no_error():
    found = evidence.declining_and_low(twins(steady=(105, 0.02, 0.001, 0.9)))
    assert found.empty
    assert list(found.columns)[:3] == ["pair", "kind", "account_id"]
    weeks = pd.DataFrame({"account_id": [], "week_start": [], "n_events": []})
    assert not plots.plot_two_kinds_of_low(weeks, found).lines


def test_the_picture_of_twins_draws_their_weeks():
    found = evidence.declining_and_low(
        twins(falling=(100, -0.4, -0.09, 0.3), steady=(105, 0.02, 0.001, 0.9))
    )
    weeks = pd.DataFrame(
        {
            "account_id": ["falling"] * 2 + ["steady"] * 2,
            "week_start": [day(14), day(7)] * 2,
            "n_events": [40, 10, 20, 21],
        }
    )
    ax = plots.plot_two_kinds_of_low(weeks, found)
    assert [list(line.get_ydata()) for line in ax.lines] == [[40, 10], [20, 21]]


def test_pairs_of_features_are_counted_by_account_and_day(tmp_path):  # F-07
    together = [
        events_on(name, [3, 4], event=e) for name in "ab" for e in ("task_created", "comment_added")
    ]
    alone = [
        events_on("a", [5, 6], event="report_built"),
        events_on("a", [7], event="task_created"),
    ]
    accounts = pd.DataFrame({"account_id": ["a", "b"], "signed_up_at": [at(250)] * 2})
    events = pd.concat([*together, *alone, events_on("a", [200], event="comment_added")])
    tables = {"accounts": accounts, "events": events, "feature_catalogue": catalogue()}
    run = write_run(tmp_path, tables)
    with open_engine(run) as engine:
        config = run.config()
        history = stage(engine, config)
        build_features(engine, [AS_OF], config=config, history=history)
        pairs = evidence.feature_pairs(engine, n_accounts_min=1)
    assert pairs[["feature_a", "feature_b"]].to_numpy().tolist() == [["comments", "tasks"]]
    row = pairs.iloc[0]
    assert (row["n_accounts"], row["n_days"]) == (2, 4)  # 7 account-days with any feature
    assert row["share"] == pytest.approx(4 / 7)
    assert row["expected_share"] == pytest.approx(4 * 5 / 49)
    assert row["lift"] == pytest.approx(4 * 7 / (4 * 5))


def test_what_another_feature_shows_to_be_there_is_not_called_missing():
    described = pd.DataFrame(
        {
            "feature": ["mrr", "is_annual", "seats__share", "late"],
            "family": ["billing", "billing", "limits", "billing"],
            "sources": ["subscriptions", "invoices, subscriptions", "usage_levels", "invoices"],
            "needs": [
                "subscriptions.mrr|accounts.mrr",
                "invoices, subscriptions.mrr",
                "usage_levels, subscriptions.mrr|accounts.seats",
                "accounts.mrr",
            ],
        }
    )
    table = pd.DataFrame({"mrr": [1.0], "is_annual": [None], "seats__share": [None], "late": None})

    covered = evidence.coverage(table, described).set_index("family")

    assert covered.loc["billing", "absent"] == "`invoices`"
    assert covered.loc["limits", "absent"] == "`usage_levels`"
    nothing = evidence.gaps(covered.assign(absent="").reset_index())
    assert nothing[0].endswith("empty, because the sources hold nothing to measure")
