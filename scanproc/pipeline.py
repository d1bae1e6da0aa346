"""STAGES, the one ordered table. Commands, folders, settings and the staleness check all derive from it."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One stage: function `<name>` in `scanproc/stages/<name>.py`; its annotations say what it takes and makes."""

    number: int
    name: str
    summary: str
    by_prescription: bool = False  # versions of an insole have a result of it each

    @property
    def folder(self) -> str:
        """Its folder below `outputs/<scan>/`."""
        return f"{self.number}-{self.name}"

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The stage itself; imported when first asked for, so that `--help` is quick."""
        function = getattr(importlib.import_module(f"scanproc.stages.{self.name}"), self.name)
        return typing.cast("Callable[..., Any]", function)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function)

    @property
    def config(self) -> type:
        """The dataclass of its settings."""
        return typing.cast("type", self._hints["config"])

    @property
    def makes(self) -> type:
        """The artifact that it returns."""
        return typing.cast("type", self._hints["return"])

    @cached_property
    def takes(self) -> dict[str, Input]:
        """Its arguments but for the settings, by name."""
        names = [name for name in self._hints if name not in ("config", "return")]
        return {name: Input.of(self._hints[name]) for name in names}


@dataclass(frozen=True)
class Input:
    """An argument of a stage: the artifact it wants, and whether it can do without."""

    artifact: type
    optional: bool

    @classmethod
    def of(cls, hint: Any) -> Input:
        """Read an annotation: `X`, or `X | None` for an argument that a stage can do without."""
        if isinstance(hint, types.UnionType):
            (artifact,) = [kind for kind in typing.get_args(hint) if kind is not types.NoneType]
            return cls(artifact, optional=True)
        return cls(hint, optional=False)


STAGES = (
    Stage(1, "clean", "every view: the foot alone, and the floor it stands on"),
    Stage(2, "register", "every view's pose; views that do not fit are rejected"),
    Stage(3, "surface", "one fused mesh; each vertex knows how many views saw it"),
    Stage(4, "align", "each foot in the foot frame, its side, its landmarks"),
    Stage(5, "measure", "arch height, heel alignment, lengths, widths, girths"),
    Stage(6, "insole", "the shell: prescription in, solid and proof out", by_prescription=True),
    Stage(
        7, "export", "STL and 3MF for printing, milling programs, the outline on paper and as DXF", by_prescription=True
    ),
    Stage(8, "report", "one page to look at, share and print", by_prescription=True),
)


def load(stages: Iterable[Stage]) -> None:
    """Import stages in their order, which takes half a second: the first may begin while the last are loaded."""
    for stage in stages:
        _ = stage.config


def config_types() -> dict[str, type]:
    """Return the settings dataclass of every stage, by its name."""
    return {stage.name: stage.config for stage in STAGES}


def maker_of(kind: type) -> Stage:
    """Return the stage that makes a kind of artifact."""
    return next(stage for stage in STAGES if stage.makes is kind)
