import { AppError } from "#base";
import type { LabNetwork } from "../addresses.ts";

/** A Linux device's name has at most 15 bytes, so that they are made of numbers. */
export function bridgeName({ index }: LabNetwork): string {
  return `ciliate-${index}`;
}

/** The end of a node's cable in the root namespace; 0 is the little internet's. */
export function cableName({ index }: LabNetwork, node: number): string {
  return `cil${index}n${node}`;
}

/** The node that a cable goes to; undefined for other devices and other labs' cables. */
export function nodeOfCable({ index }: LabNetwork, name: string): number | undefined {
  const match = /^cil(\d+)n(\d+)$/.exec(name);
  return match !== null && Number(match[1]) === index ? Number(match[2]) : undefined;
}

/** What stands between a cable and the underlay while packets are delayed or lost. */
export function relayNames(
  { index }: LabNetwork,
  node: number,
): { bridge: string; inner: string; outer: string } {
  const name = (letter: string): string => `cil${index}${letter}${node}`;
  return { bridge: name("d"), inner: name("i"), outer: name("o") };
}

/** What Kubernetes takes for a node's name, short enough to read in lists. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;

export function namespaceName({ name }: LabNetwork, node: string): string {
  for (const part of [name, node]) {
    if (NAME.test(part)) continue;
    throw new AppError(
      "name",
      `${JSON.stringify(part)} cannot name a lab or a node: up to 40 small letters, digits and "-"`,
    );
  }
  return `ciliate-${name}-${node}`;
}
