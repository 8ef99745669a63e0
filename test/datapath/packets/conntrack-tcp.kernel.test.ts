import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ALLOW_ALL, openWorld, PODS, tcp, type Family } from "./world.ts";

const EGRESS_80 = [{ direction: "egress", protocol: 6, port: 80 }] as const;
const INGRESS_80 = [{ direction: "ingress", protocol: 6, port: 80 }] as const;

void describe("TCP", () => {
  const world = openWorld();

  for (const family of [4, 6] satisfies Family[]) {
    for (const [client, server] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      test(`a connection from ${client} to ${server} over IPv${family}: one entry, whichever way`, () => {
        const [near, far] = [`${client}:1000`, `${server}:80`];
        const ends = [PODS[client], PODS[server]].map((pod) => `${pod.identity}@${pod.slot}`);
        const there = `${ends[0]} > ${ends[1]}`;
        const back = `${ends[1]} > ${ends[0]}`;
        const flow = `tcp ${near} > ${far}`;
        world.policy(client, EGRESS_80);
        world.policy(server, INGRESS_80);
        world.sends(client, tcp(near, far, "S", family), {
          verdict: "redirect",
          events: [`to-endpoint new ${there} allowed/allowed`],
          flows: [flow],
        });
        world.sends(server, tcp(far, near, "SA", family), {
          verdict: "redirect",
          events: [`to-endpoint reply ${back} -/-`],
          flows: [`${flow} reply`],
        });
        world.sends(client, tcp(near, far, "A", family), {
          verdict: "redirect",
          events: [],
          flows: [`${flow} reply`],
        });
        world.sends(client, tcp(near, far, "FA", family), {
          verdict: "redirect",
          events: [`to-endpoint established ${there} -/-`],
          flows: [`${flow} reply closed-by-initiator`],
        });
        world.sends(server, tcp(far, near, "FA", family), {
          verdict: "redirect",
          events: [`to-endpoint reply ${back} -/-`],
          flows: [`${flow} reply closed-by-initiator closed-by-responder`],
        });
        world.sends(client, tcp(near, far, "A", family), { verdict: "redirect", events: [] });
      });
    }
  }

  for (const flags of ["", "P", "F", "FP", "U", "FPU", "SF", "SFA", "SR", "SRA", "SFRPAU"]) {
    test(`flags that no stack sends are refused, even on a connection: ${flags || "none"}`, () => {
      world.sends("a", tcp("a:1000", "b:80"), "redirect");
      const before = world.state.flows();
      for (const port of [1000, 1001]) {
        world.sends("a", tcp(`a:${port}`, "b:80", flags), {
          verdict: "drop invalid-packet",
          events: ["from-endpoint unknown 1001@11 > 0@0 -/-"],
        });
        world.receives("a", tcp("x:80", `a:${port}`, flags), {
          verdict: "drop invalid-packet",
          events: ["from-stack unknown 0@0 > 1001@11 -/-"],
        });
      }
      assert.deepEqual(world.state.flows(), before);
    });
  }

  test("RST from either side ends both; without a connection it passes and leaves nothing", () => {
    const flow = "tcp a:1000 > b:80";
    const closed = "closed-by-initiator closed-by-responder";
    world.sends("a", tcp("a:1000", "b:80", "R"), {
      verdict: "redirect",
      events: ["to-endpoint new 1001@11 > 1002@12 allowed/allowed"],
      flows: [],
    });
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.sends("b", tcp("b:80", "a:1000", "RA"), {
      verdict: "redirect",
      flows: [`${flow} reply ${closed}`],
    });
    world.sends("a", tcp("a:1000", "b:80"), { verdict: "redirect", flows: [flow] });
    world.sends("a", tcp("a:1000", "b:80", "R"), {
      verdict: "redirect",
      flows: [`${flow} ${closed}`],
    });
    assert.deepEqual(world.rig.counts().tcp, { created: 1n, recovered: 0n, failed: 0n });
  });

  test("a connection anew on the same ports begins anew: its end and its news are its own", () => {
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.sends("b", tcp("b:80", "a:1000", "SA"), "redirect");
    world.sends("a", tcp("a:1000", "b:80", "FA"), "redirect");
    world.sends("b", tcp("b:80", "a:1000", "FA"), "redirect");
    world.wait(1);
    world.sends("a", tcp("a:1000", "b:80"), {
      verdict: "redirect",
      events: ["to-endpoint established 1001@11 > 1002@12 -/-"],
      flows: ["tcp a:1000 > b:80"],
    });
    world.sends("b", tcp("b:80", "a:1000", "SA"), {
      verdict: "redirect",
      events: ["to-endpoint reply 1002@12 > 1001@11 -/-"],
      flows: ["tcp a:1000 > b:80 reply"],
    });
  });

  test("a SYN of the responder on the same ports is a connection the other way, judged as such", () => {
    world.policy("a", EGRESS_80);
    world.policy("b", INGRESS_80);
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.sends("b", tcp("b:80", "a:1000", "S"), {
      verdict: "drop policy-denied",
      events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
      flows: ["tcp a:1000 > b:80"],
    });
    world.sends("b", tcp("b:80", "a:1000", "SA"), {
      verdict: "redirect",
      flows: ["tcp a:1000 > b:80 reply"],
    });
    world.policy("b", ALLOW_ALL);
    world.policy("a", ALLOW_ALL);
    world.sends("b", tcp("b:80", "a:1000", "S"), {
      verdict: "redirect",
      events: ["to-endpoint new 1002@12 > 1001@11 allowed/allowed"],
      flows: ["tcp b:80 > a:1000"],
    });
  });

  test("late packets of a denied connection are denied, both ways, and leave nothing", () => {
    world.policy("a", []);
    world.sends("a", tcp("a:1000", "b:80"), "drop policy-denied");
    for (const flags of ["A", "PA", "FA", "R", "RA"]) {
      world.sends("a", tcp("a:1000", "b:80", flags), {
        verdict: "drop policy-denied",
        events: ["from-endpoint new 1001@11 > 1002@12 denied/-"],
        flows: [],
      });
    }
    world.sends("a", tcp("a:1000", "b:80", "SA"), {
      verdict: "drop policy-denied",
      events: ["from-endpoint new 1001@11 > 1002@12 allowed/denied"],
      flows: [],
    });
    world.policy("b", EGRESS_80);
    world.sends("b", tcp("b:80", "a:1000", "SA"), {
      verdict: "drop policy-denied",
      events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
      flows: [],
    });
    assert.equal(world.rig.counts().tcp.created, 0n);
  });

  test("who may only answer is told nothing by a SYN+ACK that nobody asked for", () => {
    world.policy("b", EGRESS_80);
    world.receives("b", tcp("x:80", "b:1000", "SA"), {
      verdict: "continue",
      flows: ["tcp b:1000 > x:80 reply"],
    });
    world.state.clearFlows();
    world.receives("b", tcp("x:81", "b:1000", "SA"), {
      verdict: "drop policy-denied",
      events: ["from-stack new 2009@0 > 1002@12 denied/-"],
      flows: [],
    });
  });
});
