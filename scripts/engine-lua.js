#!/usr/bin/env node
/**
 * Compiles `src/engine/` into the one Lua file that Apache APISIX runs.
 * `node scripts/engine-lua.js` writes it; `--check` fails unless the committed bytes are what it would write.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const target = path.join(root, 'apisix/plugins/cdn_defense/engine.lua');
const header = `-- The decision core of cdn_defense, compiled from src/engine/ by scripts/engine-lua.js. Do not edit.
-- luacheck: ignore
`;

function compile() {
  const out = mkdtempSync(path.join(tmpdir(), 'engine-lua-'));
  try {
    const tstl = createRequire(import.meta.url).resolve('typescript-to-lua/dist/tstl.js');
    const project = path.join(root, 'apisix/fence/tsconfig.lua.json');
    execFileSync(process.execPath, [tstl, '-p', project, '--outDir', out], { stdio: 'inherit' });
    const lines = readFileSync(path.join(out, 'engine.lua'), 'utf8').split('\n');
    return `${header}${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const bytes = compile();
if (process.argv.includes('--check')) {
  let committed = '';
  try {
    committed = readFileSync(target, 'utf8');
  } catch {
    // A missing file differs from what it should be.
  }
  if (committed !== bytes) {
    console.error(`${path.relative(root, target)} is stale: run "node scripts/engine-lua.js" and commit it`);
    process.exit(1);
  }
  console.log(`${path.relative(root, target)} is what src/engine compiles to`);
} else {
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, bytes);
  console.log(`${path.relative(root, target)}: ${bytes.split('\n').length - 1} lines`);
}
