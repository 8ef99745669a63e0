import { defineFuzz, type FuzzTarget } from "#test";
import { decodeProtobuf } from "./decode.ts";
import { bytesField, envelope, message, numberField, textField } from "./sample.ts";

const metadata = bytesField(1, message(textField(1, "web"), bytesField(11, textField(1, "a"))));
const bool = message(numberField(1, 1), bytesField(2, message(textField(5, "object"))));
const schema = message(
  textField(5, "object"),
  bytesField(30, bool),
  bytesField(20, bytesField(1, Buffer.from("{}"))),
);

const target: FuzzTarget = defineFuzz({
  corpus: () => [
    envelope(
      "v1",
      "Pod",
      message(metadata, bytesField(2, message(bytesField(2, textField(1, "c"))))),
    ),
    envelope("apps/v1", "Deployment", message(metadata, bytesField(2, numberField(1, 3)))),
    envelope(
      "coordination.k8s.io/v1",
      "Lease",
      bytesField(2, bytesField(4, numberField(1, 1_700_000_000))),
    ),
    envelope(
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      message(metadata, bytesField(2, bytesField(7, bytesField(4, bytesField(1, schema))))),
    ),
    envelope("policy/v1", "Eviction", message(metadata, bytesField(2, numberField(1, 5)))),
  ],
  run: (bytes) => void decodeProtobuf(bytes),
});
export default target;
