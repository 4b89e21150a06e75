"""Batches of a training set without a DataLoader.

The whole training set is one uint8 tensor on the device (47 MB); a batch is picked by index and only then turned into
floats.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


class Sampler:
    """Endless batches of a training set, a fresh permutation for each pass over it.

    A batch depends on the seed and on how many images were drawn before, and on nothing else: a run
    resumes by setting `drawn`. Batches run on over the end of a pass, so that each pass shows every
    image exactly once whatever the batch size.
    """

    def __init__(self, images: "torch.Tensor", labels: "torch.Tensor", batch_size: int, seed: int) -> None:
        """`images` (N, 28, 28) and `labels` (N,) are uint8 and lie on the device of the training."""
        self.images = images.unsqueeze(1)
        self.labels = labels
        self.batch_size = batch_size
        self.seed = seed
        self.drawn = 0
        self._passes: dict[int, torch.Tensor] = {}

    def _permutation(self, number: int) -> "torch.Tensor":
        import torch

        if number not in self._passes:
            # Not torch.randperm: its generator looks at 32 bits of the seed only, too few for both numbers.
            order = np.random.default_rng((self.seed, number)).permutation(len(self.labels))
            # One pass back is enough: a batch spans two at most, unless the data set is tiny.
            self._passes = {key: value for key, value in self._passes.items() if key == number - 1}
            self._passes[number] = torch.from_numpy(order).to(self.images.device)
        return self._passes[number]

    def __next__(self) -> tuple["torch.Tensor", "torch.Tensor"]:
        """The next images (N, 1, 28, 28), float in [-1, 1], and their classes (N,), int64."""
        import torch

        size = len(self.labels)
        parts = []
        wanted = self.batch_size
        while wanted:
            number, start = divmod(self.drawn, size)
            part = self._permutation(number)[start : start + wanted]
            parts.append(part)
            self.drawn += len(part)
            wanted -= len(part)
        index = parts[0] if len(parts) == 1 else torch.cat(parts)
        images = self.images.index_select(0, index).float().mul_(2 / 255).sub_(1)
        return images, self.labels.index_select(0, index).long()
