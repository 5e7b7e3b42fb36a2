// SPDX-License-Identifier: Apache-2.0
// What can be computed by hand from the timing parameters.
#include "models/dram/channel.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "models/common/counter_rng.h"

using weft::CounterRng;
using weft::dram::Channel;
using weft::dram::ChannelConfig;
using weft::dram::ChannelStatistics;
using weft::dram::Cycle;
using weft::dram::Mapping;
using weft::dram::PagePolicy;
using weft::dram::Place;
using weft::dram::preset;
using weft::dram::Preset;
using weft::dram::presets;
using weft::dram::Request;
using weft::dram::Service;
using weft::dram::Timing;

namespace {

Request read_at(Cycle arrival, std::uint64_t address, std::uint32_t bytes = 1) {
  return {arrival, address, bytes, false};
}
Request write_at(Cycle arrival, std::uint64_t address, std::uint32_t bytes = 1) {
  return {arrival, address, bytes, true};
}

std::uint64_t address_of(const Channel& channel, int group, int bank, int row, int column = 0) {
  const weft::dram::Organisation& organisation = channel.config().organisation;
  const Place place{0, group, group * organisation.banks + bank, row, column};
  return channel.map().burst(place) * static_cast<std::uint64_t>(organisation.burst_bytes());
}

Service serve(Channel& channel, const Request& request) { return channel.serve(request, request.arrival); }

// Cycles from the first to the last data of back-to-back requests.
double efficiency(Channel& channel, std::uint64_t bytes, std::uint32_t chunk) {
  Service last;
  for (std::uint64_t address = 0; address < bytes; address += chunk)
    last = serve(channel, read_at(0, address, chunk));
  return static_cast<double>(channel.statistics().data) / static_cast<double>(last.end);
}

ChannelConfig without_refresh(const char* name) {
  ChannelConfig config = preset(name).channel;
  config.timing.refi = 0;
  return config;
}

}  // namespace

// DDR4-2400R, 16-16-16 at 0.833 ns: 16.7 ns to the end of a hit's burst, 30.0 ns of a miss's, 43.3 ns of a
// conflict's.
TEST_CASE("hit, miss and conflict take the latencies of the data sheet") {
  Channel channel(preset("ddr4-2400").channel);
  const Service miss = serve(channel, read_at(100, address_of(channel, 0, 0, 7)));
  CHECK(miss.first - 100 == 16 + 16);
  CHECK(miss.end - 100 == 36);
  const Service hit = serve(channel, read_at(200, address_of(channel, 0, 0, 7, 5)));
  CHECK(hit.end - 200 == 16 + 4);
  const Service conflict = serve(channel, read_at(300, address_of(channel, 0, 0, 8)));
  CHECK(conflict.end - 300 == 16 + 16 + 16 + 4);
  const ChannelStatistics& statistics = channel.statistics();
  CHECK(statistics.misses == 1);
  CHECK(statistics.hits == 1);
  CHECK(statistics.conflicts == 1);
  CHECK(statistics.activates == 2);
  CHECK(statistics.data == 3 * 4);
}

TEST_CASE("every kind has the latencies that its parameters add up to") {
  for (const Preset& each : presets()) {
    INFO(each.name);
    Channel channel(each.channel);
    const Timing& t = each.channel.timing;
    const int burst = each.channel.organisation.burst_cycles();
    CHECK(serve(channel, read_at(0, address_of(channel, 0, 0, 0))).end == t.rcd + t.cl + burst);
    CHECK(serve(channel, read_at(500, address_of(channel, 0, 0, 0))).end - 500 == t.cl + burst);
    CHECK(serve(channel, read_at(1000, address_of(channel, 0, 0, 1))).end - 1000 ==
          t.rp + t.rcd + t.cl + burst);
    CHECK(serve(channel, write_at(1500, address_of(channel, 0, 0, 1))).end - 1500 == t.cwl + burst);
  }
}

TEST_CASE("with closed pages every access is a miss and no row is in the way") {
  ChannelConfig config = preset("ddr4-2400").channel;
  config.policy = PagePolicy::closed;
  Channel channel(config);
  for (int i = 0; i < 5; ++i) {
    const Cycle now = 100 * i;
    CHECK(serve(channel, read_at(now, address_of(channel, 0, 0, i / 2))).end - now == 36);
  }
  CHECK(channel.statistics().misses == 5);
  // The bursts of one request share their activation.
  const Service long_one = serve(channel, read_at(1000, address_of(channel, 0, 0, 9), 4096));
  CHECK(channel.statistics().activates == 5 + 4);
  CHECK(long_one.end - 1000 == 36 + 63 * 4);
}

