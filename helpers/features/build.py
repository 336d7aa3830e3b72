"""The feature table: one row an account and as-of date, one column a feature.

Each relation is aggregated once for all dates; the results are joined to the population, and each
value gets its policy: missing where its source was not there yet or the history is too short, else
what was measured, else what "nothing happened" means for it.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

import re
from collections.abc import Sequence

import pandas as pd

from helpers.config import CompanyConfig
from helpers.contract import TABLES
from helpers.engine import Engine, History, day_to_date
from helpers.errors import ParameterError
from helpers.features.feature import Feature
from helpers.features.late import by_what_was_known
from helpers.features.measures import MEASURED, TOLD, stage_measures
from helpers.features.population import Context, open_context
from helpers.features.registry import RELATIONS, all_features
from helpers.features.relations import stage_feature_kinds
from helpers.features.segments import stage_segments
from helpers.features.sentiment import stage_sentiment
from helpers.features.visible import stem

__all__ = ["build_features"]

_TYPES = {"number": "DOUBLE", "text": "VARCHAR", "boolean": "BOOLEAN"}
_DTYPES = {"number": "float64", "text": "string", "boolean": "bool"}
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
NEVER = None


def build_features(
    engine: Engine,
    as_of_dates: Sequence[pd.Timestamp],
    *,
    config: CompanyConfig,
    history: History,
    windows_days: Sequence[int] | None = None,
    only: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compute every feature for every account and as-of date, from what was known before it.

    Parameters
    ----------
    engine : Engine
        On the clean tables of a run, staged by :func:`helpers.engine.stage`.
    as_of_dates : sequence of Timestamp
        Midnights without zone, none after the run's own as-of date.
    config : CompanyConfig
        Time zone, roles and what counts as churn.
    history : History
        As :func:`helpers.engine.stage` returned it.
    windows_days : sequence of int, optional
        Windows of the features named with one; default: the configuration's.
    only : sequence of str, optional
        Names of the features to compute; default: all. Relations that none of them needs are left
        out, and the values are those of the whole table.

    Returns
    -------
    DataFrame
        account_id, as_of, then the columns of :func:`helpers.features.dictionary` in its order;
        sorted by as_of (newest first) and account. Accounts that signed up before the date and
        have not opted out; former customers stay in with ``is_live`` false. The columns do not
        depend on the data.

    Raises
    ------
    ParameterError
        If dates or windows repeat, are missing, or a date lies after the run's own, or ``only``
        names no feature.

    Notes
    -----
    Where events say when they came in (``loaded_at``), a date sees those that were there by then;
    dates for which that makes a difference are staged by themselves.
    """

    def build(dates: Sequence[pd.Timestamp], known: History) -> pd.DataFrame:
        return _build(engine, dates, config, known, windows_days, only)

    return by_what_was_known(engine, config, history, as_of_dates, build)


def _build(
    engine: Engine,
    as_of_dates: Sequence[pd.Timestamp],
    config: CompanyConfig,
    history: History,
    windows_days: Sequence[int] | None,
    only: Sequence[str] | None,
) -> pd.DataFrame:
    """Compute the table from the events that are staged."""
    context = open_context(engine, config, history, as_of_dates, windows_days)
    stage_sentiment(context)
    stage_feature_kinds(context)
    features = _wanted(all_features(context.windows_days), only)
    stage_segments(context, features)
    since = _since(context, features)
    for name in dict.fromkeys(feature.over for feature in features):
        if name in RELATIONS:
            _aggregate(context, name, [f for f in features if f.over == name], since)
    measures = stage_measures(context, features)
    told = pd.DataFrame({"feature": _told_features(features, since, measures)}, dtype="string")
    engine.insert(TOLD, told)
    frame = engine.frame(_final(features, since, measures))
    frame["as_of"] = day_to_date(frame.pop("cutoff")).to_numpy()
    shown = [f for f in features if (f.name in only if only is not None else not f.hidden)]
    ordered = frame[["account_id", "as_of", *(feature.name for feature in shown)]]
    dtypes = {feature.name: _DTYPES[feature.kind] for feature in shown}
    return ordered.astype({"account_id": "string", "as_of": "datetime64[us]", **dtypes})


