"""The facts that a brief opens with: the fields of seed S0's account analysis (R-01)."""

from dataclasses import dataclass

import pandas as pd

from helpers.brief.subject import Subject
from helpers.report.text import humanise, visible

__all__ = ["CoreUse", "Fact", "core_use", "facts"]

N_CORE = 5
USE_DAYS = 30
MONTHS = 12


@dataclass(frozen=True)
class Fact:
    """A labelled value; ``known`` is false where ``value`` is the reason why it is missing."""

    label: str
    value: str
    known: bool = True


@dataclass(frozen=True)
class CoreUse:
    """How often a core feature was used: events in the last 30 days and in the 30 before."""

    feature: str
    n_now: int
    n_before: int

    @property
    def per_week(self) -> float:
        """Uses a week in the last 30 days."""
        return self.n_now * 7 / USE_DAYS


def facts(subject: Subject) -> list[Fact]:
    """Return who the account is, how much it is used, and where the contract stands (R-01)."""
    return [
        *_identity(subject),
        _active_people(subject),
        _tickets(subject),
        _days_ago(subject, "Last business review", "days_since_business_review"),
        _days_ago(subject, "Last contact", "days_since_last_touchpoint"),
        _mail(subject),
        _nps(subject),
        _champion(subject),
        *_contract(subject),
    ]


def core_use(subject: Subject) -> list[CoreUse]:
    """Return the three to five core features used most, with their frequency.

    Features that the catalogue marks as core; without a catalogue, whatever is used most. A
    core feature that is not used at all is listed too: that is what a call may be about.
    """
    if not subject.run.has("01_data_audit", "events"):
        return []
    events = pd.read_parquet(
        subject.run.path("01_data_audit", "events"),
        columns=["event", "feature", "occurred_at"],
        filters=[("account_id", "==", subject.account_id)],
    )
    core = _core_features(subject)
    known = events["feature"].astype(object).where(events["feature"].notna(), events["event"])
    named = known.astype(str)
    if core:
        in_core = named.isin(core)
        events, named = events[in_core], named[in_core]
    cut, middle, start = (
        subject.as_of - pd.Timedelta(days=days) for days in (0, USE_DAYS, 2 * USE_DAYS)
    )
    local = events["occurred_at"].dt.tz_convert(subject.moment.tz).dt.tz_localize(None)
    now = named[(local >= middle) & (local < cut)].value_counts()
    earlier = named[(local >= start) & (local < middle)].value_counts()
    names = sorted({*core, *now.index, *earlier.index}, key=lambda one: (-now.get(one, 0), one))
    return [
        CoreUse(visible(humanise(one)), int(now.get(one, 0)), int(earlier.get(one, 0)))
        for one in names[:N_CORE]
    ]


def _core_features(subject: Subject) -> set[str]:
    if not subject.run.has("01_data_audit", "feature_catalogue"):
        return set()
    table = subject.run.read("01_data_audit", "feature_catalogue")
    core = table[table["core"].fillna(value=False).astype(bool)]
    return set(core["feature"].where(core["feature"].notna(), core["event"]).astype(str))


def _identity(subject: Subject) -> list[Fact]:
    said = [_text(subject, column) for column in ("industry", "region", "plan")]
    signed_up = subject.account.get("signed_up_at")
    age = "sign-up date not known"
    if signed_up is not None and pd.notna(signed_up):
        age = _span((subject.as_of - pd.Timestamp(signed_up).tz_localize(None)).days)
    return [
        Fact("Industry, region, plan", ", ".join(filter(None, said)) or "not known", any(said)),
        Fact("Customer for", age, age[0].isdigit()),
        Fact("CSM", _text(subject, "csm") or "nobody yet", bool(_text(subject, "csm"))),
    ]


