import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from gan import trainer as trainers
from gan.checkpoint import checkpoint_content
from gan.data import Digits
from gan.messages import Summary
from gan.penalties import squared_slope
from gan.trainer import NORMS, STATISTICS, Trainer
from tests.helpers import KINDS, assert_equal, build, weights

ALL = pytest.mark.parametrize("kind", KINDS)


def _kept(trainer: Trainer) -> dict[str, Tensor]:
    """A copy of all that a resume needs."""
    return {name: value.clone() for name, value in trainer.tensors().items()}


def _through_a_file(trainer: Trainer) -> dict[str, Tensor]:
    """The same, written and read."""
    return safetensors.torch.load(checkpoint_content(trainer, {}))


def _discriminator_pass(trainer: Trainer) -> tuple[Tensor, Tensor, Tensor]:
    x, y = next(trainer.sampler)
    return trainer._discriminator_pass(x, trainer._forge(y).detach(), y)


def _generator_pass(trainer: Trainer) -> Tensor:
    _, y = next(trainer.sampler)
    return trainer._generator_pass(trainer._forge(y), y, torch.zeros(len(y)))


PASSES: dict[str, Callable[[Trainer], Any]] = {"discriminator": _discriminator_pass, "generator": _generator_pass}
OTHER = {"discriminator": "generator", "generator": "discriminator"}
EACH = pytest.mark.parametrize("mine", list(PASSES))


@EACH
@ALL
def test_pass_moves_its_own_network_and_no_other(digits: Digits, kind: str, mine: str) -> None:
    trainer = build(digits, kind)
    networks = {name: getattr(trainer, name) for name in PASSES}
    before = {name: weights(network) for name, network in networks.items()}
    PASSES[mine](trainer)
    assert_equal(weights(networks[OTHER[mine]]), before[OTHER[mine]])
    after = weights(networks[mine])
    assert [name for name, value in after.items() if torch.equal(value, before[mine][name])] == []


@EACH
@ALL
def test_frozen_network_gets_no_gradients_and_is_thawed(digits: Digits, kind: str, mine: str) -> None:
    trainer = build(digits, kind)
    PASSES[mine](trainer)
    frozen = list(getattr(trainer, OTHER[mine]).parameters())
    assert all(parameter.grad is None for parameter in frozen)
    assert all(parameter.requires_grad for parameter in frozen)


def test_discriminator_is_frozen_inside_the_generator_pass(trainer: Trainer) -> None:
    seen = []
    trainer.discriminator.register_forward_hook(
        lambda *_: seen.append({parameter.requires_grad for parameter in trainer.discriminator.parameters()})
    )
    _generator_pass(trainer)
    assert seen == [{False}]


def test_frozen_network_is_thawed_after_an_error(trainer: Trainer) -> None:
    with pytest.raises(ZeroDivisionError), trainer._frozen(trainer.discriminator):
        raise ZeroDivisionError
    assert all(parameter.requires_grad for parameter in trainer.discriminator.parameters())


@pytest.mark.parametrize("r1", [0.0, 1.0])
@pytest.mark.parametrize("r2", [0.0, 1.0])
def test_penalised_pass_of_d_reaches_neither_g_nor_the_forgeries(digits: Digits, r1: float, r2: float) -> None:
    trainer = build(digits, r1=r1, r2=r2)
    before = weights(trainer.generator)
    x, y = next(trainer.sampler)
    fakes = trainer._forge(y)
    trainer._discriminator_pass(x, fakes.detach(), y)
    assert fakes.grad_fn is not None
    assert all(parameter.grad is None for parameter in trainer.generator.parameters())
    assert_equal(weights(trainer.generator), before)


@pytest.mark.parametrize(("kind", "batches"), [("cgan", [64]), ("vanilla", [64]), ("dcgan", [32, 32])])
def test_real_and_fake_share_a_pass_only_without_batch_norm(digits: Digits, kind: str, batches: list[int]) -> None:
    trainer = build(digits, kind)
    seen: list[int] = []
    trainer.discriminator.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    _discriminator_pass(trainer)
    assert seen == batches


