"""Which file is which contract table, and which column is which: scores, the best first."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.contract import TABLES, Column
from helpers.sources.proposal.inventory import Dataset
from helpers.sources.proposal.names import CONVERSIONS, TABLE_WORDS, normalise, synonyms, tokens
from helpers.sources.proposal.profile import Profile

__all__ = ["Guess", "Match", "best_matches", "match_table"]

_ENOUGH = 4.0
_SURE = 0.6
_TIME_UNITS = ("_ms", "_us", "_s", "_ts", "_utc", "_epoch")
_FEW_NAMES = 200
_YES_WORDS = ("yes", "true", "churn", "cancel", "lost", "closed", "inactive", "ja", "oui", "si")
_ACCOUNT = "account_id"
_CONSTANTS: dict[tuple[str, str], tuple[tuple[tuple[str, ...], str], ...]] = {
    ("outcomes", "outcome"): ((("churn", "churned", "cancel", "cancellation"), "churned"),
                              (("upgrade",), "upgraded"), (("renewal",), "renewed")),
    ("surveys", "kind"): ((("nps",), "nps"), (("csat",), "csat"), (("ces",), "ces")),
    ("messages", "channel"): ((("email", "mail"), "email"), (("push",), "push"),
                              (("sms",), "sms")),
    ("touchpoints", "kind"): ((("call",), "call"), (("meeting",), "meeting"),
                              (("training",), "training"), (("qbr", "review"), "business_review")),
    ("external_signals", "kind"): ((("funding",), "funding"),),
}  # fmt: skip
"""Required columns that the name of the file may stand for."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """One contract column: where it may come from.

    Parameters
    ----------
    source : str
        Source column, or empty.
    entry : dict
        Settings beside it, as the configuration would have them.
    sure : bool
        Whether name and content both speak for it.
    why : str
        For the comment of an unsure one.
    """

    source: str
    entry: dict[str, Any] = field(default_factory=dict)
    sure: bool = True
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Match:
    """A data set as a contract table; ``settings`` are those of a table that is derived."""

    table: str
    dataset: Dataset
    guesses: dict[str, Guess]
    score: float
    missing: tuple[str, ...] = ()
    settings: dict[str, str | list[str]] = field(default_factory=dict)


def best_matches(datasets: Sequence[Dataset]) -> list[Match]:
    """Give each data set to at most one table, and each table at most one data set.

    Parameters
    ----------
    datasets : sequence of Dataset
        From the inventory.

    Returns
    -------
    list of Match
        In contract order; a match may lack ``account_id``, which a lookup can supply.
    """
    scored = [match_table(table, dataset) for dataset in datasets for table in TABLE_WORDS]
    scored = [match for match in scored if match.score >= _ENOUGH]
    scored.sort(key=lambda m: (-m.score, list(TABLES).index(m.table), m.dataset.files))
    chosen: dict[str, Match] = {}
    taken: list[Dataset] = []
    for match in scored:
        if match.table not in chosen and not any(match.dataset is other for other in taken):
            chosen[match.table] = match
            taken.append(match.dataset)
    return [chosen[table] for table in TABLES if table in chosen]


def match_table(table: str, dataset: Dataset) -> Match:
    """Match one data set with one table; a score of 0 means that it cannot be."""
    contract = TABLES[table]
    pairs = []
    for column in contract.columns:
        for name, facts in dataset.columns.items():
            score = _name_score(table, column.name, name) * _fits(column, facts)
            if score > 0:
                pairs.append((score, contract.names.index(column.name), name, column.name))
    pairs.sort(key=lambda item: (-item[0], item[1], item[2]))
    guesses: dict[str, Guess] = {}
    total = 0.0
    used: set[str] = set()
    for score, _, name, target in pairs:
        if target in guesses or name in used or (score < _SURE and _is_convertible(name)):
            continue
        column, facts = contract.column(target), dataset.columns[name]
        guesses[target] = _guess(column, facts, score)
        total += (2.0 if column.required else 0.5) * score
        used.add(name)
    _add_conversions(table, dataset, guesses, used)
    _add_constants(table, dataset, guesses)
    if table == "events":
        _name_the_event(dataset, guesses)
    _doubt_small_user_numbers(dataset, guesses)
    missing = tuple(name for name in contract.required_names if name not in guesses)
    total += _word_score(table, dataset)
    possible = _is_possible(table, dataset, guesses, missing)
    return Match(table=table, dataset=dataset, guesses=guesses,
                 score=total if possible else 0.0, missing=missing)  # fmt: skip


def _name_score(table: str, column: str, name: str) -> float:
    """Score a name between 0 and 1: a known one, one that contains it, one that resembles it."""
    given = normalise(name.rpartition(".")[2])
    known = synonyms(table, column)
    stem = given.rpartition("_")[0]
    if (
        given.endswith(_TIME_UNITS)
        and stem in known
        and TABLES[table].column(column).kind in ("timestamp", "date")
    ):
        return _SURE
    if given in known:
        return max(1.0 - 0.02 * known.index(given), _SURE)
    words = tokens(given)
    for place, synonym in enumerate(known[:6]):
        parts = tokens(synonym)
        if len(parts) > 1 and parts <= words:
            return 0.5 - 0.02 * place
    near = max(difflib.SequenceMatcher(None, given, synonym).ratio() for synonym in known[:6])
    return 0.45 if near >= 0.85 and len(given) > 4 else 0.0


def _fits(column: Column, facts: Profile) -> float:
    """Judge whether values can be what the column wants: 1, 0.5 for perhaps, 0 for no."""
    if facts.kind == "empty":
        return 0.0 if column.required else 0.7
    is_date = facts.kind == "date" and not facts.style.startswith("epoch")
    if column.kind in ("timestamp", "date"):
        return 1.0 if facts.kind == "date" else 0.0
    if facts.kind == "date" and not is_date:  # numbers that may count seconds, or may be ids
        return {"id": 1.0, "number": 0.7, "integer": 0.7}.get(column.kind, 0.0)
    if column.kind == "integer":
        return 1.0 if facts.kind in ("number", "boolean") and facts.style != "thousands" else 0.0
    if column.kind == "number":
        return 1.0 if facts.kind in ("number", "boolean") else 0.0
    if column.kind == "boolean":
        if facts.kind == "boolean":
            return 1.0
        return 0.5 if facts.kind == "text" and facts.n_distinct == 2 else 0.0
    if column.kind == "id":
        return 0.0 if is_date else 1.0
    return 0.0 if facts.kind in ("date", "boolean") else 1.0


def _guess(column: Column, facts: Profile, score: float) -> Guess:
    entry: dict[str, Any] = {}
    sure, why = score >= _SURE, f"the name {facts.name!r} resembles it only"
    if column.kind in ("timestamp", "date"):
        if facts.style.startswith("epoch") or (facts.style.startswith("%") and not facts.native):
            entry["format"] = facts.style
    elif column.kind in ("number", "integer"):
        if facts.style == "comma":
            entry["number"] = {"decimal": ",", "thousands": "."}
        elif facts.style == "thousands":
            entry["number"] = {"thousands": ","}
    elif column.kind == "boolean" and facts.kind != "boolean" and len(facts.values) == 2:
        first, second = sorted(facts.values)
        flipped = any(word in first.casefold() for word in _YES_WORDS)
        entry["values"] = {first: flipped, second: not flipped}
        sure, why = False, "which of the two values is true?"
    if facts.null_words and column.kind not in ("id", "text"):
        entry["nulls"] = list(facts.null_words)
    if column.values and facts.kind == "text":
        unknown = sorted(v for v in facts.values if v.lower() not in column.values)
        if unknown:
            sure, why = False, f"expected {list(column.values)}; the file has e.g. {unknown[0]!r}"
    if column.kind == "id" and facts.values and all(v.endswith(".0") for v in facts.values):
        entry["sql"] = f"regexp_replace({quoted(facts.name)}, '[.]0$', '')"
    return Guess(source=facts.name, entry=entry, sure=sure, why="" if sure else why)


def quoted(name: str) -> str:
    """Quote a column for an SQL expression."""
    return '"' + name.replace('"', '""') + '"'


def _is_convertible(name: str) -> bool:
    return any(normalise(name) in names for _, names, _ in CONVERSIONS)


def _add_conversions(
    table: str, dataset: Dataset, guesses: dict[str, Guess], used: set[str]
) -> None:
    """Take a column in another unit where none is in the contract's own."""
    for column, names, entry in CONVERSIONS:
        if column not in TABLES[table].names or column in guesses:
            continue
        for name, facts in dataset.columns.items():
            if normalise(name) in names and facts.kind == "number" and name not in used:
                filled = {
                    key: value.format(column=quoted(name)) if isinstance(value, str) else value
                    for key, value in entry.items()
                }
                why = f"converted from {name}"
                guesses[column] = Guess(source=name, entry=filled, sure=False, why=why)
                used.add(name)
                break


