// A step of Adam and of the average of the weights in one pass over memory, in place: the tensors belong to
// lib/engine/adam.ts alone, and new ones for every step would move twice as much memory.
#include <cmath>

#include "operations.h"
#include "simd.h"

namespace {

/** So many numbers of a parameter are one task. */
constexpr int64_t kChunk = 1 << 16;
/** So many numbers are looked at together for whether they rest. */
constexpr int64_t kRest = 256;

/** The numbers of a step, in this order: what lib/engine/adam.ts gives. */
struct Rates {
  float learning, moment1, moment2, epsilon, average, scale;
};

/** A part of a parameter. */
struct Slots {
  float *weights, *moment1, *moment2, *average;
  const float *gradient;
  Slots from(int64_t i) const { return {weights + i, moment1 + i, moment2 + i, average + i, gradient + i}; }
};

/** Whether n numbers are 0, each of them what `at` gives for a whole vector. */
template <typename At>
bool allZero(int64_t n, const At &at) {
  IntVector bits = {};
  for (int64_t i = 0; i < n; i += kLanes)
    bits |= (IntVector)at(i, static_cast<int>(n - i)) << 1;  // without the sign, for -0 is 0
  int any = 0;
  for (int lane = 0; lane < kLanes; lane++) any |= bits[lane];
  return any == 0;
}

/** Never had a gradient, as under the zeros of a mask: a step with none changes nothing. */
bool hasRested(int64_t n, const Slots &slots) {
  // The first and the last number tell nearly always.
  if (slots.moment2[0] != 0 || slots.moment2[n - 1] != 0) return false;
  return allZero(n, [&](int64_t i, int most) {
    const Vector change = loadSome(slots.average + i, most) - loadSome(slots.weights + i, most);
    return (Vector)((IntVector)loadSome(slots.moment1 + i, most) |
                    (IntVector)loadSome(slots.moment2 + i, most) | (IntVector)change);
  });
}

/** `rates` is a copy: for all that a compiler knows, what a reference means may lie in what is written. */
void update(int64_t n, const Rates rates, const Slots &slots) {
  float *__restrict weights = slots.weights, *__restrict moment1 = slots.moment1;
  float *__restrict moment2 = slots.moment2, *__restrict average = slots.average;
  const float *__restrict gradient = slots.gradient;
  for (int64_t i = 0; i < n; i++) {
    const float g = rates.scale * gradient[i];
    const float m = moment1[i] + (g - moment1[i]) * rates.moment1,
                v = moment2[i] + (g * g - moment2[i]) * rates.moment2;
    const float w = weights[i] - rates.learning * m / (std::sqrt(v) + rates.epsilon);
    moment1[i] = m;
    moment2[i] = v;
    weights[i] = w;
    average[i] -= (average[i] - w) * rates.average;
  }
}

struct Settings {
  /** How many parameters there are. */
  int count;
  explicit Settings(Attributes &attributes) : count(attributes.integer("N", 1, 1 << 20)) {}
};

/** A parameter with what is known of its parts of `kRest` numbers: 1 where one is known to have rested. */
struct Parameter {
  Slots slots;
  float *rest;
  int64_t size;
};

/** A step for the numbers from … to - 1. Of what is known to have rested only the gradient is read. */
void step(const Parameter &parameter, int64_t from, int64_t to, const Rates &rates) {
  for (int64_t i = from; i < to; i += kRest) {
    const int64_t n = std::min(kRest, to - i);
    const Slots part = parameter.slots.from(i);
    const auto gradient = [&](int64_t k, int most) { return loadSome(part.gradient + k, most); };
    float &rests = parameter.rest[i / kRest];
    rests = (rests != 0 || hasRested(n, part)) && allZero(n, gradient);
    if (rests == 0) update(n, rates, part);
  }
}

// rates [6]; then of all parameters the weights, of all the first moments, and so on: moment2, average,
// gradient of one shape, rest [numbers / 256]; no output: all but rates and gradients are changed
void compute(const Settings &settings, Context &context) {
  const float *numbers = context.input(0, "rates", {6}).data;
  const int count = settings.count;
  std::vector<Parameter> parameters;
  for (int k = 0; k < count; k++) {
    const std::vector<int64_t> shape = context.shapeOf(1 + k);
    const auto slot = [&](int part, const char *name) {
      return context.inPlace(1 + part * count + k, name, shape);
    };
    const float *gradient = context.input(1 + 4 * count + k, "gradient", shape).data;
    const Slots slots = {slot(0, "weights"), slot(1, "moment1"), slot(2, "moment2"), slot(3, "average"),
                         gradient};
    int64_t size = 1;
    for (int64_t n : shape) size *= n;
    float *rest = context.inPlace(1 + 5 * count + k, "rest", {(size + kRest - 1) / kRest});
    parameters.push_back({slots, rest, size});
  }
  if (context.failed()) return;
  const Rates rates = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
  struct Chunk {
    const Parameter *parameter;
    int64_t from, to;
  };
  std::vector<Chunk> chunks;
  for (const Parameter &parameter : parameters)
    for (int64_t from = 0; from < parameter.size; from += kChunk)
      chunks.push_back({&parameter, from, std::min(from + kChunk, parameter.size)});
  inParallel(static_cast<int>(chunks.size()), [&](int chunk) {
    step(*chunks[chunk].parameter, chunks[chunk].from, chunks[chunk].to, rates);
  });
}

}  // namespace

void registerAdam() {
  registerOperation<Settings, compute>(
      "RasterAdam", {"N: int"},
      {"rates: float", "weights: N * float", "moment1: N * float", "moment2: N * float",
       "average: N * float", "gradients: N * float", "rest: N * float"},
      {});
}
