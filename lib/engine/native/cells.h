// The two gated cells, each with its gradient, for as many features at a time as a vector has lanes.
#pragma once
#include "simd.h"

/** The gated activation (van den Oord et al. 2016b, equation 2). */
inline Vector gateOf(Vector a, Vector b) { return hyperbolicTangent(a) * sigmoid(b); }

struct GateGradient {
  Vector a, b;
};

/** @param d the gradient of gateOf(a, b) */
inline GateGradient gateGradient(Vector a, Vector b, Vector d) {
  const Vector t = hyperbolicTangent(a), s = sigmoid(b);
  return {d * s * (1.0f - t * t), d * t * s * (1.0f - s)};
}

/** The gates of an LSTM behind their activations: output, forget, input, candidate. */
struct LstmGates {
  Vector o, f, i, g;
};

/** The state that an LSTM hands on. */
struct LstmState {
  Vector cell, hidden;
};

/** Equation 3 of van den Oord et al. 2016a, whose single sigma stands for sigmoid and tanh. */
inline LstmGates activated(Vector o, Vector f, Vector i, Vector g) {
  return {sigmoid(o), sigmoid(f), sigmoid(i), hyperbolicTangent(g)};
}

inline LstmState lstmStep(const LstmGates &gates, Vector cellBefore) {
  const Vector cell = gates.f * cellBefore + gates.i * gates.g;
  return {cell, gates.o * hyperbolicTangent(cell)};
}

/** Gradients of what went into the gates, and of the cell before. */
struct LstmGradient {
  LstmGates gates;
  Vector cellBefore;
};

/** @param cell after the step; @param dCell what later pixels ask of it; @param dHidden likewise */
inline LstmGradient lstmGradient(const LstmGates &gates, Vector cellBefore, Vector cell, Vector dCell,
                                 Vector dHidden) {
  const auto &[o, f, i, g] = gates;
  const Vector t = hyperbolicTangent(cell);
  const Vector dc = dCell + dHidden * o * (1.0f - t * t);
  return {{dHidden * t * o * (1.0f - o), dc * cellBefore * f * (1.0f - f), dc * g * i * (1.0f - i),
           dc * i * (1.0f - g * g)},
          dc * f};
}
