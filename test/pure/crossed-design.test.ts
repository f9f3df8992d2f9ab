import { describe, expect, it } from "vitest";
import {
  crossedPartners,
  crossedSequence,
  postProtocol,
  type Protocol,
} from "../../src/induction/index.js";

const protocol: Protocol = { ...postProtocol(500), lowestId: 4 };
const tokens = Array.from({ length: 496 }, (_, i) => ({ id: 4 + i, text: null }));

describe("the crossed design", () => {
  it("pairs every token once as A and once as B in each round, anew in each round and seed", () => {
    const rounds = [0, 1, 2].map((round) => crossedPartners({ protocol, seed: 0 }, 496, round));
    for (const partners of rounds) {
      expect(Array.from(partners).sort((x, y) => x - y)).toEqual([...Array(496).keys()]);
    }
    expect(rounds[0]).not.toEqual(rounds[1]);
    expect(crossedPartners({ protocol, seed: 1 }, 496, 0)).not.toEqual(rounds[0]);
    expect(crossedPartners({ protocol, seed: 0 }, 496, 1)).toEqual(rounds[1]);
  });

  it("lets a token meet itself about once a round, or never", () => {
    const meets = (allowAEqualsB: boolean) =>
      Array.from({ length: 400 }, (_, round) =>
        crossedPartners({ protocol: { ...protocol, allowAEqualsB }, seed: 3 }, 496, round),
      ).map((partners) => partners.filter((partner, i) => partner === i).length);
    const free = meets(true);
    const total = free.reduce((x, y) => x + y);
    // Poisson with mean 1 a round: 400 ± 20.
    expect(Math.abs(total - 400)).toBeLessThan(80);
    expect(free).toContain(1);
    expect(meets(false).every((count) => count === 0)).toBe(true);
    const derangement = crossedPartners(
      { protocol: { ...protocol, allowAEqualsB: false }, seed: 3 },
      496,
      5,
    );
    expect(Array.from(derangement).sort((x, y) => x - y)).toEqual([...Array(496).keys()]);
  });

  it("keeps its first sequences: these ids are a promise", () => {
    const partners = crossedPartners({ protocol, seed: 0 }, 496, 0);
    const pairs = [0, 1, 2].map((k) =>
      crossedSequence({ protocol, seed: 0 }, tokens, partners, 0, k),
    );
    expect(pairs.map(({ a, b }) => [a, b])).toMatchInlineSnapshot(`
      [
        [
          4,
          47,
        ],
        [
          5,
          242,
        ],
        [
          6,
          59,
        ],
      ]
    `);
    expect(pairs.map(({ induction }) => Array.from(induction))).toMatchInlineSnapshot(`
      [
        [
          1,
          345,
          232,
          62,
          114,
          343,
          72,
          424,
          206,
          352,
          85,
          4,
          47,
          199,
          338,
          161,
          346,
          363,
          474,
          85,
          301,
          136,
          199,
          4,
        ],
        [
          1,
          86,
          244,
          106,
          309,
          328,
          396,
          236,
          415,
          118,
          365,
          5,
          242,
          148,
          81,
          410,
          369,
          286,
          6,
          449,
          441,
          65,
          446,
          5,
        ],
        [
          1,
          123,
          166,
          208,
          468,
          301,
          241,
          283,
          231,
          154,
          439,
          6,
          59,
          139,
          433,
          493,
          476,
          70,
          185,
          430,
          285,
          201,
          407,
          6,
        ],
      ]
    `);
    expect(pairs.map(({ control }) => Array.from(control))).toMatchInlineSnapshot(`
      [
        [
          1,
          232,
          62,
          345,
          199,
          85,
          114,
          47,
          343,
          4,
          363,
          424,
          136,
          301,
          85,
          161,
          338,
          346,
          72,
          199,
          474,
          352,
          206,
          4,
        ],
        [
          1,
          410,
          242,
          441,
          415,
          6,
          5,
          365,
          328,
          396,
          286,
          369,
          446,
          148,
          118,
          81,
          244,
          449,
          86,
          106,
          65,
          236,
          309,
          5,
        ],
        [
          1,
          123,
          407,
          476,
          433,
          439,
          166,
          139,
          430,
          493,
          241,
          201,
          6,
          59,
          283,
          231,
          208,
          154,
          301,
          70,
          285,
          185,
          468,
          6,
        ],
      ]
    `);
  });
});
