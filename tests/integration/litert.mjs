// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs models with LiteRT's WebAssembly build, for litert.py:
//
//   node litert.mjs PACKAGES MODEL INPUT SIDE FOLDER
//
// PACKAGES is a node_modules folder. INPUT holds floats, of an image of SIDE x SIDE
// pixels in RGB; those of output N go to FOLDER/N.f32, in the order of the model.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';

const [packages, model, input, side, folder] = process.argv.slice(2);
const core = path.join(path.resolve(packages), '@litertjs', 'core');
const wasm = path.join(core, 'wasm');

// The package is made for browsers. What it does in a worker there also works here:
// its loader is a script that defines ModuleFactory.
Object.assign(globalThis, {
  self: globalThis,
  require: createRequire(import.meta.url),
  __dirname: wasm,
  __filename: path.join(wasm, 'loader.js'),
  importScripts(script) {
    vm.runInThisContext(
      `${fs.readFileSync(script, 'utf8')}
       ;globalThis.ModuleFactory ??= ModuleFactory;`, { filename: script });
  },
});

const { loadLiteRt, loadAndCompile, Tensor } = await import(
  pathToFileURL(path.join(core, 'dist', 'index.js')).href);
// Without relaxed SIMD, which may round in other ways from one processor to another.
await loadLiteRt(path.join(wasm, 'litert_wasm_compat_internal.js'));
const compiled = await loadAndCompile(
  new Uint8Array(fs.readFileSync(model)), { accelerator: 'wasm' });
const bytes = fs.readFileSync(input);
const floats = new Float32Array(
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const results = await compiled.run(
  new Tensor(floats, [1, Number(side), Number(side), 3]));

let number = 0;
for (const tensor of Array.isArray(results) ? results : Object.values(results)) {
  const data = await tensor.data();
  fs.writeFileSync(path.join(folder, `${number++}.f32`),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength));
}
// The module keeps node running.
process.exit(0);
