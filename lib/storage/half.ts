/**
 * Rounds to IEEE 754 binary16, to the nearest and ties to even; from 65520 on the result is infinite.
 *
 * @returns the bits of each half, same length
 */
export function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const sign = (bits[i] >>> 16) & 0x8000;
    const size = bits[i] & 0x7fffffff;
    let half: number;
    if (size > 0x7f800000) {
      half = 0x7e00; // not a number
    } else if (size >= 0x477ff000) {
      half = 0x7c00; // 65520 and above: infinite
    } else if (size >= 0x38800000) {
      // 2^-14 and above: normal. The exponent's bias changes from 127 to 15, 13 bits are rounded off.
      half = (size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13;
    } else if (size > 0x33000000) {
      // Above 2^-25: subnormal, a count of 2^-24.
      const shift = 126 - (size >>> 23);
      const mantissa = (size & 0x7fffff) | 0x800000;
      half = (mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift;
    } else {
      half = 0;
    }
    halves[i] = sign | half;
  }
  return halves;
}

/** The exact value of each IEEE 754 binary16, given by its bits. */
export function fromHalf(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) {
    const sign = (halves[i] & 0x8000) << 16;
    const size = halves[i] & 0x7fff;
    if (size >= 0x7c00) {
      bits[i] = sign | 0x7f800000 | ((size & 0x3ff) << 13); // infinite, or not a number
    } else if (size >= 0x0400) {
      bits[i] = sign | ((size << 13) + 0x38000000);
    } else {
      values[i] = size * 2 ** -24; // subnormal or zero
      bits[i] |= sign;
    }
  }
  return values;
}
