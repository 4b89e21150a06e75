"""What the chapters of "How it works" show that was recorded, as the page's scripts want it."""

import io
import json
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from gan import render
from gan.chapters import RECORDED
from gan.classics import shipped
from gan.curves import Array, reduced
from gan.failures import BY_NAME
from gan.runs import recordings
from gan.runs.recordings import Recording
from pages.components import failures as sides

SHOWN = {"saturating": "Vanishing gradient", "learning-rate": "Divergence", "momentum": "Mode collapse"}
"""The failures of the chapter on what goes wrong, and what they are called there."""
POINTS = 120


def small(picture: render.Bytes) -> str:
    """The address of a picture in sixteen greys: noise takes half of the bytes, and looks no worse."""
    buffer = io.BytesIO()
    Image.fromarray(picture // 16 * 17).quantize(16).save(buffer, "PNG", optimize=True)
    return render.url(buffer.getvalue())


@cache
def threes() -> dict[str, Any]:
    """Real 3s and forged ones, one by one."""
    return {
        kind: [render.url(render.png(image)) for image in shipped.picture_cells(f"{kind}_threes")]
        for kind in ("real", "forged")
    }


@cache
def _recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.read_text())
    return found


def step() -> dict[str, Any]:
    """One step of training, move by move."""
    found: dict[str, Any] = _recorded()["step"]
    return found


def frozen() -> dict[str, Any]:
    """The generator's moves with D frozen, and with D free."""
    return {name: _recorded()[name] for name in ("frozen", "free")}


def _curve(label: str, role: str, series: Array, dashed: bool = False) -> dict[str, Any]:
    few = reduced(series, POINTS)
    points = [[round(float(x) / 1000, 3), round(float(y), 4)] for x, y in zip(few[0], few[2], strict=True)]
    return {"label": label, "role": role, "dashed": dashed, "points": points}


def _chart(title: str, curves: list[dict[str, Any]], bounds: tuple[float, float], last: float) -> dict[str, Any]:
    return {"title": title, "curves": curves, "bounds": bounds, "last": last, "unit": f"{last:.0f} thousand images"}


def _losses(found: Recording, last: float) -> dict[str, Any]:
    curves = [
        _curve("G", "generator", found.curves["loss_g"]),
        _curve("D", "discriminator", found.curves["loss_d"], dashed=True),
    ]
    # Single peaks leave the chart, so that the rest can be read.
    high = max(np.quantile(found.curves[name][2], 0.9) for name in ("loss_g", "loss_d"))
    return _chart("Losses", curves, (0.0, 4.0 if high < 4 else 40.0), last)


def _moments(found: Recording, says: list[str]) -> list[dict[str, Any]]:
    rows = render.cells(found.strip).reshape(-1, recordings.COLUMNS, 28, 28)
    return [
        {"images": images, "picture": small(render.grid(row, recordings.COLUMNS)), "says": text}
        for images, row, text in zip(found.moments, rows, says, strict=True)
    ]


def _at(series: Array, images: float) -> float | None:
    """What was measured last at a moment; None before the first time."""
    before = np.flatnonzero(series[0] <= images + 1)
    return float(series[2][before[-1]]) if len(before) else None


@cache
def run() -> dict[str, Any]:
    """A healthy run: its losses, and how good its pictures are."""
    found = recordings.shipped(*recordings.HEALTHY)
    if found is None:
        return {"run": None}
    last = found.images / 1000
    agreement, fcd = found.curves["agreement"], found.curves["fcd"].copy()
    fcd[2] /= found.floor
    says = []
    for images in found.moments:
        read, far = _at(agreement, images), _at(fcd, images)
        says.append(
            "not measured yet" if read is None else f"read as asked: {read:.0%} · FCD: {far:.1f} times its floor"
        )
    charts = [
        _losses(found, last),
        _chart("Read as asked", [_curve("", "generator", agreement)], (0.0, 1.0), last),
        _chart("FCD, times its floor", [_curve("", "generator", fcd)], (0.0, 30.0), last),
    ]
    return {"run": {"charts": charts, "moments": _moments(found, says), "last": small(render.pixels(found.last))}}


@cache
def failures() -> dict[str, Any]:
    """Some failures, each broken and cured."""
    told = []
    for name, title in SHOWN.items():
        failure = BY_NAME[name]
        found = {kind: recordings.shipped(name, kind) for kind in sides.KINDS}
        if not all(found.values()):
            continue
        made = {kind: _side(name, kind, one) for kind, one in found.items() if one}
        about = {"name": name, "title": title, "sentence": failure.sentence, "link": f"failures?failure={name}"}
        told.append(about | made)
    return {"failures": told}


def _side(name: str, kind: sides.Kind, found: Recording) -> dict[str, Any]:
    failure = BY_NAME[name]
    last = found.images / 1000
    charts = [_losses(found, last)]
    quantity = failure.defining.quantity if sides.telling_of(failure.defining.quantity).bounds else "d_fake"
    telling = sides.telling_of(quantity)
    side = sides.recorded(failure, kind)
    if telling.bounds and side:
        series = side.series(quantity)
        low, high = telling.bounds
        bounds = (low, float(int(high)))
        charts.append(_chart(telling.label, [_curve("", "generator", series)], bounds, last))
    changed = sides.changes(failure.breaks if kind == "broken" else failure.cure)
    return {
        "charts": charts,
        "moments": _moments(found, [""] * len(found.moments)),
        "last": small(render.pixels(found.last)),
        "says": f"{failure.preset} with {changed}" if kind == "broken" else f"the same, and {changed}",
    }
