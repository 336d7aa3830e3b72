"""A little dirt, as real extracts have it, with its counts written down.

It is added after everything else, so that the company underneath stays the same.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk
from helpers.sources.demo.settings import generator

__all__ = ["Dirt"]

_MICROSECONDS_A_DAY = 86_400_000_000

# rows a chunk of 100 accounts
_DUPLICATES, _CONFLICTS, _ORPHANS, _NO_ACCOUNT, _UNKNOWN, _FUTURE = 70, 10, 25, 15, 40, 2
_BAD_TIMES = ("31.02.2026 10:00", "soon", "2026-13-01 09:00:00", "")


@dataclass
class Dirt:
    """Adds dirt to tables and counts it."""

    life: Life
    counts: Counter[str] = field(default_factory=Counter)

    def events(self, clean: pa.Table, chunk: Chunk) -> pa.Table:
        """Append repeated, contradictory, ownerless, unknown and misdated rows."""
        if len(clean) < 500:
            return clean
        rng = generator(self.life.scale.seed, "dirt", chunk.number)
        share = len(chunk) / 100
        parts = [clean, self._repeated(clean, rng, round(_DUPLICATES * share))]
        parts.append(self._contradicting(clean, rng, round(_CONFLICTS * share)))
        fresh = (chunk.number + 1) * 1_000_000_000 + 500_000_000
        for name, count, column, value in (
            ("orphan_events", round(_ORPHANS * share), "org_id", "BD-99999999"),
            ("events_without_account", round(_NO_ACCOUNT * share), "org_id", None),
            ("events_outside_catalogue", round(_UNKNOWN * share), "event_name", "legacy_widget"),
            ("events_after_the_end", max(1, round(_FUTURE * share)), "event_time", None),
        ):
            rows = clean.take(pa.array(np.sort(rng.choice(len(clean), count, replace=False))))
            rows = _replaced(rows, "event_uuid", pa.array(fresh + np.arange(count)))
            fresh += count
            if column == "event_time":
                late = rows["event_time"].cast(pa.int64()).to_numpy() + 400 * _MICROSECONDS_A_DAY
                late = np.maximum(late, late.max())
                rows = _replaced(rows, column, pa.array(late).cast(clean.schema.field(column).type))
            else:
                rows = _replaced(rows, column, pa.array([value] * count, pa.string()))
            if name == "events_outside_catalogue":
                rows = _replaced(rows, "area", pa.array([None] * count, pa.string()))
            self.counts[name] += count
            parts.append(rows)
        return pa.concat_tables(parts)

    def _repeated(self, clean: pa.Table, rng: np.random.Generator, count: int) -> pa.Table:
        self.counts["duplicate_events"] += count
        return clean.take(pa.array(np.sort(rng.choice(len(clean), count, replace=False))))

    def _contradicting(self, clean: pa.Table, rng: np.random.Generator, count: int) -> pa.Table:
        """Repeat event ids one minute earlier: second versions that came with the first."""
        self.counts["conflicting_events"] += count
        rows = clean.take(pa.array(np.sort(rng.choice(len(clean), count, replace=False))))
        earlier = rows["event_time"].cast(pa.int64()).to_numpy() - 60_000_000
        kind = clean.schema.field("event_time").type
        return _replaced(rows, "event_time", pa.array(earlier).cast(kind))

    def tickets(self, rows: list[dict[str, Any]], chunk: Chunk) -> list[dict[str, Any]]:
        """Add tickets whose time nobody can read; decorate some account ids."""
        rng = generator(self.life.scale.seed, "dirt", 1_000_000 + chunk.number)
        count = min(len(rows), max(1, len(chunk) // 50))
        for position in sorted(
            rng.choice(len(rows), count, replace=False).tolist() if rows else []
        ):
            bad = _BAD_TIMES[int(rng.integers(0, len(_BAD_TIMES)))]
            rows.append({**rows[position], "id": f"{rows[position]['id']}-x", "opened": bad})
            self.counts["unreadable_ticket_times"] += 1
        for row in rows:
            if rng.random() < 0.01:
                row["org"] = f" {row['org'].lower()} "
                self.counts["decorated_ids_tickets"] += 1
        return rows

    def invoices(self, table: dict[str, list[Any]], chunk: Chunk) -> dict[str, list[Any]]:
        """Write some account ids in lower case."""
        rng = generator(self.life.scale.seed, "dirt", 2_000_000 + chunk.number)
        flags = rng.random(len(table["customer_id"])) < 0.015
        ids = [
            number.lower() if flag else number
            for number, flag in zip(table["customer_id"], flags, strict=True)
        ]
        self.counts["decorated_ids_invoices"] += int(flags.sum())
        return {**table, "customer_id": ids}


def _replaced(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return table.set_column(
        table.schema.get_field_index(column), table.schema.field(column), values
    )