TEST_CASE("the bus turns round between writes and reads in the time of the standard") {
  Channel channel(without_refresh("ddr4-2400"));
  const std::uint64_t here = address_of(channel, 0, 0, 0);
  const std::uint64_t other_group = address_of(channel, 1, 0, 0);
  serve(channel, read_at(0, here));
  serve(channel, read_at(0, other_group));
  const Cycle write = serve(channel, write_at(1000, here)).first - 16;
  CHECK(serve(channel, read_at(1000, here)).first - 16 == write + 16 + 4 + 9);
  const Cycle second = serve(channel, write_at(2000, here)).first - 16;
  const Cycle read = serve(channel, read_at(2000, other_group)).first - 16;
  CHECK(read == second + 16 + 4 + 3);
  CHECK(serve(channel, write_at(2000, here)).first - 16 == read + 6);
}

// A stream keeps the bus busy except around refreshes: 1 - tRFC/tREFI at best, and for each refresh the last
// read to precharge, precharge, and activate to read at worst.
TEST_CASE("a sequential stream reaches the peak less the refreshes") {
  for (const Preset& each : presets()) {
    INFO(each.name);
    Channel channel(each.channel);
    const Timing& t = each.channel.timing;
    const double interval = t.refi;
    const double reached = efficiency(channel, 8 << 20, 4096);
    const int around = std::max(t.rtp, t.ras) + t.rpab + t.rcd + t.rrd_l;
    CHECK(reached < 1 - t.rfc / interval);
    CHECK(reached > 1 - (t.rfc + around) / interval);
    CHECK(channel.statistics().refreshes >= 8);
  }
}

TEST_CASE("without refresh a sequential stream keeps the bus busy all the time") {
  for (const Preset& each : presets()) {
    INFO(each.name);
    Channel channel(without_refresh(each.name.c_str()));
    const Timing& t = each.channel.timing;
    efficiency(channel, 1 << 20, 4096);
    const Service last = serve(channel, read_at(0, 1 << 20));
    // The first activates of the bank groups come slower than their bursts where tRRD_S is longer.
    const weft::dram::Organisation& organisation = each.channel.organisation;
    const int activates = (organisation.groups - 1) * std::max(0, t.rrd_s - organisation.burst_cycles());
    CHECK(last.end == t.rcd + t.cl + activates + channel.statistics().data);
  }
}

TEST_CASE("a stream that stays in one bank group is slowed down to tCCD_L") {
  ChannelConfig config = without_refresh("ddr4-2400");
  config.mapping = Mapping::row_bank_group_column;
  Channel channel(config);
  // 128 bursts of a row at six cycles each but the first, which comes from another group.
  CHECK(efficiency(channel, 1 << 20, 4096) == Approx(128 * 4 / (127 * 6 + 4.0)).epsilon(0.001));
}

TEST_CASE("new rows in one bank follow each other at tRC") {
  Channel channel(without_refresh("ddr4-2400"));
  Cycle before = 0;
  for (int row = 0; row < 20; ++row) {
    const Service service = serve(channel, read_at(0, address_of(channel, 0, 0, row)));
    if (row > 0) CHECK(service.end - before == 55);
    before = service.end;
  }
}

// 64 bytes an activate at four activates in tFAW: 64 / (26 / 4 x 0.833 ns) = 11.8 GB/s of the 19.2.
TEST_CASE("new rows in all banks follow each other at a quarter of tFAW") {
  Channel channel(without_refresh("ddr4-2400"));
  constexpr int accesses = 1600;
  Service last;
  for (int i = 0; i < accesses; ++i) {
    last = serve(channel, read_at(0, address_of(channel, i % 4, i / 4 % 4, i / 16)));
  }
  const double each = static_cast<double>(last.end) / accesses;
  CHECK(each == Approx(26.0 / 4).epsilon(0.01));
  CHECK(64 / (each * 0.833) == Approx(11.8).epsilon(0.01));
}

TEST_CASE("new rows in few banks are limited by tRC over the banks") {
  Channel channel(without_refresh("hbm2"));
  constexpr int accesses = 1600;
  Service last;
  for (int i = 0; i < accesses; ++i) last = serve(channel, read_at(0, address_of(channel, i % 4, 0, i)));
  CHECK(static_cast<double>(last.end) / accesses == Approx(48.0 / 4).epsilon(0.01));
}