@ALL
def test_logits_belong_to_their_pictures(digits: Digits, kind: str) -> None:
    """Asked one by one, without batch norm's statistics, D says the same as in the shared pass."""
    trainer = build(digits, kind, batch_norm_d=False, shift_d=0)
    x, y = next(trainer.sampler)
    fakes = trainer._forge(y).detach()
    with torch.no_grad():
        expected = trainer.discriminator(x, y), trainer.discriminator(fakes, y)
    real_logits, fake_logits, _ = trainer._discriminator_pass(x, fakes, y)
    assert torch.allclose(real_logits, expected[0], atol=1e-5)
    assert torch.allclose(fake_logits, expected[1], atol=1e-5)


def _shown(trainer: Trainer) -> list[Tensor]:
    """The pictures that D sees from now on, pass by pass."""
    seen: list[Tensor] = []
    trainer.discriminator.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].detach()))
    return seen


def _shifts(shown: Tensor, images: Tensor, reach: int) -> list[tuple[int, int]]:
    """By how much each image was shifted, down and to the right, to be what is shown of it."""
    span = range(-reach, reach + 1)
    found = []
    for one, image in zip(shown, images, strict=True):
        by = [(down, right) for down in span for right in span if torch.equal(one, image.roll((down, right), (1, 2)))]
        assert len(by) == 1
        found += by
    return found


@pytest.mark.parametrize("reach", [1, 2])
@pytest.mark.parametrize("kind", ["cgan", "dcgan"])
def test_discriminator_sees_real_and_forged_shifted_alike(digits: Digits, kind: str, reach: int) -> None:
    """Each picture by a shift of its own, all equally often and for real and forged, or the shift itself would tell
    them apart. In 320 pictures, a share of 1/3, or 1/5, is known to 3 in 100: five deviations are allowed."""
    trainer = build(digits, kind, shift_d=reach)
    seen, real, forged = _shown(trainer), [], []
    for _ in range(10):
        seen.clear()
        x, y = next(trainer.sampler)
        fakes = trainer._forge(y).detach()
        trainer._discriminator_pass(x, fakes, y)
        found = _shifts(torch.cat(seen), torch.cat((x, fakes)), reach)
        real += found[: len(x)]
        forged += found[len(x) :]
    share = 1 / (2 * reach + 1)
    deviation = (320 * share * (1 - share)) ** 0.5
    for shifts in (real, forged):
        counts = [[pair[axis] for pair in shifts].count(by) for axis in (0, 1) for by in range(-reach, reach + 1)]
        assert len(shifts) == 320
        assert counts == pytest.approx([320 * share] * len(counts), abs=5 * deviation)
        assert len(set(shifts)) == (2 * reach + 1) ** 2
    assert real != forged


def test_generator_learns_from_shifted_forgeries(digits: Digits) -> None:
    """The gradient goes back to where the pixels came from: rolled back, it is the one without the shift."""
    trainer = build(digits, shift_d=2)
    seen = _shown(trainer)
    _, y = next(trainer.sampler)
    fakes = trainer._forge(y)
    fakes.retain_grad()
    trainer._generator_pass(fakes, y, torch.zeros(len(y)))
    shifts = _shifts(seen[0], fakes.detach(), 2)
    copied = seen[0].clone().requires_grad_()
    (expected,) = torch.autograd.grad(trainer.loss.g(torch.zeros(len(y)), trainer.discriminator(copied, y)), copied)
    assert fakes.grad is not None
    for gradient, by, wanted in zip(fakes.grad, shifts, expected, strict=True):
        assert torch.allclose(gradient.roll(by, (1, 2)), wanted, atol=1e-7)
        assert gradient.abs().max() > 1e-6


def test_no_shift_draws_nothing(digits: Digits) -> None:
    """A run from before there were shifts goes on with the same random numbers: those of its latents alone."""
    plain, shifted = build(digits, steps=1, shift_d=0), build(digits, steps=1, shift_d=1)
    alone = build(digits)
    alone.latents(32)
    assert torch.equal(plain.noise.get_state(), alone.noise.get_state())
    assert not torch.equal(shifted.noise.get_state(), alone.noise.get_state())


