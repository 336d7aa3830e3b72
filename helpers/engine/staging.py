"""Small tables that every later question is asked of: who was active on which day, with what.

Events are read three times, grouped at once, and never again. The tables made here:

``account``            account_no, account_id, signup_day; opted-out accounts are not in it
``account_user``       user_no, account_no, user_id: everybody seen in the events
``account_user_day``   account_no, user_no, day, n_events; events without a user are not in it
``account_event_day``  account_no, event, feature, day, n_events, n_night, n_timed (not at
                       midnight sharp, as a source of mere dates would have it), millis
``account_session``    account_no, session_id, day, n_events, millis, span_us: visits
``event_kind``         event, feature, core, premium and one column ``is_<role>`` a role, 0 or 1
``account_day``        account_no, day, n_events, n_night, millis and one ``n_<role>`` a role
``account_feature_day``  account_no, feature, day, n_events
``account_setup_step``   account_no, step, first_day; a step is an event of the role ``setup``, or,
                       where that is a single event, one value of it

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
from helpers.errors import ParameterError

__all__ = ["ROLES", "SIDE", "History", "local_us", "spans", "stage"]

ROLES: tuple[str, ...] = tuple(Roles.model_fields)
SIDE = "side_"
"""Begins the names of the tables that :mod:`helpers.features.visible` makes of others."""
_NOT_FEATURES = ("signup", "login", "error", "limit_hit", "security", "pricing_page")
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


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


def stage(engine: Engine, config: CompanyConfig) -> History:
    """Read the events once a table and keep the small tables of this module in the engine.

    Parameters
    ----------
    engine : Engine
        With views ``accounts`` and ``events``; ``feature_catalogue`` if the company has one.
        With ``measures`` in place of ``events`` the tables made here are empty: nothing was seen.
    config : CompanyConfig
        Its time zone cuts days; its roles say which event means what.

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
    for name, sql in _event_queries(local).items():
        engine.table(name, sql)
    _stage_people(engine)
    _stage_kinds(engine, config.roles)
    _stage_days(engine)
    _stage_setup(engine, config, local_day(local))
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
        f"MIN({epoch_us(column)}) AS {column}_first, MAX({epoch_us(column)}) AS {column}_last"
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


def _event_queries(local: str) -> dict[str, str]:
    """Return the queries that read the events: one a table, each grouped at once."""
    day = local_day(local)
    clock = f"({local} - {DAY_US} * CAST({day} AS BIGINT))"
    night = f"{clock} < {6 * HOUR_US} OR {clock} >= {22 * HOUR_US}"
    millis = "CAST(FLOOR(e.duration_s * 1000 + 0.5) AS BIGINT)"
    instant = epoch_us("e.occurred_at")
    joined = "FROM events e JOIN account a ON a.account_id = e.account_id"
    return {
        "named_user_day": f"""
            SELECT a.account_no, e.user_id, {day} AS day, COUNT(*) AS n_events
            {joined} WHERE e.user_id IS NOT NULL GROUP BY a.account_no, e.user_id, {day}
            """,
        "account_event_day": f"""
            SELECT a.account_no, e.event, e.feature, {day} AS day, COUNT(*) AS n_events,
                   CAST(SUM(CASE WHEN {night} THEN 1 ELSE 0 END) AS BIGINT) AS n_night,
                   CAST(SUM(CASE WHEN {clock} <> 0 THEN 1 ELSE 0 END) AS BIGINT) AS n_timed,
                   CAST(SUM({millis}) AS BIGINT) AS millis
            {joined} GROUP BY a.account_no, e.event, e.feature, {day}
            """,
        "account_session": f"""
            SELECT a.account_no, e.session_id, {day} AS day, COUNT(*) AS n_events,
                   CAST(SUM({millis}) AS BIGINT) AS millis,
                   MAX({instant}) - MIN({instant}) AS span_us
            {joined} WHERE e.session_id IS NOT NULL GROUP BY a.account_no, e.session_id, {day}
            """,
    }


def _stage_people(engine: Engine) -> None:
    """Give people numbers, which group and join faster than names."""
    engine.table(
        "account_user",
        """
        SELECT CAST(ROW_NUMBER() OVER (ORDER BY account_no, user_id) AS INTEGER) AS user_no,
               account_no, user_id
        FROM (SELECT DISTINCT account_no, user_id FROM named_user_day) AS people
        """,
    )
    engine.table(
        "account_user_day",
        """
        SELECT d.account_no, u.user_no, d.day, d.n_events
        FROM named_user_day d
        JOIN account_user u ON u.account_no = d.account_no AND u.user_id = d.user_id
        """,
    )
    engine.drop("named_user_day")


def _stage_kinds(engine: Engine, roles: Roles) -> None:
    """Say of each event name which feature it belongs to and which roles it plays."""
    names = engine.frame("SELECT DISTINCT event FROM account_event_day ORDER BY event")["event"]
    kinds = pd.DataFrame({"event": names.astype("string")})
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
    engine.insert("event_kind", kinds.astype({"event": "string", "feature": "string"}))


def _stage_setup(engine: Engine, config: CompanyConfig, day: str) -> None:
    single = len(dict.fromkeys(config.roles.setup)) == 1
    step = "COALESCE(CAST(e.value AS VARCHAR), e.event)" if single else "e.event"
    engine.table(
        "account_setup_step",
        f"""
        SELECT a.account_no, {step} AS step, MIN({day}) AS first_day
        FROM events e JOIN event_kind k ON k.event = e.event AND k.is_setup = 1
        JOIN account a ON a.account_id = e.account_id
        GROUP BY a.account_no, {step}
        """,
    )


def _stage_days(engine: Engine) -> None:
    counts = ", ".join(f"CAST(SUM(n_events * is_{r}) AS BIGINT) AS n_{r}" for r in ROLES)
    engine.table(
        "account_day",
        f"""
        SELECT account_no, day, CAST(SUM(n_events) AS BIGINT) AS n_events,
               CAST(SUM(n_night) AS BIGINT) AS n_night, CAST(SUM(millis) AS BIGINT) AS millis,
               CAST(SUM(n_events * core) AS BIGINT) AS n_core, {counts}
        FROM account_event_day d JOIN event_kind k ON k.event = d.event
        GROUP BY account_no, day
        """,
    )
    engine.table(
        "account_feature_day",
        """
        SELECT account_no, COALESCE(d.feature, k.feature) AS feature, day,
               CAST(SUM(n_events) AS BIGINT) AS n_events
        FROM account_event_day d JOIN event_kind k ON k.event = d.event
        WHERE COALESCE(d.feature, k.feature) IS NOT NULL
        GROUP BY account_no, COALESCE(d.feature, k.feature), day
        """,
    )
