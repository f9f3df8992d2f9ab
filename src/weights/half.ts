/**
 * The two 16-bit floating-point formats of weight files: F16 (IEEE 754 binary16: 5 exponent bits,
 * 10 mantissa bits) and BF16 (the upper half of a float32).
 */

/** Float32 values of F16 bits, exact: subnormals, infinities and NaN included. */
export function halfToFloat32(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const exponent = half & 0x7c00;
    const mantissa = half & 0x03ff;
    if (exponent === 0x7c00) {
      bits[i] = sign | 0x7f800000 | (mantissa << 13);
    } else if (exponent === 0) {
      floats[i] = (sign === 0 ? mantissa : -mantissa) * 2 ** -24;
    } else {
      // The exponent's bias grows from 15 to 127.
      bits[i] = sign | ((exponent + (112 << 10)) << 13) | (mantissa << 13);
    }
  }
  return floats;
}

/** Float32 values of BF16 bits, exact. */
export function bfloat16ToFloat32(values: Uint16Array): Float32Array {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = values[i]! << 16;
  return new Float32Array(bits.buffer);
}

/**
 * F16 bits of numbers, rounded to nearest, ties to even (once, also from float64); numbers from
 * 65520 up become infinite, as in IEEE 754.
 */
export function floatToHalf(numbers: Float32Array | Float64Array): Uint16Array {
  const halves = new Uint16Array(numbers.length);
  const float64 = new Float64Array(1);
  const words = new Uint32Array(float64.buffer);
  for (let i = 0; i < numbers.length; i++) {
    float64[0] = numbers[i]!;
    const high = words[1]!;
    const sign = (high >>> 16) & 0x8000;
    const size = Math.abs(float64[0]);
    if (!(size < 65520)) {
      halves[i] = sign | (Number.isNaN(size) ? 0x7e00 : 0x7c00);
      continue;
    }
    const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, -14);
    // Steps of the result's last bit; adding 2^52 rounds a double to an integer, ties to even.
    const steps = size * 2 ** (10 - exponent) + 2 ** 52 - 2 ** 52;
    // A step count that reaches 2048 carries into the exponent, as it should.
    halves[i] = sign | (((exponent + 14) << 10) + steps);
  }
  return halves;
}
