"""Seconds to quality: `python -m benchmarks.speedrun [--seeds 3] [--seconds 60] [--patience 600]`.

The conditional presets, float32 and bfloat16, and a textbook conditional GAN (`benchmarks.textbook`) train
one after the other, seed by seed, so that a machine whose speed wanders wanders for all of them. The clock
runs while they train; it stands still while 10,000 samples are judged against the validation images. The
presets train for `--seconds`, the textbook GAN until it reaches label agreement 0.90, at most for
`--patience`. Prints a Markdown table (median, and the range over the seeds) and writes
docs/speedrun.png and benchmarks/speedrun.json.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import sync_playwright
from plotly.subplots import make_subplots

from benchmarks import clock, machine
from benchmarks.clock import Race, Seen, Trains
from benchmarks.pictures import ARGUMENTS
from benchmarks.textbook import Textbook
from gan import data, plots, presets
from gan.training.trainer import Trainer

CPU = torch.device("cpu")
AGREEMENTS, RATIOS = (0.90, 0.95, 0.98), (10.0, 5.0, 2.0)
TEXTBOOK = "textbook"
RESULTS, PLOT = Path(__file__).with_name("speedrun.json"), Path("docs/speedrun.png")
Races = dict[str, list[Race]]


def entrants() -> dict[str, Callable[[int, float], Trains]]:
    """Who runs: name -> function of the seed and the budget in seconds."""

    def preset(name: str, precision: str) -> Callable[[int, float], Trains]:
        def make(seed: int, seconds: float) -> Trains:
            changes = {"seed": seed, "seconds": seconds, "precision": precision}
            return Trainer(presets.preset(name).changed(**changes), data.load(), CPU)

        return make

    found = {
        f"{name}, {precision}": preset(name, precision)
        for name, values in presets.PRESETS.items()
        if values.conditional
        for precision in ("float32", "bfloat16")
    }
    return found | {TEXTBOOK: lambda seed, seconds: Textbook(seed)}


def run(names: list[str], seeds: int, seconds: float, patience: float) -> Races:
    """All races, interleaved seed by seed."""
    who = entrants()
    races: Races = {name: [] for name in names}
    for seed in range(seeds):
        for name in names:
            if name == TEXTBOOK:
                moments, done = clock.doubling(30, patience, each=3), lambda race: race.to_agreement(0.90) is not None
            else:
                moments, done = clock.doubling(2, seconds, each=3), lambda race: False
            race = clock.race(lambda name=name, seed=seed: who[name](seed, seconds), seconds, moments, done)
            races[name].append(race)
            keep(races)
            print(f"<!-- {name}, seed {seed}: {race.seen[-1]} -->", flush=True)
    return races


def keep(races: Races) -> None:
    """Writes down what there is, after each race: it all takes long. Entrants that do not run this time stay as they
    were, with the machine that they ran on."""
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"machines": {}, "races": {}}
    kept = {name: [asdict(race) for race in all_races] for name, all_races in races.items() if all_races}
    machines = before["machines"] | dict.fromkeys(kept, machine.line())
    RESULTS.write_text(json.dumps({"machines": machines, "races": before["races"] | kept}, indent=1))


def spread(values: list[float | None], form: str) -> str:
    """Median and range; a race that never got there counts as infinitely long."""
    numbers = [np.inf if value is None else value for value in values]

    def show(value: float) -> str:
        return "–" if np.isinf(value) else form.format(value)

    middle, low, high = show(float(np.median(numbers))), show(min(numbers)), show(max(numbers))
    return middle if low == high else f"{middle} ({low} to {high})"


def table(races: Races) -> str:
    """The table, as Markdown."""
    heads = ["images/s"]
    heads += [f"agreement {wanted:.2f}" for wanted in AGREEMENTS] + [f"FCD {wanted:g} × floor" for wanted in RATIOS]
    heads += ["at the end: agreement", "FCD by floor"]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, all_races in races.items():
        cells = [spread([race.images / race.seconds for race in all_races], "{:,.0f}")]
        cells += [spread([race.to_agreement(wanted) for race in all_races], "{:.1f} s") for wanted in AGREEMENTS]
        cells += [spread([race.to_ratio(wanted) for race in all_races], "{:.1f} s") for wanted in RATIOS]
        cells.append(spread([race.seen[-1].agreement for race in all_races], "{:.3f}"))
        cells.append(spread([race.seen[-1].ratio for race in all_races], "{:.2f}"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def times_faster(races: Races) -> str:
    """How much sooner each preset reaches agreement 0.90 than the textbook GAN with the same seed."""
    lines = []
    for name in [name for name in races if name != TEXTBOOK]:
        ratios = []
        for ours, theirs in zip(races[name], races[TEXTBOOK], strict=True):
            # A textbook race that ran out of patience counts as if it had got there then.
            if mine := ours.to_agreement(0.90):
                ratios.append((theirs.to_agreement(0.90) or theirs.seconds) / mine)
        if ratios:
            spread_of = f"{min(ratios):.0f} to {max(ratios):.0f}"
            lines.append(f"{name}: agreement 0.90 {np.median(ratios):.0f} times sooner ({spread_of})")
    return "\n".join(lines)


def main() -> None:
    """Runs the races and writes what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--patience", type=float, default=600)
    parser.add_argument("--only", help=f"entrants, separated by semicolons; default: {'; '.join(entrants())}")
    parser.add_argument("--plot-only", action="store_true", help="draw the plot of the results that are kept")
    args = parser.parse_args()
    if not args.plot_only:
        clock.warm_up()
        print(machine.line(), flush=True)
        names = [name.strip() for name in args.only.split(";")] if args.only else list(entrants())
        races = run(names, args.seeds, args.seconds, args.patience)
        print(f"\n{table(races)}\n\n{times_faster(races) if TEXTBOOK in races else ''}")
    kept = json.loads(RESULTS.read_text())["races"]
    plot({name: [_race(values) for values in all_races] for name, all_races in kept.items()}, PLOT)


