"""Ids: never a number, never merged in silence, never joined to nobody."""

import random
import sqlite3

import duckdb
import pandas as pd
import pytest

from helpers.errors import ConfigError, InputError
from helpers.sources.salesforce import long_id
from helpers.sources.session import Sql
from tests.sources.made import (
    ACCOUNTS,
    EVENTS,
    LENIENT,
    clean,
    config,
    counts,
    read,
    reasons,
    rules,
    write,
)

ANY = config(thresholds=LENIENT)


def accounts(*ids):
    return "account_id,signed_up_at\n" + "".join(f"{i},2024-01-01\n" for i in ids)


def events(*ids):
    return "account_id,event,occurred_at\n" + "".join(f"{i},login,2024-03-01\n" for i in ids)


def test_fault_B01_leading_zeros_stay(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=accounts("0123", "123"),
                   events_csv=events("0123", "0123", "123") + "0123,x,2024-03-02\n")  # fmt: skip

    read(folder)

    assert clean(folder)["account_id"].value_counts().to_dict() == {"0123": 2, "123": 1}


def test_fault_B03_ids_that_read_like_numbers_are_different_accounts(tmp_path):
    # 1E10 and 10000000000 are one number, and so are 0x1F and 31, 1_000 and 1000
    ids = ["1E10", "10000000000", "12E3", "12000", "0x1F", "31", "1_000", "1000"]
    events = "".join(f"{id_},login,2024-03-0{n % 2 + 1}\n" for n, id_ in enumerate(ids))
    folder = write(tmp_path / "data", accounts_csv=accounts(*ids),
                   events_csv="account_id,event,occurred_at\n" + events)  # fmt: skip
    read(folder)
    assert sorted(clean(folder, "accounts")["account_id"]) == sorted(ids)
    assert clean(folder)["account_id"].value_counts().to_dict() == dict.fromkeys(ids, 1)


@pytest.mark.parametrize(
    "id_", ["9007199254740993", "18446744073709551617", "1E10", "12E3", "0x1F", "1_000", "1.0"]
)
def test_fault_B02_B03_an_id_that_looks_like_a_number_is_text(tmp_path, id_):
    folder = write(tmp_path / "data", accounts_csv=accounts(id_, "x"), events_csv=events(id_))

    read(folder)

    assert clean(folder)["account_id"].tolist() == [id_]


@pytest.mark.parametrize("word", ["NA", "null", "None", "nan", "inf", "N/A", "-"])
def test_fault_B04_words_for_nothing_are_words_unless_declared(tmp_path, word):
    text = f"account_id,signed_up_at,region\n{word},2024-01-01,{word}\n"
    folder = write(tmp_path / "data", accounts_csv=text, events_csv=events(word))

    read(folder)
    assert clean(folder, "accounts").loc[0, ["account_id", "region"]].tolist() == [word, word]

    declared = {"files": "accounts.csv", "columns": {"region": {"from": "region", "nulls": [word]}}}
    read(folder, config(accounts=declared))
    assert clean(folder, "accounts")["region"].isna().tolist() == [True]


VARIANTS = ["Ä-1", " Ä-1", "Ä-1\u00a0", "A\u0308-1", "Ä\u200b-1", "ä-1"]


def test_fault_B05_one_account_in_many_spellings(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=accounts("Ä-1"), events_csv=events(*VARIANTS))

    reading = read(folder)

    assert counts(reading)["rows_duplicate"] == len(VARIANTS) - 1
    assert clean(folder)["account_id"].tolist() == ["Ä-1"]


def test_fault_B05_accounts_that_differ_in_writing_only_are_named(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=accounts("A1", "a1", "A2") + "A2 ,2024-02-02\n")

    reading = read(folder, ANY)

    assert counts(reading, "accounts")["rows_duplicate"] == 1  # a1 is A1 in every other respect
    assert reasons(reading, "accounts") == {"ambiguous_key": 1}  # the two A2 contradict each other
    assert clean(folder, "accounts")["account_id"].tolist() == ["A1", "A2"]
    assert rules(reading, "accounts")["ambiguous_key: ids that differ in writing only"] == 4


