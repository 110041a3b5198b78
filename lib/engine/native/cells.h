// The two gated cells, each with its gradient, for as many features at a time as a vector has lanes.
#pragma once
#include "simd.h"

/** Two activations that are used together. They share a division: it takes half as long as an exponential. */
struct Activations {
  Vector first, second;
};

/** Beyond this the product of two e^x would overflow; tanh is -1 or 1 there, sigmoid 1 or as good as 0. */
inline Vector exponentialOf(Vector x) { return exponential(x, 44); }

inline Activations sigmoids(Vector a, Vector b) {
  const Vector one = 1.0f + exponentialOf(-a), other = 1.0f + exponentialOf(-b);
  const Vector both = 1.0f / (one * other);
  return {both * other, both * one};
}

/** tanh(a) and sigmoid(b) */
inline Activations tanhAndSigmoid(Vector a, Vector b) {
  const Vector e = exponentialOf(-(a + a)), one = 1.0f + e, other = 1.0f + exponentialOf(-b);
  const Vector both = 1.0f / (one * other);
  return {(1.0f - e) * both * other, both * one};
}

/** The gated activation (van den Oord et al. 2016b, equation 2). */
inline Vector gateOf(Vector a, Vector b) {
  const auto [t, s] = tanhAndSigmoid(a, b);
  return t * s;
}

struct GateGradient {
  Vector a, b;
};

/** @param d the gradient of t · s, where t is tanh(a) and s sigmoid(b) */
inline GateGradient gateGradient(const Activations &parts, Vector d) {
  const auto &[t, s] = parts;
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
  const auto [output, forget] = sigmoids(o, f);
  const auto [candidate, input] = tanhAndSigmoid(g, i);
  return {output, forget, input, candidate};
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
