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
_UNIT_COLUMNS = ["unit", "account_id", "started_on", "follow_up", "activated", "setup_done"]
MAX_UNITS = 50_000
"""More units are thinned evenly, account by account, before their events are read."""
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
    kind = "user" if engine.value("SELECT COUNT(*) FROM account_user") else "account"
    begins, earliest = _beginning(engine, history)
    core, definition = _core(engine)
    source = _source(engine, config, by_user=kind == "user")
    _stage_units(engine, source, begins=begins, earliest=earliest, cutoff=cutoff)
    _stage_unit_events(engine, source, config, begins=begins, core=core, end=(cutoff, until))
    tokens = engine.frame(_tokens(days))
    units = engine.frame(_units(engine, cutoff, days, (since, until)))
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


def _source(engine: Engine, config: CompanyConfig, *, by_user: bool) -> str:
    """Query for events with their unit's keys, moment and day on the company's wall clock."""
    local = local_us(engine, "events", "occurred_at", config.company.time_zone)
    user = "e.user_id" if by_user else "CAST(NULL AS VARCHAR)"
    return f"""
        SELECT a.account_no, {user} AS user_id, e.event, e.value, {local} AS at_us,
               CAST(FLOOR({local} / {float(DAY_US)}) AS INTEGER) AS day
        FROM events e JOIN account a ON a.account_id = e.account_id
        {"WHERE e.user_id IS NOT NULL" if by_user else ""}
        """


def _beginning(engine: Engine, history: History) -> tuple[str, int]:
    """Return what begins a journey, and the first day on which a beginning is believed."""
    if engine.value("SELECT COALESCE(MAX(is_signup), 0) FROM event_kind"):
        return "k.is_signup = 1", history.first_day
    return "1 = 1", history.first_day + BURN_IN_DAYS


def _core(engine: Engine) -> tuple[str, str]:
    """Return which events are core use, and how that was decided."""
    choices = (
        ("k.core = 1", "a core feature of the catalogue used"),
        ("k.feature IS NOT NULL", "any feature used (the catalogue marks none as core)"),
    )
    for condition, words in choices:
        if engine.value(f"SELECT COUNT(*) FROM event_kind k WHERE {condition}"):
            return condition, words
    return "k.is_signup = 0", "any event (no feature is known)"


def _stage_units(engine: Engine, source: str, *, begins: str, earliest: int, cutoff: int) -> None:
    """Make ``unit`` (unit, account_no, user_id, start_us, start_day), thinned if need be."""
    engine.table(
        "everybody",
        f"""
        SELECT ROW_NUMBER() OVER (ORDER BY account_no, user_id) AS place, account_no, user_id,
               start_us, start_day
        FROM (
            SELECT e.account_no, e.user_id, MIN(e.at_us) AS start_us, MIN(e.day) AS start_day
            FROM ({source}) AS e JOIN event_kind k ON k.event = e.event
            WHERE {begins} AND e.day < {cutoff} GROUP BY e.account_no, e.user_id
        ) AS f WHERE start_day >= {earliest}
        """,
    )
    found = int(engine.value("SELECT COUNT(*) FROM everybody") or 0)
    step = max(1, -(-found // MAX_UNITS))
    engine.table(
        "unit",
        f"""
        SELECT ROW_NUMBER() OVER (ORDER BY place) AS unit, account_no, user_id, start_us, start_day
        FROM everybody WHERE MOD(place - 1, {step}) = 0
        """,
    )


def _stage_unit_events(
    engine: Engine,
    source: str,
    config: CompanyConfig,
    *,
    begins: str,
    core: str,
    end: tuple[int, int],
) -> None:
    """Make ``unit_event``: what each unit did from its beginning to the end of its follow-up."""
    cutoff, until = end
    # one name for all steps of the set-up: the number of the step is the event's value
    step = "e.value" if len(config.roles.setup) == 1 else "0"
    engine.table(
        "unit_event",
        f"""
        SELECT u.unit, e.event, e.at_us, e.day - u.start_day AS day_no,
               CASE WHEN {begins} THEN 1 ELSE 0 END AS begins,
               CASE WHEN {core} THEN 1 ELSE 0 END AS is_core,
               CASE WHEN k.is_setup = 1 THEN CONCAT(e.event, ' ', {step}) END AS step
        FROM ({source}) AS e JOIN event_kind k ON k.event = e.event
        JOIN unit u ON u.account_no = e.account_no
            AND (u.user_id = e.user_id OR u.user_id IS NULL)
        WHERE e.at_us >= u.start_us AND e.day < u.start_day + {until} AND e.day < {cutoff}
        """,
    )


def _tokens(journey_days: int) -> str:
    """Query for the events of first days in order; repeats of one day folded."""
    order = "PARTITION BY unit ORDER BY at_us, begins DESC, event"
    return f"""
        SELECT unit, event AS token, day_no FROM (
            SELECT unit, event, at_us, begins, day_no, LAG(event) OVER ({order}) AS before,
                   LAG(day_no) OVER ({order}) AS day_before
            FROM unit_event WHERE day_no < {journey_days}
        ) AS t WHERE before IS NULL OR before <> event OR day_before <> day_no
        ORDER BY unit, at_us, begins DESC, event
        """


def _units(engine: Engine, cutoff: int, days: int, activation: tuple[int, int]) -> str:
    since, until = activation
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
               MAX(CASE WHEN e.day_no >= {since} THEN e.is_core ELSE 0 END) AS activated,
               COUNT(DISTINCT CASE WHEN e.day_no < {days} THEN e.step END) AS setup_done
        FROM unit u JOIN account a ON a.account_no = u.account_no
        JOIN unit_event e ON e.unit = u.unit LEFT JOIN ({left}) AS l ON l.unit = u.unit
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
