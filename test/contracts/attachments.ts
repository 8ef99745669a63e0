import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "#base";
import type { AttachableProgram, Attacher, Direction } from "#ebpf";
import { isErrno } from "#sys";
import { attributed } from "#test";

// What an Attacher promises, whoever it is: run against the kernel's, by tcx and by clsact, and
// against the one in memory.

export interface AttachWorld extends Disposable {
  attacher: Attacher;
  /** A device that is there. */
  device: number;
  /** Three programs of tc, and two of xdp. */
  tc: readonly [AttachableProgram, AttachableProgram, AttachableProgram];
  xdp: readonly [AttachableProgram, AttachableProgram];
  /** A place for pins that is empty. */
  pin: (name: string) => string;
  /** What a packet meets, in order. */
  programsAt: (direction: Direction) => AttachableProgram[];
  deleteDevice: () => void;
  /** Runs a test in the world, for worlds that one has to enter. */
  inside: (body: () => void) => void;
}

export function attacherContract(who: string, makeWorld: () => AttachWorld): void {
  const check = (what: string, body: (world: AttachWorld) => void): void => {
    test(attributed(`${who}: ${what}`), () => {
      using world = makeWorld();
      world.inside(() => body(world));
    });
  };

  check(
    "a program is at its place until its attachment is disposed of",
    ({ attacher, device, tc, programsAt }) => {
      const options = { ifindex: device, direction: "ingress", program: tc[0] } as const;
      const attachment = attacher.tc(options);
      assert.deepEqual(programsAt("ingress"), [tc[0]]);
      assert.deepEqual(programsAt("egress"), []);
      assert.equal(attachment.isAttached(), true);
      attachment[Symbol.dispose]();
      attachment[Symbol.dispose]();
      assert.deepEqual(programsAt("ingress"), []);
      assert.equal(attachment.isAttached(), false);
    },
  );

  check("both directions of a device are apart", ({ attacher, device, tc, programsAt }) => {
    using _ingress = attacher.tc({ ifindex: device, direction: "ingress", program: tc[0] });
    using _egress = attacher.tc({ ifindex: device, direction: "egress", program: tc[1] });
    assert.deepEqual([programsAt("ingress"), programsAt("egress")], [[tc[0]], [tc[1]]]);
  });

  check(
    "several stand at one place in the order in which they came",
    ({ attacher, device, tc, programsAt }) => {
      using first = attacher.tc({ ifindex: device, direction: "ingress", program: tc[0] });
      using _second = attacher.tc({ ifindex: device, direction: "ingress", program: tc[1] });
      assert.deepEqual(programsAt("ingress"), [tc[0], tc[1]]);
      first.replace(tc[2]);
      assert.deepEqual(programsAt("ingress"), [tc[2], tc[1]]);
      first.detach();
      assert.deepEqual(programsAt("ingress"), [tc[1]]);
    },
  );

  check("with a pin it stays, and the next to come with the same pin takes it over", (world) => {
    const { attacher, device, tc, programsAt } = world;
    const options = { ifindex: device, direction: "egress", pin: world.pin("egress") } as const;
    attacher.tc({ ...options, program: tc[0] })[Symbol.dispose]();
    assert.deepEqual(programsAt("egress"), [tc[0]]);
    using other = attacher.tc({ ifindex: device, direction: "egress", program: tc[2] });
    const again = attacher.tc({ ...options, program: tc[1] });
    assert.deepEqual(programsAt("egress"), [tc[1], tc[2]]);
    again.detach();
    assert.deepEqual(programsAt("egress"), [tc[2]]);
    assert.equal(other.isAttached(), true);
    // The pin is gone with it.
    using anew = attacher.tc({ ...options, program: tc[0] });
    assert.deepEqual(
      programsAt("egress"),
      [tc[2], tc[0]].toSorted(inOrderOf(programsAt("egress"))),
    );
    anew.detach();
  });

  check("a device that goes takes its attachments along", (world) => {
    const { attacher, device, tc } = world;
    const pin = world.pin("gone");
    using attachment = attacher.tc({ ifindex: device, direction: "ingress", program: tc[0], pin });
    world.deleteDevice();
    assert.equal(attachment.isAttached(), false);
    attachment.detach();
    attachment.detach();
  });

  check("a device that is not there is said to be missing", ({ attacher, tc, xdp }) => {
    const nowhere = { ifindex: 999_999, direction: "ingress", program: tc[0] } as const;
    assert.throws(
      () => attacher.tc(nowhere),
      (error) => isErrno(error, "ENODEV"),
    );
    const options = { ifindex: 999_999, mode: "generic", program: xdp[0] } as const;
    assert.throws(
      () => attacher.xdp(options),
      (error) => isErrno(error, "ENODEV"),
    );
  });

  check("of xdp there is one program, and another's is left alone", (world) => {
    const { attacher, device, xdp } = world;
    const options = { ifindex: device, mode: "generic", pin: world.pin("xdp") } as const;
    using first = attacher.xdp({ ...options, program: xdp[0] });
    assert.throws(
      () => attacher.xdp({ ifindex: device, mode: "generic", program: xdp[1] }),
      (error) => error instanceof AppError && error.code === "occupied",
    );
    using taken = attacher.xdp({ ...options, program: xdp[1] });
    assert.equal(taken.isAttached(), true);
    taken.detach();
    assert.equal(first.isAttached(), false);
  });
}

/** Where a new program goes among those of others is up to the kernel. */
function inOrderOf(programs: readonly AttachableProgram[]) {
  return (a: AttachableProgram, b: AttachableProgram): number =>
    programs.indexOf(a) - programs.indexOf(b);
}
