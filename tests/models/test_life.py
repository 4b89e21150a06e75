"""The same latent through the life of a run."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gan.data import DataSet
from gan.latents import codec
from gan.models.life import born, latent_of
from gan.models.model import load_model, model_content
from gan.models.sampling import sample
from gan.models.snapshots import without_discriminator
from tests.helpers import build


@pytest.mark.parametrize("name", ["cgan", "dcgan", "infogan"])
def test_pictures_are_those_of_each_generator(digits: DataSet, tmp_path: Path, name: str) -> None:
    """Whether or not a moment has kept its discriminator; what cannot be read is left out."""
    trainer, paths = build(digits, name), []
    for number in range(4):
        trainer.step()
        content = model_content(trainer.model(0.0))
        paths.append(tmp_path / f"{number}.safetensors")
        paths[-1].write_bytes((without_discriminator(content) or content) if number < 3 else content)
    paths[1].write_bytes(b"damaged")
    z = load_model(paths[0]).latents.sample(1, torch.Generator().manual_seed(0))
    y = torch.tensor([3])
    images, pictures = born([*paths, tmp_path / "gone"], z, y)
    left = [load_model(paths[number]) for number in (0, 2, 3)]
    assert images == [model.images for model in left]
    for model, picture in zip(left, pictures, strict=True):
        expected = sample(model, z, y if model.config.conditional else None)[0].numpy()
        assert np.abs(picture.astype(int) - expected.astype(int)).max() <= 1


def test_latent_of_another_size_makes_nothing(digits: DataSet, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(model_content(build(digits).model(0.0)))
    images, pictures = born([path], torch.zeros(1, 3), torch.tensor([1]))
    assert images == []
    assert pictures.shape == (0, 28, 28)


def test_link_says_what_is_in_hand() -> None:
    z, mix = torch.tensor([[0.5, -1.0]]), torch.full((1, 10), 0.1)
    latent, digit = latent_of(codec.encode(z), "7", "", 10)
    assert torch.equal(latent, z)
    assert digit.tolist() == [7]
    _, shares = latent_of(codec.encode(z), "", codec.encode(mix), 10)
    assert torch.allclose(shares, mix, atol=1e-3)
    for wrong in (("", "7", ""), (codec.encode(z), "77", ""), (codec.encode(z), "", codec.encode(z))):
        with pytest.raises(ValueError, match=r"link holds|10 shares"):
            latent_of(*wrong, 10)
