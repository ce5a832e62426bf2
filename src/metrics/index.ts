export { ConfusionMatrix, type Outcome } from "./confusion-matrix.js";
export { scores, type AbsentPolicy, type ClassScores, type Costs, type Ratios, type Scores, type ScoresOptions } from "./scores.js";
export { confusionTable, scoresTable, type ConfusionTableOptions } from "./table.js";
