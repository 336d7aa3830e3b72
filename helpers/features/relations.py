"""The rows that features aggregate: one relation a grain, one row set for each account and cutoff.

A relation is a query with the columns account_no and cutoff and whatever its features sum.
Relations of activity join the staged days with the calendar ``as_of_day``, or, where sums over
windows are all that is asked for, with its segments (:mod:`helpers.features.segments`); relations
of other tables start from :func:`helpers.features.visible.visible`.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Callable, Mapping

from helpers.features.population import TREND_WEEKS, Context
from helpers.features.segments import of_segments
from helpers.features.visible import visible

__all__ = ["ACTIVITY", "MAX_PAIRED", "Relation", "of_table", "stage_feature_kinds"]

MAX_PAIRED = 100
"""Pairs are counted in products of at most so many features; n features have n (n - 1) / 2."""

PAIR_DAYS = 90

Relation = Callable[[Context], str]
"""Makes the query of a relation."""

_SPINE = """
    JOIN as_of_day c ON c.day = d.day
    JOIN population p ON p.account_no = d.account_no AND p.cutoff = c.cutoff
"""


def of_table(name: str) -> Relation:
    """Return the relation of a contract table's visible rows."""
    return lambda _context: visible(name)


def _gap(_context: Context) -> str:
    """Days with activity in the last 90; ``gap_days`` without any lie before each."""
    return f"""
        SELECT p.account_no, p.cutoff, p.observed_days, c.age_days, d.gap_days
        FROM day_run d {_SPINE} WHERE c.age_days <= 90
        """


def _week(_context: Context) -> str:
    """Whole weeks back from the cutoff with at least one event."""
    return f"""
        SELECT p.account_no, p.cutoff, c.week, MIN(p.observed_weeks) AS observed_weeks,
               CAST(SUM(d.n_events) AS BIGINT) AS n_events
        FROM account_day d {_SPINE}
        WHERE c.week < {TREND_WEEKS} GROUP BY p.account_no, p.cutoff, c.week
        """


def _user(context: Context) -> str:
    """People who were ever active; ``place`` 1 is the one with most events so far."""
    people = "side_users" if context.has("users") else _no_users()
    return f"""
        WITH so_far AS ({_so_far("account_user_day", "user_no")}),
        recent AS (
            SELECT d.user_no, c.cutoff,
                   SUM(CASE WHEN c.age_days <= 30 THEN 1 ELSE 0 END) AS days_30d,
                   SUM(CASE WHEN c.age_days > 30 THEN 1 ELSE 0 END) AS days_before,
                   BIT_OR(c.now_bit) AS weeks_now, BIT_OR(c.short_before_bit) AS weeks_before
            FROM account_user_day d JOIN as_of_day c ON c.day = d.day
            WHERE c.age_days <= 60 GROUP BY d.user_no, c.cutoff
        )
        SELECT s.account_no, s.cutoff, s.last_age, s.observed_days, u.department, u.is_admin,
               COALESCE(r.days_30d, 0) AS days_30d, COALESCE(r.days_before, 0) AS days_before,
               COALESCE(w.n, 0) AS weeks_now, COALESCE(b.n, 0) AS weeks_before,
               ROW_NUMBER() OVER (
                   PARTITION BY s.account_no, s.cutoff ORDER BY s.n_events DESC, s.user_no
               ) AS place
        FROM so_far s
        LEFT JOIN recent r ON r.user_no = s.user_no AND r.cutoff = s.cutoff
        LEFT JOIN week_set w ON w.weeks = r.weeks_now
        LEFT JOIN week_set b ON b.weeks = r.weeks_before
        JOIN account_user n ON n.user_no = s.user_no
        LEFT JOIN {people} u ON u.user_id = n.user_id AND u.account_no = n.account_no
        """


