"""What the quarterly page says of moves: findings, cards, tasks, flows, and what it may share."""

import matplotlib as mpl
import pandas as pd
import pytest

from helpers.report import leader, leader_plots
from tests.report.test_leader import AS_OF, IDS, published

mpl.use("agg")
BEFORE = AS_OF - pd.Timedelta(days=90)


@pytest.fixture
def run(tmp_path):
    run = published(tmp_path, probabilities=(0.9, 0.5, 0.1, 0.1))
    names = {
        BEFORE: ["Casual Users", "Casual Users", "At Risk", "Power Users"],
        AS_OF: ["At Risk", "Casual Users", "Casual Users", "Expansion Ready"],
    }
    rows = [
        pd.DataFrame({"account_id": IDS, "as_of": date, "segment": named}).assign(
            lifecycle_stage="Established", engagement_level="Barely Engaged", rfm_segment="Lost"
        )
        for date, named in names.items()
    ]
    tables = {
        "assignments": pd.concat(rows, ignore_index=True),
        "movers": pd.DataFrame(
            {
                "account_id": ["a", "c", "d"],
                "segment_from": ["Casual Users", "At Risk", "Power Users"],
                "segment_to": ["At Risk", "Casual Users", "Expansion Ready"],
                "kind": ["into risk", "recovers", "upwards"],
                "expected": [False, True, True],
                "mrr": [10.0, 30.0, 40.0],
                "csm": ["Ada", "Ada", None],
                "certainty": [0.6, 0.1, 0.5],
            }
        ),
        "migration": pd.DataFrame(
            {
                "as_of_from": BEFORE,
                "as_of_to": AS_OF,
                "segment_from": ["Casual Users", "Casual Users", "At Risk", "Power Users"],
                "segment_to": ["At Risk", "Casual Users", "Casual Users", "Expansion Ready"],
                "n_accounts": [1, 1, 1, 1],
                "expected": [False, True, True, True],
                "noise_floor": [0.1, 0.9, 0.1, 0.1],
            }
        ),
        "personas": pd.DataFrame(
            {
                "segment": ["At Risk", "Casual Users", "Expansion Ready"],
                "n_accounts": [1, 2, 1],
                "mrr": [10.0, 50.0, 40.0],
                "traits": [["a", "b", "c", "d", "e", "f"]] * 3,
                **dict.fromkeys(("rule", "objective", "touch", "owner", "success_metric"), "x"),
            }
        ),
        "naming": pd.DataFrame({"segment": ["At Risk"], "jaccard": [0.8]}),
        "move_forecast": pd.DataFrame({"account_id": ["b", "d"], "p_risk": [0.5, 0.25]}),
        "forecast_test": pd.DataFrame({"forecast": ["position"], "low": [0.1]}),
    }
    for name, table in tables.items():
        table.to_parquet(run.target("03_segmentation", name), index=False)
    pd.DataFrame({"account_id": ["a"], "direction": ["risk"], "severity": ["critical"]}).to_parquet(
        run.target("05_anomaly_review", "alerts"), index=False
    )
    from helpers.config import CompanyConfig, load_config

    config = load_config("config/demo.yaml").with_as_of(AS_OF.date())
    assert isinstance(config, CompanyConfig)
    run.save_config(config)
    return run


def test_moves_into_risk_are_urgent_tasks_that_hold_back_offers(run):  # B-05
    tasks = leader.segment_tasks(run)
    assert tasks["account_id"].tolist() == ["a", "d"]
    assert tasks["priority"].tolist() == ["high", "normal"]
    assert tasks["suppress_upsell"].tolist() == [True, False]
    assert tasks["due_on"].tolist() == ["2025-01-04", "2025-01-15"]
    assert "case studies" in tasks["task"].iloc[1]


def test_readiness_is_a_business_review_with_its_agenda(run):  # B-10
    assert leader.segment_tasks(run)["note"].iloc[1] == ""
    pd.DataFrame(
        {
            "account_id": ["a", "d"],
            "place": [1, 1],
            "feature": ["timeline", "work_load"],
            "marked": [True, True],
            "own_days": [0, 2],
            "n_alike": [25, 25],
            "n_using": [14, 9],
            "share": [0.56, 0.36],
            "base_rate": [0.31, 0.21],
        }
    ).to_parquet(run.target("04_sequence_association_mining", "advanced_features"), index=False)
    tasks = leader.segment_tasks(run)
    assert "business review" in tasks["task"].iloc[1]
    risk, ready = tasks["note"]
    assert risk == "hold back every offer until the risk is settled"
    assert ready.startswith(
        "agenda: work load: tried on 2 days in a quarter; 9 of the 25 accounts most"
    )


def test_the_crm_gets_the_segment_the_one_before_and_since_when(run):
    fields = leader.segment_export(run).set_index("account_id")
    moved, stayed = fields.loc["a"], fields.loc["b"]
    assert (moved["segment"], moved["segment_prev"]) == ("At Risk", "Casual Users")
    assert moved["segment_changed_on"] == "2025-01-01"
    assert stayed["segment_changed_on"] == "2024-10-03"


