import gzip
import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.contract import NOTEBOOKS
from helpers.sources.demo.life import Life
from helpers.sources.demo.taxonomy import STATES
from tests.sources.demo.conftest import Written

RECORD = {"key", "requirement", "notebook", "what", "planted", "realised", "tolerance", "unit",
          "where"}  # fmt: skip
REQUIREMENTS = {"A-02", "A-03", "A-04", "B-02", "D-16", "E-02", "G-11", "K-10", "N-08", "N-09",
                "N-15", "N-16", "N-17", "N-18", "N-19", "P-05", "Q-02", "Q-03", "T-01", "T-02",
                "T-03", "T-04", "T-05", "T-06", "T-07"}  # fmt: skip


def test_planted_facts_have_all_fields(brightdesk: Written) -> None:
    records = json.loads((brightdesk.folder / "truth/planted.json").read_text())
    assert all(set(record) == RECORD for record in records)
    assert {record["requirement"] for record in records} >= REQUIREMENTS
    assert {record["notebook"] for record in records} <= set(NOTEBOOKS)
    assert len({record["key"] for record in records}) == len(records)
    assert all(record["tolerance"] >= 0 for record in records)


def test_every_fact_came_out_within_its_tolerance(brightdesk: Written) -> None:
    """The sample at hand is an ordinary one: what was planted is there to be found."""
    planted = brightdesk.planted
    miss = (planted["realised"] - planted["planted"]).abs()
    assert (miss <= planted["tolerance"] + 1e-9).all(), planted[miss > planted["tolerance"]]


def test_tolerances_are_not_so_wide_that_anything_passes(brightdesk: Written) -> None:
    planted = brightdesk.planted
    rates = planted[planted["unit"] == "share"].drop("T-04.change_per_week", errors="ignore")
    assert (rates["tolerance"] < 0.16).all()
    assert planted.loc["A-03.lift", "planted"] - planted.loc["A-03.lift", "tolerance"] > 1.7
    assert planted.loc["A-04.confidence", "tolerance"] < 0.17


def test_accounts_have_their_state_on_the_first_of_each_month(brightdesk: Written) -> None:
    # G-11
    accounts = brightdesk.csv("truth/accounts.csv", keep_default_na=False)
    columns = [name for name in accounts if name.startswith("state_")]
    assert columns[0] == "state_2025-05-01"
    assert columns[-1] == "state_2026-07-01"
    assert len(columns) == 15
    for name in columns:
        live = accounts[name][accounts[name] != ""]
        share = live.value_counts(normalize=True).reindex(list(STATES))
        assert np.abs(share.to_numpy() - [0.20, 0.45, 0.15, 0.20]).max() < 0.05, name
        left = accounts["churned_on"][accounts[name] != ""]
        assert ((left == "") | (left >= name[6:])).all()


def test_weeks_agree_with_accounts(brightdesk: Written) -> None:
    weeks = pd.read_parquet(brightdesk.folder / "truth/weeks.parquet")
    last = weeks[weeks.week_from == weeks.week_from.max()].set_index("account_id").state
    accounts = brightdesk.csv("truth/accounts.csv", keep_default_na=False)
    state = accounts.set_index("account_id")["state_2026-07-01"]
    live = state[state != ""]
    assert (last.reindex(live.index) == live).all()
    assert weeks.hazard.between(0, 64).all()


def test_drivers_and_effects_are_written_down(brightdesk: Written) -> None:
    # K-10
    drivers = json.loads((brightdesk.folder / "truth/churn_drivers.json").read_text())
    names = {driver["name"] for driver in drivers["drivers"]}
    assert {"decline", "champion_left", "ticket_and_bulk_import", "detractor", "overdue"} <= names
    effects = json.loads((brightdesk.folder / "truth/effects.json").read_text())
    rescue = effects["at_risk_rescue"]
    assert rescue["hazard_ratio"] == 0.6
    assert rescue["naive_ratio"] > 1.2
    interventions = brightdesk.csv("cs/interventions.csv")
    assert interventions.arm.isna().sum() == rescue["arms"]["usual"]["accounts"]
    counts = interventions.arm.value_counts()
    assert counts["treated"] == rescue["arms"]["treated"]["accounts"]
    assert counts["control"] == rescue["arms"]["control"]["accounts"]
    assert interventions[interventions.arm == "control"].completed.isna().all()


def test_the_truth_never_leaks_into_the_raw_files(brightdesk: Written) -> None:
    """No column and no text of the data says what was planted, or in which state an account is."""
    words = re.compile(
        r"plant|archetype|hazard|power_silent|gradual_decline|\bactivated|journey|plateau|anomal"
        r"|acausal|systemic|wizard",
        re.IGNORECASE,
    )
    for path in sorted(brightdesk.folder.rglob("*")):
        if not path.is_file() or "truth" in path.relative_to(brightdesk.folder).parts:
            continue
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            texts = [c for c, kind in zip(table.columns, table.schema.types, strict=True)
                     if pa.types.is_string(kind)]  # fmt: skip
            words_in = {word for column in texts for word in column.unique().to_pylist() if word}
            text = " ".join([*table.column_names, *sorted(words_in)])
        elif path.suffix == ".gz":
            text = gzip.decompress(path.read_bytes()).decode()
        else:
            text = path.read_text()
        assert words.search(text) is None, (path.name, words.search(text))


def test_the_state_cannot_be_read_off_ids(large: Life) -> None:
    """Ids rise with the sign-up and say nothing else: among old accounts no state comes first."""
    end = large.scale.n_days
    old = (large.signup_day < -91) & large.live_on(end)
    rank = large.ids[old].argsort().argsort() / old.sum()
    for state in range(1, len(STATES)):
        mine = large.state_on(end)[old] == state
        assert rank[mine].mean() == pytest.approx(0.5, abs=3 * 0.29 / np.sqrt(mine.sum()) + 0.01)


def test_opted_out_accounts_get_no_messages_and_no_touch(brightdesk: Written) -> None:
    # E-02
    accounts = brightdesk.csv("crm/accounts.csv")
    out = set(accounts[accounts.do_not_profile == "yes"].customer_id)
    assert len(out) == 9
    messages = pd.read_parquet(brightdesk.folder / "marketing/messages.parquet")
    assert not out & set(messages.customer_id)
    for name in ("cs/touchpoints.csv", "cs/interventions.csv"):
        assert not out & set(brightdesk.csv(name).customer_id)


def test_feedback_judges_earlier_runs_only(brightdesk: Written) -> None:
    # K-01 K-07
    feedback = brightdesk.csv("cs/feedback.csv")
    assert set(feedback.run_as_of) == {"2025-10-01", "2026-01-01", "2026-04-01"}
    verdicts = feedback.verdict.value_counts()
    assert set(verdicts.index) == {"confirmed", "false_positive", "missed"}
    assert feedback.minutes.between(5, 60).all()
    assert feedback.action.notna().all()
    assert feedback.outcome.isin(["churned", "still at risk", "stayed"]).all()
    right = feedback[feedback["item"] == "score:churn"].verdict.eq("confirmed").mean()
    assert right > feedback[feedback["item"] == "alert:sudden_drop"].verdict.eq("confirmed").mean()


@pytest.mark.parametrize("name", ["cs/touchpoints.csv", "market/external_signals.csv"])
def test_side_tables_are_filled(brightdesk: Written, name: str) -> None:
    table = brightdesk.csv(name)
    assert len(table) > 100
    assert table.customer_id.isin(brightdesk.csv("crm/accounts.csv").customer_id).all()
