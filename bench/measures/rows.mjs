/** Rows of the result: what was measured, beside a peer or a limit. */

/**
 * @typedef {object} Row
 * @property {string} measure
 * @property {number | null} ours
 * @property {number | null} peer what ours is compared with
 * @property {number | null} ratio
 * @property {number | null} floor the least ratio, or the most of ours where there is no peer by nature
 * @property {number | null} target the ratio that is hoped for
 * @property {boolean | null} ok whether the floor holds; `null` where there is none or nothing to compare
 * @property {string} unit of ours and the peer
 */

/**
 * A row that compares: `ours / peer`, so that more is better.
 *
 * @param {string} measure
 * @param {{ ours: number, peer: number | null | undefined, unit: string, floor?: number, target?: number, lessIsBetter?: boolean }} values
 *   `lessIsBetter`: the ratio is `peer / ours`
 * @returns {Row}
 */
export function ratioRow(measure, values) {
  const { ours, unit, floor = null, target = null, lessIsBetter = false } = values;
  const peer = values.peer ?? null;
  const ratio = peer === null ? null : lessIsBetter ? peer / ours : ours / peer;
  const ok = ratio === null || floor === null ? null : ratio >= floor;
  return { measure, ours, peer, ratio, floor, target, ok, unit };
}

/** A row with an upper limit. @param {string} measure @param {number | null} ours @param {number} limit @param {string} unit @returns {Row} */
export function limitRow(measure, ours, limit, unit) {
  const ok = ours === null ? null : ours <= limit;
  return { measure, ours, peer: null, ratio: null, floor: limit, target: null, ok, unit };
}
