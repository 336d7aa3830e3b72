"""What to do about a pattern, in one sentence; never that doing it changes the outcome."""

import pandas as pd

from helpers.patterns.actions import action_for

__all__ = ["advise_on_sequences", "advise_on_shifts", "advise_on_steps"]

_JOURNEY = {
    True: "Offer a new {unit} help with the next step of this path; leave every second one out, "
    "to learn what the help is worth.",
    False: "Write to a new {unit} on the day the path has gone this way, and ask what was sought.",
}
_SIGNAL = {
    ("churned", True): "Ask the CSM of such an account what is behind it, within two working days.",
    ("churned", False): "A good sign: such an account can wait when time is short.",
    ("upgraded", True): "Ask such an account what it plans, and show the plan that fits.",
    ("upgraded", False): "Do not offer a larger plan now; ask first what is missing.",
}
RECENT_DAYS = 14
"""A period that ended so recently may be going on."""


def advise_on_sequences(sequences: pd.DataFrame) -> pd.Series:
    """Say what to do about each row of :func:`helpers.patterns.sequence_search.mine_sequences`.

    Parameters
    ----------
    sequences : DataFrame
        ``pattern``, ``outcome``, ``unit``, ``lift``.

    Returns
    -------
    Series of str
        Signals before a loss or a gain take the text written for rules, where there is one.
    """
    texts = []
    for row in sequences.to_dict("records"):
        more, outcome = bool(row["lift"] > 1), str(row["outcome"])
        if outcome == "activated":
            texts.append(_JOURNEY[more].format(unit=row["unit"]))
            continue
        items = tuple(str(token).replace("_", " ") for token in row["pattern"])
        written = action_for(items, f"{outcome} next") if more else None
        texts.append(written or _SIGNAL[(outcome, more)])
    return pd.Series(texts, index=sequences.index, dtype="string")


def advise_on_shifts(shifts: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.Series:
    """Say what to do about each row of :func:`helpers.patterns.shifts.find_shifts`.

    Parameters
    ----------
    shifts : DataFrame
        ``group``, ``until_on``.
    as_of : Timestamp
        The run's cutoff.
    """
    texts = []
    for group, until in zip(shifts["group"], shifts["until_on"], strict=True):
        whom = " for these accounts" if pd.notna(group) else ""
        if pd.isna(until):
            text = "Walk through this path with three of these accounts, and note where they stop."
        elif (as_of - until).days < RECENT_DAYS:
            text = f"Perhaps going on: ask product and support this week what has changed{whom}."
        else:
            text = f"Ask product and support what was different{whom} then, and whether it is over."
        texts.append(text)
    return pd.Series(texts, index=shifts.index, dtype="string")


_STEP = (
    ("uses ", "Show {what} to such an account in its own work; leave every second one out."),
    ("colleague invited", "Offer to set up a colleague; leave every second account out."),
    ("contact ", "Propose a {what} to such an account; leave every second one out."),
)
"""Beginning of a step, and what to do; leaving some out is how one learns what it is worth."""


def advise_on_steps(steps: pd.DataFrame) -> pd.Series:
    """Say how to offer each ``step`` of :func:`helpers.patterns.next_steps.find_next_steps`."""
    texts = []
    for step in steps["step"].astype(str):
        beginning, text = next(pair for pair in _STEP if step.startswith(pair[0]))
        texts.append(text.format(what=step.removeprefix(beginning).replace("_", " ")))
    return pd.Series(texts, index=steps.index, dtype="string")