def _so_far(table: str, key: str) -> str:
    """Query: first and last day and all events of each key before each cutoff.

    The days are first reduced to the steps between two cutoffs, so that the join with the cutoffs
    stays small however long the history is.
    """
    return f"""
        SELECT p.account_no, p.cutoff, d.{key}, MIN(p.observed_days) AS observed_days,
               p.cutoff - MAX(d.last_day) AS last_age, p.cutoff - MIN(d.first_day) AS first_age,
               SUM(d.n_events) AS n_events
        FROM (
            SELECT t.account_no, t.{key}, s.next_cutoff, MIN(t.day) AS first_day,
                   MAX(t.day) AS last_day, SUM(t.n_events) AS n_events
            FROM {table} t JOIN as_of_step s ON s.day = t.day
            GROUP BY t.account_no, t.{key}, s.next_cutoff
        ) AS d
        JOIN population p ON p.account_no = d.account_no AND p.cutoff >= d.next_cutoff
        GROUP BY p.account_no, p.cutoff, d.{key}
        """


def _no_users() -> str:
    columns = "CAST(NULL AS INTEGER) AS account_no, CAST(NULL AS VARCHAR) AS user_id"
    known = "CAST(NULL AS VARCHAR) AS department, CAST(NULL AS BOOLEAN) AS is_admin"
    return f"(SELECT {columns}, {known})"


