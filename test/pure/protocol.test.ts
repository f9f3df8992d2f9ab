import { describe, expect, it } from "vitest";
import {
  checkProtocol,
  drawPair,
  experimentCodes,
  postProtocol,
  powersSequence,
  type Protocol,
  scenarioSequence,
  sequenceLength,
  strengthSequence,
} from "../../src/induction/index.js";

/** The post's protocol on the embedded model's vocabulary, as its model card has it. */
const protocol: Protocol = { ...postProtocol(8192), lowestId: 3 };
const lab = { protocol, seed: 0 };
const [mar, ius] = [1850, 1829];
const pair = { a: { id: mar, text: " Mar" }, b: { id: ius, text: "ius" } };

const firstThree = (draw: (k: number) => { induction: Int32Array; control: Int32Array }) => {
  const pairs = [0, 1, 2].map(draw);
  return {
    induction: pairs.map((p) => Array.from(p.induction)),
    control: pairs.map((p) => Array.from(p.control)),
  };
};

// These ids are a promise: every published number rests on them. A change here is a new protocol.
describe("the first three sequences at seed 0", () => {
  it("strength", () => {
    expect(firstThree((k) => strengthSequence(lab, { a: mar, b: ius }, k))).toEqual({
      induction: [
        [
          1, 8123, 2663, 7824, 5366, 4600, 5021, 4277, 6469, 7594, 1386, 1850, 1829, 3765, 613, 604,
          5282, 1127, 7813, 324, 5108, 3782, 5713, 1850,
        ],
        [
          1, 4823, 4143, 8025, 4775, 3510, 3570, 6520, 522, 5741, 1930, 1850, 1829, 2643, 8115,
          1525, 3650, 5568, 7930, 1190, 3222, 4671, 5076, 1850,
        ],
        [
          1, 409, 427, 6112, 6177, 3270, 6155, 1145, 5129, 2603, 4440, 1850, 1829, 5973, 130, 4787,
          284, 1198, 257, 8083, 5589, 3004, 6908, 1850,
        ],
      ],
      control: [
        [
          1, 2663, 324, 604, 3782, 1850, 4600, 8123, 5108, 1127, 7824, 7813, 5713, 3765, 5282, 613,
          6469, 4277, 7594, 1386, 1829, 5021, 5366, 1850,
        ],
        [
          1, 6520, 3222, 1190, 1829, 3570, 7930, 5568, 5076, 4823, 2643, 4143, 1930, 4775, 1850,
          8025, 3650, 1525, 5741, 8115, 522, 4671, 3510, 1850,
        ],
        [
          1, 1145, 6177, 1198, 257, 427, 3270, 6112, 5129, 1850, 4440, 5589, 2603, 3004, 284, 409,
          6908, 1829, 130, 8083, 4787, 6155, 5973, 1850,
        ],
      ],
    });
  });

  it.each([
    [
      0,
      {
        induction: [
          [
            1, 4380, 7827, 7745, 6185, 7262, 5836, 6920, 5645, 540, 4428, 1850, 1829, 7929, 7356,
            1651, 1351, 1559, 4319, 3328, 2138, 956, 2771, 1850,
          ],
          [
            1, 7841, 5271, 872, 7981, 4290, 1890, 7752, 7184, 6521, 4894, 1850, 1829, 2920, 5287,
            6339, 7316, 1120, 7772, 4081, 8071, 1054, 2165, 1850,
          ],
          [
            1, 7682, 8126, 4410, 5188, 6494, 7442, 3481, 5204, 3898, 4388, 1850, 1829, 163, 3982,
            7277, 542, 2197, 6049, 5078, 2103, 5270, 5447, 1850,
          ],
        ],
        control: [
          [
            1, 6920, 3328, 1651, 4319, 1559, 6185, 1850, 1351, 1829, 540, 7745, 2138, 7356, 5836,
            7262, 2771, 5645, 956, 7827, 4428, 7929, 4380, 1850,
          ],
          [
            1, 7981, 7316, 4081, 7841, 7184, 4894, 5287, 1120, 1829, 1054, 2920, 7772, 2165, 872,
            8071, 1890, 7752, 6521, 6339, 1850, 5271, 4290, 1850,
          ],
          [
            1, 542, 3898, 3481, 3982, 1829, 8126, 6049, 4388, 4410, 5270, 2103, 7277, 1850, 7442,
            5447, 5078, 7682, 2197, 6494, 163, 5204, 5188, 1850,
          ],
        ],
      },
    ],
    [
      1,
      {
        induction: [
          [
            1, 6415, 7419, 3912, 6390, 7369, 5207, 3318, 7795, 7383, 3503, 1850, 7333, 2014, 152,
            2325, 5614, 1173, 3160, 8148, 3215, 589, 3669, 1850,
          ],
          [
            1, 5170, 2259, 5618, 306, 1971, 7239, 4534, 6348, 7837, 4688, 1850, 2430, 3619, 8179,
            5237, 7938, 127, 386, 6583, 3163, 4151, 816, 1850,
          ],
          [
            1, 1317, 3735, 351, 4415, 3387, 2972, 8103, 5529, 3302, 1525, 1850, 5669, 1830, 3668,
            1167, 1571, 3953, 3750, 6537, 4537, 1695, 600, 1850,
          ],
        ],
        control: [
          [
            1, 589, 3503, 2014, 2325, 152, 7333, 3912, 3318, 8148, 7795, 3669, 6390, 5207, 3160,
            7369, 1173, 1850, 5614, 3215, 7419, 6415, 7383, 1850,
          ],
          [
            1, 7938, 6583, 2259, 4534, 4688, 7239, 3163, 3619, 816, 8179, 6348, 5170, 5618, 1850,
            1971, 306, 4151, 7837, 2430, 127, 5237, 386, 1850,
          ],
          [
            1, 5529, 4415, 1525, 8103, 2972, 3387, 1167, 3302, 3668, 1830, 4537, 6537, 5669, 3750,
            3953, 1317, 1695, 600, 1850, 3735, 1571, 351, 1850,
          ],
        ],
      },
    ],
    [
      2,
      {
        induction: [
          [
            1, 4046, 4508, 1566, 7130, 6954, 3527, 6912, 2439, 5094, 6456, 7041, 1829, 1626, 1579,
            6326, 3557, 141, 750, 3746, 5060, 5056, 7177, 7041,
          ],
          [
            1, 2587, 4868, 5207, 400, 7144, 2786, 3164, 3652, 7357, 7251, 5111, 1829, 4610, 5403,
            7774, 3639, 605, 175, 4343, 7924, 416, 1372, 5111,
          ],
          [
            1, 2515, 7982, 6356, 420, 5114, 5376, 1982, 19, 2842, 5103, 697, 1829, 203, 7503, 6215,
            7060, 6138, 4711, 8173, 3340, 5013, 2948, 697,
          ],
        ],
        control: [
          [
            1, 1579, 1626, 1566, 4508, 3557, 750, 5056, 6456, 7130, 2439, 141, 6954, 3746, 5094,
            3527, 1829, 5060, 4046, 6326, 7041, 6912, 7177, 7041,
          ],
          [
            1, 7144, 5207, 3652, 2587, 7251, 7924, 4868, 3164, 7357, 2786, 7774, 5111, 4610, 5403,
            400, 4343, 1829, 416, 1372, 175, 3639, 605, 5111,
          ],
          [
            1, 1982, 203, 5114, 5013, 1829, 2515, 7982, 420, 6356, 5103, 5376, 3340, 7060, 4711,
            697, 6215, 2948, 7503, 19, 8173, 2842, 6138, 697,
          ],
        ],
      },
    ],
    [
      3,
      {
        induction: [
          [
            1, 2104, 1993, 5132, 2580, 156, 799, 6075, 7446, 2787, 5132, 97, 6571, 1937, 3345, 7563,
            2786, 4146, 203, 4376, 121, 646, 4681, 97,
          ],
          [
            1, 5018, 7447, 4822, 3260, 3598, 3573, 5001, 6438, 6246, 4311, 513, 3873, 4752, 2400,
            6735, 3438, 2865, 5795, 7178, 2483, 5083, 3335, 513,
          ],
          [
            1, 357, 2842, 1393, 3543, 4144, 8083, 7286, 4479, 2537, 5150, 1920, 1196, 7888, 7336,
            4273, 5283, 1269, 7345, 6631, 2158, 4337, 5348, 1920,
          ],
        ],
        control: [
          [
            1, 1937, 6075, 97, 2787, 7446, 6571, 5132, 2580, 156, 4146, 121, 4376, 4681, 5132, 2104,
            1993, 203, 3345, 646, 2786, 799, 7563, 97,
          ],
          [
            1, 3438, 5001, 3598, 7178, 7447, 3260, 5018, 6735, 6246, 5083, 3335, 3873, 4311, 4822,
            3573, 4752, 2400, 513, 2865, 6438, 5795, 2483, 513,
          ],
          [
            1, 1920, 1196, 5150, 7336, 2537, 357, 4337, 4144, 1393, 6631, 7286, 7888, 4273, 3543,
            4479, 5348, 1269, 5283, 2842, 7345, 8083, 2158, 1920,
          ],
        ],
      },
    ],
  ])("scenario %i", (unit, expected) => {
    expect(firstThree((k) => scenarioSequence(lab, pair, unit, k))).toEqual(expected);
  });

  it.each([
    [
      "a" as const,
      {
        induction: [
          [
            1, 4359, 2594, 3869, 4872, 2893, 7294, 2169, 2011, 2847, 4298, 1850, 425, 479, 288,
            3443, 1623, 4641, 1312, 479, 3873, 4147, 4894, 1850,
          ],
          [
            1, 52, 2081, 3432, 5018, 1237, 820, 6109, 423, 600, 938, 1850, 6802, 1380, 4057, 1608,
            1559, 688, 496, 6830, 1030, 4225, 893, 1850,
          ],
          [
            1, 3084, 1339, 1335, 6446, 2935, 4320, 7699, 393, 314, 4280, 1850, 21, 5436, 3159, 4890,
            4108, 3416, 203, 5641, 7189, 2464, 5143, 1850,
          ],
        ],
        control: [
          [
            1, 479, 4147, 2169, 2594, 4641, 1312, 1623, 425, 479, 1850, 4872, 4894, 3873, 4359,
            4298, 3869, 2011, 2893, 3443, 2847, 7294, 288, 1850,
          ],
          [
            1, 1237, 4057, 1380, 1559, 1030, 600, 6830, 938, 496, 6109, 6802, 52, 2081, 4225, 820,
            1608, 688, 3432, 5018, 893, 1850, 423, 1850,
          ],
          [
            1, 203, 21, 4108, 7189, 2935, 7699, 1335, 5143, 5436, 6446, 1339, 393, 1850, 3159, 314,
            3084, 5641, 4280, 2464, 4320, 4890, 3416, 1850,
          ],
        ],
      },
    ],
    [
      "b" as const,
      {
        induction: [
          [
            1, 5340, 6025, 36, 2442, 7147, 3886, 7301, 8083, 7569, 4465, 6255, 1850, 7043, 5969,
            738, 7334, 3010, 3551, 5433, 5194, 490, 1541, 6255,
          ],
          [
            1, 534, 1553, 459, 3333, 6461, 2197, 3620, 5067, 6645, 1764, 5014, 1850, 5950, 4377,
            7480, 1659, 7436, 5291, 248, 792, 1462, 4237, 5014,
          ],
          [
            1, 2492, 2682, 972, 7738, 3508, 4412, 1014, 1748, 5925, 5960, 6282, 1850, 5517, 4784,
            2316, 5993, 1509, 2842, 5991, 6546, 2886, 1243, 6282,
          ],
        ],
        control: [
          [
            1, 7043, 5433, 738, 7147, 6025, 5340, 490, 8083, 6255, 3551, 5194, 7334, 1541, 5969,
            3886, 7301, 4465, 36, 2442, 7569, 3010, 1850, 6255,
          ],
          [
            1, 792, 2197, 5067, 5014, 5950, 3333, 459, 3620, 7480, 1462, 5291, 4237, 7436, 248,
            6645, 1764, 534, 1659, 4377, 6461, 1553, 1850, 5014,
          ],
          [
            1, 6282, 5517, 5993, 2886, 1509, 2492, 1850, 4784, 2682, 2842, 2316, 4412, 1243, 1748,
            1014, 5991, 5925, 3508, 7738, 972, 6546, 5960, 6282,
          ],
        ],
      },
    ],
  ])("powers of a token as %s", (role, expected) => {
    expect(firstThree((k) => powersSequence(lab, { token: mar, role }, k))).toEqual(expected);
  });
});

