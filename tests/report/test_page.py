import html as html_module
import json
import re

import pandas as pd
import pytest
from nbformat.v4 import new_output

from helpers.errors import NotebookError, ParameterError
from helpers.report import Finding, export_html, show
from helpers.report.page import navigation
from tests.report import made_notebook as made
from tests.report.hostile import acts, payloads, seen_text, watch

PARAMETERS = """root = ".."  # project root
run_id = "demo"  # folder under reports
horizon_days = 90  # churn is looked for so long (days)
as_of = None  # cutoff
"""
INJECTED = 'root = "/home/ana/play"\nhorizon_days = 60\n'


@pytest.fixture
def page(tmp_path):
    """Write a notebook and return the text of its page."""

    def exported(*cells, name="06_churn_model", **options):
        source = made.write(tmp_path / f"{name}.ipynb", *cells)
        given = {"company": "Acme", "as_of": "2026-07-01", "run_id": "r1"} | options
        out = export_html(source, tmp_path / f"{name}.html", **given)
        return out.read_text(encoding="utf-8")

    return exported


def test_fault_F07_the_policy_comes_first_and_forbids_everything_but_the_page(page):
    text = page("# T", made.code("1", made.shown(1)))

    head = re.search(r"<head>\s*(<meta[^>]*>)", text)[1]
    assert 'http-equiv="Content-Security-Policy"' in head
    policy = html_module.unescape(re.search(r'content="([^"]*)"', head)[1])
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "script-src" not in policy


def test_fault_F07_no_address_outside_the_page(page):
    text = page(
        "# T\n\nSee [docs](https://example.org/) and <https://example.org/>.",
        made.code("show()", made.shown(show(pd.DataFrame({"n": [1]}), caption="c"))),
        made.code("plot()", made.drawn(made.picture())),
    )

    assert acts(text) == []
    assert not re.search(r"""(src|href|import|url)\s*[=(]\s*["']?\s*(https?:)?//""", text)
    assert watch(text).order.count("script") == 0


def hostile_cells(name):
    frame = pd.DataFrame({name: [name], "n": [1]}, index=[name])
    finding = Finding(
        stage="06_churn_model", headline="{who} leads", values={"who": name}, caveats=(name,)
    )
    model = f'<table class="simpletable"><caption>{name}</caption><tr><th>{name}</th></tr></table>'
    return (
        "# T",
        "Prose about [an account](06_churn_model.ipynb).",
        made.code("frame", made.shown(frame)),
        made.code("show(frame)", made.shown(show(frame, caption=name))),
        made.code("finding", made.shown(finding)),
        made.code("styler", made.html(frame.style.set_caption(name).to_html())),
        made.code("display(HTML(name))", made.html(f"<p>{name}</p>")),
        made.code("display(Markdown(name))", new_output("display_data", {"text/markdown": name})),
        made.code("model.summary()", made.html(model)),
        made.code("print(name)", made.printed(f"{name}\n")),
        made.code("print(name, file=sys.stderr)", made.printed(f"{name}\n", "stderr")),
        f"Written by an author: {name}",
        made.code(f"{name!r}  # a name typed into code", made.shown(name)),
        made.code("plot()", made.drawn(made.picture())),
        f"{name} is named in the sentence after a figure.",
    )


@pytest.mark.parametrize("name", payloads())
def test_fault_F04_no_payload_acts_on_a_page(page, name):
    text = page(*hostile_cells(name))

    assert acts(text) == []
    shown = " ".join(name.replace("\u202e", " ").split())
    # DataFrame, show, finding, print and repr show it as the text it is
    assert seen_text(text).count(shown) >= 5


def test_fault_F04_a_hostile_title_company_and_run_are_text(page):
    name = payloads()[0]
    text = page("x", title=name, subtitle=name, company=name, as_of=name, run_id=name)
    assert acts(text) == []
    assert seen_text(text).count(name) >= 6


def test_code_is_folded_and_stays_readable(page):
    text = page(
        "# T",
        made.code("a = 1"),
        made.code("b = '<b>'"),
        made.code("b", made.shown("out")),
        "More.",
        made.code("assert a"),
    )

    folds = re.findall(r'<details class="code">(.*?)</details>', text, flags=re.DOTALL)
    codes = [html_module.unescape(re.sub(r"<[^>]+>", "", fold)) for fold in folds]
    assert codes == ["Code (3 cells)a = 1\n\nb = '<b>'\n\nb\n", "Codeassert a\n"]
    assert "<details open" not in text
    assert 'type="checkbox" id="all-code"' in text
    assert "#all-code:checked" in text


def test_a_figure_is_embedded_and_described_by_its_section_and_its_sentence(page):
    text = page(
        "# T\n## Evidence",
        made.code("plot()", made.drawn(made.picture())),
        '*Risk* rises with [silence](x.html) & "quiet". A second sentence.',
        made.code("plot()", made.drawn(made.picture())),
        "## Next\nThe sentence of another section.",
        made.code("plot()", made.drawn(made.picture())),
    )

    alts = [html_module.unescape(alt) for alt in re.findall(r'<img alt="([^"]*)"', text)]
    assert alts == ['Evidence: Risk rises with silence & "quiet".', "Evidence", "Next"]
    assert text.count('src="data:image/png;base64,iVBOR') == 3
    assert "<Figure" not in seen_text(text)


