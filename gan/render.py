"""Digits as pictures: grids, strips, PNG. Arrays in, bytes out.

Grids are laid out in numpy: torchvision's make_grid does the same, but importing it takes longer than
everything else that stands between Start and the first picture. The tests hold the two against each
other.
"""

import base64
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Bytes = npt.NDArray[np.uint8]
COLUMNS = 10
"""Pictures in a row of a run's grid."""
GAP = 1
"""Pixels between two digits of a grid."""
GAP_GREY = 38
CAPTION = 28
"""Pixels above the pictures of a film."""


def grid(images: Bytes, columns: int, gap: int = GAP) -> Bytes:
    """Images (N, H, W) as one picture, row by row, `gap` dark-grey pixels between them.

    The last row is filled up with black. Raises `ValueError` for no images.
    """
    if len(images) == 0:
        raise ValueError("A grid needs at least one image.")
    count, height, width = images.shape
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, height, width), np.uint8)
    cells[:count] = images
    padded = np.full((rows, columns, height + gap, width + gap), GAP_GREY, np.uint8)
    padded[:, :, :height, :width] = cells.reshape(rows, columns, height, width)
    whole = padded.swapaxes(1, 2).reshape(rows * (height + gap), columns * (width + gap))
    return whole[: whole.shape[0] - gap, : whole.shape[1] - gap]


def png(picture: Bytes, scale: int = 1) -> bytes:
    """A grey picture (H, W) as a PNG file, each pixel `scale` wide."""
    image = Image.fromarray(picture)
    if scale > 1:
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def url(content: bytes, kind: str = "png") -> str:
    """A picture as the address under which a page finds it: with it comes the picture itself."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def cells(picture: bytes, size: int = 28, gap: int = GAP) -> Bytes:
    """The images (N, size, size) of a grid that was saved as PNG, row by row: undoes `png(grid(…))`. Raises
    `ValueError` for what is no whole picture."""
    try:
        whole = np.asarray(Image.open(io.BytesIO(picture)).convert("L"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("This is no whole picture.") from error
    pitch = size + gap
    rows, columns = (whole.shape[0] + gap) // pitch, (whole.shape[1] + gap) // pitch
    padded = np.zeros((rows * pitch, columns * pitch), np.uint8)
    padded[: whole.shape[0], : whole.shape[1]] = whole
    return padded.reshape(rows, pitch, columns, pitch).swapaxes(1, 2)[:, :, :size, :size].reshape(-1, size, size)


def film(pictures: Sequence[Bytes], captions: Sequence[str], milliseconds: int = 140, scale: int = 2) -> bytes:
    """Grey pictures (H, W) of one size as an animated GIF that goes on for ever, each pixel `scale` wide, its caption
    and how far the film is above it. The last one stays for two seconds."""
    frames = []
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True), 1):
        image = Image.fromarray(picture)
        width, height = image.width * scale, image.height * scale
        frame = Image.new("L", (width, height + CAPTION))
        frame.paste(image.resize((width, height), Image.Resampling.NEAREST), (0, CAPTION))
        draw = ImageDraw.Draw(frame)
        draw.text((6, 4), caption, fill=255, font=ImageFont.load_default(16))
        draw.rectangle((0, CAPTION - 4, round(width * number / len(pictures)) - 1, CAPTION - 2), fill=170)
        frames.append(frame)
    buffer = io.BytesIO()
    times = [milliseconds] * (len(frames) - 1) + [2000]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    return buffer.getvalue()


def pixels(picture: bytes) -> Bytes:
    """The greys (H, W) of a picture that `is_png`."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L"))


def is_png(content: bytes) -> bool:
    """Whether it is a whole PNG file of a picture that a page can show."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.verify()
            return min(image.size) >= 28 and max(image.size) <= 4000
    except Exception:  # what a decoder raises for garbage is anything
        return False


def npz(images: Bytes, labels: Bytes, latents: npt.NDArray[np.float32]) -> bytes:
    """A compressed numpy archive of pictures, their digits and their latents, as bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=images, labels=labels, latents=latents)
    return buffer.getvalue()