describe("a sequence", () => {
  const many = Array.from({ length: 4000 }, (_, k) =>
    powersSequence(lab, { token: 100, role: "a" }, k),
  );

  it("is laid out as in the post", () => {
    expect(sequenceLength(protocol)).toBe(24);
    for (const { a, b, induction, control } of many) {
      expect(induction).toHaveLength(24);
      expect([induction[0], induction[11], induction[12], induction[23]]).toEqual([1, a, b, a]);
      expect([control[0], control[23]]).toEqual([1, a]);
      expect(Array.from(control).sort()).toEqual(Array.from(induction).sort());
    }
  });

  it("draws ids from the whole range and nothing else", () => {
    const drawn = many.flatMap(({ induction }) => [
      ...induction.slice(1, 11),
      ...induction.slice(12, 23),
    ]);
    expect(Math.min(...drawn)).toBe(3);
    expect(drawn.reduce((x, y) => Math.max(x, y))).toBeGreaterThan(8180);
    expect(drawn.reduce((x, y) => Math.max(x, y))).toBeLessThanOrEqual(8191);
    const mean = drawn.reduce((x, y) => x + y) / drawn.length;
    // Uniform on 3 … 8191: standard error of the mean of 84,000 draws is 8.2.
    expect(Math.abs(mean - 4097)).toBeLessThan(4 * 8.2);
  });

  it("has B directly after A in 1 of 22 shuffled controls", () => {
    const followed = many.filter(({ a, b, control }) =>
      control.some((id, i) => i < 22 && id === a && control[i + 1] === b),
    ).length;
    const expected = many.length / 22;
    expect(Math.abs(followed - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it("meets A or B among its fillers as often as chance has it", () => {
    const small = { ...protocol, highestId: 202 };
    const pairs = Array.from({ length: 4000 }, (_, k) =>
      drawPair(
        small,
        { seed: 0, experiment: experimentCodes.strength, unit: 0, k },
        { a: 5, b: 6 },
      ),
    );
    const hits = pairs.flatMap(({ induction }) =>
      [...induction.slice(1, 11), ...induction.slice(13, 23)].filter((id) => id === 5 || id === 6),
    ).length;
    const expected = (4000 * 20 * 2) / 200;
    expect(Math.abs(hits - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it("does not depend on which other sequences are drawn, and differs between all keys", () => {
    const key = { seed: 7, experiment: experimentCodes.powers, unit: 3, k: 5 };
    const one = drawPair(protocol, key, {});
    expect(drawPair(protocol, key, {})).toEqual(one);
    const others = [{ seed: 8 }, { experiment: experimentCodes.scenarios }, { unit: 4 }, { k: 6 }];
    for (const other of others) {
      expect(drawPair(protocol, { ...key, ...other }, {}).induction).not.toEqual(one.induction);
    }
  });

  it("shares its fillers and its shuffle with every other pair at that seed", () => {
    const x = strengthSequence(lab, { a: mar, b: ius }, 0);
    const y = strengthSequence(lab, { a: 900, b: 901 }, 0);
    const swap = (id: number) => (id === mar ? 900 : id === ius ? 901 : id);
    expect(x.induction.map(swap)).toEqual(y.induction);
    expect(x.control.map(swap)).toEqual(y.control);
  });
});

describe("the options of the protocol", () => {
  const key = (k: number) => ({ seed: 1, experiment: experimentCodes.powers, unit: 0, k });
  // Five ids to draw from: coincidences are certain.
  const tight = { ...protocol, lowestId: 10, highestId: 14 };
  const draw = (options: Partial<Protocol>, count = 300) =>
    Array.from({ length: count }, (_, k) => drawPair({ ...tight, ...options }, key(k), { a: 10 }));

  it("fillers avoid A and B", () => {
    const fillers = (pairs: ReturnType<typeof draw>) =>
      pairs.flatMap(({ a, b, induction }) =>
        [...induction.slice(1, 11), ...induction.slice(13, 23)].filter(
          (id) => id === a || id === b,
        ),
      );
    expect(fillers(draw({ fillers: "any" })).length).toBeGreaterThan(1000);
    expect(fillers(draw({ fillers: "avoid-ab", allowAEqualsB: false }))).toEqual([]);
  });

  it("A = B is allowed or not", () => {
    const equal = (pairs: ReturnType<typeof draw>) => pairs.filter(({ a, b }) => a === b).length;
    expect(equal(draw({}))).toBeGreaterThan(30);
    expect(equal(draw({ allowAEqualsB: false }))).toBe(0);
  });

  it("refusing an id changes only the slots where it stood", () => {
    const any = draw({ fillers: "any" }, 50);
    const avoiding = draw({ fillers: "avoid-ab" }, 50);
    for (const [k, { a, b, induction }] of any.entries()) {
      for (const [i, id] of induction.entries()) {
        if (id !== a && id !== b) expect(avoiding[k]?.induction[i]).toBe(id);
      }
    }
  });

  it("the control replaces B, or A, by a random token", () => {
    const withoutB = draw({ control: "replace-b", highestId: 8191 });
    for (const { a, induction, control } of withoutB) {
      expect(control[11]).toBe(a);
      expect(control.with(12, 0)).toEqual(induction.with(12, 0));
    }
    expect(new Set(withoutB.map(({ control }) => control[12])).size).toBeGreaterThan(280);
    const withoutA = draw({ control: "replace-a", highestId: 8191 });
    for (const { b, induction, control } of withoutA) {
      expect(control[12]).toBe(b);
      expect(control.with(11, 0)).toEqual(induction.with(11, 0));
    }
  });

  it("gaps move the pair", () => {
    for (const { a, b, induction } of draw({ gaps: [0, 3] })) {
      expect(induction).toHaveLength(7);
      expect([induction[1], induction[2], induction[6]]).toEqual([a, b, a]);
    }
  });

  it("what does not fit the model is refused", () => {
    const model = { dVocab: 100, nCtx: 24 };
    const fits = postProtocol(100);
    expect(() => checkProtocol(fits, model)).not.toThrow();
    const wrong: Partial<Protocol>[] = [
      { gaps: [10, 11] },
      { gaps: [-1, 0] },
      { gaps: [1.5, 0] },
      { lowestId: 100 },
      { highestId: 100 },
      { bos: 100 },
      { lowestId: 98, allowAEqualsB: false },
      { lowestId: 98, fillers: "avoid-ab" },
    ];
    for (const options of wrong) {
      expect(() => checkProtocol({ ...fits, ...options }, model), JSON.stringify(options)).toThrow(
        /expected/,
      );
    }
  });
});
