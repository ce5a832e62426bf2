import { describe, expect, test } from "vitest";
import { constant } from "../../../src/graph/init.js";
import { Parameter } from "../../../src/graph/parameter.js";
import { eliminateCommon } from "../../../src/graph/passes/eliminate-common.js";
import { eliminateDead } from "../../../src/graph/passes/eliminate-dead.js";
import { eliminateWithin } from "../../../src/graph/passes/eliminate-within.js";
import { BatchNorm2d } from "../../../src/layers/batch-norm2d.js";
import { Dropout } from "../../../src/layers/dropout.js";
import { Module } from "../../../src/layers/module.js";
import { Sequential } from "../../../src/layers/sequential.js";
import { dropout } from "../../../src/ops/dropout.js";
import { add, exp, mul, pointwiseOp, relu, sub } from "../../../src/ops/pointwise.js";
import { gradients } from "../../../src/ops/gradients.js";
import { maxPool2d } from "../../../src/ops/max-pool2d.js";
import { sum } from "../../../src/ops/sum.js";
import { captureGraph, opNames, runWith } from "../../support/capture-graph.js";
import { testDevice } from "../../support/device.js";
import { tensor } from "../../../src/graph/tensor.js";

class One extends Module {
  readonly p = new Parameter([4], constant(2));
}

describe("eliminateDead", () => {
  test("removes what nobody reads, and what only that read", async () => {
    const device = await testDevice();
    const graph = captureGraph(device, [[4]], (x) => {
      exp(sum(relu(x)));
      return [mul(x, 2)];
    });
    expect(opNames(graph)).toEqual(["relu", "sum", "exp", "const+mul"]);
    expect(opNames(eliminateDead(graph))).toEqual(["const+mul"]);
  });

  test("keeps assignments of variables", async () => {
    const device = await testDevice();
    using model = new One().to(device);
    const graph = captureGraph(device, [[4]], (x) => {
      pointwiseOp.update({ x0: model.p, x1: exp(x) }, { program: [["add", 0, 1]], constants: [] }, { out: model.p });
      return [relu(x)];
    });
    expect(opNames(eliminateDead(graph))).toEqual(["exp", "add", "relu"]);
  });

  test("keeps the running statistics of a batch norm whose result is not used", async () => {
    const device = await testDevice();
    using norm = new BatchNorm2d(3).to(device);
    const graph = captureGraph(device, [[2, 4, 4, 3]], (x) => {
      norm.forward(x);
      return [sum(x)];
    });
    expect(opNames(eliminateDead(graph))).toEqual(["batchNormTrain", "runningStatistics", "sum"]);
  });
});

describe("eliminateCommon", () => {
  test("computes equal expressions once, through any number of steps", async () => {
    const device = await testDevice();
    const graph = captureGraph(device, [[4]], (x) => [add(exp(mul(x, 2)), exp(mul(x, 2))), sub(exp(mul(x, 2)), 1)]);
    const after = eliminateCommon(graph);
    expect(opNames(after)).toEqual(["const+mul", "exp", "add", "const+sub"]);
    const [, , sumNode, difference] = after.nodes;
    expect(new Set([...Object.values(sumNode!.inputs), difference!.inputs["x0"]]).size).toBe(1);
  });

  test("tells options, constants and operands apart", async () => {
    const device = await testDevice();
    const graph = captureGraph(device, [[2, 2], [2, 2]], (x, y) => [
      sum(x, { axes: [0] }), sum(x, { axes: [1] }), mul(x, 2), mul(x, 3), mul(x, Infinity), mul(x, NaN), mul(x, -Infinity), sub(x, y), sub(y, x),
    ]);
    expect(eliminateCommon(graph).nodes.length).toBe(9);
  });

  test("leaves values of a variable apart that were assigned in between", async () => {
    const device = await testDevice();
    using model = new One().to(device);
    using x = tensor(device, [1, 2, 3, 4]);
    const { results, plan } = await runWith(device, [x], (t) => {
      const before = mul(t, model.p);
      const again = mul(t, model.p);
      pointwiseOp.update({ x0: model.p, x1: t }, { program: [["add", 0, 1]], constants: [] }, { out: model.p });
      return [before, again, mul(t, model.p)];
    }, eliminateCommon);
    expect(results.map((r) => [...r])).toEqual([[2, 4, 6, 8], [2, 4, 6, 8], [3, 8, 15, 24]]);
    expect(plan.graph.nodes.length).toBe(3);
    plan.dispose();
  });

  test("lets two dropouts of a model draw their own numbers", async () => {
    const device = await testDevice();
    using model = new Sequential(new Dropout(0.5), new Dropout(0.5)).to(device);
    const graph = captureGraph(device, [[64]], (x) => [...model.children()].map(([, layer]) => (layer as Dropout).forward(x)));
    expect(eliminateCommon(graph).nodes.length).toBe(2);
    // The same key is the same draw: a gradient that recomputes the mask shares it.
    expect(eliminateCommon(captureGraph(device, [[64]], (x) => [dropout(x, { key: 1 }), dropout(x, { key: 1 })])).nodes.length).toBe(1);
  });
});

describe("eliminateWithin", () => {
  test("pools once, and keeps which value of each window won as a byte", async () => {
    const device = await testDevice();
    const graph = captureGraph(device, [[1, 6, 8, 4], [1, 3, 4, 4]], (x, seed) => {
      const out = maxPool2d(x, { kernelSize: 2 });
      return [exp(out), gradients(out, [x], seed!)[0]!, maxPool2d(x, { kernelSize: 3 })];
    });
    const after = eliminateWithin(graph);
    expect(opNames(after)).toEqual(["maxPool2dWindows", "exp", "maxPool2dWindowsGradient", "maxPool2d"]);
    expect(after.nodes[0]!.outputs["windows"]).toMatchObject({ shape: [1, 3, 4, 4], dtype: "u8" });
    expect(opNames(eliminateWithin(captureGraph(device, [[1, 6, 8, 4]], (x) => [maxPool2d(x, { kernelSize: 2 })])))).toEqual(["maxPool2d"]);
  });
});
