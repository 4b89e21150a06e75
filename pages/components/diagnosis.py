"""What the curves of a run say: one line beside its state, and behind it why, what helps, and a button that does it."""

import html
import math

import streamlit as st

from gan import runs
from gan.config import ConfigError, TrainConfig
from gan.config.fields import find, flat, hints, parse, short, written
from gan.failures import FAILURES, Failure
from gan.presets import differences
from gan.runs import Run, RunError, diagnosing
from gan.training.findings import Finding, Level
from gan.training.messages import Command
from gan.training.remedies import LIVE, Cure
from pages.components import address, charts, look, refusals

MARKS: dict[Level, tuple[str, str]] = {
    "good": ("●", "well"),
    "open": ("○", "not known yet"),
    "warning": ("▲", "take care"),
    "bad": ("■", "something is wrong"),
}
"""What stands before a finding: its shape tells the levels apart as well as its colour does, and what it is called."""
EVIDENCE: dict[str, tuple[str, str]] = {
    "images": ("images seen", ",.0f"),
    "moves": ("moves of both networks", ",.0f"),
    "looks": ("times that quality was measured", ".0f"),
    "fcd": ("FCD, in times that of real images", ".1f"),
    "best_fcd": ("the best of it so far", ".1f"),
    "change": ("FCD now, in parts of what it was before", ".2f"),
    "agreement": ("read as asked", ".0%"),
    "of_missing": ("the most that is read of those missing", ".0%"),
    "of_others": ("of the other kinds, in the middle", ".0%"),
    "variety": ("variety within a digit, real ones being 100 %", ".1%"),
    "digits": ("digits that are forged, of ten", ".0f"),
    "largest": ("forgeries that are read as the commonest of them", ".0%"),
    "rarest_digit": ("the digit that is read worst", ".0f"),
    "rarest": ("how often it is read as asked", ".0%"),
    "typical": ("the same for the digit in the middle", ".0%"),
    "turnover": ("forgeries that turn into another digit from look to look", ".0%"),
    "real_over_forged": ("pairs in which D puts the real one above the forgery", ".0%"),
    "memory": ("pairs in which D puts a real image that it knows above a new one", ".0%"),
    "right_real": ("real images that D calls real", ".0%"),
    "right_forged": ("forgeries that D calls forged", ".0%"),
    "gradient": ("norm of the generator's gradient", ".2g"),
    "fade": ("the same, in parts of what it was", ".1g"),
    "approach": ("distance of the curves from where they settle, in parts of what it was", ".2f"),
    "blown_up": ("D's loss, in times what it should be", ".1f"),
}
"""What the numbers of a finding are called, and how they are written. Others are shown by their names."""


def of(run: Run) -> list[Finding]:
    """What the curves of a run say, the worst first; empty for one that has not trained."""
    status = run.status
    if not status.progress.images:
        return []
    # Findings rest on looks at quality, and so change with them; before the first, with the images seen, now and then.
    moment = (status.state, status.message, status.quality.measured_images, status.progress.images.bit_length())
    return _found(run.folder.as_posix(), run.created.timestamp(), moment, _rates(run), run)


@st.cache_resource(show_spinner=False, max_entries=64)
def _found(
    folder: str, created: float, moment: tuple[object, ...], rates: dict[str, float], _run: Run
) -> list[Finding]:
    records = charts.of(_run)
    records.update()
    return diagnosing.of_run(_run.config, _run.status, records)


def _rates(run: Run) -> dict[str, float]:
    """The learning rates that a run trains with, by path, where they are known."""
    control = run.status.control
    rates = {path: float(getattr(control, short(path))) for path in LIVE}
    return {path: rate for path, rate in rates.items() if rate}


