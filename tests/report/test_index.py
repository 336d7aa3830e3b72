import json
import re

import pandas as pd
import pytest

from helpers.contract import NOTEBOOKS
from helpers.report import write_index
from helpers.report.calls import calls, desks, ranked_actions
from helpers.report.numbers import previous_folder, tiles
from tests.report import fake_run
from tests.report.hostile import acts, payloads, seen_text, watch

OPTED_OUT = fake_run.accounts().set_index("account_id").loc["A005", "name"]


@pytest.fixture
def run(tmp_path):
    return fake_run.write(tmp_path / "reports" / "2026-07-01")


def page_of(run, **options):
    return write_index(run.stage, **options).read_text(encoding="utf-8")


def rows_of(text, label):
    """The rows of one section's table, each a list of cell texts."""
    section = re.search(rf'<section[^>]*aria-label="{label}".*?</section>', text, re.DOTALL)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section, flags=re.DOTALL)
    return [[seen_text(cell) for cell in re.findall(r"<td.*?</td>", row)] for row in rows[1:]]


def test_the_first_table_says_whom_to_call_why_and_by_when(run):
    rows = rows_of(page_of(run), "Whom to call")

    assert len(rows) == 10
    assert rows[0] == [
        "1",
        "<script>alert(1)</script> EUR 1,098 a month",
        fake_run.REASONS[0],
        fake_run.ACTIONS[0],
        "4,200",
        "2026-07-04",
        "Ana Ruiz",
    ]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 11)]


def test_the_first_screen_comes_before_everything_else(run):
    text = page_of(run)
    assert text.index("Whom to call first") < text.index('class="calls"') < text.index("<h2>")


def test_priorities_are_numbers_or_words(run):
    actions = run.read("06_churn_model", "actions").head(4)
    actions["priority"] = ["low", "High", "critical", "medium"]
    actions.to_parquet(run.path("06_churn_model", "actions"))

    assert ranked_actions(run)["priority"].tolist() == ["critical", "High", "medium", "low"]


def test_ties_keep_the_tables_order_and_an_account_is_called_once(run):
    actions = run.read("06_churn_model", "actions")
    twice = pd.concat([actions.head(2), actions.head(2)], ignore_index=True).assign(priority=1)
    twice.to_parquet(run.path("06_churn_model", "actions"))

    ranked = ranked_actions(run)

    assert ranked["account_id"].tolist() == ["A000", "A001", "A000", "A001"]
    assert [call.rank for call in calls(ranked, limit=10)] == [1, 2]


def test_each_manager_finds_one_account_to_start_with(run):
    found = {desk.csm: desk for desk in desks(ranked_actions(run))}

    assert list(found) == sorted(fake_run.CSMS)
    assert found["Ben Okafor"].first.account == '=HYPERLINK("http://x")'
    assert found["Ben Okafor"].n_actions == 5


def test_an_account_without_a_manager_is_nobodys_yet(run):
    actions = run.read("06_churn_model", "actions").head(2)
    actions["csm"] = None
    actions.to_parquet(run.path("06_churn_model", "actions"))
    accounts = run.read("01_data_audit", "accounts")
    accounts["csm"] = None
    accounts.to_parquet(run.path("01_data_audit", "accounts"))

    assert [desk.csm for desk in desks(ranked_actions(run))] == ["nobody yet"]


def numbers_of(run, before=None):
    found, since = tiles(run, before=before, currency="EUR")
    return {tile.label: (tile.value, tile.change) for tile in found}, since


def test_five_numbers_by_hand(run):
    accounts = fake_run.accounts()
    live = accounts[~accounts["opted_out"]]
    earlier = live[~live["account_id"].isin(["A038", "A039"])]
    gained = live["mrr"].sum() - earlier["mrr"].sum()
    risk = live[live["account_id"].isin(["A001", "A002"])]["mrr"].sum()  # A005 opted out

    found, since = numbers_of(run)

    assert since == "2026-06-01"
    assert found == {
        "Accounts": ("39", "+2 (+5.4%)"),
        "MRR (EUR)": (
            f"{live['mrr'].sum():,.0f}",
            f"{gained:+,.0f} ({gained / earlier['mrr'].sum():+.1%})",
        ),
        "MRR at high churn risk (EUR)": (f"{risk:,.0f}", ""),
        "Accounts to expand": ("1", ""),
        "Warnings to review": ("4", ""),
    }


