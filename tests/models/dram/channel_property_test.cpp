// SPDX-License-Identifier: Apache-2.0
// The channel against a slow model, and its commands against every pair of JEDEC's distances.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/dram/channel.h"
#include "tests/models/dram/slow_channel.h"

using weft::CounterRng;
using weft::dram::Channel;
using weft::dram::ChannelConfig;
using weft::dram::Command;
using weft::dram::CommandKind;
using weft::dram::Cycle;
using weft::dram::Mapping;
using weft::dram::PagePolicy;
using weft::dram::Request;
using weft::dram::Service;
using weft::test::SlowChannel;

namespace {

int draw(CounterRng& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint32_t>(high - low + 1)));
}

// A preset, or a small odd device whose timings bind in other places than those of real ones.
ChannelConfig random_config(CounterRng& random) {
  ChannelConfig config = weft::dram::presets()[random.below(4)].channel;
  config.organisation.ranks = 1 << random.below(2);
  config.policy = random.below(2) == 0 ? PagePolicy::open : PagePolicy::closed;
  config.mapping = static_cast<Mapping>(random.below(4));
  if (random.below(2) == 0) return config;
  config.organisation.groups = 1 << random.below(3);
  config.organisation.banks = 1 << random.below(3);
  config.organisation.rows = 16;
  config.organisation.row_bytes = config.organisation.burst_bytes() * 4;
  weft::dram::Timing& t = config.timing;
  t.cl = draw(random, 1, 30);
  t.cwl = draw(random, 1, 30);
  t.rcd = draw(random, 1, 30);
  t.rp = draw(random, 1, 30);
  t.rpab = t.rp + draw(random, 0, 10);
  t.ras = t.rcd + draw(random, 0, 40);
  t.rc = t.ras + t.rp + draw(random, 0, 10);
  t.ccd_s = config.organisation.burst_cycles() + draw(random, 0, 3);
  t.ccd_l = t.ccd_s + draw(random, 0, 6);
  t.rrd_s = draw(random, 1, 8);
  t.rrd_l = t.rrd_s + draw(random, 0, 6);
  t.faw = t.rrd_s * 4 + draw(random, 0, 60);
  t.wr = draw(random, 0, 30);
  t.wtr_s = draw(random, 0, 10);
  t.wtr_l = t.wtr_s + draw(random, 0, 10);
  t.rtp = draw(random, 1, 20);
  t.rtw = std::max(1, t.cl + config.organisation.burst_cycles() - t.cwl + draw(random, 0, 5));
  t.rtrs = draw(random, 0, 4);
  t.rfc = draw(random, 20, 100);
  t.refi = random.below(4) == 0 ? 0 : t.rfc + t.rc + t.rpab + draw(random, 1, 800);
  return config;
}

// Bursts of requests, pauses, neighbouring and far addresses.
std::vector<Request> random_requests(CounterRng& random, const ChannelConfig& config, int count) {
  const std::uint64_t capacity = config.organisation.capacity();
  const auto near = static_cast<std::uint64_t>(config.organisation.row_bytes) * 16;
  std::vector<Request> requests;
  Cycle arrival = 0;
  std::uint64_t address = 0;
  for (int i = 0; i < count; ++i) {
    if (random.below(3) == 0) arrival += draw(random, 0, random.below(8) == 0 ? 3000 : 60);
    if (random.below(2) == 0) {
      const std::uint64_t room = random.below(2) == 0 ? capacity : std::min(near, capacity);
      address = (std::uint64_t{random.next_u32()} << 8 | random.below(256)) % room;
    }
    Request request;
    request.arrival = arrival;
    request.address = address;
    request.bytes = random.below(4) == 0 ? 1 + random.below(700) : 1 + random.below(64);
    request.write = random.below(3) == 0;
    requests.push_back(request);
    address = (address + request.bytes) % capacity;
  }
  return requests;
}

