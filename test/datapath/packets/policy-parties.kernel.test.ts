import { describe, test } from "node:test";
import { endpointCodec } from "#abi";
import type { Rule } from "../rules.ts";
import { IDENTITY, openWorld, PODS, sctp, tcp, udp } from "./world.ts";

const ALLOWED = "continue";
const DEFAULT = "drop policy-denied";

void describe("who is asked", () => {
  const world = openWorld();

  test("between pods both are, egress first", () => {
    world.policy("a", [{ direction: "ingress" }]);
    world.policy("b", [{ direction: "egress" }]);
    world.sends("a", udp("a:1000", "b:53"), {
      verdict: DEFAULT,
      events: ["from-endpoint new 1001@11 > 1002@12 denied/-"],
    });
    world.policy("a", [{ direction: "egress" }]);
    world.sends("a", udp("a:1000", "b:53"), {
      verdict: DEFAULT,
      events: ["from-endpoint new 1001@11 > 1002@12 allowed/denied"],
    });
    world.policy("b", [{ direction: "ingress" }]);
    world.sends("a", udp("a:1000", "b:53"), {
      verdict: "redirect",
      events: ["to-endpoint new 1001@11 > 1002@12 allowed/allowed"],
    });
  });

  test("the peer's identity is its pod's, its prefix's, or the world's", () => {
    const only = (identity: number): Rule[] => [{ direction: "egress", identity }];
    for (const [peer, identity] of [
      ["b", IDENTITY.b],
      ["x", IDENTITY.x],
      ["host", IDENTITY.host],
      ["w", IDENTITY.world],
    ] as const) {
      for (const family of [4, 6] as const) {
        const passes = peer === "b" ? "redirect" : "continue";
        world.policy("a", only(identity));
        world.sends("a", udp("a:1000", `${peer}:53`, family), passes);
        world.policy("a", only(identity + 1));
        world.sends("a", udp("a:1000", `${peer}:53`, family), DEFAULT);
        world.state.clearFlows();
      }
    }
  });

  test("the longest prefix counts, and a family's covers none of the other's", () => {
    world.policy("a", [{ direction: "egress", identity: 77 }]);
    const says = (verdict4: string, verdict6: string): void => {
      world.state.clearFlows();
      world.sends("a", udp("a:1", "x:53"), verdict4);
      world.sends("a", udp("a:1", "x:53", 6), verdict6);
    };
    says(DEFAULT, DEFAULT);
    world.state.setPeer("192.0.2.9/32", 77);
    says(ALLOWED, DEFAULT);
    world.state.removePeer("192.0.2.9/32");
    world.state.removePeer("192.0.2.0/24");
    world.state.removePeer("fd99::/64");
    world.state.setPeer("::/0", 77);
    says(DEFAULT, ALLOWED);
    world.state.setPeer("0.0.0.0/0", 77);
    world.state.removePeer("::/0");
    says(ALLOWED, DEFAULT);
  });

  test("a pod's address is the pod's, whatever prefixes say", () => {
    world.state.setPeer(`${PODS.b.ipv4}/32`, 99);
    world.policy("a", [{ direction: "egress", identity: IDENTITY.b }]);
    world.sends("a", udp("a:1000", "b:53"), "redirect");
  });

  test("each protocol is its own", () => {
    world.policy("a", [{ direction: "egress", protocol: 132, port: 53 }]);
    world.sends("a", sctp("a:1000", "x:53"), ALLOWED);
    world.sends("a", udp("a:1000", "x:53"), DEFAULT);
    world.sends("a", tcp("a:1000", "x:53"), DEFAULT);
  });

  test("an address whose slot is empty is no pod's", () => {
    world.rig.stores.endpoints.update(
      new Uint8Array(new Uint32Array([PODS.b.slot]).buffer),
      new Uint8Array(endpointCodec.size),
    );
    world.sends("a", udp("a:1000", "b:53"), {
      verdict: "continue",
      events: ["to-stack new 1001@11 > 2@0 allowed/-"],
    });
  });
});

void describe("a pod without a policy", () => {
  void describe("may do nothing", () => {
    const world = openWorld();
    test("until it has one", () => {
      world.state.changeEndpoint(PODS.a.slot, { policy: 0 });
      world.sends("a", udp("a:1000", "x:53"), {
        verdict: "drop endpoint-not-ready",
        events: ["from-endpoint new 1001@11 > 2009@0 denied/-"],
      });
      world.sends("b", udp("b:1000", "a:53"), {
        verdict: "drop endpoint-not-ready",
        events: ["from-endpoint new 1002@12 > 1001@11 allowed/denied"],
      });
      // Nobody is kept from himself.
      world.sends("a", udp("a:1000", "a:53"), "redirect");
    });
    test("also where its number is that of no policy", () => {
      world.state.removePolicy(PODS.a.slot);
      world.sends("a", udp("a:1000", "x:53"), "drop endpoint-not-ready");
      world.state.changeEndpoint(PODS.a.slot, { policy: 60_000, nextPolicy: 60_000 });
      world.sends("a", udp("a:1000", "x:53"), "drop endpoint-not-ready");
    });
  });
  void describe("may do everything, where that is set", () => {
    const world = openWorld({ settings: { is_open_without_policy: true } });
    test("until it has one", () => {
      world.state.changeEndpoint(PODS.a.slot, { policy: 0 });
      world.sends("a", udp("a:1000", "x:53"), "continue");
      world.sends("b", udp("b:1000", "a:53"), "redirect");
      world.state.changeEndpoint(PODS.a.slot, { policy: PODS.a.slot });
      world.policy("a", []);
      world.sends("a", udp("a:1000", "x:53"), DEFAULT);
      world.sends("b", udp("b:1000", "a:53"), DEFAULT);
    });
  });
});

void describe("two policies of each pod", () => {
  const world = openWorld();
  const SHUT = 13;

  test("hold by the parity of the node's generation, on both sides at once", () => {
    world.state.setPolicy(SHUT, []);
    world.state.changeEndpoint(PODS.a.slot, { nextPolicy: SHUT });
    world.state.changeEndpoint(PODS.b.slot, { nextPolicy: SHUT });
    const opens = (): void => void world.sends("a", udp("a:1000", "b:53"), "redirect");
    opens();
    for (const generation of [1, 0, 3, 2, 0xffff_ffff]) {
      world.state.setEpoch(world.state.epoch + 1, generation);
      if (generation % 2 === 0) opens();
      else world.sends("a", udp("a:1000", "b:53"), "drop policy-denied");
    }
  });
});

void describe("the world's identities", () => {
  const world = openWorld({ settings: { world_ipv4_identity: 9, world_ipv6_identity: 10 } });
  test("differ by family, where that is set", () => {
    world.sends("a", udp("a:1000", "w:53"), {
      verdict: "continue",
      events: ["to-stack new 1001@11 > 9@0 allowed/-"],
    });
    world.sends("a", udp("a:1000", "w:53", 6), {
      verdict: "continue",
      events: ["to-stack new 1001@11 > 10@0 allowed/-"],
    });
  });
});
