import pandas as pd
import pytest

from helpers.actions.from_alerts import candidates_from_alerts, risk_alerts
from helpers.actions.state import account_state
from tests.actions.frames import ALERT, inputs_of

RATES = {"base_rate": 0.06, "upgrade_rate": 0.05}


def candidates(*alerts, accounts=("a",), **options):
    given = inputs_of(
        {name: {} for name in accounts}, alerts=[{"account_id": "a"} | a for a in alerts]
    )
    return candidates_from_alerts(given.alerts, account_state(given), **RATES | options)


def test_an_alert_brings_its_own_play_objective_and_date():
    found = candidates(
        {},
        {"direction": "security", "severity": "critical", "kind": "suspicious_activity"},
        {"direction": "expansion", "severity": "medium", "kind": "near_seat_limit"},
    ).set_index("play")

    assert found.loc["alert: sudden_drop", "action"] == ALERT["play"]
    assert found["objective"].tolist() == ["retention", "security", "expansion"]
    assert found["due_days"].tolist() == [3, 1, 14]
    assert found["evidence"].eq(0.8).all()
    assert found["pattern_key"].tolist() == ["alert:high", "alert:critical", "opportunity"]


def test_the_reason_tells_severity_kind_day_and_evidence():
    found = candidates({"explained_by": "Easter"})["reason"][0]

    assert found == (
        "sudden drop (high alert, 2026-06-28): events 450 → 28 a week; may be explained by Easter"
    )


@pytest.mark.parametrize(
    ("after", "chance"), [({}, 0.02), ({"high": 0.3}, 0.3), ({"high": 0.01}, 0.02)]
)
def test_what_followed_such_alerts_before_counts_if_it_is_worse(after, chance):
    assert candidates({}, after_alert=after)["chance"].tolist() == [pytest.approx(chance)]


def test_growth_has_the_chance_of_an_upgrade():
    found = candidates({"direction": "expansion"}, after_alert={"high": 0.9})

    assert found["chance"].tolist() == [0.02]


def test_alerts_about_everybody_or_strangers_are_nobodys_action():
    assert candidates({"account_id": "*"}, {"account_id": "unknown"}).empty


def test_severe_warnings_put_an_account_at_risk():
    alerts = pd.DataFrame(
        {
            "account_id": ["a", "b", "c", "d", None],
            "severity": ["critical", "medium", "high", "high", "critical"],
            "direction": ["risk", "risk", "expansion", "security", "risk"],
        }
    )

    assert risk_alerts(alerts) == ["a", "d"]
