import re

import pytest

from helpers.actions.drafts import DRAFTS, filled
from helpers.actions.plays import PLAYS

TELLS = re.compile(r"score|risk|churn|probab|monitor|track|usage data|likely", re.IGNORECASE)


def test_every_play_has_a_first_message():
    assert set(DRAFTS) == set(PLAYS)


@pytest.mark.parametrize("play", sorted(DRAFTS))
def test_a_message_is_addressed_signed_and_does_not_tell_of_scores(play):
    text = filled(DRAFTS[play], account="Oak Foods", csm="Ana Ruiz")

    assert text.startswith("Hello Oak Foods team,\n\n")
    assert text.endswith("\n\nBest regards\nAna Ruiz")
    assert text.split("\n\n")[1][0].isupper()
    assert not TELLS.search(text)


def test_braces_in_a_name_stay_as_they_are():
    text = filled("Hello {account}, {csm}", account="{csm} {0} Ltd", csm=None)
    assert text == "Hello {csm} {0} Ltd, your customer-success team"
