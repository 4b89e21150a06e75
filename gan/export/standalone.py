"""A model's explorer: what the page is sent, and the same as one HTML file that needs no server."""

import base64
import hashlib
import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gan import glossary, web
from gan.data import Bytes
from gan.export.program import compile_model, wire
from gan.games import stillness
from gan.latents import codec, sampling
from gan.latents.directions import Basis, bases
from gan.models.model import Model
from gan.models.sampling import sample
from gan.quality import judge

YARDSTICK = 20
"""Real digits that Draw measures its search with."""
TRIED = 64
"""Latents among which the one is found with which a model opens."""


@dataclass(frozen=True)
class Names:
    """What a model is called."""

    model: str
    """In the app. Stays the same while its run trains."""
    link: str
    """In links: these very weights."""
    reference: str
    """On the command line and in Python: these very weights."""
    pins: str
    """Under which latents are kept that were pinned: all moments of a run share them."""


def opening(model: Model) -> str:
    """The latent with which a model opens, as a link holds it. A conditional one opens at the centre of the prior, its
    average digit. For an unconditional one that is a blur of all ten, so it opens at the one of `TRIED` latents whose
    picture a digit classifier is surest of."""
    if model.config.conditional:
        return ""
    z = sampling.sample(TRIED, model.latents, seed=0)
    surest = judge.load().judge.read(sample(model, z, None).numpy()).probabilities.max(1).argmax()
    return codec.encode(z[int(surest)])


def explorable(
    model: Model, names: Names, found: Sequence[Basis] = (), real: Bytes | None = None, start: str = ""
) -> bytes:
    """The program of a model (`gan.export.program.wire`) with all that a widget needs: its names, directions, real
    digits (N, 28, 28), the latent that it opens with, what its words mean, and how D's output reads."""
    about = {
        **asdict(names),
        "digit": 3,
        "start": start,
        "words": glossary.GLOSSARY,
        "bases": [
            {
                "id": hashlib.sha256(basis.directions.numpy().tobytes()).hexdigest()[:16],
                "name": basis.name,
                "label": basis.label,
                "meaning": basis.meaning,
                "directions": [[round(value, 5) for value in row] for row in basis.directions.tolist()],
                "names": basis.names,
            }
            for basis in found
        ],
        "real": [base64.b64encode(image.tobytes()).decode() for image in (() if real is None else real)],
    }
    return wire(compile_model(model), about)


def standalone_page(model: Model, reference: str, title: str = "A forger of digits") -> str:
    """One HTML file with the model, its explorer and nothing from elsewhere: it works from a USB stick."""
    config = model.config
    told = f"{config.preset}, {model.images:,} images" if model.images else config.preset
    if still := stillness(config):
        told = f"{told}. {still}"
    names = Names(reference, reference, reference, reference)
    found = bases(model.generator, model.latents)
    content = explorable(model, names, found, start=opening(model))
    weights = base64.b64encode(content).decode()
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>
:root {{ color-scheme: light dark; --st-text-color: #22252b; --st-secondary-background-color: #f4f2ee;
  --st-primary-color: #9a5b00; --page: #fff; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --st-text-color: #e8e6e1; --st-secondary-background-color: #1f2228; --st-primary-color: #f0a030;
    --page: #14161a; }}
}}
html {{ font-size: max(100%, min(1.25vw, 2vh, 32px)); }}
body {{ margin: 0 auto; padding: 1.2rem; max-width: 78rem; background: var(--page); color: var(--st-text-color);
  font-family: system-ui, sans-serif; }}
h1 {{ font-size: 1.4rem; margin: 0 0 .2rem; }}
header p {{ margin: 0 0 1rem; opacity: .75; font-size: .875rem; }}
{glossary.STYLE}
{web.style("standalone")}
</style>
<header>
<h1>{html.escape(title)}</h1>
<p>A GAN that learned to forge handwritten digits ({html.escape(told)}). It runs in this page; nothing is loaded from
elsewhere. Made with Counterfeit.</p>
</header>
<main id="explorer"></main>
<script type="text/plain" id="program">{weights}</script>
<script type="module">
{web.script("standalone")}
</script>
</html>
"""
