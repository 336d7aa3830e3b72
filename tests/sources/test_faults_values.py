"""Numbers, truth values, categories: what cannot be read is put aside with its reason."""

import math

import pandas as pd
import pytest

from helpers.errors import InputError
from tests.sources.made import LENIENT, clean, config, counts, read, reasons, write


def read_column(folder, kind, *cells, **entry):
    """Read ``accounts`` whose column of a kind holds these cells; return values and reading."""
    name = {"number": "mrr", "integer": "seats", "boolean": "opted_out"}[kind]
    rows = "".join(f'N{n},2024-01-01,"{cell}"\n' for n, cell in enumerate(cells))
    write(
        folder, accounts_csv="account_id,signed_up_at,cell\nA1,2024-01-01,\nA2,2024-01-01,\n" + rows
    )
    source = {"files": "accounts.csv", "columns": {name: {"from": "cell", **entry}}}
    reading = read(folder, config(accounts=source, thresholds=LENIENT))
    frame = clean(folder, "accounts").set_index("account_id")[name]
    kept = {int(key[1:]): value for key, value in frame.items() if key.startswith("N")}
    return kept, reading


def test_fault_D01_text_in_a_number_costs_its_row(tmp_path):
    kept, reading = read_column(
        tmp_path / "d", "number", "12.5", "n/a", "1e3", "1_000", "12 34", "+.5"
    )

    assert kept == {0: 12.5, 2: 1000.0, 5: 0.5}
    assert reasons(reading, "accounts") == {"not_a_number": 3}
    assert reading.quarantine["value_excerpt"].tolist() == ["n/a", "1_000", "12 34"]
    assert reading.quarantine["row"].tolist() == [5, 7, 8]


@pytest.mark.parametrize(
    ("written", "style", "value"),
    [
        ("1,234.50", {"thousands": ","}, 1234.5),
        ("1.234,50", {"decimal": ",", "thousands": "."}, 1234.5),
        ("1.234", {"decimal": ",", "thousands": "."}, 1234.0),
        ("1'234.5", {"thousands": "'"}, 1234.5),
        ("1\u202f234,5", {"decimal": ",", "thousands": " "}, 1234.5),
        ("$99", {"strip": "$"}, 99.0),
        ("12,5 €", {"decimal": ",", "strip": "€"}, 12.5),
        ("85%", {"strip": "%", "divide_by": 100.0}, 0.85),
    ],
)
def test_fault_D02_numbers_are_read_as_declared(tmp_path, written, style, value):
    kept, _ = read_column(tmp_path / "d", "number", written, number=style)

    assert kept == {0: pytest.approx(value)}


@pytest.mark.parametrize(
    ("written", "style"),
    [
        ("1,234.50", {}),
        ("$99", {}),
        ("85%", {}),
        ("1.5", {"decimal": ",", "thousands": "."}),  # 15 if the mark were simply taken out
        ("12,34", {"thousands": ","}),
        ("1,23,456", {"thousands": ","}),
    ],
)
def test_fault_D02_nothing_is_guessed_about_numbers(tmp_path, written, style):
    _, reading = read_column(tmp_path / "d", "number", written, number=style)

    assert reasons(reading, "accounts") == {"not_a_number": 1}


def test_fault_D03_numbers_that_are_not_finite_cost_their_row(tmp_path):
    _, reading = read_column(tmp_path / "d", "number", "NaN", "inf", "-Infinity", "1e400", "5")

    assert reasons(reading, "accounts") == {"not_finite": 4}


def test_fault_D03_in_a_parquet_file_too(tmp_path):
    folder = write(tmp_path / "data")
    frame = pd.DataFrame({"account_id": ["A1", "A2"], "signed_up_at": pd.Timestamp("2024-01-01"),
                          "mrr": [math.inf, 5.0]})  # fmt: skip
    frame.to_parquet(folder / "accounts.parquet")

    reading = read(folder, config(accounts={"files": "accounts.parquet"}, thresholds=LENIENT))

    assert reasons(reading, "accounts") == {"not_finite": 1}


def test_fault_D04_amounts_below_their_minimum_cost_their_row_unless_declared(tmp_path):
    kept, reading = read_column(tmp_path / "d", "number", "-1", "0")
    assert kept == {1: 0.0}
    assert reasons(reading, "accounts") == {"below_minimum(0)": 1}

    kept, _ = read_column(tmp_path / "e", "number", "-1", minimum=-10)
    assert kept == {0: -1.0}


def test_fault_D05_whole_numbers_are_whole_and_fit(tmp_path):
    kept, reading = read_column(
        tmp_path / "d", "integer", "12", "12.0", "12.5", "99999999999999999999"
    )

    assert kept == {0: 12, 1: 12}
    assert reasons(reading, "accounts") == {"not_a_whole_number": 2}


def test_fault_D08_truth_values_come_from_a_known_list(tmp_path):
    words = ["True", "false", "YES", "no", "1", "0", "t", "F", "y", "N", "2", "maybe", "x"]

    kept, reading = read_column(tmp_path / "d", "boolean", *words)

    assert [kept[n] for n in range(10)] == [True, False] * 5
    assert reasons(reading, "accounts") == {"not_a_boolean": 3}


def test_fault_D08_other_words_are_declared(tmp_path):
    kept, reading = read_column(
        tmp_path / "d", "boolean", "ja", "nein", "vielleicht", values={"ja": True, "nein": False}
    )

    assert kept == {0: True, 1: False}
    assert reasons(reading, "accounts") == {"unknown_value": 1}
    assert reading.quarantine["value_excerpt"].tolist() == ["vielleicht"]


