"""What a reading notices across tables: columns nobody asks for, users nobody lists."""

from collections.abc import Mapping

from helpers.contract import TABLES
from helpers.sources.issues import Issues
from helpers.sources.judge import Judged
from helpers.sources.session import Session, Sql, fill
from helpers.sources.values import folded

__all__ = ["note_unknown_users", "note_unused_columns"]

_LISTED_CHARACTERS = 300


def note_unused_columns(judged: Mapping[str, Judged], issues: Issues) -> None:
    """Note the columns of each file that no source of the table uses; they are not loaded."""
    for table, item in judged.items():
        used: dict[str, set[str]] = {}
        headers: dict[str, list[str]] = {}
        for source in item.given.sources:
            for file in item.given.files_of(source):
                used.setdefault(file.name, set()).update(source.mapping.names)
                headers[file.name] = list(file.columns)
        listed: dict[str, str] = {}
        for name, header in headers.items():
            unused = ", ".join(column for column in header if column not in used[name])
            listed.setdefault(unused[:_LISTED_CHARACTERS], name)
        for unused, name in listed.items():
            if unused:
                rule = "column(s) in the file not used and not loaded"
                issues.add(table, "", rule, 0, 0, f"{name}: {unused}", "note")


def note_unknown_users(
    session: Session, judged: Mapping[str, Judged], issues: Issues, *, case_sensitive: bool
) -> None:
    """Note the users that other tables mention and the users table does not."""
    if "users" not in judged:
        return
    fold = folded(Sql("user_id"), case_sensitive=case_sensitive)
    for table, item in judged.items():
        if table == "users" or "user_id" not in TABLES[table].names:
            continue
        query = fill(
            "SELECT count(*) FILTER (u.user_id IS NULL), count(*), "
            "min(t.user_id) FILTER (u.user_id IS NULL) FROM "
            "(SELECT {f} AS user_id FROM {t} WHERE user_id IS NOT NULL) AS t "
            "LEFT JOIN (SELECT DISTINCT {f} AS user_id FROM {k}) AS u ON t.user_id = u.user_id",
            f=fold,
            t=item.kept,
            k=judged["users"].kept,
        )
        unknown, total, example = session.rows(query)[0]
        if unknown:
            issues.add(table, "user_id", "user not listed in users", unknown, total, example)
