// Samplers of the models in raster order, for JavaScript: random numbers go in, pixels come out,
// so many at a call as are wanted.
#include <node_api.h>

#include <algorithm>
#include <exception>
#include <memory>

#include "arguments.h"
#include "draw.h"
#include "parallel.h"
#include "program.h"

namespace {

/** A program, and how far it has come with its images. */
struct Sampler {
  static constexpr uint64_t kMagic = 0x7069786c73616d70;
  uint64_t magic = kMagic;
  Program program;
  int numbers = 1;
  /** The value that comes next; whether its logits were given out, and its values are awaited. */
  int position = 0;
  bool waiting = false;

  int values() const { return program.height * program.width * program.channels; }
  size_t bytes() const { return program.bytes(); }

  /** Logits of the next value, those of an image `stride` numbers from those of the one before. */
  const float *compute() {
    const int pixel = position / program.channels, channel = position % program.channels;
    const int y = pixel / program.width, x = pixel % program.width;
    if (position % (program.width * program.channels) == 0) program.beginRow(y);
    return program.pixel(y, x, channel) + channel * numbers;
  }
  int stride() const { return program.channels * numbers; }
  bool isLike(const Sampler &other) const {
    return program.height == other.program.height && program.width == other.program.width &&
           program.channels == other.program.channels && numbers == other.numbers;
  }

  /** @param value what image b has there, 0 to 1 */
  template <typename Value>
  void accept(const Value &value) {
    const int pixel = position / program.channels, channel = position % program.channels;
    float *to = program.at(program.image, pixel / program.width, pixel % program.width);
    for (int b = 0; b < program.count; b++) to[b * program.channels + channel] = value(b);
    position++;
    waiting = false;
  }

  /** Draws values up to the given one, or until the logits of one of them are not finite. */
  void draw(const Drawing &drawing, int first, int until, uint8_t *isFinite) {
    for (bool all = true; position < until && all;) {
      const float *logits = compute();
      for (int b = 0; b < program.count; b++) {
        isFinite[b] = drawing.settle(logits + static_cast<size_t>(b) * stride(), first + b, position);
        all = all && isFinite[b];
      }
      if (all) accept([&](int b) { return drawing.scaled(first + b, position); });
    }
  }
};

/** Reads a program out of integers, and trusts none of them. */
class Reader {
 public:
  Reader(Arguments &arguments, const Numbers<int32_t> &code, const Numbers<float> &data)
      : arguments_(arguments), code_(code), data_(data) {}

  std::unique_ptr<Sampler> read() {
    auto sampler = std::make_unique<Sampler>();
    Program &program = sampler->program;
    program.width = next(1, 4096), program.height = next(1, 4096), program.count = next(1, 4096);
    program.channels = next(1, 64), sampler->numbers = next(1, 256);
    const int buffers = next(1, 4096), rowSteps = next(0, 4096), pixelSteps = next(1, 4096);
    program.image = next(0, buffers - 1), program.logits = next(0, buffers - 1);
    size_t total = 0;
    struct Constant {
      size_t to, from, length;
    };
    std::vector<Constant> constants;
    for (int k = 0; k < buffers && arguments_.good(); k++) {
      const Buffer buffer = {next(1, 1 << 20), next(0, 4096), total};
      const int constant = next(-1, INT32_MAX);
      const size_t images = static_cast<size_t>(program.count) * buffer.size;
      // What stands for all pixels outside lies behind those inside; of a buffer for one
      // pixel it is the first content.
      const size_t inside = images * buffer.rows * program.width;
      if (constant >= 0) {
        arguments_.require(constant + images <= data_.length, "numbers for outside are missing");
        constants.push_back({total + inside, static_cast<size_t>(constant), images});
      }
      // Each begins with a vector of its own.
      total += (inside + (buffer.rows == 0 || constant >= 0 ? images : 0) + kLanes - 1) / kLanes * kLanes;
      hasOutside_.push_back(constant >= 0);
      // Places are counted with an int, of twice as many numbers where there are gates.
      arguments_.require(total < (size_t{1} << 30), "the program needs too much memory");
      program.buffers.push_back(buffer);
    }
    program_ = &program;
    for (int k = 0; k < rowSteps && arguments_.good(); k++) program.rowSteps.push_back(instruction(1));
    for (int k = 0; k < pixelSteps && arguments_.good(); k++)
      program.pixelSteps.push_back(instruction(program.channels));
    if (!arguments_.good()) return nullptr;
    const bool fits = program.buffers[program.image].size == program.channels &&
                      program.buffers[program.image].rows > 0 &&
                      program.buffers[program.logits].size == sampler->stride() &&
                      program.pixelSteps.back().out == program.logits;
    if (!arguments_.require(
            fits, "the image and the logits must have a number for each channel, and for each of its levels"))
      return nullptr;
    program.memory.resize(total + kLanes);
    for (const auto &[to, from, length] : constants)
      std::copy_n(data_.data + from, length, &program.memory[to]);
    return sampler;
  }

