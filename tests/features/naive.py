"""The features once more, one account and one date at a time, in plain pandas: the specification.

Slow and without any of the tricks of the fast path. Written from the meanings in the dictionary.
"""

import itertools
import math

import numpy as np
import pandas as pd

from tests.company import AS_OF, ZONE

__all__ = ["naive_features"]


def dated(frame: pd.DataFrame, column: str) -> pd.Series:
    """Days of a column, on the company's wall clock."""
    values = frame[column]
    if values.dt.tz is not None:
        values = values.dt.tz_convert(ZONE).dt.tz_localize(None)
    return values.dt.normalize()


def naive_features(
    tables: dict[str, pd.DataFrame], account: str, as_of: pd.Timestamp
) -> dict[str, float]:
    """Return many features of one account at one date."""
    mine = {
        name: frame[frame["account_id"] == account]
        for name, frame in tables.items()
        if "account_id" in frame
    }
    events = mine["events"].assign(day=dated(mine["events"], "occurred_at"))
    events = events[events["day"] < as_of].copy()
    events["age"] = (as_of - events["day"]).dt.days
    all_days = dated(tables["events"], "occurred_at")
    first = all_days[~tables["events"]["account_id"].isin(_opted_out(tables))].min()
    signup = dated(mine["accounts"], "signed_up_at").iloc[0]
    observed = min((as_of - signup).days, (as_of - first).days)
    found: dict[str, float] = {"age_days": (as_of - signup).days}
    found |= _usage(events, observed)
    found |= _people(events, observed, mine["users"])
    found |= _trend(events, observed)
    found |= _adoption(events, tables, as_of, observed, signup >= first)
    found |= _support(mine["tickets"], as_of)
    found |= _billing(mine["subscriptions"], mine["invoices"], as_of)
    found |= _contact(mine, tables, as_of)
    found |= _levels(mine, tables, found, as_of)
    return found


def _opted_out(tables):
    return tables["accounts"].loc[tables["accounts"]["opted_out"].fillna(False), "account_id"]


