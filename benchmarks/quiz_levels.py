"""The levels of the quiz that ship: `python -m benchmarks.quiz_levels`.

Trains the preset cgan in float32 on one thread, and takes its averaged generator and its discriminator at three
moments. Of each, and of the generator that ships, pictures and what the machines say of them go to
gan/assets/quiz/levels.npz, and what was measured to levels.md beside it. Moments are counted in images, so that a busy
machine makes the same levels.
"""

import time

import numpy as np

from benchmarks import machine
from gan import data, presets
from gan.models.model import Model, load_model
from gan.paths import PRETRAINED
from gan.quality.quiz import Pool, right
from gan.quality.quiz_pools import LEVELS, SHIPPED, gathered, write
from gan.training.trainer import Trainer

MOMENTS = {"5s": 33_000, "20s": 134_000, "60s": 402_000}
"""Images seen: what the names say at 6,700 images a second."""
COUNT = 500
"""Pictures of each kind."""


def row(name: str, model: Model, pool: Pool) -> str:
    """A row of the card: how many of all pictures each machine has right."""
    total = len(pool.truth)
    answers = [pool.discriminator, pool.classifier]
    shares = [f"{right(one, pool.truth) / total:.1%}" if one else "–" for one in answers]
    called = [f"{one.count('f') / total:.1%}" if one else "–" for one in answers]
    return f"| {name} | {model.images:,} | {shares[0]} | {called[0]} | {shares[1]} | {called[1]} |"


def main() -> None:
    """Trains, and writes the file and its card."""
    trainer = Trainer(presets.preset("cgan").changed(precision="float32", threads=1, device="cpu"), data.load())
    began = time.perf_counter()
    pools, rows = {}, []
    for name, images in MOMENTS.items():
        while trainer.images_seen < images:
            trainer.step(progress=trainer.images_seen / max(MOMENTS.values()))
        model = trainer.model(time.perf_counter() - began)
        for network in (model.generator, model.discriminator):
            assert network is not None
            network.eval()
        pools[name] = gathered(model, COUNT)
        trainer.discriminator.train()
        rows.append(row(name, model, pools[name]))
        print(rows[-1], f"{time.perf_counter() - began:.0f} s", flush=True)
    model = load_model(PRETRAINED)
    pools["shipped"] = gathered(model, COUNT)
    rows.append(row("shipped", model, pools["shipped"]))
    assert pools.keys() == LEVELS.keys()
    write(SHIPPED, pools)
    table = "\n".join(rows)
    SHIPPED.with_name("levels.md").write_text(f"""# levels.npz

What the quiz draws from: {COUNT} real MNIST test images, and {COUNT} forgeries each of four generators, all with
sixteen grey levels ({SHIPPED.stat().st_size / 1e6:.2f} MB), with what the generator's discriminator and the digit
classifier say of each picture.

* Made by `python -m benchmarks.quiz_levels` on {machine.line()}.
* The first three are one training of the preset `cgan` in float32, seed {trainer.config.seed}, at three moments, named
  after the seconds that they take at 6,700 images a second; the last is pretrained.safetensors.
* Real images and forgeries are derived from MNIST; see ../mnist.md for its origin and licence.

Of all {2 * COUNT} pictures of a level, half of them forged, so many are judged rightly, and so many called forged:

| level | images seen | discriminator: right | called forged | classifier: right | called forged |
|---|---|---|---|---|---|
{table}
""")
    print(SHIPPED, SHIPPED.stat().st_size, np.load(SHIPPED).files)


if __name__ == "__main__":
    main()
