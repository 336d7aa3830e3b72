"""Which engine computes the heavy passes over events: the part of the YAML under `engine`."""

from typing import Literal, Self

from pydantic import Field, model_validator

from helpers.config.sources import Strict

__all__ = ["EngineSettings", "engine_settings"]

_KINDS = ("duckdb", "postgres", "spark")
_BELONGS = {
    "memory_limit": "duckdb",
    "threads": "duckdb",
    "connection_env": "postgres",
    "master": "spark",
    "options": "spark",
}
_NEEDS = {
    "postgres": ("connection_env", "the environment variable that holds the connection string"),
    "spark": ("master", "the cluster's address, such as spark://host:7077"),
}
_SECRET_MARKS = ("secret", "token", "password", "access.key", "credential")


class EngineSettings(Strict):
    """Where features are computed: in this process, on a PostgreSQL server or on Spark."""

    kind: Literal["duckdb", "postgres", "spark"] = "duckdb"
    memory_limit: str | None = Field(
        default=None,
        pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$",
        description="duckdb: e.g. 2GB; what does not fit is spilled to disk",
    )
    threads: int | None = Field(default=None, ge=1, description="duckdb: default one a core")
    connection_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="postgres: the environment variable that holds the connection string",
    )
    master: str | None = Field(default=None, min_length=1, description="spark://host:7077, yarn")
    options: dict[str, str] = Field(
        default_factory=dict, description="spark: settings by their names; no secrets"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [
            f"{name} belongs to kind: {kind}, this is kind: {self.kind}"
            for name, kind in _BELONGS.items()
            if getattr(self, name) and kind != self.kind
        ]
        needed = _NEEDS.get(self.kind)
        if needed and not getattr(self, needed[0]):
            problems.append(f"kind: {self.kind} needs {needed[0]}, {needed[1]}")
        problems += [
            f"options.{name}: a secret must not be in this file; put it into Spark's own "
            "spark-defaults.conf"
            for name in self.options
            if any(mark in name.lower() for mark in _SECRET_MARKS)
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def engine_settings(value: object) -> object:
    """Read ``engine: duckdb`` as ``engine: {kind: duckdb}``; other texts are never repeated."""
    if isinstance(value, str):
        if value not in _KINDS:
            raise ValueError(f"expected one of {', '.join(_KINDS)}, or a block with `kind:`")
        return {"kind": value}
    return value