def test_three_findings_with_a_number_and_how_sure_it_is(run):  # V-03
    table = leader.findings(leader.composition(run, days_back=90), run, "EUR")
    assert len(table) == 3
    assert (
        "1 accounts moved into a segment at risk, paying 10 EUR a month; 1 came back"
        in (table["finding"].iloc[1])
    )
    assert table["how_sure"].iloc[1] == "100% of them lie clearly inside the segment"
    assert table["finding"].iloc[2].startswith("About 1 accounts (20 EUR a month)")
    assert table["how_sure"].iloc[2].endswith("better than 'all stay'")
    private = leader.findings(leader.composition(run, days_back=90), run, "EUR", k=10)
    assert "fewer than 10 accounts moved" in private["finding"].iloc[1]
    assert "EUR" not in private["finding"].iloc[1]


def test_cards_hold_five_traits_and_the_stability(run):
    cards = leader.cards(run).set_index("segment")
    assert cards.loc["At Risk", "stability"] == 0.8
    assert [len(traits) for traits in cards["typical"]] == [5, 5, 5]


def test_flows_carry_money_and_a_shared_page_shows_no_small_one(run):  # H10
    flows = leader.flows(run).set_index(["segment_from", "segment_to"])
    assert flows.loc[("Casual Users", "At Risk"), "mrr"] == 10
    assert not flows["hidden"].any()
    shared = leader.flows(run, k=10)
    assert shared["hidden"].all()
    assert shared[["n_accounts", "mrr"]].isna().all(axis=None)
    assert leader.moves(run, k=10).empty
    assert len(leader.moves(run)) == 3
    composition, cards = leader.composition(run, days_back=90), leader.cards(run)
    shown, kept = leader.sharable(composition, cards, run, k=10)
    assert shown["n_accounts"].isna().all()
    assert kept["mrr"].isna().all()
    same, _ = leader.sharable(composition, cards, run, k=0)
    assert same.equals(composition)
    counted = leader.health_and_warnings(run, k=10)
    assert counted["n_accounts"].isna().all()
    assert leader.health_and_warnings(run)["n_accounts"].sum() == 4 + 4 + 1


def test_a_shared_page_names_no_account(run):
    load = pd.DataFrame({"csm": ["Ada"], "n_urgent": [1], "capacity": [5]})
    parts = (leader.risk_list(run, limit=5), leader.expansion_list(run, limit=5), load)
    lists = leader.page_lists(run, *parts, leader.segment_tasks(run), "EUR", shared=True)
    assert set(lists.values()) == {None}
    lists = leader.page_lists(run, *parts, leader.segment_tasks(run), "EUR", shared=False)
    assert "account_id" not in lists["tasks"]
    assert len(lists["decisions"]) == 3


@pytest.mark.parametrize(
    ("n", "told"), [(100, "6.0 points, no more than chance"), (2_000, "6.0 points")]
)
def test_the_title_says_where_a_change_is_no_more_than_chance(n, told):
    table = pd.DataFrame(
        {"segment": ["A", "B"], "share": [0.56, 0.44], "share_before": [0.5, 0.5],
         "n_accounts": [0.56 * n, 0.44 * n], "n_before": [n / 2, n / 2], "change": [0.06, -0.06]}
    )  # fmt: skip
    title = leader_plots.plot_composition(table).get_title(loc="left")
    assert title.endswith(told)


def test_the_bands_are_as_wide_as_the_flows(run):
    flows = leader.flows(run).assign(n_accounts=[30, 50, 20, 10])
    ax = leader_plots.plot_flows(flows)
    widths = []
    for band in ax.collections:
        points = band.get_paths()[0].vertices
        start = points[points[:, 0] == 0]
        widths.append(start[:, 1].max() - start[:, 1].min())
    assert sorted(widths) == pytest.approx([10, 20, 30, 50])
    assert ax.get_title(loc="left") == (
        "55% moved; the widest unexpected stream: 30 from Casual Users to At Risk"
    )
    names = {text.get_text() for text in ax.texts}
    assert {"Casual Users 80", "Casual Users 70", "At Risk 20", "At Risk 30"} <= names
    part = flows.assign(hidden=[False, False, False, True])
    part.loc[3, "n_accounts"] = pd.NA
    drawn = leader_plots.plot_flows(part)
    assert drawn.get_title(loc="left").startswith("1 flows hidden; the widest")
    assert "Casual Users" in {text.get_text() for text in drawn.texts}  # a part is not counted
    hidden = flows.assign(n_accounts=pd.NA, hidden=True)
    assert leader_plots.plot_flows(hidden).texts[0].get_text().startswith("Nothing to draw")


def test_the_largest_segment_of_nothing_is_none():
    assert leader.largest(pd.DataFrame({"n_accounts": []})) == {"segment": "none", "share": 0.0}
