"""A small GAN that learns to forge handwritten digits, and what is needed to watch it.

Nothing in this package imports Streamlit; `gan.config`, `gan.figures`, `gan.runs`, `gan.render` and
`gan.plots` import no torch either, so that a page is up before torch is.
"""

import os

# PyTorch's threads wait for each other after every layer, spinning. Where a browser or a server wants the same
# cores, that burns what the late thread needs; with too short a spin they fall asleep between layers. This lies
# between the two; `benchmarks.spin` compares. Read when torch is imported, so it has to stand here.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
