"""The generator in one's hands: a latent, the sliders that move it, and what it makes.

The latent z of a session is kept in `st.session_state`, one for each size of latent, so that it survives
a change of model. Whatever moves it (a direction, a coordinate, Random) goes through `_place`, which
sets all sliders to match.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan import render
from pages.components import look, models
from pages.components.models import Choice

if TYPE_CHECKING:
    from gan.checkpoint import Model

DIRECTIONS = 8
REACH = 3.0
"""Sliders cover ±3 standard deviations of the prior: 99.7 % of what the generator was trained on."""
WAY = 11
"""Pictures in the strip from one pin to the other."""
Latent = npt.NDArray[np.float32]


@st.cache_resource(show_spinner="Finding directions …", max_entries=8)
def find_directions(key: str, _model: "Model") -> tuple[Latent, list[str]]:
    """A model's directions, (latent_dim, latent_dim), one a row, and names for the leading ones, empty
    where nothing fits. `key` says of which model."""
    from gan import latent

    directions = latent.directions(_model.generator, _model.config.latent_dim)
    return directions.numpy(), latent.direction_names(_model.generator, directions[:DIRECTIONS])


def show(choice: Choice, following: bool) -> None:
    """The explorer of a model as its file is now; `following` says that its run trains."""
    from gan.checkpoint import ModelError

    path = choice.file()
    if path is None:
        st.warning("This run was deleted meanwhile; choose another model.")
        return
    try:
        model = models.load(path, path.stat().st_mtime)
    except (ModelError, OSError) as error:
        st.error(str(error))
        return
    # While a run trains, its directions stay those of when somebody first looked: sliders that mean
    # something else every two seconds could not be used.
    key = choice.id if following else f"{path} {path.stat().st_mtime}"
    Explorer(model, *find_directions(key, model)).draw()


class Explorer:
    """One drawing of the page for one model."""

    def __init__(self, model: "Model", directions: Latent, names: list[str]) -> None:
        self.model = model
        self.directions = directions
        self.names = names
        self.size = model.config.latent_dim
        self.key = f"latent-{self.size}"
        if self.key not in st.session_state:
            self._place(np.zeros(self.size, np.float32))

    @property
    def z(self) -> Latent:
        """The latent, (latent_dim,)."""
        latent: Latent = st.session_state[self.key]
        return latent

    def _place(self, z: Latent) -> None:
        """Moves the latent, and every slider with it."""
        st.session_state[self.key] = z.astype(np.float32)
        self._set_sliders()

    def _set_sliders(self) -> None:
        along = np.clip(self.directions @ self.z, -REACH, REACH)
        for number in range(len(self.names)):
            st.session_state[self._direction_key(number)] = round(float(along[number]), 2)
        for number, value in enumerate(self.z):
            st.session_state[self._coordinate_key(number)] = round(float(np.clip(value, -4, 4)), 2)

    def _direction_key(self, number: int) -> str:
        return f"direction-{self.size}-{number}"

    def _coordinate_key(self, number: int) -> str:
        return f"coordinate-{self.size}-{number}"

    def _move_along(self, number: int) -> None:
        by = st.session_state[self._direction_key(number)] - float(self.directions[number] @ self.z)
        self._place(self.z + by * self.directions[number])

    def _move_coordinate(self, number: int) -> None:
        z = self.z.copy()
        z[number] = st.session_state[self._coordinate_key(number)]
        self._place(z)

    def _randomise(self) -> None:
        along = np.random.default_rng().standard_normal(self.size)
        self._place((np.clip(along, -REACH, REACH) @ self.directions).astype(np.float32))

    def _forge(self, z: npt.NDArray[Any], digits: list[int]) -> render.Bytes:
        import torch

        from gan.checkpoint import forge

        images: render.Bytes = forge(self.model, torch.from_numpy(z).float(), torch.tensor(digits)).numpy()
        return images

    def draw(self) -> None:
        """Draws everything for the latent and the digit of now."""
        self._set_sliders()
        left, right = st.columns([1, 2], gap="large")
        with right:
            digit = self._digit()
            self._sliders()
        picture = self._forge(self.z[None], [digit])[0]
        with left:
            look.digits(render.png(picture), "The forged digit")
            st.html(f'<div class="quiet">{self._opinion(digit)}</div>')
            with st.container(horizontal=True):
                st.button("Random", icon=":material/casino:", on_click=self._randomise)
                st.button("Reset", icon=":material/restart_alt:", on_click=self._place, args=(np.zeros(self.size),))
                st.download_button(
                    "Save",
                    render.png(picture, scale=20),
                    f"forged-{digit}.png" if self.model.config.conditional else "forged.png",
                    "image/png",
                    icon=":material/download:",
                    on_click="ignore",
                    help="The picture as a PNG of 560×560 pixels",
                )
        if self.model.config.conditional:
            row = self._forge(np.repeat(self.z[None], 10, axis=0), list(range(10)))
            look.digits(render.png(render.grid(row, 10)), "All ten digits", "All ten digits of this very latent")
        self._pins(digit)
        with st.expander(f"All {self.size} coordinates", key="coordinates", on_change="rerun") as coordinates:
            if coordinates.open:
                self._coordinates()

    def _digit(self) -> int:
        if not self.model.config.conditional:
            st.caption("This generator was never told which digit is which, so there is none to ask for.")
            return 0
        digit = st.segmented_control(
            "Digit", range(10), default=3, required=True, key="digit", label_visibility="collapsed", width="stretch"
        )
        return int(digit or 0)

    def _sliders(self) -> None:
        for number, name in enumerate(self.names):
            if number % 2 == 0:  # a row at a time, so that they stay in order where columns stack
                columns = st.columns(2, gap="medium")
            columns[number % 2].slider(
                f"Direction {number + 1}: {name}" if name else f"Direction {number + 1}",
                -REACH,
                REACH,
                step=0.01,
                format="%.1f",
                key=self._direction_key(number),
                on_change=self._move_along,
                args=(number,),
                help="In standard deviations of the prior, sorted by how much they change the picture. "
                "A direction is named after what it was measured to move."
                if number == 0
                else None,
            )

    def _coordinates(self) -> None:
        for number in range(self.size):
            if number % 4 == 0:
                columns = st.columns(4, gap="small")
            columns[number % 4].slider(
                f"z{number}",
                -4.0,
                4.0,
                step=0.01,
                key=self._coordinate_key(number),
                on_change=self._move_coordinate,
                args=(number,),
            )

    def _opinion(self, digit: int) -> str:
        import torch

        from gan.losses import LOSSES

        with torch.inference_mode():
            y = torch.tensor([digit])
            image = self.model.generator(torch.from_numpy(self.z[None]), y)
            logit = self.model.discriminator(image, y)
        probability = LOSSES[self.model.config.loss](0.0).probability
        if probability is None:
            return f"D: score {logit.item():.2f}, where 1 means real and 0 means forged"
        return f"D: {probability(logit).item():.0%} real"

    def _pins(self, digit: int) -> None:
        pins: dict[str, Latent] = st.session_state.setdefault(f"pins-{self.size}", {})
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for name in "AB":
                if st.button(f"Pin as {name}", icon=":material/push_pin:", key=f"pin-{name}"):
                    pins[name] = self.z
            if len(pins) == 2:
                t = st.slider("From A to B", 0.0, 1.0, 0.5, 0.01, key="way", width=280)
                if st.button("Go there", icon=":material/my_location:"):
                    self._go(pins, t)
        if len(pins) < 2:
            st.caption("Pin two latents, and the way from one to the other appears here.")
            return
        points = np.append(np.linspace(0, 1, WAY), t)
        images = self._forge(self._way(pins, points), [digit] * len(points))
        strip, here = st.columns([WAY, 1], gap="small", vertical_alignment="bottom")
        with strip:
            line = "From A to B on the great circle (slerp), which stays where the prior has its mass"
            look.digits(render.png(render.grid(images[:-1], WAY)), "The way from A to B", line)
        with here:
            look.digits(render.png(images[-1]), "Where the slider is", f"at {t:.2f}")

    def _way(self, pins: dict[str, Latent], points: npt.NDArray[np.float64]) -> Latent:
        import torch

        from gan.latent import slerp

        ends = torch.from_numpy(pins["A"]), torch.from_numpy(pins["B"])
        way: Latent = slerp(*ends, torch.from_numpy(points).float()).numpy()
        return way

    def _go(self, pins: dict[str, Latent], t: float) -> None:
        st.session_state[self.key] = self._way(pins, np.array([t]))[0]
        st.rerun(scope="fragment")
