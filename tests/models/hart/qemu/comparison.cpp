// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/qemu/comparison.h"

#include <fmt/format.h>

#include <memory>

#include "models/common/counter_rng.h"
#include "tests/models/hart/qemu/machines.h"

namespace weft::test {

namespace {

constexpr std::size_t enough_findings = 3;
constexpr std::uint64_t slices_seed = 1;
// Programs are short: most of their blocks run a few times.
constexpr std::uint32_t low_threshold = 1;

// A way of running this core that must not change what programs do.
struct Way {
  const char* name;
  bool sliced;
  std::unique_ptr<SlotMachine> machine;
};

std::vector<Way> all_ways(const Features& features) {
  const hart::CoreConfig config = core_config(features);
  hart::CoreConfig uncached = config;
  uncached.enable_cache = false;
  hart::CoreConfig translated = config;
  translated.enable_jit = true;
  translated.jit_threshold = low_threshold;
  hart::CoreConfig checked = translated;
  checked.lockstep = true;
  std::vector<Way> ways;
  ways.push_back({"with cache", false, std::make_unique<SlotMachine>(config, true)});
  ways.push_back({"without cache", false, std::make_unique<SlotMachine>(uncached, true)});
  ways.push_back({"without direct memory", false, std::make_unique<SlotMachine>(config, false)});
  ways.push_back({"in slices", true, std::make_unique<SlotMachine>(config, true)});
  ways.push_back({"translated", false, std::make_unique<SlotMachine>(translated, true)});
  ways.push_back({"translated, in slices", true, std::make_unique<SlotMachine>(translated, true)});
  ways.push_back({"in lock-step", false, std::make_unique<SlotMachine>(checked, true)});
  return ways;
}

std::string different_ways(const SlotMachine::Result& first, const SlotMachine::Result& other,
                           const char* name) {
  if (!other.ended) return fmt::format("{}: the program does not end", name);
  if (first.data != other.data) return fmt::format("{}: another final state", name);
  if (first.cycles != other.cycles)
    return fmt::format("{}: {} cycles instead of {}", name, other.cycles, first.cycles);
  if (first.instructions == other.instructions) return "";
  return fmt::format("{}: {} instructions instead of {}", name, other.instructions, first.instructions);
}

using Pages = std::vector<std::vector<std::uint8_t>>;

// Where program or prefix number `index` runs.
std::uint32_t place(const Features& features, std::size_t index) {
  return slot_base(features.locks ? 0 : index);
}

Pages run_all_on_qemu(const Features& features, const Pages& slots) {
  if (!features.locks) return run_on_qemu(features, slots);
  Pages results;
  for (const auto& slot : slots) results.push_back(run_on_qemu(features, {slot}).front());
  return results;
}

// The first unit behind which the machines differ, by running every prefix of the program.
std::string first_difference(const Features& features, const Program& program) {
  Pages slots;
  for (std::size_t unit = 0; unit <= program.units.size(); ++unit) {
    slots.push_back(slot_image(program.truncated(unit), place(features, unit)));
  }
  const auto expected = run_all_on_qemu(features, slots);
  SlotMachine machine(core_config(features), true);
  for (std::size_t unit = 0; unit < slots.size(); ++unit) {
    const SlotMachine::Result result = machine.run_slot(slots[unit], place(features, unit));
    const std::string text = difference(result.data, expected[unit]);
    if (text.empty()) continue;
    if (unit == 0) return "in the frame: " + text;
    return fmt::format("first behind unit {}: {}\n{}", unit - 1, text,
                       listing(program, place(features, unit)));
  }
  return "no prefix of the program differs\n" + listing(program, place(features, 0));
}

}  // namespace

Findings compare_with_qemu(const Features& features, const std::vector<Program>& programs) {
  Pages slots;
  for (std::size_t i = 0; i < programs.size(); ++i)
    slots.push_back(slot_image(programs[i], place(features, i)));
  const auto expected = run_all_on_qemu(features, slots);
  const std::vector<Way> ways = all_ways(features);
  CounterRng slices(slices_seed, 0, 0);
  Findings findings;
  for (std::size_t i = 0; i < programs.size() && findings.texts.size() < enough_findings; ++i) {
    const SlotMachine::Result first = ways.front().machine->run_slot(slots[i], place(features, i));
    findings.instructions += first.instructions;
    findings.traps += trap_count(first.data);
    std::string text = first.ended ? difference(first.data, expected[i]) : "the program does not end here";
    if (!text.empty()) text += "\n" + first_difference(features, programs[i]);
    for (std::size_t way = 1; way < ways.size() && text.empty(); ++way) {
      CounterRng* const pieces = ways[way].sliced ? &slices : nullptr;
      text = different_ways(first, ways[way].machine->run_slot(slots[i], place(features, i), pieces),
                            ways[way].name);
      if (!text.empty()) text += "\n" + listing(programs[i], place(features, i));
    }
    if (!text.empty()) findings.texts.push_back(fmt::format("program {}: {}", i, text));
  }
  return findings;
}

}  // namespace weft::test
