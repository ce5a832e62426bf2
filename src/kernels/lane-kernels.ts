import { defineKernel } from "../runtime/kernel.js";
import convolution from "./wgsl/conv2d-lanes.js";
import inputGradient from "./wgsl/conv2d-lanes-input-gradient.js";
import weightGradient from "./wgsl/conv2d-lanes-weight-gradient.js";
import matmul from "./wgsl/matmul-lanes.js";

/** The kernels whose lanes load for one another, for lavapipe (see lanes.ts). Only `atrous/node` imports this file: browsers fall back on SwiftShader. */
export const laneKernels = {
  shaders: [convolution, inputGradient, weightGradient, matmul],
  forward: defineKernel(convolution, "forward"),
  forwardResidual: defineKernel(convolution, "forward_residual"),
  transposed: defineKernel(inputGradient, "transposed"),
  transposedResidual: defineKernel(inputGradient, "transposed_residual"),
  weightGradient: defineKernel(weightGradient, "partial"),
  matmul: defineKernel(matmul, "forward"),
};
