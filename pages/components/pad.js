// A plane of the latent space under one's finger: spanned by two directions, or by latents that were pinned.

const PAD = 7;

/** The latent at (right, up) in [0, 1]² between three or four pinned ones, as long as they are: between two latents the
 * straight line dips towards the centre, where the prior has nothing. With three, the fourth corner is B + C − A. That
 * is about the normal numbers; codes have no length to keep, but bounds. */
function between(pins, right, up, latents) {
  const [a, b, c, d = a.map((value, i) => b[i] + c[i] - value)] = pins;
  const shares = [(1 - right) * (1 - up), right * (1 - up), (1 - right) * up, right * up];
  const corners = [a, b, c, d];
  const z = a.map((_, i) => corners.reduce((sum, corner, k) => sum + shares[k] * corner[i], 0));
  const far = (one) => norm(one.slice(0, latents.normal));
  const wanted = corners.reduce((sum, corner, k) => sum + shares[k] * far(corner), 0);
  const length = far(z);
  const scale = length > 1e-6 ? wanted / length : 1;
  return latents.settled(z.map((value, i) => (i < latents.normal ? value * scale : value)));
}

/** The pad: a background of thumbnails that shows the plane, and a point that one drags over it. The plane is spanned by
 * two directions of a basis, or by codes, whose `axes` are `{ direction, reach, called }`. */
function latentPad(hand, directions, axes, standalone) {
  const pins = new Pins(hand.program);
  pins.listeners.push(() => hand.tell());
  /** The last four, which span the plane. */
  const corners = () => pins.list.slice(-4).map(({ z }) => z);
  const plane = { first: 0, second: 1, pinned: false, at: [0.5, 0.5] };
  const chosen = (which) => Math.min(plane[which], directions.state.directions.length + axes.length - 1);
  const axis = (which) => {
    const { directions: rows } = directions.state;
    const number = chosen(which);
    return number < rows.length ? { direction: rows[number], reach: REACH } : axes[number - rows.length];
  };
  /** The latent of a place in [0, 1]²: the one in hand with two of its directions replaced, or one between pins. */
  const latentAt = (right, up) => {
    if (plane.pinned) return between(corners(), right, up, hand.latents);
    const [{ direction: first, reach: width }, { direction: second, reach: height }] = [axis("first"), axis("second")];
    const byFirst = (2 * right - 1) * width - along(first, hand.z);
    const bySecond = (2 * up - 1) * height - along(second, hand.z);
    // Directions need not be at right angles: a step along one is also one along the other.
    const overlap = along(first, second);
    const rest = 1 - overlap * overlap;
    const [x, y] =
      rest > 1e-3 ? [(byFirst - overlap * bySecond) / rest, (bySecond - overlap * byFirst) / rest] : [byFirst, 0];
    return hand.z.map((value, i) => value + x * first[i] + y * second[i]);
  };
  const cells = new Cells(
    PAD,
    PAD,
    (cell) => {
      const right = (cell % PAD) / (PAD - 1);
      const up = 1 - Math.floor(cell / PAD) / (PAD - 1);
      return { z: latentAt(right, up), mix: hand.mix };
    },
    { className: "plane" },
  );
  const point = element("div", { className: "point" });
  const surface = element(
    "div",
    {
      className: "pad",
      tabIndex: 0,
      role: "application",
      "data-testid": "latent-pad",
      "aria-label": "A plane of latents: drag the point, or use the arrow keys",
    },
    cells.node,
    point,
  );
  // The outermost thumbnails are centred on the edge of the plane, so the point stays half a thumbnail inside.
  const margin = 0.5 / PAD;
  const go = (right, up) => {
    const inside = (value) => Math.max(0, Math.min(1, value));
    plane.at = [inside(right), inside(up)];
    hand.place(latentAt(...plane.at));
  };
  const follow = (event) => {
    const box = surface.getBoundingClientRect();
    const share = (value, length) => (value / length - margin) / (1 - 2 * margin);
    go(share(event.clientX - box.left, box.width), 1 - share(event.clientY - box.top, box.height));
  };
  surface.addEventListener("pointerdown", (event) => {
    surface.setPointerCapture(event.pointerId);
    follow(event);
  });
  surface.addEventListener("pointermove", (event) => surface.hasPointerCapture(event.pointerId) && follow(event));
  surface.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-0.02, 0], ArrowRight: [0.02, 0], ArrowUp: [0, 0.02], ArrowDown: [0, -0.02] }[event.key];
    if (!by) return;
    event.preventDefault();
    go(plane.at[0] + by[0], plane.at[1] + by[1]);
  });

  const choices = ["first", "second"].map((which) =>
    element("select", {
      "aria-label": which === "first" ? "Direction to the right" : "Direction upwards",
      onchange: (event) => {
        plane[which] = event.target.selectedIndex;
        plane.pinned = false;
        hand.tell();
      },
    }),
  );
  const told = element("span", { className: "quiet" });
  const usePins = element("button", {
    textContent: "Plane of the pins",
    onclick: () => {
      plane.pinned = !plane.pinned;
      hand.tell();
    },
  });
  const pin = element("button", {
    textContent: "Pin this latent",
    onclick: () => pins.add(hand.z, hand.mix),
  });
  const clear = element("button", {
    textContent: "Clear pins",
    onclick: () => {
      plane.pinned = false;
      pins.change([]);
    },
  });
  const address = `interpolate?${new URLSearchParams({ model: hand.program.header.model })}`;
  const walk = standalone
    ? []
    : [element("a", { className: "button", href: address, target: "_self", textContent: "Walk between pins" })];
  const node = element(
    "div",
    { className: "plane-and-pins" },
    surface,
    element(
      "div",
      { className: "side" },
      element(
        "p",
        { className: "quiet" },
        "Drag over a plane of the ",
        explained(hand.program, "latent", "latent space"),
        ".",
      ),
      element("label", {}, "→ ", choices[0]),
      element("label", {}, "↑ ", choices[1]),
      element("div", { className: "buttons" }, pin, usePins, clear, ...walk),
      told,
    ),
  );

  const refresh = () => {
    const names = [...directions.state.sliders, ...axes].map((one) => one.called());
    for (const [which, choice] of [
      ["first", choices[0]],
      ["second", choices[1]],
    ]) {
      if (choice.dataset.names !== names.join()) {
        choice.replaceChildren(...names.map((name) => element("option", { textContent: name })));
        choice.dataset.names = names.join();
      }
      choice.selectedIndex = chosen(which);
    }
    const count = pins.list.length;
    plane.pinned &&= count > 2;
    if (!plane.pinned)
      plane.at = ["first", "second"].map((which) => {
        const { direction, reach } = axis(which);
        return Math.max(0, Math.min(1, (along(direction, hand.z) / reach + 1) / 2));
      });
    point.style.left = `${100 * (margin + plane.at[0] * (1 - 2 * margin))}%`;
    point.style.bottom = `${100 * (margin + plane.at[1] * (1 - 2 * margin))}%`;
    usePins.disabled = count < 3;
    usePins.setAttribute("aria-pressed", String(plane.pinned));
    // What is in hand may lie outside of the plane of the pins.
    point.hidden = plane.pinned && latentAt(...plane.at).some((value, i) => Math.abs(value - hand.z[i]) > 0.02);
    clear.disabled = count === 0;
    for (const link of walk) link.hidden = count < 2;
    const few = "Pin three or four latents to span a plane between them.";
    told.textContent = count < 3 ? `${count} pinned. ${few}` : `${count} pinned; the last four count.`;
  };
  return { node, refresh, cells, end: () => pins.end() };
}
