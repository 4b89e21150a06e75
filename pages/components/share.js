// What a link holds: latents and mixes as 16-bit floats in base64 that a URL can carry (RFC 4648, section 5). Needs latents.js.

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The bits of the 16-bit float nearest to a number, ties to even. */
function toHalf(value) {
  single[0] = value;
  const bits = singleBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  let fraction = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  let dropped = 13;
  let kept = exponent << 10;
  if (exponent <= 0) {
    fraction |= 0x800000;
    dropped = 14 - exponent;
    kept = 0;
  }
  kept += fraction >>> dropped;
  const rest = fraction & ((1 << dropped) - 1);
  const half = 1 << (dropped - 1);
  if (rest > half || (rest === half && kept & 1)) kept += 1; // may carry into the exponent, as it should
  return sign | kept;
}

/** Numbers as they come out of a link. */
const rounded = (values) => Float32Array.from(values, (value) => fromHalf(toHalf(value)));

function encode(values) {
  const bytes = new Uint8Array(values.length * 2);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint16(2 * i, toHalf(value), true));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** The inverse; null for what is not so many finite numbers. */
function decode(text, length) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
  if (bytes.length !== 2 * length) return null;
  const view = new DataView(bytes.buffer);
  const values = Float32Array.from({ length }, (_, i) => fromHalf(view.getUint16(2 * i, true)));
  return values.every(Number.isFinite) ? values : null;
}

/** The ten shares of a single digit. */
const only = (digit) => oneHot(10, digit);

/** The digit that is asked for alone; -1 if several are. */
const singleDigit = (mix) => (mix.some((share) => share === 1) ? mix.indexOf(1) : -1);

/** What stands in the URL of a latent and a mix. */
function toQuery(z, mix) {
  const digit = singleDigit(mix);
  return { z: encode(z), ...(digit >= 0 ? { digit: String(digit) } : { mix: encode(mix) }) };
}

/** The mix of a text, a digit or ten shares; null for anything else. */
function mixOf(text) {
  if (/^[0-9]$/.test(text)) return only(Number(text));
  const shares = decode(text, 10);
  const sum = shares?.reduce((total, share) => total + share, 0);
  return shares?.every((share) => share >= 0) && Math.abs(sum - 1) < 0.01 ? shares : null;
}

/** Several latents with their mixes as one text for a URL: latent, digit or mix, latent, … with dots in between. */
const allToText = (pins) => pins.map(({ z, mix }) => Object.values(toQuery(z, mix)).join(".")).join(".");

/** The inverse; null for what is not that. */
function allFromText(text, dimensions) {
  const parts = text.split(".");
  const pins = Array.from({ length: Math.ceil(parts.length / 2) }, (_, i) => {
    return { z: decode(parts[2 * i], dimensions), mix: mixOf(parts[2 * i + 1] ?? "") };
  });
  return pins.every(({ z, mix }) => z && mix) ? pins : null;
}

/** The latent and the mix in a URL's query (URLSearchParams); null where it has none that fits. */
function fromQuery(query, dimensions) {
  const digit = query.get("digit");
  const z = query.has("z") ? decode(query.get("z"), dimensions) : null;
  return { z, mix: mixOf(digit ?? query.get("mix") ?? "") };
}

/** What a tab last had in hand of a model: whoever comes back to it finds it there, by whatever way. */
class LastInHand {
  constructor(program) {
    this.key = `counterfeit-hand-${program.header.model}`;
  }

  keep({ z, mix }) {
    try {
      sessionStorage.setItem(this.key, new URLSearchParams(toQuery(z, mix)));
    } catch {
      // A browser that keeps nothing: the address alone holds it.
    }
  }

  give(hand) {
    try {
      const { z, mix } = fromQuery(new URLSearchParams(sessionStorage.getItem(this.key) ?? ""), hand.z.length);
      if (z && mix) Object.assign(hand, { z, mix });
    } catch {
      // as above
    }
  }
}

/** The page's address with what is in hand, `named` in the query as well. */
function addressOf(hand, standalone, named = {}) {
  const query = new URLSearchParams(standalone ? location.hash.slice(1) : location.search);
  for (const name of ["z", "digit", "mix"]) query.delete(name);
  const held = { ...toQuery(hand.z, hand.mix), weights: hand.program.header.hash, ...(standalone ? {} : named) };
  for (const [name, value] of Object.entries(held)) query.set(name, value);
  return `${location.href.split(/[?#]/)[0]}${standalone ? "#" : "?"}${query}`;
}
