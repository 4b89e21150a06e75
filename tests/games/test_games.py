"""The adversarial game: what its moves show to the discriminator, what they minimise, and what they measure."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan.data import DataSet
from gan.games import KINDS as GAMES
from gan.games import penalties
from gan.games.game import Game, Move
from gan.games.penalties import gradient_penalty
from gan.games.step import Step
from gan.training.messages import Summary
from gan.training.trainer import Trainer
from tests.helpers import KINDS, assert_equal, build, weights

ALL = pytest.mark.parametrize("kind", KINDS)
Player = nn.Module


def _step(trainer: Trainer, **players: Player) -> Step:
    """What the trainer's game works with, with other players where they are given."""
    return Step(
        trainer.config,
        {**trainer.players, **players},
        trainer.sampler,
        trainer.noise,
        trainer.device,
        trainer.dtype,
    )


def _first_move(trainer: Trainer, **players: Player) -> Move:
    """The discriminator's, which nobody follows."""
    return next(trainer.game.moves(_step(trainer, **players)))


@pytest.mark.parametrize("kind", list(GAMES))
def test_every_game_has_its_words(kind: str) -> None:
    game = GAMES[kind]()
    assert isinstance(game, Game)
    assert game.kind == kind
    assert game.note or kind == "adversarial"
    names = [quantity.name for quantity in game.quantities]
    assert len(set(names)) == len(names)
    assert game.score.meaning
    assert not game.score.of_forgeries or game.score.of_forgeries in names


@pytest.mark.parametrize(("kind", "batches"), [("cgan", [64]), ("vanilla", [64]), ("dcgan", [32, 32])])
def test_real_and_forged_share_a_pass_only_without_batch_norm(digits: DataSet, kind: str, batches: list[int]) -> None:
    trainer = build(digits, kind)
    seen: list[int] = []
    trainer.discriminator.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    trainer.move()
    assert seen == batches
    seen.clear()
    trainer.move()
    assert seen == [32]


@ALL
def test_scores_belong_to_their_pictures(digits: DataSet, kind: str) -> None:
    """Asked one by one, without batch norm's statistics, D says the same as in the shared pass."""
    trainer = build(digits, kind, batch_norm_d=False, shift_d=0)
    drawn = trainer.sampler.drawn
    _, y = next(trainer.sampler)
    trainer.sampler.drawn = drawn
    move = _first_move(trainer)
    with torch.no_grad():
        for name in ("real", "forged"):
            expected = trainer.discriminator(move.seen[name], y)
            assert torch.allclose(move.seen[f"{name}_scores"], expected, atol=1e-5)


def _shifts(shown: Tensor, images: Tensor, reach: int) -> list[tuple[int, int]]:
    """By how much each image was shifted, down and to the right, to be what is shown of it."""
    span = range(-reach, reach + 1)
    found = []
    for one, image in zip(shown, images, strict=True):
        by = [(down, right) for down in span for right in span if torch.equal(one, image.roll((down, right), (1, 2)))]
        assert len(by) == 1
        found += by
    return found


class _Passes:
    """What goes into D and comes out of G from now on, pass by pass."""

    def __init__(self, trainer: Trainer) -> None:
        self.shown: list[Tensor] = []
        self.forged: list[Tensor] = []
        trainer.discriminator.register_forward_hook(lambda _, inputs, __: self.shown.append(inputs[0].detach()))
        trainer.generator.register_forward_hook(lambda _, __, images: self.forged.append(images))


