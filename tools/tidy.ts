// npm run tidy: the gate that keeps the house. The rules are in tools/tidy/.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand, usageError } from "./lib/command.ts";
import { projectFiles, root } from "./lib/files.ts";
import { rules, tidy } from "./tidy/all-rules.ts";
import { ARCHITECTURE_PATH, drawTable, updateArchitecture } from "./tidy/diagram.ts";
import { drawSizes, largest } from "./tidy/sizes.ts";
import { importTable } from "./tidy/table.ts";
import { Tree, TreeFile } from "./tidy/tree.ts";

const help = `
Usage: npm run tidy [-- OPTIONS]

Checks what no compiler does: ${rules.map(({ name }) => name).join(", ")}.
Prints a line for each finding, and the largest files and functions to look at.

  --write     update the import table in ${ARCHITECTURE_PATH} first
  --diagram   only print the import table
  --sizes     list 40 files and functions instead of 10
  --json      print all of it as JSON
`;

const FEW = 10;
const MANY = 40;

function readTree(): Tree {
  const files: TreeFile[] = [];
  for (const path of projectFiles()) {
    const full = join(root, path);
    const stat = statSync(full);
    // A link to a folder is tracked as a file.
    if (!stat.isFile()) continue;
    files.push(new TreeFile(path, stat.size, () => readFileSync(full)));
  }
  return new Tree(files);
}

function writeDiagram(tree: Tree): Tree {
  const file = tree.get(ARCHITECTURE_PATH);
  if (file === undefined) return tree;
  const updated = updateArchitecture(file.text, importTable);
  if (updated === undefined || updated === file.text) return tree;
  writeFileSync(join(root, ARCHITECTURE_PATH), updated);
  return readTree();
}

await runCommand(
  {
    help,
    options: {
      write: { type: "boolean", default: false },
      diagram: { type: "boolean", default: false },
      sizes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  },
  (values, [word]) => {
    if (word !== undefined) throw usageError(`tidy looks at the whole tree and takes no "${word}"`);
    if (values.diagram) {
      console.log(drawTable(importTable));
      return 0;
    }
    const tree = values.write ? writeDiagram(readTree()) : readTree();
    const findings = tidy(tree);
    const sizes = largest(tree, values.sizes ? MANY : FEW);
    if (values.json) {
      console.log(JSON.stringify({ files: tree.files.length, findings, sizes }, undefined, 2));
      return findings.length > 0 ? 1 : 0;
    }
    for (const { path, line, rule, message } of findings) {
      console.log(`${path}:${line}: ${rule}: ${message}`);
    }
    console.log(`\n${drawSizes(sizes)}\n`);
    console.log(
      findings.length === 0
        ? `tidy: ${tree.files.length} files, no findings`
        : `tidy: ${findings.length} finding${findings.length === 1 ? "" : "s"}`,
    );
    return findings.length > 0 ? 1 : 0;
  },
);