@pytest.mark.parametrize(("d_steps", "g_steps"), [(1, 1), (3, 1), (1, 3)])
def test_step_takes_so_many_of_each_pass(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch, digits: Digits, d_steps: int, g_steps: int
) -> None:
    trainer = build(digits, d_steps=d_steps, g_steps=g_steps)
    steps: dict[str, int] = {"d": 0, "g": 0}
    for name, optimizer in (("d", trainer.optimizer_d), ("g", trainer.optimizer_g)):
        optimizer.register_step_post_hook(lambda *_, name=name: steps.update({name: steps[name] + 1}))
    trainer.step()
    assert steps == {"d": d_steps, "g": g_steps}


@pytest.mark.parametrize("d_steps", [1, 3])
def test_images_are_the_real_ones_that_d_saw(digits: Digits, d_steps: int) -> None:
    """Four steps of `d_steps` batches of 32."""
    trainer = build(digits, steps=4, d_steps=d_steps)
    assert trainer.images == 4 * d_steps * 32
    assert trainer.steps == 4


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
    digits: Digits, monkeypatch: pytest.MonkeyPatch, kind: str, ema_kimg: float, ramp: float, weight: float
) -> None:
    """average = before + (1 - 2^(-images / half-life)) * (raw - before), for parameters and for the running
    means and variances of batch norm alike."""
    monkeypatch.setattr(trainers, "RAMP", ramp)
    trainer = build(digits, kind, ema_kimg=ema_kimg)
    before = {name: value.clone() for name, value in trainer.average.state_dict().items()}
    trainer.step()
    raw, average = trainer.generator.state_dict(), trainer.average.state_dict()
    floats = [name for name, value in raw.items() if value.is_floating_point()]
    assert any("running_mean" in name for name in floats)
    for name in floats:
        expected = before[name] + weight * (raw[name] - before[name])
        assert torch.allclose(average[name], expected, rtol=1e-5, atol=1e-7), name
        assert not torch.equal(raw[name], before[name]), name