@pytest.mark.parametrize("reach", [1, 2])
@pytest.mark.parametrize("kind", ["cgan", "dcgan"])
def test_discriminator_sees_real_and_forged_shifted_alike(digits: DataSet, kind: str, reach: int) -> None:
    """Each picture by a shift of its own, all equally often and for real and forged, or the shift itself would tell
    them apart. In 320 pictures, a share of 1/3, or 1/5, is known to 3 in 100: five deviations are allowed."""
    trainer = build(digits, kind, shift_d=reach)
    passes = _Passes(trainer)
    real: list[tuple[int, int]] = []
    forged: list[tuple[int, int]] = []
    for _ in range(10):
        passes.shown.clear()
        passes.forged.clear()
        drawn = trainer.sampler.drawn
        x, _ = next(trainer.sampler)
        trainer.sampler.drawn = drawn
        trainer.move()
        found = _shifts(torch.cat(passes.shown), torch.cat((x, passes.forged[0].detach())), reach)
        real += found[: len(x)]
        forged += found[len(x) :]
        trainer.finish_step()
    share = 1 / (2 * reach + 1)
    deviation = (320 * share * (1 - share)) ** 0.5
    for shifts in (real, forged):
        counts = [[pair[axis] for pair in shifts].count(by) for axis in (0, 1) for by in range(-reach, reach + 1)]
        assert len(shifts) == 320
        assert counts == pytest.approx([320 * share] * len(counts), abs=5 * deviation)
        assert len(set(shifts)) == (2 * reach + 1) ** 2
    assert real != forged


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_generator_learns_from_shifted_forgeries(digits: DataSet, loss: str) -> None:
    """The gradient goes back to where the pixels came from: rolled back, it is the one without the shift."""
    trainer = build(digits, shift_d=2, loss=loss)
    passes = _Passes(trainer)
    drawn = trainer.sampler.drawn
    x, y = next(trainer.sampler)
    trainer.sampler.drawn = drawn
    moves = trainer.game.moves(_step(trainer))
    next(moves)
    passes.shown.clear()
    move = next(moves)
    (forged,) = passes.forged
    (gradients,) = torch.autograd.grad(move.loss, forged)
    shown = passes.shown[0][-32:]
    shifts = _shifts(shown, forged.detach(), 2)
    copied = shown.clone().requires_grad_()
    real = passes.shown[0][:32] if loss == "relativistic" else x
    scores = trainer.discriminator(real, y).detach()
    losses = trainer.game.losses  # type: ignore[attr-defined]
    (expected,) = torch.autograd.grad(losses.g(scores, trainer.discriminator(copied, y)), copied)
    for gradient, by, wanted in zip(gradients, shifts, expected, strict=True):
        assert torch.allclose(gradient.roll(by, (1, 2)), wanted, atol=1e-7)
        assert gradient.abs().max() > 1e-6


def test_no_shift_draws_nothing(digits: DataSet) -> None:
    """A run from before there were shifts goes on with the same random numbers: those of its latents alone."""
    plain, shifted = build(digits, steps=1, shift_d=0), build(digits, steps=1, shift_d=1)
    alone = torch.Generator().manual_seed(plain.config.seed)
    torch.randn(32, 8, generator=alone)
    assert torch.equal(plain.noise.get_state(), alone.get_state())
    assert not torch.equal(shifted.noise.get_state(), alone.get_state())


class _Bowl(nn.Module):
    """D(x) = c |x|² / 2: its slope at x is c x, so that half of the squared slope changes by c |x|² with c."""

    has_batch_norm = False

    def __init__(self) -> None:
        super().__init__()
        self.c = nn.Parameter(torch.tensor(0.01))

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        return self.c / 2 * x.flatten(1).square().sum(1)


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize(("r1", "r2"), [(2.0, 0.0), (0.0, 3.0), (2.0, 3.0)])
def test_slope_penalty_by_hand(digits: DataSet, r1: float, r2: float, every: int) -> None:
    """γ/2 E|c x|² has the derivative γ c E|x|² by c, with R1's γ at real and with R2's at forged images, and k times
    that in every k-th step. The loss that is plotted knows nothing of it."""
    plain = _first_move(build(digits), discriminator=(bowl := _Bowl()))
    assert plain.penalty is None
    move = _first_move(build(digits, r1=r1, r2=r2, penalty_every=every), discriminator=bowl)
    real, forged = (move.seen[name].flatten(1).square().sum(1).mean().item() for name in ("real", "forged"))
    assert abs(real - forged) > 20
    assert move.penalty is not None
    (slope,) = torch.autograd.grad(move.penalty, bowl.c)
    assert slope.item() == pytest.approx(every * 0.01 * (r1 * real + r2 * forged), rel=1e-4)
    assert torch.equal(move.loss, plain.loss)
    assert torch.equal(move.measured["loss_d"], plain.loss)


