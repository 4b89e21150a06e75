"""A step is a sequence of moves: each moves its own network and no other, and taken one by one they are the step."""

from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from gan.data import DataSet
from gan.games.step import Step
from gan.training.checkpoint import checkpoint_content
from gan.training.trainer import Trainer
from tests.helpers import KINDS, assert_equal, build, weights

ALL = pytest.mark.parametrize("kind", KINDS)
OTHER = {"discriminator": "generator", "generator": "discriminator"}
EACH = pytest.mark.parametrize("mine", list(OTHER))


def _until_next_is(trainer: Trainer, player: str) -> Trainer:
    while trainer.next_player != player:
        trainer.move()
    return trainer


def _gradients(network: nn.Module) -> dict[str, Tensor | None]:
    return {name: None if p.grad is None else p.grad.clone() for name, p in network.named_parameters()}


@EACH
@ALL
def test_move_moves_its_own_network_and_no_other(digits: DataSet, kind: str, mine: str) -> None:
    trainer = _until_next_is(build(digits, kind), mine)
    before = {name: weights(network) for name, network in trainer.players.items()}
    trainer.move()
    assert_equal(weights(trainer.players[OTHER[mine]]), before[OTHER[mine]])
    after = weights(trainer.players[mine])
    assert [name for name, value in after.items() if torch.equal(value, before[mine][name])] == []


@pytest.mark.parametrize("changes", [{}, {"r1": 1.0, "r2": 1.0}, {"loss": "relativistic", "r2": 1.0}])
@EACH
@ALL
def test_other_network_gets_no_gradient(digits: DataSet, kind: str, mine: str, changes: dict[str, Any]) -> None:
    """Not even one that would be thrown away: a hook on each of its weights hears of none."""
    trainer = _until_next_is(build(digits, kind, **changes), mine)
    others = trainer.players[OTHER[mine]]
    before, heard = _gradients(others), []
    for name, parameter in others.named_parameters():
        parameter.register_hook(lambda _, name=name: heard.append(name))
    trainer.move()
    # The slope of D that a penalty asks for is one with respect to images.
    assert heard == []
    for name, gradient in _gradients(others).items():
        then = before[name]
        assert gradient is then is None or (gradient is not None and then is not None and torch.equal(gradient, then))
    assert all(parameter.requires_grad for network in trainer.players.values() for parameter in network.parameters())


@pytest.mark.parametrize("r1", [0.0, 1.0])
@pytest.mark.parametrize("r2", [0.0, 1.0])
def test_penalised_move_of_d_reaches_neither_g_nor_the_forgeries(digits: DataSet, r1: float, r2: float) -> None:
    """The forgeries that it saw are cut off from G, and serve once more in G's move."""
    trainer = build(digits, r1=r1, r2=r2)
    forged: list[Tensor] = []

    def note(_: nn.Module, __: Any, images: Tensor) -> None:
        images.retain_grad()
        forged.append(images)

    trainer.generator.register_forward_hook(note)
    before = weights(trainer.generator)
    trainer.move()
    assert len(forged) == 1
    assert forged[0].grad_fn is not None
    assert forged[0].grad is None
    assert all(parameter.grad is None for parameter in trainer.generator.parameters())
    assert_equal(weights(trainer.generator), before)
    trainer.move()
    assert len(forged) == 1
    assert forged[0].grad is not None


def test_error_in_a_move_leaves_all_weights_free_to_train(trainer: Trainer) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    handle = trainer.discriminator.register_forward_hook(fail)
    with pytest.raises(ZeroDivisionError):
        trainer.move()
    handle.remove()
    assert all(parameter.requires_grad for network in trainer.players.values() for parameter in network.parameters())


@pytest.mark.parametrize(("d_steps", "g_steps"), [(1, 1), (3, 1), (1, 3), (3, 2)])
def test_step_takes_so_many_moves_of_each(digits: DataSet, d_steps: int, g_steps: int) -> None:
    """First D's, then G's, which is what is said beforehand of who is next."""
    trainer = build(digits, d_steps=d_steps, g_steps=g_steps)
    moved: list[str] = []
    for name, optimizer in trainer.optimizers.items():
        optimizer.register_step_post_hook(lambda *_, name=name: moved.append(name))
    trainer.step()
    order = ["discriminator"] * d_steps + ["generator"] * g_steps
    assert moved == list(trainer.game.order) == order
    said = []
    for number in range(len(order)):
        assert trainer.between_steps is (number == 0)
        said.append(trainer.next_player)
        trainer.move()
    assert said == order
    assert moved == order * 2
    assert trainer.between_steps
    assert trainer.steps == 2


