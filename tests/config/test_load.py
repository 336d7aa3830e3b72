"""A configuration is refused with the line, the nearest name, and every problem at once."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.config import data_folder, load_config
from helpers.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
version: 1
company: {name: Acme, currency: EUR}
sources:
  accounts: {files: accounts.csv}
  events:
    files: [events/*.parquet]
    columns: {account_id: customer}
analysis:
  horizon_days: 60
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "company.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    return str(caught.value)


def test_short_forms_mean_the_same_as_long_ones(tmp_path):
    config = load_config(write(tmp_path, GOOD))
    assert config.sources["accounts"][0].files == ["accounts.csv"]
    column = config.sources["events"][0].columns["account_id"]
    assert column is not None
    assert column.column == "customer"
    assert config.analysis.horizon_days == 60
    assert config.analysis.windows_days == [30, 60, 90]


def test_fault_G01_unknown_key_names_line_and_nearest(tmp_path):
    message = refused(tmp_path, GOOD.replace("horizon_days", "horizon_dayz"))
    assert "line 9: unknown key analysis.horizon_dayz. Did you mean 'horizon_days'?" in message


@given(st.sampled_from(["version", "company", "sources", "analysis"]), st.integers(0, 5))
def test_fault_G01_every_mutated_key_is_refused(tmp_path_factory, key, at):
    mutated = key[: at % len(key)] + "x" + key[at % len(key) :]
    message = refused(tmp_path_factory.mktemp("c"), GOOD.replace(f"{key}:", f"{mutated}:"))
    assert mutated in message


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ('"60"', "expected an integer, got '60'"),
        ("true", "expected an integer, got True"),
        ("60.5", "expected an integer, got 60.5"),
        (".nan", "expected an integer, got '.nan'"),
    ],
)
def test_fault_G02_wrong_type_is_not_coerced(tmp_path, written, complaint):
    message = refused(tmp_path, GOOD.replace("horizon_days: 60", f"horizon_days: {written}"))
    assert f"line 9: analysis.horizon_days: {complaint}" in message


def test_fault_G03_contradictions_and_ranges_come_in_one_message(tmp_path):
    text = GOOD + "  lead_days: 90\n  k_min: 9\n  k_max: 4\n  n_as_of: 0\n"
    message = refused(tmp_path, text)
    assert "n_as_of: expected greater than or equal to 1" in message
    text = GOOD + "  lead_days: 90\n  k_min: 9\n  k_max: 4\n"
    message = refused(tmp_path, text)
    assert "lead_days (90) must be less than horizon_days (60)" in message
    assert "k_min (9) exceeds k_max (4)" in message


def test_unknown_table_and_column_are_named_with_their_nearest(tmp_path):
    text = GOOD.replace("{account_id: customer}", "{acount_id: customer}").replace(
        "accounts: {files", "acounts: {files"
    )
    message = refused(tmp_path, text)
    assert "sources.acounts: not a table of the contract. Did you mean 'accounts'?" in message
    assert "sources.events.columns.acount_id: not a column of events." in message
    assert "every company needs accounts, and events or measures" in message


def test_columns_need_exactly_one_origin(tmp_path):
    message = refused(
        tmp_path, GOOD.replace("{account_id: customer}", "{value: {from: a, sql: b}}")
    )
    assert "give exactly one of `from`, `sql` and `constant`" in message


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "found nothing"),
        ("# only a comment\n", "found nothing"),
        ("- a\n- b\n", "found SequenceNode"),
        ("version: 1\nversion: 1\n", "line 2: the key 'version' was already given in line 1"),
        ("a: &x 1\nb: *x\n", "YAML aliases are not allowed"),
        ("a: !!python/name:os.system x\n", "YAML tags are not allowed"),
        ("a: [\n", "line 2: not valid YAML"),
        ("a: " + "[" * 40 + "]" * 40, "nested deeper than 20"),
        ("#" * 70_000, "expected at most 65,536"),
    ],
)
def test_yaml_without_surprises(tmp_path, text, complaint):  # F16, G11
    assert complaint in refused(tmp_path, text)


def test_scalars_are_what_they_look_like(tmp_path):  # F17
    text = GOOD.replace("company: {name: Acme", "company: {name: no")
    assert load_config(write(tmp_path, text)).company.name == "no"
    assert "got 10" in refused(tmp_path, GOOD.replace("name: Acme", "name: 10"))


def test_missing_file_says_where_to_begin(tmp_path):
    with pytest.raises(ConfigError, match=r"Start from config/demo.yaml or run `playbook init`"):
        load_config(tmp_path / "none.yaml")


def test_a_secret_is_not_echoed(tmp_path):
    message = refused(tmp_path, GOOD + "webhook_token: hunter2\n")
    assert "unknown key webhook_token" in message
    assert "hunter2" not in message


def test_data_folder_counts_from_the_configuration(tmp_path):
    path = write(tmp_path, GOOD + "data: ../raw\n")
    config = load_config(path)
    assert data_folder(path, config, None) == (tmp_path / ".." / "raw").resolve()
    assert data_folder(path, config, tmp_path) == tmp_path.resolve()


@pytest.mark.parametrize("path", sorted(ROOT.glob("config/*.yaml")), ids=lambda path: path.stem)
def test_shipped_configurations_load(path):
    config = load_config(path)
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["company"]["name"]
    assert config.model_validate_json(config.model_dump_json(by_alias=True)) == config
