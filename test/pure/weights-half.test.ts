import { describe, expect, it } from "vitest";
import { bfloat16ToFloat32, floatToHalf, halfToFloat32 } from "../../src/weights/half.js";

const allHalves = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

/** The value of F16 bits by the formula of IEEE 754. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * mantissa * 2 ** -24
    : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

describe("F16", () => {
  it("gives every one of the 65,536 values exactly", () => {
    const floats = halfToFloat32(allHalves);
    const wrong = allHalves.filter((bits) => !Object.is(floats[bits], halfValue(bits)));
    expect(wrong).toEqual(new Uint16Array());
  });

  it("rounds every value to itself", () => {
    const again = floatToHalf(halfToFloat32(allHalves));
    const isNaN = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    const wrong = allHalves.filter((bits) =>
      isNaN(bits) ? !isNaN(again[bits]!) : again[bits] !== bits,
    );
    expect(wrong).toEqual(new Uint16Array());
  });

  it("rounds to nearest, ties to even, between all neighbours", () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const low = halfValue(bits);
      const high = halfValue(bits + 1);
      const middle = (low + high) / 2;
      const step = (high - low) / 2 ** 20;
      const halves = floatToHalf(Float64Array.of(middle - step, middle, middle + step, -middle));
      const even = bits % 2 === 0 ? bits : bits + 1;
      if (
        halves[0] !== bits ||
        halves[1] !== even ||
        halves[2] !== bits + 1 ||
        halves[3] !== (even | 0x8000)
      ) {
        expect.fail(`between ${bits} and ${bits + 1}: ${halves.join(" ")}`);
      }
    }
  });

  it("becomes infinite from 65520 up", () => {
    const halves = floatToHalf(Float64Array.of(65519.999, 65520, 1e300, -Infinity, 5e-324));
    expect(Array.from(halves)).toEqual([0x7bff, 0x7c00, 0x7c00, 0xfc00, 0]);
  });
});

describe("BF16", () => {
  it("is the upper half of a float32", () => {
    const bits = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001, 0x8000, 0x7fc0);
    const values = [1, -2, Infinity, 2 ** -133, -0, NaN];
    expect(Array.from(bfloat16ToFloat32(bits))).toEqual(values);
  });
});
