import { expect, test } from "vitest";
import { ConfusionMatrix } from "../../src/metrics/confusion-matrix.js";
import { scores } from "../../src/metrics/scores.js";
import { confusionTable, scoresTable } from "../../src/metrics/table.js";

const matrix = new ConfusionMatrix(3).add([12_000, 300, 0, 200, 2_500, 0, 0, 0, 0]);
const names = ["background", "nucleus", "void"];

test("scores as a table", () => {
  expect(scoresTable(scores(matrix, { names }))).toBe(
    [
      "class               precision  recall    Dice     IoU  pixels",
      "background             0.9836  0.9756  0.9796  0.9600  12,300",
      "nucleus                0.8929  0.9259  0.9091  0.8333   2,700",
      "void                        –       –       –       –       0",
      "mean                   0.9382  0.9508  0.9443  0.8967  15,000",
      "pooled                 0.9667  0.9667  0.9667  0.9355",
      "weighted by pixels     0.9673  0.9667  0.9669  0.9372",
      "",
      "pixel accuracy          0.9667",
      "class accuracy          0.9508",
      "frequency-weighted IoU  0.9372",
      "Cohen's kappa           0.8887",
      "Matthews correlation    0.8889",
    ].join("\n"),
  );
});

test("a confusion matrix as a table", () => {
  expect(confusionTable(matrix, { names })).toBe(
    [
      "truth \\ predicted  background  nucleus  void",
      "background             12,000      300     0",
      "nucleus                   200    2,500     0",
      "void                        0        0     0",
    ].join("\n"),
  );
  expect(() => confusionTable(matrix, { names: ["a"] })).toThrow("confusionTable: there are 3 classes but 1 names.");
  expect(() => confusionTable(matrix, { precent: true } as never)).toThrow('confusionTable: unknown option "precent". Did you mean "percent"?');
  expect(confusionTable(matrix, { percent: true })).toBe(
    [
      "truth \\ predicted       0       1      2",
      "0                  97.6 %   2.4 %  0.0 %",
      "1                   7.4 %  92.6 %  0.0 %",
      "2                       –       –      –",
    ].join("\n"),
  );
});
