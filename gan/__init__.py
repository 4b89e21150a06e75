"""A small GAN that learns to forge handwritten digits, and what is needed to watch it.

Nothing in this package imports Streamlit; `gan.config`, `gan.quality.results`, `gan.runs`, `gan.render` and
`gan.plots` import no torch either, so that a page is up before torch is.
"""

import os

# PyTorch's threads wait for each other after every layer, spinning. Too short a spin, and they fall asleep between
# layers; a long one burns what other processes need. This is the quickest with the machine to itself and no different
# with a page open; beside a process that never rests a short one is better (`benchmarks.spin`). Read when torch is
# imported, so it has to stand here.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
