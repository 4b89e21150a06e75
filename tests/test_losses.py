import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan.config import hints
from gan.losses import LOSSES, AdversarialLoss

LN2 = math.log(2)
NAMES = list(LOSSES)
SMOOTHINGS = [0.0, 0.1, 0.3]


def _at(loss: AdversarialLoss, real: list[float], fake: list[float]) -> tuple[float, float]:
    real_logits, fake_logits = torch.tensor(real, dtype=torch.float32), torch.tensor(fake, dtype=torch.float32)
    return loss.d(real_logits, fake_logits).item(), loss.g(real_logits, fake_logits).item()


def _output(loss: AdversarialLoss, logit: float) -> float:
    value = torch.tensor(logit)
    return (loss.probability(value) if loss.probability else value).item()


def _perfect_logit(loss: AdversarialLoss) -> float:
    """The raw output at which D answers `ideal_output`."""
    assert loss.ideal_output is not None
    return math.log(loss.ideal_output / (1 - loss.ideal_output)) if loss.probability else loss.ideal_output


def test_names_are_those_that_the_config_takes() -> None:
    assert tuple(LOSSES) == hints()["loss"].choices


@pytest.mark.parametrize(
    ("name", "smoothing", "real", "fake", "loss_d", "loss_g"),
    [
        # sigmoid(ln 3) = 3/4, so -log D(x) is (ln 2 + ln 4/3) / 2 on average over x, and the same for the
        # forgeries: together ln 8/3. -log D(G(z)) at logits 0 and -ln 3: (ln 2 + ln 4) / 2.
        ("non_saturating", 0.0, [0, math.log(3)], [0, -math.log(3)], math.log(8 / 3), 1.5 * LN2),
        ("minimax", 0.0, [0, math.log(3)], [0, -math.log(3)], math.log(8 / 3), -math.log(8 / 3) / 2),
        # The real ones' target is 0.9: 0.9 * ln 4/3 + 0.1 * ln 4 at D(x) = 3/4; the forgeries give ln 2.
        ("non_saturating", 0.1, [math.log(3)], [0], 0.9 * math.log(4 / 3) + 0.1 * math.log(4) + LN2, LN2),
        ("minimax", 0.1, [math.log(3)], [0], 0.9 * math.log(4 / 3) + 0.1 * math.log(4) + LN2, -LN2),
        # Squares of 0 and 1/2 on both sides: (1/8 + 1/8) / 2; for G squares of 1 and 1/2: 5/8 / 2.
        ("least_squares", 0.0, [1, 0.5], [0, 0.5], 0.125, 0.3125),
        # Against 0.9: squares of 0.1 and -0.4 are 0.01 and 0.16; forgeries 0 and 0.25.
        ("least_squares", 0.1, [1, 0.5], [0, 0.5], 0.5 * (0.085 + 0.125), 0.3125),
    ],
)
def test_loss_by_hand(
    name: str, smoothing: float, real: list[float], fake: list[float], loss_d: float, loss_g: float
) -> None:
    assert _at(LOSSES[name](smoothing), real, fake) == pytest.approx((loss_d, loss_g), rel=1e-5)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_d_is_binary_cross_entropy(smoothing: float) -> None:
    real, fake = torch.randn(64) * 3, torch.randn(64) * 3
    both = F.binary_cross_entropy_with_logits
    expected = both(real, torch.full_like(real, 1 - smoothing)) + both(fake, torch.zeros_like(fake))
    assert LOSSES["non_saturating"](smoothing).d(real, fake).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "ideal"),
    [("minimax", (2 * LN2, -LN2)), ("non_saturating", (2 * LN2, LN2)), ("least_squares", (1 / 4, 1 / 8))],
)
def test_ideal_of_a_perfect_forger(name: str, ideal: tuple[float, float]) -> None:
    """At p_g = p_data the best D answers 1/2. Cross entropy: -2 log 1/2 for D, -log 1/2 or log 1/2 for G.
    Least squares: (1/4 + 1/4) / 2 for D, (1/2)^2 / 2 for G."""
    loss = LOSSES[name](0.0)
    assert loss.ideal == pytest.approx(ideal)
    assert loss.ideal_output == 0.5


