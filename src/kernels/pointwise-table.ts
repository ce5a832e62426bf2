/**
 * The expressions: `$0`, `$1`, … are the operands, `T` the element type (f32, vec4f, …), `MASK(c)` turns a condition
 * into 1 or 0. A NaN that comes in stays one: WGSL's max and min may drop it and SwiftShader's exp does, so they are guarded by
 * `NAN(x)`, a test of the bits (false for integers, whose bits mean something else).
 */
export const expressions: Readonly<Record<string, string>> = {
  add: "$0 + $1",
  sub: "$0 - $1",
  mul: "$0 * $1",
  div: "$0 / $1",
  maximum: "select(select(max($0, $1), $1, NAN($1)), $0, NAN($0))",
  minimum: "select(select(min($0, $1), $1, NAN($1)), $0, NAN($0))",
  // What the exponent 0 and the base 1 give is 1, NaN or not.
  pow: "select(select(select(pow_($0, $1), $0, NAN($0)), $1, NAN($1)), T(1), ($1 == T(0)) | ($0 == T(1)))",
  greater: "MASK($0 > $1)",
  greaterEqual: "MASK($0 >= $1)",
  less: "MASK($0 < $1)",
  lessEqual: "MASK($0 <= $1)",
  equal: "MASK($0 == $1)",
  // By `==`, because drivers have `!=` false for NaN.
  notEqual: "select(T(1), T(0), $0 == $1)",
  where: "select($1, $2, $0 == T(0))",
  neg: "-$0",
  abs: "abs($0)",
  sign: "sign($0)",
  floor: "floor($0)",
  ceil: "ceil($0)",
  round: "round($0)",
  exp: "select(exp($0), $0, NAN($0))",
  expm1: "select(expm1_($0), $0, NAN($0))",
  log: "select(log_($0), $0, NAN($0))",
  log1p: "select(log1p_($0), $0, NAN($0))",
  sin: "select(sin_($0, T(0)), $0, NAN($0))",
  cos: "select(sin_($0, T(1)), $0, NAN($0))",
  sqrt: "select(sqrt($0), $0, NAN($0))",
  rsqrt: "select(inverseSqrt($0), $0, NAN($0))",
  square: "$0 * $0",
  reciprocal: "T(1) / $0",
  erf: "select(erf_($0), $0, NAN($0))",
  clamp: "select(min(max($0, $1), $2), $0, NAN($0))",
  relu: "select(max($0, T(0)), $0, NAN($0))",
  relu6: "select(clamp($0, T(0), T(6)), $0, NAN($0))",
  // Of what relu gave, and the gradient behind it.
  reluGradient: "select($1, T(0), $0 <= T(0))",
  relu6Gradient: "select($1, T(0), ($0 <= T(0)) | ($0 >= T(6)))",
  leakyRelu: "select($0 * $1, $0, $0 > T(0))",
  prelu: "select($0 * $1, $0, $0 > T(0))",
  elu: "select(select($1 * expm1_($0), $0, $0 > T(0)), $0, NAN($0))",
  selu: "select(T(1.0507009873554805) * select(T(1.6732632423543772) * expm1_($0), $0, $0 > T(0)), $0, NAN($0))",
  gelu: "select($0 * (T(0.5) + T(0.5) * erf_($0 * T(0.7071067811865476))), $0, NAN($0))",
  geluTanh: "select($0 * sigmoid_(gelu_argument($0)), $0, NAN($0))",
  geluTanhSlope: "select(gelu_tanh_slope($0), $0, NAN($0))",
  silu: "select($0 * sigmoid_($0), $0, NAN($0))",
  mish: "select(mish_($0), $0, NAN($0))",
  mishSlope: "select(mish_slope($0), $0, NAN($0))",
  hardSigmoid: "select(clamp($0 + T(3), T(0), T(6)) / T(6), $0, NAN($0))",
  hardSwish: "select($0 * (clamp($0 + T(3), T(0), T(6)) / T(6)), $0, NAN($0))",
  sigmoid: "select(sigmoid_($0), $0, NAN($0))",
  logSigmoid: "select(min($0, T(0)) - log1p_(exp(-abs($0))), $0, NAN($0))",
  tanh: "select(tanh_($0), $0, NAN($0))",
  softplus: "select(max($0, T(0)) + log1p_(exp(-abs($0))), $0, NAN($0))",
  softsign: "$0 / (T(1) + abs($0))",
  isNaN: "MASK(NAN($0))",
};

/**
 * Functions that expressions call, written for one type `T`; a shader gets those that it names. Near zero, where a difference
 * of nearly equal numbers would lose digits, series stand in: each is accurate to about 1e-7 of its value.
 */
