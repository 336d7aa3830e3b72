"""The verdict on every row of a small events table, one row at a time: the specification."""

import datetime as dt
from collections import Counter


def fold(text):
    return text.strip().casefold()


def instant(text):
    """A UTC time, or None."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def judge(accounts, rows, as_of, skew_days=1):
    """Kept rows as (account, event, time, event_id), reasons, and duplicates.

    ``accounts`` are ids as written in the accounts table; ``rows`` are
    (account_id, event, occurred_at, event_id) as text.
    """
    spelling = {fold(name): name.strip() for name in accounts}
    limit = dt.datetime.combine(as_of, dt.time(), dt.UTC) + dt.timedelta(days=skew_days)
    reasons, good = Counter(), []
    for account, event, when, event_id in rows:
        time = instant(when.strip())
        if time is not None and time >= limit:
            reasons["future"] += 1
        elif not account.strip():
            reasons["missing account_id"] += 1
        elif not event.strip():
            reasons["missing event"] += 1
        elif not when.strip():
            reasons["missing occurred_at"] += 1
        elif time is None:
            reasons["bad_timestamp"] += 1
        elif time.year < 1990:
            reasons["implausible_time"] += 1
        elif fold(account) not in spelling:
            reasons["orphan"] += 1
        else:
            good.append((spelling[fold(account)], event.strip(), time, event_id.strip()))
    once = {}
    for row in sorted(good):
        once.setdefault((*row[:3], fold(row[3])), row)
    duplicates = len(good) - len(once)
    newest_first = sorted(once.values(), key=lambda row: (-row[2].timestamp(), row))
    kept, keys = [], set()
    for row in newest_first:
        key = fold(row[3])
        if key and key in keys:
            reasons["conflicting_key"] += 1
        else:
            keys.add(key)
            kept.append(row)
    return sorted(kept), dict(sorted(reasons.items())), duplicates
