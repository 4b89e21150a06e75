import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan.config.fields import hints
from gan.games.losses import LOSSES, AdversarialLoss
from tests.helpers import is_sentence

LN2 = math.log(2)
NAMES = list(LOSSES)
TARGETED = ["minimax", "non_saturating", "least_squares"]
"""Losses with a target for each output, so that there is one best answer, and something to smooth."""
SMOOTHINGS = [0.0, 0.1, 0.3]


def _at(loss: AdversarialLoss, real: list[float], fake: list[float]) -> tuple[float, float]:
    real_logits, fake_logits = torch.tensor(real, dtype=torch.float32), torch.tensor(fake, dtype=torch.float32)
    return loss.d(real_logits, fake_logits).item(), loss.g(real_logits, fake_logits).item()


def _output(loss: AdversarialLoss, logit: float) -> float:
    value = torch.tensor(logit)
    return (loss.probability(value) if loss.probability else value).item()


def _perfect_logit(loss: AdversarialLoss) -> float:
    """The raw output at which D answers `ideal_output`; any constant where only differences count."""
    if loss.ideal_output is None:
        return 0.7
    return math.log(loss.ideal_output / (1 - loss.ideal_output)) if loss.probability else loss.ideal_output


def test_names_are_those_that_the_config_takes() -> None:
    assert tuple(LOSSES) == hints()["game.loss"].choices


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
        # Margins missed: none and 1/2 by the real ones, none and 3/2 by the forgeries; -(-2 + 1/2) / 2 for G.
        ("hinge", 0.0, [2, 0.5], [-2, 0.5], 0.25 + 0.75, 0.75),
        # Pairs with differences ln 3 and 0: ln(1 + 1/3) and ln 2 for D, ln(1 + 3) and ln 2 for G.
        ("relativistic", 0.0, [math.log(3), 5], [0, 5], math.log(8 / 3) / 2, 1.5 * LN2),
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


@pytest.mark.parametrize(("name", "ideal", "output"), [("hinge", (2.0, 0.0), 0.0), ("relativistic", (LN2, LN2), None)])
def test_ideal_where_no_single_answer_is_best(name: str, ideal: tuple[float, float], output: float | None) -> None:
    """Hinge: (1 - a) + (1 + a) for every answer a between -1 and 1, the middle being 0. Relativistic: log 2 for
    two images that look alike real, whatever they score."""
    loss = LOSSES[name](0.0)
    assert loss.ideal == pytest.approx(ideal)
    assert (loss.probability, loss.ideal_output) == (None, output)


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
    if loss.ideal_output is not None:
        assert _output(loss, logit) == pytest.approx(loss.ideal_output)
    assert _at(loss, [logit], [logit]) == pytest.approx(loss.ideal, rel=1e-5)


@pytest.mark.parametrize("off", [-1.0, -0.1, 0.1, 1.0])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("name", TARGETED)
def test_no_other_discriminator_does_better_against_a_perfect_forger(name: str, smoothing: float, off: float) -> None:
    """Where p_g = p_data, D sees the same picture from both sides and can only answer one thing."""
    loss = LOSSES[name](smoothing)
    logit = _perfect_logit(loss) + off
    assert loss.ideal is not None
    assert _at(loss, [logit], [logit])[0] > loss.ideal[0] + 1e-4


@pytest.mark.parametrize(
    ("name", "answer", "loss_d"),
    [("hinge", -1.0, 2.0), ("hinge", 0.4, 2.0), ("hinge", 1.0, 2.0), ("hinge", 1.5, 2.5), ("hinge", -3.0, 4.0)]
    + [("relativistic", answer, LN2) for answer in (-20.0, 0.0, 3.0)],
)
def test_answers_that_are_all_best_against_a_perfect_forger(name: str, answer: float, loss_d: float) -> None:
    """Hinge: any constant up to the margins, beyond which one side costs 1 + |a|. Relativistic: any constant."""
    assert _at(LOSSES[name](0.0), [answer], [answer])[0] == pytest.approx(loss_d)


@given(one=st.floats(-8, 8), other=st.floats(-8, 8))
@pytest.mark.parametrize("name", NAMES)
def test_uneven_answers_do_no_better_against_a_perfect_forger(name: str, one: float, other: float) -> None:
    """Two kinds of picture, as frequent among the real as among the forged, in all four pairs."""
    loss = LOSSES[name](0.0)
    assert loss.ideal is not None
    assert _at(loss, [one, one, other, other], [one, other, one, other])[0] >= loss.ideal[0] - 1e-5


@given(shift=st.floats(-50, 50), real=st.floats(-5, 5), fake=st.floats(-5, 5))
def test_relativistic_counts_differences_alone(shift: float, real: float, fake: float) -> None:
    loss = LOSSES["relativistic"](0.0)
    assert _at(loss, [real + shift], [fake + shift]) == pytest.approx(_at(loss, [real], [fake]), abs=1e-4)


def test_relativistic_compares_within_a_pair() -> None:
    """Scores 0 and 10, forged in the same order: each pair is even. In the other order one is lost by 10."""
    loss = LOSSES["relativistic"](0.0)
    assert _at(loss, [0, 10], [0, 10])[0] == pytest.approx(LN2)
    assert _at(loss, [0, 10], [10, 0])[0] == pytest.approx(5, abs=1e-3)


