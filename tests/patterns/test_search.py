import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import helpers.patterns
from helpers.patterns import (
    find_rhythm,
    find_shifts,
    find_trends,
    mine_rules,
    mine_sequences,
    read_material,
)
from helpers.patterns.actions import ACTIONS, with_actions
from helpers.patterns.baskets import Baskets
from helpers.patterns.comparison import compare_journeys
from helpers.patterns.signals import SIGNALS
from helpers.stats import shuffled
from tests.company import make_config, make_tables, write_run
from tests.patterns.made import FAILURE, SUCCESS, make_baskets, make_journeys, make_material

CAUSAL = re.compile(
    r"\b(caus\w*|because of|leads? to|led to|driv(?:e|es|en|ing)\b|drivers?|results? in|due to|"
    r"thanks to|increas\w+|reduc\w+|boost\w*|prevent\w*|improv\w+|effect of)|"
    r"\bmakes? \w+ (?:stay|leave)",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def material():
    return make_material(journeys=make_journeys(2_000))


@pytest.fixture(scope="module")
def sequences(material):
    return mine_sequences(material, min_support=0.05, max_length=7)


@pytest.fixture(scope="module")
def found(material):
    return mine_rules(material, min_support=0.01)


def test_the_planted_journeys_are_in_the_table_word_for_word(sequences, material):  # Q-01 Q-02 Q-03
    patterns = {tuple(p): i for i, p in enumerate(sequences["pattern"])}
    assert sequences["outcome_rate"].iloc[patterns[SUCCESS]] == pytest.approx(0.78, abs=0.04)
    assert sequences["outcome_rate"].iloc[patterns[FAILURE]] == pytest.approx(0.12, abs=0.03)
    told = sequences[sequences["reported"]]
    assert 2 <= len(told) <= 12
    assert told.index.tolist() == list(range(len(told)))  # reported ones first
    assert tuple(told["path"].iloc[0]) in (SUCCESS, FAILURE)
    compared = compare_journeys(sequences, material.journeys, single=("user_invited",))
    assert compared.paths == {"success": list(SUCCESS), "failure": list(FAILURE)}
    assert compared.measures["parting_step"] == 3
    assert compared.measures["parting_name"] == "profile_completed"
    assert compared.measures["journey_ratio"] == pytest.approx(6.5, abs=1.5)
    assert compared.ratios["comparison"].tolist()[1] == "user_invited / no user_invited"  # Z-11
    assert len(compared.setup) == 3


def test_each_pattern_is_said_with_its_numbers(sequences):  # A-06 A-07 Z-12
    said = sequences["reads_as"].iloc[0]
    row = sequences.iloc[0]
    assert f"{row['n_units']:,} users" in said
    assert f"of all, {row['base_rate']:.1%}" in said
    assert "(against all)" in said
    assert "times the rate of those without it" in said


def test_columns_do_not_depend_on_the_data(sequences):
    nothing = make_material(journeys=make_journeys(0), baskets=make_baskets(0))
    empty = mine_sequences(nothing, min_support=0.05, max_length=7)
    assert list(empty.columns) == list(sequences.columns)
    assert empty.empty


def signals_of(held, item, name, days_before):
    """One signal so many days before the date of each basket that holds an item."""
    mine = held.items.loc[held.items["item"] == item, "basket"]
    rows = held.baskets.set_index("basket").loc[mine]
    return pd.DataFrame(
        {
            "account_id": rows["account_id"].to_numpy(),
            "day": rows["as_of"].to_numpy() - pd.Timedelta(days=days_before),
            "signal": pd.array([name] * len(rows), "string"),
        }
    )


def test_signals_before_churn_and_not_after_it_are_found():
    held = make_baskets()
    told = pd.concat(
        [
            signals_of(held, "ticket opened", "ticket_opened", 9),
            signals_of(held, "uses bulk_import", "import_failed", 5),
            signals_of(held, "churned next", "office_closed", 0),  # on the date: not before it
            signals_of(held, "churned next", "office_closed", 31),  # before the window
        ],
        ignore_index=True,
    )
    table = mine_sequences(make_material(signals=told), min_support=0.05, max_length=3)
    mine = table[table["outcome"] == "churned"]
    mine = mine.set_index(mine["pattern"].map(tuple))
    assert set(mine.index) == {
        ("ticket_opened",),
        ("import_failed",),
        ("ticket_opened", "import_failed"),
    }
    both = mine.loc[[("ticket_opened", "import_failed")]].iloc[0]
    assert both["reported"]
    assert both["lift"] == pytest.approx(3.2, abs=0.8)
    assert both["unit"] == "account-period"


def test_silence_is_no_signal_where_it_is_the_definition_of_churn():
    held = make_baskets()
    signals = pd.DataFrame(
        {
            "account_id": held.baskets["account_id"],
            "day": held.baskets["as_of"] - pd.Timedelta(days=3),
            "signal": pd.array(["stopped_using_tasks"] * len(held.baskets), "string"),
        }
    ).head(400)
    recorded, inferred = (
        mine_sequences(
            make_material(signals=signals, silence_is_churn=silent), min_support=0.05, max_length=2
        )
        for silent in (False, True)
    )
    assert "churned" in set(recorded["outcome"])
    assert "churned" not in set(inferred["outcome"])


def test_the_three_worked_rules_are_recovered(found):  # A-02 A-03 A-04
    rules = found.rules.set_index(found.rules["antecedents"].map(tuple))
    churn = rules.loc[[("ticket opened", "uses bulk_import")]].iloc[0]
    assert churn["consequents"] == ["churned next"]
    assert churn["lift"] == pytest.approx(3.2, abs=0.8)
    assert "bulk_import" in churn["action"]
    annual = rules.loc[[("invites > 5",)]].iloc[0]
    assert annual["consequents"] == ["upgraded to annual plan next"]
    assert annual["confidence"] == pytest.approx(0.67, abs=0.2)
    assert "inviting the team" in annual["action"]
    premium = rules.loc[[("uses automations",)]].iloc[0]
    assert premium["consequents"] == ["uses workload"]
    assert premium["confidence"] == pytest.approx(0.85, abs=0.04)
    assert premium["action"].startswith("Recommend workload to accounts that use automations")
    assert premium["alike_lift"] > 1.5


def test_each_rule_has_an_action_its_base_rate_and_n(found):  # A-05 A-06
    assert found.rules["action"].str.len().gt(20).all()
    columns = ["n_baskets", "n_accounts", "base_rate", "confidence", "low", "high", "lift"]
    assert found.rules[columns].notna().all(axis=None)
    assert len(found.searched) > len(found.rules)
    assert found.searched["q_value"].notna().any()


def test_a_rule_that_nobody_can_act_on_is_not_reported():
    rules = pd.DataFrame(
        {
            "antecedents": [("contact call",), ("champion left",)],
            "consequents": [("churned next",)] * 2,
        }
    )
    reported, without = with_actions(rules)
    assert reported["antecedents"].tolist() == [("champion left",)]
    assert without["antecedents"].tolist() == [("contact call",)]


def test_shuffled_outcomes_leave_no_rule_before_them():
    held = make_baskets()
    lefts = held.items[~held.items["item"].str.contains("next")]
    counts = []
    for seed in range(6):
        churned = shuffled(np.arange(len(held.baskets)) < 80, seed=seed)
        rights = pd.DataFrame({"basket": np.flatnonzero(churned), "item": "churned next"})
        made = make_material(baskets=Baskets(held.baskets, pd.concat([lefts, rights]), 30))
        rules = mine_rules(made, min_support=0.01).rules
        counts.append(sum(after == ["churned next"] for after in rules["consequents"]))
    assert sum(n > 0 for n in counts) <= 1


def test_what_is_certain_of_activation_does_not_let_chance_pass_for_churn():
    held = make_baskets(600)
    journeys = make_journeys(600)
    told = {"activated": 0, "churned": 0}
    for seed in range(5):
        rng = np.random.default_rng(seed)
        row = rng.integers(0, len(held.baskets), 1_500)
        signals = pd.DataFrame(
            {
                "account_id": held.baskets["account_id"].to_numpy()[row],
                "day": held.baskets["as_of"].to_numpy()[row] - pd.to_timedelta(row % 28 + 1, "D"),
                "signal": pd.array(rng.choice(["a", "b", "c", "d", "e", "f"], 1_500), "string"),
            }
        ).drop_duplicates()
        material = make_material(journeys=journeys, baskets=held, signals=signals)
        table = mine_sequences(material, min_support=0.05, max_length=7)
        for outcome in told:
            told[outcome] += bool((table["reported"] & (table["outcome"] == outcome)).any())
        assert (table["outcome"] == "churned").sum() > 20
    assert told["activated"] == 5
    assert told["churned"] <= 1


def test_accounts_that_match_now_are_listed(found, material):
    newest = material.together.baskets
    newest = newest[newest["as_of"] == newest["as_of"].max()]
    number = found.rules["antecedents"].map(tuple).tolist().index(("uses automations",))
    listed = found.matches.loc[found.matches["rule"] == number, "account_id"]
    items = material.together.items.merge(newest, on="basket")
    has_a = set(items.loc[items["item"] == "uses automations", "account_id"])
    has_b = set(items.loc[items["item"] == "uses workload", "account_id"])
    assert set(listed) == has_a - has_b
    assert found.rules["n_now"].iloc[number] == len(listed)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_tiny_companies_have_no_rules_and_no_error(n, found):
    made = mine_rules(make_material(baskets=make_baskets(n)), min_support=0.01)
    assert made.rules.empty
    assert list(made.rules.columns) == list(found.rules.columns)
    assert made.matches.empty


def test_no_text_says_that_one_thing_makes_another(sequences, found):
    texts = [*sequences["reads_as"], *found.rules["reads_as"], *(a.text for a in ACTIONS)]
    assert [text for text in texts if CAUSAL.search(text)] == []
    assert len(texts) > 100
    assert CAUSAL.search("Inviting drives activation")
    assert CAUSAL.search("this leads to churn")


def test_notebook_and_room_never_claim_an_effect():
    room = Path(helpers.patterns.__file__).parent
    notebook = room.parents[1] / "notebooks" / "04_sequence_association_mining.ipynb"
    texts = [
        node.value
        for path in sorted(room.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    if notebook.is_file():
        texts.append(notebook.read_text())
    claims = [m.group() for text in texts for m in CAUSAL.finditer(text)]
    assert claims == []


def test_every_signal_family_can_be_acted_on_or_is_known_not_to_be():
    texts = {beginning for action in ACTIONS for beginning in action.left}
    assert {"ticket opened", "champion left", "payment late", "stopped using"} <= texts
    assert set(SIGNALS) >= {"tickets", "users", "invoices", "surveys"}


def test_rhythm_and_trends_of_the_tiny_company(tmp_path):
    tables = make_tables(n_accounts=24, weeks=40)
    run = write_run(tmp_path, tables, config=make_config())
    labels = pd.DataFrame(
        {
            "account_id": tables["accounts"]["account_id"],
            "as_of": pd.Timestamp("2026-07-01"),
            "horizon_days": 90,
            "lead_days": 0,
            "churned": pd.array([None] * 24, dtype="boolean"),
            "upgraded": pd.array([None] * 24, dtype="boolean"),
            "censored": True,
        }
    )
    run.write("02_feature_engineering", "labels", labels)
    material = read_material(run, journey_days=7, activation_days=[28, 56], basket_days=30)
    assert material.missing == ()
    assert material.before_outcomes.baskets.empty  # nothing is known yet: no outcome, no rule
    rhythm = find_rhythm(material)
    week = rhythm.rhythm.table.query("cycle == 'week'").set_index("position")["index"]
    assert week.idxmax() in ("Tuesday", "Wednesday", "Thursday")
    assert week["Sunday"] < 0.7
    assert rhythm.caveat.startswith("The year's profile needs a year")
    closed = rhythm.index.set_index("day").loc["2025-12-26"]
    assert np.isnan(closed["index"])
    assert closed["why_out"] == "year-end"
    trends = find_trends(material, rhythm)
    kinds = trends.table.set_index("account_id")["kind"]
    assert kinds["acc-03"] == "gradual_decline"  # loses 7 % a week
    assert "acc-07" not in kinds.index  # left
    assert "acc-09" not in kinds.index  # opted out
    assert kinds.isna()["acc-06"]  # never an event
    rules = mine_rules(material, min_support=0.01)
    assert not any("next" in after[0] for after in rules.rules["consequents"])


def test_a_summer_in_the_calendar_is_a_season_and_stays_in(tmp_path):  # T-03 T-07
    activity = pd.DataFrame({"account_id": "a", "day": pd.date_range("2025-01-01", "2026-06-30")})
    summer = activity["day"].dt.month.isin([7, 8])
    noise = np.random.default_rng(0).normal(0, 1, len(activity))
    activity["n_events"] = (np.where(summer, 70, 100) + noise).astype(int)
    calendar = pd.DataFrame(
        {
            "starts_on": pd.to_datetime(["2025-07-01", "2025-12-24"]),
            "ends_on": pd.to_datetime(["2025-08-31", "2026-01-01"]),
            "reason": ["summer", "year-end"],
            "account_id": None,
            "region": None,
        }
    )
    lives = pd.DataFrame(
        {"account_id": ["a"], "region": [None], "first_on": [pd.NaT], "last_on": [pd.NaT]}
    )
    made = make_material(activity=activity, lives=lives, calendar=calendar)
    rhythm = find_rhythm(made)
    year = rhythm.rhythm.table.query("cycle == 'year'").set_index("position")
    assert year["index"].idxmin() in ("July", "August")
    assert year["p_value"].iloc[0] < 0.01
    out = rhythm.index[rhythm.index["index"].isna()]
    assert out["why_out"].unique().tolist() == ["year-end"]
    assert "Most months were seen once" in rhythm.caveat


def labelled(run, tables, **outcomes):
    """Label every account at two dates, the older of them with its outcome known."""
    accounts = tables["accounts"]["account_id"]
    rows = [
        {
            "account_id": account,
            "as_of": pd.Timestamp(date),
            "horizon_days": 90,
            "lead_days": 0,
            "churned": None if censored else account in outcomes.get("churned", ()),
            "upgraded": None if censored else account in outcomes.get("upgraded", ()),
            "censored": censored,
        }
        for date, censored in (("2026-07-01", True), ("2026-04-02", False))
        for account in accounts
    ]
    frame = pd.DataFrame(rows).astype({"churned": "boolean", "upgraded": "boolean"})
    return run.write("02_feature_engineering", "labels", frame)


def whole(folder, tables, **outcomes):
    """Read a company and answer all questions about it."""
    run = write_run(folder, tables, config=make_config())
    labelled(run, tables, **outcomes)
    material = read_material(run, journey_days=7, activation_days=[28, 56], basket_days=30)
    sequences = mine_sequences(material, min_support=0.1, max_length=3)
    rhythm = find_rhythm(material)
    return {
        "sequences": sequences,
        "rules": mine_rules(material, min_support=0.02).rules,
        "seasonality": rhythm.rhythm.table,
        "trends": find_trends(material, rhythm).table,
        "shifts": find_shifts(material.visits, as_of=material.as_of).table,
        **compare_journeys(sequences, material.journeys).tables,
    }


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_company_of_a_few_accounts_is_answered_not_refused(tmp_path, n):
    found = whole(tmp_path, make_tables(n_accounts=n, weeks=30))
    assert len(found["trends"]) == n
    assert found["rules"].empty
    assert not found["sequences"]["reported"].any()
    assert len(found["seasonality"]) == 24


def test_order_of_rows_names_and_later_rows_change_nothing(tmp_path):
    tables = make_tables(n_accounts=12, weeks=40)
    churned = ["acc-03", "acc-06"]
    plain = whole(tmp_path / "plain", tables, churned=churned)
    events = tables["events"]
    later = events.assign(occurred_at=events["occurred_at"] + pd.Timedelta(days=300), event_id=None)
    later = later[later["occurred_at"] >= pd.Timestamp("2026-07-01", tz="Europe/Berlin")]
    mixed = {name: frame.sample(frac=1, random_state=2) for name, frame in tables.items()}
    mixed["events"] = pd.concat([mixed["events"], later.head(500)])
    other = whole(tmp_path / "other", mixed, churned=churned)
    for name, frame in plain.items():
        pd.testing.assert_frame_equal(frame, other[name], obj=name)
    renamed = {
        name: frame.assign(account_id=frame["account_id"].str.replace("acc-", "x"))
        if "account_id" in frame
        else frame
        for name, frame in tables.items()
    }
    renamed = whole(tmp_path / "renamed", renamed, churned=["x03", "x06"])
    pd.testing.assert_frame_equal(
        plain["sequences"].drop(columns=["reads_as"]),
        renamed["sequences"].drop(columns=["reads_as"]),
    )
    columns = ["kind", "slope_per_week", "weeks", "p_value"]
    pd.testing.assert_frame_equal(plain["trends"][columns], renamed["trends"][columns])
