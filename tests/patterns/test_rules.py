import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.patterns.frames import cells
from helpers.patterns.itemsets import Candidates, candidate_rules, frequent_sets, incidence
from helpers.patterns.rules import RULE_COLUMNS, judge, replicate, select, sharpest
from helpers.stats import shuffled


def make_table():
    """Automations with workload at 85 %; ticket and bulk import together before churn."""
    n, rng = 1_500, np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "ticket": rng.random(n) < 0.25,
            "uses api": rng.random(n) < 0.3,
            "uses automations": rng.random(n) < 0.3,
            "uses bulk_import": rng.random(n) < 0.4,
        }
    )
    table["uses workload"] = rng.random(n) < np.where(table["uses automations"], 0.85, 0.2)
    both = table["ticket"] & table["uses bulk_import"]
    table["churned"] = rng.random(n) < np.where(both, 0.21, 0.05)
    baskets = pd.DataFrame(
        {
            "account_id": [f"a{i % 500:03d}" for i in range(n)],
            "as_of": pd.to_datetime(["2025-10-01", "2026-01-01", "2026-04-01"]).repeat(500),
        }
    )
    return table, baskets


USES = ["uses api", "uses automations", "uses bulk_import", "uses workload"]


def rules_of(table, baskets, consequents=("churned",), antecedents=("ticket", *USES)):
    candidates = candidate_rules(
        table,
        consequents=list(consequents),
        antecedents=list(antecedents),
        min_support=0.01,
    )
    return judge(table, baskets, candidates)


def rule(rules, antecedents, consequent):
    mine = (rules["antecedents"] == antecedents) & (rules["consequents"] == (consequent,))
    return rules[mine].iloc[0]


def test_by_hand():  # A-01 A-07 Z-12
    table = pd.DataFrame(
        {"a": [True] * 25 + [False] * 75, "b": [True] * 20 + [False] * 60 + [True] * 20}
    )
    baskets = pd.DataFrame({"account_id": range(100), "as_of": pd.Timestamp("2026-04-01")})
    found = judge(table, baskets, Candidates([(("a",), "b")], 0.01)).iloc[0]
    assert tuple(found.index) == RULE_COLUMNS
    assert found["support"] == 0.20  # share of baskets with both
    assert found["coverage"] == 0.25
    assert found["confidence"] == 0.80
    assert found["base_rate"] == 0.40
    assert found["lift"] == pytest.approx(2.0)
    assert found["relative_risk"] == pytest.approx(0.8 / (20 / 75))
    assert found["n_baskets"] == 25
    assert found["n_hits"] == 20
    assert found["n_accounts"] == 25


def test_planted_rules_are_found_and_the_shorter_ones_that_say_less_are_kept_apart():  # A-02 A-03
    table, baskets = make_table()
    churn = select(rules_of(table, baskets))
    assert churn["antecedents"].iloc[0] == ("ticket", "uses bulk_import")
    assert churn["lift"].iloc[0] == pytest.approx(0.21 / 0.066, rel=0.25)
    use = select(rules_of(table, baskets, USES, USES))
    premium = rule(use, ("uses automations",), "uses workload")
    assert premium["confidence"] == pytest.approx(0.85, abs=0.04)
    longer = use[use["antecedents"].map(len) > 1]
    assert longer.empty  # no longer rule says more


def test_a_longer_rule_that_adds_nothing_is_redundant():
    table, baskets = make_table()
    rules = rules_of(table, baskets, USES, USES)
    padded = rule(rules, ("uses api", "uses automations"), "uses workload")
    assert padded["redundant"]
    assert padded["q_value"] < 1e-6
    assert not rule(rules, ("uses automations",), "uses workload")["redundant"]


def test_shuffled_outcomes_leave_no_rule():
    table, baskets = make_table()
    found = [
        len(select(rules_of(table.assign(churned=shuffled(table["churned"], seed=s)), baskets)))
        for s in range(8)
    ]
    assert sum(n > 0 for n in found) <= 1  # at q < 0.05 one search in twenty may find something


def test_an_outcome_never_stands_on_the_left():
    table, baskets = make_table()
    rules = rules_of(table, baskets, ("churned", *USES))
    assert not any("churned" in before for before in rules["antecedents"])
    assert {after for (after,) in rules["consequents"]} >= {"churned", "uses workload"}


def test_replication_needs_both_parts_to_hold():
    table, baskets = make_table()
    rules = replicate(rules_of(table, baskets, USES, USES), table, baskets)
    assert (
        rule(rules, ("uses automations",), "uses workload")["replicated"] is np.True_
        or rule(rules, ("uses automations",), "uses workload")["replicated"]
    )
    broken = table.copy()
    newest = (baskets["as_of"] == baskets["as_of"].max()).to_numpy()
    broken.loc[newest, "uses workload"] = shuffled(table.loc[newest, "uses workload"], seed=1)
    rules = replicate(rules_of(broken, baskets, USES, USES), broken, baskets)
    once = rule(rules, ("uses automations",), "uses workload")
    assert once["q_value"] < 0.05
    assert once["replicated"] == False  # noqa: E712
    assert ("uses automations",) not in set(select(rules)["antecedents"])


def test_replication_cannot_be_said_with_one_period_or_few_baskets():
    table, baskets = make_table()
    one = baskets.assign(as_of=pd.Timestamp("2026-04-01"))
    assert replicate(rules_of(table, one), table, one)["replicated"].isna().all()
    rules = rules_of(table, baskets)
    assert replicate(rules, table, baskets, min_baskets=600)["replicated"].isna().all()


