"""The printed sheet: a ChArUco board (Garrido-Jurado et al. 2014), and two bars that check the printer.

Sheet frame: x to the right, y down, z into the paper; the origin is the board's upper left corner. It is the frame of a
camera that looks straight at the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray

#: Squares across and down. A4 and letter hold them with the bars, and a depth camera of 400 pixels of focal length
#: still sees a marker's cells 2 pixels wide at 0.65 m.
SQUARES = (6, 8)
SQUARE_MM = 28.0
CELLS = 8  # of a square, along each side; the marker in a white square takes 6 of them
BAR_MM = 100.0

# What printers do to a length, until somebody holds a ruler to a bar. An estimate: 0.1 to 0.5 % is common.
_UNCHECKED_SD = 0.003


@dataclass(frozen=True)
class Sheet:
    """A sheet as it came out of the printer.

    Attributes
    ----------
    across_mm, along_mm : what its two bars of 100 mm measure; None where nobody did.
    bar_sd_mm : standard uncertainty of that.
    """

    across_mm: float | None = None
    along_mm: float | None = None
    bar_sd_mm: float = 0.1

    @property
    def stretch(self) -> FloatArray:
        """(2,) printed lengths by meant ones, across and down; a bar that nobody measured is taken for the other."""
        across = self.across_mm or self.along_mm or BAR_MM
        along = self.along_mm or self.across_mm or BAR_MM
        return np.array([across, along]) / BAR_MM

    @property
    def size_mm(self) -> FloatArray:
        """(2,) width and height of the board."""
        return np.array(SQUARES) * SQUARE_MM * self.stretch

    @property
    def corners(self) -> FloatArray:
        """(N, 2) where four squares meet, mm, row by row: the points that are found in pictures."""
        x, y = np.meshgrid(np.arange(1, SQUARES[0]), np.arange(1, SQUARES[1]))
        return np.column_stack([x.ravel(), y.ravel()]) * SQUARE_MM * self.stretch

    @property
    def scale_sd(self) -> float:
        """Relative standard uncertainty of its lengths."""
        if self.across_mm is None and self.along_mm is None:
            return _UNCHECKED_SD
        checked = self.bar_sd_mm / BAR_MM
        both = self.across_mm is not None and self.along_mm is not None
        return checked if both else float(np.hypot(checked, _UNCHECKED_SD / 2.0))  # half of all lengths are unchecked
