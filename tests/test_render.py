import io

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan import render

Bytes = npt.NDArray[np.uint8]


def _images(count: int, size: int = 28, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size), dtype=np.uint8)


def test_grid_by_hand() -> None:
    """Three images of one pixel in rows of two, one pixel of grey between them, black at the end."""
    images = np.array([10, 20, 30], np.uint8).reshape(3, 1, 1)
    grey = render.GAP_GREY
    assert render.grid(images, columns=2).tolist() == [[10, grey, 20], [grey, grey, grey], [30, grey, 0]]


def test_grid_needs_an_image() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        render.grid(np.empty((0, 28, 28), np.uint8), columns=10)


@pytest.mark.parametrize(("count", "columns", "gap"), [(6, 3, 1), (4, 4, 2), (3, 1, 1)])
def test_grid_is_the_one_of_torchvision(count: int, columns: int, gap: int) -> None:
    from torchvision.utils import make_grid

    images = _images(count)
    theirs = make_grid(torch.from_numpy(images)[:, None], columns, padding=gap, pad_value=render.GAP_GREY)[0].numpy()
    # Theirs has a frame as well.
    assert np.array_equal(render.grid(images, columns, gap), theirs[gap:-gap, gap:-gap])


@given(count=st.integers(1, 30), columns=st.integers(1, 12), size=st.integers(1, 6), gap=st.integers(1, 3))
def test_cells_undoes_grid(count: int, columns: int, size: int, gap: int) -> None:
    images = _images(count, size, seed=count)
    cells = render.cells(render.png(render.grid(images, columns, gap)), size, gap)
    assert np.array_equal(cells[:count], images)
    assert len(cells) == -(-count // columns) * columns
    assert not cells[count:].any()


def test_png_is_exact_and_grey() -> None:
    picture = _images(1)[0]
    read = Image.open(io.BytesIO(render.png(picture)))
    assert (read.format, read.mode) == ("PNG", "L")
    assert np.array_equal(np.asarray(read), picture)


def test_png_scales_pixels_to_squares() -> None:
    read = np.asarray(Image.open(io.BytesIO(render.png(np.array([[1, 2]], np.uint8), scale=3))))
    assert read.tolist() == [[1, 1, 1, 2, 2, 2]] * 3


def test_npz_gives_back_what_it_got() -> None:
    arrays = {"images": _images(2), "labels": np.array([3, 4], np.uint8), "latents": np.ones((2, 5), np.float32)}
    with np.load(io.BytesIO(render.npz(**arrays)), allow_pickle=False) as read:
        assert set(read) == set(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == array.dtype
            assert np.array_equal(read[name], array)
