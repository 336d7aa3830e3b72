"""The steps of one reading, table by table; what is wrong is collected, not met one by one."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from helpers.artifacts import tell
from helpers.config import CompanyConfig
from helpers.contract import TABLES, required_tables
from helpers.errors import GateError, InputError
from helpers.sources.as_of import last_complete_day
from helpers.sources.checking import Checked
from helpers.sources.files import Preflight
from helpers.sources.formats import Opener
from helpers.sources.inputs import TableInput
from helpers.sources.issues import Issues
from helpers.sources.judge import (
    Judged,
    hold_back,
    judge,
    materialise,
    newest_day,
    other_currencies,
    rows_a_day,
    staged_rows,
)
from helpers.sources.kept import KeptRows
from helpers.sources.keys import account_spelling
from helpers.sources.load import load_table
from helpers.sources.notices import note_unknown_users, note_unused_columns
from helpers.sources.publish import (
    Reading,
    quarantine_frame,
    reconciliation_frame,
    sources_frame,
    write_tables,
)
from helpers.sources.session import Session, Sql

__all__ = ["Progress", "Work"]

Progress = Callable[[str], None]
NO_TIME = (
    "{table}: no row has a readable time, so no as-of date can be found. Correct "
    "sources.{table}.columns.{when}, or set analysis.as_of."
)


class Work:
    """One reading in progress.

    Parameters
    ----------
    session : Session
        Holds the rows.
    config : CompanyConfig
        What is where.
    preflight : Preflight
        The files.
    checked : dict of str to list of Checked
        The sources of each table.
    progress : callable
        Told in a few words what has been done.
    kept : KeptRows, optional
        Rows of files that were read before.
    """

    def __init__(
        self,
        session: Session,
        config: CompanyConfig,
        preflight: Preflight,
        checked: dict[str, list[Checked]],
        progress: Progress,
        kept: KeptRows | None = None,
    ) -> None:
        self.session, self.config, self.preflight = session, config, preflight
        self.checked, self.kept, self._progress = checked, kept, progress
        self.opener, self.issues = Opener(session), Issues()
        self.problems: list[str] = []
        self.inputs: dict[str, TableInput] = {}
        self.rows: dict[str, Sql] = {}
        self.judged: dict[str, Judged] = {}

    def progress(self, text: str) -> None:
        """Say what has been done, or is at hand."""
        tell(text)
        self._progress(text)

    def read(self, out_folder: Path, as_of: dt.date | None) -> Reading:
        """Read, judge and write every table.

        Raises
        ------
        InputError
            Naming everything that is wrong, table by table.
        MachineError
            If a file was written to meanwhile.
        """
        present = [name for name in TABLES if self._is_present(name)]
        for name in present:
            self._attempt(self._load, name)
        accounts = self._accounts()
        for name in self.inputs:
            if name != "accounts":
                self._attempt(self._materialise, name, accounts)
        as_of = self._cutoff(as_of)
        for name in list(self.rows):
            if name != "accounts":
                self._attempt(self._judge, name, as_of)
        if as_of is not None:
            self._freshness(as_of)
        if as_of is None and not self.problems:
            self.problems.append(self._no_time())
        if self.problems or as_of is None:
            raise InputError("\n\n".join(self.problems))
        self.opener.check_unchanged()
        if self.kept is not None:
            self.kept.prune()
        note_unused_columns(self.judged, self.issues)
        sensitive = self.config.ids.case_sensitive
        note_unknown_users(self.session, self.judged, self.issues, case_sensitive=sensitive)
        tables = write_tables(
            self.session, self.judged, out_folder,
            case_sensitive=self.config.ids.case_sensitive, progress=self.progress,
        )  # fmt: skip
        return Reading(
            reconciliation=reconciliation_frame(self.judged),
            quarantine=quarantine_frame(self.judged),
            issues=self.issues.frame(),
            sources=sources_frame(self.session, self.judged),
            as_of=as_of,
            tables=tables,
        )

    def _is_present(self, name: str) -> bool:
        if name in self.preflight.absent:
            expected = self.preflight.absent[name]
            self.issues.add(name, "", "file not found: table left out", 0, 0, expected)
            return False
        return name in self.config.sources

    def _attempt(self, step: Callable[..., None], *given: object) -> None:
        """Run one step of one table; keep what is wrong with it for the common message."""
        try:
            step(*given)
        except InputError as error:
            self.problems.append(str(error))
        except GateError:
            self.opener.check_unchanged()  # counts may differ because the file did
            raise

    def _load(self, name: str) -> None:
        self.progress(f"{name}: reading")
        entries = [entry for entry in self.preflight.sources if entry.table == name]
        mains = [entry for entry in entries if entry.lookup is None]
        sources = []
        for checked, main in zip(self.checked[name], mains, strict=True):
            lookups = {
                entry.lookup: entry
                for entry in entries
                if entry.lookup is not None and entry.source is main.source
            }
            sources.append((checked, main, lookups))
        given = load_table(
            self.opener,
            TABLES[name],
            sources,
            config=self.config,
            issues=self.issues,
            promised=self.preflight.declared_rows,
            kept=self.kept,
        )
        if sum(given.counts) == 0:
            self._empty(given)
        self.inputs[name] = given
        self.progress(f"{name}: {sum(given.counts):,} rows read")

    def _empty(self, given: TableInput) -> None:
        files = ", ".join(file.name for file in given.files)
        if given.table.name in required_tables(self.config.sources):
            raise InputError(
                f"{given.table.name}: 0 data rows in {files}; expected at least one. "
                "Export the file again."
            )
        self.issues.add(given.table.name, "", "header only: 0 data rows", 0, 0, files)

    def _accounts(self) -> Sql | None:
        """Judge the accounts before everything else; without them nothing is an orphan."""
        if "accounts" not in self.inputs:
            return None
        self._attempt(self._materialise, "accounts", None)
        if "accounts" in self.rows:
            self._attempt(self._judge, "accounts", None)
        if "accounts" not in self.judged:
            return None
        sensitive = self.config.ids.case_sensitive
        kept = self.judged["accounts"].kept
        return account_spelling(self.session, kept, case_sensitive=sensitive)

    def _materialise(self, name: str, accounts: Sql | None) -> None:
        given = self.inputs[name]
        self.progress(f"{name}: mapping")
        self.rows[name] = materialise(self.session, given, config=self.config, accounts=accounts)

    def events_end(self) -> dt.date:
        """Return the day after the last complete day of events, without judging anything.

        Without events, the last day of the measures that stand in for them.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        self._load(self.clock)
        rows = staged_rows(self.inputs[self.clock])
        days, quarters = self._days(rows)
        if not days:
            raise InputError(self._no_time())
        return last_complete_day(days, quarters) + dt.timedelta(days=1)

    @property
    def clock(self) -> str:
        """The table whose last day ends the run."""
        given = self.config.sources
        return "measures" if "measures" in given and "events" not in given else "events"

    def _days(self, rows: Sql) -> tuple[dict[dt.date, int], dict[dt.date, dict[int, int]]]:
        zone = self.config.company.time_zone
        quarters = rows_a_day(self.session, rows, TABLES[self.clock], zone)
        return {day: sum(counts.values()) for day, counts in quarters.items()}, quarters

    def _no_time(self) -> str:
        return NO_TIME.format(table=self.clock, when=TABLES[self.clock].when)

    def _cutoff(self, as_of: dt.date | None) -> dt.date | None:
        if self.clock not in self.rows:
            return as_of
        zone, noun = self.config.company.time_zone, self.clock.removesuffix("s")
        days, quarters = self._days(self.rows[self.clock])
        if as_of is None:
            return last_complete_day(days, quarters) + dt.timedelta(days=1) if days else None
        if days and as_of <= min(days):
            self.problems.append(
                f"as_of {as_of} is not after the first {noun}, {min(days)} ({zone}): nothing "
                "would be left to look at. Choose a later date."
            )
        window, setting = self.config.analysis.windows_days[-1], "analysis.windows_days"
        if self.clock == "measures":
            window, setting = self.config.thresholds.measures_valid_days, "measures_valid_days"
        if days and as_of > (last := last_complete_day(days, quarters)) + dt.timedelta(days=window):
            self.problems.append(
                f"as_of {as_of} is more than {window} days after the last full day of {noun}s, "
                f"{last} ({zone}): no window of {setting} would hold one. Choose an "
                f"earlier date, or load the newer {noun}s."
            )
        return as_of

    def _freshness(self, as_of: dt.date) -> None:
        """Note every table whose newest row is older than the configuration allows."""
        for name, limit in self.config.freshness.items():
            when, most = TABLES[name].when, limit.error_after_days
            if name not in self.judged or when is None or most is None:
                continue
            last = newest_day(self.session, self.judged[name].kept, TABLES[name])
            days_old = (as_of - last).days - 1 if last is not None else None
            if days_old is None or days_old > most:
                told = f"its newest row is of {last}, {days_old} days" if last else "it has no row"
                self.problems.append(
                    f"{name}: {told} before the as-of date {as_of}; freshness.{name}."
                    f"error_after_days is {most}. Refresh the extract, or choose an earlier as-of "
                    "date."
                )

    def _judge(self, name: str, as_of: dt.date | None) -> None:
        self.progress(f"{name}: looking for repeats and contradictions")
        if as_of is not None:
            hold_back(self.session, self.rows[name], TABLES[name], config=self.config,
                      as_of=as_of)  # fmt: skip
        other_currencies(self.session, self.rows[name], TABLES[name], self.config.company.currency)
        self.judged[name] = judge(
            self.session,
            self.inputs[name],
            self.rows[name],
            config=self.config,
            issues=self.issues,
        )
        self.progress(f"{name}: {self.judged[name].counts['rows_kept']:,} kept")