void check_distances(const ChannelConfig& config, std::vector<Command> commands) {
  std::stable_sort(commands.begin(), commands.end(),
                   [](const Command& a, const Command& b) { return a.time < b.time; });
  std::map<int, std::vector<Cycle>> activates;
  int violations = 0;
  for (std::size_t j = 0; j < commands.size(); ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      const auto gap = weft::test::distance(config, commands[i], commands[j]);
      if (gap && commands[j].time < commands[i].time + *gap) ++violations;
    }
    if (commands[j].kind != CommandKind::activate) continue;
    std::vector<Cycle>& of_rank = activates[commands[j].place.rank];
    of_rank.push_back(commands[j].time);
    if (of_rank.size() > 4 && of_rank.back() - of_rank[of_rank.size() - 5] < config.timing.faw) ++violations;
  }
  CHECK(violations == 0);
}

}  // namespace

TEST_CASE("a channel serves random requests exactly as the slow model does") {
  for (std::uint32_t seed = 0; seed < 160; ++seed) {
    CounterRng random(seed, 0, 0);
    const ChannelConfig config = random_config(random);
    INFO("seed " << seed);
    Channel channel(config);
    SlowChannel slow(config);
    int different = 0;
    for (const Request& request : random_requests(random, config, 60)) {
      const Service fast = channel.serve(request, request.arrival);
      const Service expected = slow.serve(request);
      if (fast.first != expected.first || fast.end != expected.end) ++different;
    }
    CHECK(different == 0);
    CHECK(channel.statistics().refreshes == slow.refreshes());
    CHECK(channel.statistics().activates == slow.count(CommandKind::activate));
    CHECK(channel.statistics().read_bursts == slow.count(CommandKind::read));
    CHECK(channel.statistics().write_bursts == slow.count(CommandKind::write));
  }
}

TEST_CASE("the commands of a channel keep every distance of the timing parameters") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    CounterRng random(seed, 1, 0);
    const ChannelConfig config = random_config(random);
    INFO("seed " << seed);
    Channel channel(config);
    std::vector<Command> commands;
    channel.record(&commands);
    for (const Request& request : random_requests(random, config, 80))
      channel.serve(request, request.arrival);
    REQUIRE(commands.size() > 80);
    check_distances(config, commands);
  }
}

TEST_CASE("calls out of order leave a channel as calls in order do") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    CounterRng random(seed, 2, 0);
    const ChannelConfig config = random_config(random);
    INFO("seed " << seed);
    const std::vector<Request> requests = random_requests(random, config, 60);
    // Each call is delayed by up to seven places.
    std::vector<std::pair<std::uint32_t, std::size_t>> order;
    for (std::size_t i = 0; i < requests.size(); ++i)
      order.emplace_back(static_cast<std::uint32_t>(i) + random.below(8), i);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    // Where arrivals are equal, the order of the calls counts: keep them apart.
    std::vector<Request> apart = requests;
    for (std::size_t i = 0; i < apart.size(); ++i)
      apart[i].arrival = apart[i].arrival * 64 + static_cast<Cycle>(i);
    Channel reference(config);
    std::vector<Service> expected;
    for (const Request& request : apart) expected.push_back(reference.serve(request, request.arrival));
    Channel shuffled(config);
    std::vector<bool> made(apart.size(), false);
    int informed = 0;
    int different = 0;
    for (const auto& [unused, i] : order) {
      const Service service = shuffled.serve(apart[i], 0);
      made[i] = true;
      if (!std::all_of(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(i), [](bool m) { return m; }))
        continue;
      ++informed;
      if (service.first != expected[i].first || service.end != expected[i].end) ++different;
    }
    CHECK(different == 0);  // whoever knows of all that arrived before is answered exactly
    CHECK(informed > 5);
    CHECK(informed < static_cast<int>(apart.size()));

    const Cycle after = apart.back().arrival + 100;
    for (const Request& probe : random_requests(random, config, 20)) {
      Request late = probe;
      late.arrival += after;
      const Service one = reference.serve(late, late.arrival);
      const Service other = shuffled.serve(late, late.arrival);
      CHECK(one.first == other.first);
      CHECK(one.end == other.end);
    }
    CHECK(reference.statistics().hits == shuffled.statistics().hits);
    CHECK(reference.statistics().conflicts == shuffled.statistics().conflicts);
    CHECK(reference.statistics().refreshes == shuffled.statistics().refreshes);
    CHECK(reference.statistics().open == shuffled.statistics().open);
  }
}
