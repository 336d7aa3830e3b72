"""config/demo.yaml maps the written files completely; the reader takes them as they are."""

import csv
import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from helpers.config import CompanyConfig, load_config
from helpers.contract import TABLES
from helpers.sources.read import read_company
from tests.sources.demo.conftest import Written

CONFIG = Path(__file__).resolve().parents[3] / "config" / "demo.yaml"


@pytest.fixture(scope="module")
def config() -> CompanyConfig:
    return load_config(CONFIG)


def header(path: Path, delimiter: str) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    if path.suffix == ".jsonl":
        return list(json.loads(path.read_text().splitlines()[0]))
    whole = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return next(csv.reader(whole.decode().splitlines(), delimiter=delimiter))


def test_every_table_of_the_contract_has_a_source(config: CompanyConfig) -> None:
    # D-01; measures stand in for events, which this company has
    assert set(config.sources) == set(TABLES) - {"measures"}


def test_every_mapped_column_is_in_its_file(config: CompanyConfig, small: Written) -> None:
    for table, (source,) in config.sources.items():
        found = sorted(small.folder.glob(source.files[0]))
        assert found, table
        columns = header(found[0], source.delimiter)
        for name, entry in source.columns.items():
            assert entry is not None
            if entry.column is not None:
                assert entry.column in columns, (table, name)
        direct = set(TABLES[table].names) & set(columns)
        covered = direct | set(source.columns)
        assert set(TABLES[table].required_names) <= covered, table
        missing = set(TABLES[table].names) - covered
        assert missing <= {"loaded_at", "currency"}, (table, missing)  # one currency, no late rows


def test_every_role_names_events_of_the_taxonomy(config: CompanyConfig, small: Written) -> None:
    # D-16
    listed = set(small.csv("product/feature_catalogue.csv").event)
    seen = set(small.frame("SELECT DISTINCT e FROM ev").e) | listed | {"limit_reached"}
    for role, names in config.roles.model_dump().items():
        assert names, role
        assert set(names) <= seen, role


def test_the_reader_takes_it_with_nothing_but_the_dirt(
    config: CompanyConfig, small: Written, tmp_path: Path
) -> None:
    # D-01 D-16
    reading = read_company(config, small.folder, tmp_path)
    assert reading.as_of.isoformat() == "2026-07-01"
    dirt = json.loads((small.folder / "truth/dirt.json").read_text())
    table = reading.reconciliation.set_index("table")
    assert table.loc["events", "rows_duplicate"] == dirt["duplicate_events"]
    held = reading.quarantine[reading.quarantine.table == "events"].reason.value_counts()
    assert held.to_dict() == {
        "orphan": dirt["orphan_events"],
        "missing account_id": dirt["events_without_account"],
        "conflicting_key": dirt["conflicting_events"],
        "future": dirt["events_after_the_end"],
    }
    assert table.loc["tickets", "rows_quarantined"] == dirt["unreadable_ticket_times"]
    clean = table.drop(["events", "tickets"])
    assert (clean["rows_kept"] == clean["rows_in"]).all()
