import secrets
from pathlib import Path

import streamlit as st

from gan import data
from gan.games import stillness
from gan.models.files import ModelError
from gan.quality import quiz_pools
from gan.quality.quiz import MOST_SEEDS, Pool, draw
from gan.quality.quiz_pools import DEFAULT, LEVELS, QuizError
from gan.system.text import shown
from pages.components import address, look, models, quiz, start
from pages.components.models import Choice

start.through_app()


def asked_for() -> tuple[str, Choice | None, str]:
    """The forger of the address: a level that ships, or a model of one's own; and what is wrong with it, if something
    is. The nearest thing that works comes in its place."""
    level, model = st.query_params.get("level", DEFAULT), st.query_params.get("model", "")
    nearest = f"this is the {LEVELS[DEFAULT].label.lower()}"
    if model and model != models.PRETRAINED:
        found = models.find(model, "", listed)
        if found is None or found.run is None:
            return DEFAULT, None, f"There is no model '{shown(model, 60)}' here: it was deleted; {nearest}."
        if found.id != model:
            return "", found, "That moment of the run is not kept any more: this is the nearest that is."
        return "", found, ""
    level = "shipped" if model else level
    if level not in LEVELS:
        return DEFAULT, None, f"There is no level '{shown(level, 60)}'; {nearest}."
    return level, None, ""


def seed_of(text: str) -> tuple[int, str]:
    """The seed of the address, or a new one; and what is wrong with it."""
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < MOST_SEEDS:
        return int(text), ""
    problem = f"A seed is a number below {MOST_SEEDS:,}, not '{shown(text, 60)}'; these are other pictures."
    return secrets.randbelow(MOST_SEEDS), problem if text else ""


def moment(choice: Choice) -> Choice:
    """A run's newest model by its moment, so that a link means the same while the run goes on."""
    path = choice.file()
    if choice.run is None or choice.best or choice.images is not None or path is None:
        return choice
    return models.find(f"{choice.id}:{int(path.stem)}", "", listed) or choice


@st.cache_resource(show_spinner=False, max_entries=8)
def _pool(path: Path, modified: float) -> Pool:
    return quiz_pools.gathered(models.load(path, modified))


def pool_of(choice: Choice) -> Pool:
    """Pictures of a model of one's own. Raises `ModelError`, `DataError`, `OSError`."""
    path = choice.file()
    if path is None:
        raise ModelError("This run was deleted meanwhile.")
    with st.spinner("Forging pictures …"):
        return _pool(path, path.stat().st_mtime)


def choose() -> str:
    """The choice of a forger; returns the query that stands for it."""
    options = {f"level={level.name}": level.label for level in LEVELS.values()}
    options |= {f"model={name}": choice.label for name, choice in listed.items() if choice.run}
    if mine:
        options.setdefault(f"model={mine.id}", mine.label)
    now = f"model={mine.id}" if mine else f"level={level}"
    chosen = st.selectbox(
        "Forger",
        list(options),
        list(options).index(now),
        format_func=options.__getitem__,
        key=f"forger-{look.short_key(now)}",
        label_visibility="collapsed",
    )
    if chosen != now:
        go(chosen)
    return now


def go(forger: str) -> None:
    """Other pictures, of this forger."""
    name, _, value = forger.partition("=")
    address.go({name: value, "seed": str(secrets.randbelow(MOST_SEEDS))})


def drawn(name: str) -> Pool | None:
    """The pictures of this quiz, drawn once for a session: what becomes of a run meanwhile changes nothing in them."""
    if st.session_state.get("quiz drawn", ("",))[0] != name:
        try:
            pool = pool_of(mine) if mine else quiz_pools.shipped(level)
            st.session_state["quiz drawn"] = (name, draw(pool, name.rpartition(" ")[0], seed))
        except (ModelError, QuizError, data.DataError, OSError, ValueError) as error:
            st.error(look.plain(shown(error, 500)))
            return None
    found: Pool = st.session_state["quiz drawn"][1]
    return found


@st.fragment
def game(pictures: Pool, name: str, now: str) -> None:
    """The quiz itself."""
    words = {
        "forger": forger,
        "levels": [[one.name, one.label] for one in LEVELS.values() if f"level={one.name}" != now],
        "link": f"?{now}&seed={seed}",
    }
    played = quiz.play(pictures, name, "quiz", words)
    if played.wants == "others":
        go(now)
    if played.wants.startswith("level "):
        go(played.wants.replace("level ", "level=", 1))


listed = models.listing()
level, mine, problem = asked_for()
seed, other = seed_of(st.query_params.get("seed", ""))
mine = mine and moment(mine)
head, choice, _ = st.columns([1, 2, 1.8], vertical_alignment="center")
head.container(key="model-head").title("Quiz")
with choice:
    current = choose()
for sentence in filter(None, (problem, other)):
    st.warning(look.plain(sentence))
st.query_params.pop("model" if level else "level", None)
address.announce(**dict([current.split("=", 1)]), seed=str(seed))
forger = LEVELS[level].forger if level else f"your run {mine.name if mine else ''}"
if mine and mine.run and (still := stillness(mine.run.config)):
    st.info(still)
pictures = drawn(f"{current} {seed}")
if pictures is not None:
    game(pictures, look.short_key(f"{current} {seed}"), current)
