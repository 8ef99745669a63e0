/** What is wrong with a text that is no JSON, in the words of the API server's reader. */

const BLANKS = " \t\r\n";
const LITERALS = ["true", "false", "null"];
/** Deeper texts are refused elsewhere, and would use up the stack here. */
const MAX_DEPTH = 10_000;
const ENDED = "unexpected end of JSON input";

class SyntaxProblem extends Error {}

/** Undefined where it is right. */
export function jsonSyntaxError(text: string): string | undefined {
  try {
    new Reader(text).document();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value(0, "looking for beginning of value");
    this.#blanks();
    if (this.#at < this.#text.length) this.#wrong("after top-level value");
  }

  #next(): string {
    return this.#text.charAt(this.#at);
  }

  #blanks(): void {
    while (this.#next() !== "" && BLANKS.includes(this.#next())) this.#at += 1;
  }

  #wrong(where: string): never {
    if (this.#next() === "") throw new SyntaxProblem(ENDED);
    const shown =
      this.#next() === "'" ? String.raw`'\''` : `'${JSON.stringify(this.#next()).slice(1, -1)}'`;
    throw new SyntaxProblem(`invalid character ${shown} ${where}`);
  }

  #value(depth: number, where: string): void {
    this.#blanks();
    if (depth > MAX_DEPTH) throw new SyntaxProblem("exceeded max depth");
    const first = this.#next();
    if (first === "{") this.#object(depth);
    else if (first === "[") this.#array(depth);
    else if (first === '"') this.#string();
    else if (first !== "" && "-0123456789".includes(first)) this.#number();
    else this.#literal(where);
  }

  #literal(where: string): void {
    const word = LITERALS.find((each) => each.startsWith(this.#next()));
    if (word === undefined || this.#next() === "") this.#wrong(where);
    for (const character of word) {
      if (this.#next() !== character) {
        this.#wrong(`in literal ${word} (expecting '${character}')`);
      }
      this.#at += 1;
    }
  }

  #object(depth: number): void {
    this.#at += 1;
    this.#blanks();
    if (this.#next() === "}") {
      this.#at += 1;
      return;
    }
    for (;;) {
      this.#blanks();
      if (this.#next() !== '"') this.#wrong("looking for beginning of object key string");
      this.#string();
      this.#blanks();
      if (this.#next() !== ":") this.#wrong("after object key");
      this.#at += 1;
      this.#value(depth + 1, "looking for beginning of value");
      this.#blanks();
      const after = this.#next();
      if (after !== "," && after !== "}") this.#wrong("after object key:value pair");
      this.#at += 1;
      if (after === "}") return;
    }
  }

  #array(depth: number): void {
    this.#at += 1;
    this.#blanks();
    if (this.#next() === "]") {
      this.#at += 1;
      return;
    }
    for (;;) {
      this.#value(depth + 1, "looking for beginning of value");
      this.#blanks();
      const after = this.#next();
      if (after !== "," && after !== "]") this.#wrong("after array element");
      this.#at += 1;
      if (after === "]") return;
    }
  }

  #string(): void {
    this.#at += 1;
    for (;;) {
      const character = this.#next();
      if (character === "" || character < " ") this.#wrong("in string literal");
      this.#at += 1;
      if (character === '"') return;
      if (character !== "\\") continue;
      if (this.#next() === "u") this.#hexadecimal();
      else if (this.#next() === "" || !'bfnrt"\\/'.includes(this.#next())) {
        this.#wrong("in string escape code");
      }
      this.#at += 1;
    }
  }

  /** Leaves the last digit to be taken. */
  #hexadecimal(): void {
    for (let digits = 0; digits < 4; digits += 1) {
      this.#at += 1;
      if (!/[0-9a-fA-F]/.test(this.#next()))
        this.#wrong(String.raw`in \u hexadecimal character escape`);
    }
  }

  #number(): void {
    if (this.#next() === "-") {
      this.#at += 1;
      if (!/\d/.test(this.#next())) this.#wrong("in numeric literal");
    }
    if (this.#next() === "0") this.#at += 1;
    else this.#digits();
    if (this.#next() === ".") {
      this.#at += 1;
      if (!/\d/.test(this.#next())) this.#wrong("after decimal point in numeric literal");
      this.#digits();
    }
    if (this.#next() !== "e" && this.#next() !== "E") return;
    this.#at += 1;
    if (this.#next() === "+" || this.#next() === "-") this.#at += 1;
    if (!/\d/.test(this.#next())) this.#wrong("in exponent of numeric literal");
    this.#digits();
  }

  #digits(): void {
    while (/\d/.test(this.#next())) this.#at += 1;
  }
}
