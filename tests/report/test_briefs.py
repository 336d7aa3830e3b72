import re

import pandas as pd
import pytest

from helpers.report import write_index
from helpers.report.briefs import anchors, briefs
from helpers.report.calls import ranked_actions
from helpers.report.names import named
from tests.report import fake_run
from tests.report.hostile import acts, payloads, seen_text


@pytest.fixture
def run(tmp_path):
    return fake_run.write(tmp_path / "reports" / "2026-07-01")


def table(run, notebook, name, **columns):
    pd.DataFrame(columns).to_parquet(run.target(notebook, name), index=False)


def written(run):
    """Plan, alert and play of the first account, as notebooks 05 and 06 hand them on."""
    actions = run.read("06_churn_model", "actions")
    actions = actions.assign(play="rescue", first_step="Read the tickets.")
    actions.loc[actions["account_id"] == "A001", "play"] = "alert: usage_drop"
    actions.to_parquet(run.path("06_churn_model", "actions"))
    table(
        run,
        "06_churn_model",
        "plans",
        account_id=["A000", "A000"],
        step=[2, 1],
        action=["Write to the sponsor", "Call the sponsor"],
        within_days=[14, 3],
        owner=["named CSM", "named CSM"],
    )
    table(
        run,
        "05_anomaly_review",
        "plays",
        kind=["usage_drop"],
        investigate=[["Check holidays."]],
        options=[["Offer a session."]],
        message=["Hello {account} team,\n\nhow are you?\n\n{csm}"],
    )
    return {one.account_id: one for one in briefs(run, ranked_actions(run), currency="EUR")}


def test_a_play_of_the_rules_brings_its_plan_and_its_written_draft(run):
    brief = written(run)["A000"]

    assert brief.steps == (
        "Before: Read the tickets.",
        "Call the sponsor (within 3 days, named CSM)",
        "Write to the sponsor (within 14 days, named CSM)",
    )
    assert brief.reason == tuple(fake_run.REASONS[0].split("; "))
    assert brief.draft.startswith("Hello <script>alert(1)</script> team,\n\nI would like")
    assert brief.draft.endswith("Best regards\nAna Ruiz")


def test_a_business_review_brings_its_agenda_and_names_the_features_in_the_draft(run):  # B-10
    written(run)
    plans = run.read("06_churn_model", "plans")
    plans["agenda"] = [["timeline: 14 of the 25 use it", "workload: 9 of the 25"], []]
    plans.to_parquet(run.path("06_churn_model", "plans"))
    actions = run.read("06_churn_model", "actions")
    actions.loc[actions["account_id"] == "A000", "play"] = "expansion_ready"
    actions.to_parquet(run.path("06_churn_model", "actions"))
    table(
        run,
        "04_sequence_association_mining",
        "advanced_features",
        account_id=["A000", "A000"],
        place=[2, 1],
        feature=["work_load", "timeline"],
    )
    found = {one.account_id: one for one in briefs(run, ranked_actions(run), currency="EUR")}

    assert found["A000"].agenda == ("timeline: 14 of the 25 use it", "workload: 9 of the 25")
    assert "what teams like yours do with timeline and work load" in found["A000"].draft
    assert found["A001"].agenda == ()
    write_index(run.stage)
    page = (run.stage / "accounts.html").read_text()
    assert page.count("Agenda of the review") == 1
    assert "<li>timeline: 14 of the 25 use it</li>" in page


def test_an_alert_brings_what_to_check_what_to_offer_and_its_message(run):
    brief = written(run)["A001"]

    assert (brief.check, brief.offer) == (("Check holidays.",), ("Offer a session.",))
    assert brief.draft == 'Hello =HYPERLINK("http://x") team,\n\nHow are you?\n\nBen Okafor'


def test_each_manager_finds_the_own_accounts_together_most_pressing_first(run):
    found = briefs(run, ranked_actions(run), currency="EUR")
    places = [(one.csm, int(one.anchor[1:])) for one in found]
    assert places == sorted(places)


def test_every_name_on_the_first_page_leads_to_its_account(run):
    first = write_index(run.stage).read_text()
    accounts = (run.stage / "accounts.html").read_text()

    targets = re.findall(r'href="accounts\.html#(a\d+)"', first)
    assert len(targets) == 10 + len(fake_run.CSMS)
    assert set(targets) <= set(re.findall(r'<article id="(a\d+)"', accounts))
    by_id = {place: key for key, place in anchors(ranked_actions(run)).items()}
    names = fake_run.accounts().set_index("account_id")["name"]
    for target in targets:
        article = re.search(rf'<article id="{target}".*?</article>', accounts, re.DOTALL)[0]
        assert names[by_id[target]] in seen_text(article)


def test_without_actions_the_page_says_why(tmp_path):
    run = fake_run.write(tmp_path / "part", only=("01_data_audit",))
    write_index(run.stage)
    text = seen_text((run.stage / "accounts.html").read_text())
    assert "nothing to show because the notebook that ranks the accounts is not part" in text


@pytest.mark.parametrize("name", payloads())
def test_fault_F04_nothing_from_the_data_acts_on_the_page_of_the_accounts(run, name):
    accounts = run.read("01_data_audit", "accounts").assign(name=name, csm=name)
    accounts.to_parquet(run.path("01_data_audit", "accounts"))
    actions = run.read("06_churn_model", "actions").assign(csm=name, action=name, reason=name)
    actions.to_parquet(run.path("06_churn_model", "actions"))
    write_index(run.stage)
    assert acts((run.stage / "accounts.html").read_text()) == []


def test_names_replace_ids_and_shared_names_keep_their_id(run):
    accounts = run.read("01_data_audit", "accounts")
    accounts.loc[accounts["account_id"].isin(["A010", "A011"]), "name"] = "Twin"
    accounts.loc[accounts["account_id"] == "A012", "name"] = None
    accounts.to_parquet(run.path("01_data_audit", "accounts"))
    ids = ["A011", "A012", "A013", "*"]

    shown = named(run, pd.DataFrame({"account_id": ids}))["account_id"].tolist()

    assert shown[:2] == ["Twin (A011)", "A012"]
    assert shown[2] == accounts.set_index("account_id").loc["A013", "name"]
    assert shown[3] == "*"
