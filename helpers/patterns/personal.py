"""What to show, tell and send to each account, when and where: and on what evidence.

One row an account gathers what the other tables say. Nothing is guessed: what an account's own
past does not show with enough certainty is the company's, and what has no source is missing and
named. Opted-out accounts are in none of the tables.
"""

from dataclasses import dataclass

import pandas as pd

from helpers.patterns.alike import Alike
from helpers.patterns.contact import HABIT_DAYS, RIPE_DAYS
from helpers.patterns.habits import common_ways, dashboards
from helpers.patterns.material import Material
from helpers.patterns.next_steps import NextSteps
from helpers.patterns.preferences import (
    MIN_SENT,
    TOLERANCE_DAYS,
    channel_check,
    channel_preferences,
    default_channel,
    message_tolerance,
    topics_by_stage,
)
from helpers.patterns.recommend import Recommendations, recommend_features
from helpers.patterns.send_times import send_time_check, send_times

__all__ = ["Personal", "personalise"]

MAX_P = 0.05
_CHECKS = ("what", "question", "n", "n_accounts", "rate", "expected", "ratio", "p_value", "holds")


@dataclass(frozen=True, kw_only=True)
class Personal:
    """Personalisation tables.

    Parameters
    ----------
    accounts : DataFrame
        One row a live account seen of late: ``account_id``, ``lifecycle_stage``, ``send_hour``,
        ``send_weekday``, ``hour_basis``, ``weekday_basis``, ``channel``, ``channel_basis``,
        ``messages_left`` (in four weeks; missing where no limit is known), ``topic`` (of its
        stage, where one stands), ``feature`` (recommended first), ``next_step``,
        ``default_view``.
    checks : DataFrame
        What was tried on data that took no part in the choice: ``what``, ``question``, ``n``,
        ``n_accounts``, ``rate``, ``expected``, ``ratio``, ``p_value``, ``holds``.
    tables : dict of str to DataFrame
        What is written, by name; the two above among them.
    caveats : tuple of str
        What could not be told, and why.
    """

    accounts: pd.DataFrame
    checks: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    caveats: tuple[str, ...]

    @property
    def measures(self) -> dict[str, float]:
        """How many accounts have a way of their own, for the finding."""
        own = {f"n_own_{what}": self._own(f"{what}_basis") for what in ("hour", "channel")}
        return {"n_personalised": len(self.accounts), **own}

    def _own(self, column: str) -> int:
        return int((self.accounts[column] != "company").fillna(False).sum())


def personalise(material: Material, steps: NextSteps) -> Personal:
    """Gather what to show, tell and send to each account.

    Parameters
    ----------
    material : Material
        From :func:`helpers.patterns.material.read_material`.
    steps : NextSteps
        From :func:`helpers.patterns.next_steps.find_next_steps`.
    """
    messages = ripe(material)
    recommended = recommend_features(material.together)
    times = send_times(material.hours, material.activity, as_of=material.as_of)
    channels = channel_preferences(messages)
    tolerance, limit = message_tolerance(messages)
    topics = topics_by_stage(messages, material.stages)
    pins = dashboards(material.feature_days)
    checks = _checks(material, messages, recommended)
    accounts = _accounts(material, times)
    accounts = accounts.join(_channel_of(channels, messages, checks), on="account_id")
    accounts["messages_left"] = _left(accounts, material, limit)
    accounts = accounts.join(_topic_of(topics), on="lifecycle_stage")
    for column, table, value in (
        ("feature", recommended.table, "feature"),
        ("next_step", steps.accounts, "step"),
        ("default_view", pins[pins["proposal"] == "pin"], "feature"),
    ):
        first = table[table["place"] == 1] if column != "next_step" else table
        named = first.drop_duplicates("account_id").set_index("account_id")[value]
        accounts[column] = accounts["account_id"].map(named).astype("string")
    tables = {
        "personal": accounts,
        "personal_checks": checks,
        "send_times": times,
        "channels": channels,
        "message_tolerance": tolerance,
        "topics": topics,
        "recommendations": recommended.table,
        "recommendation_check": recommended.check,
        "dashboards": pins,
        "common_ways": common_ways(material.visits),
    }
    return Personal(
        accounts=accounts, checks=checks, tables=tables, caveats=_caveats(material, checks, limit)
    )


def ripe(material: Material) -> pd.DataFrame:
    """Return the messages old enough to have been opened; none where there is no table."""
    if material.messages is None:
        return _NO_MESSAGES
    edge = material.as_of - pd.Timedelta(days=RIPE_DAYS)
    return material.messages[material.messages["sent_on"] < edge].reset_index(drop=True)


_NO_MESSAGES = pd.DataFrame(
    {
        "account_id": pd.array([], dtype="string"),
        "channel": pd.array([], dtype="string"),
        "topic": pd.array([], dtype="string"),
        "sent_on": pd.to_datetime([]),
        "sent_hour": pd.array([], dtype="int64"),
        **{name: [] for name in ("opened", "clicked", "replied", "unsubscribed")},
    }
).astype(dict.fromkeys(["opened", "clicked", "replied", "unsubscribed"], bool))


