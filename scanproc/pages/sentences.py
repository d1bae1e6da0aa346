"""What stages say in English, told in the language of a page.

Files, terminal and exceptions stay English: scripts read them. `templates/sentences.tsv` holds each sentence that a
stage may say, and what it is in the other languages. Its places are letters: of {a} the text is told, too, and has the
decimal mark of the language; {A} is a name, or a value as a file of settings has it, and stays.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_PLACE = re.compile(r"\{([A-Za-z])\}")
_FIGURE = re.compile(r"[−+-]?(\d[\d,]*(\.\d+)?|\.\d+)( ?(%|mm|kg|deg|°))?")
_CODE = re.compile(r"[a-z]+([._]\w+)+|[A-Z]+[0-9]*|\d{4}-\d\d-\d\d")  # settings, materials, dates
_BETWEEN_SENTENCES = re.compile(r"(?<=[.?!]) |; |, (?:and|or) ")
_WITHIN_ONE = re.compile(r": |, | and | or ")
_LONGEST, _MOST_JOINTS, _MOST_PARTS = 4_000, 80, 3_000  # beyond it is no message of ours, and would take long
_NAME = r"(?:(?!; |: |, or ).)*?"  # of a scan, a person, a setting

Leaf = Callable[[str], str | None]


@dataclass(frozen=True)
class Said:
    """A text of a page; `foreign` is its language where that is not the page's, and empty where it is."""

    text: str
    foreign: str = ""

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        """Return it as templates put it down: what has no translation says in which language it is."""
        text = html.escape(self.text)
        return f'<span lang="{self.foreign}">{text}</span>' if self.foreign else text


@dataclass(frozen=True)
class _Sentence:
    """A sentence with places: a pattern of the English one, and the others to fill in."""

    pattern: re.Pattern[str]
    texts: Mapping[str, str]
    opens_small: bool

    def filled(self, text: str, language: str, told: Leaf) -> str | None:
        """Return what a text of this sentence is in a language; None where it is another, or a place is not told."""
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        values = {name: value if name.isupper() else told(value) for name, value in found.groupdict().items()}
        if None in values.values():
            return None
        filled = _PLACE.sub(lambda place: str(values[place[1]]), self.texts[language])
        return filled[:1].upper() + filled[1:] if self.opens_small and text[:1].isupper() else filled


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Return every sentence by its English and language, as `templates/sentences.tsv` has it."""
    text = (files("scanproc") / "templates" / "sentences.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["en"]: row for row in rows}


@cache
def _patterns() -> tuple[_Sentence, ...]:
    """Return the sentences, those that begin with words of their own first, and of these the longest."""
    longest = sorted(sentences(), key=lambda english: (english[0] == "{", -len(_PLACE.sub("", english)), english))
    return tuple(_Sentence(_pattern(english), sentences()[english], english[:1].islower()) for english in longest)


def _pattern(english: str) -> re.Pattern[str]:
    """Return what texts of a sentence look like, with its first letter large or small."""
    parts = _PLACE.split(english)
    places = [f"(?P<{part}>{_NAME if part.isupper() else '.*?'})" for part in parts[1::2]]
    text = "".join(part for pair in zip(map(re.escape, parts[::2]), [*places, ""], strict=True) for part in pair)
    if english[:1].islower():
        text = f"[{english[0].upper()}{english[0]}]{text[1:]}"
    return re.compile(text, re.DOTALL)


def tell(text: str, language: str, marked: Callable[[str], str], leaf: Leaf) -> str | None:
    """Return what an English text of a stage is in a language; None where some of it has no translation.

    Parameters
    ----------
    marked : puts the language's decimal mark into a figure.
    leaf : what a word is that another table holds; None where it holds none.
    """
    known: dict[str, str | None] = {}
    gap = " " if language == "fr" else ""
    between = {" ": " ", ", ": ", ", "; ": f"{gap}; ", ": ": f"{gap}: "}
    between |= {f"{mark} {word} ": f"{mark} {leaf(word)} " for mark in ("", ",") for word in ("and", "or")}

    def told(whole: str) -> str | None:
        if whole not in known and len(known) < _MOST_PARTS:
            known[whole] = None  # what stands inside of itself is no translation
            bare = whole.strip()
            found = _one(bare)
            if found is not None:
                start = whole.index(bare)
                found = whole[:start] + found + whole[start + len(bare) :]
            known[whole] = found
        return known.get(whole)

    def _one(bare: str) -> str | None:
        if _FIGURE.fullmatch(bare):
            return marked(bare)
        if (word := leaf(bare)) is not None:
            return word
        if not bare or _CODE.fullmatch(bare):
            return bare
        return next(_readings(bare), None)

    def _readings(bare: str) -> Iterator[str]:
        """Yield what several sentences, one, or the parts of a list come to."""
        yield from _in_two(bare, _BETWEEN_SENTENCES)
        filled = (sentence.filled(bare, language, told) for sentence in _patterns())
        yield from (one for one in filled if one is not None)
        yield from _in_two(bare, _WITHIN_ONE)

    def _in_two(bare: str, joints: re.Pattern[str]) -> Iterator[str]:
        """Yield what the parts before and after a joint come to, where both are told."""
        for joint in joints.finditer(bare):
            before, after = told(bare[: joint.start()]), told(bare[joint.end() :])
            if before is not None and after is not None:
                yield before + between[joint.group()] + after

    joints = len(_BETWEEN_SENTENCES.findall(text)) + len(_WITHIN_ONE.findall(text))
    return None if len(text) > _LONGEST or joints > _MOST_JOINTS else told(text)
