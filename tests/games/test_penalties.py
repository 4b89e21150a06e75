import pytest
import torch
from torch import Tensor

from gan.games.penalties import gradient_penalty
from tests.helpers import networks, small


def _images(count: int) -> Tensor:
    noise = torch.Generator().manual_seed(0)
    return (torch.rand(count, 1, 28, 28, generator=noise) * 2 - 1).double().requires_grad_()


def test_slope_of_a_plane_is_its_steepness() -> None:
    """D(x) = w·x with w = (3, 4): 9 + 16, wherever the images are, and however many."""
    w = torch.tensor([3.0, 4.0])
    for images in (torch.zeros(1, 2), torch.tensor([[1.0, 2.0], [-5.0, 7.0], [0.0, 9.0]])):
        assert gradient_penalty(images.requires_grad_() @ w, images).item() == pytest.approx(25)


def test_slope_of_a_bowl_by_hand() -> None:
    """D(x) = |x|² / 2 has the slope x: 1 + 4 at (1, 2) and 9 + 16 at (3, 4), 15 on average."""
    images = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert gradient_penalty(images.square().sum(1) / 2, images).item() == pytest.approx(15)


def test_slope_of_a_quadratic_form_by_hand() -> None:
    """D(x) = xᵀAx / 2 with A = ((2, 1), (1, 3)) has the slope Ax: (4, 7) at (1, 2), 16 + 49."""
    images = torch.tensor([[1.0, 2.0]], requires_grad=True)
    matrix = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    assert gradient_penalty((images @ matrix * images).sum(1) / 2, images).item() == pytest.approx(65)


def test_slope_is_over_all_pixels_and_a_mean_over_the_images() -> None:
    """D(x) = the sum of 784 pixels: the slope is 1 in each."""
    images = torch.zeros(5, 1, 28, 28, requires_grad=True)
    assert gradient_penalty(images.sum((1, 2, 3)), images).item() == pytest.approx(784)


@pytest.mark.parametrize(
    "changes",
    [{}, {"architecture_d": "conv"}, {"spectral_norm_d": True}, {"architecture_d": "conv", "widths_d": (8, 8, 12)}],
)
def test_slope_is_that_of_finite_differences(changes: dict[str, object]) -> None:
    """Pixel by pixel, a millionth up and down; D is straight between its kinks."""
    torch.manual_seed(0)
    discriminator = networks(small(**changes))[1].double().eval()
    images, y = _images(2), torch.tensor([3, 8])
    squares = []
    with torch.no_grad():
        for image, digit in zip(images, y, strict=True):
            offsets = 1e-6 * torch.eye(784, dtype=torch.float64).view(784, 1, 28, 28)
            digits = digit.repeat(784)
            up, down = (discriminator(image + sign * offsets, digits) for sign in (1, -1))
            squares.append(((up - down) / 2e-6).square().sum())
    expected = torch.stack(squares).mean().item()
    assert expected > 1e-6
    assert gradient_penalty(discriminator(images, y), images).item() == pytest.approx(expected, rel=1e-4)


def test_graph_is_kept_so_that_the_slope_can_be_descended() -> None:
    """d|w|²/dw = 2w, whatever the images; and the logits can still be descended themselves, by the mean image."""
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    images = torch.tensor([[1.0, 2.0], [3.0, 6.0]], requires_grad=True)
    logits = images @ w
    gradient_penalty(logits, images).backward()
    assert w.grad is not None
    assert w.grad.tolist() == pytest.approx([6.0, 8.0])
    w.grad = None
    logits.mean().backward()
    assert w.grad is not None
    assert w.grad.tolist() == pytest.approx([2.0, 4.0])


def test_slope_of_low_precision_is_squared_in_float32() -> None:
    """300² does not fit into float16."""
    images = torch.zeros(1, 2, dtype=torch.float16, requires_grad=True)
    slope = gradient_penalty(300 * images.sum(1), images)
    assert slope.dtype == torch.float32
    assert slope.item() == pytest.approx(180_000, rel=1e-3)
