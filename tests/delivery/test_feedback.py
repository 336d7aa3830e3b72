"""The sheet goes out, is filled in as spreadsheets do, and comes back: K-01, J13, J15."""

import io

import pandas as pd
import pytest

from helpers.delivery.feedback import export_feedback_sheet
from helpers.sources import read_company
from tests.delivery import made
from tests.sources.made import config, out_of, write

FILLED = "verdict is not null and verdict <> ''"


@pytest.fixture
def sheet(tmp_path):
    run = made.published(tmp_path / "reports" / "2026-07-01")
    return export_feedback_sheet(run, as_of="2026-07-01")


def frame_of(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_one_row_an_alert_and_a_call_without_verdicts(sheet):
    rows = frame_of(sheet)
    alerts = rows[rows["item"].str.startswith("alert:")]
    assert set(alerts["account_id"]) == {"A010", "A011", "A030", "A031"}, "A005 opted out"
    assert set(alerts["item"]) == {"alert:user_attrition", "alert:usage_drop", "alert:usage_spike"}
    assert (rows["verdict"] == "").all()
    assert not rows.duplicated(["account_id", "item"]).any()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_fault_J13_what_a_spreadsheet_saved_comes_back(
    sheet, tmp_path, encoding, delimiter
):  # K-01
    rows = frame_of(sheet)
    note = "=1+1 <b>größer</b>"  # J15: text stays text
    hit = (rows["account_id"] == "A010") & (rows["item"] == "alert:user_attrition")
    rows.loc[hit, ["verdict", "action", "minutes", "note"]] = ["confirmed", "call", "30", note]
    rows.loc[rows["account_id"] == "A030", "verdict"] = "false_positive"
    rows = rows.sample(frac=1, random_state=3)[[*rows.columns[::-1]]]
    told = rows.drop(columns="told")  # symbols that cp1252 cannot hold
    told["csm"] = told["csm"].str.strip()
    held = io.StringIO()
    told.to_csv(held, index=False, sep=delimiter, lineterminator="\r\n")
    ids = sorted(rows["account_id"].unique())
    accounts = "account_id,signed_up_at\n" + "".join(f"{one},2024-01-01\n" for one in ids)
    events = "account_id,event,occurred_at\n" + "".join(
        f"{one},login,2026-08-01T08:00:00Z\n" for one in ids
    )
    data = write(
        tmp_path / "data",
        accounts_csv=accounts,
        events_csv=events,
        feedback_csv=held.getvalue().encode(encoding, "replace"),
    )
    source = {"files": "feedback.csv", "where": FILLED, "delimiter": delimiter}
    source |= {"encoding": "cp1252"} if encoding == "cp1252" else {}
    company = config(feedback=source)
    read_company(company, data, out_of(data), as_of=pd.Timestamp("2026-08-02").date())
    back = pd.read_parquet(out_of(data) / "feedback.parquet")
    verdicts = {(r.account_id, r.item): r.verdict for r in back.itertuples()}
    assert verdicts[("A010", "alert:user_attrition")] == "confirmed"
    assert verdicts[("A030", "alert:usage_drop")] == "false_positive"
    assert len(back) == int((rows["verdict"] != "").sum())
    mine = back[back["account_id"] == "A010"].iloc[0]
    assert (mine["note"], mine["minutes"]) == (note, 30)
    assert (back["as_of"] == pd.Timestamp("2026-07-01")).all()
