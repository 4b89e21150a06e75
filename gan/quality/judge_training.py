"""How judges are made: trained on real images, measured, written beside their data set."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gan import data
from gan.data import DEFAULT, Bytes, CancelledError, Sampler
from gan.quality import judge, metrics
from gan.quality.examiner import SAMPLES
from gan.quality.judge import Judge, JudgeError
from gan.system import locks
from gan.system.files import write_atomically

BATCH, RATE = 128, 4e-3


def _jittered(images: Tensor, noise: torch.Generator) -> Tensor:
    """Each image turned by up to 10°, sized by up to 10 %, sheared and shifted by up to 2 pixels: what
    handwriting does by itself, and a photograph may. No flips: a mirrored digit is no digit."""
    count = len(images)
    turn, size, shear = (torch.rand(3, count, generator=noise) * 2 - 1) * torch.tensor([[0.17], [0.1], [0.15]])
    shift = (torch.rand(count, 2, generator=noise) * 2 - 1) * (2 / 14)
    cos, sin = turn.cos() * (1 + size), turn.sin() * (1 + size)
    rows = torch.stack((cos, shear - sin, shift[:, 0], sin, cos, shift[:, 1]), 1).view(count, 2, 3)
    grid = F.affine_grid(rows, list(images.shape), align_corners=False)
    return F.grid_sample(images + 1, grid, align_corners=False) - 1  # what comes in from outside is black


def train(
    images: Bytes,
    labels: Bytes,
    *,
    classes: int,
    passes: float,
    seed: int = 0,
    watch: Callable[[int, int], None] | None = None,
) -> Judge:
    """A judge that has learned from these images (N, 28, 28) and their classes (N,), both uint8.

    `passes` times over the images, slightly deformed each time, with AdamW and one rise and fall of the
    learning rate. `watch` is told the steps taken and the steps in all.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        judge = Judge(classes).train()
        noise = torch.Generator().manual_seed(seed)
        sampler = Sampler(torch.from_numpy(images), torch.from_numpy(labels), BATCH, seed)
        steps = max(1, round(passes * len(labels) / BATCH))
        optimizer = torch.optim.AdamW(judge.parameters(), weight_decay=0.02, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps)
        for step in range(steps):
            batch, y = next(sampler)
            loss = F.cross_entropy(judge(_jittered(batch, noise)), y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            if watch:
                watch(step + 1, steps)
    return judge.eval().requires_grad_(False)


def make_judge(
    dataset: str = DEFAULT, watch: Callable[[int, int], None] | None = None, passes: float | None = None
) -> tuple[bytes, dict[str, float]]:
    """Trains the judge of a data set and measures it: the content of its file, and what was measured.

    Beside its weights the file holds the statistics of the validation images that `gan.quality.examiner` compares with,
    and the floor of what it finds with 1,000 images.
    """
    of, real = data.spec(dataset), data.load(dataset)
    trained = train(
        *real.for_judge,
        classes=len(of.classes),
        passes=of.judge_passes if passes is None else passes,
        watch=watch,
    )
    reference = metrics.gaussian(trained.read(real.validation[0]).features)
    images, labels = data.some(*real.test, SAMPLES)
    some = trained.read(images)
    about = {
        "accuracy_test": judge.accuracy(trained, *real.test),
        "accuracy_validation": judge.accuracy(trained, *real.validation),
        "agreement_floor": float((some.labels == labels).mean()),
        "fcd_floor": metrics.frechet_distance(metrics.gaussian(some.features), reference),
    }
    statistics = {name: torch.from_numpy(value) for name, value in reference._asdict().items()}
    return judge.content(trained, about, statistics, dataset), about


def ready(
    dataset: str,
    watch: Callable[[float, str], None] = lambda _share, _doing: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Sees to it that a data set and its judge are here: what ships is, another set is fetched, and its judge trained,
    once. `watch` is told the share that is done, and what is being done.

    Raises `gan.data.DataError`, `gan.quality.judge.JudgeError` where all but the judge is here, and
    `gan.data.CancelledError`.
    """
    data.fetch(dataset, watch, cancelled)
    of = data.spec(dataset)
    if of.ships or judge.is_here(dataset):
        return
    doing = f"Training the classifier of {of.title}, which says how good forgeries are (once)"
    watch(0.0, doing)

    def look(step: int, steps: int) -> None:
        watch(step / steps, doing)
        if cancelled():
            raise CancelledError

    def waiting() -> None:
        watch(0.0, f"Another process is training the classifier of {of.title}")
        if cancelled():
            raise CancelledError

    path = data.judge_path(of)
    try:
        with locks.held_when_free(path.with_name(f".{path.name}.lock"), waiting):
            if not judge.is_here(dataset):
                content, _ = make_judge(dataset, look)
                write_atomically(path, content)
    except OSError as error:
        raise JudgeError(f"The classifier of {of.title} cannot be kept in {path.parent} ({error.strerror}).") from error
