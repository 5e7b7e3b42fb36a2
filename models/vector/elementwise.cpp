// SPDX-License-Identifier: Apache-2.0
#include "models/vector/elementwise.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <type_traits>
#include <vector>

#include "models/hart/xweft_table.h"
#include "models/unit/requantise.h"

namespace weft::vector {

namespace {

using unit::Command;
using unit::Format;
using unit::Rounding;
using xweft::VectorCommand;

constexpr Traits binary{true, true};
constexpr Traits unary{};
constexpr Traits reduction{true, false, Rows::one, true};
constexpr Traits table_look_up{true, false, Rows::one, false, Cost::table};

// By opcode; opcode 0 is none.
constexpr std::array<Traits, 27> traits_by_opcode{{
    {},
    binary,                                                // vadd
    binary,                                                // vsub
    {true, true, Rows::one, false, Cost::multiply},        // vmul
    binary,                                                // vmax
    binary,                                                // vmin
    binary,                                                // vrmask
    unary,                                                 // vadds
    unary,                                                 // vrsubs
    {true, false, Rows::one, false, Cost::multiply},       // vmuls
    {false, false},                                        // vfill
    unary,                                                 // vcopy
    unary,                                                 // vrelu
    table_look_up,                                         // vexp
    table_look_up,                                         // vlog
    table_look_up,                                         // vsigm
    table_look_up,                                         // vtanh
    {true, false, Rows::summed},                           // vsumr
    reduction,                                             // vsum
    reduction,                                             // vmaxe
    reduction,                                             // vargmax
    reduction,                                             // vmaxabs
    {true, true, Rows::one, false, Cost::multiply, true},  // vmac
    {true, true, Rows::gathered},                          // vgather
    {true, false, Rows::transposed},                       // vtrans
    table_look_up,                                         // vgelu
    table_look_up,                                         // vgelug
}};

// Work goes through blocks small enough to stay in the host's first-level cache.
constexpr std::size_t block_elements = 256;
template <typename Wide>
using Block = std::array<Wide, block_elements>;

// Calls `body` with a zero of the C++ type that stands for `format`.
template <typename Body>
auto with_format(Format format, Body body) {
  switch (format) {
    case Format::int8:
      return body(std::int8_t{});
    case Format::int16:
      return body(std::int16_t{});
    default:
      return body(std::int32_t{});
  }
}

template <typename T, typename Wide = T>
Wide element(const std::uint8_t* bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

template <typename Wide>
void widen(Format format, const std::uint8_t* bytes, std::size_t count, Wide* out) {
  with_format(format, [&](auto zero) {
    for (std::size_t i = 0; i < count; ++i) out[i] = element<decltype(zero), Wide>(bytes, i);
  });
}

template <typename Wide>
void widen_and_add(Format format, const std::uint8_t* bytes, std::size_t count, Wide* sums) {
  with_format(format, [&](auto zero) {
    for (std::size_t i = 0; i < count; ++i) sums[i] += element<decltype(zero), Wide>(bytes, i);
  });
}

// unit::round_shift() without branches, which the compiler vectorises: shifts by 1 to (bits of Wide) − 1;
// exact for every value, also the most negative.
template <Rounding rounding, typename Wide>
Wide shifted(Wide value, unsigned shift) {
  using Unsigned = std::make_unsigned_t<Wide>;
  const Unsigned half = Unsigned{1} << (shift - 1);
  if constexpr (rounding == Rounding::floor) {
    return value >> shift;
  } else if constexpr (rounding == Rounding::nearest_even) {
    const Wide quotient = value >> shift;
    // Adding just under a half, or a half when the quotient is odd, carries exactly when it must; the
    // sum is formed of the remainder alone, so that it cannot overflow.
    const Unsigned remainder = static_cast<Unsigned>(value) & (2 * half - 1);
    const Unsigned odd = static_cast<Unsigned>(quotient) & 1;
    return quotient + static_cast<Wide>((remainder + (half - 1) + odd) >> shift);
  } else {
    const auto sign = static_cast<Unsigned>(value >> (8 * sizeof(Wide) - 1));
    const Unsigned magnitude = (static_cast<Unsigned>(value) ^ sign) - sign;
    const Unsigned rounded = (magnitude + half) >> shift;
    return static_cast<Wide>((rounded ^ sign) - sign);
  }
}

// Calls `body` with the function that shifts and rounds.
template <typename Wide, typename Body>
auto with_shift(const Command& command, Body body) {
  const unsigned shift = command.shift;
  if (shift == 0) return body([](Wide value) { return value; });
  switch (command.rounding) {
    case Rounding::floor:
      return body([shift](Wide value) { return shifted<Rounding::floor>(value, shift); });
    case Rounding::nearest_even:
      return body([shift](Wide value) { return shifted<Rounding::nearest_even>(value, shift); });
    case Rounding::nearest_away:
      break;
  }
  return body([shift](Wide value) { return shifted<Rounding::nearest_away>(value, shift); });
}

// Requantises a block into `dst`; answers how many elements were saturated.
template <typename Wide>
std::uint64_t store(const Wide* values, std::size_t count, const Command& command, std::uint8_t* dst) {
  const unit::Range range = unit::result_range(command.format_dst, command.magnitude_bits);
  const auto lowest = static_cast<Wide>(range.lowest);
  const auto highest = static_cast<Wide>(range.highest);
  return with_shift<Wide>(command, [&](auto shift) {
    return with_format(command.format_dst, [&](auto zero) {
      using T = decltype(zero);
      std::make_unsigned_t<Wide> saturated = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const Wide value = shift(values[i]);
        const Wide clamped = std::min(std::max(value, lowest), highest);
        saturated += clamped != value;
        const T narrow = static_cast<T>(clamped);
        std::memcpy(dst + i * sizeof(T), &narrow, sizeof(T));
      }
      return static_cast<std::uint64_t>(saturated);
    });
  });
}

template <typename Wide, typename Function>
void each(Block<Wide>& a, std::size_t count, Function function) {
  for (std::size_t i = 0; i < count; ++i) a[i] = function(a[i]);
}

template <typename Wide, typename Function>
void each(Block<Wide>& a, const Block<Wide>& b, std::size_t count, Function function) {
  for (std::size_t i = 0; i < count; ++i) a[i] = function(a[i], b[i]);
}

template <typename Wide>
void apply_binary(VectorCommand what, Block<Wide>& a, const Block<Wide>& b, std::size_t count) {
  switch (what) {
    case VectorCommand::vadd:
      return each(a, b, count, [](Wide x, Wide y) { return x + y; });
    case VectorCommand::vsub:
      return each(a, b, count, [](Wide x, Wide y) { return x - y; });
    case VectorCommand::vmul:
    case VectorCommand::vmac:
      return each(a, b, count, [](Wide x, Wide y) { return x * y; });
    case VectorCommand::vmax:
      return each(a, b, count, [](Wide x, Wide y) { return std::max(x, y); });
    case VectorCommand::vmin:
      return each(a, b, count, [](Wide x, Wide y) { return std::min(x, y); });
    case VectorCommand::vrmask:
      return each(a, b, count, [](Wide x, Wide y) { return y > 0 ? x : 0; });
    default:
      assert(false && "not a command of two vectors");
  }
}

template <typename Wide>
void apply_unary(VectorCommand what, const Tables& tables, Wide scalar, Block<Wide>& a, std::size_t count) {
  const auto look_up = [&](std::int64_t (Tables::*function)(std::int32_t) const) {
    each(a, count,
         [&](Wide x) { return static_cast<Wide>((tables.*function)(static_cast<std::int32_t>(x))); });
  };
  switch (what) {
    case VectorCommand::vadds:
      return each(a, count, [=](Wide x) { return x + scalar; });
    case VectorCommand::vrsubs:
      return each(a, count, [=](Wide x) { return scalar - x; });
    case VectorCommand::vmuls:
      return each(a, count, [=](Wide x) { return x * scalar; });
    case VectorCommand::vfill:
      return a.fill(scalar);
    case VectorCommand::vrelu:
      return each(a, count, [](Wide x) { return std::max<Wide>(x, 0); });
    case VectorCommand::vexp:
      return look_up(&Tables::exp);
    case VectorCommand::vlog:
      return look_up(&Tables::log);
    case VectorCommand::vsigm:
      return look_up(&Tables::sigmoid);
    case VectorCommand::vtanh:
      return look_up(&Tables::tanh);
    case VectorCommand::vgelu:
      return look_up(&Tables::gelu);
    case VectorCommand::vgelug:
      return look_up(&Tables::gelu_gradient);
    default:
      assert((what == VectorCommand::vcopy ||
              traits_by_opcode.at(static_cast<std::size_t>(what)).rows != Rows::one) &&
             "not a command of one vector");
  }
}

std::vector<std::uint8_t> transposed(const std::uint8_t* rows, std::size_t count, std::size_t length,
                                     std::size_t size) {
  std::vector<std::uint8_t> columns(count * length * size);
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t column = 0; column < length; ++column) {
      std::memcpy(&columns[(column * count + row) * size], rows + (row * length + column) * size, size);
    }
  }
  return columns;
}

