"""The seventeen tables that a company can hand in."""

from collections.abc import Iterable

from helpers.contract import product, relation
from helpers.contract.columns import Table

__all__ = ["TABLES", "required_tables", "table_names"]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        product.ACCOUNTS,
        product.EVENTS,
        product.USERS,
        product.USAGE_LEVELS,
        product.MEASURES,
        relation.TICKETS,
        relation.SUBSCRIPTIONS,
        relation.INVOICES,
        relation.SURVEYS,
        relation.MESSAGES,
        relation.TOUCHPOINTS,
        relation.OUTCOMES,
        relation.INTERVENTIONS,
        product.EXTERNAL_SIGNALS,
        product.CALENDAR,
        product.FEATURE_CATALOGUE,
        relation.FEEDBACK,
    )
}


def table_names() -> list[str]:
    """Return the contract's table names, ``accounts`` first."""
    return list(TABLES)


def required_tables(given: Iterable[str]) -> list[str]:
    """Return the tables that a company must have, if it has these.

    A required table is always among them, unless the one that does instead is given alone.
    """
    names = set(given)
    found = []
    for table in TABLES.values():
        if table.required:
            replaced = table.instead is not None and table.name not in names
            found.append(table.instead if replaced and table.instead in names else table.name)
    return found