TEST_CASE("a refresh comes on time and what arrives during it waits") {
  Channel channel(preset("ddr4-2400").channel);
  CHECK(serve(channel, read_at(9365, 0)).first == 9364 + 421 + 16 + 16);
  CHECK(channel.statistics().refreshes == 1);
  channel.advance(Cycle{10} * 9364);
  CHECK(channel.statistics().refreshes == 10);
  channel.advance(Cycle{10} * 9364);
  CHECK(channel.statistics().refreshes == 10);
}

TEST_CASE("a refresh closes the rows and waits for what keeps them open") {
  Channel channel(preset("ddr4-2400").channel);
  serve(channel, read_at(9360, 0));  // activated four cycles before the refresh is due
  // tRAS, tRP, tRFC, tRCD, CL
  CHECK(serve(channel, read_at(9364, 64)).first == 9360 + 39 + 16 + 421 + 16 + 16);
  CHECK(channel.statistics().misses == 2);
  CHECK(channel.statistics().conflicts == 0);
}

TEST_CASE("the time with an open bank is counted from activate to precharge") {
  ChannelConfig config = preset("ddr4-2400").channel;
  Channel open(config);
  serve(open, read_at(100, 0));
  open.advance(5000);
  CHECK(open.statistics().open == 4900);
  open.advance(20000);
  CHECK(open.statistics().open == 9364 - 100);
  config.policy = PagePolicy::closed;
  Channel closed(config);
  serve(closed, read_at(100, 0));
  closed.advance(20000);
  CHECK(closed.statistics().open == 39);  // tRAS
}

TEST_CASE("a request that arrives before ones answered does not wait for them") {
  Channel channel(preset("ddr4-2400").channel);
  const std::uint64_t here = address_of(channel, 0, 0, 3);
  CHECK(channel.serve(read_at(1000, here), 0).end == 1036);
  const Service earlier = channel.serve(read_at(100, address_of(channel, 0, 0, 4)), 0);
  CHECK(earlier.end == 136);
  // In order, the other one would have had to close row 4.
  CHECK(earlier.owed == 16);
  CHECK(channel.statistics().conflicts == 1);
  CHECK(channel.serve(read_at(2000, here), 1500).end == 2020);
}

TEST_CASE("a request before the horizon is served at the horizon") {
  Channel channel(preset("ddr4-2400").channel);
  CHECK(channel.serve(read_at(0, 0), 700).end == 736);
}

namespace {

// Mean latency of initiators that each make a request, on average, every `gap` cycles, called in the order in
// which a kernel runs them with this quantum.
double mean_latency(Cycle quantum, int gap) {
  constexpr int initiators = 4;
  constexpr int requests = 4000;
  Channel channel(preset("ddr4-2400").channel);
  std::vector<Cycle> local(initiators, 0);
  std::vector<CounterRng> random;
  for (std::uint32_t i = 0; i < initiators; ++i) random.emplace_back(1, i, 0);
  double sum = 0;
  int made = 0;
  Cycle horizon = 0;
  const auto make = [&](std::size_t who) {
    const std::uint64_t address = std::uint64_t{random[who].below(1 << 20)} * 64;
    const Request request{local[who], address, 64, random[who].below(3) == 0};
    const Service service = channel.serve(request, horizon);
    sum += static_cast<double>(service.end + service.owed - local[who]);
    ++made;
    local[who] += 1 + static_cast<Cycle>(-std::log(1 - random[who].uniform()) * gap);
  };
  while (made < requests * initiators) {
    if (quantum == 0) {
      const auto first = std::min_element(local.begin(), local.end());
      horizon = *first;
      make(static_cast<std::size_t>(first - local.begin()));
      continue;
    }
    for (std::size_t who = 0; who < initiators; ++who) {
      while (local[who] < horizon + quantum) make(who);
    }
    horizon += quantum;
  }
  return sum / made;
}

}  // namespace

TEST_CASE("running ahead changes the mean latency by less than one percent") {
  const int gap = GENERATE(200, 100);
  const double in_order = mean_latency(0, gap);
  for (const Cycle quantum : {Cycle{16}, Cycle{256}, Cycle{4096}}) {
    INFO("gap " << gap << ", quantum " << quantum << ": " << mean_latency(quantum, gap) << " instead of "
                << in_order);
    CHECK(mean_latency(quantum, gap) == Approx(in_order).epsilon(0.01));
  }
}