def _active_people(subject: Subject) -> Fact:
    label = "Monthly active users"
    now, before = (subject.value("active_users__n_30d", at=at) for at in ("now", "before"))
    if now is None:
        return _absent(subject, label, "active_users__n_30d")
    if before is None:
        return Fact(label, f"{now:,.0f} (90 days ago not known)")
    change = f", {now / before - 1:+.0%}".replace("-", "\u2212") if before else ""
    return Fact(label, f"{now:,.0f}, 90 days ago {before:,.0f}{change}")


def _tickets(subject: Subject) -> Fact:
    n = subject.value("tickets__n_90d")
    if n is None:
        return _absent(subject, "Tickets in 90 days", "tickets__n_90d")
    escalated = subject.value("tickets_escalated__n_90d")
    waiting = subject.value("tickets_escalated_open__n")
    parts = [f"{n:,.0f}"]
    parts += [f"{escalated:,.0f} escalated"] if escalated is not None else []
    parts += [f"{waiting:,.0f} escalated and open"] if waiting else []
    return Fact("Tickets in 90 days", ", ".join(parts))


def _days_ago(subject: Subject, label: str, feature: str) -> Fact:
    days = subject.value(feature)
    if days is None:
        return _absent(subject, label, feature)
    on = subject.as_of - pd.Timedelta(days=int(days))
    return Fact(label, f"{on:%Y-%m-%d}, {days:,.0f} days ago")


def _mail(subject: Subject) -> Fact:
    label = "E-mail opened, clicked"
    sent = subject.value("messages__n_90d")
    opened, clicked = (subject.value(f"message_{what}__rate_90d") for what in ("open", "click"))
    if opened is None and clicked is None:
        return _absent(subject, label, "message_open__rate_90d")
    said = ["not known" if rate is None else f"{rate:.0%}" for rate in (opened, clicked)]
    return Fact(label, f"{said[0]}, {said[1]} of {sent or 0:,.0f} in 90 days")


def _nps(subject: Subject) -> Fact:
    score = subject.value("nps_last")
    if score is None:
        return _absent(subject, "Last NPS answer", "nps_last")
    age = subject.value("nps_age_days")
    return Fact(
        "Last NPS answer", f"{score:,.0f} of 10" + (f", {age:,.0f} days ago" if age else "")
    )


def _champion(subject: Subject) -> Fact:
    if subject.value("champion_left_90d"):
        return Fact("Champion", "left in the last 90 days")
    days = subject.value("champion_tenure_days")
    if days is None:
        return _absent(subject, "Champion", "champion_tenure_days")
    return Fact("Champion", f"there for {_span(int(days))}")


def _contract(subject: Subject) -> list[Fact]:
    money = subject.value("mrr")
    if money is None:
        own = subject.account.get("mrr")
        money = None if own is None or pd.isna(own) else float(own)
    value = "not known"
    if money is not None:
        value = f"{subject.currency} {money * MONTHS:,.0f} a year ({money:,.0f} a month)"
    renewal = subject.account.get("renewal_on")
    when = "not known"
    if renewal is not None and pd.notna(renewal):
        days = (pd.Timestamp(renewal) - subject.as_of).days
        when = f"{pd.Timestamp(renewal):%Y-%m-%d}, " + (
            f"in {days:,} days" if days >= 0 else f"{-days:,} days ago: check the record"
        )
    return [
        Fact("Contract value", value, money is not None),
        Fact("Renewal", when, when != "not known"),
    ]


def _absent(subject: Subject, label: str, feature: str) -> Fact:
    return Fact(label, f"not known: {subject.why_not(feature)}", known=False)


def _text(subject: Subject, column: str) -> str:
    value = subject.account.get(column)
    return "" if value is None or pd.isna(value) else visible(value).strip()


def _span(days: int) -> str:
    """Say a number of days in the largest units that mean something."""
    if days < 60:
        return f"{max(days, 0)} days"
    months = days // 30
    if months < 24:
        return f"{months} months"
    years, rest = divmod(days, 365)
    return f"{years} years" + (f" {rest // 30} months" if rest >= 30 else "")