def _add_constants(table: str, dataset: Dataset, guesses: dict[str, Guess]) -> None:
    words = tokens(dataset.name)
    for (owner, column), choices in _CONSTANTS.items():
        if owner != table or column in guesses:
            continue
        for signs, value in choices:
            if words & set(signs):
                guesses[column] = Guess(source="", entry={"constant": value}, sure=False,
                                        why=f"from the file's name, {dataset.name}")  # fmt: skip
                break


def _name_the_event(dataset: Dataset, guesses: dict[str, Guess]) -> None:
    """Let the feature name the event, and the event the feature, where one is missing."""
    event, feature = guesses.get("event"), guesses.get("feature")
    if event is not None and feature is None and "feature" in tokens(event.source):
        guesses["feature"] = Guess(source=event.source)
    few = feature is not None and dataset.columns[feature.source].n_distinct <= _FEW_NAMES
    if event is None and feature is not None and few:
        why = "no column names the event; the use of a feature is one"
        guesses["event"] = Guess(source=feature.source, sure=False, why=why)
    if "event" not in guesses and "occurred_at" in guesses:
        name = normalise(dataset.name) or "event"
        why = "no column names the event; every row counts as one"
        guesses["event"] = Guess(source="", entry={"constant": name}, sure=False, why=why)


