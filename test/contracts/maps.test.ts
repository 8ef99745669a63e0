import { FakeMap } from "#ebpf/fake";
import { mapContract } from "./maps.ts";

mapContract("in memory", { make: (shape) => new FakeMap(shape) });
