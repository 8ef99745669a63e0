import { brotliDecompressSync } from "node:zlib";
import { PROTOBUF_DATA } from "./protobuf.ts";

/** What `tools/kube-protobuf.ts` cut out of Kubernetes' types. */
interface ProtobufData {
  /** The message of a kind, by `apps/v1`, then by `Deployment`. */
  readonly kinds: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** That of DeleteOptions, which clients send under the version of what they delete. */
  readonly deleteOptions: string;
  /** Of each message its fields, `NUMBER NAME TYPE`, joined by semicolons. */
  readonly messages: Readonly<Record<string, string>>;
}

let data: ProtobufData | undefined;

/** Unpacks the data at its first use; nobody may change it. */
export function protobufData(): ProtobufData {
  data ??= JSON.parse(
    brotliDecompressSync(Buffer.from(PROTOBUF_DATA, "base64")).toString(),
  ) as ProtobufData;
  return data;
}