def _doubt_small_user_numbers(dataset: Dataset, guesses: dict[str, Guess]) -> None:
    """Numbers from 0 or 1 upwards are often counted within each account."""
    user, account = guesses.get("user_id"), guesses.get("account_id")
    if user is None or account is None or not user.source or not account.source:
        return
    facts = dataset.columns[user.source]
    if facts.whole and facts.n_distinct < dataset.columns[account.source].n_distinct:
        both = f"{quoted(account.source)} || '-' || {quoted(user.source)}"
        why = f"counted within each account? then sql: {both}"
        guesses["user_id"] = Guess(source=user.source, entry=user.entry, sure=False, why=why)


def _word_score(table: str, dataset: Dataset) -> float:
    words = tokens(dataset.name)
    signs = set(TABLE_WORDS[table])
    if not words & signs:
        return 0.0
    return 3.0 if words <= signs else 1.5


def _is_possible(
    table: str, dataset: Dataset, guesses: dict[str, Guess], missing: tuple[str, ...]
) -> bool:
    if set(missing) - {_ACCOUNT}:
        return False
    if table in ("accounts", "calendar", "feature_catalogue") and missing:
        return False
    named = bool(tokens(dataset.name) & set(TABLE_WORDS[table]))
    own = [name for name in guesses if name != _ACCOUNT and guesses[name].source]
    if table not in ("accounts", "events") and not named and len(own) < 3:
        return False
    for name in TABLES[table].key[:1]:
        guess = guesses.get(name)
        if name != "event_id" and guess is not None and len(TABLES[table].key) == 1:
            facts = dataset.columns[guess.source]
            if facts.n_filled - facts.n_distinct > 0.02 * facts.n_filled:
                return False
    return bool(own) or table == "accounts"
