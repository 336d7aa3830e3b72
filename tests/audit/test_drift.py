"""A delivery that is unlike the last one, and ids that do not find their account."""

import json

import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.audit import audit_tables, clean_paths, gate
from helpers.audit.drift import earlier_run
from helpers.errors import GateError
from tests.audit.test_audit import NO_ISSUES, NO_QUARANTINE
from tests.company import make_tables, write_run


def placed(folder, tables, path):
    """Write a run and put its folder where a published or a running one lies."""
    run = write_run(folder, tables)
    path.parent.mkdir(parents=True, exist_ok=True)
    run.stage.rename(path)
    return Run(folder, "tiny", path)


def compared(tmp_path, tables):
    """Publish the tiny company a week earlier, deliver it again, and compare."""
    before = placed(tmp_path / "a", make_tables(), tmp_path / "reports" / "before")
    config = before.config()
    week_before = pd.Timestamp(config.as_of) - pd.Timedelta(days=7)
    facts = {"company": config.company.name, "as_of": str(week_before.date())}
    (before.stage / "manifest.json").write_text(json.dumps(facts))
    run = placed(tmp_path / "b", tables, tmp_path / "reports" / ".staging" / "now")
    earlier = earlier_run(run, run.config())
    assert earlier is not None
    audit = audit_tables(
        clean_paths(run.path("01_data_audit", "accounts").parent), run.config(),
        quarantine=NO_QUARANTINE, reading_issues=NO_ISSUES, earlier=earlier,
    )  # fmt: skip
    return run, audit.changes


def test_fault_D10_a_change_of_unit_is_not_published(tmp_path):
    # D-14
    tables = make_tables()
    _, steady = compared(tmp_path / "steady", make_tables())
    assert set(steady["state"]) <= {"as before", "fewer rows"}
    events = tables["events"]
    assert events["duration_s"].notna().sum() > 100
    tables["events"] = events.assign(duration_s=events["duration_s"] / 60)  # seconds to minutes
    run, changes = compared(tmp_path / "scaled", tables)
    jumped = changes[changes["state"] == "jumped"]
    assert set(jumped["table"]) == {"events"}
    assert jumped["measure"].str.startswith("median of duration_s").all()
    assert jumped["ratio"].between(1 / 80, 1 / 40).all()
    run.write("01_data_audit", "changes", changes)
    with pytest.raises(
        GateError, match=r"events: the median of duration_s .* has its unit changed"
    ):
        gate(run, run.config(), [])


def test_a_company_is_compared_with_itself_and_with_an_earlier_date_only(tmp_path):
    reports = tmp_path / "reports"
    run = placed(tmp_path / "a", make_tables(), reports / ".staging" / "now")
    config = run.config()
    for name, company, as_of in (
        ("later", config.company.name, str(config.as_of)),
        ("other", "Somebody else", "2020-01-01"),
    ):
        (reports / name).mkdir(parents=True)
        (reports / name / "manifest.json").write_text(
            json.dumps({"company": company, "as_of": as_of})
        )
    (reports / "broken").mkdir()
    (reports / "broken" / "manifest.json").write_text("{")
    assert earlier_run(run, config) is None
    audit = audit_tables(
        clean_paths(run.path("01_data_audit", "accounts").parent), config,
        quarantine=NO_QUARANTINE, reading_issues=NO_ISSUES,
    )  # fmt: skip
    assert audit.changes.empty


def test_identity_counts_unmatched_and_respelled_rows_by_source(tmp_path):
    # D-03
    run = write_run(tmp_path, make_tables())
    rows = pd.DataFrame({"table": ["accounts", "tickets", "calendar"], "rows_in": [12, 200, 3]})
    held = pd.DataFrame(
        {"table": "tickets", "source_file": "t.csv", "row": [2, 3, 4],
         "reason": ["orphan", "orphan", "missing account_id"], "column": "account_id"}
    )  # fmt: skip
    rule = "ids that differ only in case or blanks from those of accounts"
    row = ["tickets", "account_id", rule, 10, 0.05, "", "note"]
    noted = pd.DataFrame([row], columns=NO_ISSUES.columns).assign(remedy="")
    audit = audit_tables(
        clean_paths(run.path("01_data_audit", "accounts").parent), run.config(),
        quarantine=held, reading_issues=noted, reconciliation=rows,
    )  # fmt: skip
    tickets = audit.identity.set_index("table").loc["tickets"]
    assert tickets[["unmatched", "without_id", "respelled"]].tolist() == [2, 1, 10]
    assert tickets["unmatched_share"] == pytest.approx(3 / 200)
    assert tickets["respelled_share"] == pytest.approx(0.05)
