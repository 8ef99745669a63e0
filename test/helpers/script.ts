import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import { AppError } from "#base";
import { attributed } from "./attribution.ts";

/**
 * Text scripts: tests that read as a conversation.
 *
 *     # What the script shows, in a sentence.
 *     insert pods name=web node=n1
 *     get pods web
 *     ----
 *     name=web node=n1
 *
 * A block is lines of commands, `----`, and the output that all of them together must print,
 * up to an empty line. A block without `----` must print nothing. An AppError prints
 * `error: MESSAGE`. `npm test -- --update` writes what came out into the script.
 *
 * A command gets its words (double quotes keep blanks together) and the lines below it that are
 * indented, without their indentation; it answers what it prints.
 */
export type ScriptCommands = Record<
  string,
  (words: string[], input: string) => string | void | Promise<string | void>
>;

interface Block {
  comments: string[];
  commands: { line: number; text: string; input: string[] }[];
  expected: string[];
  hasExpectation: boolean;
}

interface ScriptWorld {
  commands: ScriptCommands;
  stop?: () => void | Promise<void>;
}

/**
 * One test for each `*.txt` in `folder`. `start` makes a fresh world for each script;
 * what it answers as `stop` is called at the end. `mayUpdate` is false where scripts say what
 * another system does: what comes out here is then never written into them.
 */
export function runScripts(
  folder: string,
  start: () => ScriptWorld | Promise<ScriptWorld>,
  { mayUpdate = true }: { mayUpdate?: boolean } = {},
): void {
  const files = readdirSync(folder).filter((name) => name.endsWith(".txt"));
  assert.ok(files.length > 0, `no scripts (*.txt) in ${folder}`);
  for (const name of files.toSorted()) {
    test(attributed(`script ${basename(folder)}/${name}`), async () => {
      const world = await start();
      try {
        await runScript(join(folder, name), world.commands, mayUpdate);
      } finally {
        await world.stop?.();
      }
    });
  }
}

async function runScript(
  path: string,
  commands: ScriptCommands,
  mayUpdate: boolean,
): Promise<void> {
  const blocks = parseScript(readFileSync(path, "utf8"));
  const isUpdate = mayUpdate && process.env["CILIATE_UPDATE"] === "1";
  for (const block of blocks) {
    const actual: string[] = [];
    for (const { line, text, input } of block.commands) {
      actual.push(...(await runLine(commands, { text, input }, `${path}:${line}`)));
    }
    if (isUpdate) {
      block.expected = actual;
      block.hasExpectation = actual.length > 0;
    } else {
      const where = `${path}:${block.commands[0]?.line ?? 0}`;
      checkOutput({ actual, expected: block.expected }, where, mayUpdate ? UPDATE_HINT : "");
    }
  }
  if (isUpdate) writeFileSync(path, formatScript(blocks));
}

const UPDATE_HINT = "; if it is right, npm test -- --update writes it into the script";

function checkOutput(
  { actual, expected }: { actual: string[]; expected: string[] },
  where: string,
  hint: string,
): void {
  try {
    assert.deepEqual(actual, expected);
  } catch (cause) {
    const failure = new Error(`${where}: other output than the script expects${hint}`, { cause });
    // The cause shows the difference; where this was thrown tells nobody anything.
    failure.stack = failure.message;
    throw failure;
  }
}

async function runLine(
  commands: ScriptCommands,
  { text, input }: { text: string; input: readonly string[] },
  where: string,
): Promise<string[]> {
  const [name = "", ...words] = splitWords(text);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  assert.ok(command, `${where}: no command ${name}; there are ${Object.keys(commands).join(", ")}`);
  try {
    const output = (await command(words, outdented(input))) ?? "";
    return output
      .split("\n")
      .map((line) => line.trimEnd())
      .filter((line) => line !== "");
  } catch (error) {
    if (error instanceof AppError) return [`error: ${error.message}`];
    throw new Error(`${where}: ${text}`, { cause: error });
  }
}

/** Without what the first line is indented by. */
function outdented(lines: readonly string[]): string {
  const depth = lines[0]?.search(/\S/) ?? 0;
  return lines.map((line) => line.slice(depth)).join("\n");
}

function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map((match) => match[0].replaceAll('"', ""));
}

function parseScript(text: string): Block[] {
  const blocks: Block[] = [];
  let block: Block = { comments: [], commands: [], expected: [], hasExpectation: false };
  const finish = (): void => {
    if (block.comments.length > 0 || block.commands.length > 0) blocks.push(block);
    block = { comments: [], commands: [], expected: [], hasExpectation: false };
  };
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") finish();
    else if (block.hasExpectation) block.expected.push(line.trimEnd());
    else if (line === "----") block.hasExpectation = true;
    else if (line.startsWith("#") && block.commands.length === 0) block.comments.push(line);
    else if (line.startsWith(" ")) block.commands.at(-1)?.input.push(line.trimEnd());
    else block.commands.push({ line: index + 1, text: line, input: [] });
  }
  finish();
  return blocks;
}

function formatScript(blocks: Block[]): string {
  const parts = blocks.map((block) =>
    [
      ...block.comments,
      ...block.commands.flatMap(({ text, input }) => [text, ...input]),
      ...(block.hasExpectation ? ["----", ...block.expected] : []),
    ].join("\n"),
  );
  return `${parts.join("\n\n")}\n`;
}
