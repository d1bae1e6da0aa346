"""Feet as keys of what is kept in memory of them: a foot is itself, however equal another may be."""

from __future__ import annotations

from dataclasses import dataclass

from scanproc.artifacts import Foot


@dataclass(frozen=True, eq=False)
class ThisFoot:
    """A foot that is told from others by identity. While it is a key the foot lives, so its id is no other's."""

    foot: Foot

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThisFoot) and self.foot is other.foot

    def __hash__(self) -> int:
        return id(self.foot)
