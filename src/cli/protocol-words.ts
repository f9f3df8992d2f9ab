import { postProtocol, type Protocol } from "../induction/index.js";

/** The protocol's options in words, each with a note where it is not the post's. */
export function protocolInWords(
  protocol: Protocol,
): { name: string; value: string; note?: string }[] {
  const post = postProtocol(protocol.highestId + 1);
  const [before, between] = protocol.gaps;
  const items = [
    {
      name: "sequence",
      value: `BOS (id ${protocol.bos}), ${before} random tokens, A, B, ${between} random tokens, A; the target is B`,
      same: protocol.gaps.join() === post.gaps.join() && protocol.bos === post.bos,
      post: "BOS (id 1), 10 random tokens, A, B, 10 random tokens, A",
    },
    {
      name: "control",
      value: {
        shuffle: "everything between BOS and the last A in random order, A and B still in it",
        "replace-b": "B in the context replaced by a random token",
        "replace-a": "A before B in the context replaced by a random token",
      }[protocol.control],
      same: protocol.control === post.control,
      post: "shuffled",
    },
    {
      name: "random tokens",
      value: `uniform on ids ${protocol.lowestId} to ${protocol.highestId}`,
      same: protocol.lowestId === post.lowestId,
      post: "from id 4",
    },
    {
      name: "fillers",
      value: protocol.fillers === "any" ? "may happen to be A or B" : "are never A or B",
      same: protocol.fillers === post.fillers,
      post: "may be A or B",
    },
    {
      name: "A = B",
      value: protocol.allowAEqualsB
        ? "may happen where one is random"
        : "never where one is random",
      same: protocol.allowAEqualsB === post.allowAEqualsB,
      post: "may happen",
    },
    {
      name: "log-odds",
      value: "log p − log(1 − p) of B after the last A, nats, without cancellation near p = 1",
      same: true,
      post: "",
    },
  ];
  return items.map(({ name, value, same, post: original }) => ({
    name,
    value,
    ...(!same && { note: `the post: ${original}` }),
  }));
}
