"""How an evaluation is shown: the table, what the judge read, the wall, the score, the files to take away."""

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from gan import data, glossary, plots, plots_matrix, render
from gan.quality.questions import Refusal
from gan.quality.results import ACCURACY_SCORE, DEFINITIONS, KINDS, SAMPLES, Forgery, Metric, MetricKind
from pages.components import asking, look
from pages.components.evaluation import NBSP, Examined, as_csv, as_json, belief, percent, plain, show

ALARMS = ("nearest_distance", "copies")
"""Figures without a winner: a generator of noise copies nothing."""
ROW = 5
"""Forgeries in a row of the wall: as many as can be looked at on a phone; a wider page has two rows side by side."""

_CSS = """
<style>
  @media (min-width: 641px) { .st-key-head h1 { padding-bottom: 1.25rem !important; } }
  /* What is being done stands where its result will, and moves nothing. */
  .st-key-verdict { min-height: 3.25rem; justify-content: center; }
  .wait-bar { height: 4px; margin-top: .35rem; border-radius: 2px; background: rgba(128, 128, 128, .25); }
  .wait-bar i { display: block; height: 100%; border-radius: 2px; background: #c27c12; transition: width 1s linear; }
  .st-key-score .verdict { font-size: .9rem; }
  .verdict { font-size: 1.1rem; line-height: 1.45; }
  .terms p { font-size: .9rem; line-height: 1.5; margin: 0 0 .75rem 0; }
  /* A box that scrolls would cut off what a word means. */
  @media (max-width: 640px) { .figures { overflow-x: auto; } }
  .figures :is(td:first-child, th) { position: relative; }
  .figures .term-meaning { max-width: 22rem; }
  .figures th .term-meaning { left: auto; right: 0; }
  .figures table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
  .figures th, .figures td { padding: .32rem .5rem; text-align: right; vertical-align: baseline; white-space: nowrap; }
  .figures th { font-weight: 600; border-bottom: 1px solid rgba(128, 128, 128, .5); vertical-align: bottom; }
  .figures th.model { white-space: normal; }
  .figures small { font-weight: 400; font-size: .78rem; }
  /* Not by opacity, which what a word means would have too. */
  .figures small, .figures .way, .figures .real { color: color-mix(in srgb, currentColor 75%, transparent); }
  .figures td small { display: inline-block; min-width: 3.9em; }
  .figures th small { display: block; }
  .figures td { border-bottom: 1px solid rgba(128, 128, 128, .18); }
  .figures :is(th, td):first-child { text-align: left; padding-left: 0; white-space: normal; }
  .figures .way { text-align: left; }
  .figures + .quiet { padding-top: .4rem; }
  .st-key-score { min-height: 2.6rem; }
  .figures td b { font-weight: 700; }
  .figures .meaning { text-align: left; white-space: normal; }
  .wall { display: grid; grid-template-columns: 1fr 1fr; gap: .9rem 1rem; }
  .wall .captions { display: grid; grid-template-columns: repeat(5, 1fr); text-align: center; padding-top: .25rem;
    font-size: .8rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
  .wall .captions small { display: block; font-size: .72rem; opacity: .75; }
  .wall .wrong { color: #dc4c4c; font-weight: 600; }
  @media (max-width: 640px) {
    .wall { grid-template-columns: 1fr; }
    .st-key-verdict { min-height: 7.7rem; }
    .figures table { font-size: .8rem; }
    /* Of several models every column is needed, and bold says which is better. */
    .several .way { display: none; }
    .several th.model { font-size: .72rem; overflow-wrap: anywhere; }
    .figures th, .figures td { padding: .32rem .3rem; }
    .figures td small { display: block; }
    .figures :is(th, td):first-child { min-width: 7rem; }
    .several :is(th, td):first-child { min-width: 5.5rem; }
  }
</style>
"""


_DARK_CSS = """
<style>[data-testid="stMultiSelect"] [data-tag] :is(span, button) { color: #14161a; }</style>
"""
"""Streamlit writes white on the bright amber of the dark scheme, which cannot be read."""


def apply_style() -> None:
    """Puts the style sheet of this page into it."""
    st.html(_CSS + (_DARK_CSS if look.dark() else ""))