def _usage(events, observed):
    found = {}
    for w in (30, 60, 90):
        recent = events[events["age"] <= w]
        n, days = len(recent), recent["day"].nunique()
        found[f"events__n_{w}d"] = n
        found[f"logins__n_{w}d"] = (recent["event"] == "login").sum()
        found[f"errors__n_{w}d"] = errors = (recent["event"] == "error_shown").sum()
        found[f"error_rate__{w}d"] = 100 * errors / n if n else np.nan
        found[f"active_days__n_{w}d"] = days
        found[f"events_per_active_day_{w}d"] = n / days if days else np.nan
        found[f"hours__sum_{w}d"] = recent["duration_s"].sum() / 3600
        by_day = events.groupby(["session_id", "day"])
        visits = by_day.agg(age=("age", "max"), s=("duration_s", "sum"))
        visits = visits[visits["age"] <= w]
        found[f"sessions__n_{w}d"] = len(visits)
        found[f"session_minutes__mean_{w}d"] = visits["s"].mean() / 60 if len(visits) else np.nan
        found[f"help__n_{w}d"] = (recent["event"] == "help_article_viewed").sum()
        found[f"pricing_page__n_{w}d"] = (recent["event"] == "pricing_page_viewed").sum()
        shared = recent["event"].isin(["comment_added", "user_invited"])
        found[f"collaboration__n_{w}d"] = shared.sum()
    recent = events[events["age"] <= 90]
    stretch = min(90, observed)
    found["events__per_week_mean_90d"] = 7 * len(recent) / stretch
    found["logins_per_week_90d"] = 7 * (recent["event"] == "login").sum() / stretch
    if len(recent):
        hour = recent["occurred_at"].dt.tz_convert(ZONE).dt.hour
        found["night_share_90d"] = ((hour < 6) | (hour >= 22)).mean()
        found["weekend_share_90d"] = (recent["day"].dt.day_of_week >= 5).mean()
    logins = events[events["event"] == "login"]
    found["days_since_last_event"] = events["age"].min() if len(events) else np.nan
    found["days_since_last_login"] = logins["age"].min() if len(logins) else np.nan
    silent = run = 0
    for age in range(stretch, 0, -1):
        run = 0 if (events["age"] == age).any() else run + 1
        silent = max(silent, run)
    found["longest_gap_days_90d"] = silent
    weekly = [(events["age"].between(7 * w + 1, 7 * w + 7)).sum() for w in range(12)]
    whole = min(12, observed // 7)
    if observed >= 7:
        found["active_weeks__share_90d"] = np.mean([n > 0 for n in weekly[:whole]])
    if observed >= 84 and sum(weekly):
        found["weekly_cv_90d"] = np.std(weekly) / np.mean(weekly)
    return found


def _people(events, observed, users):
    found = {}
    named = events[events["user_id"].notna()]
    for w in (30, 60, 90):
        found[f"active_users__n_{w}d"] = named.loc[named["age"] <= w, "user_id"].nunique()
        weeks = max(1, min(w // 7, observed // 7))
        found[f"wau__mean_{w}d"] = sum(_wau(named, 7 * k) for k in range(weeks)) / weeks
    daily = [named.loc[named["age"] == age, "user_id"].nunique() for age in range(1, 31)]
    found["dau__mean_30d"] = sum(daily) / min(30, observed)
    if found["active_users__n_30d"]:
        found["stickiness_30d"] = found["dau__mean_30d"] / found["active_users__n_30d"]
    total = named.groupby("user_id").size()
    main = total[total == total.max()].index.min() if len(total) else None
    others = named[named["user_id"] != main]
    now = others.loc[others["age"] <= 30, "user_id"].nunique()
    before = others.loc[others["age"].between(31, 60), "user_id"].nunique()
    found["secondary_users__n_30d"] = now
    if observed >= 60:
        found["secondary_users__change_30d"] = _change(now, before)
        found["active_users__change_30d"] = _change(
            found["active_users__n_30d"],
            named.loc[named["age"].between(31, 60), "user_id"].nunique(),
        )
        wau_now = sum(_wau(named, 7 * k) for k in range(4))
        wau_before = sum(_wau(named, 30 + 7 * k) for k in range(4))
        found["wau__change_30d"] = _change(wau_now, wau_before)
    if observed >= 84:
        values = [_wau(named, 7 * k) for k in range(11, -1, -1)]
        found["wau__slope_90d"] = np.polyfit(range(12), np.log1p(values), 1)[0]
    if main is not None:
        found["power_user_days_since"] = named.loc[named["user_id"] == main, "age"].min()
    admins = named[named["user_id"].isin(users.loc[users["is_admin"], "user_id"])]
    found["admin_days_since_active"] = admins["age"].min() if len(admins) else np.nan
    active = named.loc[named["age"] <= 30, "user_id"].unique()
    departments = users.loc[users["user_id"].isin(active), "department"].nunique()
    found["departments_active__n_30d"] = departments
    return found


def _wau(named, skip):
    return named.loc[named["age"].between(skip + 1, skip + 7), "user_id"].nunique()


def _change(now, before):
    if before == 0:
        return 0.0 if now == 0 else np.nan
    return now / before - 1


def _trend(events, observed):
    found = {}
    if observed >= 60:
        for name, event in (("events", None), ("logins", "login"), ("errors", "error_shown")):
            chosen = events if event is None else events[events["event"] == event]
            now = (chosen["age"] <= 30).sum()
            before = chosen["age"].between(31, 60).sum()
            least = max(before, 1) if name == "errors" else before
            found[f"{name}__change_30d"] = 0.0 if now == before == 0 else _change(now, least)
    if observed >= 84:
        weekly = [events["age"].between(7 * w + 1, 7 * w + 7).sum() for w in range(11, -1, -1)]
        found["events__slope_90d"] = np.polyfit(range(12), np.log1p(weekly), 1)[0]
    if observed >= 56 and len(events):
        daily = events.groupby("day").size().asfreq("D", fill_value=0)
        best = daily.rolling(28, min_periods=1).sum().max()
        found["events__share_of_peak"] = (events["age"] <= 28).sum() / best
    return found


def _adoption(events, tables, as_of, observed, whole_life):
    found = {}
    used = events[events["feature"].notna()]
    catalogue = tables["feature_catalogue"]
    core = catalogue.loc[catalogue["core"], "feature"].dropna().unique()
    premium = catalogue.loc[catalogue["premium"], "feature"].dropna().unique()
    available = catalogue["feature"].dropna().nunique()
    for w in (30, 60, 90):
        names = used.loc[used["age"] <= w, "feature"].unique()
        found[f"features_used__n_{w}d"] = len(names)
        found[f"core_features_used__n_{w}d"] = len(set(names) & set(core))
        found[f"premium_features_used__n_{w}d"] = len(set(names) & set(premium))
    found["adoption__share_90d"] = found["features_used__n_90d"] / available
    found["core_adoption__share_90d"] = found["core_features_used__n_90d"] / len(core)
    first = used.groupby("feature")["age"].max()
    new = first[first <= 30].index
    if whole_life or observed >= 90:
        found["new_features__n_30d"] = len(new)
        days = used[used["age"] <= 30].drop_duplicates(["feature", "day"])
        share = days["feature"].isin(new).mean() if len(days) else np.nan
        found["exploration__share_30d"] = share
    counts = used.loc[used["age"] <= 90, "feature"].value_counts()
    if len(counts):
        p = counts / counts.sum()
        found["feature_entropy_90d"] = float(-(p * np.log(p)).sum())
    recent = used[used["age"] <= 90]
    pairs = {
        pair
        for _, names in recent.groupby("day")["feature"]
        for pair in itertools.combinations(sorted(names.unique()), 2)
    }
    found["feature_pairs__n_90d"] = len(pairs)
    if observed >= 86:
        found["features_abandoned__n_30d"] = sum(
            sum(ages.between(31 + 7 * w, 37 + 7 * w).any() for w in range(8)) >= 6
            and ages.min() > 30
            for _, ages in used.groupby("feature")["age"]
        )
    if observed >= 28:
        weekly = {
            name: sum(ages.between(7 * w + 1, 7 * w + 7).any() for w in range(4))
            for name, ages in used.groupby("feature")["age"]
        }
        found["features_adopted__n_30d"] = sum(weeks >= 3 for weeks in weekly.values())
        found["core3_weekly"] = float(sum(weekly.get(name, 0) == 4 for name in core) >= 3)
    return found


def _seen(frame, column, as_of):
    """Rows dated before the date, with the age of each day column; later moments are unknown."""
    frame = frame[dated(frame, column) < as_of].copy()
    for name in frame.columns:
        if name.endswith(("_at", "_on")):
            days = dated(frame, name)
            frame[f"{name}_age"] = (as_of - days).dt.days
            if name not in ("due_on", column):
                frame.loc[days >= as_of, [name, f"{name}_age"]] = [None, np.nan]
    return frame


def _support(tickets, as_of):
    seen = _seen(tickets, "opened_at", as_of)
    age = seen["opened_at_age"]
    found = {f"tickets__n_{w}d": (age <= w).sum() for w in (30, 60, 90)}
    found["has_tickets_90d"] = float((age <= 90).any())
    found["tickets_open__n"] = seen["closed_at"].isna().sum()
    escalated = seen["escalated"].astype(bool)
    found["tickets_escalated__n_90d"] = (escalated & (age <= 90)).sum()
    found["tickets_escalated_open__n"] = (escalated & seen["closed_at"].isna()).sum()
    closed = seen[seen["closed_at_age"] <= 90]
    if len(closed):
        hours = (closed["closed_at"] - closed["opened_at"]) / pd.Timedelta("1h")
        found["resolution_hours__median_90d"] = hours.median()
        found["csat__mean_90d"] = closed["csat"].mean()
    return found


def _billing(terms, invoices, as_of):
    found = {}
    terms = _seen(terms, "started_on", as_of)
    in_force = terms[terms["ended_on"].isna()]
    found["mrr"] = in_force["mrr"].sum()
    found["products__n"] = len(in_force)
    found["discount"] = in_force["discount"].max()
    found["tenure_days"] = terms["started_on_age"].max()
    seen = _seen(invoices, "issued_on", as_of)
    recent = seen[seen["issued_on_age"] <= 365]
    found["invoices__n_365d"] = len(recent)
    found["invoice_amount__sum_365d"] = recent["amount"].sum()
    found["lifetime_value"] = seen["amount"].sum()
    found["days_since_last_invoice"] = seen["issued_on_age"].min()
    due = recent[recent["due_on"] < as_of]
    unpaid = due["paid_on"].isna()
    if len(due):
        late = unpaid | (due["paid_on"] > due["due_on"])
        end = due["paid_on"].fillna(as_of)
        found["late_invoices__share_365d"] = late.mean()
        found["days_late__mean_365d"] = (end - due["due_on"]).dt.days.clip(lower=0).mean()
    found["overdue__n"] = (seen["paid_on"].isna() & (seen["due_on"] < as_of)).sum()
    return found


def _contact(mine, tables, as_of):
    found = {}
    sent = _seen(mine["messages"], "sent_at", as_of)
    sent = sent[sent["sent_at_age"] <= 90]
    found["messages__n_90d"] = len(sent)
    if len(sent):
        for name, moment in (("open", "opened"), ("click", "clicked"), ("reply", "replied")):
            found[f"message_{name}__rate_90d"] = sent[f"{moment}_at"].notna().mean()
    nps = _seen(mine["surveys"], "answered_at", as_of)
    nps = nps[nps["kind"] == "nps"].sort_values("answered_at")
    if len(nps):
        found["nps_last"] = nps["score"].iloc[-1]
        found["nps_age_days"] = nps["answered_at_age"].iloc[-1]
    touch = _seen(mine["touchpoints"], "occurred_at", as_of)
    age = touch["occurred_at_age"]
    found["touchpoints__n_90d"] = (age <= 90).sum()
    found["trainings__n_180d"] = ((age <= 180) & (touch["kind"] == "training")).sum()
    found["stakeholders__n_365d"] = touch.loc[age <= 365, "stakeholder"].nunique()
    reviews = age[touch["kind"] == "business_review"]
    found["days_since_business_review"] = reviews.min() if len(reviews) else np.nan
    users = _seen(mine["users"], "created_at", as_of)
    there = users["deactivated_at"].isna()
    found["users__n"] = there.sum()
    found["users_added__n_30d"] = (users["created_at_age"] <= 30).sum()
    if (dated(tables["users"], "deactivated_at") < as_of).any():  # else nobody records removals
        found["users_removed__n_30d"] = (users["deactivated_at_age"] <= 30).sum()
    found["departments__n"] = users.loc[there, "department"].nunique()
    champion = users["is_champion"].astype(bool)
    found["champion_left_90d"] = float((champion & (users["deactivated_at_age"] <= 90)).any())
    staying = users.loc[champion & there, "created_at_age"]
    found["champion_tenure_days"] = staying.max() if len(staying) else np.nan
    return found


def _levels(mine, tables, found, as_of):
    levels = {}
    for metric, values in mine["usage_levels"].groupby("metric"):
        age = (as_of - values["measured_on"]).dt.days
        now, then = values[age.between(1, 90)], values[age.between(31, 90)]
        levels[metric] = [
            part.sort_values("measured_on")["value"].iloc[-1] if len(part) else math.nan
            for part in (now, then)
        ]
    terms = _seen(mine["subscriptions"], "started_on", as_of)
    in_force = terms[terms["ended_on"].isna()]
    shares = {}
    if "seats" in levels and len(in_force):
        shares["seats__share"] = levels["seats"][0] / in_force["seats"].sum()
    if "storage_gb" in levels:
        last = terms.sort_values(["ended_on", "started_on"], na_position="last")["plan"].iloc[-1]
        accounts = tables["accounts"]
        limit = (
            mine["accounts"]["storage_gb_limit"].iloc[0]
            if as_of == AS_OF
            else accounts.loc[accounts["plan"] == last, "storage_gb_limit"].min()
        )
        shares["storage__share"] = levels["storage_gb"][0] / limit
    shares["integrations__n"] = levels.get("integrations", [math.nan])[0]
    return shares