def test_six_figures_stay_light(page):
    figures = [made.code("plot()", made.drawn(made.picture(f"figure {n}"))) for n in range(6)]
    text = page("# T", *figures)
    assert len(text.encode()) < 1_500_000


def test_standard_error_and_artists_are_left_out(page):
    text = page(
        "# T",
        made.code(
            "ax.bar()",
            made.printed("/home/ana/x.py:3: UserWarning: late\n", "stderr"),
            new_output("execute_result", {"text/plain": "<BarContainer object of 2 artists>"}),
            new_output("execute_result", {"text/plain": "<Axes: title='x'>"}),
        ),
    )
    assert "UserWarning" not in text
    assert "BarContainer" not in text
    assert "Axes:" not in text


def test_endless_output_is_cut_and_says_so(page):
    lines = "\n".join(f"line {number}" for number in range(1000))
    text = page("# T", made.code("loop()", made.printed(lines)))
    assert "line 399" in text
    assert "line 400" not in text
    assert "600 more lines in the notebook" in text


def test_a_stopped_notebook_is_no_page_unless_said(page):  # H04: no folders of the machine
    error = new_output(
        "error",
        ename="ValueError",
        evalue="bad /home/ana/data/x.csv",
        traceback=["\x1b[31mFile\x1b[0m /home/ana/play/helpers/x.py:3, in f()", "~/play/y.py"],
    )
    cell = made.code("f()", error)

    with pytest.raises(NotebookError, match="stopped with an error"):
        page("# T", cell)
    text = page("# T", cell, failed=True)

    assert "stopped before its end" in text
    assert "ValueError" in text
    assert "…/x.py:3, in f()" in text
    assert "ana" not in text


def test_parameters_are_a_table_of_values_in_force(page):
    text = page(
        "# T",
        made.code(PARAMETERS, tags=["parameters"]),
        made.code(INJECTED, tags=["injected-parameters"]),
    )

    rows = re.findall(r"<tr><td><code>(.*?)</code></td><td>(.*?)</td><td>(.*?)</td>", text)
    assert rows == [
        ("horizon_days", "60", "churn is looked for so long (days)"),
        ("as_of", "–", "cutoff"),
    ]
    assert "/home/ana" not in text


def test_a_parameter_that_is_a_folder_shows_its_last_part_only(page):
    source = 'data = "/srv/secret/brightdesk"  # where the data lie\n'
    text = page("# T", made.code(source.replace("/srv/secret", "..")), name="x")
    assert "parameters" not in re.findall(r'details class="(\w+)"', text)
    text = page(
        "# T",
        made.code('data = ".."  # where the data lie\n', tags=["parameters"]),
        made.code('data = "/srv/secret/brightdesk"\n', tags=["injected-parameters"]),
    )
    assert "…/brightdesk" in text
    assert "secret" not in text


def test_the_notebooks_heading_is_the_title_and_comes_once(page):
    text = page("# 6 · Churn & *risk*\n**Question.** Who?", "## Key finding", "## Evidence", "## C")

    assert re.findall(r"<h1>(.*?)</h1>", text) == ["6 · Churn &amp; risk"]
    assert "<title>6 · Churn &amp; risk · Acme</title>" in text
    assert '<a href="#s2">Evidence</a>' in text
    assert '<h2 id="s2">Evidence</h2>' in text
    assert re.findall(r"<h1>(.*?)</h1>", page("# Own", title="Given")) == ["Given"]


def test_markdown_has_tables_but_no_mathematics(page):
    text = page("# T\n\nFrom \\$5 to $6 and $x_1$.\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |")
    assert "From $5 to $6 and $x_1$." in seen_text(text)
    assert "<th>a</th>" in text


def test_navigation_is_relative_and_marks_the_page(page):
    text = page("# T", pages=["01_data_audit", "06_churn_model"])

    nav = re.search(r"<nav.*?</nav>", text, flags=re.DOTALL)[0]
    assert re.findall(r'href="([^"]*)"', nav) == [
        "index.html",
        "index.html",
        "accounts.html",
        "01_data_audit.html",
        "06_churn_model.html",
    ]
    assert 'href="06_churn_model.html" aria-current="page">Churn' in nav
    with pytest.raises(ParameterError, match=r"pages: expected names such as .* got \['../x'\]"):
        navigation(["../x"], current="")


def test_the_audits_as_of_wins(page, tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"analysis": {"as_of": "2026-06-30"}}))
    assert "as of <b>2026-06-30</b>" in page("# T", as_of=None)


def test_the_same_notebook_gives_the_same_bytes(page):
    cells = hostile_cells(payloads()[3])
    assert page(*cells) == page(*cells)


def test_a_page_is_written_whole_or_not_at_all(page, tmp_path, monkeypatch):
    before = page("# First")
    monkeypatch.setattr("helpers.report.page.os.fsync", _full)

    with pytest.raises(OSError, match="No space left"):
        page("# Second")
    assert (tmp_path / "06_churn_model.html").read_text() == before


def _full(descriptor):
    raise OSError(28, "No space left on device")
