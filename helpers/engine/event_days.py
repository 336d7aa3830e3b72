"""The two passes over the events, and the tables of days that come of them.

Whatever needs an event's own row is computed here, in one pass by visit and in one by what was
done. Ids that recur become numbers on the way: rows of few whole numbers are grouped, kept and
joined faster than names, and by every engine.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Collection, Sequence

from helpers.engine.days import epoch_us, local_day
from helpers.engine.engine import Engine

__all__ = ["DAY_US", "HOUR_US", "count_days", "count_pairs", "count_visits"]

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def count_visits(engine: Engine, local: str, events: str = "events") -> None:
    """Make ``account_user``, ``visit``, ``account_user_day`` and ``account_visit``.

    Parameters
    ----------
    engine : Engine
        With ``events`` and the table ``account``.
    local : str
        SQL for microseconds on the wall clock of ``e.occurred_at``.
    events : str
        The table that is read.

    Notes
    -----
    A visit is one person's, as a rule, so people are not a key of this pass: each visit says the
    first and the last of its people, and only the visits of several are looked up again. What was
    done outside of any visit is grouped by person.
    """
    _number_people(engine, events)
    millis = "CAST(FLOOR(e.duration_s * 1000 + 0.5) AS BIGINT) AS ms"
    engine.table(
        "visit",
        f"""
        SELECT account_no, session_id, day, alone, CAST(COUNT(*) AS INTEGER) AS n_events,
               MIN(user_no) AS first_user, MAX(user_no) AS last_user,
               CAST(COUNT(user_no) AS INTEGER) AS n_known,
               CAST(SUM(ms) AS BIGINT) AS millis, MIN(at_us) AS first_us, MAX(at_us) AS last_us,
               CAST(SUM(CASE WHEN clock_us <> 0 THEN 1 ELSE 0 END) AS INTEGER) AS n_timed
        FROM ({_events(events, f"u.user_no, e.session_id, {_ALONE}, {millis}", local, _PEOPLE)})
             AS e
        GROUP BY account_no, session_id, day, alone
        """,
    )
    _count_people(engine, local, events)
    engine.derive(
        "account_session",
        """
        SELECT account_no, session_id, day, CAST(n_events AS BIGINT) AS n_events, millis,
               last_us - first_us AS span_us
        FROM visit WHERE session_id IS NOT NULL
        """,
    )
    engine.table("account_visit", _visits_by_day())


_PEOPLE = "LEFT JOIN account_user u ON u.account_no = a.account_no AND u.user_id = e.user_id"
_ALONE = "CASE WHEN e.session_id IS NULL THEN u.user_no END AS alone"


def _visits_by_day() -> str:
    """Query for the visits of a day; a span counts in whole milliseconds, visit by visit."""
    span = "CAST(FLOOR(CAST(last_us - first_us AS DOUBLE) / 1000 + 0.5) AS BIGINT)"

    def total(value: str) -> str:
        return f"CAST(SUM(CASE WHEN session_id IS NULL THEN 0 ELSE {value} END) AS BIGINT)"

    return f"""
        SELECT account_no, day, CAST(SUM(millis) AS BIGINT) AS millis,
               CAST(SUM(n_timed) AS BIGINT) AS n_timed, COUNT(session_id) AS n_visits,
               {total("CASE WHEN millis IS NULL THEN 0 ELSE 1 END")} AS n_clocked,
               {total("COALESCE(millis, 0)")} AS visit_ms, {total(span)} AS span_ms
        FROM visit GROUP BY account_no, day
        """


def _number_people(engine: Engine, events: str) -> None:
    """Give people numbers, which group and join faster than names."""
    engine.table(
        "account_user",
        f"""
        SELECT CAST(ROW_NUMBER() OVER (ORDER BY account_no, user_id) AS INTEGER) AS user_no,
               account_no, user_id
        FROM (
            SELECT DISTINCT a.account_no, e.user_id
            FROM {events} e JOIN account a ON a.account_id = e.account_id
            WHERE e.user_id IS NOT NULL
        ) AS people
        """,
    )


def _count_people(engine: Engine, local: str, events: str) -> None:
    """Count the days of people: from the visits, and from the events of visits of several."""
    days = """
        SELECT account_no, first_user AS user_no, day, n_known AS n_events FROM visit
        WHERE first_user = last_user
        """
    if engine.value("SELECT COUNT(*) FROM visit WHERE first_user < last_user"):
        days += f"""
            UNION ALL
            SELECT e.account_no, e.user_no, e.day, CAST(COUNT(*) AS INTEGER) AS n_events
            FROM ({_events(events, "u.user_no, e.session_id", local, _PEOPLE)}) AS e
            JOIN visit v ON v.account_no = e.account_no AND v.session_id = e.session_id
                        AND v.day = e.day AND v.first_user < v.last_user
            WHERE e.user_no IS NOT NULL GROUP BY e.account_no, e.user_no, e.day
            """
    engine.table(
        "account_user_day",
        f"""
        SELECT account_no, user_no, day, CAST(SUM(n_events) AS BIGINT) AS n_events
        FROM ({days}) AS seen GROUP BY account_no, user_no, day
        """,
    )


def count_pairs(engine: Engine, local: str, events: str = "events") -> None:
    """Make ``event_pair`` (pair_no, event, stated: the row's own feature) and ``pair_day``."""
    engine.table(
        "event_pair",
        f"""
        SELECT CAST(ROW_NUMBER() OVER (ORDER BY event, stated NULLS FIRST) AS INTEGER) AS pair_no,
               event, stated, COALESCE(stated, '') AS known
        FROM (SELECT DISTINCT event, feature AS stated FROM {events}) AS seen
        """,
    )
    pair = "JOIN event_pair p ON p.event = e.event"
    if engine.value("SELECT COUNT(*) - COUNT(DISTINCT event) FROM event_pair"):
        pair += " AND p.known = COALESCE(e.feature, '')"  # some event belongs to several features
    night = f"clock_us < {6 * HOUR_US} OR clock_us >= {22 * HOUR_US}"
    engine.table(
        "pair_day",
        f"""
        SELECT account_no, pair_no, day, CAST(COUNT(*) AS INTEGER) AS n_events,
               CAST(SUM(CASE WHEN {night} THEN 1 ELSE 0 END) AS INTEGER) AS n_night
        FROM ({_events(events, "p.pair_no", local, pair)}) AS e GROUP BY account_no, pair_no, day
        """,
    )


def _events(events: str, columns: str, local: str, join: str = "") -> str:
    """Query for the events of the accounts that are in: each with its day and time of day.

    One step a level: what is computed once is not computed again in each place that uses it.
    """
    return f"""
        SELECT *, local_us - {DAY_US} * CAST(day AS BIGINT) AS clock_us FROM (
            SELECT *, {local_day("local_us")} AS day FROM (
                SELECT a.account_no, {columns}, {epoch_us("e.occurred_at")} AS at_us,
                       {local} AS local_us
                FROM {events} e JOIN account a ON a.account_id = e.account_id {join}
            ) AS e
        ) AS e
        """


def count_days(engine: Engine, roles: Sequence[str], played: Collection[str]) -> None:
    """Make ``account_day`` and ``feature_day``, and name what ``pair_day`` and the latter number.

    Parameters
    ----------
    engine : Engine
        After the passes, with the flags of ``event_pair`` filled in.
    roles : sequence of str
        Each gets a column.
    played : collection of str
        Roles that an event plays; the others are counted 0 without looking.
    """
    counts = ", ".join(
        f"CAST({f'SUM(d.n_events * p.is_{role})' if role in played else '0'} AS BIGINT) AS n_{role}"
        for role in roles
    )
    engine.table(
        "account_day",
        f"""
        SELECT d.*, v.millis, v.n_timed, v.n_visits, v.n_clocked, v.visit_ms, v.span_ms
        FROM (
            SELECT d.account_no, d.day, CAST(SUM(d.n_events) AS BIGINT) AS n_events,
                   CAST(SUM(d.n_night) AS BIGINT) AS n_night,
                   CAST(SUM(d.n_events * p.core) AS BIGINT) AS n_core, {counts}
            FROM pair_day d JOIN event_pair p ON p.pair_no = d.pair_no GROUP BY d.account_no, d.day
        ) AS d
        JOIN account_visit v ON v.account_no = d.account_no AND v.day = d.day
        """,
    )
    engine.drop("account_visit")
    engine.table(
        "feature_day",
        """
        SELECT d.account_no, p.feature_no, d.day, CAST(SUM(d.n_events) AS INTEGER) AS n_events
        FROM pair_day d JOIN event_pair p ON p.pair_no = d.pair_no
        WHERE p.feature_no IS NOT NULL GROUP BY d.account_no, p.feature_no, d.day
        """,
    )
    engine.derive(
        "account_event_day",
        "SELECT d.account_no, p.event, p.stated AS feature, d.day, "
        "CAST(d.n_events AS BIGINT) AS n_events, CAST(d.n_night AS BIGINT) AS n_night "
        "FROM pair_day d JOIN event_pair p ON p.pair_no = d.pair_no",
    )
    engine.derive(
        "account_feature_day",
        "SELECT d.account_no, f.feature, d.day, CAST(d.n_events AS BIGINT) AS n_events "
        "FROM feature_day d JOIN feature_name f ON f.feature_no = d.feature_no",
    )
