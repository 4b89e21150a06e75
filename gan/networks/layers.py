"""What generators and discriminators have in common."""

from torch import Tensor, nn

IMAGE = (1, 28, 28)


PIXELS = 28 * 28


def activation(name: str) -> nn.Module:
    """The non-linearity of a hidden layer."""
    return nn.ReLU(inplace=True) if name == "relu" else nn.LeakyReLU(0.2, inplace=True)


def halve(channels: int, to: int, bias: bool = True) -> nn.Conv2d:
    """A convolution that halves height and width."""
    return nn.Conv2d(channels, to, kernel_size=4, stride=2, padding=1, bias=bias)


def double(channels: int, to: int, bias: bool = True) -> nn.ConvTranspose2d:
    """A transposed convolution that doubles height and width."""
    return nn.ConvTranspose2d(channels, to, kernel_size=4, stride=2, padding=1, bias=bias)


def required(y: Tensor | None) -> Tensor:
    """The classes that a conditional network needs; raises `ValueError` if there are none."""
    if y is None:
        raise ValueError("A conditional model needs the classes y.")
    return y


def count_parameters(module: nn.Module) -> int:
    """The number of trainable numbers in a network."""
    return sum(parameter.numel() for parameter in module.parameters())
