// npm run lab: the best that there is to see until the embedded cluster stands. Here: a table, a
// reconciler and a real target, a folder, while things go wrong with it.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#base";
import { defineTable, type Failures, Reconciler, StateDb, type Table, type Target } from "#statedb";
import { runCommand } from "./lib/command.ts";

const help = `
Usage: npm run lab

Shows what stands so far. The lab will be a whole cluster on this machine; until then this runs
a table of services and a reconciler that keeps a folder in step with it.
`;

interface Service {
  readonly name: string;
  readonly address: string;
}

const services: Table<Service, never> = defineTable({
  name: "services",
  key: (service) => service.name,
  indexes: {},
});

/** A file for each service. */
class FolderTarget implements Target<Service> {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async update(objects: readonly Service[]): Promise<Failures<Service>> {
    return await this.#each(objects, ({ name, address }) =>
      writeFile(join(this.folder, name), `${address}\n`),
    );
  }

  async delete(objects: readonly Service[]): Promise<Failures<Service>> {
    return await this.#each(objects, ({ name }) => rm(join(this.folder, name), { force: true }));
  }

  async prune(objects: Iterable<Service>): Promise<void> {
    const wanted = new Set([...objects].map((service) => service.name));
    for (const name of await readdir(this.folder)) {
      if (!wanted.has(name)) await rm(join(this.folder, name), { recursive: true });
    }
  }

  async #each(
    objects: readonly Service[],
    apply: (service: Service) => Promise<void>,
  ): Promise<Failures<Service>> {
    const failures = new Map<Service, unknown>();
    for (const service of objects) {
      await apply(service).catch((error: unknown) => void failures.set(service, error));
    }
    return failures;
  }
}

async function show(title: string, folder: string): Promise<void> {
  console.log(`\n${title}`);
  for (const name of (await readdir(folder)).toSorted()) {
    const content = await readFile(join(folder, name), "utf8").catch(
      () => "(a folder stands in the way)",
    );
    console.log(`    ${name.padEnd(12)} ${content.trim()}`);
  }
}

async function demonstrate(folder: string): Promise<void> {
  const db = new StateDb([services]);
  await using reconciler = new Reconciler("folder", db, services, new FolderTarget(folder), {
    onFailure: ({ key, error, retryInMs }) =>
      console.log(`    ${key}: ${String(error)}; next try in ${retryInMs} ms`),
  });
  const insert = (name: string, address: string): void =>
    void db.write((txn) => txn.insert(services, { name, address }));

  await writeFile(join(folder, "left-over"), "from an earlier run\n");
  await show("The target is a folder, and an earlier run left something in it:", folder);

  insert("frontend", "10.96.0.10:80");
  insert("backend", "10.96.0.11:8080");
  reconciler.start();
  await reconciler.settled();
  await show(
    "Two services in the table, brought there; what the table does not know is gone:",
    folder,
  );

  console.log("\nA folder stands where the database's file has to go, for half a second:");
  await mkdir(join(folder, "database"));
  insert("database", "10.96.0.12:5432");
  insert("backend", "10.96.0.99:8080");
  await systemClock.sleep(500);
  await rm(join(folder, "database"), { recursive: true });
  await reconciler.settled();
  await show("It held up nobody else, and came in when it could:", folder);

  db.write((txn) => txn.delete(services, "frontend"));
  await reconciler.settled();
  await show("frontend deleted from the table:", folder);

  const { updates, deletes, prunes, failures } = reconciler.metrics();
  console.log(
    `\n${updates} updates, ${deletes} deletes, ${prunes} prunes, ${failures} failed attempts.`,
  );
}

await runCommand({ help, options: {} }, async () => {
  console.log(
    "The cluster of the lab is not there yet. What is: tables, and reconcilers that keep",
  );
  console.log("the world outside in step with them. Each BPF map will have one.");
  const folder = await mkdtemp(join(tmpdir(), "ciliate-lab-"));
  try {
    await demonstrate(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
  console.log("\nNext:");
  console.log("    npm test                      every test that can run on this machine");
  console.log("    npm run bench -- statedb      how fast the tables are");
  console.log("    less ARCHITECTURE.md          what stands where, and what comes next");
  return 0;
});
