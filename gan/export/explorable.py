"""A model with what exploring it needs: the directions of its latents, and the latent with which it opens."""

import hashlib
from collections.abc import Sequence

from gan.data import Bytes
from gan.export.content import Names, presented
from gan.export.program import compile_model, wire
from gan.latents import codec, sampling
from gan.latents.directions import Basis, bases
from gan.models.model import Model
from gan.models.sampling import sample
from gan.quality import judge

TRIED = 64
"""Latents among which the one is found with which a model opens."""


def opening(model: Model) -> str:
    """The latent with which a model opens, as a link holds it. A conditional one opens at the centre of the prior, its
    average picture. For an unconditional one that is a blur of all classes, so it opens at the one of `TRIED` latents
    whose picture the judge is surest of; at the first of them where the data set has no judge yet."""
    if model.config.conditional:
        return ""
    z = sampling.sample(TRIED, model.latents, seed=0)
    try:
        reader = judge.load(model.config.data.dataset).judge
    except judge.JudgeError:
        return codec.encode(z[0])
    surest = reader.read(sample(model, z, None).numpy()).probabilities.max(1).argmax()
    return codec.encode(z[int(surest)])


def program_of(model: Model, found: Sequence[Basis] = (), start: str = "") -> bytes:
    """The program of a model (`gan.export.program.wire`) with its directions and the latent that it opens with."""
    about = {
        "start": start,
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
    }
    return wire(compile_model(model), about)


def looked_into(model: Model) -> bytes:
    """The same with directions and opening latent found here and now, which takes a second or two."""
    return program_of(model, bases(model.generator, model.latents), opening(model))


def explorable(
    model: Model, names: Names, found: Sequence[Basis] = (), real: Bytes | None = None, start: str = ""
) -> bytes:
    """All that a widget needs of a model (`gan.export.content.presented`)."""
    return presented(program_of(model, found, start), names, model.config.data.spec, real)