def test_numbers_are_compared_with_the_run_before(run, tmp_path):
    before = fake_run.write(tmp_path / "reports" / "2026-04-01")
    manifest = json.loads((before.stage / "manifest.json").read_text()) | {"as_of": "2026-04-01"}
    (before.stage / "manifest.json").write_text(json.dumps(manifest))
    alerts = before.read("05_anomaly_review", "alerts").head(2)
    alerts.to_parquet(before.path("05_anomaly_review", "alerts"))

    found, since = numbers_of(run, before)

    assert previous_folder(run.stage) == before.stage
    assert since == "2026-04-01"
    assert found["Warnings to review"] == ("4", "+2 (+100.0%)")
    assert found["Accounts to expand"] == ("1", "+1")
    assert found["Accounts"] == ("39", "unchanged")
    assert "changes since 2026-04-01" in seen_text(page_of(run))


def test_only_an_earlier_run_of_the_same_company_is_compared(run, tmp_path):
    for name, change in {
        "later": {"as_of": "2026-08-01"},
        "other": {"as_of": "2026-01-01", "company": "Acme"},
        "no-date": {"as_of": None},
        "same": {},
    }.items():
        folder = tmp_path / "reports" / name
        folder.mkdir()
        manifest = {"company": "Brightdesk", "as_of": "2026-07-01"} | change
        (folder / "manifest.json").write_text(json.dumps(manifest))

    assert previous_folder(run.stage) is None


def test_an_earlier_revenue_with_gaps_is_not_compared(run):
    features = run.read("02_feature_engineering", "features")
    features.loc[features["as_of"] == fake_run.BEFORE, "mrr"] = None
    features.to_parquet(run.path("02_feature_engineering", "features"))

    found, _ = numbers_of(run)

    assert found["MRR (EUR)"][1] == ""
    assert found["Accounts"][1] == "+2 (+5.4%)"


def test_an_account_that_opted_out_is_nowhere(run):  # E-02
    assert fake_run.accounts().set_index("name")["opted_out"].loc[OPTED_OUT]
    assert run.read("06_churn_model", "actions").sort_values("priority").iloc[0].account_id == (
        "A005"
    )

    text = page_of(run)

    assert OPTED_OUT not in text
    assert "A005" not in text
    assert "Cobalt Partners" in text


@pytest.mark.parametrize(
    "only",
    [("01_data_audit",), ("01_data_audit", "02_feature_engineering"), ("05_anomaly_review",)],
)
def test_fault_E22_a_page_without_tables_says_so(tmp_path, only):
    run = fake_run.write(tmp_path / "part", only=only, planted=False)

    text = seen_text(page_of(run))

    assert (
        "Nobody to call: nothing to show because the notebook that ranks the accounts is not "
        "part of this run." in text
    )
    assert "MRR at high churn risk (EUR) not known because the churn notebook was not run" in text
    assert text.count("Not part of this run.") == len(NOTEBOOKS) - len(only)
    assert "Planted and found" not in text
    if "01_data_audit" not in only:
        assert "No row counts because the data audit is not part of this run." in text


def test_fault_E22_a_model_without_scores_is_no_zero_risk(run):
    predictions = run.read("06_churn_model", "predictions").assign(churn_band=None)
    predictions.to_parquet(run.path("06_churn_model", "predictions"))
    actions = run.read("06_churn_model", "actions").head(0)
    actions.to_parquet(run.path("06_churn_model", "actions"))

    text = seen_text(page_of(run))

    assert "not known because the churn model gave no scores" in text
    assert "nothing to show because no account meets the conditions of an action" in text


def test_an_empty_folder_still_has_a_page(tmp_path):
    text = write_index(tmp_path).read_text()
    assert seen_text(text).count("Not part of this run.") == len(NOTEBOOKS)