def _gradients(trainer: Trainer) -> list[Tensor]:
    return [parameter.grad for parameter in trainer.discriminator.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("changes", [{}, {"ink_scale_d": 0.0}, {"architecture_d": "conv"}, {"spectral_norm_d": True}])
def test_slope_penalty_enters_the_gradient_of_every_weight(digits: DataSet, changes: dict[str, Any]) -> None:
    """What is added is the gradient of γ/2 |∇D(x)|², computed once more image by image."""
    plain, penalised = build(digits, **changes), build(digits, r1=2.0, **changes)
    copied = copy.deepcopy(plain.discriminator)
    passes = _Passes(plain)
    drawn = plain.sampler.drawn
    x, y = next(plain.sampler)
    plain.sampler.drawn = drawn
    for trainer in (plain, penalised):
        trainer.move()
    if changes.get("spectral_norm_d"):
        copied(passes.shown[0], torch.cat((y, y)))  # the power iteration of the pass
    copied.eval()
    total = torch.zeros(())
    for image, digit in zip(x, y, strict=True):
        image = image[None].clone().requires_grad_()
        (slope,) = torch.autograd.grad(copied(image, digit[None]).squeeze(), image, create_graph=True)
        total = total + slope.square().sum() / len(x)
    total.backward()
    added = 0.0
    for left, right, own in zip(*map(_gradients, (plain, penalised)), copied.parameters(), strict=True):
        expected = torch.zeros_like(own) if own.grad is None else own.grad
        assert torch.allclose(right - left, expected, rtol=1e-3, atol=1e-5)
        added += float(expected.square().sum())
    assert added > 1e-6


@ALL
def test_slope_penalty_is_not_in_the_plotted_loss(digits: DataSet, kind: str) -> None:
    first, second = (build(digits, kind, steps=1, r1=gamma, r2=gamma) for gamma in (0.0, 5.0))
    records = first.take_record(), second.take_record()
    assert records[0]["loss_d"] == records[1]["loss_d"]
    mine, theirs = weights(first.discriminator), weights(second.discriminator)
    assert any(not torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({"r1": 1.0}, [1, 1, 1, 1, 1, 1, 1]),
        ({"r2": 1.0, "penalty_every": 3}, [1, 0, 0, 1, 0, 0, 1]),
        ({"r1": 1.0, "r2": 1.0, "penalty_every": 3}, [2, 0, 0, 2, 0, 0, 2]),
        ({"r1": 1.0, "penalty_every": 3, "d_steps": 2}, [2, 0, 0, 2, 0, 0, 2]),
        ({"penalty_every": 3}, [0, 0, 0, 0, 0, 0, 0]),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True])
def test_lazy_penalty_is_due_in_every_kth_step(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], due: list[int], by_hand: bool
) -> None:
    """From the first step on, and from the right one after a resume; also taken move by move."""
    slopes: list[Tensor] = []

    def counted(scores: Tensor, images: Tensor) -> Tensor:
        slopes.append(images)
        return gradient_penalty(scores, images)

    monkeypatch.setattr(penalties, "gradient_penalty", counted)

    def counts(trainer: Trainer, steps: int) -> list[int]:
        found = []
        for _ in range(steps):
            slopes.clear()
            if by_hand:
                trainer.move()
            trainer.step()
            found.append(len(slopes))
        return found

    trainer = build(digits, **changes)
    assert counts(trainer, 5) == due[:5]
    resumed = build(digits, **changes)
    resumed.load(trainer.tensors(), trainer.images_seen, trainer.lr_g, trainer.lr_d)
    assert counts(resumed, 2) == due[5:]


