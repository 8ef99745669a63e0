/** The tables that a node's datapath follows, written as a whole: what is as it was stays. */
import {
  blockTable,
  type EndpointRow,
  endpointTable,
  ipcacheTable,
  type PrefixRow,
} from "#datapath";
import { StateDb, type Table, type WriteTransaction } from "#statedb";

interface NodeRows {
  readonly endpoints: readonly EndpointRow[];
  readonly ipcache: readonly PrefixRow[];
  readonly blocks: readonly PrefixRow[];
}

export function makeTables(): StateDb {
  return new StateDb([endpointTable, ipcacheTable, blockTable], { freeze: true });
}

export function writeRows(transaction: WriteTransaction, rows: NodeRows): void {
  replaceRows(transaction, endpointTable, rows.endpoints);
  replaceRows(transaction, ipcacheTable, rows.ipcache);
  replaceRows(transaction, blockTable, rows.blocks);
}

function replaceRows<T extends object>(
  transaction: WriteTransaction,
  table: Table<T, never>,
  rows: readonly T[],
): void {
  const wanted = new Map(rows.map((row) => [table.key(row), row]));
  const same = new Set<string>();
  transaction.deleteWhere(table, (row) => {
    const key = table.key(row);
    const next = wanted.get(key);
    if (next !== undefined && JSON.stringify(next) === JSON.stringify(row)) same.add(key);
    return next === undefined;
  });
  for (const [key, row] of wanted) {
    if (!same.has(key)) transaction.insert(table, row);
  }
}
