"""A small GAN that learns to forge handwritten digits, and what is needed to watch it.

Nothing in this package imports Streamlit; `gan.config`, `gan.runs`, `gan.render` and `gan.plots`
import no torch either, so that a page is up before torch is.
"""
