"""A proposal for someone's own files: it loads, it reads, and it says where it guesses."""

import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from helpers.config import load_config
from helpers.config.strict_yaml import read_yaml
from helpers.errors import ConfigError, InputError
from helpers.sources import check_files, propose, read_company
from helpers.sources.proposal.names import normalise, synonyms, tokens
from helpers.sources.proposal.profile import profile
from helpers.sources.proposal.yaml_text import flow, scalar
from tests.sources.made import ACCOUNTS, EVENTS, counts, write

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def proposed(folder, tmp_path):
    """The proposal as text, as configuration, and what reading with it gives."""
    text = propose(folder)
    path = tmp_path / "proposed.yaml"
    path.write_text(text)
    config = load_config(path)
    return text, config, read_company(config, folder, tmp_path / "out")


def test_plain_files_need_no_doubt_about_their_columns(tmp_path):
    folder = write(tmp_path / "data")

    text, config, reading = proposed(folder, tmp_path)

    assert sorted(config.sources) == ["accounts", "events"]
    assert counts(reading)["rows_kept"] == 3
    columns = [line for line in text.splitlines() if line.startswith("      ")]
    assert len(columns) == 6
    assert not any("# ?" in line for line in columns)
    assert "  login: [login]  # ? from the words in the names" in text


def test_german_names_are_known_with_and_without_umlauts(tmp_path):
    folder = write(
        tmp_path / "data",
        Kunden_csv="Kundennummer;Firma;Kunde seit;Branche;Betreuer;Monatsumsatz\n"
        "1001;Müller GmbH;31.12.2023;Handel;Öztürk;1.234,50\n"
        "1002;Weiß AG;01.02.2024;Bau;Groß;99,00\n",
        Nutzung_csv="Kundennummer;Aktion;Zeitpunkt;Benutzer\n"
        + "".join(f"100{n % 2 + 1};Anmeldung;{n % 27 + 1:02}.03.2024 08:00;u{n % 3}\n"
                  for n in range(40)),
        Rechnungen_csv="Rechnungsnummer;Kundennummer;Rechnungsdatum;Fällig am;Betrag\n"
        "R1;1001;01.03.2024;15.03.2024;100,00\nR2;1002;02.03.2024;16.03.2024;80,50\n",
    )  # fmt: skip
    for name in ("accounts.csv", "events.csv"):
        (folder / name).unlink()

    _, config, reading = proposed(folder, tmp_path)

    def origin(table):
        return {n: e.column for n, e in config.sources[table][0].columns.items() if e is not None}

    assert origin("accounts") == {
        "account_id": "Kundennummer", "name": "Firma", "signed_up_at": "Kunde seit",
        "industry": "Branche", "csm": "Betreuer", "mrr": "Monatsumsatz",
    }  # fmt: skip
    assert origin("events") == {"account_id": "Kundennummer", "event": "Aktion",
                                "occurred_at": "Zeitpunkt", "user_id": "Benutzer"}  # fmt: skip
    assert origin("invoices") == {"invoice_id": "Rechnungsnummer", "account_id": "Kundennummer",
                                  "issued_on": "Rechnungsdatum", "due_on": "Fällig am",
                                  "amount": "Betrag"}  # fmt: skip
    assert config.roles.login == ["Anmeldung"]
    assert (reading.reconciliation["rows_kept"] == reading.reconciliation["rows_in"]).all()


def test_names_of_other_systems_are_known(tmp_path):
    folder = write(
        tmp_path / "data",
        accounts_csv="",
        events_csv="",
        Companies_csv="CustomerID;Company Name;created_date;plan_tier;MRR;ChurnStatus\n"
        "C-1;Acme;31.12.2023;Pro;1.234,50;active\nC-2;Bolt;01.02.2024;Basic;99,00;cancelled\n",
        product_usage_jsonl="".join(
            json.dumps({"org_id": f"C-{n % 2 + 1}", "action": "login", "ts": 1709287200000 + n,
                        "session_ms": n}) + "\n" for n in range(50)),
    )  # fmt: skip
    for name in ("accounts.csv", "events.csv"):
        (folder / name).unlink()

    text, config, reading = proposed(folder, tmp_path)

    accounts, events = config.sources["accounts"][0], config.sources["events"][0]
    assert (accounts.delimiter, accounts.date_order) == (";", "dmy")
    assert accounts.columns["account_id"].column == "CustomerID"
    assert accounts.columns["mrr"].number.decimal == ","
    assert events.columns["event"].column == "action"
    assert events.columns["occurred_at"].format == "epoch_ms"
    assert counts(reading)["rows_kept"] == 50
    frame = pd.read_parquet(tmp_path / "out" / "accounts.parquet")
    assert frame["mrr"].tolist() == [1234.5, 99.0]
    assert "not used: session_ms" in text


