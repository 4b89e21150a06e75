"""Generative models beside the GAN, and a classifier: what each draws, and how good that is."""

import html
import random
from typing import Any

import numpy as np
import streamlit as st

from gan import render
from gan.classics import shipped
from gan.glossary import explained, term
from gan.quality.results import KINDS

SEED = "classics-seed"
ROWS: tuple[tuple[str, str], ...] = (
    ("real", "Real digits"),
    ("generator", "The GAN"),
    ("mixture", "Gaussian mixture"),
    ("bayes", "Naive Bayes"),
    ("classifier", "A classifier, run backwards"),
)
TEN = np.arange(10)


@st.fragment
def table() -> None:
    """The table, with a button that samples anew: naive Bayes and the mixture here and now, the others from a stock."""
    with st.container(key="classics", gap="xxsmall"):
        if st.button("Sample anew", icon=":material/casino:", key="sample-anew"):
            st.session_state[SEED] = random.randrange(1, 2**31)
        seed = int(st.session_state.get(SEED, 1))
        found: dict[str, Any] = shipped.figures()["models"]
        floor = found["real"]["figures"]["fcd"]
        rows = "".join(_row(name, label, found[name], floor, seed) for name, label in ROWS)
        heads = (
            "",
            "",
            f"{term('FCD')} ÷ {term('floor')}",
            term("read as asked"),
            explained("recall", KINDS["recall"].meaning),
            "reads real digits",
        )
        head = "".join(f"<th>{text}</th>" for text in heads)
        st.html(f'<table class="classics" data-testid="classics"><tr>{head}</tr>{rows}</table>')


def pictures(name: str, seed: int) -> bytes:
    """Ten pictures of a kind, as PNG."""
    models = shipped.classics()
    if name == "bayes":
        images = models.sample_bayes(TEN, seed)
    elif name == "mixture":
        images = models.sample_mixture(len(TEN), seed)
    else:
        stock = shipped.picture_cells(name).reshape(-1, len(TEN), 28, 28)
        images = stock[seed % len(stock)]
    return render.png(render.grid(images, len(TEN)))


def _row(name: str, label: str, found: dict[str, Any], floor: float, seed: int) -> str:
    figures, reads = found["figures"], found["reads_test_digits"]
    distance = figures["fcd"] / floor
    image = f'<img class="digits" alt="Ten pictures: {html.escape(label)}" src="{render.url(pictures(name, seed))}">'
    cells = (
        f"{distance:,.1f}" if distance < 100 else f"{distance:,.0f}",
        f"{figures['label_agreement']:.1%}" if "label_agreement" in figures else "–",
        f"{figures['recall']:.0%}",
        "–" if reads is None else f"{reads:.1%}",
    )
    numbers = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<tr><th>{html.escape(label)}</th><td>{image}</td>{numbers}</tr>"
