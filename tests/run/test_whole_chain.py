"""From raw files to published pages through the command line: attacks stay text, nothing leaks.

Two whole runs of a small made-up company as of a date with data before and after it. The second
has other data after that date and columns that know the future; nothing computed may differ.
"""

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.sources.demo import write_company
from tests.report.browser import Trap, needs_browser, open_page, title_of
from tests.report.hostile import payloads, seen_text

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-05-01"
NAMES = ("<script>alert(1)</script>", '=HYPERLINK("http://x")')


def poison(data: Path, url: str) -> None:
    """Write attacks into every text that a page may show."""
    attacks = [*NAMES, *payloads(url)]
    accounts = pd.read_csv(data / "crm" / "accounts.csv", dtype=str, keep_default_na=False)
    accounts["company_name"] = [NAMES[n % 2] if n % 4 < 2 else attacks[n % len(attacks)]
                                for n in range(len(accounts))]  # fmt: skip
    accounts["csm_owner"] = accounts["csm_owner"].where(accounts.index % 5 > 0, NAMES[0])
    accounts["industry"] = accounts["industry"].where(accounts.index % 7 > 0, NAMES[1])
    accounts.to_csv(data / "crm" / "accounts.csv", index=False)
    written = (data / "support" / "tickets.jsonl").read_text(encoding="utf-8")
    tickets = [json.loads(line) for line in written.splitlines()]
    for number, ticket in enumerate(tickets):
        ticket["body"] = attacks[number % len(attacks)]
    lines = "\n".join(json.dumps(ticket) for ticket in tickets) + "\n"
    (data / "support" / "tickets.jsonl").write_text(lines, encoding="utf-8")


def change_the_future(data: Path) -> None:
    """Alter what is dated after the as-of date, and add columns that know how it ends."""
    accounts = pd.read_csv(data / "crm" / "accounts.csv", dtype=str, keep_default_na=False)
    gone = accounts["status"] == "cancelled"
    accounts["cancelled_at"] = np.where(gone, "2026-05-20", "")
    accounts["outcome"] = np.where(gone, "lost", "kept")
    accounts.to_csv(data / "crm" / "accounts.csv", index=False)

    events = data / "product" / "events"
    part = sorted(events.glob("part-*.parquet"))[0]
    table = pq.read_table(part)
    rows = table.to_pandas()
    late = pd.to_datetime(rows["event_time"], utc=True) >= pd.Timestamp("2026-05-02", tz="UTC")
    assert late.any()
    more = rows[late].sample(2_000, replace=True, random_state=0)
    more = more.assign(event_uuid=10**12 + np.arange(len(more)))
    kept = rows[~late | (np.arange(len(rows)) % 3 > 0)]
    changed = pa.Table.from_pandas(
        pd.concat([kept, more]), schema=table.schema, preserve_index=False
    )
    pq.write_table(changed, part)
    manifest = json.loads((events / "_manifest.json").read_text())
    for entry in manifest["files"]:
        if entry["name"] == part.name:
            entry["rows"] = changed.num_rows
            entry["sha256"] = hashlib.sha256(part.read_bytes()).hexdigest()
    (events / "_manifest.json").write_text(json.dumps(manifest))


def configuration(folder: Path) -> Path:
    """The made-up company's own, which so few accounts would leave without a churn score."""
    written = (ROOT / "config" / "demo.yaml").read_text(encoding="utf-8")
    changed = written.replace("thresholds:\n", "thresholds:\n  min_churned_accounts: 10\n")
    assert changed != written
    path = folder / "demo.yaml"
    path.write_text(changed, encoding="utf-8")
    return path


def run(data: Path, reports: Path, *more: str) -> Path:
    config = configuration(data.parent)
    command = [sys.executable, "-m", "helpers", "run", "--config", str(config)]
    command += ["--data", str(data), "--reports", str(reports), "--as-of", AS_OF, "--run-id", "x"]
    done = subprocess.run(
        [*command, *more], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return reports / "x"


@pytest.fixture(scope="module")
def trap():
    made = Trap()
    yield made
    made.close()


@pytest.fixture(scope="module")
def company(tmp_path_factory, trap):
    folder = tmp_path_factory.mktemp("chain")
    write_company(folder / "data", accounts=260)
    poison(folder / "data", trap.url)
    return folder


@pytest.fixture(scope="module")
def published(company):
    return run(company / "data", company / "reports")


@needs_browser
def test_fault_F04_F07_attacks_in_the_raw_files_are_text_on_every_page(published, trap, company):
    pages = sorted(published.glob("*.html"))
    assert len(pages) >= 8
    shown = ""
    for page in pages:
        document = open_page(page, trap, company / "profile")
        assert "PWNED" not in title_of(document), page.name
        assert "<script" not in document.lower(), page.name
        shown += seen_text(document)
    assert trap.asked == []
    for name in NAMES:
        assert name in shown


def test_fault_F01_attacks_in_the_raw_files_are_no_formulas_in_exports(published):
    cells = []
    for path in sorted((published / "exports").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            cells += [cell for row in csv.reader(lines) for cell in row]
    assert [cell for cell in cells if cell[:1] in "=@\t\r\n＝＋－＠" and cell] == []
    assert any("HYPERLINK" in cell for cell in cells), "the attack never reached an export"


def test_nothing_computed_knows_what_comes_after_the_as_of_date(published, company):  # F-06, Q-06
    change_the_future(company / "data")
    other = run(company / "data", company / "other", "--only", "06")
    compared = {
        "02_feature_engineering": ("features", "labels"),
        "03_segmentation": ("assignments",),
        "05_anomaly_review": ("alerts", "scores"),
        "06_churn_model": ("predictions", "health", "evaluation", "actions"),
    }
    for notebook, tables in compared.items():
        for table in tables:
            name = f"tables/{notebook}/{table}.parquet"
            before, after = pd.read_parquet(published / name), pd.read_parquet(other / name)
            assert len(before) or table == "evaluation", name
            pd.testing.assert_frame_equal(before, after, check_exact=True, obj=name)
