"""The page of one account: what is so, who was alike, what to watch, what to do (R-01 to R-03)."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.brief.chart import limits, usage_picture
from helpers.brief.facts import core_use, facts
from helpers.brief.health import components, statements
from helpers.brief.indicators import watches
from helpers.brief.neighbours import alike
from helpers.brief.steps import three_steps
from helpers.brief.subject import Subject
from helpers.errors import MachineError
from helpers.report.page import POLICY, write_page
from helpers.report.style import fill_template
from helpers.report.text import visible

__all__ = ["file_name", "print_pdf", "write_brief"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PRINT_SECONDS = 120


def write_brief(subject: Subject, folder: Path) -> Path:
    """Write the page of an account.

    Parameters
    ----------
    subject : Subject
        From :func:`helpers.brief.find_subject`.
    folder : Path
        Made if it is not there. The file is called by a fingerprint of the id: an id can hold
        what a file name must not.

    Returns
    -------
    Path
        The page: self-contained, opens offline, one sheet of paper.
    """
    picture, told = usage_picture(subject)
    config = subject.run.config()
    steps = three_steps(subject)
    context: dict[str, Any] = {
        "company": visible(config.company.name),
        "as_of": f"{subject.as_of:%Y-%m-%d}",
        "run_id": subject.run.run_id,
        "before_on": "" if subject.before_on is None else f"{subject.before_on:%Y-%m-%d}",
        "account": subject.name,
        "account_id": visible(subject.account_id),
        "is_live": subject.is_live,
        "facts": facts(subject),
        "core": core_use(subject),
        "picture": picture,
        "picture_told": told,
        "limits": limits(subject),
        "components": components(subject),
        "statements": statements(subject),
        "alike": alike(subject),
        "watches": watches(subject),
        "steps": steps.steps,
        "draft": steps.draft,
        "held_back": steps.held_back,
        "gaps": _gaps(subject),
    }
    text = fill_template("brief.html.j2", {"policy": POLICY, **context}, styles=("brief.css",))
    folder.mkdir(parents=True, exist_ok=True)
    return write_page(folder / f"{file_name(subject.account_id)}.html", text)


def file_name(account_id: str) -> str:
    """Return a name for a file about an account: letters and digits, the same for the same id."""
    digest = hashlib.sha256(f"brief\0{account_id}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"acct-{digest[:16]}"


def print_pdf(page: Path) -> Path:
    """Print a page with a browser of this machine; return the PDF beside it.

    Raises
    ------
    MachineError
        If there is no Chromium or Chrome, or it fails.
    """
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise MachineError(
            f"no browser found to print with (looked for {', '.join(BROWSERS)}). The page is "
            f"written: open {page} and print it."
        )
    target = page.with_suffix(".pdf")
    target.unlink(missing_ok=True)
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command += [f"--print-to-pdf={target}", page.resolve().as_uri()]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PRINT_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(f"{browser} could not print {page}: {type(error).__name__}.") from None
    if not target.is_file():
        raise MachineError(f"{browser} printed nothing; open {page} and print it.")
    return target


def _gaps(subject: Subject) -> list[str]:
    """Say what is missing, stale or short, so that nobody reads silence as health."""
    gaps = []
    if subject.before_on is None:
        gaps.append("No snapshot of 90 days ago: changes since then are not known.")
    short = subject.now.get("is_short_history")
    if short is not None and pd.notna(short) and bool(short):
        gaps.append("Observed for less than the longest window: a short baseline.")
    if subject.run.has("01_data_audit", "freshness"):
        table = subject.run.read("01_data_audit", "freshness")
        stale = table[table["stale"].fillna(value=False).astype(bool)]
        gaps += [
            f"{row['table']}: newest row {int(row['days_old'])} days old."
            for _, row in stale.iterrows()
        ]
    for notebook, what in (
        ("03_segmentation", "segments"),
        ("05_anomaly_review", "alerts"),
        ("06_churn_model", "scores and next actions"),
    ):
        if not (subject.run.stage / "findings" / f"{notebook}.json").is_file():
            gaps.append(f"No {what}: {notebook} is not part of this run.")
    return gaps