def _checks(
    material: Material, messages: pd.DataFrame, recommended: Recommendations
) -> pd.DataFrame:
    since = material.as_of - pd.Timedelta(days=HABIT_DAYS // 3)
    rows = [
        _row(
            "channel",
            "Are newest messages opened more in the channel that older ones would choose?",
            channel_check(messages),
        ),
        _row(
            "send hour",
            "Are newest messages opened more within an hour of the account's own hour?",
            send_time_check(material.hours, messages, since=since),
        ),
    ]
    by_method = {row["method"]: row for row in recommended.check.to_dict("records")}
    alike, plain = by_method["accounts alike"], by_method["popularity"]
    found = {
        "what": "feature",
        "question": f"Is what was taken into use next among the {alike['k']} recommended more "
        "often than by popularity?",
        "n": alike["n"],
        "n_accounts": alike["n_accounts"],
        "rate": alike["hit_rate"],
        "expected": plain["hit_rate"],
        "ratio": alike["hit_rate"] / plain["hit_rate"] if plain["hit_rate"] > 0 else float("nan"),
        "p_value": alike["p_value"],
        "holds": alike["used"],
    }
    return pd.DataFrame([*rows, found], columns=list(_CHECKS))


def _row(what: str, question: str, found: Alike) -> dict[str, object]:
    n = max(found.n, 1)
    return {
        "what": what,
        "question": question,
        "n": found.n,
        "n_accounts": found.n_accounts,
        "rate": found.n_hits / n if found.n else float("nan"),
        "expected": found.expected / n if found.n else float("nan"),
        "ratio": found.ratio,
        "p_value": found.p_value,
        "holds": found.p_value < MAX_P and found.ratio > 1,
    }


def _accounts(material: Material, times: pd.DataFrame) -> pd.DataFrame:
    """Live accounts with their stage and send time."""
    lives = material.lives[material.lives["last_on"].isna()]
    accounts = pd.DataFrame({"account_id": lives["account_id"].astype("string")})
    stage = pd.Series(dtype="string")
    if material.stages is not None and len(material.stages):
        newest = material.stages[material.stages["as_of"] == material.stages["as_of"].max()]
        stage = newest.set_index("account_id")["lifecycle_stage"]
    accounts["lifecycle_stage"] = accounts["account_id"].map(stage).astype("string")
    columns = ["account_id", "send_hour", "hour_basis", "send_weekday", "weekday_basis"]
    return accounts.merge(times[columns], on="account_id", how="left")


def _channel_of(
    channels: pd.DataFrame, messages: pd.DataFrame, checks: pd.DataFrame
) -> pd.DataFrame:
    """Choose the channel of each account that was written to.

    Its own where that rests on enough messages and the choice holds up, else the company's; none
    that somebody of the account has unsubscribed from.
    """
    default = default_channel(messages)
    holds = bool(checks.loc[checks["what"] == "channel", "holds"].any())
    closed = channels.loc[channels["unsubscribed"], ["account_id", "channel"]]
    out = set(zip(closed["account_id"], closed["channel"], strict=True))
    best = channels[channels["place"] == 1]
    rows = []
    for row in best.to_dict("records"):
        certain, account = bool(row["q_value"] < MAX_P), row["account_id"]
        own = (holds or certain) and row["n_sent"] >= MIN_SENT and row["channel"] != default
        own = own and not row["unsubscribed"]
        channel = row["channel"] if own or (account, default) in out else default
        barred = (account, channel) in out
        basis = "own, certain" if own and certain else "own" if own else "company"
        rows.append((account, None if barred else channel, None if barred else basis))
    named = pd.DataFrame(rows, columns=["account_id", "channel", "channel_basis"])
    return named.astype("string").set_index("account_id")


def _left(accounts: pd.DataFrame, material: Material, limit: int | None) -> "pd.Series[int]":
    """Messages left in four weeks before the limit; missing where none is known."""
    left = pd.Series(pd.NA, accounts.index, dtype="Int64")
    if limit is None or material.messages is None:
        return left
    since = material.as_of - pd.Timedelta(days=TOLERANCE_DAYS)
    recent = material.messages[material.messages["sent_on"] >= since]
    sent = recent.groupby("account_id").size()
    used = accounts["account_id"].map(sent).fillna(0).astype("int64")
    return (limit - used).clip(lower=0).astype("Int64")


def _topic_of(topics: pd.DataFrame) -> pd.Series:
    """Return the topic of each stage that is opened more than others with certainty, if any."""
    more = (topics["lift"].astype(float) > 1) & (topics["alike_lift"].astype(float) > 1)
    sure = (topics["q_value"].astype(float) < MAX_P) & more
    best = topics[sure].drop_duplicates("lifecycle_stage").set_index("lifecycle_stage")["topic"]
    return best.rename("topic").astype("string")


def _caveats(material: Material, checks: pd.DataFrame, limit: int | None) -> tuple[str, ...]:
    said = []
    if material.messages is None:
        said.append("Channels, topics and how much is too much: no `messages` table.")
    elif limit is None:
        said.append("No number of messages was seen to be too much; no limit is set.")
    failed = checks.loc[~checks["holds"], "what"].tolist()
    if failed:
        said.append(
            f"Tried on newer data, an account's own {' and '.join(failed)} did no better than the "
            "company's; the company's is given unless an account's own is certain."
        )
    return tuple(said)
