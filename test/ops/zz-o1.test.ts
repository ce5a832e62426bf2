import { test } from "vitest";
import { compile } from "/work/main/src/graph/compile.js";
import { tensor } from "/work/main/src/graph/tensor.js";
import { gradients } from "/work/main/src/ops/gradients.js";
import { maxPool2d } from "/work/main/src/ops/max-pool2d.js";
import { avgPool2d } from "/work/main/src/ops/avg-pool2d.js";
import { adaptiveAvgPool2d } from "/work/main/src/ops/adaptive-avg-pool2d.js";
import { resize } from "/work/main/src/ops/resize.js";
import { concat } from "/work/main/src/ops/concat.js";
import { transpose } from "/work/main/src/ops/transpose.js";
import { testDevice } from "/work/main/test/support/device.js";
test("bench", async () => {
  const device = await testDevice();
  let s = "";
  for (const [name, f, c] of [



    ["resize2x", (x:any)=>resize(x,{size:[256,256]}), 32], ["resize3ch", (x:any)=>resize(x,{size:[256,256]}), 3], ["nearest", (x:any)=>resize(x,{size:[256,256],mode:"nearest"}), 32], ["concat", (x:any)=>concat([x,x]), 32], ["nchw", (x:any)=>transpose(x,[0,3,1,2]), 32],
  ] as any[]) {
    const x = tensor(device, new Float32Array(4*128*128*c).map((_,i)=>Math.sin(i)), [4,128,128,c]);
    const fwd = compile((x: any) => f(x));
    const seed = fwd(x) as any;
    const both = compile((x: any, g: any) => gradients(f(x), [x], g)[0]);
    (both(x, seed) as any).dispose();
    const best: any = {};
    for (let i=0;i<5;i++) for (const k of [...await fwd.plan(x).profile(), ...await both.plan(x, seed).profile()] as any[]) { const key = k.kernel ?? k.name ?? JSON.stringify(k); best[key] = Math.min(best[key] ?? 1e9, k.milliseconds ?? k.ms ?? k.time); }
    s += name + " " + JSON.stringify(best) + "\n";
  }
  console.log(s);
}, 200000);
