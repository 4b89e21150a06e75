"""What the chart of quality says at a moment, for people who see a GAN for the first time. Pure; no torch."""

FAR, NEAR = 1.15, 1.5
"""So many times the best a distance is clearly worse; so many times the floor it is nearly as good as it gets."""


def of_distance(fcd: float | None, floor: float | None, best: float | None, best_images: int) -> str:
    """Of the distance of forgeries from real digits: now, of real digits among themselves, and at its lowest until now,
    after so many images. Empty before it was measured."""
    if fcd is None or not floor:
        return ""
    if best is not None and fcd > FAR * best:
        return (
            f"Lower is better. It was {best:.1f} after {best_images:,} images and is {fcd:.1f}: further training can "
            "make digits worse. The best is kept."
        )
    if fcd < NEAR * floor:
        return f"Lower is better. At {fcd:.1f} it is nearly as low as among real digits, {floor:.1f}."
    return f"Lower is better: {fcd:.1f} now, while real digits among themselves have {floor:.1f}."
