"""The training of a GAN, move by move, and all that it needs; no input or output.

What is played is the game's (`gan.games`): the trainer takes a move, lets that player's weights follow the gradient,
and asks for the next. What is measured stays on the device as tensors until `take_record()` fetches it, so that a
step never waits for the device.
"""

import copy
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from gan import device as devices
from gan.config import TrainConfig
from gan.config.schedule import Schedule, Values
from gan.data import DataSet, Sampler
from gan.games import rules
from gan.games.game import DISCRIMINATOR, GENERATOR, Move
from gan.games.step import Step
from gan.models.model import Model
from gan.networks.generator import Generator
from gan.training import measurements, state
from gan.training.inspection import SHOWN, Inspection
from gan.training.lens import Lens, Probe
from gan.training.measurements import Measurements, floats, norm
from gan.training.messages import Summary
from gan.training.threads import ThreadController

RAMP = 0.05
"""The averaging half-life is at most this share of the images seen so far, so that the average forgets
the noise that it began with (Karras et al. 2022 ramp it up in the same way)."""


class Trainer:
    """The players of a game, the averaged generator and the optimisers, ready to step.

    `images_seen` counts the real images shown to D; with `lr_g` and `lr_d` it is what a record is about.
    On a CPU two trainers with the same config stay equal bit for bit if it gives a number for `threads`.
    """

    def __init__(self, config: TrainConfig, digits: DataSet, device: torch.device | None = None) -> None:
        """Raises `gan.device.DeviceError` if the configured device does not work."""
        self.config = config
        self.device = device or devices.choose(config.device).device
        self.game = rules(config)
        # Drawn on the CPU, so that a seed means the same networks on every device.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            # Convolutions are fastest with the channels side by side; other layers do not mind.
            self.players = {
                name: network.to(self.device).to(memory_format=torch.channels_last)
                for name, network in self.game.players(config).items()
            }
        self.generator_ema: nn.Module = copy.deepcopy(self.players[self.game.sampled]).eval().requires_grad_(False)
        self.schedule = Schedule(config)
        self.lr_g, self.lr_d = config.optimizer.lr_g, config.optimizer.lr_d
        """The learning rates, which can be set between steps; what decays takes its share of them."""
        self.optimizers = {name: self._adam(network, self._rate(name)) for name, network in self.players.items()}
        images, labels = digits.chosen(config.data.classes, config.data.train_images)
        self.sampler = Sampler(
            torch.from_numpy(images).to(self.device),
            torch.from_numpy(labels).to(self.device),
            config.data.batch_size,
            config.seed,
        )
        # Sizes are computed on the meta device, which has no random numbers of its own.
        source = "cpu" if self.device.type == "meta" else self.device
        self.noise = torch.Generator(source).manual_seed(config.seed)
        dtype = devices.choose_precision(config.precision, self.device)
        self.context = Step(config, self.players, self.sampler, self.noise, self.device, dtype)
        self._stand(self.schedule.at(0))
        self.note = ""
        """What does not go on exactly as it was when a checkpoint was taken, for people."""
        self.steps = 0
        cores = devices.cores()
        self._controller = ThreadController(*((1, cores) if config.threads == "auto" else (config.threads,) * 2))
        self._raw, self._averaged = floats(self.players[self.game.sampled]), floats(self.generator_ema)
        self._measurements = Measurements([quantity.name for quantity in self.game.quantities], self.device)
        self._moves: Iterator[Move] | None = None
        self._pending: list[str] = []
        self._measured: dict[str, Tensor] = {}

    @property
    def generator(self) -> nn.Module:
        """The generator that trains."""
        return self.players[GENERATOR]

    @property
    def discriminator(self) -> nn.Module:
        """Its opponent."""
        return self.players[DISCRIMINATOR]

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the layers."""
        return self.context.dtype

    @property
    def images_seen(self) -> int:
        """Real images shown to the discriminator so far."""
        return self.sampler.drawn

    @property
    def threads(self) -> int:
        """How many threads of a CPU a step has at present."""
        return self._controller.chosen

    @property
    def next_player(self) -> str:
        """Who moves next."""
        return (self._pending or self.game.order)[0]

    @property
    def moves_again(self) -> bool:
        """Whether the player whose move is next has another one right after it."""
        return not self.game.simultaneous and len(left := self._pending or self.game.order) > 1 and left[0] == left[1]

    @property
    def between_steps(self) -> bool:
        """Whether all players of the last step have moved."""
        return not self._pending

    def step(self, norms: bool = False, progress: float = 0.0) -> None:
        """One step: all moves of the game, or those that are left of the step that is open.

        `norms` also measures gradients and updates; it changes nothing in what is learned. `progress` is the
        share of the budget that is spent, 0 to 1, which the learning rates' decay follows.
        """
        with self._on_threads(whole=self.between_steps):
            before = {name: measurements.copies(one) for name, one in self.players.items()} if norms else {}
            self._begin(progress)
            while self._pending:
                self._take_move()
            for player, weights in before.items():
                gradient, update = measurements.norms(self.players[player], weights)
                found = {f"gradient_norm_{_letter(player)}": gradient, f"update_norm_{_letter(player)}": update}
                self._measurements.norms |= found

    def model(self, seconds: float) -> Model:
        """The averaged generator and the discriminator, as they are after so many seconds; shared, not copied."""
        generator = cast("Generator", self.generator_ema)
        return Model(self.config, generator, self.players[DISCRIMINATOR], self.images_seen, seconds)

    def finish_step(self) -> None:
        """Takes the moves that are left of the step that is open, if one is."""
        if self._pending:
            self.step()

    def move(self, inspect: bool = False, progress: float = 0.0) -> list[Inspection]:
        """One move of the game: both players' where they move at once. With `inspect` it is looked into, which changes
        nothing in what is learned; returns what was seen of each player's."""
        with self._on_threads(whole=False):
            self._begin(progress)
            return self._take_move(self._lens() if inspect else None)

    def look(self) -> Inspection:
        """How things stand, while nobody moves: only the pictures that stay the same."""
        with self._on_threads(whole=False):
            probe = self._probe.look(self.players)
        return Inspection("", self.steps, math.nan, math.nan, (), probe=probe, images=self.images_seen)

    def _lens(self) -> Lens:
        return Lens(self.players, self._probe, self.steps, len(self.game.order) - len(self._pending))

    @cached_property
    def _probe(self) -> Probe:
        """The same pictures in every move of a run: a latent of its own for each class, and a real one of each. Where
        classes are left out of the training set, others come twice."""
        labels = self.sampler.labels
        y = torch.unique(labels).long().repeat(SHOWN)[:SHOWN]
        z = self.game.latents(self.config).sample(SHOWN, torch.Generator().manual_seed(self.config.seed))
        first = torch.stack([(labels == label).nonzero()[0, 0] for label in y])
        real = self.sampler.images.index_select(0, first).float() * (2 / 255) - 1
        return Probe(z.to(self.device), y, real)

    def _begin(self, progress: float) -> None:
        """Opens a step if none is open."""
        if self._pending:
            return
        self._set_rates(progress)
        self.context.number = self.steps
        self._moves = self.game.moves(self.context)
        self._pending = list(self.game.order)

    def _take_move(self, lens: Lens | None = None) -> list[Inspection]:
        """The next move of the open step, or all of them where the players move at once; closes the step with the
        last."""
        assert self._moves is not None
        count = len(self._pending) if self.game.simultaneous else 1
        self.context.inspected = lens is not None
        moves = [next(self._moves) for _ in range(count)]
        found = [lens.before(move) for move in moves] if lens else []
        self.follow(moves)
        self.context.inspected = False
        if lens:
            found = [lens.after(move, one, self.images_seen) for move, one in zip(moves, found, strict=True)]
        del self._pending[:count]
        if not self._pending:
            self._close()
        return found

    def follow(self, moves: Sequence[Move]) -> None:
        """Lets the weights of the players follow the gradients of their moves. All gradients are taken before any
        weight moves."""
        for move in moves:
            self._differentiate(move)
        for move in moves:
            self._update(move)

    def _differentiate(self, move: Move) -> None:
        """The gradient of a move with respect to its player's weights, and no others: that is what frozen means. Weight
        penalties enter the gradient here, never the plotted loss."""
        optimizer = self.optimizers[move.player]
        parameters = optimizer.param_groups[0]["params"]
        optimizer.zero_grad(set_to_none=True)
        objective = move.loss if move.penalty is None else move.loss + move.penalty
        torch.autograd.backward(objective, inputs=parameters)
        l1, l2 = self.config.optimizer.weight_l1, self.config.optimizer.weight_l2
        if l1 or l2:
            with torch.no_grad():
                for weight in parameters:
                    if weight.dim() > 1 and weight.grad is not None:
                        weight.grad.add_(weight.sign(), alpha=l1).add_(weight, alpha=2 * l2)

    def _update(self, move: Move) -> None:
        self.optimizers[move.player].step()
        if move.after:
            move.after()
        self._measured |= {name: value.detach() for name, value in move.measured.items()}

    def _close(self) -> None:
        """What follows the last move of a step."""
        self._moves = None
        self._update_ema()
        self.steps += 1
        self._follow_schedule()
        self._measurements.add(self._measured)

    @contextmanager
    def _on_threads(self, whole: bool) -> Iterator[None]:
        """Gives moves on a CPU their number of threads. The controller is told how long a whole step took; parts of one
        and looks inside take other times, which say nothing of the threads."""
        if self.device.type != "cpu":
            yield
            return
        threads = self._controller.threads
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        began = time.perf_counter()
        yield
        if whole:
            self._controller.step_took(time.perf_counter() - began)

    def _adam(self, network: nn.Module, rate: float) -> torch.optim.Adam:
        betas = (self.config.optimizer.beta1, self.config.optimizer.beta2)
        return torch.optim.Adam(network.parameters(), rate, betas, fused=self.device.type in ("cpu", "cuda"))

    def _rate(self, player: str) -> float:
        return self.lr_g if player == self.game.sampled else self.lr_d

    def _set_rates(self, progress: float) -> None:
        start = self.config.optimizer.decay_from
        left = 1.0 if progress <= start else (1 - progress) / (1 - start)
        for player, optimizer in self.optimizers.items():
            optimizer.param_groups[0]["lr"] = self._rate(player) * left

    def _follow_schedule(self) -> None:
        """Lets the stages begin that the step which has ended leads to."""
        for stage in self.schedule.begun(self.images_seen - self._images_a_step, self.images_seen):
            self.lr_g = stage.changes.get("lr_g", self.lr_g)
            self.lr_d = stage.changes.get("lr_d", self.lr_d)
            self._stand(self.schedule.at(stage.images))

    def _stand(self, values: Values) -> None:
        """Takes what a schedule says of all but the rates, which can be moved by hand."""
        self.sampler.batch_size = values.batch_size
        self.context.shift = values.shift
        self._half_life = values.ema_kimg * 1000

    @torch.no_grad()
    def _update_ema(self) -> None:
        """Moves the averaged generator, batch norm's buffers included, towards the one that trains."""
        half_life = min(self._half_life, RAMP * self.images_seen)
        seen = self._images_a_step
        weight = 1 - 0.5 ** (seen / half_life) if half_life > 0 else 1.0
        torch._foreach_lerp_(self._averaged, self._raw, weight)

    @property
    def unrecorded(self) -> int:
        """Steps since the last record."""
        return self._measurements.steps

    def take_record(self) -> dict[str, Summary]:
        """What was measured since the last call, by quantity; waits for the device. Empty if no step was taken.

        The norms are those of the last step that measured them, and left out if there was none.
        """
        return self._measurements.take()

    def is_finite(self) -> bool:
        """Whether all weights are still finite numbers; waits for the device."""
        return bool(norm([value for network in self.players.values() for value in floats(network)]).isfinite())

    def tensors(self) -> dict[str, Tensor]:
        """All that an exact resume needs, by name: networks, average, Adam's moments, random state."""
        found = state.tensors(self._networks(), self._optimizers())
        return found | {"noise": self.noise.get_state()}

    def expected(self, stepped: bool) -> dict[str, Tensor]:
        """What `load` takes, by name: tensors of the right shapes and types; Adam has moments once it has `stepped`.
        The random state may have any length: it is (0,) here."""
        found = state.expected(self._networks(), self._optimizers(), stepped)
        return found | {"noise": torch.empty(0, dtype=torch.uint8)}

    def load(self, tensors: dict[str, Tensor], images: int, lr_g: float, lr_d: float, precision: str = "") -> None:
        """Continues where `tensors()` was taken, in the precision that was in force then. What cannot be as it was is
        said in `note`. Raises `LookupError` or `RuntimeError` for others' tensors."""
        state.restore(self._networks(), self._optimizers(), tensors)
        self.sampler.drawn = images
        self.steps = self.schedule.steps(images, self.game.order.count(DISCRIMINATOR))
        self._stand(self.schedule.at(images))
        self.lr_g, self.lr_d = lr_g, lr_d
        self.note = " ".join(filter(None, (self._keep_precision(precision), self._continue_noise(tensors["noise"]))))

    def _keep_precision(self, precision: str) -> str:
        """Goes on in the number format of before; returns what to say where the device cannot."""
        if self.config.precision != "auto" or not precision:
            return ""
        kept = devices.choose_precision(precision, self.device)
        if kept == torch.bfloat16 and self.device.type == "mps":
            return "It trained in bfloat16 before, which this device does not compute in."
        self.context.dtype = kept
        return ""

    def _continue_noise(self, state: Tensor) -> str:
        """Goes on with the random numbers of before; returns what to say where they came from another kind of device,
        whose state means nothing here."""
        if len(state) == len(self.noise.get_state()):
            self.noise.set_state(state.cpu())
            return ""
        (seed,) = np.random.SeedSequence((self.config.seed, self.images_seen)).generate_state(1, np.uint64)
        self.noise.manual_seed(int(seed) >> 1)
        return "It comes from another kind of device, so its random numbers have begun anew."

    def _networks(self) -> dict[str, nn.Module]:
        return {**self.players, "average": self.generator_ema}

    def _optimizers(self) -> dict[str, torch.optim.Adam]:
        """The optimisers by the names that a checkpoint has for them."""
        return {f"optimizer_{_letter(player)}": optimizer for player, optimizer in self.optimizers.items()}

    @property
    def _images_a_step(self) -> int:
        return self.sampler.batch_size * self.game.order.count(DISCRIMINATOR)


def _letter(player: str) -> str:
    """G and D are known by their first letters, in records and in checkpoints."""
    return {GENERATOR: "g", DISCRIMINATOR: "d"}.get(player, player)