// Whether 32 bits hold every intermediate result, which is then computed in twice as many host lanes.
bool fits_32_bits(const Command& command) {
  if (command.shift > 31) return false;
  const bool short0 = command.format0 != Format::int32;
  const bool short1 = command.format1 != Format::int32;
  switch (static_cast<VectorCommand>(command.opcode)) {
    case VectorCommand::vadd:
    case VectorCommand::vsub:
    case VectorCommand::vmul:
      return short0 && short1;
    case VectorCommand::vsumr:
      return short0;  // at most 65,535 rows
    case VectorCommand::vadds:
    case VectorCommand::vrsubs:
    case VectorCommand::vmuls:
    case VectorCommand::vmac:
      return false;
    default:
      return true;
  }
}

template <typename Wide>
std::uint64_t run_blocks(const Command& command, const Traits& traits, const Tables& tables,
                         const std::uint8_t* src0, const std::uint8_t* src1, std::uint8_t* dst) {
  const auto what = static_cast<VectorCommand>(command.opcode);
  const std::size_t size0 = unit::bytes_of(command.format0);
  const std::size_t size1 = unit::bytes_of(command.format1);
  const std::size_t size_dst = unit::bytes_of(command.format_dst);
  const auto scalar = static_cast<Wide>(static_cast<std::int32_t>(command.src1));
  const std::uint64_t results = result_elements(command);
  Block<Wide> a;
  Block<Wide> b;
  std::uint64_t saturated = 0;
  for (std::size_t begin = 0; begin < results; begin += block_elements) {
    const std::size_t count = std::min<std::size_t>(block_elements, results - begin);
    if (traits.reads_src0) widen(command.format0, src0 + begin * size0, count, a.data());
    if (traits.rows == Rows::summed) {
      for (std::size_t row = 1; row < command.count; ++row) {
        widen_and_add(command.format0, src0 + (row * command.length + begin) * size0, count, a.data());
      }
    }
    if (traits.reads_src1 && traits.rows == Rows::one) {
      widen(command.format1, src1 + begin * size1, count, b.data());
      apply_binary(what, a, b, count);
      if (traits.reads_dst) widen_and_add(command.format_dst, dst + begin * size_dst, count, a.data());
    } else {
      apply_unary(what, tables, scalar, a, count);
    }
    saturated += store(a.data(), count, command, dst + begin * size_dst);
  }
  return saturated;
}

