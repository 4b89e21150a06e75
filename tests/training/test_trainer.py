import math
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from gan.data import DataSet
from gan.training import trainer as trainers
from gan.training.checkpoint import checkpoint_content
from gan.training.trainer import Trainer
from tests.helpers import KINDS, assert_equal, build, weights

ALL = pytest.mark.parametrize("kind", KINDS)


def _kept(trainer: Trainer) -> dict[str, Tensor]:
    """A copy of all that a resume needs."""
    return {name: value.clone() for name, value in trainer.tensors().items()}


def _through_a_file(trainer: Trainer) -> dict[str, Tensor]:
    """The same, written and read."""
    return safetensors.torch.load(checkpoint_content(trainer, {}))


@pytest.mark.parametrize(
    ("ema_kimg", "ramp", "weight"),
    [
        (0.032, 1.0, 0.5),  # a half-life of one batch of 32
        (0.016, 1.0, 0.75),  # two half-lives
        (20.0, 1.0, 0.5),  # the ramp holds it at the 32 images seen
        (20.0, 0.5, 0.75),
        (20.0, trainers.RAMP, 1 - 2**-20),  # 1/20 of the images seen: 20 half-lives
        (0.0, 1.0, 1.0),
    ],
)
@pytest.mark.parametrize("kind", ["cgan", "dcgan", "perceptrons"])
def test_average_by_hand(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, kind: str, ema_kimg: float, ramp: float, weight: float
) -> None:
    """average = before + (1 - 2^(-images / half-life)) * (raw - before), for parameters and for the running
    means and variances of batch norm alike."""
    monkeypatch.setattr(trainers, "RAMP", ramp)
    trainer = build(digits, kind, ema_kimg=ema_kimg)
    before = {name: value.clone() for name, value in trainer.generator_ema.state_dict().items()}
    trainer.step()
    raw, average = trainer.generator.state_dict(), trainer.generator_ema.state_dict()
    floats = [name for name, value in raw.items() if value.is_floating_point()]
    assert any("running_mean" in name for name in floats)
    for name in floats:
        expected = before[name] + weight * (raw[name] - before[name])
        assert torch.allclose(average[name], expected, rtol=1e-5, atol=1e-7), name
        assert not torch.equal(raw[name], before[name]), name