 private:
  int next(int least, int most) {
    if (!arguments_.require(place_ < code_.length, "the program ends early")) return least;
    const int found = code_.data[place_++];
    const bool holds = found >= least && found <= most;
    arguments_.require(holds, "number " + std::to_string(place_ - 1) + " of the program must be from " +
                                  std::to_string(least) + " to " + std::to_string(most) + ", got " +
                                  std::to_string(found));
    return holds ? found : least;
  }

  /** @param channels that are computed one by one */
  Instruction instruction(int channels) {
    const int last = static_cast<int>(program_->buffers.size()) - 1;
    Instruction step;
    step.kind = next(kConvolve, kAdd), step.in = next(0, last), step.out = next(0, last);
    step.added = next(-1, last), step.addedRows = next(-1, 0), step.rectified = next(0, 1) != 0;
    step.outside = next(0, 1) != 0, step.cells = next(0, last), step.cellRow = next(-1, 0),
    step.cellColumn = next(-4096, 4096), step.leftwards = next(0, 1) != 0, step.row = next(-1, 0);
    const int parts = next(1, 4), weights = next(0, INT32_MAX), bias = next(0, INT32_MAX),
              given = next(0, 4096), count = next(0, 4096);
    std::vector<Tap> taps;
    for (int k = 0; k < count && arguments_.good(); k++) {
      const int index = next(0, std::max(0, given - 1)), dy = next(-4096, 0), dx = next(-4096, 4096);
      taps.push_back({index, dy, dx});
    }
    if (!arguments_.good()) return step;
    const Buffer &in = program_->buffers[step.in], &out = program_->buffers[step.out];
    step.outputs = out.size;
    const bool recurs = step.kind == kRecur, kernel = recurs || step.kind == kConvolve;
    const int expected = step.kind == kGate ? 2 * out.size : recurs ? 4 * out.size : out.size;
    if (step.kind != kConvolve)
      arguments_.require(in.size == expected, "an instruction's input and output must fit each other");
    if (step.added >= 0)
      arguments_.require(program_->buffers[step.added].size == out.size,
                         "what an instruction adds must fit its output");
    const Buffer &seen = recurs ? out : in;
    const int inputs = seen.size, outputs = recurs ? 4 * out.size : out.size;
    arguments_.require(channels == 1 || (out.size % channels == 0 && outputs % (parts * channels) == 0),
                       "each channel must have an equal share of each part of an instruction's output");
    for (const Tap &tap : taps)
      arguments_.require(seen.rows > -tap.dy || (seen.rows == 0 && tap.dy == 0 && tap.dx == 0),
                         "a tap must lie within the rows that are kept");
    if (step.outside)
      arguments_.require(!recurs && hasOutside_[step.in],
                         "the input of a convolution must have numbers for outside");
    if (recurs) {
      const bool fits = program_->buffers[step.cells].size == out.size &&
                        program_->buffers[step.cells].rows > -step.cellRow && out.rows > 0 &&
                        hasOutside_[step.out] && hasOutside_[step.cells];
      arguments_.require(fits, "a recurrence must have cells like its states, both with numbers for outside");
    }
    if (!kernel) return step;
    // More than any model sees, and few enough that places are counted with an int.
    const bool countable = count <= given && static_cast<size_t>(count) * seen.size <= (size_t{1} << 22);
    arguments_.require(countable, "a kernel's taps must be some of those given, and see at most 2^22 numbers");
    if (!countable) return step;
    const size_t size = static_cast<size_t>(given) * inputs * outputs;
    const bool there = static_cast<size_t>(weights) + size <= data_.length &&
                       static_cast<size_t>(bias) + outputs <= data_.length;
    if (!arguments_.require(there, "weights of the program are missing")) return step;
    step.kernel =
        PixelKernel::of(taps, inputs, outputs, data_.data + weights, data_.data + bias, channels, parts);
    if (program_->count == 1) step.kernel.halves = exactHalves(step.kernel.weights);
    return step;
  }

  Arguments &arguments_;
  const Numbers<int32_t> code_;
  const Numbers<float> data_;
  Program *program_ = nullptr;
  std::vector<bool> hasOutside_;
  size_t place_ = 0;
};

}  // namespace

