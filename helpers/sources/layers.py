"""The layers of the mapping statement, column by column: trimmed, parsed, checked.

Column ``i`` of a source is ``x{i}`` as loaded, ``t{i}`` trimmed, ``p{i}`` parsed, ``v{i}`` the
contract's value and ``e{i}`` the reason why there is none. ``o{i}`` keeps the written text where
a value map replaced it, ``m{i}`` says that the map does not know it, ``w{i}`` why a number is
none, ``i{i}`` whether a time says its own offset, ``f{i}`` whether a CAST failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.config import Source
from helpers.config.models import Thresholds
from helpers.sources import dates, salesforce, values
from helpers.sources.mapping import Planned
from helpers.sources.session import Sql, commas, fill, literal

__all__ = ["Built", "Layers"]


@dataclass(frozen=True)
class Built:
    """One mapped column: its settings, its place, and its DuckDB type as loaded."""

    planned: Planned
    index: int
    kind: str

    @property
    def name(self) -> str:
        """Return the contract name."""
        return self.planned.column.name

    def layer(self, stem: str) -> Sql:
        """Return the column's name in a layer."""
        return Sql(f"{stem}{self.index}")


class Layers:
    """Writes each layer for the mapped columns of one source.

    Parameters
    ----------
    source : Source
        Null markers, order of dates and zone.
    built : sequence of Built
        The mapped columns.
    thresholds : Thresholds
        Earliest plausible date.
    key : str
        Key of the source, for errors.
    """

    def __init__(
        self, source: Source, built: Sequence[Built], thresholds: Thresholds, key: str
    ) -> None:
        self.source, self.built, self.thresholds, self.key = source, built, thresholds, key
        self.moments: dict[str, dates.Moment] = {}

    def texts(self) -> list[Sql]:
        """Trimmed text without null markers, or the native value."""
        pieces = []
        for item in self.built:
            value, column = item.layer("x"), item.planned.column
            if item.planned.failed is not None:
                pieces.append(item.layer("f"))
            if not self._is_text(item):
                pieces.append(fill("{x} AS {t}", x=value, t=item.layer("t")))
                continue
            raw = values.as_text(value, item.kind)
            text = self._cleaned(item, raw)
            if item.planned.entry.values is not None:
                known = commas(literal(key.strip()) for key in item.planned.entry.values)
                unknown = fill("{t} NOT IN ({k})", t=text, k=known)
                pieces.append(fill("{u} AS {m}", u=unknown, m=item.layer("m")))
                pieces.append(fill("{t} AS {o}", t=text, o=item.layer("o")))
                text = values.mapped(text, item.planned.entry.values)
            if column.values:
                text = fill("lower({t})", t=text)
            pieces.append(fill("{x} AS {t}", x=text, t=item.layer("t")))
            if column.name == "account_id":
                pieces.append(fill("{r} AS _raw_id", r=raw))
        return pieces

    def _cleaned(self, item: Built, raw: Sql) -> Sql:
        nulls = [*self.source.nulls, *item.planned.entry.nulls]
        if item.kind != "VARCHAR" and not nulls and item.planned.entry.values is None:
            return raw  # a number or a date written out has no blanks to trim
        text = values.clean_text(raw, nulls)
        return values.clean_id(text) if item.planned.column.kind == "id" else text

    def _is_text(self, item: Built) -> bool:
        entry = item.planned.entry
        declared = bool(entry.values is not None or entry.nulls or self.source.nulls)
        return item.kind == "VARCHAR" or item.planned.column.kind in ("id", "text") or declared

    def _kind(self, item: Built) -> str:
        return "VARCHAR" if self._is_text(item) else item.kind

    def parsed(self) -> list[Sql]:
        """Typed values, and what must be known beside them."""
        pieces = []
        for item in self.built:
            column, text = item.planned.column, item.layer("t")
            kind, entry = self._kind(item), item.planned.entry
            value, beside = text, None
            if column.kind == "boolean":
                value = values.boolean(text, kind)
            elif column.kind in ("number", "integer"):
                value, why = values.number(text, kind, entry)
                beside = fill("{v} AS {w}", v=why, w=item.layer("w"))
            elif column.kind in ("timestamp", "date"):
                where = f"{self.key}.columns.{column.name}"
                found = dates.moment(text, kind, entry, self.source, where)
                self.moments[column.name] = found
                value = found.parsed
                beside = fill("{v} AS {i}", v=found.instant, i=item.layer("i"))
            elif entry.id_type == "salesforce":
                value = salesforce.long_id(text)
            pieces.append(fill("{v} AS {p}", v=value, p=item.layer("p")))
            if beside is not None:
                pieces.append(beside)
        return pieces

    def checked(self) -> list[Sql]:
        """Contract values, and reasons."""
        pieces = []
        for item in self.built:
            pieces.append(fill("{v} AS {n}", v=self._final(item), n=item.layer("v")))
            pieces.append(fill("{e} AS {n}", e=self._fault(item), n=item.layer("e")))
        return pieces

    def _final(self, item: Built) -> Sql:
        column, parsed = item.planned.column, item.layer("p")
        if column.kind == "integer":
            return fill("CASE WHEN {p} = trunc({p}) THEN TRY_CAST({p} AS BIGINT) END", p=parsed)
        if column.kind not in ("timestamp", "date"):
            return parsed
        found = self.moments[column.name]
        if column.kind == "date":
            return found.day(parsed, item.layer("i"))
        return fill("CAST({u} AS TIMESTAMPTZ)", u=found.utc(parsed, item.layer("i")))

    def _fault(self, item: Built) -> Sql:
        """Reasons in the order in which they are looked for."""
        column, entry = item.planned.column, item.planned.entry
        text, parsed = item.layer("t"), item.layer("p")
        arms = []
        if item.planned.failed is not None:
            arms.append(fill("WHEN {t} IS NULL AND {f} THEN 'cast_failed'", t=text,
                             f=item.layer("f")))  # fmt: skip
        if entry.values is not None:
            arms.append(fill("WHEN {m} THEN 'unknown_value'", m=item.layer("m")))
        if column.required:
            arms.append(fill("WHEN {t} IS NULL THEN {r}", t=text,
                             r=literal(f"missing {column.name}")))  # fmt: skip
        why = {
            "boolean": literal("not_a_boolean"),
            "date": literal("bad_date"),
            "timestamp": literal("bad_timestamp"),
            "number": item.layer("w"),
            "integer": item.layer("w"),
        }.get(column.kind)
        if entry.id_type == "salesforce":
            why = literal(salesforce.BAD_ID)
        if why is not None:
            arms.append(fill("WHEN {t} IS NOT NULL AND {p} IS NULL THEN {w}", t=text, p=parsed,
                             w=why))  # fmt: skip
        arms += self._limits(item)
        if not arms:
            return Sql("NULL::VARCHAR")
        return fill("CASE {arms} END", arms=commas(arms, " "))

    def _limits(self, item: Built) -> list[Sql]:
        column, parsed = item.planned.column, item.layer("p")
        arms = []
        if column.kind == "integer":
            arms.append(fill("WHEN {p} <> trunc({p}) OR abs({p}) >= 9223372036854775808 "
                             "THEN 'not_a_whole_number'", p=parsed))  # fmt: skip
        if column.kind in ("timestamp", "date"):
            earliest = self.thresholds.earliest_date.isoformat()
            arms.append(fill(
                "WHEN {p} < CAST({low} AS TIMESTAMP) OR year({p}) >= {high} "
                "THEN 'implausible_time'",
                p=parsed, low=literal(earliest), high=literal(dates.LATEST_YEAR),
            ))  # fmt: skip
        if column.kind in ("number", "integer"):
            given = item.planned.entry.minimum
            minimum = column.minimum if given is None else given
            for limit, sign, word in (
                (minimum, Sql("<"), "below_minimum"), (column.maximum, Sql(">"), "above_maximum")
            ):  # fmt: skip
                if limit is not None:
                    arms.append(fill("WHEN {p} {s} {l} THEN {r}", p=parsed, s=sign,
                                     l=literal(float(limit)),
                                     r=literal(f"{word}({limit:g})")))  # fmt: skip
        if column.values:
            allowed = commas(map(literal, column.values))
            arms.append(fill("WHEN {p} NOT IN ({a}) THEN 'unknown_value'", p=parsed, a=allowed))
        return arms
