import { KernelMap } from "#ebpf";
import { mapContract } from "./maps.ts";

mapContract("kernel", { make: (shape) => KernelMap.create(shape) });
