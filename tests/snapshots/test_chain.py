"""Both snapshots go the whole way through the notebooks; what needs events says so."""

import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.artifacts import Run
from tests.snapshots.frames import EXAMPLES, account_list, customer_data, write

ROOT = Path(__file__).resolve().parents[2]
ALL = (
    "01_data_audit",
    "02_feature_engineering",
    "03_segmentation",
    "04_sequence_association_mining",
    "05_anomaly_review",
    "06_churn_model",
    "07_segment_report",
)


@pytest.fixture
def through(tmp_path, monkeypatch):
    """Run the code of notebooks in this process, one after the other, as a kernel would."""

    def run_them(notebooks, config, data, **parameters):
        stage = tmp_path / "stage"
        monkeypatch.setenv("PLAYBOOK_ROOT", str(ROOT))
        monkeypatch.setenv("PLAYBOOK_STAGE", str(stage))
        mpl.use("Agg")
        given = {"run_id": "snapshot", "config": str(config.relative_to(ROOT)), "data": str(data)}
        for name in notebooks:
            cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
            space: dict[str, object] = {}
            for number, cell in enumerate(cells):
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), f"{name}[{number}]", "exec"), space)
                if "parameters" in cell["metadata"].get("tags", []):
                    space |= {k: v for k, v in (given | parameters).items() if k in space}
            plt.close("all")
        return Run(ROOT, "snapshot", stage)

    return run_them


def test_five_hundred_rows_of_customer_data_become_named_segments(through, tmp_path):
    # D-17
    frame = customer_data()
    folder = write(frame, tmp_path / "data" / "customer_data.csv")
    run = through(ALL[:3], EXAMPLES / "customer_data.yaml", folder, n_refits=4)

    selection = run.read("03_segmentation", "selection")
    assert selection.loc[selection["chosen"], "n_clusters"].tolist() == [5]  # k-means finds them
    found = run.read("03_segmentation", "assignments").merge(
        frame, left_on="account_id", right_on="customer_id"
    )
    table = pd.crosstab(found["planted"], found["segment"])
    assert table.max(axis=1).sum() / len(frame) > 0.97
    names = table.idxmax(axis=1)
    assert names.nunique() == 5
    assert names["thriving"] in ("Champions", "Power Users", "Self-Sufficient Power Users")
    assert names["silent"] in ("At Risk", "Silent Churners", "Silent Strugglers")
    said = " ".join(run.finding("02_feature_engineering")["missing"])
    assert "trend: 11 of 11 features are empty, for want of `events`" in said


def test_a_list_of_accounts_goes_all_the_way_and_says_what_it_lacks(through, tmp_path):
    # D-17
    folder = write(account_list(), tmp_path / "data" / "accounts.csv")
    run = through(ALL, EXAMPLES / "account_list.yaml", folder, n_refits=3, n_draws=50)

    features = run.read("02_feature_engineering", "features")
    assert len(features) == 120
    known = ["wau__change_30d", "adoption__share_90d", "days_since_last_touchpoint",
             "resolution_hours__median_90d", "days_to_renewal", "mrr"]  # fmt: skip
    assert features[known].notna().all().all()
    assert 0 < features["nps_last"].notna().sum() < 120  # "if available"
    fitness = run.read("01_data_audit", "fitness").set_index("analysis")["verdict"]
    assert fitness["segmentation"] == "fit with warnings"
    assert fitness["anomaly review"] == fitness["sequences and rules"] == "not fit"
    assert "no events" in " ".join(run.finding(ALL[3])["missing"])
    assert run.finding(ALL[4])["missing"] == [
        "nothing is judged, because there are no events to learn a baseline from"
    ]
    assert run.read("05_anomaly_review", "alerts").empty
    assert run.read("06_churn_model", "predictions")["churn_score"].isna().all()
    segments = run.read("07_segment_report", "composition")
    assert segments["n_accounts"].sum() == 120
    assert len(segments) > 1
