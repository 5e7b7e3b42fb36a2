// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/kernels.h"

#include "models/crossbar/kernels_avx2.h"
#include "models/crossbar/kernels_avx512.h"
#include "models/crossbar/sliced_loops.h"

namespace weft::crossbar {

namespace {

void mvm(const WeightBlock& w, const ActiveLine* rows, int row_count, std::int64_t* y) {
  std::fill(y, y + w.width, std::int64_t{0});
  for (int i = 0; i < row_count; ++i) {
    const std::int32_t* weights = w.weights + rows[i].line * w.stride;
    const std::int64_t x = rows[i].value;
    for (int c = 0; c < w.width; ++c) y[c] += x * weights[c];
  }
}

void mtvm(const WeightBlock& w, int rows, const std::int16_t* d, std::int64_t* y) {
  for (int r = 0; r < rows; ++r) {
    const std::int32_t* weights = w.weights + r * w.stride;
    std::int64_t sum = 0;
    for (int c = 0; c < w.width; ++c) sum += std::int64_t{d[c]} * weights[c];
    y[r] = sum;
  }
}

void opa(std::int32_t* w, std::ptrdiff_t stride, int width, const ActiveLine* rows, int row_count,
         const std::int16_t* d) {
  for (int i = 0; i < row_count; ++i) {
    std::int32_t* weights = w + rows[i].line * stride;
    for (int c = 0; c < width; ++c) weights[c] += rows[i].value * d[c];
  }
}

void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count, const Chunks& chunks,
                     std::uint8_t* /*scratch*/, const Currents& current) {
  loops::column_currents(block, rows, row_count, chunks, current);
}

void row_currents(const CellBlock& block, int rows, const Chunks& chunks, std::uint8_t* /*scratch*/,
                  const Currents& current) {
  loops::row_currents(block, rows, chunks, current);
}

void convert(const Conversion& job, std::int64_t* y, AdcCounts& counts) { loops::convert(job, 0, y, counts); }

Saturation deposit(const DepositJob& job) { return loops::deposit(job); }

}  // namespace

const Kernels& portable_kernels() {
  static const Kernels kernels{
      "portable", mvm, mtvm, opa, column_currents, row_currents, convert, deposit, &portable_real_kernels()};
  return kernels;
}

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> sets{&portable_kernels()};
  if (const Kernels* avx2 = avx2_kernels()) sets.push_back(avx2);
  if (const Kernels* avx512 = avx512_kernels()) sets.push_back(avx512);
  return sets;
}

const Kernels& best_kernels() { return *available_kernels().back(); }

}  // namespace weft::crossbar
