"""Write the whole company: raw data in the formats companies have, and the truth beside it."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from helpers.errors import ConfigError
from helpers.sources.demo.anomalies import Plan, plan_anomalies
from helpers.sources.demo.crm import (
    API_CALLS,
    accounts_table,
    invoices_table,
    outcomes_table,
    terms_table,
)
from helpers.sources.demo.dirt import Dirt
from helpers.sources.demo.effects import apply_plan
from helpers.sources.demo.events import Events, make_events
from helpers.sources.demo.journeys import journey_scripts
from helpers.sources.demo.life import Life, live
from helpers.sources.demo.news import calendar_table, feedback_table
from helpers.sources.demo.people import Chunk, People, chunk_of, make_people
from helpers.sources.demo.product import (
    catalogue_table,
    events_table,
    levels_table,
    users_table,
)
from helpers.sources.demo.relations import (
    external_table,
    interventions_table,
    messages_columns,
    touchpoints_table,
)
from helpers.sources.demo.routine import routine_scripts
from helpers.sources.demo.scene import Scene
from helpers.sources.demo.settings import Scale, generator
from helpers.sources.demo.support import surveys_table, tickets_rows
from helpers.sources.demo.terms import Book, make_terms, terms_on
from helpers.sources.demo.truth import Truth
from helpers.sources.demo.writer import (
    CsvFile,
    JsonLines,
    ParquetFile,
    manifest_entry,
    write_json,
)

__all__ = ["MARKER", "Summary", "make_chunk", "write_company"]

Progress = Callable[[str], None]

MARKER = "brightdesk.json"
"""File that says: this folder was written by us, and may be replaced."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What was written."""

    folder: Path
    accounts: int
    users: int
    events: int
    first_day: str
    as_of: str

    def __str__(self) -> str:
        return (
            f"{self.folder}: {self.accounts:,} accounts, {self.users:,} people and "
            f"{self.events:,} events from {self.first_day} to the day before {self.as_of}; "
            f"what is true of them is in {self.folder / 'truth'}"
        )


