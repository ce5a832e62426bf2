import { defineConfig } from "tsup";

// One file per source file: with `"sideEffects": false` an app's bundler then drops every operator and shader that it
// does not use, and workers stay beside the module that starts them. Declarations come from tsc (tsconfig.build.json).
export default defineConfig({
  entry: ["src/**/*.ts"],
  format: ["esm"],
  bundle: false,
  splitting: false,
  dts: false,
  sourcemap: true,
  clean: true,
  // `using` is newer than es2022, so esbuild lowers it.
  target: "es2022",
});
