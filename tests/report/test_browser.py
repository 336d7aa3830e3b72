"""Pages in a real browser: what attacks must not run, load or hide anything.

The parser in ``hostile.py`` looks for what could act; the browser shows whether it does. A
control page without our guards proves that the browser would run the attacks and that the
trap would notice.
"""

import pytest

from helpers.report import export_html, write_index
from tests.report import fake_run
from tests.report import made_notebook as made
from tests.report.browser import Trap, needs_browser, open_page, title_of
from tests.report.hostile import payloads, seen_text
from tests.report.test_page import hostile_cells

pytestmark = needs_browser


@pytest.fixture
def trap():
    made_trap = Trap()
    yield made_trap
    made_trap.close()


@pytest.fixture
def visit(tmp_path, trap):
    return lambda path: open_page(path, trap, tmp_path / "profile")


def test_the_browser_runs_attacks_where_nothing_guards(tmp_path, trap, visit):
    page = tmp_path / "control.html"
    image = f'<img src="{trap.url}pixel.png">'
    attack = next(text for text in payloads(trap.url) if text.startswith("<img src=x onerror"))
    page.write_text(f"<!doctype html><title>calm</title>{image}{attack}")

    document = visit(page)

    assert title_of(document) == "PWNED"
    assert trap.asked == ["/pixel.png"]


def test_fault_F04_F07_a_page_made_of_attacks_runs_and_loads_nothing(tmp_path, trap, visit):
    cells = [cell for name in payloads(trap.url) for cell in hostile_cells(name)]
    cells.append(made.code("plot()", made.drawn(made.picture(payloads(trap.url)[0]))))
    source = made.write(tmp_path / "06_churn_model.ipynb", *cells)
    page = export_html(
        source, tmp_path / "page.html", company="Acme", as_of="2026-07-01", run_id="r", title="calm"
    )

    document = visit(page)

    assert title_of(document) == "calm · Acme"
    assert trap.asked == []
    assert "<script" not in document.lower()
    text = seen_text(document)
    for name in payloads(trap.url):
        assert " ".join(name.replace("\u202e", " ").split()) in text


def test_fault_F04_F07_the_first_page_of_a_hostile_company(tmp_path, trap, visit):
    run = fake_run.write(tmp_path / "run")
    names = payloads(trap.url)
    accounts = run.read("01_data_audit", "accounts")
    accounts["name"] = [names[number % len(names)] for number in range(len(accounts))]
    accounts.to_parquet(run.path("01_data_audit", "accounts"))
    actions = run.read("06_churn_model", "actions")
    actions["reason"] = [names[-1 - number % len(names)] for number in range(len(actions))]
    actions.to_parquet(run.path("06_churn_model", "actions"))

    document = visit(write_index(run.stage))

    assert title_of(document) == "Whom to call first · Brightdesk"
    assert trap.asked == []
    assert "<script" not in document.lower()
    assert " ".join(names[0].split()) in seen_text(document)


def test_the_policy_alone_holds_where_cleaning_would_fail(tmp_path, trap, visit):
    run = fake_run.write(tmp_path / "run")
    page = write_index(run.stage)
    # a policy does not stop a page from leaving itself: the cleaning does
    attacks = "".join(
        text for text in payloads(trap.url) if not text.startswith(("<meta", "<math", "-->"))
    )
    unclean = page.read_text().replace('<main id="main" class="wide">', f"<main>{attacks}", 1)
    assert attacks in unclean
    page.write_text(unclean)

    document = visit(page)

    assert title_of(document) == "Whom to call first · Brightdesk"
    assert trap.asked == []