template <typename T>
std::int64_t reduce(VectorCommand what, const std::uint8_t* bytes, std::size_t count) {
  if (what == VectorCommand::vsum) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += element<T>(bytes, i);
    return sum;
  }
  T least = element<T>(bytes, 0);
  T greatest = least;
  for (std::size_t i = 1; i < count; ++i) {
    least = std::min(least, element<T>(bytes, i));
    greatest = std::max(greatest, element<T>(bytes, i));
  }
  if (what == VectorCommand::vmaxe) return greatest;
  if (what == VectorCommand::vmaxabs) return std::max<std::int64_t>(greatest, -std::int64_t{least});
  assert(what == VectorCommand::vargmax && "not a reduction");
  std::size_t first = 0;
  while (element<T>(bytes, first) != greatest) ++first;
  return static_cast<std::int64_t>(first);
}

}  // namespace

const Traits* find_traits(std::uint8_t opcode) {
  return opcode == 0 || opcode >= traits_by_opcode.size() ? nullptr : &traits_by_opcode[opcode];
}

std::uint64_t source_elements(const Command& command) {
  const std::uint64_t rows = traits_by_opcode.at(command.opcode).rows == Rows::one ? 1 : command.count;
  return rows * command.length;
}

std::uint64_t result_elements(const Command& command) {
  const Traits& traits = traits_by_opcode.at(command.opcode);
  if (traits.one_result) return 1;
  return traits.rows == Rows::summed ? command.length : source_elements(command);
}

std::uint64_t Elementwise::run(const Command& command, const std::uint8_t* src0, const std::uint8_t* src1,
                               std::uint8_t* dst) const {
  const Traits& traits = traits_by_opcode.at(command.opcode);
  if (traits.one_result) {
    const std::int64_t value = with_format(command.format0, [&](auto zero) {
      return reduce<decltype(zero)>(static_cast<VectorCommand>(command.opcode), src0, command.length);
    });
    return store(&value, 1, command, dst);
  }
  std::vector<std::uint8_t> columns;
  if (traits.rows == Rows::transposed) {
    columns = transposed(src0, command.count, command.length, unit::bytes_of(command.format0));
    src0 = columns.data();
  }
  if (fits_32_bits(command)) {
    return run_blocks<std::int32_t>(command, traits, tables_, src0, src1, dst);
  }
  return run_blocks<std::int64_t>(command, traits, tables_, src0, src1, dst);
}

}  // namespace weft::vector
