"""The files of one table, opened, loaded and joined: rows with positions, not yet judged.

A row's position is the number of its file times 2**40 plus its row in that file, so that any
row can be found again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.config import CompanyConfig
from helpers.contract import Table
from helpers.errors import InputError
from helpers.sources import values
from helpers.sources.by_file import ByFile, suits
from helpers.sources.checking import Checked
from helpers.sources.files import SourceFiles
from helpers.sources.folding import MISFITS, bind_error, filtered, n_merged, with_group_keys
from helpers.sources.formats import Opener, without_repeats
from helpers.sources.inputs import LoadedSource, TableInput, check_promise, rows_of
from helpers.sources.issues import Issues
from helpers.sources.kept import KeptRows
from helpers.sources.lookups import join_lookup, load_lookup
from helpers.sources.mapping import Mapping, lookup_column, resolve
from helpers.sources.raw import Loaded, RawFile, column
from helpers.sources.session import Session, Sql, commas, fill
from helpers.sources.stage import LookupUse, Staged, stage

__all__ = ["load_table"]


@dataclass(frozen=True, kw_only=True)
class _Context:
    session: Session
    opener: Opener
    config: CompanyConfig
    issues: Issues
    promised: dict[str, int]
    kept: KeptRows | None


def load_table(
    opener: Opener,
    table: Table,
    sources: Sequence[tuple[Checked, SourceFiles, dict[str, SourceFiles]]],
    *,
    config: CompanyConfig,
    issues: Issues,
    promised: dict[str, int],
    kept: KeptRows | None = None,
) -> TableInput:
    """Open and load every source of one table.

    Parameters
    ----------
    opener : Opener
        Opens each file once; its session holds the rows.
    table : Table
        The contract table.
    sources : sequence of (Checked, SourceFiles, lookups by name)
        In the order of the configuration.
    config : CompanyConfig
        Thresholds and how ids are compared.
    issues : Issues
        Receives what was noticed.
    promised : dict of str to int
        Rows a manifest promises, by file name.
    kept : KeptRows, optional
        Rows of files that were read before.

    Returns
    -------
    TableInput
        Staged queries, files, counts and bad lines.

    Raises
    ------
    InputError
        Listing every problem of every source of the table.
    """
    context = _Context(session=opener.session, opener=opener, config=config, issues=issues,
                       promised=promised, kept=kept)  # fmt: skip
    result = TableInput(table=table)
    problems: list[str] = []
    seen: dict[str, str] = {}
    for checked, files, lookups in sources:
        for part in checked.parts():
            try:
                _load_source(context, result, part, files, lookups, seen)
            except InputError as error:
                problems.append(str(error))
    if problems:
        raise InputError("\n".join(dict.fromkeys(problems)))
    return result


def _load_source(
    context: _Context,
    result: TableInput,
    checked: Checked,
    files: SourceFiles,
    lookups: dict[str, SourceFiles],
    seen: dict[str, str],
) -> None:
    name = checked.table.name
    opened = context.opener.open_all(files)
    opened = without_repeats(opened, checked.source, name, seen, context.issues)
    if not opened:
        return
    mapping = _resolve(checked, opened)
    for column_name, file_name in mapping.partial:
        context.issues.add(name, column_name, "column missing in some files of the source", 0, 0,
                           file_name)  # fmt: skip
    if context.kept is not None and suits(checked, mapping, opened):
        by_file = ByFile(
            context.session,
            context.kept,
            context.config,
            context.issues,
            context.opener.check_unchanged,
        )
        loaded = by_file.load(result, checked, mapping, opened, promised=context.promised)
    else:
        loaded = _load_whole(context, result, checked, mapping, opened, lookups)
    result.sources.append(loaded)
    for file in opened:
        for rule, example in file.notes:
            context.issues.add(name, "", rule, 1, 0, f"{file.name}: {example}", "note")


def _load_whole(
    context: _Context,
    result: TableInput,
    checked: Checked,
    mapping: Mapping,
    opened: list[RawFile],
    lookups: dict[str, SourceFiles],
) -> LoadedSource:
    """Load all files of a source, to be mapped together."""
    first = len(result.files)
    relation, n_source = _load_files(context, result, opened, mapping)
    joined, uses = _join(context, result, relation, checked, mapping, lookups)
    kept, n_filtered = filtered(context.session, joined, mapping, checked)
    keyed, keyless = with_group_keys(context.session, kept, mapping, checked)
    return LoadedSource(
        checked=checked,
        mapping=mapping,
        relation=kept,
        staged=_stage(context, checked, mapping, keyed, uses),
        n_source=n_source,
        n_filtered=n_filtered,
        n_merged=n_merged(context.session, keyed, mapping),
        keyless=keyless,
        first_file=first,
    )


def _resolve(checked: Checked, opened: list[RawFile]) -> Mapping:
    """Resolve; where a header has a single name, point at a title above the header."""
    try:
        return resolve(checked, opened)
    except InputError as error:
        narrow = [f for f in opened if f.kind == "csv" and len([n for n in f.columns if n]) < 2]
        hint = ""
        if narrow:
            hint = (
                f"\n{narrow[0].name}: its first line has a single name; if that is a title above "
                f"the header, set {checked.key}.skip_lines."
            )
        raise InputError(f"{error}{hint}") from None


def _load_files(
    context: _Context, result: TableInput, opened: list[RawFile], mapping: Mapping
) -> tuple[Sql, int]:
    """Load the needed columns of each file; return their union and the rows read."""
    parts, n_source = [], 0
    for file in opened:
        present = [name for name in mapping.names if name in file.columns]
        loaded = file.load(context.session, present)
        n_found = loaded.n_records + len(loaded.bad)
        check_promise(context.promised, file, n_found)
        parts.append(rows_of(loaded, present, mapping.names, len(result.files)))
        result.note(file, n_found, loaded.bad)
        if loaded.table:
            result.temporary.append(loaded.relation)
        n_source += n_found
    return fill("({u})", u=commas(parts, " UNION ALL ")), n_source


def _join(
    context: _Context,
    result: TableInput,
    relation: Sql,
    checked: Checked,
    mapping: Mapping,
    lookups: dict[str, SourceFiles],
) -> tuple[Sql, list[LookupUse]]:
    sensitive = context.config.ids.case_sensitive
    uses = []
    for index, (name, lookup) in enumerate(checked.source.lookups.items()):
        key = f"{checked.key}.lookups.{name}"
        files = context.opener.open_all(lookups[name])
        taken = mapping.lookups[name]
        table, loaded = load_lookup(
            context.session, files, lookup, taken, key=key, case_sensitive=sensitive
        )
        result.temporary.append(table)
        for file_name, part in loaded:
            _note_bad_lines(context.issues, checked.table.name, name, file_name, part)
        match = lookup.match or lookup.key
        at = column(mapping.names.index(match))
        kind = context.session.types(relation)[at]
        text = values.clean_text(values.as_text(at, kind), checked.source.nulls)
        identity = values.folded(values.clean_id(text), case_sensitive=sensitive)
        relation = join_lookup(relation, table, index, identity, mapping, name)
        missed = Sql(f"NOT hit{index}")
        if mapping.groups:
            missed = fill("bool_or({m})", m=missed)
        bounds = tuple(
            (lookup_column(index, taken.index(bound)), is_start)
            for bound, is_start in ((lookup.valid_from, True), (lookup.valid_to, False))
            if bound is not None
        )
        uses.append(LookupUse(name=name, match=match, missed=missed, bounds=bounds))
    return relation, uses


def _note_bad_lines(issues: Issues, table: str, lookup: str, file_name: str, part: Loaded) -> None:
    if part.bad:
        example = f"{file_name} line {part.bad[0].row}: {part.bad[0].reason}"
        total = part.n_records + len(part.bad)
        issues.add(table, "", f"lines of the lookup {lookup} left out", len(part.bad), total,
                   example)  # fmt: skip


def _stage(
    context: _Context, checked: Checked, mapping: Mapping, relation: Sql, uses: list[LookupUse]
) -> Staged:
    try:
        return stage(
            context.session,
            relation,
            mapping,
            table=checked.table,
            source=checked.source,
            key=checked.key,
            lookups=uses,
            thresholds=context.config.thresholds,
        )
    except MISFITS as error:
        raise bind_error(f"{checked.key}.columns", error) from None
