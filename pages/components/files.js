// Files made in the page: GIF, APNG, NPZ. Frames are grey pictures, Uint8Array of side × side.

const bytesOf = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function numbers(...pairs) {
  const parts = pairs.map(([value, size, big]) => {
    const part = new Uint8Array(size);
    for (let i = 0; i < size; i++) part[big ? size - 1 - i : i] = Math.floor(value / 256 ** i) & 255;
    return part;
  });
  return joined(parts);
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** The checksum of PNG and ZIP. */
function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Each pixel `scale` wide. */
function enlarged(frame, side, scale) {
  const large = new Uint8Array((side * scale) ** 2);
  for (let y = 0, at = 0; y < side * scale; y++)
    for (let x = 0; x < side * scale; x++, at++)
      large[at] = frame[Math.floor(y / scale) * side + Math.floor(x / scale)];
  return large;
}

/** LZW as GIF has it, for 8-bit pixels (GIF89a, appendix F). */
function lzw(pixels) {
  const CLEAR = 256,
    END = 257,
    out = [];
  let table = new Map(),
    next = 258,
    width = 9,
    buffer = 0,
    held = 0;
  const put = (code) => {
    buffer |= code << held;
    held += width;
    while (held >= 8) {
      out.push(buffer & 255);
      buffer >>>= 8;
      held -= 8;
    }
  };
  put(CLEAR);
  let prefix = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const key = prefix * 256 + pixels[i];
    const known = table.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    put(prefix);
    if (next === 4096) {
      put(CLEAR);
      table = new Map();
      next = 258;
      width = 9;
    } else {
      if (next === 1 << width) width += 1;
      table.set(key, next++);
    }
    prefix = pixels[i];
  }
  put(prefix);
  put(END);
  if (held) out.push(buffer & 255);
  return Uint8Array.from(out);
}

/** An endless GIF89a; `seconds` a frame. */
function gif(frames, side, seconds) {
  const greys = new Uint8Array(768).map((_, i) => Math.floor(i / 3));
  const parts = [bytesOf("GIF89a"), numbers([side, 2], [side, 2]), Uint8Array.of(0xf7, 0, 0), greys];
  parts.push(Uint8Array.of(0x21, 0xff, 11), bytesOf("NETSCAPE2.0"), Uint8Array.of(3, 1, 0, 0, 0));
  const delay = Math.max(2, Math.round(seconds * 100));
  for (const frame of frames) {
    parts.push(Uint8Array.of(0x21, 0xf9, 4, 4), numbers([delay, 2]), Uint8Array.of(0, 0));
    parts.push(Uint8Array.of(0x2c, 0, 0, 0, 0), numbers([side, 2], [side, 2]), Uint8Array.of(0, 8));
    const packed = lzw(frame);
    for (let at = 0; at < packed.length; at += 255) {
      const block = packed.subarray(at, at + 255);
      parts.push(Uint8Array.of(block.length), block);
    }
    parts.push(Uint8Array.of(0));
  }
  parts.push(Uint8Array.of(0x3b));
  return joined(parts);
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An endless APNG (PNG, third edition, section 11.3.4); `seconds` a frame. */
async function apng(frames, side, seconds) {
  const chunk = (name, data) => {
    const named = joined([bytesOf(name), data]);
    return joined([numbers([data.length, 4, true]), named, numbers([crc32(named), 4, true])]);
  };
  const header = joined([numbers([side, 4, true], [side, 4, true]), Uint8Array.of(8, 0, 0, 0, 0)]);
  const parts = [Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), chunk("IHDR", header)];
  parts.push(chunk("acTL", numbers([frames.length, 4, true], [0, 4, true])));
  let number = 0;
  const big = (value, size = 4) => [value, size, true];
  for (const frame of frames) {
    const rows = new Uint8Array(side * (side + 1)); // each row begins with its filter, 0: none
    for (let y = 0; y < side; y++) rows.set(frame.subarray(y * side, (y + 1) * side), y * (side + 1) + 1);
    const place = [big(side), big(side), big(0), big(0)];
    const wait = [big(Math.round(seconds * 1000), 2), big(1000, 2), big(0, 1), big(0, 1)];
    parts.push(chunk("fcTL", numbers(big(number++), ...place, ...wait)));
    const packed = await deflated(rows);
    if (parts.length === 4) parts.push(chunk("IDAT", packed));
    else parts.push(chunk("fdAT", joined([numbers(big(number++)), packed])));
  }
  parts.push(chunk("IEND", new Uint8Array()));
  return joined(parts);
}

/** An array as numpy's .npy file, version 1.0. `kind` is numpy's: "<f4", "|u1". */
function npy(values, shape, kind) {
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  let header = `{'descr': '${kind}', 'fortran_order': False, 'shape': ${tuple}, }`;
  header += " ".repeat(63 - ((10 + header.length) % 64)) + "\n";
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return joined([
    Uint8Array.of(0x93),
    bytesOf("NUMPY"),
    Uint8Array.of(1, 0),
    numbers([header.length, 2]),
    bytesOf(header),
    data,
  ]);
}

/** Arrays as numpy's .npz: a ZIP of .npy files, stored as they are. */
function npz(arrays) {
  const parts = [],
    directory = [];
  let at = 0;
  for (const [name, content] of Object.entries(arrays)) {
    const file = bytesOf(`${name}.npy`);
    const sums = [
      [crc32(content), 4],
      [content.length, 4],
      [content.length, 4],
      [file.length, 2],
      [0, 2],
    ];
    const common = [[20, 2], [0, 2], [0, 2], [0, 2], [33, 2], ...sums];
    const local = joined([numbers([0x04034b50, 4], ...common), file, content]);
    directory.push(
      joined([numbers([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), file]),
    );
    parts.push(local);
    at += local.length;
  }
  const listed = joined(directory);
  const count = directory.length;
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [listed.length, 4], [at, 4], [0, 2]);
  return joined([...parts, listed, end]);
}