@pytest.mark.parametrize(
    ("name", "ideal"),
    [
        # D minimises -0.8 log D - 1.2 log(1 - D), so D = 0.4: -0.8 ln 0.4 - 1.2 ln 0.6.
        ("minimax", (-0.8 * math.log(0.4) - 1.2 * math.log(0.6), math.log(0.6))),
        ("non_saturating", (-0.8 * math.log(0.4) - 1.2 * math.log(0.6), -math.log(0.4))),
        # D minimises (D - 0.8)^2 + D^2, so D = 0.4: (0.16 + 0.16) / 2; G: 0.36 / 2.
        ("least_squares", (0.16, 0.18)),
    ],
)
def test_ideal_with_label_smoothing(name: str, ideal: tuple[float, float]) -> None:
    loss = LOSSES[name](0.2)
    assert loss.ideal == pytest.approx(ideal)
    assert loss.ideal_output == pytest.approx(0.4)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("name", NAMES)
def test_ideal_is_what_the_losses_are_there(name: str, smoothing: float) -> None:
    loss = LOSSES[name](smoothing)
    logit = _perfect_logit(loss)
    assert _output(loss, logit) == pytest.approx(loss.ideal_output)
    assert _at(loss, [logit], [logit]) == pytest.approx(loss.ideal, rel=1e-5)


@pytest.mark.parametrize("off", [-1.0, -0.1, 0.1, 1.0])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("name", NAMES)
def test_no_other_discriminator_does_better_against_a_perfect_forger(name: str, smoothing: float, off: float) -> None:
    """Where p_g = p_data, D sees the same picture from both sides and can only answer one thing."""
    loss = LOSSES[name](smoothing)
    logit = _perfect_logit(loss) + off
    assert loss.ideal is not None
    assert _at(loss, [logit], [logit])[0] > loss.ideal[0] + 1e-4


def _generator_gradient(name: str, logit: float) -> float:
    fake = torch.tensor([logit], requires_grad=True)
    LOSSES[name](0.0).g(torch.zeros(1), fake).backward()
    assert fake.grad is not None
    return fake.grad.item()


def test_minimax_gradient_vanishes_while_d_wins() -> None:
    """d/dl of log(1 - sigmoid(l)) is -sigmoid(l), at -20 about -2e-9."""
    assert _generator_gradient("minimax", -20.0) == pytest.approx(-2.06e-9, rel=0.01)


def test_non_saturating_gradient_stays_while_d_wins() -> None:
    """d/dl of -log sigmoid(l) is -sigmoid(-l), at -20 almost -1."""
    assert _generator_gradient("non_saturating", -20.0) == pytest.approx(-1.0, abs=1e-6)


@pytest.mark.parametrize("logit", [-1000.0, 1000.0])
@pytest.mark.parametrize("name", NAMES)
def test_losses_and_gradients_stay_finite_where_d_is_sure(name: str, logit: float) -> None:
    real, fake = (torch.full((4,), logit, requires_grad=True) for _ in range(2))
    loss = LOSSES[name](0.1)
    total = loss.d(real, fake) + loss.g(real, fake)
    total.backward()
    assert torch.isfinite(total)
    assert all(logits.grad is not None and torch.isfinite(logits.grad).all() for logits in (real, fake))


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_discriminator_that_is_wrong_and_sure_still_learns(name: str) -> None:
    """d/dl of softplus(-l) is -1 at -1000; log(sigmoid(l)) would have lost it."""
    real = torch.full((1,), -1000.0, requires_grad=True)
    LOSSES[name](0.0).d(real, torch.zeros(1)).backward()
    assert real.grad is not None
    assert real.grad.item() == pytest.approx(-1.0)


@pytest.mark.parametrize("name", NAMES)
def test_undecided_is_the_raw_output_at_one_half(name: str) -> None:
    loss = LOSSES[name](0.0)
    assert _output(loss, loss.undecided) == pytest.approx(0.5)


@pytest.mark.parametrize("name", NAMES)
def test_loss_is_a_mean_over_the_batch(name: str) -> None:
    loss = LOSSES[name](0.1)
    real, fake = [0.3, -1.2], [2.0, 0.1]
    assert _at(loss, real * 5, fake * 5) == pytest.approx(_at(loss, real, fake), rel=1e-5)


def test_least_squares_has_scores_and_no_probability() -> None:
    assert LOSSES["least_squares"](0.0).probability is None


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_probability_is_the_sigmoid(name: str) -> None:
    probability = LOSSES[name](0.0).probability
    assert probability is not None
    values: Tensor = probability(torch.tensor([0.0, math.log(3), -math.log(3)]))
    assert values.tolist() == pytest.approx([0.5, 0.75, 0.25])
