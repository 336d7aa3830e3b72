"""A source of several files, read file by file: each of them once, as long as it stays the same."""

import json
import re
from collections.abc import Callable, Sequence

from helpers.config import CompanyConfig
from helpers.sources.checking import Checked
from helpers.sources.folding import MISFITS, bind_error, filtered
from helpers.sources.formats import how_written
from helpers.sources.inputs import FILE_STEP, LoadedSource, TableInput, check_promise, rows_of
from helpers.sources.issues import Issues
from helpers.sources.kept import KeptFile, KeptRows
from helpers.sources.mapping import Mapping
from helpers.sources.raw import RawFile, column
from helpers.sources.session import Session, Sql, commas, fill, literal
from helpers.sources.stage import Staged, stage

__all__ = ["DAMAGED", "ByFile", "suits"]

DAMAGED = "rows kept of an earlier reading are damaged: file read anew"
_KINDS = {"csv", "parquet"}
_PLAIN_TYPE = re.compile(r"[A-Z][A-Z0-9_ ]*(\(\d+,\s*\d+\))?")


def suits(checked: Checked, mapping: Mapping, opened: Sequence[RawFile]) -> bool:
    """Tell whether the rows of each file of a source depend on that file alone.

    Rows folded by ``group_by`` or completed by a lookup do not, nor do those of files that lack a
    column or write it in different types. A single file that grows has to be read whole anyway.
    """
    source = checked.source
    whole = bool(source.group_by or source.lookups or checked.unpivoted)
    types = {tuple(file.columns.get(name, "") for name in mapping.names) for file in opened}
    plain = all(_PLAIN_TYPE.fullmatch(kind) for kind in next(iter(types), ()))
    kinds = {file.kind for file in opened}
    return len(opened) > 1 and not whole and len(types) == 1 and plain and kinds <= _KINDS


class ByFile:
    """Reads the files of a source one at a time, unless their rows are kept.

    Parameters
    ----------
    session : Session
        Reads and maps.
    kept : KeptRows
        What earlier readings kept.
    config : CompanyConfig
        Thresholds, and whose data these are.
    issues : Issues
        Receives a note of each kept file that is damaged.
    settle : callable
        Raises if a file was written to since it was opened.
    """

    def __init__(
        self,
        session: Session,
        kept: KeptRows,
        config: CompanyConfig,
        issues: Issues,
        settle: Callable[[], None],
    ) -> None:
        self.session, self.kept, self.config = session, kept, config
        self.issues, self.settle = issues, settle

    def load(
        self,
        result: TableInput,
        checked: Checked,
        mapping: Mapping,
        opened: Sequence[RawFile],
        *,
        promised: dict[str, int],
    ) -> LoadedSource:
        """Return the source with the rows of all its files.

        Raises
        ------
        InputError
            As :func:`helpers.sources.load.load_table`.
        """
        first = len(result.files)
        template = self._staged(checked, mapping, _no_rows(mapping, opened[0]))
        told = [json.dumps([checked.table.name, checked.key]), str(template.query)]
        told += [str(mapping.where), how_written(checked.source)]
        parts, kept_files = [], []
        for number, file in enumerate(opened, start=first):
            found = self._of_file(checked, mapping, file, told)
            check_promise(promised, file, found.n_source)
            result.note(file, found.n_source, found.bad)
            kept_files.append(found)
            parts.append(fill(
                "SELECT * REPLACE (_pos + {b} AS _pos) FROM read_parquet({p})",
                b=literal(number * FILE_STEP), p=literal(str(found.path)),
            ))  # fmt: skip

        def again(numbers: Sequence[int]) -> Sql:
            asked = [n for n in numbers if first <= n < first + len(opened)]
            raw = [self._raw(result, mapping, opened[n - first], n) for n in asked]
            blank = _no_rows(mapping, opened[0])
            return fill("({u})", u=commas([*raw, blank], " UNION ALL "))

        return LoadedSource(
            checked=checked,
            mapping=mapping,
            relation=_no_rows(mapping, opened[0]),
            staged=Staged(
                query=fill("({u})", u=commas(parts, " UNION ALL ")), flags=template.flags
            ),
            n_source=sum(file.n_source for file in kept_files),
            n_filtered=sum(file.n_filtered for file in kept_files),
            n_merged=0,
            keyless=None,
            first_file=first,
            again=again,
        )

    def _of_file(
        self, checked: Checked, mapping: Mapping, file: RawFile, told: list[str]
    ) -> KeptFile:
        """Return the rows of a file, kept or read now."""
        table = checked.table.name
        group = f"{self.config.company.name}/{checked.key}"
        key = self.kept.key(group, file, *told)
        found = self.kept.find(
            key, damaged=lambda: self.issues.add(table, "", DAMAGED, 1, 0, file.name, "note")
        )
        if found is not None:
            return found
        loaded = file.load(self.session, mapping.names)
        rows = fill("({r})", r=rows_of(loaded, mapping.names, mapping.names, 0))
        wanted, n_filtered = filtered(self.session, rows, mapping, checked)
        try:
            return self.kept.keep(
                self.session,
                key,
                self._staged(checked, mapping, wanted).query,
                n_source=loaded.n_records + len(loaded.bad),
                n_filtered=n_filtered,
                bad=loaded.bad,
                settle=self.settle,
            )
        except MISFITS as error:
            raise bind_error(f"sources.{table}", error) from None
        finally:
            if loaded.table:
                self.session.drop(loaded.relation)

    def _staged(self, checked: Checked, mapping: Mapping, rows: Sql) -> Staged:
        try:
            return stage(
                self.session,
                rows,
                mapping,
                table=checked.table,
                source=checked.source,
                key=checked.key,
                thresholds=self.config.thresholds,
            )
        except MISFITS as error:
            raise bind_error(f"{checked.key}.columns", error) from None

    def _raw(self, result: TableInput, mapping: Mapping, file: RawFile, number: int) -> Sql:
        """Load the rows of a file as written, to be shown."""
        loaded = file.load(self.session, mapping.names)
        if loaded.table:
            result.temporary.append(loaded.relation)
        return rows_of(loaded, mapping.names, mapping.names, number)


def _no_rows(mapping: Mapping, file: RawFile) -> Sql:
    """Return a query with the columns that the files have, and no row."""
    columns = [
        fill("CAST(NULL AS {t}) AS {c}", t=Sql(file.columns[name]), c=column(place))
        for place, name in enumerate(mapping.names)
    ]
    columns.append(Sql("CAST(NULL AS BIGINT) AS pos"))
    return fill("(SELECT {c} WHERE FALSE)", c=commas(columns))