@pytest.mark.parametrize("d_steps", [1, 3])
def test_images_are_the_real_ones_that_d_saw(digits: DataSet, d_steps: int) -> None:
    """Four steps of `d_steps` batches of 32; and each move of D draws a batch, those of G draw none."""
    trainer = build(digits, steps=4, d_steps=d_steps, g_steps=2)
    assert trainer.images_seen == 4 * d_steps * 32
    assert trainer.steps == 4
    seen = []
    for _ in trainer.game.order:
        trainer.move()
        seen.append((trainer.images_seen - 4 * d_steps * 32) // 32)
    assert seen == [*range(1, d_steps + 1), d_steps, d_steps]


CONV = {"architecture": "conv", "architecture_d": "conv", "widths_g": (12, 8, 8), "widths_d": (8, 8, 12)}
PLAYED: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in KINDS),
    ("cgan", {"r1": 1.0, "r2": 0.5, "penalty_every": 2}),
    ("cgan", {"spectral_norm_d": True, "loss": "hinge"}),
    ("cgan", CONV | {"spectral_norm_d": True, "batch_norm_d": True}),
    ("dcgan", {"r1": 1.0, "r2": 1.0, "loss": "relativistic"}),
    ("cgan", {"loss": "relativistic", "r1": 1.0, "r2": 1.0, "shift_d": 1}),
    ("dcgan", {"d_steps": 3, "g_steps": 2}),
    ("cgan", {"d_steps": 3, "g_steps": 2, "shift_d": 2, "spectral_norm_d": True, "weight_l1": 1e-4}),
    ("cgan", {"simultaneous": True}),
    ("dcgan", {"simultaneous": True, "loss": "relativistic", "r1": 1.0}),
    ("cgan", {"simultaneous": True, "spectral_norm_d": True, "batch_norm_d": True}),
    ("cgan", {"precision": "bfloat16"}),
    ("cgan", {"decay_from": 0.25, "d_steps": 2}),
]


@pytest.mark.parametrize("inspect", [False, True])
@pytest.mark.parametrize(("kind", "changes"), PLAYED)
def test_stepped_by_hand_is_stepped(digits: DataSet, kind: str, changes: dict[str, Any], inspect: bool) -> None:
    """Four steps, the middle two of them move by move, end in the same bits; so do their records. Only an open step's
    first move counts for the rates, as in a step."""
    whole, by_hand = build(digits, kind, **changes), build(digits, kind, **changes)
    for number in range(4):
        whole.step(progress=number / 4)
    for number in (0, 1, 2, 3):
        if number in (0, 3):
            by_hand.step(progress=number / 4)
            continue
        by_hand.move(inspect, progress=number / 4)
        while not by_hand.between_steps:
            by_hand.move(inspect, progress=1.0)
    assert_equal(by_hand.tensors(), whole.tensors())
    assert (by_hand.images_seen, by_hand.steps) == (whole.images_seen, whole.steps)
    # The graph is another one where images carry a gradient, the numbers are the same.
    assert by_hand.take_record() == whole.take_record()


@pytest.mark.parametrize("moves", [1, 2, 3, 4])
@pytest.mark.parametrize("changes", [{}, {"shift_d": 1, "r1": 1.0, "batch_norm_d": True}])
def test_open_step_is_finished_by_whoever_goes_on(digits: DataSet, moves: int, changes: dict[str, Any]) -> None:
    """By `step`, and by `finish_step` before a checkpoint, from which another trainer goes on."""
    more = {"d_steps": 3, "g_steps": 2} | changes
    whole, stepped, first, second = (build(digits, steps=steps, **more) for steps in (3, 1, 1, 0))
    for trainer in (stepped, first):
        for _ in range(moves):
            trainer.move()
        assert not trainer.between_steps
    stepped.step()
    stepped.step()
    assert_equal(stepped.tensors(), whole.tensors())
    first.finish_step()
    assert first.between_steps
    first.finish_step()  # there is none to finish
    assert first.steps == 2
    second.load(safetensors.torch.load(checkpoint_content(first, {})), first.images_seen, first.lr_g, first.lr_d)
    second.step()
    assert_equal(second.tensors(), whole.tensors())
    assert (second.images_seen, second.steps) == (whole.images_seen, whole.steps)


