// SPDX-License-Identifier: Apache-2.0
// The sliced model's loops in every instruction set this processor has, against loops without any trick, at
// the ends of what cells, chunks and currents can be.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/crossbar/kernels.h"

namespace weft::test {
namespace {

using crossbar::ActiveLine;
using crossbar::AdcCounts;
using crossbar::Chunks;
using crossbar::Conversion;
using crossbar::Currents;
using crossbar::DepositJob;
using crossbar::Kernels;
using crossbar::pad_to_lanes;
using crossbar::Saturation;

struct Shape {
  int rows;
  int width;
  int stride;
};

// Whole and broken panels of both vector widths; 600 rows of -128 do not fit 16-bit sums.
constexpr Shape shapes[] = {{1, 32, 32}, {3, 64, 64}, {17, 96, 128}, {66, 128, 128}, {600, 160, 192}};

std::size_t size(int value) { return static_cast<std::size_t>(value); }

class Draw {
 public:
  explicit Draw(std::uint32_t seed) : rng_(17, seed, 0) {}

  // One in four values is an end of the range.
  int between(int low, int high) {
    const std::uint32_t draw = rng_.below(8);
    if (draw == 0) return low;
    if (draw == 1) return high;
    return low + static_cast<int>(rng_.below(static_cast<std::uint32_t>(high - low + 1)));
  }
  std::vector<std::int8_t> cells(int count, int low, int high) {
    std::vector<std::int8_t> values(size(count));
    for (auto& value : values) value = static_cast<std::int8_t>(between(low, high));
    return values;
  }

 private:
  CounterRng rng_;
};

// Chunks with their signs, and as kernels take them.
struct Driven {
  Driven(Draw& draw, int lines, int steps_, int largest, bool all_at_the_end)
      : steps(steps_),
        spacing(pad_to_lanes(lines)),
        values(size(steps * spacing)),
        negative(size(spacing)),
        negative_total(size(steps)) {
    for (int i = 0; i < lines; ++i) {
      negative[size(i)] = all_at_the_end || draw.between(0, 1) == 0 ? 0xff : 0;
      for (int k = 0; k < steps; ++k) {
        const int chunk = all_at_the_end ? largest : draw.between(0, largest);
        values[size(k * spacing + i)] = static_cast<std::uint8_t>(chunk);
        if (negative[size(i)] != 0) negative_total[size(k)] += chunk;
      }
    }
    chunks = {values.data(), negative.data(), negative_total.data(), steps, spacing, largest};
  }
  int chunk(int step, int line) const {
    const int magnitude = values[size(step * spacing + line)];
    return negative[size(line)] != 0 ? -magnitude : magnitude;
  }

  int steps;
  int spacing;
  std::vector<std::uint8_t> values;
  std::vector<std::uint8_t> negative;
  std::vector<std::int32_t> negative_total;
  Chunks chunks;
};

// Every other row, or all of a small array, so that lines and their positions differ.
std::vector<ActiveLine> some_rows(Draw& draw, int rows, int largest) {
  std::vector<ActiveLine> lines;
  for (int r = rows > 3 ? 1 : 0; r<rows; r += rows> 3 ? 2 : 1)
    lines.push_back({r, draw.between(-largest, largest)});
  return lines;
}

// Room for currents, narrow where no sum can exceed 16 bits.
struct CurrentStore {
  CurrentStore(int count, int driven_lines, int largest_chunk)
      : narrow(driven_lines * largest_chunk * 128 <= 32767),
        in_16_bits(size(count)),
        in_32_bits(size(count)) {}

  Currents target() {
    return narrow ? Currents{in_16_bits.data(), nullptr} : Currents{nullptr, in_32_bits.data()};
  }
  std::int32_t at(int index) const { return narrow ? in_16_bits[size(index)] : in_32_bits[size(index)]; }

