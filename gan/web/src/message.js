// A few words and bytes in one message, as gan/system/framing.py puts them together.

/**
 * @param {Uint8Array} message
 * @returns {{ about: any, content: Uint8Array }} what is said, and the bytes beside it, which are not copied
 */
export function readMessage(message) {
  const length = new DataView(message.buffer, message.byteOffset).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(message.subarray(4, 4 + length)));
  return { about, content: message.subarray(4 + length) };
}
