"""SQL expressions of a configuration: parsed, checked against an allow-list, rewritten.

Only scalar expressions over the source's own columns pass, and with ``group_by`` a few
aggregates. Whatever could read a file, a setting, another table or the clock is refused by not
being on the list. Column names are replaced by internal ones, so no name in a file becomes SQL.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from helpers.errors import ConfigError
from helpers.sources.session import Sql

__all__ = ["Expression", "parse_expression"]

_NODES: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.DataType,
    exp.DataTypeParam, exp.Var, exp.Interval, exp.IntervalSpan,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Pow,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.Like,
    exp.ILike, exp.And, exp.Or, exp.Not, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Xor,
    exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least,
    exp.DPipe, exp.Concat, exp.ConcatWs, exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Left,
    exp.Right, exp.Substring, exp.Replace, exp.SplitPart, exp.StartsWith, exp.EndsWith,
    exp.Contains, exp.StrPosition, exp.Reverse, exp.Pad, exp.RegexpReplace, exp.RegexpExtract,
    exp.RegexpLike,
    exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sign, exp.Sqrt, exp.Ln, exp.Exp,
    exp.TimestampTrunc, exp.DateTrunc, exp.DateDiff, exp.DateAdd, exp.DateSub, exp.Extract,
    exp.DateFromParts, exp.TimeToStr, exp.StrToTime, exp.UnixToTime, exp.TimeToUnix, exp.Year,
    exp.Month, exp.Day, exp.LastDay, exp.TsOrDsToDate, exp.Date,
    exp.JSONExtractScalar, exp.JSONPath, exp.JSONPathKey, exp.JSONPathRoot,
)  # fmt: skip
_AGGREGATES: tuple[type[exp.Expr], ...] = (
    exp.Min, exp.Max, exp.Sum, exp.Count, exp.Avg, exp.AnyValue, exp.First, exp.ArgMin, exp.ArgMax,
    exp.Distinct, exp.Filter, exp.Where, exp.Star, exp.IgnoreNulls,
)  # fmt: skip
_NAMED = ("try_strptime", "regexp_full_match", "ltrim", "rtrim", "epoch_ms", "make_timestamp")
_MAX_LENGTH = 4_000


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Parameters
    ----------
    key : str
        Where the configuration has it, for errors.
    text : str
        As written.
    tree : sqlglot expression
        Its syntax tree.
    columns : tuple of (qualifier, name)
        Columns it mentions; the qualifier is a lookup's name or empty.
    aggregates : bool
        Whether it folds rows.
    """

    key: str
    text: str
    tree: exp.Expr
    columns: tuple[tuple[str, str], ...]
    aggregates: bool

    def sql(
        self,
        resolve: Callable[[str, str], Sql],
        *,
        position: Sql | None = None,
        lenient: bool = False,
    ) -> Sql:
        """Return the SQL with every column replaced by ``resolve(qualifier, name)``.

        ``position`` is the row's place in the file: ``FIRST`` means first in that order, and
        ``ANY_VALUE`` the smallest, so that neither depends on the order of execution.
        ``lenient`` writes CAST as TRY_CAST; :meth:`failed` then tells where it gave up.
        """

        def settle(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.AnyValue):
                inner = node.this
                return exp.Min(this=inner.this if isinstance(inner, exp.IgnoreNulls) else inner)
            if isinstance(node, exp.First) and position is not None:
                return exp.ArgMin(this=node.this, expression=exp.Var(this=str(position)))
            return node

        settled = self.tree.transform(settle)
        return _written(settled.transform(_tried) if lenient else settled, resolve)

    def failed(self, resolve: Callable[[str, str], Sql]) -> Sql | None:
        """Return SQL that is true where a CAST meets a text it cannot convert.

        So one bad cell costs its row and not the file. ``None`` where there is no CAST.
        """
        casts = [node for node in self.tree.find_all(exp.Cast) if type(node) is exp.Cast]
        tests = []
        for node in casts:
            value = _written(node.this.transform(_tried), resolve)
            tried = _written(node.transform(_tried), resolve)
            given = f"trim(CAST({value} AS VARCHAR)) <> ''"
            tests.append(f"coalesce({given} AND {tried} IS NULL, FALSE)")
        return Sql("(" + " OR ".join(tests) + ")") if tests else None


