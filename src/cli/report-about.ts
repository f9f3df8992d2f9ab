import type { ReportData } from "../report/index.js";
import { version } from "../version.js";
import { protocolInWords } from "./protocol-words.js";
import type { Session } from "./session.js";

/** What a report says about how its numbers were made, whatever they are. */
export function aboutModel(
  { model, seed, engine, batch, protocol }: Session,
  command: string,
  notes: readonly string[],
): Omit<ReportData, "title"> {
  const { config } = model;
  return {
    model: {
      name: model.name,
      layers: config.nLayers,
      heads: config.nHeads,
      dModel: config.dModel,
      vocabulary: config.dVocab,
      sha256: model.sha256,
    },
    seed,
    command,
    version,
    engine: { ...engine, dtype: model.dtype, batch },
    protocol: protocolInWords(protocol),
    notes,
    ...(protocol.control === "shuffle" && { shuffled: protocol.gaps[0] + protocol.gaps[1] + 2 }),
  };
}
