"""The presets: settings that are known to work, each an instance of `TrainConfig`."""

from typing import Any

from gan.config import ConfigError, TrainConfig
from gan.config.fields import flat, show

PRESET_NOTES: dict[str, str] = {
    "cgan": "Conditional GAN (Mirza 2014), tuned for speed: ask for a digit and get it",
    "quality": "The same, larger and patient: what the generator that ships was trained with",
    "vanilla": "The plain GAN of 2014 as tutorials build it: two perceptrons, no digit to ask for",
    "dcgan": "DCGAN (Radford 2015): strided convolutions and batch normalisation, no digit to ask for",
    "wgan": "Wasserstein GAN (Arjovsky 2017): a critic with clipped weights in place of a detective",
    "wgan-gp": "The same with a gradient penalty (Gulrajani 2017) in place of clipped weights",
    "ebgan": "Energy-based GAN (Zhao 2016): the discriminator draws each picture anew, and its error is the score",
    "acgan": "ACGAN (Odena 2017): the discriminator has to name the digit that only the generator is told",
    "infogan": "InfoGAN (Chen 2016): nobody tells any digit, and the codes come to mean something by themselves",
}
"""One line on each preset, for forms and tables."""


def _preset(name: str, **values: Any) -> TrainConfig:
    # The schedule of the default was sought for its own networks and game.
    return TrainConfig().changed({"preset": name, "schedule": "", **values})


PRESETS: dict[str, TrainConfig] = {
    "cgan": TrainConfig(),
    "quality": _preset(
        "quality",
        widths_g=(256, 32, 16),
        widths_d=(512, 256),
        # Without shifts a discriminator of this size knew the real digits by heart after half a million images:
        # FCD rose from 1.74 to 1.92 times its floor between 1.7 and 2.2 million; with them it goes on falling.
        # By two pixels at first: by one throughout, the test images lay 1.2 to 1.4 floors away; by two throughout 0.9,
        # but fewer digits were read as asked.
        shift_d=2,
        # Batches that grow and a long average in place of rates that fall: with those FCD rose again towards the end,
        # 1.0 to 1.4.
        ema_kimg=100.0,
        schedule="1500000: batch_size=128; 2500000: batch_size=256, ema_kimg=200; 3200000: shift=1",
        images=6_000_000,
        seconds=0.0,
    ),
    "vanilla": _preset(
        "vanilla",
        architecture="mlp",
        conditional=False,
        latent_dim=100,
        widths_g=(500, 500),
        widths_d=(500, 500),
        ink_scale_d=0.0,
        batch_size=128,
        lr_d=1e-3,
        batch_norm_g=False,
        activation_g="relu",
        activation_d="relu",
        output="sigmoid",
        lr_g=1e-3,
        # Tutorials leave Adam at its default of 0.9. Here that collapses: one digit of ten after 60 s, nine
        # after 300 s (benchmarks.presets); with 0.5 all ten are there within half a minute.
        beta1=0.5,
        beta2=0.999,
        weight_l1=1e-5,
        weight_l2=1e-5,
    ),
    "dcgan": _preset(
        "dcgan",
        architecture_d="same",
        conditional=False,
        latent_dim=100,
        widths_g=(64, 32),
        widths_d=(32, 64),
        ink_scale_d=0.0,
        batch_size=128,
        batch_norm_d=True,
        activation_g="relu",
        lr_g=2e-4,
        lr_d=2e-4,
        beta1=0.5,
        beta2=0.999,
    ),
    # The papers' own networks and rates are slow here, so these five have those of cgan but for what is said.
    "wgan": _preset("wgan", kind="wgan", lr_g=5e-4, lr_d=5e-4, beta2=0.99, clip=0.03, seconds=120.0),
    "wgan-gp": _preset("wgan-gp", kind="wgan-gp", lr_g=1e-3, lr_d=1e-3, beta2=0.9, seconds=120.0),
    "ebgan": _preset(
        "ebgan",
        kind="ebgan",
        widths_d=(64,),
        ink_scale_d=0.0,
        lr_g=1e-3,
        lr_d=1e-3,
        beta1=0.5,
        beta2=0.999,
        # With 0.2 the generator made one blur; found by search.
        margin=1.0,
        seconds=120.0,
    ),
    "acgan": _preset("acgan", kind="acgan", seconds=120.0),
    "infogan": _preset("infogan", kind="infogan", seconds=120.0),
}


def preset(name: str) -> TrainConfig:
    """The preset of that name; raises `ConfigError` with the names that there are."""
    if name not in PRESETS:
        raise ConfigError("preset", f"There is no preset {show(name)}; choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def differences(config: TrainConfig) -> dict[str, Any]:
    """The settings that differ from those of the preset that `config` started from, by path."""
    base = flat(PRESETS[config.preset])
    return {path: value for path, value in flat(config).items() if path not in base or value != base[path]}
