"""The layers of a display as they are shown just now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanproc.views.display import Layer

_FAINTEST = 0.1


@dataclass
class ShownLayer:
    """A layer, whether it is shown, and how opaque."""

    layer: Layer
    shown: bool
    opacity: float


class LayerList:
    """The layers in the order of their keys, one of them chosen. Of a group one at most is shown."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.rows = [ShownLayer(layer, layer.shown, layer.opacity) for layer in layers]
        self.chosen = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def visible(self) -> list[ShownLayer]:
        """Those that are shown."""
        return [row for row in self.rows if row.shown]

    def toggle(self, number: int) -> None:
        """Show a layer or hide it, and choose it; the others of its group are hidden when it is shown."""
        if not 0 <= number < len(self.rows):
            return
        row = self.rows[number]
        row.shown = not row.shown
        self.chosen = number
        for other in self.rows:
            if row.shown and other is not row and other.layer.group and other.layer.group == row.layer.group:
                other.shown = False

    def choose_next(self, step: int) -> None:
        """Choose the layer after the chosen one, or before it."""
        self.chosen = (self.chosen + step) % max(len(self.rows), 1)

    def fade(self, step: float) -> None:
        """Make the chosen layer more opaque, or less."""
        self.set_opacity(self.chosen, self.rows[self.chosen].opacity + step)

    def set_opacity(self, number: int, opacity: float) -> None:
        """Let one see through a layer: it is never quite gone."""
        self.rows[number].opacity = round(min(1.0, max(_FAINTEST, opacity)), 2)
