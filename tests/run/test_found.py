import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.contract import OUTPUTS
from helpers.run.planted import compare_with_truth
from helpers.sources.demo import write_company


@pytest.mark.parametrize(("arm", "found"), [("by lot", 0.63), ("naive", None)])
def test_the_effect_of_the_rescue_is_held_against_what_was_planted(tmp_path, arm, found):  # K-10
    write_company(tmp_path / "data", accounts=60, months=6)
    run = Run(tmp_path, "demo", tmp_path / "stage")
    row = dict.fromkeys(OUTPUTS["08_impact"]["effects"], 1.0)
    row |= {"play": "at_risk_rescue", "comparison": arm, "rate_ratio": 0.63}
    run.write("08_impact", "effects", pd.DataFrame([row]))

    compared = compare_with_truth(run, tmp_path / "data", ["08_impact"]).set_index("key")

    assert compared.index.tolist() == ["K-10.rate_ratio"]
    told = compared.loc["K-10.rate_ratio"]
    assert told["planted"] == 0.7
    if found is None:
        assert pd.isna(told["found"])
    else:
        assert told["found"] == found
        assert told["miss"] == pytest.approx(found - told["planted"])
