"""The last step before publication: the gate, the findings, the index page and the manifest."""

import hashlib
import json
import os
import platform
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.artifacts import Run, to_json
from helpers.audit import gate
from helpers.config import CompanyConfig
from helpers.delivery import prepare_deliveries
from helpers.report import write_index
from helpers.report.numbers import previous_folder
from helpers.run.plan import PACKAGES, Plan
from helpers.run.planted import compare_with_truth

__all__ = ["finish"]

SCHEMA = 1
_PRIVATE = ("quarantine.parquet",)


def finish(
    run: Run, config: CompanyConfig, plan: Plan, data: Path, durations: Mapping[str, float]
) -> None:
    """Complete the staging folder, or refuse to.

    Parameters
    ----------
    run : Run
        Whose stage holds every notebook's tables, pages and finding.
    config : CompanyConfig
        In force, ``as_of`` filled in.
    plan : Plan
        What was run.
    data : Path
        The company's data folder; a made-up company has its truth there.
    durations : mapping of notebook to seconds
        For the manifest.

    Raises
    ------
    GateError
        If the tables contradict each other or promise more than the data carry, or the table for
        the CRM breaks its contract.
    """
    names = [step.name for step in plan.steps]
    gate(run, config, names)
    planted = compare_with_truth(run, data, names)
    findings: dict[str, Any] = {name: run.finding(name) for name in names}
    if planted is not None:
        planted.to_parquet(run.stage / "planted.parquet", index=False)
        findings["planted"] = json.loads(planted.to_json(orient="records"))
    (run.stage / "findings.json").write_text(to_json(findings), encoding="utf-8")
    manifest = _manifest(run, config, plan, durations)
    (run.stage / "manifest.json").write_text(to_json(manifest), encoding="utf-8")
    prepare_deliveries(run, config, before=previous_folder(run.stage))
    write_index(run.stage)
    (run.stage / "state.json").unlink(missing_ok=True)
    _set_modes(run.stage)


def _manifest(
    run: Run, config: CompanyConfig, plan: Plan, durations: Mapping[str, float]
) -> dict[str, Any]:
    from importlib.metadata import version

    reconciliation = run.read("01_data_audit", "reconciliation")
    copies = {step.name: run.stage / "notebooks" / f"{step.name}.ipynb" for step in plan.steps}
    return {
        "schema": SCHEMA,
        "status": "complete",
        "run_id": run.run_id,
        "company": config.company.name,
        "as_of": str(config.as_of),
        "configuration": config.model_dump(mode="json", by_alias=True),
        "parameters": {step.name: step.values for step in plan.steps},
        "inputs": plan.inputs,
        "rows": reconciliation.to_dict(orient="records"),
        "packages": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "digests": plan.digests,
        "executed_copies": {name: _sha256(path) for name, path in copies.items()},
        "durations_s": dict(durations),
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _set_modes(folder: Path) -> None:
    """Let the group read reports, and only the owner read quarantined raw records."""
    for current, folders, files in os.walk(folder):
        for name in folders:
            Path(current, name).chmod(0o750)
        for name in files:
            private = name in _PRIVATE
            Path(current, name).chmod(stat.S_IRUSR | stat.S_IWUSR if private else 0o640)
    folder.chmod(0o750)