def test_an_account_that_only_another_file_knows_is_looked_up(tmp_path):
    folder = write(
        tmp_path / "data",
        subscriptions_csv="subscription_id,account_id,start_date,end_date,plan\n"
        "S1,A1,2024-01-01,,Pro\nS2,A2,2024-01-01,2024-12-31,Basic\n",
        events_csv="usage_id,subscription_id,usage_date,feature_name\n"
        "U1,S1,2024-03-01,boards\nU2,S2,2024-03-01,boards\nU3,S1,2024-03-02,exports\n",
    )

    text, config, reading = proposed(folder, tmp_path)

    source = config.sources["events"][0]
    assert source.columns["account_id"].column == "subscription.account_id"
    assert source.lookups["subscription"].valid_from == "start_date"
    assert "event: feature_name  # ?" in text
    assert counts(reading)["rows_kept"] == 3


def test_without_accounts_they_are_folded_from_the_events(tmp_path):
    rows = "".join(
        f"I{n // 2},{n % 7},{n % 5 - 1},{n % 3}.50,{1 + n % 12}/{13 + n % 15}/2024 10:00,"
        f"{'' if n % 10 == 9 else 100 + n % 4}.0\n".replace(",.0\n", ",\n")
        for n in range(200)
    )
    folder = tmp_path / "data"
    folder.mkdir()
    head = "Invoice,StockCode,Quantity,Price,InvoiceDate,Customer ID\n"
    (folder / "order_lines.csv").write_text(head + rows)

    text, config, reading = proposed(folder, tmp_path)

    assert "accounts:  # ? derived from order_lines" in text
    assert config.sources["accounts"][0].group_by == ["Customer ID"]
    assert config.sources["events"][0].date_order == "mdy"
    assert counts(reading, "accounts")["rows_kept"] == 4
    frame = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert sorted(set(frame["account_id"])) == ["100", "101", "102", "103"]
    assert set(frame["event"]) == {"bought", "returned"}
    assert "invoices" in config.sources


def test_who_churned_is_taken_from_the_accounts_where_only_they_know(tmp_path):
    accounts = (
        "account_id,name,signup_date,churned,last_paid_through\n"
        "A1,Acme,2024-01-01,1,2024-03-03\nA2,Bolt,2024-01-05,0,2024-09-09\n"
    )
    folder = write(tmp_path / "data", accounts_csv=accounts)

    text, _, _ = proposed(folder, tmp_path)

    assert "occurred_at: last_paid_through  # ? the day that those left whom churned marks?" in text
    assert "churn_after_silent_days" not in text
    outcomes = pd.read_parquet(tmp_path / "out" / "outcomes.parquet")
    assert outcomes["account_id"].tolist() == ["A1"]
    assert outcomes["outcome"].tolist() == ["churned"]


def test_a_churn_flag_without_a_day_is_said_to_lack_it(tmp_path):
    accounts = "account_id,name,signup_date,churned\nA1,Acme,2024-01-01,1\nA2,B,2024-01-05,0\n"
    folder = write(tmp_path / "data", accounts_csv=accounts)

    text, config, _ = proposed(folder, tmp_path)

    assert "churn_after_silent_days: 90  # ? churned says who, not when" in text
    assert "outcomes" not in config.sources


def test_dates_that_prove_nothing_are_doubted(tmp_path):
    text = (
        EVENTS.replace("2024-03-01T08:00:00Z", "01/02/2024")
        .replace("2024-03-01T09:00:00Z", "03/02/2024")
        .replace("2024-03-02T10:00:00Z", "03/04/2024")
    )
    folder = write(tmp_path / "data", events_csv=text)

    assert "date_order: dmy  # ? the dates prove neither dmy nor mdy" in propose(folder)


def test_no_events_is_said_and_the_file_does_not_pretend(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "accounts.csv").write_text(ACCOUNTS)

    text = propose(folder)

    assert "This file will not load yet: nothing here looks like events" in text
    assert "Required columns: account_id, event, occurred_at" in text
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"sources.events: missing"):
        load_config(tmp_path / "p.yaml")


def test_parts_databases_and_encodings_are_declared(tmp_path):
    folder = write(tmp_path / "data", events_csv="")
    (folder / "events.csv").unlink()
    (folder / "accounts.csv").write_bytes(ACCOUNTS.replace("Bolt", "Bölt").encode("cp1252"))
    rows = [line.split(",") for line in EVENTS.splitlines()]
    for n, row in enumerate(rows[1:]):
        pd.DataFrame([row], columns=rows[0]).to_parquet(folder / f"events-{n}.parquet")
    with sqlite3.connect(folder / "desk.sqlite") as base:
        base.execute("CREATE TABLE tickets (ticket_id TEXT, account_id TEXT, opened_at TEXT)")
        base.execute("INSERT INTO tickets VALUES ('T1', 'A1', '2024-03-01')")
    base.close()

    text, config, reading = proposed(folder, tmp_path)

    assert config.sources["accounts"][0].encoding == "cp1252"
    assert config.sources["events"][0].files == ["events-*.parquet"]
    assert "completeness: assumed  # ?" in text
    assert config.sources["tickets"][0].table == "tickets"
    assert counts(reading, "tickets")["rows_kept"] == 1


