"""The proposal itself: a commented configuration for someone's own files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers.contract import TABLES
from helpers.errors import InputError
from helpers.sources.proposal.derive import (
    derived_accounts,
    derived_invoices,
    derived_outcomes,
    order_lines,
)
from helpers.sources.proposal.inventory import Dataset, take_inventory
from helpers.sources.proposal.match import Guess, Match, best_matches
from helpers.sources.proposal.names import ROLE_WORDS, normalise, tokens
from helpers.sources.proposal.relations import LookupGuess, find_lookup, with_checked_accounts
from helpers.sources.proposal.yaml_text import Lines, flow, scalar
from helpers.sources.session import open_session

__all__ = ["propose"]

_NULL_SHARE = 0.04
_CURRENCIES = ("EUR", "USD", "GBP", "CHF")


def propose(data_folder: Path) -> str:
    """Propose a configuration for the tables in a folder.

    Parameters
    ----------
    data_folder : Path
        CSV, Parquet, JSON lines, DuckDB or SQLite files, also in folders below.

    Returns
    -------
    str
        YAML that loads as it is, wherever there are events; every guess that is not certain is
        marked ``# ?``. Where nothing looks like events, a comment says what is missing.

    Raises
    ------
    InputError
        If there is no folder, or no table in it.
    """
    root = Path(data_folder).resolve()
    if not root.is_dir():
        raise InputError(f"data folder not found: {data_folder}.")
    with open_session(root, root) as session:
        datasets, skipped = take_inventory(session, root)
    if not datasets:
        raise InputError(
            f"no table found below {data_folder}: expected CSV, Parquet, JSON lines, DuckDB or "
            f"SQLite files. {'; '.join(skipped[:5])}"
        )
    matches = _settle(best_matches(datasets))
    lookups = {
        match.table: find_lookup(match, datasets, matches)
        for match in matches
        if "account_id" in match.missing
    }
    usable = [m for m in matches if "account_id" not in m.missing or lookups.get(m.table)]
    return _Writer(root.name, datasets, skipped, usable, lookups).text()


def _settle(matches: Sequence[Match]) -> list[Match]:
    """Check accounts against each other, and add the tables that others imply."""
    by_table = {match.table: match for match in matches}
    accounts, events = by_table.get("accounts"), by_table.get("events")
    if accounts is not None:
        known = accounts.dataset.columns[accounts.guesses["account_id"].source].values
        for table in by_table:
            if table != "accounts":
                by_table[table] = with_checked_accounts(by_table[table], known)
    if events is not None and "account_id" in events.guesses:
        lines = order_lines(events.dataset)
        if lines is not None:
            guesses = dict(events.guesses)
            guesses["session_id"] = Guess(source=lines.order)
            guesses["event"] = Guess(source="", entry={"sql": lines.event})
            guesses["value"] = Guess(source="", entry={"sql": lines.amount}, sure=False,
                                     why="quantity times price")  # fmt: skip
            guesses.pop("event_id", None)
            events = replace(events, guesses=guesses)
            by_table["events"] = events
            by_table.setdefault("invoices", derived_invoices(events, lines))
        if accounts is None:
            by_table["accounts"] = derived_accounts(events)
    left = derived_outcomes(accounts) if accounts is not None else None
    if left is not None:
        by_table.setdefault("outcomes", left)
    return [by_table[table] for table in TABLES if table in by_table]


class _Writer:
    """Writes one proposal."""

    def __init__(
        self,
        folder: str,
        datasets: Sequence[Dataset],
        skipped: Sequence[str],
        matches: Sequence[Match],
        lookups: dict[str, LookupGuess | None],
    ) -> None:
        self.folder, self.datasets, self.skipped = folder, datasets, skipped
        self.matches, self.lookups = matches, lookups
        self.out = Lines()
        self.tables = {match.table: match for match in matches}
        self.limits: dict[str, tuple[float, str]] = {}

    def text(self) -> str:
        self._head()
        self.out.add(0, "sources:")
        for match in self.matches:
            self.out.blank()
            self._table(match)
        self._leftovers()
        self._limits()
        self._roles()
        self._analysis()
        return self.out.text()

    def _head(self) -> None:
        out = self.out
        out.comment(0, f"Proposed from the files in {self.folder}. Lines marked `# ?` are guesses:")
        out.comment(0, "look at each, correct it, take the mark away. Then run")
        out.comment(0, "  playbook check --config THIS FILE --data THE FOLDER")
        missing = [name for name in ("accounts", "events") if name not in self.tables]
        for name in missing:
            out.comment(0, f"This file will not load yet: nothing here looks like {name} "
                           f"({TABLES[name].meaning}). Required columns: "
                           f"{', '.join(TABLES[name].required_names)}.")  # fmt: skip
        if "events" in missing:
            out.comment(0, "A table of numbers, one row an account, may stand in for events: see")
            out.comment(0, "`measures` in config/examples/customer_data.yaml.")
        out.add(0, "version: 1")
        out.blank()
        out.add(0, "company:")
        out.add(1, f"name: {scalar(self.folder)}", doubt="the name of the folder")
        out.add(1, f"currency: {self._currency()}", doubt="ISO code of all money below")
        out.add(1, "time_zone: UTC", doubt="where a day begins and ends in the reports")
        out.blank()
        out.add(0, "data: .", note="--data on the command line says where the paths start")
        out.blank()

    def _currency(self) -> str:
        words = {word for d in self.datasets for name in d.columns for word in tokens(name)}
        return next((code for code in _CURRENCIES if code.lower() in words), _CURRENCIES[0])

    def _table(self, match: Match) -> None:
        out, dataset = self.out, match.dataset
        derived = match.score == 0.0
        out.comment(1, TABLES[match.table].meaning)
        doubt = f"derived from {dataset.name}: no file of its own" if derived else ""
        out.add(1, f"{match.table}:", doubt=doubt)
        out.add(2, f"files: {scalar(dataset.files[0])}")
        if any(mark in dataset.files[0] for mark in "*?[") and not dataset.proven:
            out.add(2, "completeness: assumed", doubt="nothing proves that all parts are there")
        for name, value in dataset.options.items():
            out.add(2, f"{name}: {scalar(value)}",
                    doubt="not UTF-8; cp1252 is a guess" if name == "encoding" else "")  # fmt: skip
        self._dates(match)
        self._zone(match)
        for name, setting in match.settings.items():
            self.out.add(2, f"{name}: {flow(setting)}")
        self._columns(match)
        lookup = self.lookups.get(match.table)
        if lookup is not None:
            self._lookup(lookup)
        self._note_nulls(match)

    def _dates(self, match: Match) -> None:
        """Declare the order of day and month where dates are written with slashes."""
        styles = {
            match.dataset.columns[guess.source].style
            for guess in match.guesses.values()
            if guess.source and match.dataset.columns[guess.source].kind == "date"
        }
        if "dmy" in styles and "mdy" not in styles:
            self.out.add(2, "date_order: dmy", note="some day numbers exceed 12")
        elif "mdy" in styles and "dmy" not in styles:
            self.out.add(2, "date_order: mdy", note="some day numbers exceed 12")
        elif styles & {"unclear", "dmy", "mdy"}:
            self.out.add(2, "date_order: dmy", doubt="the dates prove neither dmy nor mdy")

    def _zone(self, match: Match) -> None:
        """Say that times of day without an offset need a zone."""
        sources = [guess.source for guess in match.guesses.values() if guess.source]
        local = [name for name in sources if match.dataset.columns[name].local_clock]
        if local:
            self.out.add(2, "time_zone: UTC", doubt=f"{', '.join(local)}: times without an offset")

    def _columns(self, match: Match) -> None:
        lookup = self.lookups.get(match.table)
        self.out.add(2, "columns:")
        if lookup is not None:
            self.out.add(3, f"account_id: {scalar(f'{lookup.name}.{lookup.account}')}",
                         doubt=f"looked up by {lookup.match}")  # fmt: skip
        names = TABLES[match.table].names
        for name in names:
            guess = match.guesses.get(name)
            if guess is not None and not (lookup is not None and name == "account_id"):
                self.out.add(3, f"{name}: {_entry(guess)}", doubt=guess.why)
        for name in names:  # a column of the contract's own name that means something else
            if name in match.dataset.columns and name not in match.guesses and match.score:
                self.out.add(3, f"{name}: null", doubt="its values do not fit the contract")
        used = {guess.source for guess in match.guesses.values()}
        rest = [name for name in match.dataset.columns if name not in used]
        if rest and match.score:
            self.out.comment(3, f"not used: {', '.join(rest)}")

    def _lookup(self, lookup: LookupGuess) -> None:
        out = self.out
        out.add(2, "lookups:")
        out.add(3, f"{scalar(lookup.name)}:")
        out.add(4, f"files: {scalar(lookup.dataset.files[0])}")
        for name, value in lookup.dataset.options.items():
            out.add(4, f"{name}: {scalar(value)}")
        out.add(4, f"key: {scalar(lookup.key)}")
        if lookup.match != lookup.key:
            out.add(4, f"match: {scalar(lookup.match)}", doubt="its values occur in the key")
        out.add(4, f"take: {flow([lookup.account])}")
        for name, value in (("valid_from", lookup.valid_from), ("valid_to", lookup.valid_to)):
            if value:
                out.add(4, f"{name}: {scalar(value)}")

    def _note_nulls(self, match: Match) -> None:
        """Remember where more rows lack their account than the default limit lets pass."""
        guess = match.guesses.get("account_id")
        required = "account_id" in TABLES[match.table].required_names
        if guess is None or match.table == "accounts" or not required:
            return
        facts = match.dataset.columns[guess.source]
        share = 1 - facts.n_filled / max(facts.n_rows, 1)
        if share > _NULL_SHARE:
            limit = 0.95 if match.score == 0.0 else round(min(share * 1.5 + 0.02, 0.95), 2)
            why = f"{share:.0%} of the rows looked at have no {guess.source}"
            self.limits[match.table] = (limit, why)

    def _leftovers(self) -> None:
        used = [match.dataset for match in self.matches]
        used += [lookup.dataset for lookup in self.lookups.values() if lookup is not None]
        rest = [d for d in self.datasets if not any(d is other for other in used)]
        self.out.blank()
        for dataset in rest:
            listed = ", ".join(dataset.columns)
            self.out.comment(1, f"? not recognised: {dataset.files[0]} ({listed})")
        for text in self.skipped:
            self.out.comment(1, f"left aside: {text}")

    def _limits(self) -> None:
        if self.limits:
            self.out.blank()
            self.out.add(0, "max_quarantine_share:")
            for table, (limit, why) in self.limits.items():
                self.out.add(1, f"{table}: {limit}", doubt=why)

    def _roles(self) -> None:
        """Give event names their role where a word in the name says so."""
        events = self.tables.get("events")
        guess = events.guesses.get("event") if events else None
        if events is None or guess is None or not guess.source:
            return
        names = sorted(events.dataset.columns[guess.source].values)
        found: dict[str, list[str]] = {}
        for role, words in ROLE_WORDS.items():
            hits = [name for name in names if any(word in normalise(name) for word in words)]
            if role not in ("security", "error"):
                hits = [name for name in hits if "fail" not in name.casefold()]
            if hits and len(names) <= 500:
                found[role] = hits
        self.out.blank()
        if found:
            self.out.add(0, "roles:")
            for role, hits in found.items():
                self.out.add(1, f"{role}: {flow(hits)}", doubt="from the words in the names")
        else:
            self.out.comment(0, "? roles: no event name tells its role; see config/demo.yaml")

    def _analysis(self) -> None:
        if "outcomes" not in self.tables and "events" in self.tables:
            self.out.blank()
            self.out.add(0, "analysis:")
            accounts = self.tables.get("accounts")
            flag = accounts.guesses.get("claimed_churned") if accounts else None
            known = f"{flag.source} says who, not when" if flag else "no file says who churned"
            doubt = f"{known}: so many days without an event"
            self.out.add(1, "churn_after_silent_days: 90", doubt=doubt)


def _entry(guess: Guess) -> str:
    """Write a column: its name, or a mapping where more must be said."""
    entry: dict[str, Any] = dict(guess.entry)
    if not entry:
        return scalar(guess.source)
    if guess.source and "sql" not in entry and "constant" not in entry:
        entry = {"from": guess.source, **entry}
    return flow(entry)