def _wanted(features: list[Feature], only: Sequence[str] | None) -> list[Feature]:
    """Return the features asked for and those that they are computed from, in their order."""
    if only is None:
        return features
    known = {feature.name: feature for feature in features}
    if unknown := sorted(set(only) - {name for name, f in known.items() if not f.hidden}):
        raise ParameterError(f"expected names of features, got {unknown}.")
    wanted: set[str] = set()
    todo = list(only)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            if known[name].over == "joined":
                todo += [word for word in _NAME.findall(known[name].sql) if word in known]
    return [feature for feature in features if feature.name in wanted]


def _aggregate(
    context: Context, relation: str, features: list[Feature], since: dict[str, int | None]
) -> None:
    """Compute the features over one relation; nothing to compute where its table is absent."""
    possible = [f for f in features if _known_from(f, since) is not NEVER]
    if possible:
        columns = ", ".join(f"{feature.sql} AS {feature.name}" for feature in possible)
        context.engine.table(
            f"agg_{relation}",
            f"SELECT account_no, cutoff, {columns} FROM ({RELATIONS[relation](context)}) AS r "
            "GROUP BY account_no, cutoff",
        )


def _known_from(feature: Feature, since: dict[str, int | None]) -> int | None:
    """Return the first day on which all sources of a feature are there; ``None``: never."""
    days = []
    for need in feature.needs:
        either = [since[part] for part in need.split("|")]
        known = [day for day in either if day is not None]
        if not known:
            return NEVER
        days.append(min(known))
    return max(days, default=-1)


def _told_features(
    features: list[Feature], since: dict[str, int | None], measures: tuple[str, ...]
) -> list[str]:
    """Return the features that a measure tells: those none of whose sources is there."""
    return [f.name for f in features if f.name in measures and _known_from(f, since) is NEVER]


def _final(features: list[Feature], since: dict[str, int | None], measures: tuple[str, ...]) -> str:
    """Join what was aggregated, apply each feature's policy, then the expressions over others.

    A measure takes the place of a feature that no source tells.
    """
    told = _told_features(features, since, measures)
    relations = [
        name
        for name in dict.fromkeys(f.over for f in features)
        if name in RELATIONS
        and any(f.over == name and _known_from(f, since) is not NEVER for f in features)
    ]
    joins = " ".join(
        f"LEFT JOIN agg_{name} ON agg_{name}.account_no = p.account_no "
        f"AND agg_{name}.cutoff = p.cutoff"
        for name in relations
    )
    if told:
        joins += f" LEFT JOIN {MEASURED} m ON m.account_no = p.account_no AND m.cutoff = p.cutoff"
    aggregated = [f for f in features if f.over not in ("joined", "spine") or f.name in told]
    inner = ", ".join(
        f"{_told(f) if f.name in told else _policy(f, f'agg_{f.over}.{f.name}', since)} AS {f.name}"
        for f in aggregated
    )
    outer = ", ".join(
        f.name if f.name in told else _outer(f, since) for f in features if not f.hidden
    )
    enough = ", ".join(f"{sql} AS {name}" for name, sql in _conditions(features, since).items())
    spine = f"(SELECT p.*, {enough} FROM population p) AS p" if enough else "population p"
    return (
        f"SELECT account_id, cutoff, {outer} FROM (SELECT p.*, {inner} FROM {spine} {joins}) "
        "AS p ORDER BY cutoff DESC, account_id"
    )


def _told(feature: Feature) -> str:
    """Return SQL for a feature as its measure tells it; a flag is told as 0 or 1."""
    value = f"m.{feature.name} <> 0" if feature.kind == "boolean" else f"m.{feature.name}"
    return f"CAST({value} AS {_TYPES[feature.kind]})"


