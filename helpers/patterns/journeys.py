"""The first days of everyone who joined, as sequences, and who of them was active weeks later.

A unit is a user; where events carry no user it is an account. Its journey are the events of
its first days (the company's calendar days, the first one included), each repeat folded into
one, with two tokens that are not events: ``returned_next_day`` before the first event of the
second day, and ``no_return`` at the end of a journey that has no event after the first day.
The outcome ``activated`` is looked for later, between two days after the beginning, so that no
token of a journey is part of it. Only units whose whole follow-up lies before the cutoff, and
whose account was still there at its end, can be judged.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from dataclasses import dataclass

import pandas as pd

from helpers.config import CompanyConfig
from helpers.engine import Engine, History, day_number, day_to_date
from helpers.engine.staging import local_us
from helpers.errors import ParameterError
from helpers.patterns.sequences import fold_repeats

__all__ = ["NO_RETURN", "RETURNED", "Journeys", "add_return_tokens", "read_journeys"]

RETURNED, NO_RETURN = "returned_next_day", "no_return"
DAY_US = 86_400_000_000
_SAME_UNIT = "e.account_no = u.account_no AND (e.user_id = u.user_id OR u.user_id IS NULL)"
_UNIT_COLUMNS = ["unit", "account_id", "started_on", "follow_up", "activated", "setup_done"]
BURN_IN_DAYS = 28
"""Without a sign-up event, a first event so early in the log may not be the first ever."""


@dataclass(frozen=True, kw_only=True)
class Journeys:
    """Units, their tokens and what became of them.

    Parameters
    ----------
    units : DataFrame
        ``unit`` (number), ``account_id``, ``started_on``, ``follow_up`` ("complete",
        "too recent" or "account left"), ``activated`` (missing unless complete) and
        ``setup_done`` (different steps of the set-up done in the first days).
    tokens : DataFrame
        ``unit``, ``token``; in the order of each journey.
    unit_kind : str
        "user" or "account".
    journey_days : int
        Length of a journey.
    definition : str
        What counts as activated, in words.
    setup_steps : int
        Steps that the set-up has; 0 where none is tracked.
    """

    units: pd.DataFrame
    tokens: pd.DataFrame
    unit_kind: str
    journey_days: int
    definition: str
    setup_steps: int

    @property
    def judged(self) -> pd.DataFrame:
        """Units with complete follow-up, ``activated`` as plain true or false; a new index."""
        complete = self.units[self.units["follow_up"] == "complete"].reset_index(drop=True)
        return complete.assign(activated=complete["activated"].astype(bool))


def read_journeys(
    engine: Engine,
    config: CompanyConfig,
    history: History,
    *,
    journey_days: int | None = None,
    activation_days: list[int] | None = None,
) -> Journeys:
    """Read first days and activation from the events.

    Parameters
    ----------
    engine : Engine
        Staged by :func:`helpers.patterns.reading.open_patterns`.
    config : CompanyConfig
        Its role ``signup`` begins a journey; without it the first event does.
    history : History
        Days that the events cover.
    journey_days : int, optional
        Days of a journey; default: the configuration's.
    activation_days : list of two int, optional
        Activated = core use from the first to before the second of these days after the
        beginning; default: the configuration's.

    Raises
    ------
    ParameterError
        If the journey reaches into the days in which activation is looked for.
    """
    days = config.analysis.journey_days if journey_days is None else journey_days
    since, until = activation_days or config.analysis.activation_days
    if not 1 <= days <= since < until:
        raise ParameterError(
            f"expected journey_days ({days}) <= activation_days ({since}, {until}), rising: "
            "a journey that reaches into the outcome's days would restate the outcome."
        )
    as_of = config.analysis.as_of
    cutoff = day_number(pd.Timestamp(as_of)) if as_of else history.last_day + 1
    kind = _stage_units(engine, config, history, cutoff)
    core, definition = _core_events(engine)
    tokens = engine.frame(_tokens(days))
    units = engine.frame(_units(engine, cutoff, days, (since, until), core))
    units["started_on"] = day_to_date(units.pop("start_day"))
    units["follow_up"] = units["follow_up"].astype("string")
    activated = units["activated"].astype("boolean")
    units["activated"] = activated.where(units["follow_up"] == "complete")
    return Journeys(
        units=units[_UNIT_COLUMNS],
        tokens=add_return_tokens(tokens),
        unit_kind=kind,
        journey_days=days,
        definition=f"{definition} between day {since} and day {until} after the beginning",
        setup_steps=_setup_steps(config, units["setup_done"]),
    )


def _setup_steps(config: CompanyConfig, done: "pd.Series[int]") -> int:
    """Return how many steps there are: names if several, else the most that anybody did."""
    names = config.roles.setup
    return len(names) if len(names) != 1 else int(done.max()) if len(done) else 0


def _stage_units(engine: Engine, config: CompanyConfig, history: History, cutoff: int) -> str:
    """Make ``unit`` (unit, account_no, user_id, start_us, start_day) and ``unit_event``."""
    local = local_us(engine, "events", "occurred_at", config.company.time_zone)
    day = f"CAST(FLOOR({local} / {float(DAY_US)}) AS INTEGER)"
    with_user = engine.value("SELECT COUNT(*) FROM account_user")
    kind = "user" if with_user else "account"
    user = "e.user_id" if with_user else "CAST(NULL AS VARCHAR)"
    signup = engine.value("SELECT COALESCE(MAX(is_signup), 0) FROM event_kind")
    begins = "k.is_signup = 1" if signup else "1 = 1"
    earliest = history.first_day + (0 if signup else BURN_IN_DAYS)
    # one name for all steps of the set-up: the number of the step is the event's value
    step = "e.value" if len(config.roles.setup) == 1 else "0"
    engine.table(
        "unit_event",
        f"""
        SELECT a.account_no, {user} AS user_id, e.event, {local} AS at_us, {day} AS day,
               CASE WHEN {begins} THEN 1 ELSE 0 END AS begins,
               CASE WHEN k.is_setup = 1 THEN CONCAT(e.event, ' ', {step}) END AS step
        FROM events e JOIN account a ON a.account_id = e.account_id
        JOIN event_kind k ON k.event = e.event
        WHERE {"e.user_id IS NOT NULL AND" if with_user else ""} {day} < {cutoff}
        """,
    )
    engine.table(
        "unit",
        f"""
        SELECT ROW_NUMBER() OVER (ORDER BY account_no, user_id) AS unit, account_no, user_id,
               start_us, start_day
        FROM (
            SELECT account_no, user_id, MIN(CASE WHEN begins = 1 THEN at_us END) AS start_us,
                   MIN(CASE WHEN begins = 1 THEN day END) AS start_day
            FROM unit_event GROUP BY account_no, user_id
        ) AS f WHERE start_day >= {earliest}
        """,
    )
    return kind


def _core_events(engine: Engine) -> tuple[list[str], str]:
    """Return the events that count as core use, and how they were chosen."""
    for condition, words in (
        ("core = 1", "a core feature of the catalogue used"),
        ("feature IS NOT NULL", "any feature used (the catalogue marks none as core)"),
        ("is_signup = 0", "any event (no feature is known)"),
    ):
        names = engine.frame(f"SELECT event FROM event_kind WHERE {condition} ORDER BY event")
        if len(names):
            return names["event"].tolist(), words
    return [], "any event (no feature is known)"


def _tokens(journey_days: int) -> str:
    """Query for the events of first days in order; repeats of one day folded."""
    order = "PARTITION BY u.unit ORDER BY e.at_us, e.begins DESC, e.event"
    return f"""
        SELECT unit, event AS token, day_no FROM (
            SELECT u.unit, e.event, e.at_us, e.begins, e.day - u.start_day AS day_no,
                   LAG(e.event) OVER ({order}) AS before,
                   LAG(e.day - u.start_day) OVER ({order}) AS day_before
            FROM unit u JOIN unit_event e ON {_SAME_UNIT}
            WHERE e.at_us >= u.start_us AND e.day < u.start_day + {journey_days}
        ) AS t WHERE before IS NULL OR before <> event OR day_before <> day_no
        ORDER BY unit, at_us, begins DESC, event
        """


def _units(
    engine: Engine, cutoff: int, days: int, activation: tuple[int, int], core: list[str]
) -> str:
    since, until = activation
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in core) or "NULL"
    left = "SELECT unit, 1 AS has_left FROM unit WHERE 1 = 0"
    if engine.has("side_outcomes"):
        left = f"""SELECT DISTINCT u.unit, 1 AS has_left FROM unit u
                   JOIN side_outcomes o ON o.account_no = u.account_no
                   WHERE o.outcome = 'churned' AND o.occurred_day >= u.start_day
                   AND o.occurred_day < u.start_day + {until}"""
    return f"""
        SELECT u.unit, a.account_id, u.start_day,
               CASE WHEN u.start_day + {until} > {cutoff} THEN 'too recent'
                    WHEN l.has_left = 1 THEN 'account left' ELSE 'complete' END AS follow_up,
               MAX(CASE WHEN e.event IN ({names}) AND e.day >= u.start_day + {since}
                         AND e.day < u.start_day + {until} THEN 1 ELSE 0 END) AS activated,
               COUNT(DISTINCT CASE WHEN e.day < u.start_day + {days} THEN e.step END)
                   AS setup_done
        FROM unit u JOIN account a ON a.account_no = u.account_no
        JOIN unit_event e ON {_SAME_UNIT} LEFT JOIN ({left}) AS l ON l.unit = u.unit
        GROUP BY u.unit, a.account_id, u.start_day, l.has_left ORDER BY u.unit
        """


def add_return_tokens(tokens: pd.DataFrame) -> pd.DataFrame:
    """Put in whether the unit came back, and fold repeats.

    Parameters
    ----------
    tokens : DataFrame
        ``unit``, ``token``, ``day_no`` (0 = the day it began); in order.

    Returns
    -------
    DataFrame
        ``unit``, ``token``.
    """
    ordered = tokens.reset_index(drop=True)
    place = pd.Series(ordered.index, ordered.index, dtype="float64")
    later = ordered[ordered["day_no"] > 0]
    firsts = later.drop_duplicates("unit")
    back = firsts[firsts["day_no"] == 1]
    last = ordered.drop_duplicates("unit", keep="last")
    gone = last[~last["unit"].isin(later["unit"])]
    parts = [
        ordered.assign(place=place),
        back.assign(token=RETURNED, place=place[back.index] - 0.5),
        gone.assign(token=NO_RETURN, place=place[gone.index] + 0.5),
    ]
    joined = pd.concat(parts).sort_values("place", kind="stable")
    return fold_repeats(joined[["unit", "token"]].reset_index(drop=True))
