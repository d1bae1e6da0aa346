"""The picture of a live recording: what the camera sees, near or far, and which directions of the foot are missing."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scanproc.artifacts import ByteArray
from scanproc.capture.coverage import Coverage, Stated, part_names
from scanproc.capture.session import Status

_WIDTH, _DISC = 480, 240  # of the camera's picture, and of a disc, px
_INK, _PAPER, _FAINT = (30, 30, 30), (250, 250, 248), (205, 205, 200)
#: Blue, amber, dark red: told apart by the colour-blind too; not seen is also the largest dot.
_SEEN, _THIN, _MISSING = (38, 110, 165), (232, 170, 40), (176, 32, 32)
_TOO_NEAR, _GOOD, _TOO_FAR = (176, 32, 32), (60, 150, 90), (38, 110, 165)
_JPEG_QUALITY = 80


def draw_status(status: Status, side: Stated) -> ByteArray:
    """Return the picture, (H, W, 3) uint8: the camera's on the left, the foot from above and below on the right."""
    seen = _camera_picture(status)
    sheet = Image.new("RGB", (_WIDTH + 2 * _DISC, max(seen.height, _DISC + 30) + 36), _PAPER)
    sheet.paste(seen, (0, 0))
    draw = ImageDraw.Draw(sheet)
    near, far = status.camera.band_mm
    distance = f"{status.quality.distance_mm:.0f} mm ({near:.0f} to {far:.0f})"
    draw.text((8, sheet.height - 8), distance, fill=_INK, font=ImageFont.load_default(16), anchor="ls")
    if status.seen is not None:
        _draw_legend(draw, (_WIDTH + 40, sheet.height - 14))
        names = part_names(side)
        _draw_disc(draw, (_WIDTH, 30), status.seen, 1.0, names)
        _draw_disc(draw, (_WIDTH + _DISC, 30), status.seen, -1.0, names)
    return np.asarray(sheet)


def as_jpeg(picture: ByteArray) -> bytes:
    """Return a picture as a JPEG."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="JPEG", quality=_JPEG_QUALITY)
    return stream.getvalue()


def _camera_picture(status: Status) -> Image.Image:
    """Return the depth image: grey where it is no foot's, the foot red too near, green in the band, blue too far."""
    depth = status.frame.depth.astype(np.float32) * np.float32(status.camera.depth_unit_mm)
    near, far = status.camera.band_mm
    grey = np.where(depth > 0.0, 235.0 - 140.0 * np.clip(depth / (2.0 * far), 0.0, 1.0), 30.0)
    pixels = np.repeat(grey[..., None], 3, axis=2)
    if status.view is not None:
        view = status.view
        step = round(status.camera.intrinsics.fx / view.intrinsics.fx)
        top, left = (
            round(whole / step - own)
            for whole, own in (
                (status.camera.intrinsics.cy, view.intrinsics.cy),
                (status.camera.intrinsics.cx, view.intrinsics.cx),
            )
        )
        foot = np.kron(view.depth_mm, np.ones((step, step), np.float32))
        rows, columns = step * top, step * left
        part = pixels[rows : rows + foot.shape[0], columns : columns + foot.shape[1]]
        foot = foot[: part.shape[0], : part.shape[1]]
        colours = np.full((*foot.shape, 3), _GOOD, np.float64)
        colours[foot < near], colours[foot > far] = _TOO_NEAR, _TOO_FAR
        part[foot > 0.0] = colours[foot > 0.0]
    image = Image.fromarray(pixels.astype(np.uint8))
    return image.resize((_WIDTH, round(image.height * _WIDTH / image.width)))


def _draw_legend(draw: ImageDraw.ImageDraw, corner: tuple[int, int]) -> None:
    x, y = corner
    for colour, words in ((_MISSING, "missing"), (_THIN, "seen too seldom"), (_SEEN, "seen")):
        draw.ellipse([x - 7, y - 7, x + 7, y + 7], fill=colour)
        draw.text((x + 14, y), words, fill=_INK, font=ImageFont.load_default(14), anchor="lm")
        x += 150


def _draw_disc(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], seen: Coverage, sense: float, names: Sequence[str]
) -> None:
    """Draw the directions of one half, toes up, as one who looks at it from there sees them: equal areas (Lambert)."""
    middle = np.array(corner) + _DISC / 2.0
    radius = _DISC / 2.0 - 32.0
    font = ImageFont.load_default(14)
    draw.ellipse([*(middle - radius - 8.0), *(middle + radius + 8.0)], outline=_FAINT)
    half = seen.directions[:, 2] * sense >= 0.0
    for direction, times, asked in zip(seen.directions[half], seen.times[half], seen.asked[half], strict=True):
        level = direction[:2] / max(float(np.linalg.norm(direction[:2])), 1e-9)
        out = radius * np.sqrt(1.0 - abs(direction[2]))
        place = middle + out * np.array([-level[1] * sense, -level[0]])
        colour = _FAINT if not asked else _SEEN if times >= seen.enough else _THIN if times > 0 else _MISSING
        size = 3.0 if not asked else 9.0 if times == 0 else 7.0
        draw.ellipse([*(place - size), *(place + size)], fill=colour)
    left, right = (names[2], names[3]) if sense > 0.0 else (names[3], names[2])
    x, y = (float(value) for value in middle)
    if seen.box.has_leg:
        draw.text((x, y - radius - 26.0), names[0], fill=_INK, font=font, anchor="mm")
        draw.text((x, y + radius + 22.0), names[1], fill=_INK, font=font, anchor="mm")
        draw.text((x - radius - 10.0, y + radius + 4.0), left.removeprefix("the "), fill=_INK, font=font, anchor="lm")
        draw.text((x + radius + 10.0, y + radius + 4.0), right.removeprefix("the "), fill=_INK, font=font, anchor="rm")
    title = "from above" if sense > 0.0 else "from below"
    draw.text((x, corner[1] - 18.0), title, fill=_INK, font=font, anchor="mm")
