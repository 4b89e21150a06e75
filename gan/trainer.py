"""One training step of a GAN, and all that it needs; no input or output.

`Trainer.step()` is a discriminator pass and a generator pass. What it measures stays on the device as
tensors until `take_record()` fetches it, so that a step never waits for the device.
"""

import copy
import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan import device as devices
from gan.config import TrainConfig
from gan.data import Digits, Sampler
from gan.losses import LOSSES
from gan.messages import Summary
from gan.models import Discriminator, Generator
from gan.penalties import squared_slope
from gan.threads import ThreadController

STATISTICS = ("loss_d", "loss_g", "d_real", "d_fake", "accuracy_real", "accuracy_fake")
"""Measured in every step. `d_*` is the mean of D's probability, or of its score where the loss has no
probability; `accuracy_*` the share of images that D puts on the right side."""
NORMS = ("gradient_norm_g", "gradient_norm_d", "update_norm_g", "update_norm_d")
"""Euclidean norms over all parameters of a network, in steps taken with `norms=True`. The update is
what the whole step changed."""
RAMP = 0.05
"""The averaging half-life is at most this share of the images seen so far, so that the average forgets
the noise that it began with (Karras et al. 2022 ramp it up in the same way)."""


class Trainer:
    """A generator, a discriminator, the averaged generator and their optimisers, ready to step.

    `images` counts the real images shown to D; with `lr_g` and `lr_d` it is what a record is about.
    On a CPU two trainers with the same config stay equal bit for bit if it gives a number for `threads`.
    """

    def __init__(self, config: TrainConfig, digits: Digits, device: torch.device | None = None) -> None:
        """Raises `gan.device.DeviceError` if the configured device does not work."""
        self.config = config
        self.device = device or devices.choose(config.device).device
        self.dtype = devices.choose_precision(config.precision, self.device)
        # Drawn on the CPU, so that a seed means the same networks on every device.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            # Convolutions are fastest with the channels side by side; other layers do not mind.
            self.generator = Generator(config).to(self.device).to(memory_format=torch.channels_last)
            self.discriminator = Discriminator(config).to(self.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.optimizer_g = self._adam(self.generator, config.lr_g)
        self.optimizer_d = self._adam(self.discriminator, config.lr_d)
        self.loss = LOSSES[config.loss](config.label_smoothing)
        self.sampler = Sampler(
            torch.from_numpy(digits.train_images).to(self.device),
            torch.from_numpy(digits.train_labels).to(self.device),
            config.batch_size,
            config.seed,
        )
        # Sizes are computed on the meta device, which has no random numbers of its own.
        source = "cpu" if self.device.type == "meta" else self.device
        self.noise = torch.Generator(source).manual_seed(config.seed)
        self.note = ""
        """What does not go on exactly as it was when a checkpoint was taken, for people."""
        self.lr_g, self.lr_d = config.lr_g, config.lr_d
        """The learning rates, which can be set between steps; a schedule takes its share of them."""
        self.steps = 0
        cores = devices.cores()
        self._controller = ThreadController(*((1, cores) if config.threads == "auto" else (config.threads,) * 2))
        self._raw, self._averaged = _floats(self.generator), _floats(self.average)
        self._norms = torch.full((len(NORMS),), math.nan)
        self._start_record()

    @property
    def images(self) -> int:
        """Real images shown to the discriminator so far."""
        return self.sampler.drawn

    @property
    def threads(self) -> int:
        """How many threads of a CPU a step has at present."""
        return self._controller.chosen

    def latents(self, count: int) -> Tensor:
        """The next `count` latents z ~ N(0, I), (count, latent_dim)."""
        return torch.randn(count, self.config.latent_dim, generator=self.noise, device=self.device)

    def step(self, norms: bool = False, spent: float = 0.0) -> None:
        """One step: `d_steps` updates of D with G frozen, then `g_steps` of G with D frozen.

        `norms` also measures gradients and updates; it changes nothing in what is learned. `spent` is the
        share of the budget that is spent, 0 to 1, which the learning rates' decay follows.
        """
        with self._on_threads():
            self._step(norms, spent)

    @contextmanager
    def _on_threads(self) -> Iterator[None]:
        """Gives a step on a CPU its number of threads, and tells the controller how long it took."""
        if self.device.type != "cpu":
            yield
            return
        threads = self._controller.threads
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        began = time.perf_counter()
        yield
        self._controller.step_took(time.perf_counter() - began)

    def _step(self, norms: bool, spent: float) -> None:
        self._set_rates(spent)
        networks = (self.generator, self.discriminator)
        before = [[p.detach().clone() for p in network.parameters()] for network in networks] if norms else []
        for _ in range(self.config.d_steps):
            x, y = next(self.sampler)
            fakes = self._forge(y)
            real_logits, fake_logits, loss_d = self._discriminator_pass(x, fakes.detach(), y)
        for number in range(self.config.g_steps):
            # The forgeries that D has just seen serve once more: one pass through G fewer in a step.
            loss_g = self._generator_pass(fakes if number == 0 else self._forge(y), y, real_logits)
        self._update_average()
        self.steps += 1
        self._measure(real_logits, fake_logits, loss_d, loss_g)
        if norms:
            updates = [
                [now.detach() - then for now, then in zip(network.parameters(), old, strict=True)]
                for network, old in zip(networks, before, strict=True)
            ]
            gradients = [[p.grad for p in network.parameters() if p.grad is not None] for network in networks]
            self._norms = torch.stack([_norm(tensors) for tensors in (*gradients, *updates)])

    def _adam(self, network: nn.Module, rate: float) -> torch.optim.Adam:
        betas = (self.config.beta1, self.config.beta2)
        return torch.optim.Adam(network.parameters(), rate, betas, fused=self.device.type in ("cpu", "cuda"))

    def _set_rates(self, spent: float) -> None:
        start = self.config.decay_from
        left = 1.0 if spent <= start else (1 - spent) / (1 - start)
        self.optimizer_g.param_groups[0]["lr"] = self.lr_g * left
        self.optimizer_d.param_groups[0]["lr"] = self.lr_d * left

    def _forge(self, y: Tensor) -> Tensor:
        """New forgeries G(z, y), (N, 1, 28, 28), with the graph that a generator pass needs."""
        with self._autocast():
            images: Tensor = self.generator(self.latents(len(y)), y)
        return images

    def _discriminator_pass(self, x: Tensor, fakes: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One update of D. Returns its logits on real and on fake, and the loss, all detached."""
        x, fakes = self._shifted(x), self._shifted(fakes)
        penalised = (self.config.r1 or self.config.r2) and self.steps % self.config.penalty_every == 0
        if penalised:
            x, fakes = x.requires_grad_(), fakes.requires_grad_()
        with self._autocast():
            if self.discriminator.has_batch_norm:
                # Real and forged are normalised apart: together, the statistics would tell on them.
                real_logits, fake_logits = self.discriminator(x, y), self.discriminator(fakes, y)
            else:
                both = self.discriminator(torch.cat((x, fakes)), torch.cat((y, y)))
                real_logits, fake_logits = both.chunk(2)
        real_logits, fake_logits = real_logits.float(), fake_logits.float()
        loss = self.loss.d(real_logits, fake_logits)
        objective = loss
        if penalised:
            objective = loss + self._slope_penalty(real_logits, x, fake_logits, fakes)
        self._descend(self.optimizer_d, objective)
        return real_logits.detach(), fake_logits.detach(), loss.detach()

    def _shifted(self, images: Tensor) -> Tensor:
        """The images, (N, 1, 28, 28), each shifted by a few pixels of its own, real and forged alike; what
        leaves on one side, which is black, comes in on the other."""
        reach = self.config.shift_d
        if not reach:
            return images
        count, _, height, width = images.shape
        by = torch.randint(-reach, reach + 1, (2, count, 1), generator=self.noise, device=self.device)
        rows = (torch.arange(height, device=self.device) - by[0]) % height
        columns = (torch.arange(width, device=self.device) - by[1]) % width
        images = images.gather(2, rows.view(count, 1, height, 1).expand_as(images))
        return images.gather(3, columns.view(count, 1, 1, width).expand_as(images))

    def _slope_penalty(self, real_logits: Tensor, x: Tensor, fake_logits: Tensor, fakes: Tensor) -> Tensor:
        """R1 and R2, made up for the steps without them (lazy, Karras et al. 2020, appendix B)."""
        total = torch.zeros((), device=self.device)
        for gamma, logits, images in ((self.config.r1, real_logits, x), (self.config.r2, fake_logits, fakes)):
            if gamma:
                total = total + gamma / 2 * squared_slope(logits, images)
        return total * self.config.penalty_every

    def _generator_pass(self, fakes: Tensor, y: Tensor, real_logits: Tensor) -> Tensor:
        """One update of G, with D frozen. Returns the loss, detached."""
        fakes = self._shifted(fakes)
        with self._frozen(self.discriminator):
            with self._autocast():
                fake_logits = self.discriminator(fakes, y)
            loss = self.loss.g(real_logits, fake_logits.float())
            self._descend(self.optimizer_g, loss)
        return loss.detach()

    def _descend(self, optimizer: torch.optim.Adam, loss: Tensor) -> None:
        """Backward and one step; weight penalties enter the gradient here, never the plotted loss."""
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        l1, l2 = self.config.weight_l1, self.config.weight_l2
        if l1 or l2:
            with torch.no_grad():
                for weight in optimizer.param_groups[0]["params"]:
                    if weight.dim() > 1:
                        weight.grad.add_(weight.sign(), alpha=l1).add_(weight, alpha=2 * l2)
        optimizer.step()

    @contextmanager
    def _frozen(self, network: nn.Module) -> Iterator[None]:
        """No gradients for the parameters of `network`; gradients still flow through it."""
        network.requires_grad_(False)
        try:
            yield
        finally:
            network.requires_grad_(True)

    def _autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    @torch.no_grad()
    def _update_average(self) -> None:
        """Moves the averaged generator, batch norm's buffers included, towards the one that trains."""
        half_life = min(self.config.ema_kimg * 1000, RAMP * self.images)
        seen = self.config.batch_size * self.config.d_steps
        weight = 1 - 0.5 ** (seen / half_life) if half_life > 0 else 1.0
        torch._foreach_lerp_(self._averaged, self._raw, weight)

    def _start_record(self) -> None:
        """Forgets what was measured; `unrecorded` counts the steps since."""
        self.unrecorded = 0
        self._sum = torch.zeros(len(STATISTICS), device=self.device)
        self._min = torch.full_like(self._sum, math.inf)
        self._max = torch.full_like(self._sum, -math.inf)

    def _measure(self, real_logits: Tensor, fake_logits: Tensor, loss_d: Tensor, loss_g: Tensor) -> None:
        believes = self.loss.probability or (lambda score: score)
        values = torch.stack(
            (
                loss_d,
                loss_g,
                believes(real_logits).mean(),
                believes(fake_logits).mean(),
                (real_logits > self.loss.undecided).float().mean(),
                (fake_logits <= self.loss.undecided).float().mean(),
            )
        )
        self.unrecorded += 1
        self._sum += values
        # torch.minimum passes NaN on: a diverged step shows in the extremes as well as in the mean.
        self._min = torch.minimum(self._min, values)
        self._max = torch.maximum(self._max, values)

    def take_record(self) -> dict[str, Summary]:
        """What was measured since the last call; waits for the device. Empty if no step was taken.

        The norms are those of the last step that measured them, and left out if there was none.
        """
        if not self.unrecorded:
            return {}
        means, lows, highs = torch.stack((self._sum / self.unrecorded, self._min, self._max)).tolist()
        record = {
            name: Summary(mean, low, high) for name, mean, low, high in zip(STATISTICS, means, lows, highs, strict=True)
        }
        for name, value in zip(NORMS, self._norms.tolist(), strict=True):
            if not math.isnan(value):
                record[name] = Summary(value, value, value)
        self._start_record()
        return record

    def is_finite(self) -> bool:
        """Whether all weights are still finite numbers; waits for the device."""
        return bool(_norm([*self._raw, *_floats(self.discriminator)]).isfinite())

    def tensors(self) -> dict[str, Tensor]:
        """All that an exact resume needs, by name: networks, average, Adam's moments, random state."""
        found: dict[str, Tensor] = {}
        for name, network in self._networks().items():
            found |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimizer in self._optimizers().items():
            for number, state in optimizer.state_dict()["state"].items():
                found |= {f"{name}.{number}.{key}": value for key, value in state.items()}
        found["noise"] = self.noise.get_state()
        return found

    def expected(self, stepped: bool) -> dict[str, Tensor]:
        """What `load` takes, by name: tensors of the right shapes and types; Adam has moments once it has `stepped`.
        The random state may have any length: it is (0,) here."""
        found: dict[str, Tensor] = {}
        for name, network in self._networks().items():
            found |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimizer in self._optimizers().items():
            for number, parameter in enumerate(optimizer.param_groups[0]["params"] if stepped else []):
                found[f"{name}.{number}.step"] = torch.empty(())
                found |= {f"{name}.{number}.{moment}": parameter for moment in ("exp_avg", "exp_avg_sq")}
        return found | {"noise": torch.empty(0, dtype=torch.uint8)}

    def load(self, tensors: dict[str, Tensor], images: int, lr_g: float, lr_d: float, precision: str = "") -> None:
        """Continues where `tensors()` was taken, in the precision that was in force then. What cannot be as it was is
        said in `note`. Raises `LookupError` or `RuntimeError` for others' tensors."""
        for name, network in self._networks().items():
            network.load_state_dict(_under(tensors, name))
        for name, optimizer in self._optimizers().items():
            states = _moments(_under(tensors, name), optimizer.param_groups[0]["params"])
            optimizer.load_state_dict(optimizer.state_dict() | {"state": states})
        self.sampler.drawn = images
        self.steps = images // (self.config.batch_size * self.config.d_steps)
        self.lr_g, self.lr_d = lr_g, lr_d
        self.note = " ".join(filter(None, (self._keep_precision(precision), self._continue_noise(tensors["noise"]))))

    def _keep_precision(self, precision: str) -> str:
        """Goes on in the number format of before; returns what to say where the device cannot."""
        if self.config.precision != "auto" or not precision:
            return ""
        kept = devices.choose_precision(precision, self.device)
        if kept == torch.bfloat16 and self.device.type == "mps":
            return "It trained in bfloat16 before, which this device does not compute in."
        self.dtype = kept
        return ""

    def _continue_noise(self, state: Tensor) -> str:
        """Goes on with the random numbers of before; returns what to say where they came from another kind of device,
        whose state means nothing here."""
        if len(state) == len(self.noise.get_state()):
            self.noise.set_state(state.cpu())
            return ""
        (seed,) = np.random.SeedSequence((self.config.seed, self.images)).generate_state(1, np.uint64)
        self.noise.manual_seed(int(seed) >> 1)
        return "It comes from another kind of device, so its random numbers have begun anew."

    def _networks(self) -> dict[str, nn.Module]:
        return {"generator": self.generator, "discriminator": self.discriminator, "average": self.average}

    def _optimizers(self) -> dict[str, torch.optim.Adam]:
        return {"optimizer_g": self.optimizer_g, "optimizer_d": self.optimizer_d}


def _floats(network: nn.Module) -> list[Tensor]:
    """Parameters and floating-point buffers, in order; the counters of batch norm are left out."""
    tensors = [parameter.detach() for parameter in network.parameters()]
    return tensors + [buffer for buffer in network.buffers() if buffer.is_floating_point()]


def _under(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    prefix = f"{name}."
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}


def _moments(tensors: dict[str, Tensor], parameters: list[Tensor]) -> dict[int, dict[str, Tensor]]:
    """Adam's state for each parameter, by its number; none at all before the first step. Raises `LookupError` or
    `RuntimeError` if it is not the state of these parameters."""
    states: dict[int, dict[str, Tensor]] = {}
    for number, parameter in enumerate(parameters if tensors else []):
        states[number] = {"step": tensors.pop(f"{number}.step")}
        for field in ("exp_avg", "exp_avg_sq"):
            value = tensors.pop(f"{number}.{field}")
            if value.shape != parameter.shape:
                raise RuntimeError(f"{field} of parameter {number} has another shape than the parameter.")
            # A file has no memory format; Adam takes for granted that its moments have the parameter's.
            states[number][field] = torch.empty_like(parameter).copy_(value)
    if tensors:
        raise LookupError(f"There is no parameter for {', '.join(tensors)}.")
    return states


def _norm(tensors: list[Tensor]) -> Tensor:
    """Euclidean norm over all elements, a scalar on their device."""
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm
