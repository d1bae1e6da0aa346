"""What pages say in four languages: tables of texts and of sentences, and figures as each language writes them."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from scanproc.artifacts import Measure
from scanproc.measures.plain_words import dimension_of
from scanproc.measures.table import ROWS
from scanproc.pages.sentences import Said, tell

Language = Literal["en", "de", "es", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

#: Decimal mark and what parts thousands: a narrow no-break space after ISO 80000 where the comma is the decimal mark.
_MARKS: Mapping[Language, tuple[str, str]] = {
    "en": (".", ","), "de": (",", "\u202f"), "es": (",", "\u202f"), "fr": (",", "\u202f"),
}  # fmt: skip
_DATES: Mapping[Language, str] = {"en": "{y}-{m}-{d}", "de": "{d}.{m}.{y}", "es": "{d}/{m}/{y}", "fr": "{d}/{m}/{y}"}
_WORDS = {"left", "right", "and", "or"}
_BY_NAME = {row.words: key for key, row in ROWS.items()}
_UNITS = {"mm": "mm", "mm2": "mm²", "mm3": "mm³", "cm3": "cm³", "g": "g", "deg": "°"}  # that names of checks end in


@cache
def table() -> Mapping[str, Mapping[Language, str]]:
    """Return every text by its key and language, as `templates/texts.tsv` has it."""
    text = (files("scanproc") / "templates" / "texts.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["key"]: {language: row[language] for language in LANGUAGES} for row in rows}


@dataclass(frozen=True)
class Words:
    """One language: `words("usable")` is a text of the table, `words.number(1.5, 1)` a figure."""

    language: Language = "en"

    def __call__(self, key: str, **values: str) -> str:
        """Return a text of the table with its values filled in; an unknown key is a fault of ours."""
        return table()[key][self.language].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """Return a text of the table, or what else is to be said where it has none."""
        return self(key) if key in table() else otherwise

    def number(self, value: float, digits: int) -> str:
        """Return a figure with the decimal mark of the language and a true minus sign."""
        decimal, thousands = _MARKS[self.language]
        text = f"{abs(value):,.{digits}f}".translate({ord(","): thousands, ord("."): decimal})
        return f"−{text}" if value < 0.0 and text.strip("0,.") else text

    def short(self, value: float) -> str:
        """Return a figure to 0.01, below one to 0.001, large ones to one; without zeros at its end."""
        digits = 0 if abs(value) >= 1000.0 else 2 if abs(value) >= 1.0 else 3
        text = f"{value:.{digits}f}"
        return self.number(value, len(text.rstrip("0").partition(".")[2]))

    def date(self, iso: str) -> str:
        """Return a date, year-month-day, as the language writes it; any other text as it is."""
        found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", iso)
        return _DATES[self.language].format(**dict(zip("ymd", found.groups(), strict=True))) if found else iso

    def count(self, what: str, number: int) -> str:
        """Return so many of something: 1 foot, 3 feet; in French, none is said as one."""
        is_one = number == 1 or (number == 0 and self.language == "fr")
        return self(f"count.{what}.{'one' if is_one else 'many'}", count=str(number))

    def say(self, text: str) -> str:
        """Return what stands in a picture, part by part as far as the table has it, with the decimal mark."""
        whole = f"say.{text}"
        if whole in table():
            return self(whole)
        if self.language == "en" and ": " not in text:
            return text
        if text in _BY_NAME:
            return self.name_of(_BY_NAME[text])
        for mark in (": ", ", "):
            if mark in text:
                return mark.join(self.say(part) for part in text.split(mark))
        parts = [self.known(f"say.{part}", part) for part in text.split(" ")]
        return self._marked(" ".join(parts))

    def tell(self, text: str | None) -> Said:
        """Return what a stage says, in this language; where some of it has no translation, in English and marked so."""
        if not text or self.language == "en":
            return Said(text or "")
        told = tell(text, self.language, self._marked, self._word)
        return Said(text, "en") if told is None else Said(told)

    def _marked(self, text: str) -> str:
        """Return a text whose figures have the marks of the language."""
        if self.language == "en":
            return text
        decimal, thousands = _MARKS[self.language]
        marks = {",": thousands, ".": decimal}
        text = re.sub(r"(?<![\w.])(?=\.\d)", "0", text)  # .340 is written so in English alone
        text = re.sub(r"(?<=\d)[.,](?=\d)", lambda mark: marks[mark.group()], text)
        return re.sub(r"(?<=\d)%", " %", text)

    def _word(self, text: str) -> str | None:
        """Return a word that a stage says: a side, a loading, a place of the foot, the name of a check or a measure."""
        measure = _BY_NAME.get(text, text)
        if measure in ROWS:
            return self.name_of(measure)
        if text in ("True", "False"):
            return self("yes" if text == "True" else "no")
        stem = text.rpartition("_")[0] if text.rpartition("_")[2] in _UNITS else text
        landmark = f"landmark.{text.replace(' ', '_')}"
        if text in _WORDS:
            return self(text)
        keys = (f"loading.{text}", f"position.{text}", landmark, f"say.{text}", f"check.{stem}")
        return next((self(key) for key in keys if key in table()), None)

    # ------------------------------------------------------------------------------------------ measures and checks

    def name_of(self, measure: str, hanging: bool = False) -> str:
        """Return a measure's name; of a foot without load, a line against its own support plane is named so."""
        if hanging and f"{measure}.hanging" in table():
            return self(f"{measure}.hanging")
        return self.known(measure, spelt(measure.removesuffix(dimension_of(measure).name_end)))

    def value(self, name: str, value: float, unit: bool = True) -> str:
        """Return a value of a measure with its unit, and the word of where it leans."""
        dimension = dimension_of(name)
        leanings = ROWS[name].leanings if name in ROWS else None
        if dimension.in_steps:
            return self.number(value, 0 if value == int(value) else 1)
        text = self.number(value if leanings is None else abs(value), dimension.digits)
        leaning = f" {self('towards.' + leanings[value < 0.0])}" if leanings and unit else ""
        return text + (dimension.written if unit else "") + leaning

    def range(self, name: str, ends: tuple[float, float]) -> str:
        """Return the lower and upper end of a band, with the unit once where it is alike."""
        low, high = ends
        alike = (low < 0.0) == (high < 0.0)
        return self("range", low=self.value(name, low, unit=not alike), high=self.value(name, high))

    def sd(self, name: str, measure: Measure) -> str:
        """Return ± the standard uncertainty, in the unit of the value; empty where there is none."""
        return "" if measure.sd is None else f"± {self.number(measure.sd, dimension_of(name).digits)}"

    def measured(self, name: str, measure: Measure) -> str:
        """Return value and uncertainty in one phrase: 4.1 ± 0.6° valgus."""
        if measure.value is None:
            return self("not_measured")
        figure = self.value(name, measure.value, unit=False)
        return " ".join(part for part in (figure, self.sd(name, measure)) if part) + self.unit(name, measure.value)

    def difference(self, name: str, value: float) -> str:
        """Return a difference of two values with its unit, such as +1.3 mm or 4.1° towards valgus."""
        dimension = dimension_of(name)
        if dimension.in_steps:
            return self.signed(value, 0 if value == int(value) else 1)
        size = self.number(abs(value), dimension.digits)
        leanings = ROWS[name].leanings if name in ROWS else None
        if leanings is None or not size.strip("0.,"):  # nothing is left of it at this many digits: no direction
            return self.signed(value, dimension.digits) + dimension.written
        return self("towards", size=size + dimension.written, word=self("towards." + leanings[value < 0.0]))

    def signed(self, value: float, digits: int) -> str:
        """Return a figure with its sign, whichever it is; nothing has none."""
        text = self.number(value, digits)
        return f"+{text}" if value > 0.0 and text.strip("0.,") else text

    def unit(self, name: str, value: float) -> str:
        """Return what follows the figures of a value: its unit, and the word of where it leans."""
        return self.value(name, value).removeprefix(self.value(name, value, unit=False))

    def check(self, name: str) -> tuple[str, str]:
        """Return what a check is called, and its unit."""
        stem, _, unit = name.rpartition("_")
        if not stem or unit not in _UNITS:
            return self.known(f"check.{name}", spelt(name)), ""
        return self.known(f"check.{stem}", spelt(stem)), _UNITS[unit]

    def asked_or_got(self, value: float | bool | str) -> str:
        """Return what was asked of a check, or what it got."""
        if isinstance(value, bool):
            return self("yes" if value else "no")
        return self.say(value) if isinstance(value, str) else self.short(value)


def spelt(name: str) -> str:
    """Return a name that nobody has words for, with spaces."""
    return name.replace("_", " ").capitalize()