def test_fault_B06_case_matters_where_that_is_declared(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=accounts("001abCDE", "001aBCDE"),
                   events_csv=events("001abCDE", "001aBCDE", "001ABCDE"))  # fmt: skip

    reading = read(folder, config(ids={"case_sensitive": True}, thresholds=LENIENT))

    assert counts(reading, "accounts")["rows_kept"] == 2
    assert sorted(clean(folder)["account_id"]) == ["001aBCDE", "001abCDE"]
    assert reasons(reading) == {"orphan": 1}


def salesforce(short: str) -> str:
    """The 18 characters of 15, the slow way."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    chunks = [short[:5], short[5:10], short[10:]]
    return short + "".join(
        alphabet[sum(1 << n for n, letter in enumerate(chunk) if letter.isupper())]
        for chunk in chunks
    )


def test_fault_B06_salesforce_ids_of_15_and_18_characters_are_one(tmp_path):
    one, other = "001D000000IqhSL", "001D000000IqHSL"  # two customers, but for their case
    assert salesforce(one) == "001D000000IqhSLIAZ"
    ids = {"account_id": {"from": "account_id", "id_type": "salesforce"}}
    given = [one, salesforce(one), salesforce(one).lower(), salesforce(other).upper(), other]
    bad = ["001D000000IqhSLIA0", "001d000000IqhSLIAZ", "001D000000Iqh", "001D000000IqhSL***"]
    folder = write(tmp_path / "data", accounts_csv=accounts(salesforce(one), other),
                   events_csv=events(*given, *bad))  # fmt: skip

    company = config(
        accounts={"files": "accounts.csv", "columns": ids},
        events={"files": "events.csv", "columns": ids},
        max_quarantine_share={"events": 0.5},
    )
    reading = read(folder, company)

    assert clean(folder)["account_id"].tolist() == [salesforce(other), salesforce(one)]
    assert counts(reading)["rows_duplicate"] == 3  # of the same event, each in another spelling
    assert reasons(reading) == {"bad_salesforce_id": 4}
    assert set(reading.quarantine["value_excerpt"]) == set(bad)


def test_fault_B06_every_salesforce_id_finds_itself_again():
    alphabet = [*map(chr, range(48, 58)), *map(chr, range(65, 91)), *map(chr, range(97, 123))]
    drawn = random.Random(6)
    short = ["".join(drawn.choices(alphabet, k=15)) for _ in range(500)]
    rows = [(form, salesforce(s)) for s in short for form in (s, salesforce(s))]
    rows += [(form, salesforce(s)) for s in short for form in (
        salesforce(s).lower(), salesforce(s).upper())]  # fmt: skip
    for s in short:
        full = salesforce(s)
        place = next(n for n, letter in enumerate(s) if letter.isalpha())
        rows.append((full[:place] + full[place].swapcase() + full[place + 1 :], None))
    with duckdb.connect() as connection:
        connection.register("given", pd.DataFrame(rows, columns=["id", "expected"]))
        wrong = connection.execute(
            f"SELECT id, expected, {long_id(Sql('id'))} AS found FROM given "
            "WHERE found IS DISTINCT FROM expected"
        ).fetchall()
    assert wrong == []


def test_fault_B06_only_an_id_can_be_one(tmp_path):
    odd = config(events={"files": "events.csv", "columns": {
        "event": {"from": "event", "id_type": "salesforce"}}})  # fmt: skip
    with pytest.raises(
        ConfigError, match=r"sources\.events\.columns\.event\.id_type: event is no id"
    ):
        read(write(tmp_path / "data"), odd)


def test_fault_B07_duplicate_accounts_never_multiply_money(tmp_path):
    head = "account_id,signed_up_at,mrr\n"
    folder = write(
        tmp_path / "data",
        accounts_csv=head
        + "A1,2024-01-01,100\nA1,2024-01-01,100\nA2,2024-01-02,50\nA2,2024-01-02,70\n",
        invoices_csv="invoice_id,account_id,issued_on,amount\nI1,A1,2024-03-01,100\nI2,A2,2024-03-01,50\n",
    )

    reading = read(folder, config(invoices={"files": "invoices.csv"}, thresholds=LENIENT))

    assert counts(reading, "accounts") == {
        "rows_source": 4, "rows_merged": 0, "rows_filtered": 0, "rows_in": 4, "rows_kept": 2,
        "rows_quarantined": 1, "rows_duplicate": 1,
    }  # fmt: skip
    assert reasons(reading, "accounts") == {"conflicting_key": 1}
    assert clean(folder, "invoices")["amount"].sum() == 150  # R4: the join changes no sum


def test_fault_B07_a_lookup_with_a_repeated_key_is_an_error(tmp_path):
    folder = write(tmp_path / "data", owner_csv="key,account\nA1,A1\na1,A2\nA2,A2\n")
    joined = {
        "files": "events.csv",
        "columns": {"account_id": "owner.account"},
        "lookups": {"owner": {"files": "owner.csv", "key": "key", "match": "account_id",
                              "take": ["account"]}},
    }  # fmt: skip

    with pytest.raises(InputError) as error:
        read(folder, config(events=joined))

    assert "sources.events.lookups.owner: the key 'key' must occur once" in str(error.value)
    assert "'a1' 2 times" in str(error.value)


def test_fault_B08_duplicate_event_ids_do_not_depend_on_the_order_of_rows(tmp_path):
    head = "event_id,account_id,event,occurred_at"
    rows = [
        "E1,A1,login,2024-03-01T08:00:00Z",
        "E1,A1,login,2024-03-01T08:00:00Z",
        "E2,A1,login,2024-03-01T08:00:00Z",
        "E2,A1,export,2024-03-01T09:00:00Z",
        "e2,A2,export,2024-03-01T09:00:00Z",
        ",A2,login,2024-03-01T07:00:00Z",
        ",A2,login,2024-03-01T07:00:01Z",
    ]
    seen = []
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        folder = write(tmp_path / str(seed), events_csv="\n".join([head, *rows, ""]))
        reading = read(folder, ANY)
        seen.append((clean(folder).to_csv(), counts(reading), reasons(reading)))

    assert all(one == seen[0] for one in seen)
    assert seen[0][1]["rows_duplicate"] == 1
    assert seen[0][2] == {"conflicting_key": 2}
    assert reading.quarantine["value_excerpt"].str.lower().tolist() == ["e2", "e2"]
    assert clean(folder)["event"].tolist() == ["login", "export", "login", "login"]


def test_fault_B08_feeding_any_row_twice_changes_nothing_but_the_count(tmp_path):
    once = write(tmp_path / "once")
    twice = write(tmp_path / "twice", events_csv=EVENTS + "".join(EVENTS.splitlines(True)[1:3]))

    read(once)
    reading = read(twice)

    assert clean(once).equals(clean(twice))
    assert counts(reading)["rows_duplicate"] == 2


def test_fault_B09_rows_of_unknown_accounts_are_kept_aside_and_counted(tmp_path):
    folder = write(tmp_path / "data", events_csv=EVENTS + "A7,login,2024-03-01\n")

    with pytest.raises(InputError) as error:
        read(folder)
    assert "events: 1 of 4 rows (25.0%) belong to no account" in str(error.value)
    assert "at most 5.0% may (thresholds.max_orphan_share)" in str(error.value)
    assert "orphan in account_id: 1 row(s), e.g. events.csv line 5: 'A7'" in str(error.value)

    reading = read(folder, ANY)
    row = reading.quarantine.iloc[0]
    assert row[["table", "source_file", "row", "reason", "column", "value_excerpt"]].tolist() == [
        "events", "events.csv", 5, "orphan", "account_id", "A7",
    ]  # fmt: skip
    assert row["record"] == '{"account_id":"A7","event":"login","occurred_at":"2024-03-01"}'


def test_fault_B09_calendar_rows_may_have_no_account(tmp_path):
    text = (
        "starts_on,ends_on,reason,account_id\n"
        "2024-03-01,2024-03-02,all,\n2024-03-01,2024-03-02,x,ZZ\n"
    )
    folder = write(tmp_path / "data", calendar_csv=text)

    reading = read(folder, config(calendar={"files": "calendar.csv"}, thresholds=LENIENT))

    assert reasons(reading, "calendar") == {"orphan": 1}
    assert clean(folder, "calendar")["reason"].tolist() == ["all"]


def test_fault_B10_an_account_without_events_is_an_account(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=ACCOUNTS + "A3,2024-01-03,Cove\n")

    read(folder)

    assert clean(folder, "accounts")["account_id"].tolist() == ["A1", "A2", "A3"]
    assert set(clean(folder)["account_id"]) == {"A1", "A2"}


@pytest.mark.parametrize("empty", ["", " ", "\u00a0", "\u200b"])
def test_fault_B11_a_missing_key_never_joins_a_missing_key(tmp_path, empty):
    folder = write(tmp_path / "data", accounts_csv=ACCOUNTS + f"{empty},2024-01-01,Ghost\n",
                   events_csv=EVENTS + f"{empty},login,2024-03-01\n")  # fmt: skip

    reading = read(folder, ANY)

    assert reasons(reading, "accounts") == {"missing account_id": 1}
    assert reasons(reading) == {"missing account_id": 1}
    assert counts(reading)["rows_kept"] == 3


def test_fault_B12_ids_that_went_through_a_spreadsheet_are_explained(tmp_path):
    folder = write(
        tmp_path / "data", accounts_csv=accounts("1", "2"), events_csv=events("1.0", "2.0")
    )

    with pytest.raises(InputError, match=r"2 ids end in \.0, as numbers do after a spreadsheet"):
        read(folder)

    mended = {
        "files": "events.csv",
        "columns": {"account_id": {"sql": "regexp_replace(account_id, '[.]0$', '')"}},
    }
    assert counts(read(folder, config(events=mended)))["rows_kept"] == 2


def test_fault_B12_whole_floats_of_a_parquet_file_are_the_ids_they_mean(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=accounts("1", "2"))
    frame = pd.DataFrame({"account_id": [1.0, 2.0, None], "event": "login",
                          "occurred_at": pd.to_datetime(["2024-03-01"] * 3)})  # fmt: skip
    frame.to_parquet(folder / "events.parquet")

    reading = read(folder, config(events={"files": "events.parquet"}, thresholds=LENIENT))

    assert clean(folder)["account_id"].tolist() == ["1", "2"]
    assert reasons(reading) == {"missing account_id": 1}


def test_fault_B14_the_order_of_rows_changes_no_byte(tmp_path):
    rows = [f"A{n % 7},login,2024-03-0{n % 2 + 1}T{n % 24:02}:00:00Z\n" for n in range(300)]
    made = accounts(*(f"A{n}" for n in range(7)))
    seen = []
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        text = "account_id,event,occurred_at\n" + "".join(rows)
        folder = write(tmp_path / str(seed), accounts_csv=made, events_csv=text)
        read(folder)
        seen.append((tmp_path / f"{seed}-out" / "events.parquet").read_bytes())

    assert seen[0] == seen[1] == seen[2]


def test_fault_A24_a_row_of_totals_is_no_account(tmp_path):
    head = "account_id,signed_up_at,mrr\n"
    rows = "A1,2024-01-01,10\nA2,2024-01-01,20\n"
    plain = write(tmp_path / "plain", accounts_csv=head + rows)
    total = write(tmp_path / "total", accounts_csv=head + rows + "Total,,30\n")

    read(plain)
    reading = read(total, ANY)

    assert reasons(reading, "accounts") == {"missing signed_up_at": 1}
    assert clean(plain, "accounts").equals(clean(total, "accounts"))


def test_user_ids_take_the_users_tables_spelling(tmp_path):
    # D-03
    folder = write(
        tmp_path / "data",
        users_csv="user_id,account_id\nU1,A1\nU2,A2\n",
        events_csv="account_id,event,occurred_at,user_id\na1,login,2024-03-01,u1\n"
        "A1,login,2024-03-02,U9\nA2,login,2024-03-01, U2\n",
    )

    reading = read(folder, config(users={"files": "users.csv"}))

    assert clean(folder)["user_id"].tolist() == ["U1", "U9", "U2"]
    assert clean(folder)["account_id"].tolist() == ["A1", "A1", "A2"]
    issue = reading.issues.set_index("rule").loc["user not listed in users"]
    assert (issue["n_rows"], round(issue["share"], 3)) == (1, 0.333)


def test_a_database_file_gives_its_rows_as_text(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=accounts("007"))
    with sqlite3.connect(folder / "app.sqlite") as base:
        base.execute("CREATE TABLE log (account_id TEXT, event TEXT, occurred_at TEXT)")
        base.execute(
            "INSERT INTO log VALUES ('007', 'login', '2024-03-01'), (NULL, 'x', '2024-03-01')"
        )
    base.close()

    reading = read(
        folder, config(events={"files": "app.sqlite", "table": "log"}, thresholds=LENIENT)
    )

    assert clean(folder)["account_id"].tolist() == ["007"]
    assert reasons(reading) == {"missing account_id": 1}
    assert reading.quarantine["row"].tolist() == [2]