def test_a_failed_notebook_says_so_and_takes_its_ranking_with_it(tmp_path):
    run = fake_run.write(tmp_path / "part", only=("01_data_audit",))
    text = seen_text(page_of(run, failed={"06_churn_model": "cell 7: lost accounts"}))
    assert "This notebook stopped: cell 7: lost accounts" in text
    assert "the notebook that ranks the accounts stopped with an error" in text


def test_findings_are_shown_with_what_they_lack(run):
    text = seen_text(page_of(run))
    assert "7 accounts behave unlike themselves" in text
    assert "A drop is a reason to ask, not a diagnosis." in text
    assert "there is no `external_signals` table" in text


def test_published_findings_are_read_from_one_file(run):
    folder = run.stage / "findings"
    findings = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    findings["planted"] = []
    for path in folder.glob("*.json"):
        path.unlink()
    (run.stage / "findings.json").write_text(json.dumps(findings))

    assert "7 accounts behave unlike themselves" in page_of(run)


def test_data_quality_by_hand(run):
    text = seen_text(page_of(run))
    assert (
        "2,000,000 rows read: 99.50% kept , 0.20% quarantined (4,010), 0.30% duplicates (6,000)"
        in text
    )
    assert "Newest row: tickets 2026-06-12 19 days old · events 2026-06-30." in text


def test_planted_and_found(run):
    text = page_of(run)
    words = seen_text(text)
    assert "Of 2 planted patterns that this run looked for, 1 were found" in words
    assert "Not looked for: 1." in words
    assert rows_of(text, "Planted and found") == [
        ["ticket and bulk import, then churn: lift", "3.2", "3.31", "3.28", "0.5", "found"],
        ["success / failure", "6.5", "6.4", "4.1", "0.9", "missed"],
        ["plateaus", "12", "12", "–", "2", "not looked for"],
    ]


def test_exports_and_pages_that_exist_are_linked_and_no_others(run):
    (run.stage / "exports").mkdir()
    (run.stage / "exports" / "tasks.csv").write_text("a")
    (run.stage / "06_churn_model.html").write_text("x")

    text = page_of(run)

    nav = re.search(r"<nav.*?</nav>", text, flags=re.DOTALL)[0]
    assert re.findall(r'href="([^"]*)"', nav) == [
        "index.html",
        "index.html",
        "accounts.html",
        "06_churn_model.html",
    ]
    assert 'href="exports/tasks.csv"' in text


@pytest.mark.parametrize("name", payloads())
def test_fault_F04_nothing_from_the_data_is_markup(run, name):
    accounts = run.read("01_data_audit", "accounts").assign(name=name, csm=name)
    accounts.to_parquet(run.path("01_data_audit", "accounts"))
    actions = run.read("06_churn_model", "actions")
    actions = actions.assign(csm=name, action=name, reason=name, expected_impact=name)
    actions.to_parquet(run.path("06_churn_model", "actions"))
    settings = {"company": {"name": name, "currency": "EUR"}, "analysis": {"as_of": "2026-07-01"}}
    (run.stage / "settings.json").write_text(json.dumps(settings))

    text = page_of(run)

    assert acts(text) == []
    assert seen_text(text).count(" ".join(name.replace("\u202e", " ").split())) > 40


def test_fault_F07_the_page_has_the_policy_and_nothing_that_runs(run):
    text = page_of(run)
    assert watch(text).order[:3] == ["html", "head", "meta"]
    assert "default-src" in text.split("<meta")[1]
    assert acts(text) == []
    assert len(text.encode()) < 100_000


def test_the_same_run_gives_the_same_bytes(run):
    assert page_of(run) == page_of(run)


def test_a_staged_run_is_compared_with_a_published_one(tmp_path):
    before = fake_run.write(tmp_path / "reports" / "2026-04-01")
    manifest = json.loads((before.stage / "manifest.json").read_text()) | {"as_of": "2026-04-01"}
    (before.stage / "manifest.json").write_text(json.dumps(manifest))
    staged = fake_run.write(tmp_path / "reports" / ".staging" / "2026-07-01")

    assert previous_folder(staged.stage) == before.stage
