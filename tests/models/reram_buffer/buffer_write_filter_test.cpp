// SPDX-License-Identifier: Apache-2.0
#include "models/reram_buffer/buffer_write_filter.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "tests/models/reram_buffer/bench.h"

using namespace weft;
using namespace weft::reram_buffer;
using namespace weft::test;
using write_filter::Policy;

namespace {

using Values = std::vector<std::int16_t>;

// A write as a foreign initiator may put it.
tlm::tlm_response_status raw_write(ReramBench& bench, std::uint64_t address, std::vector<std::uint8_t>& data,
                                   std::vector<std::uint8_t>* enables, unsigned streaming_width) {
  tlm::tlm_generic_payload payload;
  payload.set_write();
  payload.set_address(address);
  payload.set_data_ptr(data.data());
  payload.set_data_length(static_cast<unsigned>(data.size()));
  payload.set_streaming_width(streaming_width);
  if (enables != nullptr) {
    payload.set_byte_enable_ptr(enables->data());
    payload.set_byte_enable_length(static_cast<unsigned>(enables->size()));
  }
  sc_core::sc_time delay;
  bench.driver.socket->b_transport(payload, delay);
  return payload.get_response_status();
}

}  // namespace

TEST_CASE("a write that is held back leaves the old value, which is what bus and debugger read") {
  ReramBench bench(buffer_rules(Policy::drop, 10));
  bench.set_range(0, 256, 256, WriteClass::activation);
  CHECK(bench.write(256, {5, 10, -30}) == Status::ok);
  CHECK(bench.stored(256, 3) == Values{0, 10, -30});
  CHECK(bench.driver.read<std::int16_t>(256) == 0);
  CHECK(bench.driver.read<std::int16_t>(258) == 10);
  CHECK(bench.filter.filter(WriteClass::activation).statistics().values_offered == 3);
  CHECK(bench.filter.filter(WriteClass::activation).statistics().values_written == 2);
  CHECK(bench.filter.bytes_held_back(WriteClass::activation) == 2);
  CHECK(bench.memory.writes(WriteClass::activation).cells == 8);
}

TEST_CASE("outside of ranges everything is written, as class other") {
  ReramBench bench(buffer_rules(Policy::drop, 10));
  bench.set_range(0, 256, 256, WriteClass::activation);
  SECTION("beside a range") {
    CHECK(bench.write(0, {5}) == Status::ok);
    CHECK(bench.write(512, {5}) == Status::ok);
    CHECK(bench.stored(0, 1) == Values{5});
    CHECK(bench.stored(512, 1) == Values{5});
    CHECK(bench.memory.writes(WriteClass::other).cells == 8);
  }
  SECTION("across both borders of a range") {
    Values values(2 + 128 + 2, 5);
    CHECK(bench.write(252, values) == Status::ok);
    CHECK(bench.stored(252, 2) == Values{5, 5});
    CHECK(bench.stored(256, 128) == Values(128, 0));
    CHECK(bench.stored(512, 2) == Values{5, 5});
  }
  SECTION("a range of size 0 is none") {
    bench.programmer.write<std::uint32_t>(registers::range_size.offset, 0);
    CHECK(bench.write(256, {5}) == Status::ok);
    CHECK(bench.stored(256, 1) == Values{5});
  }
}

TEST_CASE("where ranges overlap the first one holds, up to where it begins") {
  ReramBench bench(buffer_rules(Policy::drop, 10));
  bench.set_range(0, 512, 256, WriteClass::error);
  bench.set_range(1, 256, 1024, WriteClass::gradient);
  CHECK(bench.write(256, Values(512, 20)) == Status::ok);
  CHECK(bench.filter.filter(WriteClass::error).statistics().values_written == 128);
  CHECK(bench.filter.filter(WriteClass::gradient).statistics().values_written == 384);
  CHECK(bench.stored(256, 512) == Values(512, 20));
}