@ALL
def test_penalties_work_in_bfloat16(digits: DataSet, kind: str) -> None:
    trainer = build(digits, kind, steps=3, r1=1.0, r2=1.0, penalty_every=2, precision="bfloat16")
    assert trainer.is_finite()
    assert all(math.isfinite(summary.mean) for summary in trainer.take_record().values())


def test_penalty_flattens_the_discriminator(digits: DataSet) -> None:
    """Thirty steps with R1 and R2 and without: the slope at real images is a fraction of what it was."""
    found = []
    for gamma in (0.0, 20.0):
        trainer = build(digits, steps=30, r1=gamma, r2=gamma, lr_g=1e-6)
        x, y = next(trainer.sampler)
        x.requires_grad_()
        found.append(gradient_penalty(trainer.discriminator(x, y), x).item())
    assert 0 < found[1] < found[0] / 4


def _largest(trainer: Trainer) -> list[float]:
    """The largest singular value of each layer of D."""
    kinds = nn.Linear | nn.Conv2d | nn.Embedding
    layers = [layer for layer in trainer.discriminator.modules() if isinstance(layer, kinds)]
    return [torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() for layer in layers]


@pytest.mark.parametrize("changes", [{}, {"architecture_d": "conv", "widths_d": (8, 8, 16)}])
def test_spectral_norm_bounds_every_layer_while_training(digits: DataSet, changes: dict[str, Any]) -> None:
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


def _softplus(values: Tensor) -> Tensor:
    return (1 + values.exp()).log()


