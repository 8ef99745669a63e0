// A process that holds both ends of conversations, and of attempts at what is forbidden, and goes
// round them all the time. Says `ready` after the first
// round, and when told anything, what came of it.
import { IpAddress } from "#base";
import { openNamespace } from "#netlink";
import { converse } from "../sockets.ts";
import type { TalkOptions } from "../talk-options.ts";
import { Attempts } from "./attempts.ts";
import { kinds, type Talk } from "./talks.ts";

interface Options {
  readonly talks: readonly TalkOptions[];
  readonly attempts?: Pick<TalkOptions, "client" | "server" | "port">;
}

const ROUNDS = 4;

const options = JSON.parse(process.argv[2] ?? "{}") as Options;

function endOf({ namespace, address }: TalkOptions["client"]): Parameters<typeof converse>[0] {
  return { namespace: openNamespace(namespace), address: IpAddress.parse(address) };
}

const talks = options.talks.map((each): Talk => {
  const { name, kind, transport, port } = each;
  const conversation = converse(endOf(each.client), endOf(each.server), transport, port);
  return kinds[kind](name, conversation);
});
const { attempts: attempted } = options;
const attempts =
  attempted && new Attempts(endOf(attempted.client), endOf(attempted.server), attempted.port);

function work(): void {
  for (let round = 0; round < ROUNDS; round++) for (const talk of talks) talk.step();
  attempts?.step();
  next = setTimeout(work, 1);
}
let next: NodeJS.Timeout;

process.on("message", () => {
  clearTimeout(next);
  for (const talk of talks) talk.end();
  const outcomes = talks.map((talk) => talk.outcome());
  process.send?.({ talks: outcomes, attempts: attempts?.outcome() });
});
process.on("disconnect", () => process.exit());
work();
process.send?.("ready");
