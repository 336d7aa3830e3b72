"""Faults that only the audit can see: rows that are sound and yet cannot all be true."""

import pandas as pd
import pytest

from tests.audit.test_audit import audit_with, rows_of
from tests.company import make_tables


def test_fault_B13_an_id_that_was_in_use_before_its_customer_signed_up_warns(tmp_path):
    tables = make_tables()
    accounts = tables["accounts"]
    used = tables["events"]["account_id"].value_counts().index[0]  # handed to a new customer
    middle = tables["events"].loc[tables["events"]["account_id"] == used, "occurred_at"].median()
    accounts.loc[accounts["account_id"] == used, "signed_up_at"] = middle
    before = tables["events"]["account_id"].eq(used) & (
        tables["events"]["occurred_at"].dt.date < middle.date()
    )

    audit = audit_with(tmp_path, tables)

    found = rows_of(audit, "events", "dated before the account signed up").iloc[0]
    assert found["n_rows"] == before.sum() > 10
    assert found["share"] == pytest.approx(before.mean())
    assert found["severity"] in ("warning", "error")
    assert found["example"].startswith(f"{used}: ")
    assert "which of the two dates" in found["remedy"]


def test_fault_C17_a_stale_table_warns_where_that_is_asked_for(tmp_path):
    from helpers.audit import audit_tables, clean_paths
    from helpers.config.models import Freshness
    from tests.audit.test_audit import NO_ISSUES, NO_QUARANTINE
    from tests.company import AS_OF, write_run

    tables = make_tables()
    tickets = tables["tickets"]
    old = AS_OF.tz_localize("UTC") - pd.Timedelta(days=40)
    tables["tickets"] = tickets[tickets["opened_at"] < old]
    run = write_run(tmp_path, tables)
    config = run.config()

    def stale(config):
        folder = run.path("01_data_audit", "accounts").parent
        audit = audit_tables(clean_paths(folder), config, quarantine=NO_QUARANTINE,
                             reading_issues=NO_ISSUES)  # fmt: skip
        return rows_of(audit, "tickets", "days before the as-of date")

    assert stale(config).empty
    asked = config.model_copy(update={"freshness": {"tickets": Freshness(warn_after_days=30)}})
    found = stale(asked)
    assert found["severity"].tolist() == ["warning"]
    days = int(found["rule"].iloc[0].split()[2])
    assert days >= 39
    patient = {"tickets": Freshness(warn_after_days=days)}
    assert stale(config.model_copy(update={"freshness": patient})).empty


def test_a_group_that_is_partly_missing_from_a_source_is_named(tmp_path):
    # D-13: who is missing from the data
    tables = make_tables(n_accounts=40)
    accounts = tables["accounts"]
    accounts["region"] = ["North"] * 20 + ["South"] * 20
    lost = set(accounts["account_id"].iloc[20:28])
    tables["events"] = tables["events"][~tables["events"]["account_id"].isin(lost)]

    audit = audit_with(tmp_path, tables)

    shares = audit.groups[audit.groups["column"] == "region"].set_index("group")["with_events"]
    seen = accounts["account_id"].isin(tables["events"]["account_id"]).groupby(accounts["region"])
    assert shares.to_dict() == pytest.approx(seen.mean().to_dict())
    gap = shares["North"] - shares["South"]
    assert gap > 0.3
    found = rows_of(audit, "accounts", f"share of accounts with events differs by {gap:.0%}")
    assert found["example"].tolist() == ["South"]
    assert "Results say less about this group" in found["remedy"].iloc[0]