  bool narrow;
  std::vector<std::int16_t> in_16_bits;
  std::vector<std::int32_t> in_32_bits;
};

void require_column_currents(const Kernels& kernels, const Shape& shape, int steps, int largest, bool ends) {
  Draw draw(1);
  const auto cells = draw.cells(shape.rows * shape.stride, -128, ends ? -128 : 127);
  const auto rows = some_rows(draw, shape.rows, 1);
  const int count = static_cast<int>(rows.size());
  const Driven driven(draw, count, steps, largest, ends);
  std::vector<std::uint8_t> scratch(crossbar::packed_bytes(count));
  CurrentStore current(steps * shape.width, count, largest);
  kernels.column_currents({cells.data(), shape.stride, shape.width}, rows.data(), count, driven.chunks,
                          scratch.data(), current.target());
  int different = 0;
  for (int k = 0; k < steps; ++k) {
    for (int c = 0; c < shape.width; ++c) {
      std::int32_t sum = 0;
      for (int i = 0; i < count; ++i)
        sum += driven.chunk(k, i) * cells[size(rows[size(i)].line * shape.stride + c)];
      different += static_cast<int>(current.at(k * shape.width + c) != sum);
    }
  }
  CHECK(different == 0);
}

void require_row_currents(const Kernels& kernels, const Shape& shape, int steps, int largest, bool ends) {
  Draw draw(2);
  const auto cells = draw.cells(shape.rows * shape.stride, -128, ends ? -128 : 127);
  const Driven driven(draw, shape.width, steps, largest, ends);
  const int spacing = pad_to_lanes(shape.rows);
  std::vector<std::uint8_t> scratch(crossbar::packed_bytes(shape.width));
  CurrentStore current(steps * spacing, shape.width, largest);
  kernels.row_currents({cells.data(), shape.stride, shape.width}, shape.rows, driven.chunks, scratch.data(),
                       current.target());
  int different = 0;
  for (int k = 0; k < steps; ++k) {
    for (int r = 0; r < shape.rows; ++r) {
      std::int32_t sum = 0;
      for (int c = 0; c < shape.width; ++c) sum += driven.chunk(k, c) * cells[size(r * shape.stride + c)];
      different += static_cast<int>(current.at(k * spacing + r) != sum);
    }
  }
  CHECK(different == 0);
}

struct SlowConversion {
  std::vector<std::int64_t> y;
  std::uint64_t clipped = 0;
  std::uint64_t rounded = 0;
};

// In floating point, which is exact for these sizes.
SlowConversion convert_slowly(const Conversion& job, const std::vector<std::int32_t>& currents,
                              std::vector<std::int64_t> y) {
  SlowConversion result{std::move(y)};
  const double step = std::ldexp(1.0, job.adc.shift);
  for (int k = 0; k < job.steps; ++k) {
    for (int line = 0; line < job.lines; ++line) {
      const std::int32_t current = currents[size(k * job.spacing + line)];
      const double code = std::round(current / step);
      const double kept = std::min<double>(std::max<double>(code, job.adc.low), job.adc.high);
      if (kept != code) {
        ++result.clipped;
      } else if (kept * step != current) {
        ++result.rounded;
      }
      result.y[size(line)] +=
          static_cast<std::int64_t>(kept * step) * (std::int64_t{1} << (job.weight_shift + k * job.dac_bits));
    }
  }
  return result;
}

struct ConversionCase {
  int bits;
  int shift;
  int largest;
  int steps = 7;
  int dac_bits = 2;
};

void require_conversion(const Kernels& kernels, const ConversionCase& c, int lines) {
  CAPTURE(c.bits, c.shift, c.largest, c.steps, c.dac_bits, lines);
  Draw draw(3);
  Conversion job;
  job.adc = {c.shift, -(1 << (c.bits - 1)), (1 << (c.bits - 1)) - 1};
  job.spacing = pad_to_lanes(lines);
  job.lines = lines;
  job.steps = c.steps;
  job.dac_bits = c.dac_bits;
  job.weight_shift = 13;
  job.largest_current = c.largest;
  std::vector<std::int32_t> currents(size(job.steps * job.spacing));
  for (auto& current : currents) current = draw.between(-c.largest, c.largest);
  std::vector<std::int16_t> narrow(currents.size());
  std::transform(currents.begin(), currents.end(), narrow.begin(),
                 [](std::int32_t current) { return static_cast<std::int16_t>(current); });
  if (c.largest + ((1 << c.shift) >> 1) <= 32767) {
    job.current.narrow = narrow.data();
  } else {
    job.current.wide = currents.data();
  }
  std::vector<std::int64_t> y(size(lines));
  for (auto& value : y) value = std::int64_t{draw.between(-1000, 1000)} * (1 << 30);
  const SlowConversion expected = convert_slowly(job, currents, y);
  AdcCounts counts;
  kernels.convert(job, y.data(), counts);
  CHECK(y == expected.y);
  CHECK(counts.clipped == expected.clipped);
  CHECK(counts.rounded == expected.rounded);
}

// One slice of an update: `digit_bits` bits of column operands at `alignment` bits above step 0.
struct Update {
  int digit_bits;
  int slice;
  int row_bits;
  int cell_bits;
};

void require_deposit(const Kernels& kernels, const Shape& shape, const Update& update) {
  CAPTURE(update.digit_bits, update.slice, update.row_bits, update.cell_bits);
  Draw draw(4);
  const int low = -(1 << (update.cell_bits - 1));
  const int high = (1 << (update.cell_bits - 1)) - 1;
  const int mask = (1 << update.digit_bits) - 1;
  auto cells = draw.cells(shape.rows * shape.stride, low, high);
  const auto rows = some_rows(draw, shape.rows, (1 << update.row_bits) - 1);
  const auto chunk_of = [&](int magnitude, int step) {
    return static_cast<int>((std::int64_t{magnitude} << step) >> (update.slice * update.digit_bits)) & mask;
  };
  std::vector<int> d(size(shape.width));
  std::vector<std::uint8_t> negative(size(shape.width));
  for (std::size_t c = 0; c < d.size(); ++c) {
    d[c] = draw.between(-32767, 32767);
    negative[c] = d[c] < 0 ? 0xff : 0;
  }
  std::vector<std::uint8_t> chunks(size(update.row_bits * shape.width));
  DepositJob job;
  for (int step = 0; step < update.row_bits; ++step) {
    if (chunk_of(32767, step) != 0) job.steps |= 1U << step;
    job.largest += chunk_of(32767, step);
    for (int c = 0; c < shape.width; ++c) {
      chunks[size((update.row_bits - 1 - step) * shape.width + c)] =
          static_cast<std::uint8_t>(chunk_of(std::abs(d[size(c)]), step));
    }
  }
  REQUIRE(job.steps != 0);
  std::vector<std::uint8_t> scratch(crossbar::deposit_scratch_bytes(shape.width));
  auto updated = cells;
  job.cells = updated.data();
  job.stride = shape.stride;
  job.width = shape.width;
  job.rows = rows.data();
  job.row_count = static_cast<int>(rows.size());
  job.chunks = chunks.data();
  job.alignment = update.row_bits - 1;
  job.negative = negative.data();
  job.cell_min = low;
  job.cell_max = high;
  job.scratch = scratch.data();
  const Saturation saturation = kernels.deposit(job);

  Saturation expected;
  for (const ActiveLine& row : rows) {
    for (int c = 0; c < shape.width; ++c) {
      int units = 0;
      for (int step = 0; step < update.row_bits; ++step)
        units += ((std::abs(row.value) >> step) & 1) * chunk_of(std::abs(d[size(c)]), step);
      std::int8_t& cell = cells[size(row.line * shape.stride + c)];
      const int wanted = cell + ((row.value < 0) != (d[size(c)] < 0) ? -units : units);
      cell = static_cast<std::int8_t>(std::min(std::max(wanted, low), high));
      expected.cells += static_cast<std::uint64_t>(cell != wanted);
      expected.units += static_cast<std::uint64_t>(std::abs(wanted - cell));
    }
  }
  CHECK(updated == cells);
  CHECK(saturation.cells == expected.cells);
  CHECK(saturation.units == expected.units);
}

}  // namespace

TEST_CASE("currents of every instruction set are exact sums of chunk times cell") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    for (const Shape& shape : shapes) {
      for (const int largest : {1, 3, 127, 255}) {
        for (const int steps : {1, 5, 15}) {
          CAPTURE(kernels->name, shape.rows, shape.width, largest, steps);
          require_column_currents(*kernels, shape, steps, largest, false);
          require_row_currents(*kernels, shape, steps, largest, false);
        }
        CAPTURE(kernels->name, shape.rows, shape.width, largest);
        require_column_currents(*kernels, shape, 2, largest, true);
        require_row_currents(*kernels, shape, 2, largest, true);
      }
    }
  }
}

