"""Curves as arrays (5, N): images, seconds, mean, minimum, maximum of each record."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def reduced(series: Array, points: int = 600) -> Array:
    """At most `points` columns of a series (5, N): means of means, extremes of extremes, over bins of
    equally many records."""
    count = series.shape[1]
    if count <= points:
        return series
    edges = np.linspace(0, count, points + 1).astype(int)[:-1]
    sizes = np.diff(np.append(edges, count))
    return np.stack(
        (
            np.maximum.reduceat(series[0], edges),
            np.maximum.reduceat(series[1], edges),
            np.add.reduceat(series[2], edges) / sizes,
            np.minimum.reduceat(series[3], edges),
            np.maximum.reduceat(series[4], edges),
        )
    )