def _tried(node: exp.Expr) -> exp.Expr:
    if type(node) is exp.Cast:
        return exp.TryCast(this=node.this, to=node.to)
    return node


def _written(tree: exp.Expr, resolve: Callable[[str, str], Sql]) -> Sql:
    def rename(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            return exp.Var(this=str(resolve(node.table, node.name)))
        return node

    return Sql("(" + tree.transform(rename).sql(dialect="duckdb", comments=False) + ")")


def parse_expression(text: str, key: str, *, lookups: list[str], grouped: bool) -> Expression:
    """Parse one expression and refuse whatever is not on the list.

    Parameters
    ----------
    text : str
        DuckDB SQL.
    key : str
        Configuration key, for errors.
    lookups : list of str
        Names that may qualify a column.
    grouped : bool
        Whether aggregates are allowed.

    Returns
    -------
    Expression
        Ready to be turned into SQL.

    Raises
    ------
    ConfigError
        If it does not parse, is no single expression, or uses something that is not allowed.
    """
    if len(text) > _MAX_LENGTH:
        raise ConfigError(f"{key}: {len(text):,} characters; expected at most {_MAX_LENGTH:,}.")
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        reason = str(error).partition(".")[0]
        raise ConfigError(f"{key}: not an SQL expression: {text!r}: {reason}.") from None
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        raise ConfigError(f"{key}: expected one SQL expression, got {text!r}.")
    columns: dict[tuple[str, str], None] = {}
    aggregates = False
    for node in tree.walk():
        _check(node, text, key, grouped)
        aggregates = aggregates or isinstance(node, exp.AggFunc)
        if isinstance(node, exp.Column):
            _check_column(node, text, key, lookups)
            columns[(node.table, node.name)] = None
    return Expression(key, text, tree, tuple(columns), aggregates)


def _check(node: exp.Expr, text: str, key: str, grouped: bool) -> None:
    if isinstance(node, exp.Anonymous):
        if node.name.lower() not in _NAMED:
            raise _refused(f"the function {node.name}()", text, key)
        return
    if type(node) in _NODES:
        return
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        raise _refused("*", text, key)
    if type(node) in _AGGREGATES:
        if not grouped:
            raise ConfigError(
                f"{key}: {node.sql_name() if isinstance(node, exp.Func) else node.key} in "
                f"{text!r} folds rows; that needs a group_by in the same source."
            )
        return
    name = f"{node.sql_name()}()" if isinstance(node, exp.Func) else node.key.upper()
    raise _refused(name, text, key)


def _refused(what: str, text: str, key: str) -> ConfigError:
    return ConfigError(
        f"{key}: {what} is not allowed in {text!r}. Allowed are arithmetic, comparison, CASE, "
        "CAST, TRY_CAST, COALESCE, NULLIF, string and date functions over this source's columns; "
        "with group_by also MIN, MAX, SUM, COUNT, AVG, FIRST, ANY_VALUE, ARG_MIN and ARG_MAX."
    )


def _check_column(node: exp.Column, text: str, key: str, lookups: list[str]) -> None:
    if node.db or node.catalog:
        raise ConfigError(f"{key}: {node.sql()!r} in {text!r}: expected a column or lookup.column.")
    if node.table and node.table not in lookups:
        raise ConfigError(
            f"{key}: {node.table!r} in {text!r} is not a lookup of this source; it has {lookups}. "
            f'A column whose name holds a dot is written "{node.table}.{node.name}" in quotes.'
        )
