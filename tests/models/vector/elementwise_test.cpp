// SPDX-License-Identifier: Apache-2.0
#include "models/vector/elementwise.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/hart/xweft_table.h"
#include "tests/models/vector/slow_model.h"

using namespace weft;
using namespace weft::vector;
using unit::Format;
using unit::Rounding;

namespace {

constexpr Format formats[] = {Format::int8, Format::int16, Format::int32};
constexpr Rounding roundings[] = {Rounding::nearest_away, Rounding::floor, Rounding::nearest_even};

std::vector<xweft::Instruction> vector_instructions() {
  std::vector<xweft::Instruction> found;
  for (const xweft::Instruction& each : xweft::instructions) {
    if (each.unit == xweft::Unit::vector) found.push_back(each);
  }
  return found;
}

std::int64_t least(Format format) {
  if (format == Format::int8) return -128;
  return format == Format::int16 ? -32768 : -2147483648LL;
}

// One value in four is an extreme, the others have all magnitudes.
std::int64_t random_element(CounterRng& random, Format format) {
  const std::int64_t low = least(format);
  const std::int64_t extremes[] = {low, low + 1, -1, 0, 1, -low - 1};
  if (random.below(4) == 0) return extremes[random.below(6)];
  const std::int64_t value = static_cast<std::int32_t>(random.next_u32()) >> random.below(31);
  return std::min(std::max(value, low), -low - 1);
}

std::vector<std::int64_t> random_elements(CounterRng& random, Format format, std::size_t count) {
  std::vector<std::int64_t> elements;
  for (std::size_t i = 0; i < count; ++i) elements.push_back(random_element(random, format));
  return elements;
}

std::vector<std::uint8_t> pack(const std::vector<std::int64_t>& elements, Format format) {
  const std::size_t size = unit::bytes_of(format);
  std::vector<std::uint8_t> bytes;
  for (const std::int64_t element : elements) {
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(element >> (8 * i)));
  }
  return bytes;
}

std::vector<std::int64_t> unpack(const std::vector<std::uint8_t>& bytes, Format format) {
  const std::size_t size = unit::bytes_of(format);
  std::vector<std::int64_t> elements;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value += std::int64_t{bytes[at + i]} << (8 * i);
    elements.push_back(value >= -least(format) ? value + 2 * least(format) : value);
  }
  return elements;
}

struct Case {
  unit::Command command;
  std::vector<std::int64_t> src0;
  std::vector<std::int64_t> src1;
  std::vector<std::int64_t> accumulator;  // in dst before the command
};

Case random_case(CounterRng& random, const xweft::Instruction& instruction) {
  Case made;
  unit::Command& command = made.command;
  command.opcode = instruction.command;
  // Lengths on both sides of the block size of 256, and of the host's vector registers.
  const std::uint32_t lengths[] = {1, 2, 3, 17, 64, 255, 256, 257, 513};
  command.length = lengths[random.below(9)];
  command.count = 1 + random.below(9);
  // Half of the shifts where they matter most, half anywhere.
  command.shift = random.below(2) == 0 ? random.below(12) : random.below(64);
  command.magnitude_bits = random.below(2) == 0 ? 0 : random.below(32);
  command.src1 = static_cast<std::uint32_t>(random_element(random, Format::int32));
  return made;
}

void compare(const Elementwise& elementwise, const xweft::Instruction& instruction, const Case& given,
             std::uint64_t& saturated) {
  const unit::Command& command = given.command;
  const std::vector<std::uint8_t> src0 = pack(given.src0, command.format0);
  const std::vector<std::uint8_t> src1 = pack(given.src1, command.format1);
  constexpr std::uint8_t canary = 0xa5;
  std::vector<std::uint8_t> dst = pack(given.accumulator, command.format_dst);
  const std::size_t bytes = dst.size();
  dst.resize(bytes + 16, canary);
  const std::uint64_t clipped = elementwise.run(command, src0.data(), src1.data(), dst.data());

  const test::SlowResult expected =
      test::slow_run(instruction.name, command, given.src0, given.src1, given.accumulator);
  const std::vector<std::uint8_t> tail(dst.begin() + static_cast<std::ptrdiff_t>(bytes), dst.end());
  dst.resize(bytes);
  CAPTURE(instruction.name, command.length, command.count, command.shift, command.magnitude_bits,
          command.src1, static_cast<int>(command.format0), static_cast<int>(command.format1),
          static_cast<int>(command.format_dst), static_cast<int>(command.rounding));
  REQUIRE(unpack(dst, command.format_dst) == expected.elements);
  REQUIRE(clipped == expected.saturated);
  REQUIRE(tail == std::vector<std::uint8_t>(16, canary));
  saturated += clipped;
}

}  // namespace

