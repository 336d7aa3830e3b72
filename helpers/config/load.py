"""Read a company's YAML; every problem in one message, with its line and the nearest name."""

import difflib
import types
import typing
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from helpers.config.models import CompanyConfig
from helpers.config.strict_yaml import Document, read_yaml
from helpers.contract import TABLES, required_tables
from helpers.errors import ConfigError

__all__ = ["data_folder", "load_config", "near_miss"]

_SECRET_MARKS = ("secret", "token", "password", "webhook", "connection")
_FORMS = {"^[A-Z]{3}$": "a currency code of three capitals, such as EUR"}


def load_config(path: Path) -> CompanyConfig:
    """Read and validate the configuration of one company.

    Parameters
    ----------
    path : Path
        A YAML file such as ``config/demo.yaml``.

    Returns
    -------
    CompanyConfig
        Frozen; every default filled in.

    Raises
    ------
    ConfigError
        Listing every unknown key, wrong type and value out of range with its line.
    """
    document = read_yaml(Path(path))
    problems: list[tuple[int, str]] = []
    config: CompanyConfig | None = None
    try:
        config = CompanyConfig.model_validate(document.values)
    except ValidationError as error:
        problems += [_explain(document, item) for item in error.errors(include_url=False)]
    problems += _unknown_tables(document)
    if config is None or problems:
        raise ConfigError(_message(document, problems))
    return config


def data_folder(config_path: Path, config: CompanyConfig, override: str | Path | None) -> Path:
    """Return the folder in which the configuration's relative paths start.

    ``override`` is the command line's ``--data``; otherwise ``data:`` counts from the
    configuration file's own folder.
    """
    if override:
        return Path(override).resolve()
    return (Path(config_path).resolve().parent / config.data).resolve()


def near_miss(name: str, known: list[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known name, or an empty text."""
    by_lower = {text.lower(): text for text in reversed(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""


def _message(document: Document, problems: list[tuple[int, str]]) -> str:
    lines = [f"  line {line}: {text}" for line, text in sorted(set(problems))]
    noun = "problem" if len(lines) == 1 else "problems"
    return f"{document.path}: {len(lines)} {noun} in the configuration:\n" + "\n".join(lines)


def _unknown_tables(document: Document) -> list[tuple[int, str]]:
    sources = document.values.get("sources")
    if not isinstance(sources, dict):
        return []
    problems = []
    for table, given in sources.items():
        if table not in TABLES:
            hint = near_miss(table, list(TABLES))
            text = f"sources.{table}: not a table of the contract.{hint} It has {list(TABLES)}."
            problems.append((document.line(("sources", table)), text))
            continue
        entries = given if isinstance(given, list) else [given]
        for index, entry in enumerate(entries):
            columns = entry.get("columns") if isinstance(entry, dict) else None
            at = (index,) if isinstance(given, list) else ()
            if isinstance(entry, dict) and "unpivot" in entry:
                location = ("sources", table, *at, "unpivot")
                problems += [(document.line(location), t) for t in _unpivot(table, columns)]
            for name in columns if isinstance(columns, dict) else ():
                if name not in TABLES[table].names:
                    hint = near_miss(name, TABLES[table].names)
                    location = ("sources", table, *at, "columns", name)
                    text = (
                        f"sources.{table}.columns.{name}: not a column of {table}.{hint} "
                        f"It has {TABLES[table].names}."
                    )
                    problems.append((document.line(location), text))
    for setting in ("max_quarantine_share", "freshness"):
        given = document.values.get(setting)
        for table in given if isinstance(given, dict) else ():
            if table not in TABLES:
                text = f"{setting}.{table}: not a table.{near_miss(table, list(TABLES))}"
                problems.append((document.line((setting, table)), text))
    for required in required_tables(sources):
        if required not in sources:
            columns = ", ".join(TABLES[required].required_names)
            text = (
                f"sources.{required}: missing; every company needs accounts, and events or "
                f"measures. Add `{required}:` with `files:` and, under `columns:`, your names "
                f"of {columns}."
            )
            problems.append((document.line(("sources",)), text))
    return problems


def _unpivot(table: str, columns: object) -> list[str]:
    """Say why a table cannot be mapped from a wide source, or what the mapping says twice."""
    long = TABLES[table].long
    if long is None:
        able = [name for name, each in TABLES.items() if each.long]
        return [f"sources.{table}.unpivot: only for {', '.join(able)}."]
    twice = [name for name in long if isinstance(columns, dict) and name in columns]
    return [
        f"sources.{table}.columns.{name}: unpivot fills it; leave it out of columns."
        for name in twice
    ]


def _explain(document: Document, item: Any) -> tuple[int, str]:
    location = _without_inserted_index(document, tuple(item["loc"]))
    name = ".".join(str(part) for part in location) or "the file"
    line = document.line(location)
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        known = _fields_at(CompanyConfig, tuple(item["loc"][:-1]))
        hint = near_miss(str(location[-1]), known)
        return line, f"unknown key {name}.{hint} Known here: {', '.join(known)}."
    if kind == "missing":
        return line, f"{name}: missing, but required"
    shown = "" if _is_secret(name) else f", got {_short(item.get('input'))}"
    if kind == "value_error":
        return line, f"{name}: {context.get('error', item['msg'])}"
    return line, f"{name}: expected {_expected(kind, context, item)}{shown}"


def _expected(kind: str, context: dict[str, Any], item: Any) -> str:
    """Say what a value should have been, in the words of someone who writes YAML."""
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return _FORMS.get(pattern, f"text of the form {pattern}")
    if kind == "string_too_long":
        return f"text of at most {context['max_length']} character(s)"
    if kind == "string_too_short":
        return f"text of at least {context['min_length']} character(s)"
    if kind == "list_type":
        example = item["input"] if isinstance(item.get("input"), str | int | float) else "a, b"
        return f"a list, such as [{example}]"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return "an indented block of `name: value` lines"
    text: str = item["msg"].removeprefix("Input should be ").replace("a valid ", "a ")
    return text.replace("a integer", "an integer")


def _without_inserted_index(
    document: Document, location: tuple[str | int, ...]
) -> tuple[str | int, ...]:
    """Undo the list that wraps a table's single source: its ``0`` is not in the file."""
    if len(location) > 2 and location[0] == "sources" and location[2] == 0:
        written = document.values.get("sources", {})
        if isinstance(written, dict) and isinstance(written.get(location[1]), dict):
            return location[:2] + location[3:]
    return location


def _is_secret(name: str) -> bool:
    return any(mark in name.lower() for mark in _SECRET_MARKS)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fields_at(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at ``location`` knows."""
    current: Any = model
    for part in location:
        current = _step(current, part)
        if current is None:
            return []
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [field.alias or name for name, field in current.model_fields.items()]
    return []


def _step(current: Any, part: str | int) -> Any:
    if isinstance(current, type) and issubclass(current, BaseModel):
        by_key = {field.alias or name: field for name, field in current.model_fields.items()}
        field = by_key.get(str(part))
        return _model_in(field.annotation) if field else None
    if get_origin(current) in (list, dict):
        return _model_in(get_args(current)[-1])
    return None


def _model_in(annotation: Any) -> Any:
    """Strip Annotated, Optional and unions down to the model, list or dict inside."""
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return _model_in(get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        models = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _model_in(models[0])
    return annotation