def test_average_over_several_steps_has_the_half_life_that_was_asked_for(
    digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the ramp's end on: a raw generator at 1 and an average at 0; after one half-life it is 1/2, after
    two 3/4, whatever the steps. Half-life 64 images, two batches of 32."""
    monkeypatch.setattr(trainers, "RAMP", 1.0)
    trainer = build(digits, ema_kimg=0.064)
    trainer.sampler.drawn = 10_000
    for raw, average in zip(trainer._raw, trainer._averaged, strict=True):
        raw.fill_(1)
        average.fill_(0)
    values = []
    for _ in range(4):
        trainer._update_average()
        values.append(trainer._averaged[0].mean().item())
    assert values == pytest.approx([1 - 0.5**0.5, 0.5, 1 - 0.5**1.5, 0.75])


@ALL
def test_no_averaging_means_the_raw_generator(digits: Digits, kind: str) -> None:
    trainer = build(digits, kind, steps=2, ema_kimg=0)
    raw = dict(trainer.generator.state_dict())
    average = {name: value for name, value in trainer.average.state_dict().items() if "batches" not in name}
    assert_equal(average, {name: raw[name] for name in average})


def test_average_is_for_pictures_and_never_trains(trainer: Trainer) -> None:
    assert not trainer.average.training
    assert not any(parameter.requires_grad for parameter in trainer.average.parameters())


@ALL
def test_one_seed_is_one_run(digits: Digits, kind: str) -> None:
    first, second = (build(digits, kind, steps=3) for _ in range(2))
    assert_equal(first.tensors(), second.tensors())


def test_another_seed_is_another_run(digits: Digits) -> None:
    first, second = (build(digits, seed=seed).tensors() for seed in (0, 1))
    assert not torch.equal(first["generator.layers.0.weight"], second["generator.layers.0.weight"])
    assert not torch.equal(first["noise"], second["noise"])


def test_trainer_leaves_the_global_random_state_alone(digits: Digits) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build(digits, steps=1)
    assert torch.equal(torch.rand(3), expected)


@ALL
def test_measuring_norms_changes_nothing_that_is_learned(digits: Digits, kind: str) -> None:
    plain, measured = build(digits, kind), build(digits, kind)
    for number in range(4):
        plain.step()
        measured.step(norms=number % 2 == 0)
    assert_equal(plain.tensors(), measured.tensors())


def test_norms_are_those_of_the_last_gradient_and_of_the_whole_step(digits: Digits) -> None:
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
    assert set(trainer.take_record()) == set(STATISTICS)
    trainer.step(norms=True)
    trainer.step()
    assert set(trainer.take_record()) == {*STATISTICS, *NORMS}


@pytest.mark.parametrize("mine", list(PASSES))
@pytest.mark.parametrize("kind", ["vanilla", "dcgan", "cgan"])
def test_weight_penalty_enters_the_gradient_of_weights_alone(digits: Digits, kind: str, mine: str) -> None:
    """d/dw of l1 |w| + l2 w^2 is l1 sign(w) + 2 l2 w; biases and batch norm stay as they are."""
    l1, l2 = 0.01, 0.03
    plain, penalised = (
        build(digits, kind, weight_l1=first, weight_l2=second) for first, second in ((0.0, 0.0), (l1, l2))
    )
    before = weights(getattr(plain, mine))
    for trainer in (plain, penalised):
        PASSES[mine](trainer)
    pairs = zip(getattr(plain, mine).parameters(), getattr(penalised, mine).parameters(), strict=True)
    for weight, (left, right) in zip(before.values(), pairs, strict=True):
        expected = l1 * weight.sign() + 2 * l2 * weight if weight.dim() > 1 else torch.zeros_like(weight)
        assert torch.allclose(right.grad - left.grad, expected, atol=1e-6)


def test_weight_penalty_is_not_in_the_plotted_loss(digits: Digits) -> None:
    first, second = (build(digits, "vanilla", steps=1, weight_l1=l1, weight_l2=l1) for l1 in (0.0, 0.1))
    assert first.take_record()["loss_d"] == second.take_record()["loss_d"]


class _Bowl(nn.Module):
    """D(x) = c |x|² / 2: its slope at x is c x, so that half of the squared slope changes by c |x|² with c."""

    has_batch_norm = False

    def __init__(self) -> None:
        super().__init__()
        self.c = nn.Parameter(torch.tensor(0.01))

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        return self.c / 2 * x.flatten(1).square().sum(1)


def _bowl_pass(digits: Digits, **penalties: float) -> tuple[float, float, float, float]:
    """The gradient of c and the loss in a pass of D, and the mean |x|² of its real and of its forged images."""
    trainer = build(digits, **penalties)
    bowl = _Bowl()
    trainer.discriminator = bowl  # type: ignore[assignment]
    trainer.optimizer_d = torch.optim.Adam(bowl.parameters())
    x, y = next(trainer.sampler)
    fakes = trainer._forge(y).detach()
    squares = [images.flatten(1).square().sum(1).mean().item() for images in (x, fakes)]
    loss = trainer._discriminator_pass(x, fakes, y)[2]
    assert bowl.c.grad is not None
    return bowl.c.grad.item(), loss.item(), squares[0], squares[1]


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize(("r1", "r2"), [(2.0, 0.0), (0.0, 3.0), (2.0, 3.0)])
def test_slope_penalty_by_hand(digits: Digits, r1: float, r2: float, every: int) -> None:
    """γ/2 E|c x|² has the derivative γ c E|x|² by c, with R1's γ at real and with R2's at forged images, and k times
    that in every k-th step. The loss that is plotted knows nothing of it."""
    plain, loss, real, fake = _bowl_pass(digits)
    penalised, same_loss, _, _ = _bowl_pass(digits, r1=r1, r2=r2, penalty_every=every)
    assert abs(real - fake) > 20
    assert penalised - plain == pytest.approx(every * 0.01 * (r1 * real + r2 * fake), rel=1e-4)
    assert same_loss == loss


@pytest.mark.parametrize("changes", [{}, {"ink_scale_d": 0.0}, {"architecture_d": "conv"}, {"spectral_norm_d": True}])
def test_slope_penalty_enters_the_gradient_of_every_weight(digits: Digits, changes: dict[str, Any]) -> None:
    """What is added is the gradient of γ/2 |∇D(x)|², computed once more image by image."""
    plain, penalised = build(digits, **changes), build(digits, r1=2.0, **changes)
    copied = copy.deepcopy(plain.discriminator)
    x, y = next(plain.sampler)
    fakes = plain._forge(y).detach()
    plain._discriminator_pass(x, fakes, y)
    penalised._discriminator_pass(x.clone(), fakes.clone(), y)
    if changes.get("spectral_norm_d"):
        copied(torch.cat((x, fakes)), torch.cat((y, y)))  # the power iteration of the pass
    copied.eval()
    total = torch.zeros(())
    for image, digit in zip(x, y, strict=True):
        image = image[None].clone().requires_grad_()
        (slope,) = torch.autograd.grad(copied(image, digit[None]).squeeze(), image, create_graph=True)
        total = total + slope.square().sum() / len(x)
    total.backward()
    added = 0.0
    for left, right, own in zip(*map(_parameters, (plain, penalised)), copied.parameters(), strict=True):
        expected = torch.zeros_like(own) if own.grad is None else own.grad
        assert torch.allclose(right.grad - left.grad, expected, rtol=1e-3, atol=1e-5)
        added += float(expected.square().sum())
    assert added > 1e-6


def _parameters(trainer: Trainer) -> list[Any]:
    return list(trainer.discriminator.parameters())


@ALL
def test_slope_penalty_is_not_in_the_plotted_loss(digits: Digits, kind: str) -> None:
    first, second = (build(digits, kind, steps=1, r1=gamma, r2=gamma) for gamma in (0.0, 5.0))
    records = first.take_record(), second.take_record()
    assert records[0]["loss_d"] == records[1]["loss_d"]
    different = [not torch.equal(*pair) for pair in zip(_parameters(first), _parameters(second), strict=True)]
    assert any(different)


@pytest.mark.parametrize(
    ("penalties", "due"),
    [
        ({"r1": 1.0}, [1, 1, 1, 1, 1, 1, 1]),
        ({"r2": 1.0, "penalty_every": 3}, [1, 0, 0, 1, 0, 0, 1]),
        ({"r1": 1.0, "r2": 1.0, "penalty_every": 3}, [2, 0, 0, 2, 0, 0, 2]),
        ({"r1": 1.0, "penalty_every": 3, "d_steps": 2}, [2, 0, 0, 2, 0, 0, 2]),
        ({"penalty_every": 3}, [0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_lazy_penalty_is_due_in_every_kth_step(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, penalties: dict[str, Any], due: list[int]
) -> None:
    """From the first step on, and from the right one after a resume."""
    slopes: list[Tensor] = []

    def counted(logits: Tensor, images: Tensor) -> Tensor:
        slopes.append(images)
        return squared_slope(logits, images)

    monkeypatch.setattr(trainers, "squared_slope", counted)

    def counts(trainer: Trainer, steps: int) -> list[int]:
        found = []
        for _ in range(steps):
            slopes.clear()
            trainer.step()
            found.append(len(slopes))
        return found

    trainer = build(digits, **penalties)
    assert counts(trainer, 5) == due[:5]
    resumed = build(digits, **penalties)
    resumed.load(trainer.tensors(), trainer.images, trainer.lr_g, trainer.lr_d)
    assert counts(resumed, 2) == due[5:]


@ALL
def test_penalties_work_in_bfloat16(digits: Digits, kind: str) -> None:
    trainer = build(digits, kind, steps=3, r1=1.0, r2=1.0, penalty_every=2, precision="bfloat16")
    assert trainer.is_finite()
    assert all(math.isfinite(summary.mean) for summary in trainer.take_record().values())


def test_penalty_flattens_the_discriminator(digits: Digits) -> None:
    """Thirty steps with R1 and R2 and without: the slope at real images is a fraction of what it was."""
    found = []
    for gamma in (0.0, 20.0):
        trainer = build(digits, steps=30, r1=gamma, r2=gamma, lr_g=1e-6)
        x, y = next(trainer.sampler)
        x.requires_grad_()
        found.append(squared_slope(trainer.discriminator(x, y), x).item())
    assert 0 < found[1] < found[0] / 4


def _largest(trainer: Trainer) -> list[float]:
    """The largest singular value of each layer of D."""
    kinds = nn.Linear | nn.Conv2d | nn.Embedding
    layers = [layer for layer in trainer.discriminator.modules() if isinstance(layer, kinds)]
    return [torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() for layer in layers]


@pytest.mark.parametrize("changes", [{}, {"architecture_d": "conv", "widths_d": (8, 8, 16)}])
def test_spectral_norm_bounds_every_layer_while_training(digits: Digits, changes: dict[str, Any]) -> None:
    """One power iteration a pass runs after weights that move: the largest singular value is a little above 1.
    It is 1 once the weights stand still for a few passes; without the norm, some layer grows beyond."""
    changes = changes | {"lr_d": 2e-3, "beta2": 0.99}  # steps large enough for it to show
    trainer = build(digits, steps=60, spectral_norm_d=True, **changes)
    found = _largest(trainer)
    assert min(found) > 0.999
    assert max(found) < 1.3
    x, y = next(trainer.sampler)
    with torch.no_grad():
        for _ in range(60):
            trainer.discriminator(x, y)
    assert _largest(trainer) == pytest.approx([1.0] * len(found), abs=0.01)
    assert max(_largest(build(digits, steps=60, **changes))) > 1.4


def _measured(trainer: Trainer, *steps: tuple[list[float], list[float], float, float]) -> dict[str, Summary]:
    """The record after steps in which D gave these logits on real and on fake, at these losses."""
    for real, fake, loss_d, loss_g in steps:
        trainer._measure(torch.tensor(real), torch.tensor(fake), torch.tensor(loss_d), torch.tensor(loss_g))
    return trainer.take_record()


def test_record_by_hand(trainer: Trainer) -> None:
    """sigmoid(ln 3) = 3/4. Two steps: D(x) 3/4, then (3/4 + 1/4) / 2; D(G(z)) 1/4, then 3/4; right on all
    real ones, then on half of them; right on all forgeries, then on none."""
    high, low = math.log(3), -math.log(3)
    record = _measured(trainer, ([high, high], [low, low], 1.0, 3.0), ([high, low], [high, high], 2.0, 1.0))
    expected = {
        "loss_d": (1.5, 1.0, 2.0),
        "loss_g": (2.0, 1.0, 3.0),
        "d_real": (0.625, 0.5, 0.75),
        "d_fake": (0.5, 0.25, 0.75),
        "accuracy_real": (0.75, 0.5, 1.0),
        "accuracy_fake": (0.5, 0.0, 1.0),
    }
    for name, (mean, low, high) in expected.items():
        assert vars(record[name]) == pytest.approx({"mean": mean, "min": low, "max": high}), name


def test_least_squares_records_raw_scores_and_splits_them_at_one_half(digits: Digits) -> None:
    record = _measured(build(digits, loss="least_squares"), ([0.4, 1.2], [0.4, 0.2], 0.0, 0.0))
    names = ("d_real", "d_fake", "accuracy_real", "accuracy_fake")
    assert [record[name].mean for name in names] == pytest.approx([0.8, 0.3, 0.5, 1.0])


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_scores_without_a_target_are_split_at_nothing(digits: Digits, loss: str) -> None:
    record = _measured(build(digits, loss=loss), ([0.4, 1.2], [0.4, -0.2], 0.0, 0.0))
    names = ("d_real", "d_fake", "accuracy_real", "accuracy_fake")
    assert [record[name].mean for name in names] == pytest.approx([0.8, 0.1, 1.0, 0.5])


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_generator_learns_from_the_new_losses(digits: Digits, loss: str) -> None:
    """Sixty steps in which D hardly moves: G finds what D takes for real."""
    trainer = build(digits, loss=loss, lr_d=1e-6, steps=1)
    first = trainer.take_record()
    for _ in range(60):
        trainer.step()
    last = trainer.take_record()
    assert last["loss_g"].min < first["loss_g"].mean - 0.02
    assert last["d_fake"].max > first["d_fake"].mean + 0.02


def test_nan_in_one_step_shows_in_mean_and_extremes(trainer: Trainer) -> None:
    loss = _measured(trainer, ([0.0], [0.0], 1.0, 1.0), ([0.0], [0.0], math.nan, 1.0))["loss_d"]
    assert all(map(math.isnan, (loss.mean, loss.min, loss.max)))


def test_taking_a_record_starts_the_next_one(trainer: Trainer) -> None:
    _measured(trainer, ([0.0], [0.0], 100.0, -100.0))
    loss = _measured(trainer, ([0.0], [0.0], 1.0, 1.0))["loss_d"]
    assert loss == Summary(1.0, 1.0, 1.0)


def test_no_step_no_record(trainer: Trainer) -> None:
    assert trainer.take_record() == {}


def test_unrecorded_counts_steps(trainer: Trainer) -> None:
    counts = []
    for _ in range(2):
        trainer.step()
        counts.append(trainer.unrecorded)
    trainer.take_record()
    assert [*counts, trainer.unrecorded] == [1, 2, 0]


@ALL
def test_bfloat16_computes_layers_but_not_losses(digits: Digits, kind: str) -> None:
    trainer = build(digits, kind, precision="bfloat16")
    layers: set[torch.dtype] = set()
    for module in (*trainer.generator.modules(), *trainer.discriminator.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _, __, output: layers.add(output.dtype))
    real_logits, fake_logits, loss = _discriminator_pass(trainer)
    assert layers == {torch.bfloat16}
    assert {value.dtype for value in (real_logits, fake_logits, loss)} == {torch.float32}
    trainer.step()
    assert {value.dtype for value in weights(trainer.generator).values()} == {torch.float32}
    assert trainer.is_finite()


@pytest.mark.parametrize("name", ["generator", "discriminator"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_one_broken_weight_is_noticed(trainer: Trainer, name: str, value: float) -> None:
    assert trainer.is_finite()
    parameter = next(getattr(trainer, name).parameters())
    parameter.data.view(-1)[3] = value
    assert not trainer.is_finite()


def _rates(trainer: Trainer) -> tuple[float, float]:
    """The learning rates that the optimisers step with."""
    return trainer.optimizer_g.param_groups[0]["lr"], trainer.optimizer_d.param_groups[0]["lr"]


def test_learning_rates_are_of_their_own_network(digits: Digits) -> None:
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3)
    trainer.lr_g = 1e-4
    assert (trainer.lr_g, trainer.lr_d) == (1e-4, 2e-3)
    trainer.step()
    assert _rates(trainer) == (1e-4, 2e-3)
    trainer.lr_d = 3e-3
    trainer.step()
    assert _rates(trainer) == (1e-4, 3e-3)


@pytest.mark.parametrize(
    ("decay_from", "spent", "left"),
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
def test_decay_by_hand(digits: Digits, decay_from: float, spent: float, left: float) -> None:
    """From `decay_from` on both rates fall evenly, to nothing where all is spent; a rate that was changed
    meanwhile falls from what it was changed to."""
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3, decay_from=decay_from)
    trainer.step(spent=spent)
    assert _rates(trainer) == pytest.approx((1e-3 * left, 2e-3 * left), rel=1e-9)
    trainer.lr_g = 4e-4
    trainer.step(spent=spent)
    assert _rates(trainer) == pytest.approx((4e-4 * left, 2e-3 * left), rel=1e-9)
    assert (trainer.lr_g, trainer.lr_d) == (4e-4, 2e-3)


def test_decayed_steps_are_as_much_shorter(digits: Digits) -> None:
    """Adam's first step is as long as the learning rate: with a quarter of it left, a quarter as long."""
    whole, quarter, nothing = (build(digits, decay_from=0.0) for _ in range(3))
    before = weights(whole.discriminator)["logit.weight"]
    for trainer, spent in ((whole, 0.0), (quarter, 0.75), (nothing, 1.0)):
        trainer.step(spent=spent)
    moved = [weights(trainer.discriminator)["logit.weight"] - before for trainer in (whole, quarter, nothing)]
    assert moved[0].abs().min() > 0
    assert torch.allclose(moved[1], moved[0] / 4, rtol=1e-3)
    assert not moved[2].any()


def test_decay_follows_what_is_spent_and_remembers_nothing(digits: Digits) -> None:
    """More time is granted at the end: the rates are back."""
    trainer = build(digits, decay_from=0.5)
    for spent in (0.9, 0.4):
        trainer.step(spent=spent)
    assert _rates(trainer) == (trainer.config.lr_g, trainer.config.lr_d)


def test_first_adam_step_is_as_long_as_the_learning_rate(digits: Digits) -> None:
    """Adam's first step is lr * g / (|g| + eps): every weight with a gradient moves by almost lr."""
    trainer = build(digits, lr_d=0.01)
    before = weights(trainer.discriminator)["logit.weight"]
    _discriminator_pass(trainer)
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
def test_halves_of_a_run_make_the_whole(digits: Digits, kind: str, changes: dict[str, Any], written: bool) -> None:
    """Eight steps, or four, a fresh trainer, and four more: the same to the last bit, also where the tensors have
    been through a file, which knows no memory format."""
    whole, first = build(digits, kind, steps=8, **changes), build(digits, kind, steps=4, **changes)
    second = build(digits, kind, **changes)
    second.load(_through_a_file(first) if written else _kept(first), first.images, first.lr_g, first.lr_d)
    for _ in range(4):
        second.step()
    assert_equal(second.tensors(), whole.tensors())
    assert (second.images, second.steps) == (whole.images, whole.steps)


@pytest.mark.parametrize("changes", [{}, CONV, {"architecture": "conv", "architecture_d": "same"}])
def test_moments_lie_in_memory_as_their_parameters_do(digits: Digits, changes: dict[str, Any]) -> None:
    """Before a resume and after one: Adam steps through both side by side, element by element as they lie."""
    first = build(digits, steps=2, **changes)
    second = build(digits, **changes)
    second.load(_through_a_file(first), first.images, first.lr_g, first.lr_d)
    unusual = 0
    for trainer in (first, second):
        for optimizer in (trainer.optimizer_g, trainer.optimizer_d):
            for parameter in optimizer.param_groups[0]["params"]:
                for name in ("exp_avg", "exp_avg_sq"):
                    assert optimizer.state[parameter][name].stride() == parameter.stride()
                unusual += not parameter.is_contiguous()
    assert unusual >= 2
    assert_equal(_through_a_file(second), _through_a_file(first))


def test_halves_of_a_decaying_run_make_the_whole(digits: Digits) -> None:
    """The rates that fall are not remembered but follow from what is spent."""
    whole, first, second = (build(digits, decay_from=0.25) for _ in range(3))
    for number in range(8):
        whole.step(spent=number / 8)
    for number in range(4):
        first.step(spent=number / 8)
    second.load(_kept(first), first.images, first.lr_g, first.lr_d)
    for number in range(4, 8):
        second.step(spent=number / 8)
    assert_equal(second.tensors(), whole.tensors())


def test_loading_takes_the_changed_learning_rates(trainer: Trainer) -> None:
    trainer.load(trainer.tensors(), 0, lr_g=3e-4, lr_d=4e-4)
    assert (trainer.lr_g, trainer.lr_d) == (3e-4, 4e-4)


def test_training_tells_real_from_fake(digits: Digits) -> None:
    """Sixty steps with a learning rate of G that hardly moves it: D wins."""
    trainer = build(digits, lr_g=1e-6, steps=59)
    trainer.take_record()
    trainer.step()
    record = trainer.take_record()
    assert record["d_real"].mean > 0.9 > 0.1 > record["d_fake"].mean
    assert (record["accuracy_real"].mean, record["accuracy_fake"].mean) == pytest.approx((1.0, 1.0), abs=0.05)


@pytest.mark.parametrize("threads", [1, 2])
def test_step_has_the_threads_that_were_asked_for(digits: Digits, threads: int) -> None:
    before = torch.get_num_threads()
    try:
        trainer = build(digits, steps=1, threads=threads)
        assert (trainer.threads, torch.get_num_threads()) == (threads, threads)
    finally:
        torch.set_num_threads(before)