@pytest.mark.parametrize(
    "name", ['a"b', "x: y", "# no comment", "{z}", "null", "ü\n", "1e5", "a # b"]
)
def test_odd_names_make_no_odd_yaml(tmp_path, name):
    quoted = '"' + name.replace('"', '""').replace("\n", " ") + '"'
    folder = write(tmp_path / "data", events_csv=EVENTS.replace(",event,", f",event,{quoted},", 1)
                   .replace("login", "login,1").replace("export", "export,1"))  # fmt: skip
    (folder / "odd name, # 1.csv").write_text(f"{quoted},b\n1,2\n")

    text, config, _ = proposed(folder, tmp_path)

    assert len(config.sources) == 2
    assert text.count("version: 1") == 1


@pytest.mark.parametrize(
    "value",
    ["plain", "two words", "a: b", "#x", "yes", "null", "3", "1e5", 'q"', "é", "", " x", "~"],
)
def test_a_scalar_comes_back_as_it_was(tmp_path, value):
    path = tmp_path / "x.yaml"
    path.write_text(f"a: {scalar(value)}\nb: {flow({'c': [value, 3, None, True]})}\n")

    assert read_yaml(path).values == {"a": value, "b": {"c": [value, 3, None, True]}}


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no table found below"):
        propose(tmp_path)
    with pytest.raises(InputError, match="data folder not found"):
        propose(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("cells", "kind", "style"),
    [
        (["2024-01-01", "2024-01-02T10:00:00Z"], "date", "iso"),
        (["13/01/2024", "01/02/2024"], "date", "dmy"),
        (["1/13/2024 7:45", "1/2/2024 8:00"], "date", "mdy"),
        (["01/02/2024", "03/04/2024"], "date", "unclear"),
        (["20240101", "20240102"], "date", "%Y%m%d"),
        (["1709287200", "1709287201"], "date", "epoch_s"),
        (["1.5", "2", "-3e2"], "number", "plain"),
        (["1.234,50", "99,00", "7"], "number", "comma"),
        (["1,234.50", "99.00"], "number", "thousands"),
        (["yes", "no", "Yes"], "boolean", ""),
        (["a", "b"], "text", ""),
        (["", None], "empty", ""),
        (["5", "None", "7"], "number", "plain"),
    ],
)
def test_a_column_is_what_its_values_are(cells, kind, style):
    found = profile("x", cells)

    assert (found.kind, found.style) == (kind, style)


def test_null_words_count_only_where_the_rest_has_a_type():
    assert profile("x", ["5", "None", "7"]).null_words == ("None",)
    assert profile("x", ["DE", "NA", "GB"]).null_words == ()


def test_names_are_compared_by_their_words():
    assert normalise("CustomerID") == normalise("Customer ID") == "customer_id"
    assert tokens("supportTickets") == {"support", "ticket"}
    assert "customer_id" in synonyms("events", "account_id")


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("ravenstack", {"accounts", "events", "outcomes", "subscriptions", "tickets"}),
        ("online_retail_ii", {"accounts", "events", "invoices"}),
        ("fightchurn_crm5", {"accounts", "events", "outcomes", "subscriptions"}),
    ],
)
def test_real_data_can_be_read_as_proposed(tmp_path, name, tables):
    if not (DATA / name).is_dir():
        pytest.skip(f"the data set {name} is not at {DATA.parent.name}/{DATA.name}")

    text = propose(DATA / name)
    (tmp_path / "proposed.yaml").write_text(text)
    config = load_config(tmp_path / "proposed.yaml")

    assert set(config.sources) == tables
    assert check_files(config, DATA / name)
    if name != "fightchurn_crm5":  # its four million events are read elsewhere
        reading = read_company(config, DATA / name, tmp_path / "out")
        assert (reading.reconciliation["rows_kept"] > 0).all()


def test_a_truth_column_without_any_value_is_no_obstacle(tmp_path):
    head, *rows = ACCOUNTS.splitlines()
    text = "\n".join([f"{head},opted_out", *(f"{row}," for row in rows), ""])

    _, config, reading = proposed(write(tmp_path / "data", accounts_csv=text), tmp_path)

    assert "values" not in config.sources["accounts"][0].model_dump(exclude_defaults=True)
    assert counts(reading, "accounts")["rows_kept"] == 2
