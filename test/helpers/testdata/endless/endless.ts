import { test } from "node:test";

test("goes on for ever", () => new Promise(() => {}));

test("comes after it", () => {});