TEST_CASE("every vector command equals the slow model in all formats and roundings") {
  const Elementwise elementwise;
  const auto instructions = vector_instructions();
  REQUIRE(instructions.size() == 26);
  for (const xweft::Instruction& instruction : instructions) {
    CounterRng random(3, instruction.command, 0);
    std::uint64_t saturated = 0;
    for (const Format format0 : formats) {
      for (const Format format1 : formats) {
        for (const Format format_dst : formats) {
          for (const Rounding rounding : roundings) {
            for (int trial = 0; trial < 3; ++trial) {
              Case given = random_case(random, instruction);
              given.command.format0 = format0;
              given.command.format1 = format1;
              given.command.format_dst = format_dst;
              given.command.rounding = rounding;
              given.src0 = random_elements(random, format0, source_elements(given.command));
              given.src1 = random_elements(random, format1, given.command.length);
              given.accumulator = random_elements(random, format_dst, result_elements(given.command));
              compare(elementwise, instruction, given, saturated);
            }
          }
        }
      }
    }
    CAPTURE(instruction.name);
    // The greatest of these elements comes too early for its index to saturate.
    if (instruction.mnemonic != xweft::Mnemonic::vargmax) CHECK(saturated > 0);
  }
}

TEST_CASE("sums of the most rows and of the longest extremes are exact") {
  const Elementwise elementwise;
  for (const Format format : formats) {
    for (const std::int64_t value : {least(format), -least(format) - 1}) {
      unit::Command command;
      command.opcode = static_cast<std::uint8_t>(xweft::VectorCommand::vsumr);
      command.format0 = format;
      command.length = 1;
      command.count = 65535;
      command.shift = 16;
      const std::vector<std::int64_t> column(65535, value);
      const std::vector<std::uint8_t> bytes = pack(column, format);
      std::int32_t result = 0;
      elementwise.run(command, bytes.data(), nullptr, reinterpret_cast<std::uint8_t*>(&result));
      CHECK(result == test::slow_requantise(test::Wide{value} * 65535, command).value);
      command.opcode = static_cast<std::uint8_t>(xweft::VectorCommand::vsum);
      command.length = 65535;
      elementwise.run(command, bytes.data(), nullptr, reinterpret_cast<std::uint8_t*>(&result));
      CHECK(result == test::slow_requantise(test::Wide{value} * 65535, command).value);
    }
  }
}

TEST_CASE("the magnitude of the most negative int32 saturates and is counted") {
  const std::vector<std::int64_t> values{5, least(Format::int32)};
  const std::vector<std::uint8_t> bytes = pack(values, Format::int32);
  unit::Command command;
  command.opcode = static_cast<std::uint8_t>(xweft::VectorCommand::vmaxabs);
  command.format0 = Format::int32;
  command.length = 2;
  std::int32_t result = 0;
  CHECK(Elementwise().run(command, bytes.data(), nullptr, reinterpret_cast<std::uint8_t*>(&result)) == 1);
  CHECK(result == 0x7fffffff);
}

TEST_CASE("a sum of products is exact at its extremes") {
  const std::vector<std::uint8_t> low = pack({least(Format::int32)}, Format::int32);
  std::int32_t accumulator = 0x7fffffff;
  unit::Command command;
  command.opcode = static_cast<std::uint8_t>(xweft::VectorCommand::vmac);
  command.format0 = command.format1 = Format::int32;
  command.length = 1;
  command.shift = 32;
  command.rounding = Rounding::floor;
  // 2^62 + 2^31 - 1, the greatest sum there is.
  CHECK(Elementwise().run(command, low.data(), low.data(), reinterpret_cast<std::uint8_t*>(&accumulator)) ==
        0);
  CHECK(accumulator == 1 << 30);
}

TEST_CASE("argmax answers the first of equal elements") {
  const std::vector<std::uint8_t> bytes = pack({-7, 3, 9, 9, 2, 9}, Format::int16);
  unit::Command command;
  command.opcode = static_cast<std::uint8_t>(xweft::VectorCommand::vargmax);
  command.format0 = Format::int16;
  command.format_dst = Format::int8;
  command.length = 6;
  std::uint8_t result = 0xff;
  CHECK(Elementwise().run(command, bytes.data(), nullptr, &result) == 0);
  CHECK(result == 2);
}

TEST_CASE("an index that its format cannot hold saturates and is counted") {
  std::vector<std::uint8_t> bytes(300, 0);
  bytes[200] = 1;
  unit::Command command;
  command.opcode = static_cast<std::uint8_t>(xweft::VectorCommand::vargmax);
  command.format0 = Format::int8;
  command.format_dst = Format::int8;
  command.length = 300;
  std::uint8_t result = 0;
  CHECK(Elementwise().run(command, bytes.data(), nullptr, &result) == 1);
  CHECK(result == 127);
}

TEST_CASE("the commands' operands agree with the instruction table") {
  for (const xweft::Instruction& each : vector_instructions()) {
    const auto has = [&](xweft::Role role) {
      return each.rs1 == role || each.rs2 == role || each.rs3 == role;
    };
    const Traits* traits = find_traits(each.command);
    CAPTURE(each.name);
    REQUIRE(traits != nullptr);
    CHECK(traits->reads_src0 == has(xweft::Role::src0));
    CHECK(traits->reads_src1 == has(xweft::Role::src1));
  }
  CHECK(find_traits(0) == nullptr);
  CHECK(find_traits(27) == nullptr);
  CHECK(find_traits(255) == nullptr);
}
