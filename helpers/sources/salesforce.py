"""Salesforce's ids: 15 characters in which case matters, or 18 in which it does not.

The three last of 18 characters say which of the first 15 are capitals, five a character, lowest
bit first, as a letter of ``A-Z0-5``. With them ids may be compared whatever their case.

References
----------
Salesforce Help, "Record IDs and case-sensitivity": how 15 characters become 18.
"""

from helpers.sources.session import Sql, commas, fill, literal

__all__ = ["BAD_ID", "long_id"]

BAD_ID = "bad_salesforce_id"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long_id(text: Sql) -> Sql:
    """Return SQL for the 18 characters of an id, null where it is none.

    Parameters
    ----------
    text : Sql
        A trimmed text column.

    Returns
    -------
    Sql
        15 characters get their check; 18 must have the right one. Where a system has made all 18
        small or capital, the check gives the case back.
    """
    return fill(
        "CASE WHEN regexp_full_match({t}, '[A-Za-z0-9]{{15}}') THEN {t} || {check} "
        "WHEN NOT regexp_full_match({t}, '[A-Za-z0-9]{{18}}') THEN NULL "
        "WHEN right({t}, 3) = {check} THEN {t} "
        "WHEN {t} IN (lower({t}), upper({t})) AND {possible} "
        "THEN {restored} || upper(right({t}, 3)) END",
        t=text,
        check=_check(text),
        possible=commas((_possible(text, place) for place in range(15)), " AND "),
        restored=commas((_restored(text, place) for place in range(15)), " || "),
    )


def _letter(text: Sql, place: int) -> Sql:
    return fill("substr({t}, {p}, 1)", t=text, p=literal(place + 1))


def _check(text: Sql) -> Sql:
    """Return the three characters that say where the capitals are."""
    parts = []
    for start in (0, 5, 10):
        bits = commas(
            (
                fill("CASE WHEN {c} BETWEEN 'A' AND 'Z' THEN {b} ELSE 0 END",
                     c=_letter(text, start + n), b=literal(2**n))
                for n in range(5)
            ),
            " + ",
        )  # fmt: skip
        parts.append(fill("substr({a}, 1 + {b}, 1)", a=literal(_ALPHABET), b=bits))
    return fill("({p})", p=commas(parts, " || "))


def _is_capital(text: Sql, place: int) -> Sql:
    """Tell whether the check says so of a character."""
    mark = fill("upper({m})", m=_letter(text, 15 + place // 5))
    return fill(
        "(((strpos({a}, {m}) - 1) >> {n}) & 1) = 1",
        a=literal(_ALPHABET), m=mark, n=literal(place % 5),
    )  # fmt: skip


def _possible(text: Sql, place: int) -> Sql:
    """Tell whether a character can be what the check says: only a letter can be a capital."""
    mark = fill("strpos({a}, upper({m}))", a=literal(_ALPHABET), m=_letter(text, 15 + place // 5))
    return fill(
        "({m} > 0 AND (NOT {c} OR upper({l}) BETWEEN 'A' AND 'Z'))",
        m=mark, c=_is_capital(text, place), l=_letter(text, place),
    )  # fmt: skip


def _restored(text: Sql, place: int) -> Sql:
    letter = _letter(text, place)
    return fill(
        "CASE WHEN {c} THEN upper({l}) ELSE lower({l}) END",
        c=_is_capital(text, place), l=letter,
    )  # fmt: skip
