// What is bundled of TensorFlow.js, for Node and for pages. Gradients have to be registered by hand where only tfjs-core is used.
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-backend-webgpu";
export * from "@tensorflow/tfjs-core";
