"""The explorer of a model as one HTML file that needs no server. No torch at import."""

import base64
import html
from typing import TYPE_CHECKING

from gan import glossary, web
from gan.export.content import Names, presented
from gan.games import stillness

if TYPE_CHECKING:
    from gan.models.model import Model


def standalone_page(model: "Model", reference: str, title: str = "") -> str:
    """One HTML file with the model, its explorer and nothing from elsewhere: it works from a USB stick."""
    from gan.export.explorable import looked_into

    config, spec = model.config, model.config.data.spec
    title = title or f"A forger of {spec.many}"
    told = f"{config.preset}, {model.images:,} images" if model.images else config.preset
    if still := stillness(config):
        told = f"{told}. {still}"
    names = Names(reference, reference, reference, reference)
    weights = base64.b64encode(presented(looked_into(model), names, spec)).decode()
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
<p>A GAN that learned to forge {html.escape(spec.many)} ({html.escape(told)}). It runs in this page; nothing is
loaded from elsewhere. Made with Counterfeit.</p>
</header>
<main id="explorer"></main>
<script type="text/plain" id="program">{weights}</script>
<script type="module">
{web.script("standalone")}
</script>
</html>
"""
