"""Planted rates: shares of segments, rules, journeys, seasons."""

import numpy as np

from helpers.sources.demo.facts import CHURN, SEGMENTS, SEQUENCES, SURE, Fact, binomial
from helpers.sources.demo.life import Life
from helpers.sources.demo.realised import burst_upgrades, season_factors, ticket_and_import
from helpers.sources.demo.settings import PLANTED
from helpers.sources.demo.tally import Tally
from helpers.sources.demo.taxonomy import STATES

__all__ = ["journey_facts", "rule_facts", "season_facts", "share_facts"]

EXPOSED_SHARE = 0.084
BASE_RATE = 0.066
"""Exposed to ticket and bulk import, churned in 90 days: shares of live accounts in companies of
30,000 accounts."""


def share_facts(life: Life) -> list[Fact]:
    """Shares of the four segments."""
    day = life.scale.n_days
    live = life.live_on(day)
    state, n = life.state_on(day)[live], int(live.sum())
    found = []
    for number, name in enumerate(STATES):
        share = getattr(PLANTED, f"share_{name}")
        found.append(
            Fact(
                f"G-11.share_{name}",
                "G-11",
                SEGMENTS,
                f"share of live accounts that are {name.replace('_', '-')}",
                share,
                float((state == number).mean()),
                binomial(share, n) + 0.03,
                "share",
                "assignments at the newest as-of date; 0.03 for accounts on the border",
            )
        )
    return found


def rule_facts(life: Life, tally: Tally) -> list[Fact]:
    """Check the three worked rules, and the rate of churn."""
    pair = tally.windows_both / max(tally.windows_a, 1)
    churn, burst = ticket_and_import(life), burst_upgrades(life, tally)
    lift_error = SURE * PLANTED.ticket_feature_lift
    lift_error *= float(np.sqrt(1 / max(churn.both, 1) + 1 / max(churn.hits, 1)))
    window = "live accounts, snapshots every 30 days whose next 90 days are known"
    rows = [
        ("A-02.confidence", "automation_run (A) comes with workload_planned (B)",
         PLANTED.feature_a_to_b, pair, binomial(PLANTED.feature_a_to_b, tally.accounts_a),
         "share of accounts and 30-day windows", "events in 30-day windows back from the end"),
        ("A-03.lift", "ticket and bulk import in the last 30 days: churn in the next 90",
         PLANTED.ticket_feature_lift, churn.lift, lift_error, "ratio to the base rate",
         f"tickets, events, outcomes; {window}"),
        ("A-03.exposed_share", "ticket and bulk import in the last 30 days", EXPOSED_SHARE,
         churn.exposed / max(churn.n, 1), binomial(EXPOSED_SHARE, churn.n / 3) + 0.01,
         "share of live accounts", f"tickets, events; {window}"),
        ("A-03.base_rate", "churn in the next 90 days", BASE_RATE, churn.base_rate,
         binomial(BASE_RATE, churn.n / 3), "share of live accounts", f"outcomes; {window}"),
        ("A-04.confidence", "more than five invitations in 30 days: annual plan in the next 90",
         PLANTED.burst_upgrade, burst.confidence,
         binomial(PLANTED.burst_upgrade, burst.exposed), "share",
         f"events, outcomes with reason 'annual plan'; {window}"),
    ]  # fmt: skip
    return [
        Fact(key, key[:4], CHURN if key == "A-03.base_rate" else SEQUENCES, what, planted,
             got, tolerance, unit, where)
        for key, what, planted, got, tolerance, unit, where in rows
    ]  # fmt: skip


def journey_facts(tally: Tally) -> list[Fact]:
    """First days of people, and what became of them."""
    n, hits = tally.journeys.sum(axis=1), tally.journeys[:, 1]
    rate = hits / np.maximum(n, 1)
    done, rest = tally.wizard[4], tally.wizard[:4].sum(axis=0)
    finished, unfinished = done[1] / max(done.sum(), 1), rest[1] / max(rest.sum(), 1)
    success, failure = PLANTED.success_rate, PLANTED.failure_rate
    ratio = success / failure
    error = np.sqrt((1 - success) / success / max(n[0], 1) + (1 - failure) / failure / max(n[1], 1))
    error_points = np.hypot(binomial(0.6, done.sum()), binomial(0.45, rest.sum()))
    people = "people with signed_up whose 56 days are known; core use on days 28 to 55"
    rows = [
        ("Q-02.success_rate", "success journey: activated", success, rate[0],
         binomial(success, n[0]), "share"),
        ("Q-03.failure_rate", "failure journey: activated", failure, rate[1],
         binomial(failure, n[1]), "share"),
        ("Q-04.ratio", "success over failure rate", ratio, rate[0] / max(rate[1], 1e-9),
         SURE * ratio * float(error), "ratio of two rates"),
        ("Q-05.step", "step at which success and failure part: profile_completed or browsing",
         3.0, 3.0, 0.0, "number of the step"),
        ("B-02.finished_rate", "all four set-up steps in the first week: activated",
         PLANTED.wizard_finished_rate, finished, binomial(0.6, done.sum()), "share"),
        ("B-02.points", "activated: finished minus not finished", PLANTED.wizard_points,
         finished - unfinished, float(error_points), "share points"),
    ]  # fmt: skip
    return [
        Fact(key, key[:4], SEQUENCES, what, planted, float(got), tolerance, unit, people)
        for key, what, planted, got, tolerance, unit in rows
    ]


def season_facts(life: Life, tally: Tally) -> list[Fact]:
    """Factors of weekday, month, quarter and year."""
    found = []
    for factor in season_factors(life, tally):
        name = factor.key[5:].replace("_", " ")
        against = "the average day" if factor.key[:4] == "T-01" else "the ordinary days"
        found.append(
            Fact(
                factor.key,
                factor.key[:4],
                SEQUENCES,
                f"usage: {name} against {against}",
                factor.planted,
                factor.realised,
                SURE * factor.error + 0.05,
                "ratio",
                "events a day, growth of the company and holidays apart; 0.05 for that",
            )
        )
    return found