def say(text: str, below: str = "") -> None:
    """The sentence on top of the answer, and a quiet one below it."""
    quiet = f'<div class="quiet">{html.escape(below)}</div>' if below else ""
    st.html(f'<div class="verdict">{text}</div>{quiet}')


def table(examined: Sequence[Examined]) -> None:
    """A row for each figure: every model's value, and that of real images."""
    several = len(examined) > 1
    comparable = len({one.measured.found.dataset for one in examined}) == 1
    known = [one.metrics for one in examined]
    heads = ["<th>Metric</th>", '<th class="way">Better</th>']
    for one in examined:
        seen = f"<small>{one.measured.images:,} images seen</small>"
        heads.append(f'<th class="model">{html.escape(one.name)}{seen}</th>')
    heads.append(f'<th class="real">Real<small>{glossary.term("floor", "the floor")}</small></th>')
    if not several:
        heads.append(f"<th>{glossary.explained('Ratio', DEFINITIONS['Ratio'])}</th>")
    rows = []
    for name, kind in KINDS.items():
        found = [figures.get(name) for figures in known]
        measured = [figure for figure in found if figure is not None]
        if not measured and name != ACCURACY_SCORE:
            continue
        best = (
            _best(kind, [figure.value for figure in measured])
            if several and comparable and name not in ALARMS
            else None
        )
        cells = [f"<td>{glossary.explained(kind.label, kind.meaning)}</td>", f'<td class="way">{kind.better}</td>']
        for figure in found:
            value = "–" if figure is None else show(kind, figure.value)
            value = f"<b>{value}</b>" if figure is not None and figure.value == best else value
            cells.append(f"<td>{value}{f' <small>{_ratio(kind, figure)}</small>' if several else ''}</td>")
        cells.append(f'<td class="real">{show(kind, measured[0].floor) if measured and comparable else "–"}</td>')
        if not several:
            cells.append(f"<td>{_ratio(kind, found[0]) or '–'}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    grey = "Grey: times the value of real images. " if several else ""
    few = examined[0].question.n < SAMPLES
    note = f"{grey}Ratios are quoted at {SAMPLES:,} samples; with fewer they mislead." if few else grey
    name = "figures several" if several else "figures"
    st.html(
        f'<div class="{name}"><table><thead><tr>{"".join(heads)}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
        f"</div>{f'<div class=quiet>{note}</div>' if note else ''}"
    )


def _best(kind: MetricKind, values: Sequence[float]) -> float | None:
    """The best of several values; None where there is nothing to choose."""
    if len(set(values)) < 2:
        return None
    return max(values) if kind.better == "higher" else min(values)


def _ratio(kind: MetricKind, figure: Metric | None) -> str:
    if figure is None or figure.ratio is None or not kind.has_ratio:
        return ""
    decimals = 2 if figure.ratio < 10 else 1 if figure.ratio < 100 else 0
    return f"{figure.ratio:,.{decimals}f}{NBSP}×"


def meanings() -> None:
    """What each figure says, and which way is better."""
    rows = [
        f'<tr><td>{kind.label}</td><td class="way">{kind.better}</td><td class="meaning">{kind.meaning}</td></tr>'
        for kind in KINDS.values()
    ]
    heads = '<th>Metric</th><th class="way">Better</th><th class="meaning">What it says</th>'
    st.html(f'<div class="figures"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>')


def terms() -> None:
    """What the words mean that go with every figure."""
    lines = [f"<p><b>{name}.</b> {text}</p>" for name, text in DEFINITIONS.items()]
    st.html(f'<div class="terms">{"".join(lines)}</div>')


def readings(one: Examined) -> None:
    """What the judge read: where which digit was asked, or how often each where none was."""
    found = one.measured.found
    spec = data.spec(found.dataset)
    config = plots.CONFIG | {"displayModeBar": False}
    dark, scale = look.dark(), look.scale()
    key = f"readings-{one.id}-{one.question.n}-{one.question.seed}"
    if found.confusion is None or found.digits is None:
        figure = plots_matrix.histogram(
            found.histogram, found.histogram_floor, spec.classes, dark=dark, key=key, scale=scale
        )
        alt = f"How often the judge reads each {spec.one}"
        line = (
            f"This generator was never told which {spec.one} is which, so there is none that was asked for to compare "
            f"with what is read. How often each {spec.one} is read:"
        )
    else:
        shares = [percent(digit.value, 1) for digit in found.digits]
        figure = plots_matrix.confusion(found.confusion, shares, spec.classes, dark=dark, key=key, scale=scale)
        alt = f"Asked {spec.many} against those that the judge reads"
        line = f"Amber: what the judge read instead of the {spec.one} asked for."
    st.html(f'<div class="quiet">{line}</div>')
    st.plotly_chart(figure, key="readings", config=config, alt=alt)


def wall(one: Examined, *, stacked: bool = False) -> None:
    """The forgeries that the judge is surest of and those that it is least sure of, side by side or `stacked`."""
    found, measured = one.measured.found, one.measured
    below = (
        "what the judge reads, and how sure it is."
        if found.confusion is None
        else "what was asked for → what the judge reads, and how sure it is of what was asked for."
    )
    st.html(
        f'<div class="quiet">Each forgery stands above the nearest training image, pixel by pixel. Below: {below}</div>'
    )
    for column, title, forgeries, pictures in zip(
        (st.container(), st.container()) if stacked else st.columns(2, gap="medium"),
        ("The ten best, by the judge's confidence", "The ten worst"),
        (found.best, found.worst),
        (measured.best, measured.worst),
        strict=True,
    ):
        with column:
            st.header(title, anchor=False)
            _rows(title, forgeries, *pictures, data.spec(measured.found.dataset).classes)


def _rows(
    title: str, forgeries: Sequence[Forgery], forged: render.Bytes, real: render.Bytes, names: Sequence[str]
) -> None:
    parts = []
    for start in range(0, len(forgeries), ROW):
        of = slice(start, start + ROW)
        png = render.png(render.grid(np.concatenate((forged[of], real[of])), ROW))
        captions = "".join(_caption(forgery, names) for forgery in forgeries[of])
        parts.append(
            f'<div><img class="digits" alt="{html.escape(title)}, {start + 1} to {start + ROW}" '
            f'src="{render.url(png)}"><div class="captions">{captions}</div></div>'
        )
    st.html(f'<div class="wall">{"".join(parts)}</div>')


def _caption(forgery: Forgery, names: Sequence[str]) -> str:
    read = html.escape(names[forgery.read])
    if forgery.asked is None:
        what = read
    else:
        wrong = ' class="wrong"' if forgery.read != forgery.asked else ""
        what = f"<span{wrong}>{html.escape(names[forgery.asked])} → {read}</span>"
    return f"<div>{what}<small>{belief(forgery.confidence)}</small></div>"


def score(one: Examined, *, named: bool = False) -> None:
    """The classification accuracy score of a model: the button that orders it, its place in line, what came out.
    `named` says which model where there are several."""
    desk, asked = asking.desk(), one.for_score
    job = desk.look(asked.question)
    of = f"forgeries of {html.escape(one.name)}" if named else "these forgeries"
    with st.container(key="score"):
        if job is not None and job.answer is None:
            asking.wait((asked,))
        elif job is not None and isinstance(job.answer, Metric):
            st.html(
                f'<div class="quiet">A classifier that learned from {of} alone reads '
                f"{percent(job.answer.value)} of real test images; one that learned from as many real images, "
                f"{percent(job.answer.floor)}.</div>"
            )
        else:
            with st.container(horizontal=True, vertical_alignment="center"):
                if st.button("Measure classification accuracy", icon=":material/school:"):
                    desk.ask(asked.question)
                    st.rerun()
                takes = asking.duration(desk.left([asked.question]))
                st.html(
                    f'<div class="quiet">Trains a classifier on {of} alone; takes about {takes}.</div>',
                    width="content",
                )
            if job is not None and isinstance(job.answer, Refusal):
                st.error(plain(job.answer.sentence))


def downloads(examined: Sequence[Examined]) -> None:
    """Everything that was found, for a spreadsheet and for a program."""
    with st.container(horizontal=True):
        st.download_button(
            "Save as CSV",
            as_csv(examined),
            "evaluation.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="A row for each figure of each model",
        )
        st.download_button(
            "Save as JSON",
            as_json(examined),
            "evaluation.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
            help="All of it, with the confusion matrix and the wall",
        )