def test_relativistic_losses_are_the_formula() -> None:
    """−log σ of the difference, in double precision: for D of how much more real the real one looks, for G of how
    much more real the forged one does (Jolicoeur-Martineau 2019, equations 3 and 4, f₁(y) = −log σ(y))."""
    noise = torch.Generator().manual_seed(0)
    real, fake = (3 * torch.randn(64, generator=noise, dtype=torch.float64) for _ in range(2))
    loss = LOSSES["relativistic"](0.0)
    assert loss.relative
    assert loss.d(real, fake).item() == pytest.approx(-torch.sigmoid(real - fake).log().mean().item())
    assert loss.g(real, fake).item() == pytest.approx(-torch.sigmoid(fake - real).log().mean().item())


def test_relativistic_generator_cannot_do_without_real_images() -> None:
    """The logits from before D's move would be another loss, so they are not kept for it."""
    with pytest.raises(ValueError, match="A relativistic loss needs the logits of real images") as caught:
        LOSSES["relativistic"](0.0).g(None, torch.zeros(3))
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "relativistic"])
def test_other_generators_never_look_at_real_images(name: str) -> None:
    """None in their place, and a real batch of any kind, are the same; so the trainer need not score one."""
    loss, fake = LOSSES[name](0.0), torch.tensor([-1.5, 0.0, 2.0])
    assert not loss.relative
    assert torch.equal(loss.g(None, fake), loss.g(torch.full((3,), 9.0), fake))


def test_relativistic_generator_learns_from_both_sides() -> None:
    """d/dr softplus(r - f) is sigmoid(r - f), and the opposite by f: 3/4 at a difference of ln 3."""
    real, fake = torch.tensor([math.log(3)], requires_grad=True), torch.zeros(1, requires_grad=True)
    LOSSES["relativistic"](0.0).g(real, fake).backward()
    assert real.grad is not None
    assert fake.grad is not None
    assert (real.grad.item(), fake.grad.item()) == pytest.approx((0.75, -0.75))


def test_hinge_leaves_alone_what_is_beyond_its_margin() -> None:
    """Real at 2 and forged at -2 are right by more than 1; the others pull with 1/2 each, of two in the batch."""
    real, fake = torch.tensor([2.0, 0.5], requires_grad=True), torch.tensor([-2.0, 0.5], requires_grad=True)
    LOSSES["hinge"](0.0).d(real, fake).backward()
    assert real.grad is not None
    assert fake.grad is not None
    assert (real.grad.tolist(), fake.grad.tolist()) == ([0.0, -0.5], [0.0, 0.5])


def test_hinge_generator_feels_the_same_pull_everywhere() -> None:
    """d/dl of -l, also where D wins."""
    assert [_generator_gradient("hinge", logit) for logit in (-20.0, 0.0, 20.0)] == [-1.0, -1.0, -1.0]


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


@pytest.mark.parametrize("name", TARGETED)
def test_undecided_is_the_raw_output_at_one_half(name: str) -> None:
    loss = LOSSES[name](0.0)
    assert _output(loss, loss.undecided) == pytest.approx(0.5)


@given(right=st.floats(-5, 5), wrong=st.floats(-5, 5))
@pytest.mark.parametrize("name", NAMES)
def test_undecided_is_in_the_middle_between_real_and_forged(name: str, right: float, wrong: float) -> None:
    """D loses as much by a real image so far below it as by a forged one so far above."""
    loss = LOSSES[name](0.0)
    middle = loss.undecided
    assert _at(loss, [middle + right], [middle - wrong])[0] == pytest.approx(
        _at(loss, [middle + wrong], [middle - right])[0], rel=1e-4, abs=1e-5
    )


@pytest.mark.parametrize("name", NAMES)
def test_loss_is_a_mean_over_the_batch(name: str) -> None:
    loss = LOSSES[name](0.1)
    real, fake = [0.3, -1.2], [2.0, 0.1]
    assert _at(loss, real * 5, fake * 5) == pytest.approx(_at(loss, real, fake), rel=1e-5)


@pytest.mark.parametrize("name", ["least_squares", "hinge", "relativistic"])
def test_scores_are_no_probabilities(name: str) -> None:
    assert LOSSES[name](0.0).probability is None


@pytest.mark.parametrize("name", ["hinge", "relativistic"])
def test_nothing_to_smooth_is_not_smoothed(name: str) -> None:
    plain, smoothed = LOSSES[name](0.0), LOSSES[name](0.3)
    assert _at(plain, [0.3, -1.2], [2.0, 0.1]) == _at(smoothed, [0.3, -1.2], [2.0, 0.1])
    assert plain.ideal == smoothed.ideal


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_probability_is_the_sigmoid(name: str) -> None:
    probability = LOSSES[name](0.0).probability
    assert probability is not None
    values: Tensor = probability(torch.tensor([0.0, math.log(3), -math.log(3)]))
    assert values.tolist() == pytest.approx([0.5, 0.75, 0.25])