def _race(values: dict[str, Any]) -> Race:
    return Race(values["seconds"], values["images"], [Seen(**seen) for seen in values["seen"]])


def plot(races: Races, path: Path) -> None:
    """Both qualities against seconds, a line for each race, as a PNG drawn by Chromium."""
    colours = dict(zip(races, ("#9a5b00", "#c98a2b", "#1d5fc4", "#6c9fe0", "#5c626c"), strict=False))
    dashes = dict(zip(races, ("solid", "dot", "solid", "dot", "dash"), strict=False))
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.09)
    for name, all_races in races.items():
        for number, race in enumerate(all_races):
            x = [at.seconds for at in race.seen]
            line = {"color": colours[name], "dash": dashes[name], "width": 1.6}
            for column, y in ((1, [1 - at.agreement for at in race.seen]), (2, [at.ratio for at in race.seen])):
                shown = column == 1 and number == 0
                figure.add_scatter(x=x, y=y, line=line, name=name, showlegend=shown, row=1, col=column, mode="lines")
    figure.update_xaxes(type="log", title="seconds of training", dtick=1, gridcolor=plots.LIGHT.grid)
    figure.update_yaxes(type="log", dtick=1, gridcolor=plots.LIGHT.grid)
    figure.update_yaxes(title="share not read as asked", tickformat=".1%", row=1, col=1)
    figure.update_yaxes(title="FCD, times the floor", row=1, col=2)
    legend = {"orientation": "h", "y": 1.12, "x": 0}
    figure.update_layout(
        width=1100, height=430, legend=legend, font_color=plots.LIGHT.text, plot_bgcolor="white", margin_t=50
    )
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "plot.html"
        figure.write_html(html, include_plotlyjs=True)
        browser_picture(html.as_uri(), path)
    print(path)


def browser_picture(address: str, path: Path) -> None:
    """A screenshot of a plotly page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1120, "height": 450})
        page.goto(address)
        page.wait_for_selector(".main-svg")
        page.locator(".plot-container").screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    main()