@pytest.mark.parametrize("gamma", [0.0, 3.0])
@pytest.mark.parametrize("kind", ["cgan", "dcgan"])
def test_relativistic_step_written_out(digits: DataSet, kind: str, gamma: float) -> None:
    """softplus(D(G(z)) - D(x)) for D, then softplus(D(x) - D(G(z))) for G with the scores of the D that has moved, on
    the same images; R1 and R2 for D alone. Two steps, against plain autograd and Adam's own step."""
    trainer = build(digits, kind, loss="relativistic", r1=gamma, r2=gamma, shift_d=0)
    twin = build(digits, kind, loss="relativistic")
    g, d = twin.generator, twin.discriminator
    chosen = trainer.config.optimizer
    betas = chosen.beta1, chosen.beta2
    adam_g = torch.optim.Adam(g.parameters(), chosen.lr_g, betas)
    adam_d = torch.optim.Adam(d.parameters(), chosen.lr_d, betas)
    for _ in range(2):
        x, y = next(twin.sampler)
        z = torch.randn(len(y), 8, generator=twin.noise)
        forged = g(z, y)
        seen = [x.clone().requires_grad_(), forged.detach().clone().requires_grad_()]
        real_scores, forged_scores = (d(images, y) for images in seen)
        loss_d = _softplus(forged_scores - real_scores).mean()
        penalty = torch.zeros(())
        for images, scores in zip(seen, (real_scores, forged_scores), strict=True):
            (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
            penalty = penalty + gamma / 2 * slope.square().sum() / len(images)
        adam_d.zero_grad()
        (loss_d + penalty).backward(inputs=list(d.parameters()))
        adam_d.step()
        trainer.move()
        assert_near(trainer.discriminator, d)
        loss_g = _softplus(d(x, y) - d(forged, y)).mean()
        adam_g.zero_grad()
        loss_g.backward(inputs=list(g.parameters()))
        adam_g.step()
        trainer.move()
        assert_near(trainer.generator, g)
        record = trainer.take_record()
        assert record["loss_d"].mean == pytest.approx(loss_d.item(), rel=1e-4)
        assert record["loss_g"].mean == pytest.approx(loss_g.item(), rel=1e-4)


def assert_near(found: nn.Module, expected: nn.Module) -> None:
    """Gradients near each other: those of one pass for all differ in the last bits from those of two passes, and Adam
    makes as much of a tiny gradient as of a large one. The weights are then put in step."""
    for (name, mine), theirs in zip(found.named_parameters(), expected.parameters(), strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert torch.allclose(mine.grad, theirs.grad, rtol=1e-3, atol=1e-6), name
    with torch.no_grad():
        for mine, theirs in zip(found.parameters(), expected.parameters(), strict=True):
            theirs.copy_(mine)


def test_relative_loss_shows_the_real_images_to_the_d_of_now(digits: DataSet) -> None:
    """What G is compared with has changed with D's move."""
    trainer = build(digits, loss="relativistic", lr_d=0.01)
    (of_d,), (of_g,) = trainer.move(inspect=True), trainer.move(inspect=True)
    assert (of_d.seen["real"] == of_g.seen["real"]).all()
    assert (of_d.seen["real_scores"] != of_g.seen["real_scores"]).any()


class _Scripted(nn.Module):
    """Says what it was told to, whatever it sees: first on real and on forged images, then on the forged ones, and so
    on. Each of the two numbers is said of half of the images."""

    has_batch_norm = False

    def __init__(self, *steps: tuple[list[float], list[float]]) -> None:
        super().__init__()
        self.zero = nn.Parameter(torch.zeros(()))
        self.lines = [line for real, forged in steps for line in ([*real, *forged], forged)]

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        line = self.lines.pop(0)
        said = torch.tensor(line).repeat_interleave(len(x) // len(line))
        return said + self.zero * x.flatten(1).sum(1)  # so that there is a gradient, of nothing


class _Still(torch.optim.Adam):
    """Moves nothing, whatever the rate and the gradient."""

    def step(self, closure: Any = None) -> None:
        pass


def _measured(trainer: Trainer, *steps: tuple[list[float], list[float]]) -> dict[str, Summary]:
    """The record after steps in which D gave these scores on real and on forged images."""
    scripted = _Scripted(*steps)
    trainer.players["discriminator"] = scripted
    trainer.optimizers["discriminator"] = _Still(scripted.parameters())
    for _ in steps:
        trainer.step()
    return trainer.take_record()


def test_record_by_hand(trainer: Trainer) -> None:
    """sigmoid(ln 3) = 3/4. Two steps: D(x) 3/4, then (3/4 + 1/4) / 2; D(G(z)) 1/4, then 3/4; right on all
    real ones, then on half of them; right on all forgeries, then on none. The losses are the logarithms of these."""
    high, low = math.log(3), -math.log(3)
    steps = ([high, high], [low, low]), ([high, low], [high, high])
    record = _measured(trainer, *steps)
    sure, wrong = -math.log(3 / 4), -math.log(1 / 4)
    first, second = 2 * sure, (sure + wrong) / 2 + wrong
    expected = {
        "loss_d": ((first + second) / 2, first, second),
        "loss_g": ((wrong + sure) / 2, sure, wrong),
        "d_real": (0.625, 0.5, 0.75),
        "d_fake": (0.5, 0.25, 0.75),
        "accuracy_real": (0.75, 0.5, 1.0),
        "accuracy_fake": (0.5, 0.0, 1.0),
    }
    assert record.keys() == expected.keys()
    for name, (mean, low, high) in expected.items():
        assert vars(record[name]) == pytest.approx({"mean": mean, "min": low, "max": high}, abs=1e-6), name


ANSWERS = ("d_real", "d_fake", "accuracy_real", "accuracy_fake")


def test_least_squares_records_raw_scores_and_splits_them_at_one_half(digits: DataSet) -> None:
    record = _measured(build(digits, loss="least_squares"), ([0.4, 1.2], [0.4, 0.2]))
    assert [record[name].mean for name in ANSWERS] == pytest.approx([0.8, 0.3, 0.5, 1.0])


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_scores_without_a_target_are_split_at_nothing(digits: DataSet, loss: str) -> None:
    trainer = build(digits, loss=loss)
    scripted = ([0.4, 1.2], [0.4, -0.2])
    if loss == "relativistic":  # whose G asks about the real ones once more
        move = _first_move(trainer, discriminator=_Scripted(scripted))
        found = [move.measured[name].item() for name in ANSWERS]
    else:
        record = _measured(trainer, scripted)
        found = [record[name].mean for name in ANSWERS]
    assert found == pytest.approx([0.8, 0.1, 1.0, 0.5])


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_generator_learns_from_the_new_losses(digits: DataSet, loss: str) -> None:
    """Sixty steps in which D hardly moves: G finds what D takes for real."""
    trainer = build(digits, loss=loss, lr_d=1e-6, steps=1)
    first = trainer.take_record()
    for _ in range(60):
        trainer.step()
    last = trainer.take_record()
    assert last["loss_g"].min < first["loss_g"].mean - 0.02
    assert last["d_fake"].max > first["d_fake"].mean + 0.02


def test_nan_in_one_step_shows_in_mean_and_extremes(trainer: Trainer) -> None:
    record = _measured(trainer, ([0.0, 0.0], [0.0, 0.0]), ([math.nan, 0.0], [0.0, 0.0]))
    for name in ("loss_d", "d_real"):
        assert all(map(math.isnan, vars(record[name]).values())), name
    assert math.isfinite(record["loss_g"].mean)


def test_taking_a_record_starts_the_next_one(trainer: Trainer) -> None:
    _measured(trainer, ([9.0, 9.0], [-9.0, -9.0]))
    record = _measured(trainer, ([0.0, 0.0], [0.0, 0.0]))
    for name, value in (("loss_d", 2 * math.log(2)), ("d_real", 0.5)):
        assert vars(record[name]) == pytest.approx(dict.fromkeys(("mean", "min", "max"), value)), name


@ALL
def test_bfloat16_computes_layers_but_not_losses(digits: DataSet, kind: str) -> None:
    trainer = build(digits, kind, precision="bfloat16")
    layers: set[torch.dtype] = set()
    for module in (*trainer.generator.modules(), *trainer.discriminator.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _, __, output: layers.add(output.dtype))
    moves = trainer.game.moves(_step(trainer))
    for move in (next(moves), next(moves)):
        scores = [value for name, value in move.seen.items() if name.endswith("_scores")]
        assert {value.dtype for value in (*scores, *move.measured.values(), move.loss)} == {torch.float32}
    assert layers == {torch.bfloat16}
    trainer.step()
    assert {value.dtype for value in weights(trainer.generator).values()} == {torch.float32}
    assert trainer.is_finite()


@ALL
def test_same_loss_once_more_is_the_same(digits: DataSet, kind: str) -> None:
    """`again`, before any weight has moved: on the same batch, latents and shifts."""
    trainer = build(digits, kind, shift_d=1, loss="relativistic")
    before = trainer.noise.get_state()
    moves = trainer.game.moves(_step(trainer))
    for move in (next(moves), next(moves)):
        drawn, random = trainer.images_seen, trainer.noise.get_state()
        assert not torch.equal(random, before)
        assert move.again().item() == pytest.approx(move.loss.item(), rel=1e-5)
        assert trainer.images_seen == drawn
        assert torch.equal(trainer.noise.get_state(), random)


def test_game_keeps_nothing_from_step_to_step(digits: DataSet) -> None:
    """One object of settings serves two trainers side by side."""
    first, alone = build(digits), build(digits)
    second = Trainer(first.config, digits, first.device)
    assert second.game is first.game
    for _ in range(4):
        first.move()
        second.move()
        alone.move()
    assert_equal(first.tensors(), alone.tensors())
    assert_equal(second.tensors(), alone.tensors())