/** createPixelSampler(program, its numbers): see lib/engine/pixelProgram.ts */
napi_value createPixelSampler(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "createPixelSampler", 2);
  const auto code = arguments.array<int32_t>(0, "the program", 10);
  const auto data = arguments.array<float>(1, "the numbers", 1);
  if (!arguments.good()) return nullptr;
  std::unique_ptr<Sampler> sampler;
  try {
    sampler = Reader(arguments, code, data).read();
  } catch (const std::exception &error) {
    arguments.require(false, error.what());
  }
  if (!sampler) return nullptr;
  return arguments.hold(std::move(sampler));
}

/**
 * pixelLogits(sampler, values just chosen [count] or null, out
 * [count, numbers]): the logits of the next value
 */
napi_value pixelLogits(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "pixelLogits", 3);
  auto *sampler = arguments.object<Sampler>(arguments.value(0), "the sampler");
  if (sampler == nullptr) return nullptr;
  const int count = sampler->program.count;
  const bool chosen = !arguments.isNull(1);
  const auto previous =
      chosen ? arguments.array<float>(1, "the values just chosen", count) : Numbers<float>{};
  const auto out = arguments.array<float>(2, "out", static_cast<size_t>(count) * sampler->numbers);
  arguments.require(chosen == sampler->waiting,
                    "pass null for the first value, and the values just chosen for every later one");
  arguments.require(sampler->position + chosen < sampler->values(),
                    "every value of the images has been given");
  if (!arguments.good()) return nullptr;
  if (chosen) sampler->accept([&](int b) { return previous.data[b]; });
  const float *logits = sampler->compute();
  sampler->waiting = true;
  for (int b = 0; b < count; b++)
    std::copy_n(logits + static_cast<size_t>(b) * sampler->stride(), sampler->numbers,
                out.data + static_cast<size_t>(b) * sampler->numbers);
  return nullptr;
}

/** restartPixelSampler(sampler): it begins anew, with the same weights. */
napi_value restartPixelSampler(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "restartPixelSampler", 1);
  auto *sampler = arguments.object<Sampler>(arguments.value(0), "the sampler");
  if (sampler == nullptr) return nullptr;
  sampler->position = 0;
  sampler->waiting = false;
  return nullptr;
}

/**
 * drawPixels([samplers], until, levels, temperature, argmax 0 or 1, uniforms, given, pixels [images, values]
 * each, finite [images], positions [samplers]): draws values up to `until`, each sampler on a core of its
 * own, or up to one whose logits are not finite
 */
napi_value drawPixels(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "drawPixels", 10);
  const std::vector<napi_value> held = arguments.elements(0, "the samplers");
  if (!arguments.require(!held.empty(), "the samplers must be an array of one or more")) return nullptr;
  std::vector<Sampler *> samplers;
  std::vector<int> firsts;
  int images = 0;
  for (napi_value element : held) {
    auto *sampler = arguments.object<Sampler>(element, "a sampler");
    if (sampler == nullptr) return nullptr;
    arguments.require(samplers.empty() || sampler->isLike(*samplers[0]), "the samplers must be of one model");
    const bool repeated = std::find(samplers.begin(), samplers.end(), sampler) != samplers.end();
    arguments.require(!sampler->waiting, "a sampler must not be waiting for values");
    arguments.require(!repeated, "no sampler must be given twice");
    samplers.push_back(sampler);
    firsts.push_back(images);
    images += sampler->program.count;
  }
  const int values = samplers[0]->values();
  const size_t all = static_cast<size_t>(images) * values;
  const int until = arguments.integer(1, "until", 0, values), levels = arguments.integer(2, "levels", 2, 256);
  const double temperature = arguments.number(3, "temperature");
  arguments.require(temperature > 0, "temperature must be positive");
  const bool argmax = arguments.integer(4, "argmax", 0, 1) != 0;
  const auto uniforms = arguments.array<float>(5, "uniforms", all);
  const auto given = arguments.array<int16_t>(6, "given", all);
  const auto pixels = arguments.array<uint8_t>(7, "pixels", all);
  const auto areFinite = arguments.array<uint8_t>(8, "finite", images);
  const auto positions = arguments.array<int32_t>(9, "positions", samplers.size());
  arguments.require(samplers[0]->numbers == (levels == 2 ? 1 : levels), "levels must be the model's");
  if (!arguments.good()) return nullptr;
  const Drawing drawing = {values, samplers[0]->numbers, levels,     temperature,
                           argmax, uniforms.data,        given.data, pixels.data};
  std::fill_n(areFinite.data, images, uint8_t{1});
  inParallel(static_cast<int>(samplers.size()),
             [&](int k) { samplers[k]->draw(drawing, firsts[k], until, areFinite.data + firsts[k]); });
  for (size_t k = 0; k < samplers.size(); k++) positions.data[k] = samplers[k]->position;
  return nullptr;
}
