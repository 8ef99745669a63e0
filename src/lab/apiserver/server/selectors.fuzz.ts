import { defineFuzz, type FuzzTarget } from "#test";
import { StatusError } from "../schema/status-error.ts";
import { parseAccept } from "./accept.ts";
import { splitPath } from "./request.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { parseFieldSelector } from "./selectors.ts";
import { evaluate, parseJsonPath } from "./table/json-path.ts";

const OBJECT = { spec: { a: [1, { type: "x", b: null }], "c.d": {} } };

/** Whatever text it is: it is understood, or refused as what a client did wrong. */
const target: FuzzTarget = defineFuzz({
  corpus: () =>
    [
      "app in (a, b),!c,d!=e,f>3",
      String.raw`metadata.name=a\,b,status.phase!=Running`,
      ".spec.a[?(@.type=='x')].b[*]",
      "application/json;as=Table;v=v1;g=meta.k8s.io;q=0.5,*/*",
      "/api/v1/namespaces/%64efault/pods//x",
    ].map((text) => Buffer.from(text)),
  run: (bytes) => {
    const text = Buffer.from(bytes).toString("utf8");
    parseAccept(text);
    const path = parseJsonPath(text);
    if (path !== undefined) evaluate(path, OBJECT);
    for (const parse of [
      splitPath,
      parseFieldSelector,
      (one: string) => parseLabelSelector(one)?.({}),
    ]) {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
      }
    }
  },
});
export default target;