def write_company(
    out: Path,
    *,
    accounts: int = 600,
    months: int = 15,
    seed: int = 20260701,
    progress: Progress | None = None,
) -> Summary:
    """Write the made-up company Brightdesk.

    Parameters
    ----------
    out : Path
        Folder to write; may hold an earlier demo, which is replaced as a whole.
    accounts : int
        Customers, those who left included; 50 to 1,000,000.
    months : int
        Months of data, 6 to 60; they end on 30 June 2026.
    seed : int
        The same arguments give the same bytes.
    progress : callable, optional
        Called with a line of text after each portion of accounts.

    Returns
    -------
    Summary
        Folder and counts.

    Raises
    ------
    ConfigError
        If a number is out of range, or ``out`` holds files that are not an earlier demo.
    """
    scale = Scale(accounts=accounts, months=months, seed=seed)
    out = Path(out)
    _check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        summary = _write(temporary, out, scale, progress)
        _swap(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return summary


def _check_target(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ConfigError(f"demo: expected a folder to write to, {out} is a file. Name another.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise ConfigError(
            f"demo: {out} holds files, but no {MARKER}: it is not an earlier demo and will not be "
            "replaced. Name an empty or a new folder."
        )


def _swap(temporary: Path, out: Path) -> None:
    """Put the new folder in place by renaming; an earlier demo goes afterwards."""
    temporary.chmod(0o755)
    if out.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
        out.rename(old / "demo")
        temporary.rename(out)
        shutil.rmtree(old)
    else:
        temporary.rename(out)


def _write(folder: Path, out: Path, scale: Scale, progress: Progress | None) -> Summary:
    life = live(scale)
    plan = plan_anomalies(life)
    dirt = Dirt(life)
    parts: list[dict[str, Any]] = []
    with ExitStack() as stack:
        files = _open(folder, stack)
        truth = Truth(life, plan, folder / "truth", stack)
        for number in range(scale.n_chunks):
            made = make_chunk(life, plan, number)
            truth.add(made.chunk, made.people, made.events, made.books)
            parts.append(_write_chunk(folder, files, life, plan, made, dirt))
            if progress is not None:
                done = f"{made.chunk.last:,} of {scale.accounts:,} accounts"
                progress(f"portion {number + 1}/{scale.n_chunks} · {done}")
        files["cs/calendar.csv"].add(calendar_table(life, plan))
        files["cs/feedback.csv"].add(feedback_table(life, plan))
        files["product/feature_catalogue.csv"].add(catalogue_table())
        truth.finish(dirt.counts)
    write_json(folder / "product/events/_manifest.json", {"files": parts})
    arguments = {"accounts": scale.accounts, "months": scale.months, "seed": scale.seed}
    write_json(folder / MARKER, {"company": "Brightdesk", **arguments})
    return Summary(
        folder=out,
        accounts=scale.accounts,
        users=truth.n_people,
        events=sum(part["rows"] for part in parts),
        first_day=scale.start.isoformat(),
        as_of=scale.date(scale.n_days).isoformat(),
    )


def _open(folder: Path, stack: ExitStack) -> dict[str, Any]:
    """Open every file that grows with the chunks."""
    plain = (
        "crm/accounts.csv",
        "product/users.csv.gz",
        "product/feature_catalogue.csv",
        "survey/surveys.csv",
        "cs/touchpoints.csv",
        "cs/interventions.csv",
        "cs/outcomes.csv",
        "cs/calendar.csv",
        "cs/feedback.csv",
        "market/external_signals.csv",
        "billing/subscriptions.csv",
    )
    files: dict[str, Any] = {name: CsvFile(folder / name) for name in plain}
    files["billing/invoices.csv"] = CsvFile(folder / "billing/invoices.csv", delimiter=";")
    files["support/tickets.jsonl"] = JsonLines(folder / "support/tickets.jsonl")
    for name in ("product/usage_levels.parquet", "marketing/messages.parquet"):
        files[name] = ParquetFile(folder / name)
    for file in files.values():
        stack.enter_context(file)
    return files


@dataclass(frozen=True)
class Made:
    """One chunk of accounts: its people, terms and events."""

    chunk: Chunk
    people: People
    books: list[Book]
    events: Events


def make_chunk(life: Life, plan: Plan, number: int) -> Made:
    """Make one chunk; it depends on the life, the plan and its number only."""
    chunk = chunk_of(life, number)
    people = make_people(life, chunk, plan)
    books = make_terms(life, chunk, people, plan)
    limits = np.array([API_CALLS[terms_on(book, life.scale.n_days).plan] for book in books])
    effects = apply_plan(life, chunk, people, plan, limits)
    flat = np.isin(np.arange(chunk.first, chunk.last), plan.plateau)
    scene = Scene(life, chunk, people, effects, flat)
    rng = generator(life.scale.seed, "journeys", 1_000_000 + number)
    scripts = journey_scripts(people, scene.gone_on(), life.scale, rng)
    scripts += routine_scripts(life, chunk, people, effects, rng)
    return Made(chunk, people, books, make_events(scene, scripts, limits))


def _write_chunk(
    folder: Path, files: dict[str, Any], life: Life, plan: Plan, made: Made, dirt: Dirt
) -> dict[str, Any]:
    """Write one chunk of accounts; return its entry in the manifest of events."""
    chunk, people, books = made.chunk, made.people, made.books
    path = folder / f"product/events/part-{chunk.number:05d}.parquet"
    table = dirt.events(events_table(life, chunk, people, made.events), chunk)
    with ParquetFile(path) as part:
        part.add(table)
    levels = levels_table(life, chunk, people, made.events, books, plan)
    files["product/usage_levels.parquet"].add(_levels(levels))
    files["marketing/messages.parquet"].add(_messages(messages_columns(life, chunk, people)))
    files["crm/accounts.csv"].add(accounts_table(life, chunk, books))
    files["product/users.csv.gz"].add(users_table(life, chunk, people))
    files["support/tickets.jsonl"].add(dirt.tickets(tickets_rows(life, chunk, people), chunk))
    files["billing/subscriptions.csv"].add(terms_table(life, books))
    files["billing/invoices.csv"].add(dirt.invoices(invoices_table(life, chunk, books), chunk))
    files["survey/surveys.csv"].add(surveys_table(life, chunk, people))
    files["cs/touchpoints.csv"].add(touchpoints_table(life, chunk, people))
    files["cs/interventions.csv"].add(interventions_table(life, chunk))
    files["cs/outcomes.csv"].add(outcomes_table(life, books))
    files["market/external_signals.csv"].add(external_table(life, chunk))
    return manifest_entry(path, len(table))


def _levels(table: dict[str, list[Any]]) -> pa.Table:
    schema = pa.schema(
        [
            ("org_id", pa.string()),
            ("metric", pa.string()),
            ("measured_on", pa.date32()),
            ("value", pa.float64()),
        ]
    )
    return pa.table(table, schema=schema)


def _messages(columns: dict[str, Any]) -> pa.Table:
    moment = pa.timestamp("us", tz="UTC")
    table, fields = {}, []
    for name, values in columns.items():
        timed = name in ("sent", "opened", "clicked", "replied", "unsubscribed")
        fields.append((name, moment if timed else pa.string()))
        table[name] = pa.array(values, mask=values < 0).cast(moment) if timed else values
    return pa.table(table, schema=pa.schema(fields))