def test_rates_that_are_set_in_an_open_step_are_those_of_the_next(digits: DataSet) -> None:
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3)
    trainer.move()
    trainer.lr_g = 5e-4
    trainer.finish_step()
    assert trainer.optimizers["generator"].param_groups[0]["lr"] == 1e-3
    trainer.move()
    assert trainer.optimizers["generator"].param_groups[0]["lr"] == 5e-4


@pytest.mark.parametrize("changes", [{}, {"loss": "relativistic"}, {"batch_norm_d": True, "widths_d": (16, 16)}])
def test_simultaneous_takes_both_gradients_before_any_weight_moves(digits: DataSet, changes: dict[str, Any]) -> None:
    """Against plain autograd: one batch, one set of forgeries, both losses with the networks as they were."""
    trainer = build(digits, simultaneous=True, steps=1, **changes)
    drawn, random = trainer.sampler.drawn, trainer.noise.get_state()
    x, y = next(trainer.sampler)
    z = torch.randn(len(y), 8, generator=trainer.noise)
    trainer.sampler.drawn = drawn
    trainer.noise.set_state(random)
    g, d, losses = trainer.generator, trainer.discriminator, trainer.game.losses  # type: ignore[attr-defined]
    buffers = {name: value.clone() for name, value in (*g.named_buffers(), *d.named_buffers())}
    forged = g(z, y)
    loss_d = losses.d(d(x, y), d(forged.detach(), y))
    expected_d = torch.autograd.grad(loss_d, list(d.parameters()))
    expected_g = torch.autograd.grad(losses.g(d(x, y), d(forged, y)), list(g.parameters()))
    for name, value in (*g.named_buffers(), *d.named_buffers()):
        value.copy_(buffers[name])
    assert trainer.next_player == "discriminator"
    trainer.move()
    assert trainer.between_steps  # both have moved
    for network, expected in ((d, expected_d), (g, expected_g)):
        for (name, parameter), gradient in zip(network.named_parameters(), expected, strict=True):
            assert parameter.grad is not None
            assert torch.allclose(parameter.grad, gradient, rtol=1e-4, atol=1e-6), name
    assert trainer.take_record()["loss_d"].max >= loss_d.item() - 1e-5


def test_in_turns_g_meets_the_discriminator_that_has_moved(digits: DataSet) -> None:
    """With the same seed, D's move is the same in both; G's is not."""
    both, turns = (build(digits, simultaneous=one, lr_d=0.05) for one in (True, False))
    for trainer in (both, turns):
        trainer.step()
    assert_equal(weights(both.discriminator), weights(turns.discriminator))
    mine, theirs = weights(both.generator), weights(turns.generator)
    assert any(not torch.equal(mine[name], theirs[name]) for name in mine)


def test_step_tells_its_number_to_the_game(digits: DataSet) -> None:
    """What comes in every k-th step follows from it, also in moves by hand."""
    trainer = build(digits, steps=2)
    told: list[int] = []
    moves = trainer.game.moves

    def noting(step: Step) -> Any:
        told.append(step.number)
        return moves(step)

    object.__setattr__(trainer, "game", _Noting(trainer.game, noting))
    for _ in range(4):
        trainer.move()
    trainer.step()
    assert told == [2, 3, 4]


class _Noting:
    """A game that is asked for its moves by another function."""

    def __init__(self, game: Any, moves: Any) -> None:
        self._game = game
        self.moves = moves

    def __getattr__(self, name: str) -> Any:
        return getattr(self._game, name)


@pytest.mark.parametrize("inspect", [False, True])
def test_moving_leaves_the_global_random_state_alone(digits: DataSet, inspect: bool) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    trainer = build(digits)
    for _ in range(2):
        trainer.move(inspect)
    assert torch.equal(torch.rand(3), expected)
