"""What a row of the table of measures is: dimension, reader, words, definition, norms, sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from scanproc.artifacts import Loading

Sex = Literal["female", "male"]


@dataclass(frozen=True)
class Dimension:
    """What kind of quantity a measure is.

    Attributes
    ----------
    unit : as a table names it.
    written : the unit as it follows a figure.
    digits : decimals of a figure.
    scale_power : by which power of the camera's scale it grows.
    ends : how many of its ends lie on the surface, each as uncertain as the surface is fused.
    name_end : how the names of such measures end.
    step : of a row of sizes, to the nearest of which it is rounded; None: it is told as it is.
    """

    unit: str
    written: str
    digits: int
    scale_power: int
    ends: int = 0
    name_end: str = ""
    step: float | None = None

    @property
    def in_steps(self) -> bool:
        """Whether it is one of a row of sizes: differences have no direction, and hardly another length may be one."""
        return self.step is not None

    def rounded(self, value: float) -> float:
        """Return the size next to a value; a value that is no size as it is."""
        return value if self.step is None else self.step * round(value / self.step)


LENGTH = Dimension("mm", " mm", 1, 1, ends=2, name_end="_mm")
VOLUME = Dimension("mm³", " mm³", 0, 3, name_end="_mm3")
ANGLE = Dimension("°", "°", 1, 0, name_end="_deg")
INDEX = Dimension("1", "", 3, 0)
FORCE = Dimension("N", " N", 0, 0)
SIZE_MM = Dimension("mm", "", 1, 1, step=5.0)
SIZE_PARIS = Dimension("Paris points", "", 1, 1, step=0.5)

DIMENSIONS = (LENGTH, VOLUME, ANGLE, INDEX, FORCE, SIZE_MM, SIZE_PARIS)

PEOPLE: Mapping[Sex | None, str] = {"female": "women", "male": "men", None: "adults"}
_Z99 = 2.326  # standard deviations from the mean to the 99th percentile


@dataclass(frozen=True)
class Norm:
    """What a study found for a measure, and for whom it holds.

    Attributes
    ----------
    text : the finding in words.
    mean, sd : of the people it was found in.
    loadings : under which it holds; it says nothing of others.
    taken : how those people stood or sat; where a foot was loaded otherwise, that is said.
    sex : None: of both.
    per : it is of the ratio to that other measure.
    limits : 1st and 99th percentile, where the study gives them.
    """

    text: str
    source: str
    mean: float
    sd: float
    loadings: tuple[Loading, ...] = ("standing",)
    sex: Sex | None = None
    per: str | None = None
    limits: tuple[float, float] | None = None
    taken: Loading = "standing"

    @property
    def half_sds(self) -> tuple[float, float]:
        """Standard deviation below and above the mean; they differ where the study has percentiles."""
        if self.limits is None:
            return self.sd, self.sd
        low, high = self.limits
        return (self.mean - low) / _Z99, (high - self.mean) / _Z99

    def percentile(self, value: float) -> float:
        """Return the share of those people, in %, whose value is smaller: by the normal distribution.

        Where the study has percentiles, each half of the distribution keeps its own.
        """
        sd = self.half_sds[value > self.mean]
        return 50.0 * (1.0 + math.erf((value - self.mean) / (sd * math.sqrt(2.0))))


_ANSUR = "ANSUR II, n = 6,068"  # 2012
#: Load makes a foot a few mm longer and wider (McPoil 2008), a fraction of what people differ by.
_ANY_LOAD: tuple[Loading, ...] = ("standing", "seated", "non-weight-bearing", "unknown")


def ansur(sex: Sex, low: float, high: float, mean: float | None = None, sd: float | None = None) -> Norm:
    """Return the norm of a length in ANSUR II, mm, by its 1st and 99th percentile; mean and sd where they are known."""
    known = "" if mean is None else f" {mean:g} ± {sd:g} mm"
    text = f"{PEOPLE[sex]}{known}, 1st–99th percentile {low:.0f}–{high:.0f} mm"
    half = 0.5 * (high - low) / _Z99
    return Norm(text, _ANSUR, mean or 0.5 * (low + high), sd or half, _ANY_LOAD, sex, limits=(low, high))


def ansur_per_length(mean: float, sd: float, loadings: tuple[Loading, ...] = _ANY_LOAD) -> Norm:
    """Return the norm of a length in ANSUR II as a share of the foot length."""
    return Norm(f"adults {index_text(mean)} ± {index_text(sd)}", _ANSUR, mean, sd, loadings, per="foot_length_mm")


def index_text(value: float) -> str:
    """Return a ratio as studies print it: .340."""
    return f"{value:.3f}".lstrip("0")


Reader = TypeVar("Reader", bound=Callable[..., Any])


@dataclass(frozen=True)
class Row(Generic[Reader]):
    """One measure.

    Attributes
    ----------
    key : its name in `measures.json`.
    words : its name on a page.
    group : under which heading of a page it stands.
    read : the function that reads it.
    definition : in the foot frame; FL is the foot length.
    source : where the definition comes from.
    leanings : the words of positive and of negative values, where professionals say its sign in words.
    norms : what is known of it in people.
    needs_ground : whether it is, or is made of, a height above the ground: of no use over a guessed one.
    needs_foot : whether it is of what lies above the sole: a sole, a cast or an imprint alone has none.
    """

    key: str
    words: str
    group: str
    dimension: Dimension
    read: Reader
    definition: str
    source: str
    leanings: tuple[str, str] | None = None
    norms: tuple[Norm, ...] = ()
    needs_ground: bool = False
    needs_foot: bool = False


def columns_of(name: str) -> tuple[str, str, str]:
    """Return the columns of a measure in a table: its value, its standard uncertainty, its status."""
    return name, f"{name}_sd", f"{name}_status"
