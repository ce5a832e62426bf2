import type { Parameter } from "../../graph/parameter.js";
import { BatchNorm2d } from "../../layers/batch-norm2d.js";
import type { Module } from "../../layers/module.js";
import { GroupNorm, InstanceNorm2d, LayerNorm } from "../../layers/normalisation.js";
import type { SegmentationModel } from "../../models/segmentation-model.js";
import type { ParameterGroup } from "../../optim/optimizer.js";
import { OptionError } from "../../runtime/errors.js";
import type { ParameterKind, ParameterRule } from "./recipe.js";

/** A parameter with what rules ask about it. */
interface Described {
  readonly path: string;
  readonly parameter: Parameter;
  readonly kind: ParameterKind;
  readonly head: boolean;
}

const isNorm = (module: Module | undefined): boolean => [BatchNorm2d, GroupNorm, InstanceNorm2d, LayerNorm].some((type) => module instanceof type);

/** The parameters of a model with their kinds, by the layers that they belong to. */
function describe(model: SegmentationModel): Described[] {
  const head = new Set(model.head().flatMap((module) => module.parameters()));
  const modules = new Map(model.modules());
  const parameters = new Set(model.parameters());
  return [...model.namedVariables()].flatMap(([path, variable]) => {
    if (!parameters.has(variable as Parameter)) return [];
    const parameter = variable as Parameter;
    const [owner, field] = [path.slice(0, Math.max(0, path.lastIndexOf("."))), path.slice(path.lastIndexOf(".") + 1)];
    const isBias = field.endsWith("bias");
    const kind = isNorm(modules.get(owner)) ? (isBias ? "normBias" : "normWeight") : isBias ? "bias" : "weight";
    return [{ path, parameter, kind, head: head.has(parameter) }];
  });
}

const fits = (rule: ParameterRule, { path, kind, head }: Described): boolean =>
  (rule.part === undefined || (rule.part === "head") === head) && (rule.kind?.includes(kind) ?? true) && (rule.path === undefined || path.includes(rule.path));

/**
 * Groups of a model's trainable parameters for an optimizer, by rules: rates of all rules that fit are multiplied, the decay of the last one
 * holds. Parameters that a rule fixes become untrainable.
 *
 *     sgd(parameterGroups(model, [{ kind: ["bias"], learningRateScale: 2, weightDecay: 0 }, { part: "head", learningRateScale: 10 }]), { learningRate: 1e-3 })
 *
 * @throws OptionError for a rule about the head of a model that has none, and when nothing is left to train
 */
export function parameterGroups(model: SegmentationModel, rules: readonly ParameterRule[]): ParameterGroup[] {
  const all = describe(model);
  if (rules.some(({ part }) => part !== undefined) && !all.some(({ head }) => head))
    throw new OptionError(`parameterGroups: a rule speaks of the head, but ${model.constructor.name} tells no head from its backbone (its head() is empty).`);
  const groups = new Map<string, { parameters: Parameter[]; learningRateScale: number; weightDecay?: number }>();
  for (const described of all) {
    const own = rules.filter((rule) => fits(rule, described));
    if (own.some(({ fixed }) => fixed)) described.parameter.trainable = false;
    if (!described.parameter.trainable) continue;
    const learningRateScale = own.reduce((product, rule) => product * (rule.learningRateScale ?? 1), 1);
    const weightDecay = own.findLast((rule) => rule.weightDecay !== undefined)?.weightDecay;
    const key = `${learningRateScale} ${weightDecay}`;
    const group = groups.get(key) ?? { parameters: [], learningRateScale, ...(weightDecay === undefined ? {} : { weightDecay }) };
    group.parameters.push(described.parameter);
    groups.set(key, group);
  }
  if (groups.size === 0) throw new OptionError(`parameterGroups: no parameter of ${model.constructor.name} is left to train.`);
  return [...groups.values()];
}

/** Keeps scales, shifts and running statistics of all batch norms as they are, also in training. */
export function freezeBatchNorms(model: Module): void {
  for (const [, module] of model.modules()) if (module instanceof BatchNorm2d) module.freeze();
}