TEST_CASE("a filtered write costs the reading of its rows, its comparisons and what is left to write") {
  ReramBench bench(buffer_rules(Policy::drop, 10));
  bench.set_range(0, 0, 256, WriteClass::error);
  Values values(96, 1);
  SECTION("nothing is left") {
    CHECK(bench.write(0, values) == Status::ok);
    CHECK(bench.driver.delay == ns(2 * 30 + 6));
    CHECK(bench.context.energy.total().value() == Approx((3 * 1 + 96 * 0.03) * 1e-12));
  }
  SECTION("one value in the last row is") {
    values[95] = 100;
    CHECK(bench.write(0, values) == Status::ok);
    CHECK(bench.driver.delay == ns(2 * 30 + 6 + 50));
    CHECK(bench.context.energy.total().value() == Approx((3 * 1 + 96 * 0.03 + 4 * 30) * 1e-12));
  }
}

TEST_CASE("policy none is no filter: rows are not read") {
  ReramBench bench(buffer_rules(Policy::none));
  bench.set_range(0, 0, 256, WriteClass::error);
  CHECK(bench.write(0, {1, 2}) == Status::ok);
  CHECK(bench.driver.delay == ns(50));
  CHECK(bench.memory.rows_read() == 0);
  CHECK(bench.memory.writes(WriteClass::error).cells == 8);
  CHECK(bench.filter.filter(WriteClass::error).statistics().values_written == 2);
}

TEST_CASE("values have the width of their range") {
  ReramBench bench(buffer_rules(Policy::drop, 10));
  bench.set_range(0, 0, 256, WriteClass::error, 0);
  bench.set_range(1, 256, 256, WriteClass::error, 2);
  const std::vector<std::int8_t> bytes{5, -10, 9, 12};
  CHECK(bench.driver.socket.write(0, bytes.data(), 4, bench.driver.delay) == Status::ok);
  CHECK(bench.driver.peek<std::uint32_t>(0) == 0x0c00f600u);
  // Two bytes of a word: the word is compared, and written, as a whole.
  bench.driver.write<std::uint32_t>(256, 0x00010000u);
  CHECK(bench.driver.peek<std::uint32_t>(256) == 0x00010000u);
  bench.driver.write<std::uint16_t>(256, 9);
  CHECK(bench.driver.peek<std::uint32_t>(256) == 0x00010000u);
  bench.driver.write<std::uint16_t>(256, 10);
  CHECK(bench.driver.peek<std::uint32_t>(256) == 0x0001000au);
}

TEST_CASE("a debug write goes past the filter, takes no time and counts as none") {
  ReramBench bench(buffer_rules(Policy::drop, 10));
  bench.set_range(0, 0, 256, WriteClass::error);
  const std::int16_t value = 3;
  CHECK(bench.driver.socket.write_debug(8, &value, sizeof value) == Status::ok);
  CHECK(bench.stored(8, 1) == Values{3});
  CHECK(bench.filter.filter(WriteClass::error).statistics().values_offered == 0);
  CHECK(bench.memory.writes(WriteClass::error).cells == 0);
  CHECK(bench.context.energy.total().value() == 0);
  CHECK(bench.driver.delay == sc_core::SC_ZERO_TIME);
}

TEST_CASE("no host pointer leads past the filter") {
  ReramBench bench(buffer_rules(Policy::none));
  CHECK_FALSE(bench.driver.socket.direct(0).has_value());
}

TEST_CASE("byte enables and streaming width mean what they mean in memory") {
  ReramBench bench(buffer_rules(Policy::compare));
  bench.set_range(0, 0, 256, WriteClass::error);
  std::vector<std::uint8_t> data{1, 2, 3, 4, 5, 6, 7, 8};
  SECTION("byte enables") {
    std::vector<std::uint8_t> enables{TLM_BYTE_ENABLED, TLM_BYTE_DISABLED, TLM_BYTE_ENABLED,
                                      TLM_BYTE_ENABLED};
    CHECK(raw_write(bench, 16, data, &enables, 8) == tlm::TLM_OK_RESPONSE);
    CHECK(bench.driver.peek<std::uint64_t>(16) == 0x0807000504030001u);
  }
  SECTION("streaming width: the last chunk stays") {
    CHECK(raw_write(bench, 16, data, nullptr, 4) == tlm::TLM_OK_RESPONSE);
    CHECK(bench.driver.peek<std::uint64_t>(16) == 0x08070605u);
  }
}

TEST_CASE("errors come back as they are") {
  ReramBench bench(buffer_rules(Policy::drop, 10));
  bench.set_range(0, 3840, 256, WriteClass::error);
  CHECK(bench.write(4094, {1, 2}) == Status::address_error);
  CHECK(bench.write(4096, {1}) == Status::address_error);
  std::uint32_t word = 0;
  CHECK(bench.driver.try_read(4093, word) == Status::address_error);
  CHECK(bench.stored(4094, 1) == Values{0});
}

