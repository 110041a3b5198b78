// Images of MADE as one core draws them, each hidden unit computed once: when the pixels up to its degree
// are known. Masks need no multiplication: a unit takes from those up to its degree, and what a block gives
// to units of a lower degree is not among its weights. Nothing is left out for a value of 0: 0 times a
// weight that is not finite is not 0.
#pragma once
#include "draw.h"
#include "madeWeights.h"

/** Rows of `stride` numbers: of row k and image b it is first[k * stride + b]. */
struct MadeRows {
  const float *first;
  int stride;
};

/** sums [Images, Width vectors] += transposed given [inner, Images] · panel [inner, Width vectors] */
template <int Images, int Width>
void addPanel(int inner, const MadeRows &given, const float *panel, float *sums, int total) {
  Vector sum[Images][Width];
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++) sum[b][w] = load(sums + b * total + w * kLanes);
  for (int k = 0; k < inner; k++, panel += Width * kLanes) {
    Vector row[Width];
    UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce<Images>(panel + w * kLanes);
    UNROLLED for (int b = 0; b < Images; b++) {
      const float value = given.first[k * given.stride + b];
      UNROLLED for (int w = 0; w < Width; w++) sum[b][w] += value * row[w];
    }
  }
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++) store(sums + b * total + w * kLanes, sum[b][w]);
}

/** Images lie side by side in the units of the block in hand, so that a vector has the same unit of many. */
class MadeImages {
 public:
  MadeImages(const MadeWeights &weights, int count)
      : weights_(weights),
        count_(count),
        stride_(padded(count)),
        sums_(static_cast<size_t>(count) * weights.total),
        local_(weights.layers.size()),
        logits_(stride_) {}

  int count() const { return count_; }
  int position() const { return position_; }

  void restart() { position_ = 0; }

  /** Draws values up to the given one, or until the logits of one of them are not finite. */
  void draw(const Drawing &drawing, int firstImage, int until, uint8_t *isFinite) {
    while (position_ < until) {
      const MadeBlock &block = weights_.blocks[position_ / kMadeBlock];
      if (position_ + 1 == block.low) begin(block);
      const float *logits = logitsIn(block);
      bool all = true;
      for (int b = 0; b < count_; b++) {
        isFinite[b] = drawing.settle(logits + b, firstImage + b, position_);
        all = all && isFinite[b];
      }
      if (!all) return;
      float *pixels = row(0, position_ + 1 - block.low);
      for (int b = 0; b < count_; b++) pixels[b] = drawing.scaled(firstImage + b, position_);
      position_++;
      settleUnits(block);
      if (position_ == block.high) finish(block);
    }
  }

 private:
  /**
   * The units of a layer whose degrees are the block's, [units, stride]: what came from the blocks before,
   * and once a unit is settled its value.
   */
  struct Local {
    int first = 0, size = 0;
    Floats values;
  };

  float *row(int layer, int unit) { return &local_[layer].values[static_cast<size_t>(unit) * stride_]; }

  /** Takes up a block, of which no pixel is known yet. */
  void begin(const MadeBlock &block) {
    for (int b = 0; b < count_ && block.low == 1; b++)
      std::copy(weights_.biases.begin(), weights_.biases.end(), sums_.begin() + b * weights_.total);
    for (size_t k = 0; k < local_.size(); k++) {
      const MadeLayer &layer = weights_.layers[k];
      Local &local = local_[k];
      local.first = layer.first[block.low];
      local.size = layer.first[block.high + 1] - local.first;
      local.values.resize(static_cast<size_t>(local.size) * stride_);
      if (k == 0) continue;
      for (int b = 0; b < count_; b++) {
        const float *sums = &sums_[static_cast<size_t>(b) * weights_.total + layer.start + local.first];
        for (int j = 0; j < local.size; j++) local.values[static_cast<size_t>(j) * stride_ + b] = sums[j];
      }
    }
  }

  /** [images] of the value in hand, of which all before are settled. */
  const float *logitsIn(const MadeBlock &block) {
    const int last = static_cast<int>(local_.size()) - 1, j = position_ + 1 - block.low;
    std::copy_n(row(last, j), stride_, logits_.data());
    take(block, last, j, position_ + 1, logits_.data());
    return logits_.data();
  }

