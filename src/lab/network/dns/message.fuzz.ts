import { assert, fromHex } from "#base";
import { DnsResponseCode } from "#packet";
import { defineFuzz, type FuzzTarget } from "#test";
import {
  type DnsRecord,
  encodeAnswer,
  encodeFormatError,
  encodeQuery,
  isDnsName,
  parseQuery,
} from "./message.ts";
import { readAnswer } from "./read-answer.ts";

const RECORD: DnsRecord = {
  type: "SRV",
  name: "_http._tcp.web.shop.svc.cluster.local",
  ttlSeconds: 30,
  priority: 0,
  weight: 100,
  port: 80,
  target: "web.shop.svc.cluster.local",
};
const ALIAS: DnsRecord = { type: "CNAME", name: RECORD.name, ttlSeconds: 5, target: RECORD.target };
const ANSWER = {
  code: DnsResponseCode.NOERROR,
  isAuthoritative: true,
  answers: [RECORD, ALIAS],
  authority: [],
  additional: [],
};

/** Whoever sends what cannot be read gets an answer that can. */
function serve(input: Uint8Array): void {
  encodeFormatError(input);
  const query = parseQuery(input);
  const answer = encodeAnswer(query, ANSWER, 512);
  assert(answer.length <= 512, "an answer is no longer than it may be");
  assert(readAnswer(answer).id === query.id, "an answer of ours can be read");
}

const target: FuzzTarget = defineFuzz({
  corpus: () => [
    encodeQuery("web.shop.svc.cluster.local", 1),
    encodeAnswer(parseQuery(encodeQuery("a.example.com", 1)), ANSWER, 512),
    fromHex(
      "000781800001000100000000016103777777036e65740000010001c00c000100010000003c00040a000001",
    ),
  ],
  run(input) {
    const isResponse = ((input[2] ?? 0) & 0x80) !== 0;
    if (!isResponse) {
      serve(input);
      return;
    }
    for (const record of readAnswer(input).records) {
      assert(isDnsName(record.name), "only names that can be sent are kept");
    }
  },
});
export default target;