def _outer(feature: Feature, since: dict[str, int | None]) -> str:
    if feature.over == "spine":
        return f"CAST({feature.sql} AS {_TYPES[feature.kind]}) AS {feature.name}"
    if feature.over == "joined":
        return f"{_policy(feature, feature.sql, since)} AS {feature.name}"
    return feature.name


def _policy(feature: Feature, value: str, since: dict[str, int | None]) -> str:
    kind = _TYPES[feature.kind]
    known = _known_from(feature, since)
    if known is NEVER:
        return f"CAST(NULL AS {kind})"
    filled = value
    if feature.fill is not None:  # no row of the relation: nothing happened
        filled = f"CASE WHEN agg_{feature.over}.cutoff IS NULL THEN {feature.fill} ELSE {value} END"
    return f"CAST(CASE WHEN p.{_enough(feature, known)[0]} THEN {filled} END AS {kind})"


def _conditions(features: list[Feature], since: dict[str, int | None]) -> dict[str, str]:
    """Return the different conditions under which features have a value, by name."""
    known = [(feature, _known_from(feature, since)) for feature in features]
    return dict(_enough(feature, day) for feature, day in known if day is not NEVER)


def _enough(feature: Feature, known: int) -> tuple[str, str]:
    """Return name and SQL of: source and history suffice for the feature at a cutoff."""
    conditions = [f"p.cutoff - {known} >= {max(feature.min_days, 1)}"]
    if feature.min_days:
        conditions.append(f"p.observed_days >= {feature.min_days}")
    covers = "life" if feature.whole_life else str(feature.covers)
    if feature.whole_life:
        conditions.append("p.whole_life")
    elif feature.covers:
        conditions.append(f"(p.whole_life OR p.history_days >= {feature.covers})")
    name = f"enough_{known + 1}_{feature.min_days}_{covers}"
    return name, " AND ".join(conditions)


def _since(context: Context, features: list[Feature]) -> dict[str, int | None]:
    """Return for each source the first day on which it says anything; ``None``: never.

    A table is asked once for all that is needed of it.
    """
    needs = [part for feature in features for need in feature.needs for part in need.split("|")]
    since: dict[str, int | None] = dict.fromkeys(needs, NEVER)
    asked: dict[str, dict[str, str]] = {}
    for need in since:
        if need.startswith("role:"):
            configured = context.config.roles.events_of(need.removeprefix("role:"))
            since[need] = context.history.first_day if configured else NEVER
        elif context.has(need.partition(".")[0]):
            table, day, condition = _question(need)
            asked.setdefault(table, {})[need] = f"MIN(CASE WHEN {condition} THEN {day} END)"
    for table, questions in asked.items():
        columns = ", ".join(f"{sql} AS since_{n}" for n, sql in enumerate(questions.values()))
        row = context.engine.frame(f"SELECT {columns} FROM {table}").iloc[0]
        found = zip(questions, row.tolist(), strict=True)
        since |= {need: NEVER if pd.isna(day) else int(day) for need, day in found}
    return since


_OF_EVENTS = {
    "": ("account_day", "TRUE"),
    "user_id": ("account_user_day", "TRUE"),
    "session_id": ("account_day", "n_visits > 0"),
    "duration_s": ("account_day", "millis IS NOT NULL"),
    "time_of_day": ("account_day", "n_timed > 0"),
}


def _question(need: str) -> tuple[str, str, str]:
    """Return the table to ask when a source began, its day, and the rows in which it speaks."""
    table, _, column = need.partition(".")
    if table == "feature_catalogue":
        return table, "0", column or "TRUE"
    if table == "events":
        source, condition = _OF_EVENTS[column]
        return source, "day", condition
    when = TABLES[table].when
    day = "0" if when is None else f"COALESCE({stem(when)}_day, 0)"
    if not column:
        return f"side_{table}", day, "TRUE"
    kind = TABLES[table].column(column)
    if kind.known_on is not None:
        day = f"{stem(kind.known_on)}_day"
    elif column == when:
        day = f"{stem(column)}_day"
    name = f"{stem(column)}_day" if kind.kind in ("timestamp", "date") else column
    return f"side_{table}", day, f"{name} IS NOT NULL"
