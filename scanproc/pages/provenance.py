"""Where a report comes from, as rows of text: what was stated, landmarks, views, files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import CleanViews, Exports, Feet, Registration, ScanFacts
from scanproc.pages.first_screen import Fact
from scanproc.pages.sentences import Said
from scanproc.pages.words import Words

_LONGEST = 120  # letters of a stated text


@dataclass(frozen=True)
class ViewRow:
    """One line of the table of views: pixels left after each filter, the residual, and whether it is used."""

    name: str
    counts: tuple[str, ...]
    residual: str
    verdict: Said
    rejected: bool


def view_rows(words: Words, views: CleanViews | None, registration: Registration | None) -> list[ViewRow]:
    """Return what became of every view, in recorded order."""
    names = count_names(views)
    counts = {
        view.name: tuple(words.number(view.counts[n], 0) if n in view.counts else "–" for n in names)
        for view in (views.views if views else ())
    }
    blank = ("–",) * len(names)
    if registration is None:
        return [ViewRow(name, found, "–", Said(""), False) for name, found in counts.items()]
    rows = []
    for pose in registration.views:
        residual = "–" if pose.residual_rms_mm is None else words.number(pose.residual_rms_mm, 2)
        verdict = words.tell(pose.reason) if pose.reason else Said(words("used"))
        rows.append(ViewRow(pose.name, counts.get(pose.name, blank), residual, verdict, not pose.accepted))
    return rows


def count_names(views: CleanViews | None) -> list[str]:
    """Return the names of all filters of the views, in their order."""
    return list(dict.fromkeys(name for view in (views.views if views else ()) for name in view.counts))


def feet_apart_text(words: Words, registration: Registration | None) -> str:
    """Return that the two feet of a pair moved against each other, or nothing."""
    if registration is None or registration.other_foot is None:
        return ""
    return words("feet_apart", apart=words.number(registration.other_foot.apart_mm, 1))


def rim_text(words: Words, views: CleanViews | None, registration: Registration | None) -> str:
    """Return what was found of the depth at rims, or nothing."""
    depths = [
        np.median(view.depth_mm[view.depth_mm > 0]) for view in (views.views if views else ()) if view.depth_mm.any()
    ]
    if registration is None or registration.rim is None or not depths:
        return ""
    rim, at_rim_mm2 = registration.rim, float(np.median(depths)) ** 2
    value, sd = (words.number(figure * at_rim_mm2, 2) for figure in (rim.value, rim.sd))
    return words("rim", value=value, sd=sd, decay=words.number(rim.decay_deg * float(np.log(2.0)), 2))


def stated(words: Words, facts: ScanFacts, anonymous: bool) -> list[Fact]:
    """Return what `scan.toml` states; of an anonymous report nothing that names a person, a day or a file."""
    date = facts.date and words.date(facts.date)
    person = {} if anonymous else {"scan": facts.name, "subject": facts.subject, "date": date}
    units = {"load_kg": " kg", "mass_kg": " kg", "age_years": f" {words('years')}", "foot_length_mm": " mm"}
    others = {
        "loading": words(f"loading.{facts.loading}"),
        "load_kg": facts.load_kg,
        "position": words(f"position.{facts.position}"),
        "mass_kg": facts.mass_kg,
        "sex": facts.sex and words(f"sex.{facts.sex}"),
        "age_years": facts.age_years,
        "shoe_size_eu": facts.shoe_size_eu,
        "foot_length_mm": facts.foot_length_mm,
        "sensor": facts.sensor,
        "camera": None if anonymous else facts.camera,
        "motion": words(f"motion.{facts.motion}"),
    }
    return [
        Fact(
            words(f"fact.{name}"),
            (_short(value) if isinstance(value, str) else words.short(value)) + units.get(name, ""),
        )
        for name, value in {**person, **others}.items()
        if value is not None
    ]


def _short(text: str) -> str:
    """Return a text that somebody stated, cut off where it would flood the page."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def landmark_texts(words: Words, feet: Feet | None) -> list[str]:
    """Return of each foot its side, its ground, and the landmarks that somebody set by hand."""
    texts = []
    for foot in feet.feet if feet else ():
        told = {"value": words.number(foot.side_confidence, 2), "ground": words(f"ground.{foot.ground}")}
        text = words("landmarks.text", side=words(f"{foot.side}.{foot.object}"), **told)
        edited = [name for name, mark in foot.landmarks.items() if mark.method == "edited"]
        names = ", ".join(words.known(f"landmark.{name}", name.replace("_", " ")) for name in edited)
        texts.append(f"{text} {words('landmarks.edited', names=names)}" if edited else text)
    return texts


def file_rows(exports: Exports | None) -> list[tuple[str, str, str]]:
    """Return name, size in bytes and SHA-256 of every exported file."""
    files = sorted(exports.files.items()) if exports else []
    return [(name, f"{len(data):,}", hashlib.sha256(data).hexdigest()) for name, data in files]
