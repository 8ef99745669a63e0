import type { AttachableProgram } from "#ebpf";
import { FakeAttacher } from "#ebpf/fake";
import { ProgramType } from "#ebpf/spec";
import { attacherContract } from "./attachments.ts";

const DEVICE = 7;

function program(name: string, type: number, fd: number): AttachableProgram {
  return { name, type, fd };
}

attacherContract("in memory", () => {
  const attacher = new FakeAttacher([DEVICE]);
  const { schedCls, xdp } = ProgramType;
  return {
    attacher,
    device: DEVICE,
    tc: [program("a", schedCls, 1), program("b", schedCls, 2), program("c", schedCls, 3)],
    xdp: [program("x", xdp, 4), program("y", xdp, 5)],
    pin: (name) => name,
    programsAt: (direction) => attacher.programsAt(DEVICE, direction),
    deleteDevice: () => attacher.deleteDevice(DEVICE),
    inside: (body) => body(),
    [Symbol.dispose]: () => {},
  };
});