  /** All pixels up to a degree are known: so are the hidden units that waited for them. */
  void settleUnits(const MadeBlock &block) {
    const int degree = position_;
    for (int k = 1; k + 1 < static_cast<int>(local_.size()); k++) {
      const std::vector<int> &first = weights_.layers[k].first;
      for (int j = first[degree] - local_[k].first; j < first[degree + 1] - local_[k].first; j++) {
        float *sum = row(k, j);
        take(block, k, j, degree, sum);
        for (int b = 0; b < stride_; b += kLanes) store(sum + b, positive(load(sum + b)));
      }
    }
  }

  /** sum [stride] += what unit j of a layer, of the given degree, is given by those of the block. */
  void take(const MadeBlock &block, int layer, int j, int degree, float *sum) {
    for (size_t l = 0; l < weights_.links.size(); l++) {
      const MadeLink &link = weights_.links[l];
      if (link.to != layer) continue;
      const Local &from = local_[link.from];
      const int count = weights_.layers[link.from].first[degree + 1 - link.above] - from.first;
      const float *weights = weights_.at(block.between[l]) + static_cast<size_t>(j) * from.size;
      const MadeRows given = rows(link);
      int b = 0;
      for (; b + 4 * kLanes <= stride_; b += 4 * kLanes) addUnits<4>(count, given, weights, b, sum);
      for (; b < stride_; b += kLanes) addUnits<1>(count, given, weights, b, sum);
    }
  }

  /** sum [images] += weights [count] · given [count, images], of so many vectors of images from b on. */
  template <int Width>
  static void addUnits(int count, const MadeRows &given, const float *weights, int b, float *sum) {
    Vector total[Width];
    UNROLLED for (int w = 0; w < Width; w++) total[w] = load(sum + b + w * kLanes);
    const float *values = given.first + b;
    for (int i = 0; i < count; i++, values += given.stride)
      UNROLLED for (int w = 0; w < Width; w++) total[w] += weights[i] * load(values + w * kLanes);
    UNROLLED for (int w = 0; w < Width; w++) store(sum + b + w * kLanes, total[w]);
  }

  /** What the units give that a link begins at. */
  MadeRows rows(const MadeLink &link) {
    if (!link.presence) return {local_[link.from].values.data(), stride_};
    ones_.assign(stride_, 1.0f);
    return {ones_.data(), 0};
  }

  /** All of a block is known: it gives to what comes after it. */
  void finish(const MadeBlock &block) {
    for (size_t k = 1; k < local_.size(); k++) {
      const MadeLater &later = block.later[k - 1];
      if (later.inner == 0) continue;
      given_.resize(static_cast<size_t>(later.inner) * stride_);
      float *to = given_.data();
      for (const MadeLink &link : weights_.links) {
        if (link.to != static_cast<int>(k)) continue;
        const MadeRows from = rows(link);
        for (int i = 0; i < local_[link.from].size; i++, to += stride_)
          std::copy_n(from.first + static_cast<size_t>(i) * from.stride, stride_, to);
      }
      addPanels(later, sums_.data() + weights_.layers[k].start + later.column);
    }
  }

  void addPanels(const MadeLater &later, float *sums) {
    const float *panel = weights_.at(later.panels);
    for (int vector = 0; vector < later.vectors; vector += kPanelVectors) {
      const bool whole = vector + kPanelVectors <= later.vectors;
      if (whole) addImages<kPanelVectors>(later.inner, panel, sums + vector * kLanes);
      else addImages<1>(later.inner, panel, sums + vector * kLanes);
      panel += static_cast<size_t>(later.inner) * kPanelVectors * kLanes;
    }
  }

  template <int Width>
  void addImages(int inner, const float *panel, float *sums) {
    int b = 0;
    const auto add = [&](auto together) {
      constexpr int images = decltype(together)::value;
      for (; b + images <= count_; b += images)
        addPanel<images, Width>(inner, {given_.data() + b, stride_}, panel,
                                sums + static_cast<size_t>(b) * weights_.total, weights_.total);
    };
    add(std::integral_constant<int, kTileRows>());
    add(std::integral_constant<int, 4>());
    add(std::integral_constant<int, 2>());
    add(std::integral_constant<int, 1>());
  }

  const MadeWeights &weights_;
  int count_;
  /** From a unit to the next: the images, to whole vectors. */
  int stride_;
  /** How many values are drawn. */
  int position_ = 0;
  /** [images, total]: biases and what came from the blocks before. */
  Floats sums_;
  std::vector<Local> local_;
  Floats logits_, ones_, given_;
};
