"""Write ``contract.md`` from :mod:`helpers.contract`: ``python docs/make_contract.py``.

A test compares the page with what this script would write, so the two cannot differ.
"""

from pathlib import Path

from helpers.contract import TABLES, Column, Table

__all__ = ["page"]

PAGE = Path(__file__).with_name("contract.md")

HEAD = """# Tables and columns

Written by `docs/make_contract.py` from `helpers/contract`; change it there.

Only `accounts` and `events` must be there, and `measures` does in place of `events` (see
[decision 0041](decisions/0041-snapshots-without-events.md)). Every other table is optional: a run
without it says which results are missing for want of it.
A column of yours reaches its name here through `columns:` in the configuration. A column that
nobody asks for is not loaded.

- **required**: a row without it goes to quarantine, a source without it is an error.
- **id** is text, trimmed and compared without regard to case. **timestamp** becomes UTC. **date**
  is a day of the company's calendar.
- **known on**: a run as of an earlier date does not see the value. An invoice's `paid_on` does
  not exist before it is paid.
- **personal**: identifies a person.
"""


def _notes(column: Column) -> str:
    """Limits, allowed values and marks of one column."""
    notes = []
    if column.minimum is not None:
        notes.append(f"at least {column.minimum:g}")
    if column.maximum is not None:
        notes.append(f"at most {column.maximum:g}")
    if column.values:
        notes.append("one of " + ", ".join(column.values))
    if column.personal:
        notes.append("personal")
    return "; ".join(notes)


def _section(table: Table) -> str:
    """One table of the contract as a heading, two facts and a Markdown table."""
    facts = ["required table" if table.required else "optional table"]
    if table.instead:
        facts.append(f"or `{table.instead}` in its place")
    if table.long:
        facts.append("a wide source is mapped by `unpivot`")
    if table.key:
        facts.append("key: " + ", ".join(f"`{name}`" for name in table.key))
    if table.when:
        facts.append(f"dated by `{table.when}`")
    said = "; ".join(facts)
    facts_text = said[0].upper() + said[1:]
    meaning = table.meaning[0].upper() + table.meaning[1:]
    lines = [f"## {table.name}", "", f"{meaning}. {facts_text}.", ""]
    lines.append("| column | type | meaning | required | known on | notes |")
    lines.append("|---|---|---|---|---|---|")
    for column in table.columns:
        known = f"`{column.known_on}`" if column.known_on else ""
        required = "yes" if column.required else ""
        cells = [f"`{column.name}`", column.kind, column.meaning, required, known, _notes(column)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def page() -> str:
    """Return the whole page as Markdown."""
    return "\n\n".join([HEAD.rstrip(), *map(_section, TABLES.values())]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