TEST_CASE("no driven row gives no current") {
  const std::vector<std::int8_t> cells(32, 5);
  for (const Kernels* kernels : crossbar::available_kernels()) {
    CAPTURE(kernels->name);
    const std::int32_t none = 0;
    std::vector<std::int16_t> narrow(32, -1);
    std::vector<std::int32_t> wide(32, -1);
    const Chunks nothing{nullptr, nullptr, &none, 1, 0, 1};
    kernels->column_currents({cells.data(), 32, 32}, nullptr, 0, nothing, nullptr, {narrow.data(), nullptr});
    kernels->column_currents({cells.data(), 32, 32}, nullptr, 0, nothing, nullptr, {nullptr, wide.data()});
    CHECK(narrow == std::vector<std::int16_t>(32, 0));
    CHECK(wide == std::vector<std::int32_t>(32, 0));
  }
}

TEST_CASE("converters of every instruction set round to nearest, clip and count") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    CAPTURE(kernels->name);
    for (const int lines : {1, 8, 31, 32, 77}) {
      require_conversion(*kernels, {8, 0, 200}, lines);
      require_conversion(*kernels, {8, 0, 127}, lines);  // nothing clips or rounds
      require_conversion(*kernels, {8, 2, 300}, lines);
      require_conversion(*kernels, {8, 2, 1000}, lines);
      require_conversion(*kernels, {2, 5, 4000}, lines);
      require_conversion(*kernels, {20, 0, 100000}, lines);
      require_conversion(*kernels, {16, 4, 33000000}, lines);
      // At the ends of 16 bits: every step, one code beyond them, and a step as large as they are.
      require_conversion(*kernels, {8, 8, 32639, 15, 1}, lines);
      require_conversion(*kernels, {8, 9, 32511, 15, 1}, lines);
      require_conversion(*kernels, {2, 14, 24575, 15, 1}, lines);
      require_conversion(*kernels, {2, 15, 16383, 1, 8}, lines);
      require_conversion(*kernels, {16, 0, 32767, 15, 1}, lines);
      require_conversion(*kernels, {16, 0, 32767, 2, 8}, lines);
      require_conversion(*kernels, {6, 1, 500, 3, 5}, lines);
    }
  }
}

TEST_CASE("deposits of every instruction set clip at the cell's range and are counted") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    for (const Shape& shape : shapes) {
      CAPTURE(kernels->name, shape.rows, shape.width);
      // One to four groups of steps; lower slices meet few of them.
      for (const int row_bits : {1, 6, 10, 15}) {
        require_deposit(*kernels, shape, {2, 3, row_bits, 6});
        require_deposit(*kernels, shape, {4, 3, row_bits, 6});
        require_deposit(*kernels, shape, {4, 0, row_bits, 4});
      }
      // Up to 195, 217 and 255 times several units: the last two need more than a byte.
      require_deposit(*kernels, shape, {4, 3, 15, 8});
      require_deposit(*kernels, shape, {5, 2, 15, 8});
      require_deposit(*kernels, shape, {8, 1, 15, 8});
    }
  }
}

}  // namespace weft::test