def _user_week(context: Context) -> str:
    """People active in each whole week back from the cutoff."""
    weeks = max(TREND_WEEKS, max(context.windows_days) // 7)
    return f"""
        SELECT p.account_no, p.cutoff, w.week, p.observed_weeks, w.wau
        FROM (
            SELECT account_no, cutoff, week, COUNT(*) AS wau FROM (
                SELECT DISTINCT d.account_no, c.cutoff, c.week, d.user_no
                FROM account_user_day d JOIN as_of_day c ON c.day = d.day WHERE c.week < {weeks}
            ) AS people GROUP BY account_no, cutoff, week
        ) AS w JOIN population p ON p.account_no = w.account_no AND p.cutoff = w.cutoff
        """


def stage_feature_kinds(context: Context) -> None:
    """Make ``feature_kind`` (core and premium) and ``available`` (how many there were by then)."""
    engine = context.engine
    listed = (
        "SELECT feature, CAST(core AS INTEGER) AS core, CAST(premium AS INTEGER) AS premium "
        "FROM feature_catalogue WHERE feature IS NOT NULL UNION ALL "
        if context.has("feature_catalogue")
        else ""
    )
    engine.table(
        "feature_kind",
        f"""
        SELECT e.feature, MIN(n.feature_no) AS feature_no, MAX(COALESCE(core, 0)) AS core,
               MAX(COALESCE(premium, 0)) AS premium, MAX(listed) AS listed
        FROM (
            SELECT feature, core, premium, 1 AS listed FROM ({listed}
                SELECT feature, core, premium FROM event_kind WHERE FALSE) AS catalogue
            UNION ALL
            SELECT feature, 0 AS core, 0 AS premium, 0 AS listed FROM feature_name
        ) AS e LEFT JOIN feature_name n ON n.feature = e.feature GROUP BY e.feature
        """,
    )
    engine.table(
        "available",
        """
        WITH first_seen AS (
            SELECT feature_no, MIN(day) AS first_day FROM feature_day GROUP BY feature_no
        )
        SELECT c.cutoff, COUNT(*) AS n_features, SUM(k.core) AS n_core, SUM(k.premium) AS n_premium
        FROM cutoff c CROSS JOIN feature_kind k
        LEFT JOIN first_seen f ON f.feature_no = k.feature_no
        WHERE k.listed = 1 OR f.first_day < c.cutoff
        GROUP BY c.cutoff
        """,
    )


def _feature(_context: Context) -> str:
    """Features an account ever used: when first, when last, in which weeks."""
    return f"""
        WITH so_far AS ({_so_far("feature_day", "feature_no")}),
        recent AS (
            SELECT d.account_no, d.feature_no, c.cutoff,
                   SUM(CASE WHEN c.age_days <= 90 THEN d.n_events ELSE 0 END) AS n_90d,
                   SUM(CASE WHEN c.age_days <= 30 THEN 1 ELSE 0 END) AS days_30d,
                   SUM(CASE WHEN c.age_days BETWEEN 31 AND 60 THEN 1 ELSE 0 END) AS days_before,
                   SUM(CASE WHEN c.age_days > 30 THEN 1 ELSE 0 END) AS days_earlier,
                   BIT_OR(c.now_bit) AS weeks_now, BIT_OR(c.before_bit) AS weeks_before
            FROM feature_day d JOIN as_of_day c ON c.day = d.day
            WHERE c.age_days <= 120 GROUP BY d.account_no, d.feature_no, c.cutoff
        )
        SELECT s.account_no, s.cutoff, s.last_age, s.first_age, k.core, k.premium,
               v.n_features, v.n_core, v.n_premium, COALESCE(r.n_90d, 0) AS n_90d,
               COALESCE(r.days_30d, 0) AS days_30d, COALESCE(r.days_before, 0) AS days_before,
               COALESCE(r.days_earlier, 0) AS days_earlier,
               COALESCE(w.n, 0) AS weeks_now, COALESCE(b.n, 0) AS weeks_before
        FROM so_far s
        LEFT JOIN recent r ON r.account_no = s.account_no AND r.cutoff = s.cutoff
                          AND r.feature_no = s.feature_no
        LEFT JOIN week_set w ON w.weeks = r.weeks_now
        LEFT JOIN week_set b ON b.weeks = r.weeks_before
        JOIN feature_kind k ON k.feature_no = s.feature_no
        JOIN available v ON v.cutoff = s.cutoff
        """


def _pair(_context: Context) -> str:
    """Pairs of features used on the same day at least once in the 90 days before the cutoff.

    A pair is first reduced to its last day before each next cutoff, so that the join with the
    cutoffs stays small.
    """
    return f"""
        WITH recent AS (
            SELECT d.account_no, d.day, d.feature_no, s.next_cutoff
            FROM feature_day d
            JOIN as_of_step s ON s.day = d.day
            JOIN available v ON v.cutoff = s.next_cutoff AND v.n_features <= {MAX_PAIRED}
            WHERE d.day >= (SELECT MIN(cutoff) - {PAIR_DAYS} FROM cutoff)
        ), together AS (
            SELECT f.account_no, f.feature_no AS one, g.feature_no AS other, f.next_cutoff,
                   MAX(f.day) AS last_day
            FROM recent f JOIN recent g ON g.account_no = f.account_no AND g.day = f.day
                                       AND g.feature_no > f.feature_no
            GROUP BY f.account_no, f.feature_no, g.feature_no, f.next_cutoff
        )
        SELECT t.account_no, p.cutoff, t.one, t.other
        FROM together t
        JOIN population p ON p.account_no = t.account_no AND p.cutoff >= t.next_cutoff
                         AND p.cutoff - t.last_day <= {PAIR_DAYS}
        JOIN available v ON v.cutoff = p.cutoff AND v.n_features <= {MAX_PAIRED}
        GROUP BY t.account_no, p.cutoff, t.one, t.other
        """


def _setup(context: Context) -> str:
    """Return the set-up steps that somebody in the account has done, of ``n_steps``.

    There are as many steps as configured, or as anybody had done by then if those are more.
    """
    configured = len(dict.fromkeys(context.config.roles.setup))
    return f"""
        WITH known AS (
            SELECT c.cutoff, COUNT(DISTINCT s.step) AS n_known
            FROM cutoff c JOIN account_setup_step s ON s.first_day < c.cutoff GROUP BY c.cutoff
        )
        SELECT p.account_no, p.cutoff, p.age_days AS account_age,
               p.cutoff - s.first_day AS first_age, GREATEST({configured}, k.n_known) AS n_steps
        FROM account_setup_step s
        JOIN population p ON p.account_no = s.account_no AND s.first_day < p.cutoff
        JOIN known k ON k.cutoff = p.cutoff
        """


ACTIVITY: Mapping[str, Relation] = {
    "day": of_segments,
    "gap": _gap,
    "week": _week,
    "user": _user,
    "user_week": _user_week,
    "feature": _feature,
    "pair": _pair,
    "setup": _setup,
}
"""Relations made from events, in the order in which they are staged."""
