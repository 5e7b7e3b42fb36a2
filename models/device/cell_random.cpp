// SPDX-License-Identifier: Apache-2.0
#include "models/device/cell_random.h"

#include "models/common/counter_rng.h"
#include "models/device/normal_kernels.h"

namespace weft::device {

namespace {

// Keeps device streams apart from every other stream of the same seed.
constexpr std::uint64_t domain = 0x6465766963655f31;

}  // namespace

float normal_from_bits(std::uint32_t bits) { return normal_by(quantiles(), bits); }

CellRandom::CellRandom(std::uint64_t seed, std::uint32_t unit, int slice)
    : key_{static_cast<std::uint32_t>(seed ^ domain), static_cast<std::uint32_t>((seed ^ domain) >> 32)},
      unit_(unit),
      slice_(static_cast<std::uint32_t>(slice)) {}

std::array<std::uint32_t, 4> CellRandom::counter(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                                 std::uint32_t block) const {
  const auto operation_low = static_cast<std::uint32_t>(operation);
  const auto operation_high = static_cast<std::uint32_t>(operation >> 32);
  return {place(item, block), operation_low, unit_,
          static_cast<std::uint32_t>(purpose) | (slice_ << 5) | (operation_high << 10)};
}

std::array<std::uint32_t, 4> CellRandom::bits(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                              std::uint32_t block) const {
  return philox4x32(counter(purpose, item, operation, block), key_);
}

std::array<float, 4> CellRandom::normals(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                         std::uint32_t block) const {
  const auto words = bits(purpose, item, operation, block);
  const QuantileTable& table = quantiles();
  return {normal_by(table, words[0]), normal_by(table, words[1]), normal_by(table, words[2]),
          normal_by(table, words[3])};
}

void CellRandom::normals(Purpose purpose, std::uint64_t operation, std::uint32_t block, int count,
                         float* deviate, std::uint32_t first) const {
  best_normal_kernels().fill(counter(purpose, first, operation, block), key_, count, deviate);
}

void CellRandom::normals_at(Purpose purpose, std::uint64_t operation, const std::uint32_t* places, int count,
                            float* deviate) const {
  best_normal_kernels().fill_each(counter(purpose, 0, operation, 0), key_, places, count, deviate);
}

}  // namespace weft::device