def test_average_over_several_steps_has_the_half_life_that_was_asked_for(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the ramp's end on: a raw generator at 1 and an average at 0; after one half-life it is 1/2, after
    two 3/4, whatever the steps. Half-life 64 images, two batches of 32."""
    monkeypatch.setattr(trainers, "RAMP", 1.0)
    trainer = build(digits, ema_kimg=0.064)
    trainer.sampler.drawn = 10_000
    trainer.lr_g = 0.0  # so that it stays where it is put
    with torch.no_grad():
        for raw, average in zip(trainer.generator.parameters(), trainer.generator_ema.parameters(), strict=True):
            raw.fill_(1)
            average.fill_(0)
    values = []
    for _ in range(4):
        trainer.step()
        values.append(next(trainer.generator_ema.parameters()).mean().item())
    assert values == pytest.approx([1 - 0.5**0.5, 0.5, 1 - 0.5**1.5, 0.75])


@ALL
def test_no_averaging_means_the_raw_generator(digits: DataSet, kind: str) -> None:
    trainer = build(digits, kind, steps=2, ema_kimg=0)
    raw = dict(trainer.generator.state_dict())
    average = {name: value for name, value in trainer.generator_ema.state_dict().items() if "batches" not in name}
    assert_equal(average, {name: raw[name] for name in average})


def test_average_is_for_pictures_and_never_trains(trainer: Trainer) -> None:
    assert not trainer.generator_ema.training
    assert not any(parameter.requires_grad for parameter in trainer.generator_ema.parameters())


@ALL
def test_one_seed_is_one_run(digits: DataSet, kind: str) -> None:
    first, second = (build(digits, kind, steps=3) for _ in range(2))
    assert_equal(first.tensors(), second.tensors())


def test_another_seed_is_another_run(digits: DataSet) -> None:
    first, second = (build(digits, seed=seed).tensors() for seed in (0, 1))
    assert not torch.equal(first["generator.layers.0.weight"], second["generator.layers.0.weight"])
    assert not torch.equal(first["noise"], second["noise"])


def test_trainer_leaves_the_global_random_state_alone(digits: DataSet) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build(digits, steps=1)
    assert torch.equal(torch.rand(3), expected)


@ALL
def test_measuring_norms_changes_nothing_that_is_learned(digits: DataSet, kind: str) -> None:
    plain, measured = build(digits, kind), build(digits, kind)
    for number in range(4):
        plain.step()
        measured.step(norms=number % 2 == 0)
    assert_equal(plain.tensors(), measured.tensors())


def test_norms_are_those_of_the_last_gradient_and_of_the_whole_step(digits: DataSet) -> None:
    trainer = build(digits, g_steps=2)
    networks = {"g": trainer.generator, "d": trainer.discriminator}
    before = {side: weights(network) for side, network in networks.items()}
    trainer.step(norms=True)
    record = trainer.take_record()
    for side, network in networks.items():
        gradient = sum(float((p.grad**2).sum()) for p in network.parameters() if p.grad is not None)
        moved = sum(float(((value - before[side][name]) ** 2).sum()) for name, value in weights(network).items())
        assert record[f"gradient_norm_{side}"].mean == pytest.approx(math.sqrt(gradient), rel=1e-4)
        assert record[f"update_norm_{side}"].mean == pytest.approx(math.sqrt(moved), rel=1e-4)


def test_norms_are_left_out_until_measured_and_then_stay(trainer: Trainer) -> None:
    trainer.step()
    measured = {quantity.name for quantity in trainer.game.quantities}
    norms = {f"{kind}_norm_{side}" for kind in ("gradient", "update") for side in "gd"}
    assert set(trainer.take_record()) == measured
    trainer.step(norms=True)
    trainer.step()
    assert set(trainer.take_record()) == measured | norms


@pytest.mark.parametrize("mine", ["discriminator", "generator"])
@pytest.mark.parametrize("kind", ["vanilla", "dcgan", "cgan"])
def test_weight_penalty_enters_the_gradient_of_weights_alone(digits: DataSet, kind: str, mine: str) -> None:
    """d/dw of l1 |w| + l2 w^2 is l1 sign(w) + 2 l2 w; biases and batch norm stay as they are."""
    l1, l2 = 0.01, 0.03
    plain, penalised = (
        build(digits, kind, weight_l1=first, weight_l2=second) for first, second in ((0.0, 0.0), (l1, l2))
    )
    for trainer in (plain, penalised):
        # D moves by nothing, so that G meets the same one in both.
        trainer.lr_d = 0.0 if mine == "generator" else trainer.lr_d
        while trainer.next_player != mine:
            trainer.move()
    before = weights(plain.players[mine])
    for trainer in (plain, penalised):
        trainer.move()
    pairs = zip(plain.players[mine].parameters(), penalised.players[mine].parameters(), strict=True)
    for weight, (left, right) in zip(before.values(), pairs, strict=True):
        expected = l1 * weight.sign() + 2 * l2 * weight if weight.dim() > 1 else torch.zeros_like(weight)
        assert left.grad is not None
        assert right.grad is not None
        assert torch.allclose(right.grad - left.grad, expected, atol=1e-6)


def test_weight_penalty_is_not_in_the_plotted_loss(digits: DataSet) -> None:
    first, second = (build(digits, "vanilla", steps=1, weight_l1=l1, weight_l2=l1) for l1 in (0.0, 0.1))
    assert first.take_record()["loss_d"] == second.take_record()["loss_d"]


def test_no_step_no_record(trainer: Trainer) -> None:
    assert trainer.take_record() == {}


def test_unrecorded_counts_steps(trainer: Trainer) -> None:
    counts = []
    for _ in range(2):
        trainer.step()
        counts.append(trainer.unrecorded)
    trainer.take_record()
    assert [*counts, trainer.unrecorded] == [1, 2, 0]


@pytest.mark.parametrize("name", ["generator", "discriminator"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_one_broken_weight_is_noticed(trainer: Trainer, name: str, value: float) -> None:
    assert trainer.is_finite()
    parameter = next(getattr(trainer, name).parameters())
    parameter.data.view(-1)[3] = value
    assert not trainer.is_finite()


def _rates(trainer: Trainer) -> tuple[float, float]:
    """The learning rates that the optimisers step with."""
    return trainer.optimizers["generator"].param_groups[0]["lr"], trainer.optimizers["discriminator"].param_groups[0][
        "lr"
    ]


def test_learning_rates_are_of_their_own_network(digits: DataSet) -> None:
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3)
    trainer.lr_g = 1e-4
    assert (trainer.lr_g, trainer.lr_d) == (1e-4, 2e-3)
    trainer.step()
    assert _rates(trainer) == (1e-4, 2e-3)
    trainer.lr_d = 3e-3
    trainer.step()
    assert _rates(trainer) == (1e-4, 3e-3)


@pytest.mark.parametrize(
    ("decay_from", "progress", "left"),
    [
        (1.0, 0.0, 1.0),
        (1.0, 0.99, 1.0),
        (1.0, 1.0, 1.0),
        (0.0, 0.0, 1.0),
        (0.0, 0.25, 0.75),
        (0.0, 1.0, 0.0),
        (0.5, 0.5, 1.0),
        (0.5, 0.6, 0.8),
        (0.5, 0.75, 0.5),
        (0.8, 0.95, 0.25),
    ],
)
def test_decay_by_hand(digits: DataSet, decay_from: float, progress: float, left: float) -> None:
    """From `decay_from` on both rates fall evenly, to nothing where all is spent; a rate that was changed
    meanwhile falls from what it was changed to."""
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3, decay_from=decay_from)
    trainer.step(progress=progress)
    assert _rates(trainer) == pytest.approx((1e-3 * left, 2e-3 * left), rel=1e-9)
    trainer.lr_g = 4e-4
    trainer.step(progress=progress)
    assert _rates(trainer) == pytest.approx((4e-4 * left, 2e-3 * left), rel=1e-9)
    assert (trainer.lr_g, trainer.lr_d) == (4e-4, 2e-3)


def test_decayed_steps_are_as_much_shorter(digits: DataSet) -> None:
    """Adam's first step is as long as the learning rate: with a quarter of it left, a quarter as long."""
    whole, quarter, nothing = (build(digits, decay_from=0.0) for _ in range(3))
    before = weights(whole.discriminator)["logit.weight"]
    for trainer, spent in ((whole, 0.0), (quarter, 0.75), (nothing, 1.0)):
        trainer.step(progress=spent)
    moved = [weights(trainer.discriminator)["logit.weight"] - before for trainer in (whole, quarter, nothing)]
    assert moved[0].abs().min() > 0
    assert torch.allclose(moved[1], moved[0] / 4, rtol=1e-3)
    assert not moved[2].any()


def test_decay_follows_what_is_spent_and_remembers_nothing(digits: DataSet) -> None:
    """More time is granted at the end: the rates are back."""
    trainer = build(digits, decay_from=0.5)
    for spent in (0.9, 0.4):
        trainer.step(progress=spent)
    assert _rates(trainer) == (trainer.config.optimizer.lr_g, trainer.config.optimizer.lr_d)


def test_first_adam_step_is_as_long_as_the_learning_rate(digits: DataSet) -> None:
    """Adam's first step is lr * g / (|g| + eps): every weight with a gradient moves by almost lr."""
    trainer = build(digits, lr_d=0.01)
    before = weights(trainer.discriminator)["logit.weight"]
    trainer.move()
    moved = (weights(trainer.discriminator)["logit.weight"] - before).abs()
    assert moved.max().item() == pytest.approx(0.01, rel=1e-3)


CONV = {"architecture": "conv", "architecture_d": "conv", "widths_g": (12, 8, 8), "widths_d": (8, 8, 12)}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        *((kind, {}) for kind in KINDS),
        ("cgan", {"spectral_norm_d": True, "loss": "hinge"}),
        ("cgan", {"r1": 1.0, "r2": 0.5, "penalty_every": 3, "loss": "relativistic"}),
        ("cgan", {"r1": 1.0, "penalty_every": 5, "d_steps": 2}),
        ("dcgan", {"r1": 1.0, "r2": 1.0}),
        ("cgan", {"shift_d": 2, "r1": 1.0, "d_steps": 2}),
        ("cgan", CONV),
        ("cgan", CONV | {"spectral_norm_d": True, "batch_norm_d": True}),
    ],
)
@pytest.mark.parametrize("written", [False, True])
def test_halves_of_a_run_make_the_whole(digits: DataSet, kind: str, changes: dict[str, Any], written: bool) -> None:
    """Eight steps, or four, a fresh trainer, and four more: the same to the last bit, also where the tensors have
    been through a file, which knows no memory format."""
    whole, first = build(digits, kind, steps=8, **changes), build(digits, kind, steps=4, **changes)
    second = build(digits, kind, **changes)
    second.load(_through_a_file(first) if written else _kept(first), first.images_seen, first.lr_g, first.lr_d)
    for _ in range(4):
        second.step()
    assert_equal(second.tensors(), whole.tensors())
    assert (second.images_seen, second.steps) == (whole.images_seen, whole.steps)


