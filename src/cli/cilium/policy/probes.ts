/** Many questions in a file: JSON lines `{"from", "to", "protocol", "port"}`. */
import { AppError, quote } from "#base";
import type { FlowQuestion } from "#policy";
import { portNumber } from "./flow-options.ts";
import { isRecord } from "./manifests.ts";

const FIELDS = ["from", "to", "protocol", "port"];

const MAX_PROBES = 1_000_000;

interface Probe {
  readonly question: FlowQuestion;
  /** `file:line`. */
  readonly where: string;
}

export function parseProbes(text: string, file: string): Probe[] {
  const probes: Probe[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    if (probes.length >= MAX_PROBES) {
      throw new AppError("too-large", `${file} has more than ${MAX_PROBES} probes: split it.`);
    }
    const where = `${file}:${index + 1}`;
    probes.push({ question: parseProbe(line, where), where });
  }
  return probes;
}

function parseProbe(line: string, where: string): FlowQuestion {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new AppError("usage", `${where}: ${quote(line)} is not JSON.`, { cause: error });
  }
  if (!isRecord(value)) throw new AppError("usage", `${where}: ${quote(line)} is not an object.`);
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) {
    const what = `there is no field ${quote(unknown)}; there are ${FIELDS.join(", ")}`;
    throw new AppError("usage", `${where}: ${what}.`);
  }
  const { from, to, protocol = "TCP", port: given } = value;
  const text = (name: string, field: unknown): string => {
    if (typeof field === "string" && field !== "") return field;
    throw new AppError("usage", `${where}: ${name} is missing or not a text.`);
  };
  const port = portNumber(given);
  if (port === undefined) {
    throw new AppError("usage", `${where}: port is not a number from 0 to 65535.`);
  }
  return {
    from: text("from", from),
    to: text("to", to),
    protocol: text("protocol", protocol),
    port,
  };
}
