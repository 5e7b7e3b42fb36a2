// SPDX-License-Identifier: Apache-2.0
#include "models/unit/command.h"

#include <catch2/catch.hpp>

#include "models/common/counter_rng.h"

using namespace weft;
using namespace weft::unit;

namespace {

Command random_command(CounterRng& random) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(random.below(256));
  command.format0 = static_cast<Format>(random.below(format_count));
  command.format1 = static_cast<Format>(random.below(format_count));
  command.format_dst = static_cast<Format>(random.below(format_count));
  command.rounding = static_cast<Rounding>(random.below(rounding_count));
  command.magnitude_bits = random.below(32);
  command.src0 = random.next_u32();
  command.src1 = random.next_u32();
  command.dst = random.next_u32();
  command.length = random.next_u32();
  command.count = random.below(0x10000);
  command.shift = random.below(64);
  command.src_stride = static_cast<std::int32_t>(random.next_u32());
  command.dst_stride = static_cast<std::int32_t>(random.next_u32());
  command.completion = random.next_u32() & 0x80ffffff;
  return command;
}

// The bits of CONTROL, written down from the manual a second time.
std::uint32_t control_word(const Command& c) {
  return c.opcode + 0x100u * static_cast<std::uint32_t>(c.format0) +
         0x1000u * static_cast<std::uint32_t>(c.format1) +
         0x10000u * static_cast<std::uint32_t>(c.format_dst) +
         0x100000u * static_cast<std::uint32_t>(c.rounding) + 0x400000u * c.magnitude_bits;
}

}  // namespace

TEST_CASE("a descriptor says exactly what the command says") {
  CounterRng random(1, 0, 0);
  for (int trial = 0; trial < 1000; ++trial) {
    const Command command = random_command(random);
    const Descriptor words = encode(command);
    const Descriptor expected{control_word(command),
                              command.src0,
                              command.src1,
                              command.dst,
                              command.length,
                              command.count + 0x10000u * command.shift,
                              static_cast<std::uint32_t>(command.src_stride),
                              static_cast<std::uint32_t>(command.dst_stride),
                              command.completion};
    REQUIRE(words == expected);
    Command back;
    REQUIRE(decode(words, back));
    REQUIRE(encode(back) == words);
    REQUIRE(back.src_stride == command.src_stride);
    REQUIRE(back.shift == command.shift);
    REQUIRE(back.rounding == command.rounding);
  }
}

TEST_CASE("a descriptor with a format or rounding that does not exist is refused") {
  Command ignored;
  const auto accepts = [&](unsigned bit, std::uint32_t value) {
    return decode(Descriptor{value << bit}, ignored);
  };
  for (const unsigned field : {8u, 12u, 16u}) {
    for (std::uint32_t format = 0; format < 16; ++format) CHECK(accepts(field, format) == (format < 6));
  }
  for (std::uint32_t rounding = 0; rounding < 4; ++rounding) CHECK(accepts(20, rounding) == (rounding < 3));
}

TEST_CASE("the completion word names counter and amount") {
  Command command;
  command.completion = 0x8015abcd;
  CHECK(command.raises_counter());
  CHECK(command.counter() == 0x15);
  CHECK(command.amount() == 0xabcd);
  command.completion = 0x0015abcd;
  CHECK_FALSE(command.raises_counter());
}

TEST_CASE("a ticket keeps its unit when the sequence number wraps") {
  CHECK(ticket(vector_index, 5) == 0x01000005);
  CHECK(ticket(31, 0x01000002) == 0x1f000002);
}
