"""How each engine spells what the house SQL says: decided here and nowhere else.

The house SQL is what DuckDB understands, kept to what means the same everywhere. A handful of
words differ between engines and are translated here, word by word. Everything else that engines
disagree on is left out of the house SQL, and these are its rules:

* Rounding is ``FLOOR(x + 0.5)``: PostgreSQL rounds halves of doubles to the even neighbour.
* A quotient has a DOUBLE on its left: whole numbers divide to whole ones in PostgreSQL.
* ``ORDER BY`` of a column that may be empty says ``NULLS LAST`` or ``NULLS FIRST``.
* The median is ``PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)``.
* Sums are of whole numbers, see :func:`helpers.features.feature.exact_sum`.
* No date arithmetic, no double quotes, no engine's own functions.
"""

from dataclasses import dataclass

__all__ = ["DUCKDB", "POSTGRES", "SPARK", "Dialect", "speak"]

_EPOCH_US = "EPOCH_US("


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The words of one engine.

    Parameters
    ----------
    name : str
        As in the configuration.
    words : tuple of (str, str)
        House word and the engine's own.
    epoch_us : str, optional
        Microseconds since 1970 (UTC) of a timestamp, as a whole number; ``{}`` stands for the
        timestamp. A timestamp without zone counts as UTC.
    """

    name: str
    words: tuple[tuple[str, str], ...] = ()
    epoch_us: str | None = None


DUCKDB = Dialect(name="duckdb")
POSTGRES = Dialect(
    name="postgres",
    words=(("AS DOUBLE)", "AS DOUBLE PRECISION)"), ("AS VARCHAR)", "AS TEXT)")),
    epoch_us="CAST(EXTRACT(EPOCH FROM {}) * 1000000 AS BIGINT)",
)
SPARK = Dialect(
    name="spark",
    words=(("AS VARCHAR)", "AS STRING)"),),
    epoch_us="UNIX_MICROS(CAST({} AS TIMESTAMP))",
)


def speak(dialect: Dialect, sql: str) -> str:
    """Translate house SQL for an engine.

    Parameters
    ----------
    dialect : Dialect
        Whose words to use.
    sql : str
        Assembled from names of this package; a text of the data is never in it.

    Returns
    -------
    str
        The same query in the engine's words.
    """
    if dialect.epoch_us is not None:
        sql = _translate_epochs(sql, dialect.epoch_us)
    for house, own in dialect.words:
        sql = sql.replace(house, own)
    return sql


def _translate_epochs(sql: str, template: str) -> str:
    """Replace every ``EPOCH_US(...)``; its argument ends at the parenthesis that closes it."""
    done: list[str] = []
    rest = sql
    while (start := rest.find(_EPOCH_US)) >= 0:
        inside = start + len(_EPOCH_US)
        end = _closing(rest, inside)
        argument = _translate_epochs(rest[inside:end], template)
        done += [rest[:start], template.format(argument)]
        rest = rest[end + 1 :]
    return "".join([*done, rest])


def _closing(sql: str, start: int) -> int:
    depth = 1
    for place in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"a parenthesis is not closed: {sql[start - len(_EPOCH_US) :]}")
