"""Dirt is counted again in the raw files, without the writer's own tally."""

import json

import pandas as pd

from tests.sources.demo.conftest import Written


def raw(written: Written, sql: str) -> int:
    source = f"'{written.folder}/product/events/part-*.parquet'"
    return int(written.frame(sql.format(events=source)).iloc[0, 0])


def test_event_dirt_is_as_counted(brightdesk: Written) -> None:
    # D-16 faults B08, B09, B11, C06
    dirt = json.loads((brightdesk.folder / "truth/dirt.json").read_text())
    assert dirt["events_without_account"] == raw(
        brightdesk, "SELECT count(*) FROM {events} WHERE org_id IS NULL"
    )
    assert dirt["orphan_events"] == raw(
        brightdesk, "SELECT count(*) FROM {events} WHERE org_id = 'BD-99999999'"
    )
    assert dirt["events_outside_catalogue"] == raw(
        brightdesk, "SELECT count(*) FROM {events} WHERE event_name = 'legacy_widget'"
    )
    assert dirt["events_after_the_end"] == raw(
        brightdesk, "SELECT count(*) FROM {events} WHERE event_time > TIMESTAMP '2026-07-02'"
    )
    assert dirt["duplicate_events"] == raw(
        brightdesk, "SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM {events}))"
        " FROM {events}"
    )  # fmt: skip
    assert dirt["conflicting_events"] == raw(
        brightdesk,
        "SELECT count(*) - count(DISTINCT event_uuid) FROM (SELECT DISTINCT * FROM {events})",
    )  # fmt: skip


def test_dirt_stays_small_and_is_planted_as_a_fact(brightdesk: Written) -> None:
    dirt = json.loads((brightdesk.folder / "truth/dirt.json").read_text())
    events = raw(brightdesk, "SELECT count(*) FROM {events}")
    assert sum(n for name, n in dirt.items() if "event" in name) < 0.005 * events
    for name, n in dirt.items():
        assert brightdesk.planted.loc[f"D-12.{name}", "planted"] == n > 0


def test_tickets_and_invoices_have_their_dirt(brightdesk: Written) -> None:
    dirt = json.loads((brightdesk.folder / "truth/dirt.json").read_text())
    lines = (brightdesk.folder / "support/tickets.jsonl").read_text().splitlines()
    tickets = pd.DataFrame(map(json.loads, lines))
    when = pd.to_datetime(tickets["opened"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    assert when.isna().sum() == dirt["unreadable_ticket_times"] < 0.02 * len(tickets)
    known = set(brightdesk.csv("crm/accounts.csv").customer_id)
    assert (~tickets["org"].isin(known)).sum() == dirt["decorated_ids_tickets"] > 0
    assert tickets["org"].str.strip().str.upper().isin(known).all()
    invoices = brightdesk.csv("billing/invoices.csv", delimiter=";")
    assert (~invoices.customer_id.isin(known)).sum() == dirt["decorated_ids_invoices"] > 0
    assert invoices.customer_id.str.upper().isin(known).all()


def test_hostile_names_are_in_the_crm(brightdesk: Written) -> None:
    names = set(brightdesk.csv("crm/accounts.csv").company_name)
    assert {"<script>alert(1)</script>", '=HYPERLINK("http://x")', "$x_{$"} <= names


def test_invoices_are_written_day_first_with_a_decimal_comma(brightdesk: Written) -> None:
    invoices = brightdesk.csv("billing/invoices.csv", delimiter=";", dtype=str)
    days = invoices.issued.str.extract(r"^(\d\d)/(\d\d)/(\d{4})$").astype(int)
    assert days[0].max() > 12  # proves day first
    assert days[1].max() <= 12
    assert invoices.amount_eur.str.fullmatch(r"(\d{1,3}\.)*\d{1,3},\d\d").all()
    assert invoices.amount_eur.str.contains(r"\.").any()