def line(run: Run) -> None:
    """What the curves say, in one line, with all that is known about it behind a button beside it."""
    found = of(run)
    if not found:
        return
    with st.container(key="diagnosis", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(sentence(found[0]))
        # Its name stays, so that it stays open while what is in it changes.
        with st.popover("Why?", type="tertiary", key=f"why-{look.short_key(run.id)}"):
            for finding in found:
                explain(finding)
            _act(run, found[0])


def sentence(finding: Finding) -> str:
    """The mark and the sentence of a finding, as HTML."""
    mark, spoken = MARKS[finding.level]
    level = f'<span class="level-{finding.level}" role="img" aria-label="{spoken}">{mark}</span>'
    return f'<div class="says" data-kind="{finding.kind}">{level} {html.escape(finding.sentence)}</div>'


def explain(finding: Finding) -> None:
    """The finding with its evidence, why, and what usually helps."""
    numbers = "".join(
        f"<tr><td>{html.escape(label)}</td><td>{value}</td></tr>" for label, value in _numbers(finding.evidence)
    )
    st.html(
        f'<div class="finding">{sentence(finding)}<table>{numbers}</table>'
        f"<p><b>Why.</b> {html.escape(finding.why)}</p>"
        f"<p><b>What usually helps.</b> {html.escape(finding.helps)}</p></div>"
    )


def _numbers(evidence: dict[str, float]) -> list[tuple[str, str]]:
    """Names and values for people; what is no number is left out."""
    named = [(*EVIDENCE.get(name, (name.replace("_", " "), ".3g")), value) for name, value in evidence.items()]
    return [(label, format(value, how).replace("%", " %")) for label, how, value in named if math.isfinite(value)]


def _act(run: Run, finding: Finding) -> None:
    """Buttons: the change that usually helps, what undoes it, and the failure that shows the same."""
    refusals.say(_refused(run), st.container())
    found = finding.cure
    with st.container(horizontal=True, vertical_alignment="center"):
        if found and found.live and run.owned and run.living:
            name = f"Set {_label(found.path)} to {written(found.value)} now"
            rate = (run, found.path, float(found.value))
            st.button(name, type="primary", icon=":material/healing:", key="cure", on_click=_set_rate, args=rate)
        elif found and st.button(again_label(found), icon=":material/healing:", key="cure-in-new-run"):
            again(run, found)
        for path, began in _moved(run).items() if run.owned and run.living else ():
            name = f"Put {_label(path)} back to {written(began)}"
            key, rate = f"undo-{short(path)}", (run, path, began)
            st.button(name, icon=":material/undo:", key=key, on_click=_set_rate, args=rate)
        if failure := shows(finding):
            st.page_link(
                "pages/failures.py",
                label=f"See it on purpose: {failure.title}",
                icon=":material/broken_image:",
                query_params={"failure": failure.name},
            )


def _moved(run: Run) -> dict[str, float]:
    """The learning rates that are others than the run began with, each with what it was."""
    began = flat(run.config)
    return {path: began[path] for path, rate in _rates(run).items() if rate != began[path]}


def _set_rate(run: Run, path: str, rate: float) -> None:
    """Called before the page is drawn: a page that is then begun anew, since the run has changed, loses no click."""
    try:
        runs.send(run.folder, Command("rates", **{short(path): rate}))
        runs.settle(run)
    except RunError as error:
        refusals.keep(_refused(run), str(error))


def _refused(run: Run) -> str:
    """What a refused change of a rate is called."""
    return f"rate-{run.id}"


def _label(path: str) -> str:
    """What a setting is called in a sentence."""
    text = hints()[path].label if path in hints() else short(path)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def again_label(found: Cure) -> str:
    """On the button that leads to a new run with the change."""
    return f"Run it again with {_label(found.path)} = {written(found.value)}"


def again(run: Run, found: Cure) -> None:
    """Shows the form of a new run: the settings of this one with the change made."""
    address.go({"run": "new", "from": run.id, "change": f"{found.path}={written(found.value)}"})


def shows(finding: Finding) -> Failure | None:
    """The failure of the catalogue that shows a finding: one made by the setting that is to blame, if there is one."""
    if finding.level not in ("bad", "warning"):
        return None
    alike = [failure for failure in FAILURES if failure.finding == finding.kind]
    made = [failure for failure in alike if finding.cure and finding.cure.path in failure.breaks]
    return next(iter(made or alike), None)


def ended_badly(run: Run) -> Finding | None:
    """What was wrong with a run at its end; None where nothing was, or it goes on."""
    found = of(run)
    return found[0] if found and not run.living and found[0].level == "bad" else None


def next_thing(run: Run) -> Cure | None:
    """The change to try in a new run instead of more of the same, for a run that ended badly with its budget spent."""
    finding = ended_badly(run)
    return finding.cure if finding and run.status.progress.complete else None


def epilogue(run: Run) -> None:
    """Of a run that ended badly: what one saw, what was changed, and what to try next."""
    finding = ended_badly(run)
    if not finding:
        return
    changes = [f"{_label(path)} = {written(value)}" for path, value in differences(run.config).items()]
    changed = ", ".join(changes) or "nothing"
    st.markdown(
        f"**It ended badly.** {look.plain(finding.sentence)}  \n"
        f"**Changed from the preset {look.plain(run.config.preset)}:** {look.plain(changed)}.  \n"
        f"**To try next:** {look.plain(_advice(finding))}"
    )


def _advice(finding: Finding) -> str:
    if not (found := finding.cure):
        return finding.helps
    return f"set {_label(found.path)} to {written(found.value)}; it was {written(found.before)}."


def with_change(config: TrainConfig, change: str) -> tuple[TrainConfig, str]:
    """The settings with a change of an address made, `path=value`, and a sentence: what was changed, or what is wrong
    with it."""
    name, _, text = change.partition("=")
    try:
        path = find(name, config.game.kind)
        before, value = flat(config)[path], parse(path, text, config.game.kind)
        return config.changed({path: value}), (
            f"These are the settings of the run that went wrong, with one changed: {_label(path)} is "
            f"{written(value)}, it was {written(before)}."
        )
    except (ConfigError, KeyError) as error:
        return config, f"The change in the address cannot be made: {error}"
