"""A company of a few rows, written by hand: every event that a test needs, and no other."""

import pandas as pd

from tests.company import make_config, write_run

BERLIN = "Europe/Berlin"


def at(text):
    """Return the UTC moment of a wall-clock time in Berlin."""
    return pd.Timestamp(text, tz=BERLIN).tz_convert("UTC")


def events(*rows):
    """Rows (account, user, event, wall-clock time) as an events table."""
    return pd.DataFrame(
        [(a, u, e, at(when)) for a, u, e, when in rows],
        columns=["account_id", "user_id", "event", "occurred_at"],
    )


def accounts(*names, signed_up="2025-10-01 09:00", **columns):
    """Accounts that signed up long ago unless told otherwise."""
    frame = pd.DataFrame({"account_id": names, "signed_up_at": at(signed_up)})
    return frame.assign(**columns)


CATALOGUE = pd.DataFrame(
    {
        "event": ["task_created", "report_built", "automation_run", "help_article_viewed"],
        "feature": ["tasks", "reports", "automations", "help_centre"],
        "core": [True, False, False, False],
        "premium": [False, False, True, False],
    }
)


def small_run(folder, tables, *, as_of="2026-07-01", **analysis):
    """Write the tables as those of the data audit; other tables are absent."""
    config = make_config(as_of=as_of, **analysis)
    return write_run(folder, {"feature_catalogue": CATALOGUE, **tables}, config=config)
