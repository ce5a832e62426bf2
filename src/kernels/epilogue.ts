/** What convolutions and batch norms can apply to a result before they store it: their places are the codes of shaders/lib/activate.wgsl. */
const activations = ["none", "relu", "relu6", "hardSigmoid", "hardSwish", "sigmoid", "silu"] as const;

export type Activation = (typeof activations)[number];

export const activationCode = (activation: Activation): number => activations.indexOf(activation);

/** Names of the pointwise operations that those ops take over. */
export const fusedActivations: readonly Activation[] = activations.slice(1);