TEST_CASE("software changes policy and threshold and reads what was held back") {
  ReramBench bench(buffer_rules(Policy::none));
  namespace r = registers;
  bench.set_range(0, 0, 256, WriteClass::error);
  bench.programmer.write<std::uint32_t>(r::policy.offset + 4, static_cast<std::uint32_t>(Policy::drop));
  bench.programmer.write<std::uint32_t>(r::threshold.offset + 4, 10u << 16 | 0x8000u);
  CHECK(bench.programmer.read(r::policy.offset) == 0);
  CHECK(bench.programmer.read(r::policy.offset + 4) == 2);
  CHECK(bench.programmer.read(r::threshold.offset + 4) == (10u << 16 | 0x8000u));
  CHECK(bench.write(0, {10, 11}) == Status::ok);
  CHECK(bench.stored(0, 2) == Values{0, 11});
  CHECK(bench.programmer.read(r::offered_low.offset + 4) == 2);
  CHECK(bench.programmer.read(r::written_low.offset + 4) == 1);
  CHECK(bench.programmer.read(r::size.offset) == reram_bytes);
  CHECK(bench.programmer.read(r::row_bytes.offset) == 64);
  SECTION("a policy that buffers do not have leaves the old one and says so") {
    bench.programmer.write<std::uint32_t>(r::policy.offset + 4, static_cast<std::uint32_t>(Policy::ef_reset));
    CHECK(bench.programmer.read(r::policy.offset + 4) == 2);
    REQUIRE(bench.warnings.size() == 1);
    CHECK_THAT(bench.warnings[0], Catch::Contains("POLICY[1] keeps its value"));
    bench.programmer.write<std::uint32_t>(r::policy.offset + 4, 99u);
    CHECK(bench.programmer.read(r::policy.offset + 4) == 2);
  }
  SECTION("a reset restores rules and ranges") {
    bench.filter.reset();
    CHECK(bench.programmer.read(r::policy.offset + 4) == 0);
    CHECK(bench.write(0, {1}) == Status::ok);
    CHECK(bench.memory.writes(WriteClass::other).cells == 4);
  }
}

TEST_CASE("random writes leave what an obviously right model holds") {
  const double threshold = GENERATE(1.0, 40.0, 3000.0);
  ReramBench bench(buffer_rules(threshold == 1.0 ? Policy::compare : Policy::drop, threshold));
  bench.set_range(0, 512, 1024, WriteClass::activation);
  bench.set_range(1, 2048, 768, WriteClass::gradient);
  const auto is_filtered = [](std::size_t byte) {
    return (byte >= 512 && byte < 1536) || (byte >= 2048 && byte < 2816);
  };
  Values model(reram_bytes / 2);
  CounterRng random(11, 0, 0);
  std::uint64_t held_back = 0;
  for (int turn = 0; turn < 1500; ++turn) {
    const std::uint32_t count = 1 + random.below(200);
    const std::uint32_t first = random.below(static_cast<std::uint32_t>(model.size()) - count + 1);
    Values values;
    for (std::uint32_t i = 0; i < count; ++i)
      values.push_back(static_cast<std::int16_t>(static_cast<int>(random.below(8000)) - 4000));
    REQUIRE(bench.write(2 * first, values) == Status::ok);
    for (std::uint32_t i = 0; i < count; ++i) {
      std::int16_t& held = model[first + i];
      if (is_filtered(2 * (first + i)) && std::abs(values[i] - held) < threshold) {
        held_back += 1;
      } else {
        held = values[i];
      }
    }
  }
  CHECK(bench.stored(0, model.size()) == model);
  CHECK(2 * held_back == bench.filter.bytes_held_back(WriteClass::activation) +
                             bench.filter.bytes_held_back(WriteClass::gradient));
  CHECK(held_back > 0);
}

TEST_CASE("rules that buffers do not have are refused") {
  Context context;
  BufferWriteFilterConfig config;
  config.size = 4096;
  config.rules[1].policy = Policy::ef_grain;
  CHECK_THROWS_AS(BufferWriteFilter("filter", config, context), Error);
}
