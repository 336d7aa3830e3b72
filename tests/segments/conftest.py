import pytest

from helpers.segments import segment_accounts
from helpers.segments.selection import Rule
from tests.segments.frames import make_dictionary, make_features


@pytest.fixture(scope="session")
def planted():
    """240 accounts of four known kinds, and what segmenting them gives."""
    features = make_features()
    return features, segment_accounts(
        features, make_dictionary(features), seed=1, rule=Rule(n_draws=6, n_chance=4, n_gap=2)
    )
