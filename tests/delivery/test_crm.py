"""The table for the CRM: J10 to J12, B-11."""

import csv
import hashlib
import json

import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.config.delivery import Crm
from helpers.delivery import prepare_deliveries
from helpers.delivery.crm import crm_table, export_crm
from helpers.errors import GateError
from tests.delivery.made import config as delivery_config
from tests.report import fake_run

AS_OF, BEFORE = pd.Timestamp("2026-07-01"), pd.Timestamp("2026-06-01")


def made(folder, *, segments=None, ids=None):
    """Write a run of 40 accounts, all Casual Users unless told otherwise."""
    run = fake_run.write(folder)
    run.path("05_anomaly_review", "alerts").unlink()  # the small one there lacks what is promised
    accounts = run.read("01_data_audit", "accounts")
    if ids is not None:
        accounts["account_id"] = ids
        accounts.to_parquet(run.path("01_data_audit", "accounts"), index=False)
    now = segments or ["Casual Users"] * len(accounts)
    rows = [
        {
            "account_id": key,
            "as_of": date,
            "segment": segment,
            "lifecycle_stage": "Established",
            "engagement_level": "Moderately Engaged",
            "rfm_segment": "Loyal",
        }
        for date, labels in ((BEFORE, ["At Risk"] * len(accounts)), (AS_OF, now))
        for key, segment in zip(accounts["account_id"], labels, strict=True)
    ]
    pd.DataFrame(rows).to_parquet(run.target("03_segmentation", "assignments"), index=False)
    return run


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_row_a_live_account_with_what_was_before(tmp_path):  # B-11
    segments = ["Churned", "At Risk"] + ["Casual Users"] * 38
    rows = read(export_crm(made(tmp_path / "r", segments=segments), Crm()))
    by_id = {row["account_id"]: row for row in rows}
    assert "A000" not in by_id, "it has left"
    assert "A005" not in by_id, "it opted out"
    assert len(rows) == 38
    assert by_id["A001"]["segment_changed_on"] == "2026-06-01"
    assert by_id["A002"]["segment_prev"] == "At Risk"
    assert by_id["A002"]["segment_changed_on"] == "2026-07-01"
    assert by_id["A001"]["next_action"]


def test_fields_have_the_names_of_the_crm(tmp_path):  # B-11
    settings = Crm(system="salesforce", key="Playbook_Id__c", fields={"segment": "CS_Segment__c"})
    rows = read(export_crm(made(tmp_path / "r"), settings))
    assert {"Playbook_Id__c", "CS_Segment__c", "as_of"} <= set(rows[0])
    with pytest.raises(GateError, match="names \\['colour'\\]"):
        export_crm(made(tmp_path / "q"), Crm(fields={"colour": "X"}))


def test_fault_J10_the_mark_tells_an_importer_that_the_file_is_whole(tmp_path):
    run = made(tmp_path / "r")
    path = export_crm(run, Crm())
    mark = json.loads(path.with_name("crm_accounts.csv.done").read_text())
    assert mark == {"rows": 39, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert not list(path.parent.glob("*.tmp"))


def test_fault_J11_an_empty_column_is_not_handed_over(tmp_path):
    run = made(tmp_path / "r")
    known = crm_table(run)
    assert "health_score" not in known, "this run has no health: it must not wipe the field"
    assert not known.isna().all().any()


def test_fault_J11_too_many_changes_are_refused_and_few_are_not(tmp_path):
    before = made(tmp_path / "2026-06-01")
    moved = ["At Risk"] * 25 + ["Casual Users"] * 15
    now = made(tmp_path / "2026-07-01", segments=moved)
    with pytest.raises(GateError, match="24 of 39 accounts have another segment"):
        export_crm(now, Crm(), before=before)
    assert not now.export("crm_accounts.csv").exists()
    assert export_crm(now, Crm(max_changed_share=0.7), before=before)
    few = made(tmp_path / "x", segments=["At Risk"] * 5 + ["Casual Users"] * 35)
    assert export_crm(few, Crm(), before=before)


def test_fault_J11_a_salesforce_id_has_18_characters(tmp_path):
    with pytest.raises(GateError, match=r"are not Salesforce's 18 characters, e.g. 'A000'"):
        export_crm(made(tmp_path / "r"), Crm(system="salesforce", key="Id"))
    ids = [f"0015g00000{i:05d}AAA" for i in range(40)]
    assert export_crm(made(tmp_path / "s", ids=ids), Crm(system="salesforce", key="Id"))


def test_fault_J12_ids_that_differ_in_capitals_only_are_refused(tmp_path):
    ids = [f"A{i:03d}" for i in range(38)] + ["abc", "ABC"]
    with pytest.raises(GateError, match=r"2 ids differ in capitals only, e.g. 'ABC'"):
        export_crm(made(tmp_path / "r", ids=ids), Crm())


def test_fault_F01_an_id_that_is_a_formula_is_put_aside(tmp_path):
    ids = ["=1+1"] + [f"A{i:03d}" for i in range(1, 40)]
    run = made(tmp_path / "r", ids=ids)
    rows = read(export_crm(run, Crm()))
    assert len(rows) == 38
    aside = run.export("crm_rejected.csv").read_text(encoding="utf-8-sig")
    assert "'=1+1" in aside


def test_a_refused_table_stops_a_report_only_where_a_crm_takes_it(tmp_path):
    ids = [f"A{i:03d}" for i in range(38)] + ["abc", "ABC"]
    run = made(tmp_path / "r", ids=ids)
    with pytest.raises(GateError):
        prepare_deliveries(run, delivery_config(crm={"key": "Playbook_Id__c"}))
    prepare_deliveries(run, delivery_config())
    assert not run.export("crm_accounts.csv").exists()
    assert not run.export("crm_accounts.csv.done").exists()
    assert "differ in capitals only" in run.export("crm_accounts.refused.txt").read_text()


def test_without_segments_there_is_no_file(tmp_path):
    run = Run(tmp_path, "r", tmp_path / "r")
    assert export_crm(run, Crm()) is None
    assert not run.export("crm_accounts.csv").exists()
