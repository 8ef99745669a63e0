import { assert } from "#base";
import type { Shape } from "../map-state.ts";
import type { Statement } from "./deny-precedence.ts";
import type { RulePart } from "./part.ts";
import { ANY_PORT, packPort, unpackPort } from "./port-key.ts";
import type { Template } from "./template.ts";

/**
 * How many shapes a direction may have; judging probes each. A key has either no protocol and no
 * port or both, so that there are 2 × (1 + 17) at most, and no set of policies can exceed it.
 */
const SHAPES_MAX = 64;

/** What one port of one protocol has; whichever it is. */
const ONE_PORT = packPort(1, 0, 16);

interface ShapeSource {
  readonly parts: readonly RulePart[];
  readonly localhost: Statement | undefined;
  readonly showsDns: boolean;
}

/** Of rules, not of classes: they stay the same whichever identities come and go. */
export function findShapes(
  wildcard: Template,
  { parts, localhost, showsDns }: ShapeSource,
): readonly Shape[] {
  const shapes = new Map<string, Shape>();
  const add = (isAnyIdentity: boolean, packed: number): void => {
    const { protocol, portPrefix } = unpackPort(packed);
    const isAnyProtocol = protocol === 0;
    const text = `${isAnyIdentity} ${isAnyProtocol} ${portPrefix}`;
    if (!shapes.has(text)) shapes.set(text, { isAnyIdentity, isAnyProtocol, portPrefix });
  };
  for (const key of wildcard.keys) add(true, key);
  if (localhost !== undefined) add(false, ANY_PORT);
  for (const { rule, keys, peerPorts, statement } of parts) {
    if (statement === undefined) continue;
    if (rule.peers !== "any" && rule.peers.length > 0) {
      for (const key of keys) add(false, key);
      if (showsDns && keys.length > 0) add(false, ONE_PORT);
    }
    if (peerPorts.length > 0) add(false, ONE_PORT);
  }
  assert(shapes.size <= SHAPES_MAX, "keys have few shapes by how they are made");
  return [...shapes.values()].toSorted(compareShapes);
}

/** The most specific first, so that of equals the first found is the one to name. */
function compareShapes(left: Shape, right: Shape): number {
  return (
    Number(left.isAnyIdentity) - Number(right.isAnyIdentity) ||
    Number(left.isAnyProtocol) - Number(right.isAnyProtocol) ||
    right.portPrefix - left.portPrefix
  );
}
