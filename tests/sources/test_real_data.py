"""Three public data sets end to end, with the numbers that their own descriptions state."""

import datetime as dt
import lzma
from pathlib import Path

import duckdb
import pytest

from helpers.config import load_config
from helpers.sources import read_company
from tests.sources.made import counts, reasons

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


def reading_of(name, folder, tmp_path_factory):
    if not (DATA / folder).is_dir():
        pytest.skip(f"the data set {folder} is not at {DATA.parent.name}/{DATA.name}")
    out = tmp_path_factory.mktemp(name)
    return read_company(load_config(ROOT / "config" / f"{name}.yaml"), DATA / folder, out), out


def add_up(reading):
    frame = reading.reconciliation
    inside = frame["rows_kept"] + frame["rows_quarantined"] + frame["rows_duplicate"]
    assert (frame["rows_in"] == inside).all()
    source = frame["rows_merged"] + frame["rows_filtered"] + frame["rows_in"]
    assert (frame["rows_source"] == source).all()
    listed = reading.quarantine.groupby("table").size()
    for row in frame.itertuples():
        assert listed.get(row.table, 0) == row.rows_quarantined
    return {row.table: row.rows_kept for row in frame.itertuples()}


@pytest.fixture(scope="module")
def ravenstack(tmp_path_factory):
    return reading_of("ravenstack", "ravenstack", tmp_path_factory)


def test_ravenstack(ravenstack):
    reading, out = ravenstack
    kept = add_up(reading)

    assert (kept["accounts"], kept["tickets"]) == (500, 2_000)
    assert reading.as_of == dt.date(2025, 1, 1)
    assert set(reasons(reading)) == {"conflicting_key"}
    outcomes = duckdb.sql(f"SELECT outcome, count(*) FROM '{out}/outcomes.parquet' GROUP BY 1")
    assert dict(outcomes.fetchall())["churned"] == 599  # of 600 two are alike in every column
    flagged = f"SELECT avg(claimed_churned::INT) FROM '{out}/accounts.parquet'"
    assert duckdb.sql(flagged).fetchall()[0][0] == pytest.approx(0.22)


def test_ravenstack_repeats_21_usage_ids(ravenstack):
    # D-12
    reading, _ = ravenstack
    mine = reading.quarantine[reading.quarantine["table"] == "events"]

    usage = mine[~mine["record"].str.contains("error_count", na=False)]
    ids = duckdb.sql(
        "SELECT count(*) - count(DISTINCT usage_id) FROM "
        f"read_csv('{DATA}/ravenstack/feature_usage.csv')"
    ).fetchall()[0][0]
    assert len(usage) == ids == 21


def test_ravenstack_uses_subscriptions_before_they_begin(ravenstack):
    # FAULTS: the reader's own rule for valid_from
    reading, _ = ravenstack
    issue = reading.issues.set_index("rule").loc["dated before its subscription"]

    assert issue["share"] == pytest.approx(0.766, abs=0.0005)
    assert issue["n_rows"] == 19_142


@pytest.fixture(scope="module")
def fightchurn(tmp_path_factory):
    return reading_of("fightchurn", "fightchurn_crm5", tmp_path_factory)


def test_fightchurn(fightchurn):
    reading, out = fightchurn
    kept = add_up(reading)

    assert (kept["accounts"], kept["outcomes"]) == (343, 49)
    assert counts(reading)["rows_source"] == 4_299_194
    assert reasons(reading) == {"future": counts(reading)["rows_quarantined"]}
    last = duckdb.sql(f"SELECT epoch(max(occurred_at)) FROM '{out}/events.parquet'").fetchall()
    skew = dt.datetime(2023, 1, 2, tzinfo=dt.UTC)
    assert last[0][0] < skew.timestamp()
    users = duckdb.sql(f"""
        SELECT count(*) FROM (SELECT DISTINCT account_id, user_id FROM
        '{DATA}/fightchurn_crm5/events.parquet' WHERE event_time < '2023-01-02')""")
    assert kept["users"] == users.fetchall()[0][0]
    unknown = reading.issues[reading.issues["rule"] == "user not listed in users"]
    assert unknown.empty


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory):
    return reading_of("online_retail", "online_retail_ii", tmp_path_factory)


def test_online_retail(online_retail):
    reading, out = online_retail
    kept = add_up(reading)

    assert counts(reading)["rows_source"] == 1_067_371
    assert kept["accounts"] == 5_942
    assert reasons(reading) == {"missing account_id": 243_007}
    assert pytest.approx(0.228, abs=0.0005) == 243_007 / 1_067_371
    assert reading.as_of == dt.date(2011, 12, 9)  # the last day ends at noon
    total = duckdb.sql(f"SELECT sum(value) FROM '{out}/events.parquet'").fetchall()[0][0]
    lines = duckdb.sql(f"SELECT sum(amount) FROM '{out}/invoices.parquet'").fetchall()[0][0]
    assert 0 < lines - total < 0.04 * lines  # duplicate lines count in invoices only


def test_online_retail_repeats_its_lines(online_retail, tmp_path):
    # D-12
    reading, _ = online_retail
    plain = tmp_path / "lines.csv"
    plain.write_bytes(
        lzma.decompress((DATA / "online_retail_ii/online_retail_II.csv.xz").read_bytes())
    )
    lines = f"read_csv('{plain}', all_varchar = TRUE)"
    everything = f"SELECT count(*) FROM {lines}"
    once = f"SELECT count(*) FROM (SELECT DISTINCT * FROM {lines})"
    known = 'WHERE "Customer ID" IS NOT NULL'
    n, n_once, n_known, n_known_once = (
        duckdb.sql(query).fetchall()[0][0]
        for query in (everything, once, f"{everything} {known}", f"{once[:-1]} {known})")
    )

    assert n - n_once == 34_335
    found = counts(reading)["rows_duplicate"]
    assert 0 <= found - (n_known - n_known_once) <= 5  # alike in all that the mapping takes
