"""Small tables that every later question is asked of: who was active on which day, with what.

The events are read in two passes, see :mod:`helpers.engine.event_days`, and never again. The tables
made here and there:

``account``             account_no, account_id, signup_day; opted-out accounts are not in it
``account_user``        user_no, account_no, user_id: everybody seen in the events
``account_user_day``    account_no, user_no, day, n_events; events without a user are not in it
``account_session``     account_no, session_id, day, n_events, millis, span_us: visits
``account_day``         account_no, day, n_events, n_night, n_core and one ``n_<role>`` a role;
                        millis, n_timed (events not at midnight sharp, as a source of mere dates
                        would have them); n_visits, n_clocked (visits with recorded time),
                        visit_ms (recorded), span_ms (from their first to their last event)
``event_kind``          event, feature, core, premium and one column ``is_<role>`` a role, 0 or 1
``feature_name``        feature_no, feature
``account_event_day``   account_no, event, feature (as the row says), day, n_events, n_night
``account_feature_day``  account_no, feature, day, n_events
``account_setup_step``  account_no, step, first_day; a step is an event of the role ``setup``, or,
                        where that is a single event, one value of it

``account_session``, ``account_event_day`` and ``account_feature_day`` are views. What is kept is
``visit`` (by account, session and day; what was done outside of any visit by account, day and
user), ``pair_day`` (account_no, pair_no, day, n_events, n_night), ``event_pair`` (pair_no, event,
stated, feature_no and the columns of ``event_kind``) and ``feature_day`` (account_no, feature_no,
day, n_events).

A visit ends at midnight at the latest, so that no cutoff falls inside one: a session that goes on
past midnight is two. ``day`` is a whole number, see :mod:`helpers.engine.days`. A night is 22:00
to 06:00.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.config import CompanyConfig, Roles
from helpers.contract import TABLES
from helpers.engine.days import EPOCH, epoch_us, local_day, local_time
from helpers.engine.engine import Engine
from helpers.engine.event_days import DAY_US, HOUR_US, count_days, count_pairs, count_visits
from helpers.errors import ParameterError

__all__ = ["DAY_US", "HOUR_US", "ROLES", "SIDE", "History", "local_us", "spans", "stage"]

ROLES: tuple[str, ...] = tuple(Roles.model_fields)
SIDE = "side_"
"""Begins the names of the tables that :mod:`helpers.features.visible` makes of others."""
_NOT_FEATURES = ("signup", "login", "error", "limit_hit", "security", "pricing_page")


@dataclass(frozen=True, kw_only=True)
class History:
    """What the event source covers, as day numbers.

    Parameters
    ----------
    first_day, last_day : int
        First and last day with an event of any account; of a company without events, with a
        measure.
    n_events : int
        Events of accounts that are not opted out; 0 where measures stand in for events.
    """

    first_day: int
    last_day: int
    n_events: int

    @property
    def starts_on(self) -> pd.Timestamp:
        """The first day, as a date."""
        return EPOCH + pd.Timedelta(days=self.first_day)


def stage(engine: Engine, config: CompanyConfig, *, events: str = "events") -> History:
    """Read the events twice and keep the small tables of this module in the engine.

    Parameters
    ----------
    engine : Engine
        With views ``accounts`` and ``events``; ``feature_catalogue`` if the company has one.
        With ``measures`` in place of ``events`` the tables made here are empty: nothing was seen.
    config : CompanyConfig
        Its time zone cuts days; its roles say which event means what.
    events : str
        A view of some of the events, to be staged in place of all of them.

    Returns
    -------
    History
        The days that the events cover.

    Raises
    ------
    ParameterError
        If there is no event of any account, nor a measure in place of events.
    """
    zone = config.company.time_zone
    for name in engine.names:
        if name.startswith(SIDE):  # of an earlier call, and another time zone perhaps
            engine.drop(name)
    stands_in = not engine.has("events") and engine.has("measures")
    if stands_in:
        engine.table("events", _no_events())
    _stage_accounts(engine, zone)
    local = local_us(engine, "events", "occurred_at", zone, "e.")
    count_visits(engine, local, events)
    count_pairs(engine, local, events)
    _stage_kinds(engine, config.roles)
    count_days(engine, ROLES, [role for role in ROLES if config.roles.events_of(role)])
    _stage_setup(engine, config, local_day(local), events)
    if stands_in:
        return _measured(engine)
    found = engine.frame(
        "SELECT MIN(day) AS first_day, MAX(day) AS last_day, SUM(n_events) AS n FROM account_day"
    ).iloc[0]
    if pd.isna(found["n"]):
        raise ParameterError(
            "expected events of at least one account that is not opted out, found none. "
            "Look at the quarantine of notebooks/01_data_audit.ipynb: were all events refused?"
        )
    return History(
        first_day=int(found["first_day"]),
        last_day=int(found["last_day"]),
        n_events=int(found["n"]),
    )


_NO_EVENT = {"timestamp": "TIMESTAMP", "number": "DOUBLE"}


def _no_events() -> str:
    """Query for the events of a company that has none: their columns, and no row."""
    columns = ", ".join(
        f"CAST(NULL AS {_NO_EVENT.get(column.kind, 'VARCHAR')}) AS {column.name}"
        for column in TABLES["events"].columns
    )
    return f"SELECT {columns} FROM accounts WHERE 1 = 0"


def _measured(engine: Engine) -> History:
    """Return the days of the measures that stand in for events."""
    day = local_day(epoch_us("m.measured_on"))
    found = engine.frame(
        f"SELECT MIN({day}) AS first_day, MAX({day}) AS last_day FROM measures m "
        "JOIN account a ON a.account_id = m.account_id"
    ).iloc[0]
    if pd.isna(found["first_day"]):
        raise ParameterError(
            "expected events or measures of at least one account that is not opted out, found "
            "none. Look at the quarantine of notebooks/01_data_audit.ipynb: were all refused?"
        )
    first, last = int(found["first_day"]), int(found["last_day"])
    return History(first_day=first, last_day=last, n_events=0)


def local_us(
    engine: Engine,
    table: str,
    column: str,
    zone: str,
    prefix: str = "",
    *,
    span: tuple[int, int] | None = None,
) -> str:
    """Return SQL for a column's microseconds on the wall clock; a date has no zone to convert.

    ``table`` and ``column`` are contract names; ``prefix`` goes before the column, e.g. ``"t."``;
    ``span`` is what :func:`spans` found for it, asked for here if not given.
    """
    if TABLES[table].column(column).kind == "date":
        return epoch_us(f"{prefix}{column}")
    found = span or spans(engine, table, [column]).get(column)
    if found is None:
        return epoch_us(f"{prefix}{column}")
    return local_time(f"{prefix}{column}", zone, first_us=found[0], last_us=found[1])


def spans(engine: Engine, table: str, columns: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the first and last microsecond of each timestamp that has any, in one query."""
    if not columns:
        return {}
    asked = ", ".join(
        f"{epoch_us(f'MIN({column})')} AS {column}_first, "
        f"{epoch_us(f'MAX({column})')} AS {column}_last"  # of bare columns: parquet knows them
        for column in columns
    )
    row = engine.frame(f"SELECT {asked} FROM {table}").iloc[0]
    return {
        column: (int(row[f"{column}_first"]), int(row[f"{column}_last"]))
        for column in columns
        if pd.notna(row[f"{column}_first"])
    }


