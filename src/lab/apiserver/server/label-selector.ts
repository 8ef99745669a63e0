/** Selectors of labels: `app in (web, api), !old, size > 3`. */
import { badRequest } from "../schema/status-error.ts";
import { labelValue, qualifiedName } from "../schema/validate/words.ts";
import { invalidValue } from "./errors.ts";

type Labels = Readonly<Record<string, string>>;

interface Requirement {
  readonly key: string;
  readonly matches: (value: string | undefined) => boolean;
}

/** A selector's text may be long; one of a Deployment's is under a hundred. */
const MAX_SELECTOR_LENGTH = 64 * 1024;
const SYMBOLS = ["!=", "==", "=", "!", ",", "(", ")", "<", ">"] as const;
const TOKEN = /\s*(!=|==|=|!|,|\(|\)|<|>|[^\s=!(),<>]+)/y;
const COMPARISONS: ReadonlySet<string> = new Set(["=", "==", "!=", "<", ">"]);
const OPERATORS = "in, notin, =, ==, !=, gt, lt";

/** Undefined where the text selects everything. Throws in the words of the reference. */
export function parseLabelSelector(
  text: string | undefined,
): ((labels: Labels | undefined) => boolean) | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  if (text.length > MAX_SELECTOR_LENGTH) throw badRequest("the label selector is too long");
  const requirements = new Parser(text).selector();
  return (labels) =>
    requirements.every(({ key, matches }) =>
      matches(labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined),
    );
}

class Problem extends Error {}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  selector(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token === "") return requirements;
      if (!isWord(token) && token !== "!") {
        throw badRequest(`found '${token}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#checkedRequirement());
      const after = this.#take();
      if (after === "") return requirements;
      if (after !== ",") throw badRequest(`found '${after}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (!isWord(next) && next !== "!") {
        throw badRequest(`found '${next}', expected: identifier after ','`);
      }
    }
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #take(): string {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #checkedRequirement(): Requirement {
    try {
      return this.#requirement();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw badRequest(`unable to parse requirement: ${error.message}`);
    }
  }

  #requirement(): Requirement {
    const isAbsent = this.#peek() === "!";
    if (isAbsent) this.#at += 1;
    const key = this.#take();
    if (!isWord(key)) throw new Problem(`found '${key}', expected: identifier`);
    checked("<nil>", key, qualifiedName(key));
    const next = this.#peek();
    if (isAbsent) return { key, matches: (value) => value === undefined };
    if (next === "" || next === ",") return { key, matches: (value) => value !== undefined };
    const operator = this.#take();
    if (operator === "in" || operator === "notin") return memberOf(key, operator, this.#values());
    if (!COMPARISONS.has(operator)) {
      throw new Problem(`found '${operator}', expected: ${OPERATORS}`);
    }
    return comparison(key, operator, this.#value());
  }

  #value(): string {
    const next = this.#peek();
    if (next === "" || next === ",") return "";
    const value = this.#take();
    if (isWord(value)) return value;
    throw new Problem(`found '${value}', expected: identifier`);
  }

  #values(): string[] {
    const open = this.#take();
    if (open !== "(") throw new Problem(`found '${open}' expected: '('`);
    const values: string[] = [];
    let isValueNext = true;
    for (;;) {
      const token = this.#take();
      if (isWord(token) && isValueNext) {
        values.push(token);
        isValueNext = false;
      } else if (token === "," || token === ")") {
        // Between two commas, or one and a parenthesis, is an empty value.
        if (isValueNext) values.push("");
        if (token === ")") return values;
        isValueNext = true;
      } else if (isValueNext) {
        const expected = values.length === 0 ? "',', ')' or identifier" : "',', or identifier";
        throw new Problem(`found '${token}', expected: ${expected}`);
      } else throw new Problem(`found '${token}', expected: ',' or ')'`);
    }
  }
}

/** Blanks stand only between tokens, so that all of the text is one. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    tokens.push(match[1] ?? "");
  }
  return tokens;
}

function isWord(token: string): boolean {
  return token !== "" && !(SYMBOLS as readonly string[]).includes(token);
}

function checked(path: string, value: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new Problem(`${path}: ${invalidValue("", value, problems.join("; ")).message}`);
}

function memberOf(key: string, operator: string, list: readonly string[]): Requirement {
  const values = [...new Set(list)].toSorted();
  for (const [index, value] of values.entries()) {
    checked(`values[${index}][${key}]`, value, labelValue(value));
  }
  const known = new Set(values);
  const isIn = operator === "in";
  return { key, matches: (value) => (value !== undefined && known.has(value)) === isIn };
}

function comparison(key: string, operator: string, right: string): Requirement {
  if (operator === "<" || operator === ">") return order(key, operator === "<", right);
  checked(`values[0][${key}]`, right, labelValue(right));
  const isEqual = operator !== "!=";
  return { key, matches: (value) => (value === right) === isEqual };
}

function order(key: string, isLess: boolean, right: string): Requirement {
  const isNumber = /^-?\d+$/.test(right);
  const why = "for 'Gt', 'Lt' operators, the value must be an integer";
  if (!isNumber) checked("values[0]", right, [why]);
  const bound = BigInt(right);
  return {
    key,
    matches: (value) =>
      value !== undefined &&
      /^-?\d+$/.test(value) &&
      (isLess ? BigInt(value) < bound : BigInt(value) > bound),
  };
}
