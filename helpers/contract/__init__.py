"""Which tables go in and come out, and what each column means: names that others rely on."""

from helpers.contract.columns import Column, Table
from helpers.contract.outputs import NOTEBOOKS, OUTPUTS, check_output
from helpers.contract.tables import TABLES, required_tables, table_names

__all__ = [
    "NOTEBOOKS",
    "OUTPUTS",
    "TABLES",
    "Column",
    "Table",
    "check_output",
    "required_tables",
    "table_names",
]
