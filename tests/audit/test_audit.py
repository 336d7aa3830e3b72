"""The audit finds what is wrong, by hand; and says nothing where nothing is."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.audit import Audit, audit_tables, clean_paths, gate, sample_quarantine
from helpers.audit.plots import plot_coverage, plot_spans
from helpers.contract import OUTPUTS
from helpers.contract.outputs import COMPANY_WIDE
from helpers.errors import GateError
from tests.company import AS_OF, make_tables, write_run

NO_ISSUES = pd.DataFrame(
    columns=["table", "column", "rule", "n_rows", "share", "example", "severity"]
)
NO_QUARANTINE = pd.DataFrame(columns=["table", "source_file", "row", "reason", "column"])


def audit_of(run: Run, quarantine: pd.DataFrame = NO_QUARANTINE) -> Audit:
    folder = run.path("01_data_audit", "accounts").parent
    return audit_tables(
        clean_paths(folder), run.config(), quarantine=quarantine, reading_issues=NO_ISSUES
    )


def audit_with(
    folder: Path, tables: dict[str, pd.DataFrame], without: Collection[str] = ()
) -> Audit:
    return audit_of(write_run(folder, tables, without=without))


def rows_of(audit: Audit, table: str, text: str) -> pd.DataFrame:
    issues = audit.issues
    return issues[(issues["table"] == table) & issues["rule"].str.contains(text, regex=False)]


def test_dates_before_sign_up_are_counted_with_their_share(tmp_path):  # D-05, D-13
    tables = make_tables()
    tickets = tables["tickets"]
    early = tickets.index[:3]
    signed = tables["accounts"].set_index("account_id")["signed_up_at"]
    tickets.loc[early, "opened_at"] = (
        tickets.loc[early, "account_id"].map(signed) - pd.Timedelta(days=2)
    ).to_numpy()
    found = rows_of(audit_with(tmp_path, tables), "tickets", "before the account signed up")
    assert found["n_rows"].tolist() == [3]
    assert found["share"].iloc[0] == pytest.approx(3 / len(tickets))
    assert found["example"].iloc[0].startswith("acc-")
    assert found["severity"].tolist() == ["warning"]


def test_what_a_fifth_of_the_rows_contradict_is_an_error(tmp_path):  # D-13
    tables = make_tables()
    tickets = tables["tickets"]
    tickets["opened_at"] = pd.Timestamp("2001-01-01", tz="UTC")
    found = rows_of(audit_with(tmp_path, tables), "tickets", "before the account signed up")
    assert (found["share"].iloc[0], found["severity"].iloc[0]) == (1.0, "error")
    assert found["example"].iloc[0].endswith(": 2001-01-01")  # a day, without its midnight


def test_contradicting_churn_labels_are_errors_in_both_directions(tmp_path):  # D-16
    tables = make_tables()
    accounts = tables["accounts"]
    churned = set(tables["outcomes"].query("outcome == 'churned'")["account_id"])
    stays = accounts.loc[~accounts["account_id"].isin(churned), "account_id"].iloc[0]
    accounts["claimed_churned"] = (accounts["account_id"] == stays).astype("boolean")
    audit = audit_with(tmp_path, tables)
    assert rows_of(audit, "accounts", "no churn is recorded")["n_rows"].tolist() == [1]
    unflagged = rows_of(audit, "accounts", "but a churn is recorded")
    assert unflagged["n_rows"].tolist() == [len(churned)]
    assert set(unflagged["severity"]) == {"error"}
    verdict = audit.fitness.set_index("analysis").loc["churn model"]
    assert f"{1 + len(churned)} accounts whose churn labels contradict" in verdict["because"] or (
        verdict["verdict"] == "not fit"
    )


@pytest.mark.parametrize(
    ("table", "start", "end"),
    [("tickets", "opened_at", "closed_at"), ("invoices", "issued_on", "paid_on")],
)
def test_an_end_before_its_beginning(tmp_path, table, start, end):
    tables = make_tables()
    frame = tables[table]
    row = frame[frame[end].notna()].index[0]
    frame.loc[row, end] = frame.loc[row, start] - pd.Timedelta(days=1)
    found = rows_of(audit_with(tmp_path, tables), table, f"earlier than {start}")
    assert found["n_rows"].tolist() == [1]


def test_unknown_users_are_counted_but_not_named(tmp_path):  # D-03, E-01
    tables = make_tables()
    tables["events"].loc[tables["events"].index[:5], "user_id"] = "nobody"
    found = rows_of(audit_with(tmp_path, tables), "events", "users table does not have")
    assert found["n_rows"].tolist() == [5]
    assert found["example"].tolist() == [""]


def test_a_clean_company_has_no_broken_rule(tmp_path):
    audit = audit_with(tmp_path, make_tables())
    assert audit.n_issues("error") == 0
    rules = audit.issues["rule"]
    assert not rules.str.contains("before the account|earlier than", regex=True).any()


def test_event_names_outside_the_catalogue_are_listed(tmp_path):  # D-04
    tables = make_tables()
    tables["events"].loc[tables["events"].index[:4], "event"] = "mystery"
    audit = audit_with(tmp_path, tables)
    mystery = audit.taxonomy.set_index("event").loc["mystery"]
    assert mystery["n_events"] == 4
    assert not mystery["in_catalogue"]
    found = rows_of(audit, "events", "catalogue does not have")
    assert "mystery" in found["example"].iloc[0]


def test_an_outage_is_told_from_silence(tmp_path):  # C15
    tables = make_tables()
    events = tables["events"]
    local = events["occurred_at"].dt.tz_convert("Europe/Berlin").dt.date
    counts = local.value_counts()
    middle = sorted(counts[counts >= counts.median()].index)[len(counts) // 4]
    tables["events"] = events[local != middle]
    audit = audit_with(tmp_path, tables)
    assert pd.Timestamp(middle) in set(audit.outages["day"])
    quiet = make_tables()
    only_one = quiet["events"]["account_id"] == "acc-01"
    quiet["events"] = quiet["events"][only_one & (quiet["events"].index % 40 == 0)]
    assert audit_with(tmp_path / "quiet", quiet).outages.empty


def test_freshness_and_history_are_measured_against_the_as_of_date(tmp_path):  # D-06, C17
    tables = make_tables()
    cut = pd.Timestamp("2026-06-01", tz="UTC")
    tables["events"] = tables["events"][tables["events"]["occurred_at"] < cut]
    audit = audit_with(tmp_path, tables)
    events = audit.fresh.set_index("table").loc["events"]
    assert events["stale"]
    assert events["days_old"] >= 29
    assert len(rows_of(audit, "events", "before the as-of date")) == 1
    short = make_tables(weeks=12)
    assert len(rows_of(audit_with(tmp_path / "short", short), "events", "6 or more")) == 1


def test_fault_A02_absent_tables_are_named_and_analyses_say_what_is_missing(tmp_path):
    audit = audit_with(tmp_path, make_tables(), without=["outcomes", "tickets", "users"])
    assert {"outcomes", "tickets", "users"} <= set(audit.absent)
    fitness = audit.fitness.set_index("analysis")
    assert fitness.loc["churn model", "verdict"] == "not fit"
    assert "no outcomes" in fitness.loc["churn model", "because"]
    assert "no users, tickets: their features are null" in fitness.loc["features", "because"]
    assert audit.groups["with_tickets"].isna().all()


def test_quarantined_rows_become_issues_with_file_and_row(tmp_path):
    quarantine = pd.DataFrame(
        {
            "table": ["events", "events", "events"],
            "source_file": ["e.csv", "e.csv", "e.csv"],
            "row": [9, 4, 7],
            "reason": ["orphan", "orphan", "future"],
            "column": ["account_id", "account_id", "occurred_at"],
        }
    )
    audit = audit_of(write_run(tmp_path), quarantine)
    orphan = rows_of(audit, "events", "quarantined: orphan").iloc[0]
    assert (orphan["n_rows"], orphan["example"]) == (2, "e.csv, row 4")
    assert rows_of(audit, "events", "future").iloc[0]["severity"] == "note"
    sample = sample_quarantine(quarantine, per_reason=1)
    assert sample[["reason", "row", "n_alike"]].to_numpy().tolist() == [
        ["future", 7, 1],
        ["orphan", 4, 2],
    ]


def test_one_giant_account_is_named_as_such(tmp_path):  # E07
    tables = make_tables()
    events = tables["events"]
    tables["events"] = events[events["account_id"].isin(["acc-12", "acc-04"])]
    audit = audit_with(tmp_path, tables)
    assert len(rows_of(audit, "events", "of all events")) == 1
    assert audit.spread["n_silent"] == len(tables["accounts"]) - 2


def test_plots_draw_the_tables(tmp_path):
    audit = audit_with(tmp_path, make_tables())
    whole = audit.weeks[audit.weeks["n_days"] >= 7]
    line = plot_coverage(audit.weeks, audit.outages).lines[0]
    assert line.get_ydata().tolist() == (whole["n_events"] / 1000).tolist()
    bars = plot_spans(audit.fresh, pd.Timestamp("2026-07-01")).patches
    assert len(bars) == len(audit.fresh)


def publishable(folder: Path) -> Run:
    run = write_run(folder)
    ids = ["acc-01", "acc-02"]
    as_of = pd.Timestamp("2026-07-01")
    run.write(
        "02_feature_engineering",
        "features",
        pd.DataFrame({"account_id": ids, "as_of": as_of, "events__n_30d": [1.0, 2.0]}),
    )
    labels = {"horizon_days": 90, "churned": None, "upgraded": None, "censored": True}
    run.write(
        "02_feature_engineering",
        "labels",
        pd.DataFrame({"account_id": ids, "as_of": as_of, **labels}),
    )
    dictionary = {"feature": ["events__n_30d"], "meaning": "x", "unit": "events"}
    run.write(
        "02_feature_engineering",
        "dictionary",
        pd.DataFrame(dictionary | {"window_days": 30, "family": "usage", "sources": "events"}),
    )
    return run


BOTH = ["01_data_audit", "02_feature_engineering"]


def test_the_gate_lets_a_sound_run_pass(tmp_path):
    run = publishable(tmp_path)
    gate(run, run.config(), BOTH)


def test_the_gate_looks_for_opted_out_accounts_in_every_table_of_accounts(tmp_path):  # E-02
    run = publishable(tmp_path)
    labels = run.read("02_feature_engineering", "labels")
    row = dict.fromkeys(labels.columns) | {"account_id": "acc-09", "as_of": AS_OF}
    run.write("02_feature_engineering", "labels", pd.DataFrame([row]))
    with pytest.raises(GateError, match=r"labels: 1 accounts that opted out, e\.g\. 'acc-09'"):
        gate(run, run.config(), BOTH)


def test_the_gate_knows_an_incident_of_the_product_from_an_unknown_account(tmp_path):  # N-19
    run = publishable(tmp_path)
    row = dict.fromkeys(OUTPUTS["05_anomaly_review"]["alerts"]) | {"account_id": COMPANY_WIDE}
    scores = pd.DataFrame(columns=OUTPUTS["05_anomaly_review"]["scores"])
    run.write("05_anomaly_review", "scores", scores)
    run.write("05_anomaly_review", "alerts", pd.DataFrame([row]))
    gate(run, run.config(), [*BOTH, "05_anomaly_review"])

    run.write("05_anomaly_review", "alerts", pd.DataFrame([row | {"account_id": "zzz"}]))
    with pytest.raises(GateError, match="05_anomaly_review/alerts: 1 accounts unknown"):
        gate(run, run.config(), [*BOTH, "05_anomaly_review"])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"events__n_30d": [float("inf"), 1.0]}, "holds 1 infinite values"),
        ({"account_id": ["acc-01", "acc-01"]}, "1 accounts twice at one as-of date"),
        ({"account_id": ["acc-01", "zzz"]}, "1 accounts unknown, e.g. 'zzz'"),
        ({"account_id": ["acc-01", "acc-09"]}, "1 accounts that opted out, e.g. 'acc-09'"),
        ({"as_of": pd.Timestamp("2026-06-01")}, "features are as of 2026-06-01, the run as of"),
    ],
)
def test_the_gate_refuses_what_contradicts_itself(tmp_path, change, complaint):  # E21, R1-R5
    run = publishable(tmp_path)
    features = run.read("02_feature_engineering", "features").assign(**change)
    run.write("02_feature_engineering", "features", features)
    with pytest.raises(GateError, match="computed, but not published") as caught:
        gate(run, run.config(), BOTH)
    assert complaint in str(caught.value)


def test_the_gate_counts_rows(tmp_path):  # R3
    run = publishable(tmp_path)
    rows = run.read("01_data_audit", "reconciliation")
    rows.loc[0, "rows_kept"] -= 1
    run.write("01_data_audit", "reconciliation", rows)
    with pytest.raises(GateError, match="accounts: 12 rows in, but 11 kept"):
        gate(run, run.config(), BOTH)
