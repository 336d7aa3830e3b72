"""Parameters reach a notebook with the name and the type that it declares, or not at all."""

from pathlib import Path

import pytest

from helpers.config.models import Analysis
from helpers.config.parameters import (
    check_values,
    load_notebook_parameters,
    parse_option,
    read_parameters,
)
from helpers.errors import ParameterError


def notebook(source: str, tags: tuple[str, ...] = ("parameters",)) -> dict:
    cell = {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}}
    return {"cells": [{"cell_type": "markdown", "source": "# x", "metadata": {}}, cell]}


SOURCE = """\
root = ".."  # project root
account = "a"  # one account
n = 30  # days
share: float = 0.5  # of accounts
windows = [30, 60]  # days
strict = True
text = "has # inside"  # the comment
"""
DECLARED = {"03": read_parameters(notebook(SOURCE), "03.ipynb")}


def given(*options: str) -> dict:
    return check_values(DECLARED, dict(parse_option(option) for option in options))["03"]


def test_names_defaults_and_help_are_read():
    parameters = DECLARED["03"]
    assert list(parameters) == ["root", "account", "n", "share", "windows", "strict", "text"]
    assert parameters["share"].default == 0.5
    assert parameters["n"].help == "days"
    assert parameters["text"].help == "the comment"


@pytest.mark.parametrize("written", ["0123", "1e5", "nan", "1_000", "no", "true"])
def test_fault_G04_text_stays_text(written):
    assert given(f"account={written}") == {"account": written}


def test_fault_G04_numbers_are_read_by_the_declared_type():
    assert given("n=7", "share=1", "windows=[7, 28]", "strict=false") == {
        "n": 7,
        "share": 1.0,
        "windows": [7, 28],
        "strict": False,
    }


@pytest.mark.parametrize(
    "option", ["n=7.5", "n=1e5", "n=1_000", "n=seven", "share=nan", "strict=2"]
)
def test_fault_G02_wrong_type_is_refused(option):
    with pytest.raises(ParameterError, match=f"{option.partition('=')[0]}: expected"):
        given(option)


def test_fault_G01_unknown_parameter_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match=r"windws: no notebook has this parameter. Did you"):
        given("windws=[1]")


@pytest.mark.parametrize("name", ["x=1; print()#", "a b=1", "=1", "novalue", "import os=1"])
def test_fault_G05_a_name_that_is_code_is_refused(name):
    with pytest.raises(ParameterError):
        check_values(DECLARED, dict([parse_option(name)]))


@pytest.mark.parametrize("name", ["api_token", "SLACK_WEBHOOK", "my_secret"])
def test_secrets_are_not_parameters(name):  # H01
    with pytest.raises(ParameterError, match="environment variable"):
        parse_option(f"{name}=x")


@pytest.mark.parametrize("n_tagged", [0, 2])
def test_fault_G06_exactly_one_tagged_cell(n_tagged):
    cells = [notebook("n = 1")["cells"][1] for _ in range(n_tagged)]
    with pytest.raises(ParameterError, match=f"tagged 'parameters', found {n_tagged}"):
        read_parameters({"cells": cells}, "x.ipynb")


def test_computed_defaults_are_refused():
    with pytest.raises(ParameterError, match="parameter b is not a plain value"):
        read_parameters(notebook("a = 1\nb = a + 1\n"), "x.ipynb")
    with pytest.raises(ParameterError, match="line 1 of the parameters cell"):
        read_parameters(notebook("import os\n"), "x.ipynb")


def test_a_setting_of_the_company_has_one_meaning_in_all_notebooks():
    # D-15: `analysis.windows_days` once reached two notebooks that meant different windows by it
    notebooks = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
    declared = {path.stem: load_notebook_parameters(path) for path in notebooks}

    for name in Analysis.model_fields:
        defaults = {repr(found[name].default) for found in declared.values() if name in found}
        assert len(defaults) <= 1, f"{name}: {defaults}"
    assert "windows_days" in declared["02_feature_engineering"]