def test_fault_D09_a_column_without_values_is_null_not_zero(tmp_path):
    folder = write(tmp_path / "data")

    read(folder)

    assert clean(folder, "accounts")[["mrr", "seats", "opted_out"]].isna().all(axis=None)


def test_fault_D11_a_value_outside_its_list_costs_its_row(tmp_path):
    head = "account_id,answered_at,kind,score\n"
    folder = write(
        tmp_path / "data", surveys_csv=head + "A1,2024-03-01,NPS,9\nA1,2024-03-01,smile,5\n"
    )

    reading = read(folder, config(surveys={"files": "surveys.csv"}, thresholds=LENIENT))

    assert clean(folder, "surveys")["kind"].tolist() == ["nps"]
    assert reasons(reading, "surveys") == {"unknown_value": 1}


def test_too_many_bad_rows_stop_the_reading_with_the_worst_reasons_first(tmp_path):
    bad = "".join(f"A{n},{when}\n" for n, when in enumerate(["x", "y", "z"], start=7))
    folder = write(tmp_path / "data", accounts_csv="account_id,signed_up_at\nA1,2024-01-01\n"
                   "A2,2024-01-01\n,2024-01-01\n" + bad)  # fmt: skip

    with pytest.raises(InputError) as error:
        read(folder)

    assert str(error.value).splitlines() == [
        (
            "accounts: 4 of 6 rows (66.7%) break the contract; at most 5.0% may "
            "(max_quarantine_share.accounts)."
        ),
        "  bad_timestamp in signed_up_at: 3 row(s), e.g. accounts.csv line 5: 'x'",
        "  missing account_id: 1 row(s), e.g. accounts.csv line 4",
        "  Mend the export or the mapping under sources.accounts, or raise the limit.",
    ]


def test_personal_values_are_neither_excerpted_nor_recorded(tmp_path):
    head = "ticket_id,account_id,opened_at,text,csat,user_id\n"
    row = "T1,A1,2024-03-01,my secret story,bad,jane@example.org\n"
    folder = write(tmp_path / "data", tickets_csv=head + row)

    reading = read(folder, config(tickets={"files": "tickets.csv"}, thresholds=LENIENT))

    assert reasons(reading, "tickets") == {"not_a_number": 1}
    record = reading.quarantine["record"].iloc[0]
    assert "secret" not in record
    assert "jane" not in record
    assert '"csat":"bad"' in record


def test_only_the_first_thousand_of_a_reason_show_their_record(tmp_path):
    many = "".join(f"A1,e{n},never\n" for n in range(1_200))
    folder = write(
        tmp_path / "data", events_csv="account_id,event,occurred_at\nA1,x,2024-03-01\n" + many
    )

    reading = read(folder, config(thresholds=LENIENT))

    assert len(reading.quarantine) == counts(reading)["rows_quarantined"] == 1_200
    assert reading.quarantine["record"].notna().sum() == 1_000
    assert reading.quarantine["record"].head(1_000).notna().all()
    assert reading.quarantine["row"].tolist() == list(range(3, 1_203))


def test_a_cell_that_a_cast_cannot_read_costs_its_row_not_the_file(tmp_path):
    text = "account_id,signed_up_at,arr\nA1,2024-01-01,1200\nA2,2024-01-01,lots\nA3,2024-01-01,\n"
    usage = "account_id,event,occurred_at\nA1,x,2024-03-01\n"
    folder = write(tmp_path / "data", accounts_csv=text, events_csv=usage)
    source = {"files": "accounts.csv", "columns": {"mrr": {"sql": "CAST(arr AS DOUBLE) / 12"}}}

    reading = read(folder, config(accounts=source, thresholds=LENIENT))

    assert reasons(reading, "accounts") == {"cast_failed": 1}
    assert clean(folder, "accounts")["mrr"].tolist()[0] == 100.0
    assert clean(folder, "accounts")["mrr"].isna().tolist() == [False, True]


def test_fault_D07_money_in_another_currency_is_put_aside_until_it_is_converted(tmp_path):
    invoices = (
        "invoice_id,account_id,issued_on,amount,currency\n"
        "I1,A1,2024-02-01,100,EUR\nI2,A1,2024-02-01,100,usd\nI3,A2,2024-02-02,70,\n"
    )
    rates = "code,from,rate\nusd,2024-01-01,0.9\nEUR,2024-01-01,1\n"
    folder = write(tmp_path / "data", invoices_csv=invoices, rates_csv=rates)

    reading = read(folder, config(invoices={"files": "invoices.csv"}, thresholds=LENIENT))

    assert reasons(reading, "invoices") == {"other_currency": 1}
    assert reading.quarantine["value_excerpt"].tolist() == ["usd"]
    assert clean(folder, "invoices")["amount"].sum() == 170  # never 270

    converted = {
        "files": "invoices.csv",
        "where": "currency <> ''",
        "columns": {
            "amount": {"sql": "CAST(amount AS DOUBLE) * CAST(rates.rate AS DOUBLE)"},
            "currency": {"constant": "EUR"},
        },
        "lookups": {"rates": {"files": "rates.csv", "key": "code", "match": "currency",
                              "take": ["rate"], "valid_from": "from"}},
    }  # fmt: skip
    read(folder, config(invoices=converted, thresholds=LENIENT))
    assert clean(folder, "invoices")["amount"].tolist() == [100, 90]