@pytest.mark.parametrize("changes", [{}, CONV, {"architecture": "conv", "architecture_d": "same"}])
def test_moments_lie_in_memory_as_their_parameters_do(digits: DataSet, changes: dict[str, Any]) -> None:
    """Before a resume and after one: Adam steps through both side by side, element by element as they lie."""
    first = build(digits, steps=2, **changes)
    second = build(digits, **changes)
    second.load(_through_a_file(first), first.images_seen, first.lr_g, first.lr_d)
    unusual = 0
    for trainer in (first, second):
        for optimizer in trainer.optimizers.values():
            for parameter in optimizer.param_groups[0]["params"]:
                for name in ("exp_avg", "exp_avg_sq"):
                    assert optimizer.state[parameter][name].stride() == parameter.stride()
                unusual += not parameter.is_contiguous()
    assert unusual >= 2
    assert_equal(_through_a_file(second), _through_a_file(first))


def test_halves_of_a_decaying_run_make_the_whole(digits: DataSet) -> None:
    """The rates that fall are not remembered but follow from what is spent."""
    whole, first, second = (build(digits, decay_from=0.25) for _ in range(3))
    for number in range(8):
        whole.step(progress=number / 8)
    for number in range(4):
        first.step(progress=number / 8)
    second.load(_kept(first), first.images_seen, first.lr_g, first.lr_d)
    for number in range(4, 8):
        second.step(progress=number / 8)
    assert_equal(second.tensors(), whole.tensors())


def test_loading_takes_the_changed_learning_rates(trainer: Trainer) -> None:
    trainer.load(trainer.tensors(), 0, lr_g=3e-4, lr_d=4e-4)
    assert (trainer.lr_g, trainer.lr_d) == (3e-4, 4e-4)


def test_training_tells_real_from_fake(digits: DataSet) -> None:
    """Sixty steps with a learning rate of G that hardly moves it: D wins."""
    trainer = build(digits, lr_g=1e-6, steps=59)
    trainer.take_record()
    trainer.step()
    record = trainer.take_record()
    assert record["d_real"].mean > 0.9 > 0.1 > record["d_fake"].mean
    assert (record["accuracy_real"].mean, record["accuracy_fake"].mean) == pytest.approx((1.0, 1.0), abs=0.05)


@pytest.mark.parametrize("threads", [1, 2])
def test_step_has_the_threads_that_were_asked_for(digits: DataSet, threads: int) -> None:
    before = torch.get_num_threads()
    try:
        trainer = build(digits, steps=1, threads=threads)
        assert (trainer.threads, torch.get_num_threads()) == (threads, threads)
    finally:
        torch.set_num_threads(before)