def _stage_accounts(engine: Engine, zone: str) -> None:
    signed_up = local_day(local_us(engine, "accounts", "signed_up_at", zone))
    engine.table(
        "account",
        f"""
        SELECT CAST(ROW_NUMBER() OVER (ORDER BY account_id) AS INTEGER) AS account_no,
               account_id, {signed_up} AS signup_day
        FROM accounts WHERE NOT COALESCE(opted_out, FALSE)
        """,
    )


def _stage_kinds(engine: Engine, roles: Roles) -> None:
    """Say of each event name which feature it belongs to and which roles it plays."""
    pairs = engine.frame(
        "SELECT p.pair_no, p.event, p.stated FROM event_pair p "
        "JOIN (SELECT DISTINCT pair_no FROM pair_day) AS d ON d.pair_no = p.pair_no "
        "ORDER BY p.pair_no"
    ).astype({"event": "string", "stated": "string"})
    kinds = pd.DataFrame({"event": pairs["event"].drop_duplicates().sort_values()})
    for role in ROLES:
        kinds[f"is_{role}"] = kinds["event"].isin(roles.events_of(role)).astype("int32")
    if engine.has("feature_catalogue"):
        catalogue = engine.frame("SELECT event, feature, core, premium FROM feature_catalogue")
        kinds = kinds.merge(catalogue, on="event", how="left", validate="one_to_one")
        for flag in ("core", "premium"):
            kinds[flag] = kinds[flag].astype("boolean").fillna(False).astype("int32")
    else:
        system = kinds[[f"is_{role}" for role in _NOT_FEATURES]].any(axis=1)
        kinds["feature"] = kinds["event"].where(~system)
        kinds["core"] = kinds["premium"] = pd.Series(0, kinds.index, dtype="int32")
    kinds = kinds.astype({"event": "string", "feature": "string"})
    engine.insert("event_kind", kinds)
    _number_features(engine, pairs.merge(kinds, on="event", how="left", validate="many_to_one"))


def _number_features(engine: Engine, pairs: pd.DataFrame) -> None:
    """Give features numbers; the row of an event says its feature, or else the catalogue does."""
    features = pairs["stated"].fillna(pairs.pop("feature"))
    names = pd.Index(sorted(features.dropna().unique()), dtype="string")
    numbers = pd.Series(range(1, len(names) + 1), index=names, dtype="Int32")
    engine.insert("event_pair", pairs.assign(feature_no=features.map(numbers).astype("Int32")))
    engine.insert(
        "feature_name",
        pd.DataFrame({"feature_no": numbers.to_numpy("int32"), "feature": names}),
    )


def _stage_setup(engine: Engine, config: CompanyConfig, day: str, events: str) -> None:
    """Find when each step of the set-up was first done; values of an event are in its rows only."""
    query = """
        SELECT d.account_no, p.event AS step, MIN(d.day) AS first_day
        FROM pair_day d JOIN event_pair p ON p.pair_no = d.pair_no AND p.is_setup = 1
        GROUP BY d.account_no, p.event
        """
    if len(dict.fromkeys(config.roles.setup)) == 1:
        step = "COALESCE(CAST(e.value AS VARCHAR), e.event)"
        query = f"""
            SELECT a.account_no, {step} AS step, MIN({day}) AS first_day
            FROM {events} e JOIN event_kind k ON k.event = e.event AND k.is_setup = 1
            JOIN account a ON a.account_id = e.account_id
            GROUP BY a.account_no, {step}
            """
    engine.table("account_setup_step", query)
