"""The explorer of a model: what the page is sent, and the same as one HTML file that needs no server."""

import base64
import html
import json
from pathlib import Path

from gan.checkpoint import Model
from gan.directions import bases
from gan.export import compile_model, wire
from gan.losses import LOSSES

WEB = Path(__file__).parent.parent / "pages" / "components"
SCRIPTS = ("runtime.js", "share.js", "hand.js", "pad.js", "explorer.js")


def explorable(model: Model, reference: str) -> bytes:
    """The program of a model (`gan.export.wire`) with all that its explorer needs: directions with their names,
    how D's output reads, and `reference`, what the command line calls the model."""
    about = {
        "model": reference,
        "digit": 3,
        "is_probability": LOSSES[model.config.loss](0.0).probability is not None,
        "bases": [
            {
                "name": basis.name,
                "label": basis.label,
                "meaning": basis.meaning,
                "directions": [[round(value, 5) for value in row] for row in basis.directions.tolist()],
                "names": basis.names,
            }
            for basis in bases(model.generator, model.config.latent_dim)
        ],
    }
    return wire(compile_model(model), about)


def script() -> str:
    """The explorer's JavaScript: one file after the other, since a component cannot import."""
    return "\n".join((WEB / name).read_text() for name in SCRIPTS)


def style() -> str:
    """Its style sheet."""
    return (WEB / "explorer.css").read_text()


def standalone_page(model: Model, reference: str, title: str) -> str:
    """One HTML file with the model, its explorer and nothing from elsewhere: it works from a USB stick."""
    config = model.config
    told = f"{config.preset}, {model.images:,} images" if model.images else config.preset
    weights = base64.b64encode(explorable(model, reference)).decode()
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
body {{ margin: 0 auto; padding: 1.2rem; max-width: 1180px; background: var(--page); color: var(--st-text-color);
  font-family: system-ui, sans-serif; }}
h1 {{ font-size: 1.4rem; margin: 0 0 .2rem; }}
header p {{ margin: 0 0 1rem; opacity: .75; font-size: .875rem; }}
{style()}
</style>
<header>
<h1>{html.escape(title)}</h1>
<p>A GAN that learned to forge handwritten digits ({html.escape(told)}). It runs in this page; nothing is loaded from
elsewhere. Made with Counterfeit.</p>
</header>
<main id="explorer"></main>
<script>
{script()}
const weights = {json.dumps(weights)};
mountExplorer(document.getElementById("explorer"), readProgram(Uint8Array.from(atob(weights), (c) => c.charCodeAt(0))));
</script>
</html>
"""