export const functions: Readonly<Record<string, string>> = {
  // C's pow for what is not NaN. Drivers take exp2(y · log2(x)), which says nothing of negative x and differs by driver at 0.
  pow_: `fn pow_(x: T, y: T) -> T {
    let a = abs(x);
    let odd = abs(y % T(2.0)) == T(1.0);
    let size = select(select(pow(a, y), select(T(0.0), T(1.0) / a, y < T(0.0)), a == T(0.0)), T(1.0), a == T(1.0));
    let value = select(size, -size, odd & ((x < T(0.0)) | (T(1.0) / x < T(0.0))));
    return select(value, sqrt(x), (x < T(0.0)) & (y != floor(y)) & (a <= T(3.4028234663852886e38)));
  }`,
  // e^x − 1: Taylor's series near zero.
  expm1_: `fn expm1_(x: T) -> T {
    let near = x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * (0.008333333 + x * (0.0013888889 + x * 0.00019841270))))));
    return select(exp(x) - 1.0, near, abs(x) < T(0.35));
  }`,
  // log(1 + x) = 2 artanh(x / (2 + x)) near zero.
  log1p_: `fn log1p_(x: T) -> T {
    let s = x / (2.0 + x);
    let q = s * s;
    let near = 2.0 * s * (1.0 + q * (0.33333333 + q * (0.2 + q * (0.14285714 + q * (0.11111111 + q * 0.090909091)))));
    return select(log_(1.0 + x), near, abs(x) < T(0.4));
  }`,
  // SwiftShader's log(0) is -88, and 0 for negative numbers; division and roots give an infinity and NaN everywhere.
  log_: `fn log_(x: T) -> T {
    return select(select(log(x), sqrt(x), x < T(0.0)), T(-1.0) / abs(x), x == T(0.0));
  }`,
  // 1 / (1 + e^−x); the exponential never overflows.
  sigmoid_: `fn sigmoid_(x: T) -> T {
    let e = exp(-abs(x));
    return select(e, T(1.0), x >= T(0.0)) / (1.0 + e);
  }`,
  // The exponential never overflows; near zero the Taylor series of tanh.
  tanh_: `fn tanh_(x: T) -> T {
    let e = exp(-2.0 * abs(x));
    let q = x * x;
    let near = x * (1.0 + q * (-0.33333333 + q * (0.13333333 + q * (-0.053968254 + q * 0.021869489))));
    return select(sign(x) * ((1.0 - e) / (1.0 + e)), near, abs(x) < T(0.25));
  }`,
  // A rational function of x² times x, within 3e-7 of erf: the coefficients of Eigen's and XLA's ErfImpl32 (Eigen, MathFunctionsImpl.h).
  erf_: `fn erf_(x: T) -> T {
    let z = clamp(x, T(-4.0), T(4.0));
    let q = z * z;
    let above = -1.60960333262415e-2 + q * (-2.95459980854025e-3 + q * (-7.34990630326855e-4 + q * (-5.69250639462346e-5 + q * (-2.10102402082508e-6 + q * (2.77068142495902e-8 + q * -2.72614225801306e-10)))));
    let below = -1.42647390514189e-2 + q * (-7.37332916720468e-3 + q * (-1.68282697438203e-3 + q * (-2.13374055278905e-4 + q * -1.45660718464996e-5)));
    return select(z * above / below, sign(x), abs(x) > T(3.92));
  }`,
  // sin(x + turns · π/2): x less a multiple of π/2 in three parts, then the polynomials of Cephes' sinf (Moshier).
  sin_: `fn sin_(x: T, turns: T) -> T {
    let k = round(x * 0.63661977);
    let r = ((x - k * 1.5703125) - k * 4.8375129699707031e-4) - k * 7.54978995489188e-8;
    let z = r * r;
    let s = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 + z * -1.9515295891e-4));
    let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
    let n = k + turns;
    let quadrant = n - 4.0 * floor(n * 0.25);
    let value = select(s, c, (quadrant == T(1.0)) | (quadrant == T(3.0)));
    return select(value, -value, quadrant >= T(2.0));
  }`,
  // 2 √(2/π) (x + 0.044715 x³), of which the logistic function is (1 + tanh(…)) / 2. Beyond 12 it is 1 or 0 either way.
  gelu_argument: `fn gelu_argument(x: T) -> T {
    let z = clamp(x, T(-12.0), T(12.0));
    return 1.5957691216 * z * (1.0 + 0.044715 * z * z);
  }`,
  gelu_tanh_slope: `fn gelu_tanh_slope(x: T) -> T {
    let z = clamp(x, T(-12.0), T(12.0));
    let u = gelu_argument(z);
    return sigmoid_(u) * (1.0 + sigmoid_(-u) * z * 1.5957691216 * (1.0 + 0.134145 * z * z));
  }`,
  // tanh(log(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2); 1 beyond 20.
  mish_: `fn mish_(x: T) -> T {
    let e = exp(min(x, T(20.0)));
    let n = e * (e + 2.0);
    return x * (n / (n + 2.0));
  }`,
  mish_slope: `fn mish_slope(x: T) -> T {
    let z = min(x, T(20.0));
    let e = exp(z);
    let n = e * (e + 2.0);
    return n / (n + 2.0) + 4.0 * z * (e / (n + 2.0)) * ((1.0 + e) / (n + 2.0));
  }`,
};

/** The functions that `code` calls, and those that they call, for elements of type `T`. */
export function functionsIn(code: string, T: string): string[] {
  const found = new Set<string>();
  const visit = (text: string): void => {
    for (const name of Object.keys(functions)) {
      if (found.has(name) || !new RegExp(`\\b${name}\\(`).test(text)) continue;
      found.add(name);
      visit(functions[name]!);
    }
  };
  visit(code);
  return [...found].map((name) => functions[name]!.replace(/\bT\b/g, T));
}
