import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "#base";
import { parseReference } from "./images.ts";
import { isStillRunning, ownProcess } from "./machine.ts";
import { findNode } from "./places.ts";

test("names of images are completed as container runtimes do", () => {
  const whole = (name: string): string => {
    const { host, path, tag } = parseReference(name);
    return `${host}/${path}:${tag}`;
  };
  assert.equal(whole("nginx"), "docker.io/library/nginx:latest");
  assert.equal(whole("test/web:1"), "docker.io/test/web:1");
  assert.equal(whole("registry.k8s.io/pause:3.10"), "registry.k8s.io/pause:3.10");
  assert.equal(whole("localhost:5000/a/b"), "localhost:5000/a/b:latest");
  for (const bad of ["", "Upper", "a:b:c", "../x", "a/../b", "a:", "registry.k8s.io/"]) {
    assert.throws(() => parseReference(bad), AppError, bad);
  }
});

test("a process is known by when it started", () => {
  const own = ownProcess();
  assert.ok(isStillRunning(own));
  assert.ok(!isStillRunning(`${process.pid} 1`));
  assert.ok(!isStillRunning(""));
});

test("a node that is not there is refused with those that are", () => {
  assert.equal(findNode("node2", 2).address, "172.31.250.12");
  assert.throws(() => findNode("node3", 2), /there are node1, node2/);
});
