"""The pages in a browser, from a file address: the model turns, layers switch, texts can be read, paper holds all."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from chromium import Browser
from PIL import Image
from report_scans import pages_of

from scanproc.artifacts import Report
from scanproc.commands.page_printer import print_pages

_SIZES = {"desk": (1280, 800), "phone": (390, 844)}

#: Of every text: how tall it is, and how far its colour is from what lies behind it (WCAG 2.1).
_TEXTS = """(() => {
  const light = c => c.map(x => x / 255).map(x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + x * [.2126, .7152, .0722][i], 0);
  const rgba = text => text.match(/[\\d.]+/g).map(Number);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const c = rgba(getComputedStyle(node).backgroundColor);
      if (c.length < 4 || c[3] > .99) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const own = walk.currentNode.parentElement, style = getComputedStyle(own);
    if (!walk.currentNode.textContent.trim() || !own.getClientRects().length || own.closest("script, svg")) continue;
    const [a, b] = [light(rgba(style.color)), light(behind(own))].sort((x, y) => y - x);
    found.push([walk.currentNode.textContent.trim().slice(0, 30), parseFloat(style.fontSize), (a + .05) / (b + .05)]);
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def pages() -> Report:
    return pages_of()


@pytest.fixture(scope="module")
def folder(pages: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("pages")
    for name, html in (("report", pages.html), ("job-sheet", pages.job_sheet), ("wearer", pages.wearer)):
        assert html is not None
        (found / f"{name}.html").write_text(html, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = Browser(webgl=True)
    yield found
    found.close()


def opened(browser: Browser, page: Path, size: str = "desk") -> None:
    browser.size(*_SIZES[size])
    browser.open(page.as_uri())
    browser.wait_for("document.readyState === 'complete' && document.body !== null")


def model_pixels(browser: Browser) -> np.ndarray:
    """What the model's canvas of bodies holds, (H, W, 4)."""
    time.sleep(0.3)  # a frame is drawn after what asked for it
    data = browser.value("document.querySelector('canvas.bodies').toDataURL('image/png').split(',')[1]")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")).astype(int)


def shown(pixels: np.ndarray) -> int:
    return int((pixels[..., 3] > 0).sum())


def test_the_model_is_drawn_and_turns_and_its_layers_switch(browser: Browser, folder: Path) -> None:
    opened(browser, folder / "report.html")
    browser.wait_for("document.body.classList.contains('has-model')")
    browser.value("document.querySelector('#model').scrollIntoView()")
    before = model_pixels(browser)
    assert shown(before) > 5_000
    browser.value("document.querySelector('canvas.ink').focus()")
    for _ in range(3):
        browser.key("ArrowLeft")
    turned = model_pixels(browser)
    assert (np.abs(turned - before).max(axis=2) > 30).mean() > 0.01
    place = browser.value(
        "(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector('.ink').getBoundingClientRect())"
    )
    for kind, step in (("mousePressed", 0), ("mouseMoved", 80), ("mouseReleased", 80)):
        browser.mouse(kind, place[0] + step, place[1])
    assert (np.abs(model_pixels(browser) - turned).max(axis=2) > 30).mean() > 0.01
    browser.value("document.querySelector('button[data-look=medial]').click()")
    both = model_pixels(browser)
    hide = "(s => {s.selectedIndex = s.options.length - 1; s.dispatchEvent(new Event('change'))})"
    for number in range(browser.value("document.querySelectorAll('.layers select').length")):
        browser.value(f"{hide}(document.querySelectorAll('.layers select')[{number}])")
    assert shown(model_pixels(browser)) == 0 < shown(both)
    assert browser.value("getComputedStyle(document.querySelector('.stills')).display") == "none"
    assert browser.errors == []
    assert all(address.startswith(("file:", "data:")) for address in browser.asked)


def test_without_webgl_the_pictures_stand_in_the_model_s_place(folder: Path) -> None:
    plain = Browser()
    try:
        opened(plain, folder / "report.html")
        assert plain.value("document.querySelector('canvas.bodies').getContext('webgl2') === null")
        assert plain.value("document.querySelector('#model').hidden")
        count = (
            "[...document.querySelectorAll('.stills img')].filter(i => i.complete && i.naturalWidth && i.offsetWidth)"
        )
        assert plain.value(f"{count}.length") == 5  # four sides and the legend
        assert plain.errors == []
    finally:
        plain.close()


@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize("page", ["report", "job-sheet", "wearer"])
def test_texts_can_be_read_and_nothing_leaves_the_window(browser: Browser, folder: Path, page: str, size: str) -> None:
    opened(browser, folder / f"{page}.html", size)
    browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    texts = browser.value(_TEXTS)
    assert len(texts) > 10
    assert [text for text in texts if text[1] < 11.0] == []
    assert [text for text in texts if text[2] < 4.5] == []
    assert browser.value("[...document.images].filter(i => !i.alt).length") == 0
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    unnamed = ".filter(e => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length"
    assert browser.value(f"[...document.querySelectorAll('button, select, input')]{unnamed}") == 0


def test_pages_on_paper(folder: Path) -> None:
    """A4; one foot on five pages or fewer, each sheet on one; the job's bar is 100 mm long on it."""
    made = print_pages([folder / f"{name}.html" for name in ("report", "job-sheet", "wearer")])
    counts = []
    for path in made:
        document = pypdfium2.PdfDocument(path)
        counts.append(len(document))
        assert document[0].get_size() == pytest.approx((595.0, 842.0), abs=1.5)
        assert path.read_bytes().count(b"D:20000101000000") >= 1  # no clock
    assert counts[0] <= 5 and counts[1:] == [1, 1]
    sheet = np.asarray(pypdfium2.PdfDocument(made[1])[0].render(scale=10.0 / 72.0 * 25.4).to_pil().convert("L"))
    assert _run_of(sheet < 100, 1000)  # 10 pixels a mm
    last = pypdfium2.PdfDocument(made[0])[counts[0] - 1].get_textpage().get_text_range()
    assert f"{counts[0]} / {counts[0]}" in last


def _run_of(dark: np.ndarray, length: int) -> bool:
    """Tell whether a row holds an unbroken line of a length, within 0.5 mm."""
    for row in dark:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        if any(abs(int(end - start) - length) <= 5 for start, end in zip(edges[::2], edges[1::2], strict=True)):
            return True
    return False
