// The weights of a MADE in the order in which a sampler reads them, without what masks hide. Degrees are
// taken in blocks: the units of a block are drawn among themselves, pixel by pixel, from small matrices;
// what a block gives to all units of higher degrees is one product of matrices, whose weights lie in panels
// as wide as the registers that hold their sums.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "simd.h"

/** Degrees whose units are handed on together. */
constexpr int kMadeBlock = 28;

/** Vectors side by side in a panel. */
constexpr int kPanelVectors = 2;

/** The units of a layer by degree; layer 0 are the pixels, the last one the outputs. */
struct MadeLayer {
  int size = 0;
  /** Where its sums begin among those of an image: with a vector. */
  int start = 0;
  /** In rising degree; those of degree d from first[d] on. */
  std::vector<int> units, first;

  MadeLayer(const int32_t *degrees, int size, int start, int highest)
      : size(size), start(start), units(size), first(highest + 2) {
    for (int j = 0; j < size; j++) first[degrees[j] + 1]++;
    for (int d = 0; d <= highest; d++) first[d + 1] += first[d];
    std::vector<int> next(first.begin(), first.end() - 1);
    for (int j = 0; j < size; j++) units[next[degrees[j]]++] = j;
  }
};

/** Weights [units of one layer, units of another]. */
struct MadeLink {
  const float *weights;
  int from, to;
  /** A unit of degree d gives to those from this degree on, above d: 0, and 1 to the outputs. */
  int above;
  /** What it gives is 1 whatever the pixel is. */
  bool presence;
};

/** What a block gives to the units of a layer that come after it. */
struct MadeLater {
  /** Its first sum, at the start of a vector, and how many vectors there are. */
  int column, vectors;
  /** Units of the block that give, link after link. */
  int inner;
  /** Where its panels are. */
  size_t panels;
};

struct MadeBlock {
  /** Its first and last degree. */
  int low, high;
  /** Where, for each link, the weights [units that take, units that give] within the block are. */
  std::vector<size_t> between;
  /** For each layer from 1 on. */
  std::vector<MadeLater> later;
};

class MadeWeights {
 public:
  std::vector<MadeLayer> layers;
  /** Their weights are read by the constructor alone. */
  std::vector<MadeLink> links;
  std::vector<MadeBlock> blocks;
  int values, total;
  /** [total]: what every sum begins with. */
  Floats biases;

  /** @param bias of the units of all layers but the first, each layer's in its own order */
  MadeWeights(std::vector<MadeLayer> allLayers, std::vector<MadeLink> allLinks, const float *bias)
      : layers(std::move(allLayers)), links(std::move(allLinks)), values(layers[0].size) {
    const MadeLayer &outputs = layers.back();
    total = outputs.start + padded(outputs.size);
    biases.assign(total, 0.0f);
    for (size_t k = 1; k < layers.size(); bias += layers[k++].size)
      for (int j = 0; j < layers[k].size; j++) biases[layers[k].start + j] = bias[layers[k].units[j]];
    for (int low = 1; low <= values; low += kMadeBlock)
      blocks.push_back(blockOf(low, std::min(low + kMadeBlock - 1, values)));
    for (MadeLink &link : links) link.weights = nullptr;
  }

  const float *at(size_t place) const { return &numbers_[place]; }
  size_t bytes() const { return (numbers_.size() + biases.size()) * sizeof(float); }

 private:
  MadeBlock blockOf(int low, int high) {
    MadeBlock block = {low, high, {}, {}};
    for (const MadeLink &link : links) {
      const MadeLayer &from = layers[link.from], &to = layers[link.to];
      block.between.push_back(numbers_.size());
      for (int j = to.first[low]; j < to.first[high + 1]; j++)
        for (int i = from.first[low]; i < from.first[high + 1]; i++)
          numbers_.push_back(link.weights[place(from, i, to) + to.units[j]]);
      numbers_.resize(padded(static_cast<int>(numbers_.size())));
    }
    for (size_t k = 1; k < layers.size(); k++) block.later.push_back(laterOf(block, static_cast<int>(k)));
    return block;
  }

  MadeLater laterOf(const MadeBlock &block, int layer) {
    const MadeLayer &to = layers[layer];
    const int first = to.first[block.high + 1], column = first / kLanes * kLanes;
    MadeLater later = {column, (padded(to.size) - column) / kLanes, 0, numbers_.size()};
    for (const MadeLink &link : links)
      if (link.to == layer)
        later.inner += layers[link.from].first[block.high + 1] - layers[link.from].first[block.low];
    numbers_.resize(numbers_.size() + static_cast<size_t>(later.inner) * later.vectors * kLanes);
    float *panel = &numbers_[later.panels];
    for (int vector = 0; vector < later.vectors; vector += kPanelVectors) {
      const int width = std::min(kPanelVectors, later.vectors - vector) * kLanes;
      const int begin = column + vector * kLanes;
      for (const MadeLink &link : links) {
        if (link.to != layer) continue;
        const MadeLayer &from = layers[link.from];
        // Before the first that takes, and after the last, zeros stay: nobody asks for those sums any more.
        for (int i = from.first[block.low]; i < from.first[block.high + 1]; i++, panel += width)
          for (int j = std::max(begin, first); j < std::min(begin + width, to.size); j++)
            panel[j - begin] = link.weights[place(from, i, to) + to.units[j]];
      }
    }
    return later;
  }

  static size_t place(const MadeLayer &from, int unit, const MadeLayer &to) {
    return static_cast<size_t>(from.units[unit]) * to.size;
  }

  Floats numbers_;
};
