"""The sixteen tables that a company can hand in."""

from helpers.contract import product, relation
from helpers.contract.columns import Table

__all__ = ["TABLES", "table_names"]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        product.ACCOUNTS,
        product.EVENTS,
        product.USERS,
        product.USAGE_LEVELS,
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