def test_order_of_baskets_and_names_of_accounts_do_not_matter():
    table, baskets = make_table()
    order = np.random.default_rng(1).permutation(len(table))
    renamed = baskets.assign(account_id=baskets["account_id"].map(lambda name: name[::-1]))
    one = rules_of(table, baskets)
    two = rules_of(table.iloc[order].reset_index(drop=True), renamed.iloc[order])
    pd.testing.assert_frame_equal(one, two)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(st.sampled_from("abcde"), max_size=5), min_size=1, max_size=25),
    min_support=st.sampled_from([0.05, 0.2, 0.5]),
    small=st.sampled_from([0, 20_000]),  # by bitsets, by mlxtend
)
def test_candidates_agree_with_counting_every_set(rows, min_support, small):
    items = pd.DataFrame(
        [(number, item) for number, row in enumerate(rows) for item in row],
        columns=["basket", "item"],
    )
    table = incidence(items, pd.Series(range(len(rows))))
    names = list("abcde")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helpers.patterns.itemsets.SMALL", small)
        found = candidate_rules(
            table, consequents=names, antecedents=names, min_support=min_support, max_antecedents=2
        )
    sets = [set(row) for row in rows]
    expected = sorted(
        (before, after)
        for after in names
        for before in [(x,) for x in names] + [(x, y) for x in names for y in names if x < y]
        if after not in before
        and sum({*before, after} <= s for s in sets) / len(sets) >= min_support - 1e-12
    )
    assert found.rules == expected


def test_sets_at_the_very_limit_are_found_by_either_way(monkeypatch):
    # 441 / 88,162 * 88,162 is a little more than 441 in floating point
    table = pd.DataFrame({"a": np.arange(8_816) < 44, "b": np.arange(8_816) < 44})
    for least in range(30, 45):
        table["a"] = table["b"] = np.arange(8_816) < least
        for small in (0, 20_000):
            monkeypatch.setattr("helpers.patterns.itemsets.SMALL", small)
            found = candidate_rules(
                table, consequents=["b"], antecedents=["a"], min_support=least / 8_816
            )
            assert found.rules == [(("a",), "b")]


def test_too_many_sets_raise_the_support_which_is_told():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({f"i{k:02d}": rng.random(400) < 0.5 for k in range(25)})
    names = list(table)
    found = candidate_rules(
        table,
        consequents=names,
        antecedents=names,
        min_support=0.01,
        max_antecedents=3,
        max_itemsets=2_000,
    )
    assert 0.1 < found.min_support < 0.2
    least = int(np.ceil(found.min_support * len(table)))
    sets = list(frequent_sets(table.to_numpy(), min_count=least, max_length=4))
    assert 300 < len(sets) <= 2_000


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_companies_have_no_rules_and_no_error(n):
    table, baskets = make_table()
    table, baskets = table.head(n), baskets.head(n)
    rules = rules_of(table, baskets)
    assert rules["p_value"].isna().all()
    assert select(replicate(rules, table, baskets)).empty
    assert list(rules.columns) == list(RULE_COLUMNS)


def test_a_basket_without_items_has_a_row():
    items = pd.DataFrame({"basket": ["x", "z", "x", "w"], "item": ["b", "a", "b", "c"]})
    table = incidence(items, pd.Series(["x", "y", "z"]))
    assert table.to_numpy().tolist() == [[False, True, False], [False] * 3, [True, False, False]]


def test_limits_out_of_range_are_refused():
    with pytest.raises(ParameterError, match="expected 0 < min_support <= 1"):
        candidate_rules(pd.DataFrame(), consequents=[], antecedents=[], min_support=0.0)
    with pytest.raises(ParameterError, match="expected one row of items per basket, got 2 for 0"):
        judge(pd.DataFrame({"a": [True, False]}), pd.DataFrame(), Candidates([], 0.1))


def test_two_rules_that_share_some_baskets_are_both_told_and_their_common_part_once():
    n = 1_000
    number = np.arange(n)
    trouble, rival, tool = number < 120, (number >= 80) & (number < 200), number < 400
    rng = np.random.default_rng(0)
    churned = rng.random(n) < np.where(trouble | rival, 0.4, 0.05)
    table = pd.DataFrame({"tool": tool, "trouble": trouble, "rival": rival, "copy": trouble})
    table["copy"] = trouble & (number != 5)  # nearly the baskets of trouble
    table["churned next"] = churned
    baskets = pd.DataFrame({"account_id": number, "as_of": pd.Timestamp("2026-01-01")})
    names = ["copy", "rival", "tool", "trouble"]
    rules = pd.DataFrame(
        {"antecedents": [("rival", "tool"), ("tool", "trouble"), ("copy", "tool"), ("tool",)]}
    )
    rules["consequents"] = cells([("churned next",)] * 4)
    rates = [churned[table[list(items)].all(axis=1)].mean() for items in rules["antecedents"]]
    rules["lift"] = np.array(rates) / churned.mean()
    kept = sharpest(rules, table[[*names, "churned next"]], baskets)
    told = [set(items) for items in kept["antecedents"]]
    assert {"rival", "tool"} in told  # a third of its baskets are those of trouble
    assert ({"tool", "trouble"} in told) != ({"copy", "tool"} in told)
    assert {"tool"} not in told  # without the sharper ones it says nothing
