import { strict as assert } from "node:assert";
import { defineFuzz, type FuzzTarget } from "#test";
import { addContext, currentContext, removeContext } from "./edit.ts";

const ENTRY = { name: "lab", server: "https://a", authority: "b", certificate: "c", key: "d" };
const OTHERS = `# mine
apiVersion: v1
kind: Config
clusters: []
contexts:
- {name: a, context: {cluster: a, user: a}}
users: null
current-context: a
`;

const target: FuzzTarget = defineFuzz({
  corpus: () => [Buffer.from(OTHERS), Buffer.from(addContext("", ENTRY))],
  run: (bytes) => {
    const text = Buffer.from(bytes).toString("utf8");
    const added = addContext(text, ENTRY);
    assert.equal(currentContext(added), "lab");
    assert.notEqual(currentContext(removeContext(added, "lab")), "lab");
  },
});
export default target;
