// SPDX-License-Identifier: Apache-2.0
#include "models/unit/hazard_checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace weft::unit {

namespace {

using Use = Extent::Use;

// No unit: the hart itself.
constexpr unsigned nobody = max_units;

bool overlap(const Extent& a, const Extent& b) {
  return a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}

// Two that only read do not disturb each other, nor do two that only add.
bool conflict(Use a, Use b) { return a != b || a == Use::writes; }

std::string name_of(unsigned unit) {
  if (unit == dma_index) return "the DMA";
  if (unit == vector_index) return "the vector unit";
  if (unit >= first_fp_pim_index) return fmt::format("floating-point PIM {}", unit - first_fp_pim_index);
  if (unit >= first_inversion_index) return fmt::format("inversion {}", unit - first_inversion_index);
  return fmt::format("crossbar {}", unit - first_crossbar_index);
}

const char* verb(Use use) {
  switch (use) {
    case Use::reads:
      return "reads";
    case Use::writes:
      return "writes";
    case Use::accumulates:
      break;
  }
  return "adds to";
}

const char* still(Use use) { return use == Use::reads ? "has still to read" : "has still to write"; }

}  // namespace

void add_rows(Footprint& footprint, std::uint32_t address, std::int32_t stride, std::uint64_t count,
              std::uint64_t bytes, Use use) {
  if (count == 0 || bytes == 0) return;
  if (count == 1 || (stride >= 0 && static_cast<std::uint64_t>(stride) == bytes)) {
    footprint.push_back({address, count * bytes, use});
    return;
  }
  for (std::uint64_t row = 0; row < count; ++row) {
    footprint.push_back(
        {address + static_cast<std::uint32_t>(row) * static_cast<std::uint32_t>(stride), bytes, use});
  }
}

HazardChecker::HazardChecker(std::function<void(const std::string&)> report,
                             std::function<std::uint32_t()> pc)
    : report_(std::move(report)), pc_(std::move(pc)) {}

void HazardChecker::issued(unsigned unit, Footprint footprint) {
  const std::string who = "a command of " + name_of(unit);
  for (const Extent& range : footprint) check_against(unit, range, who);
  in_flight_.at(unit).push_back(std::move(footprint));
  if (changed_) changed_();
}

void HazardChecker::finished(unsigned unit) {
  std::deque<Footprint>& commands = in_flight_.at(unit);
  if (commands.empty()) return;
  commands.pop_front();
  if (changed_) changed_();
}

void HazardChecker::reset() {
  for (std::deque<Footprint>& commands : in_flight_) commands.clear();
  if (changed_) changed_();
}

void HazardChecker::access(std::uint32_t address, unsigned bytes, bool writes) {
  check_against(nobody, {address, bytes, writes ? Use::writes : Use::reads}, "the hart");
}

bool HazardChecker::owns(std::uint32_t first, std::uint32_t last) const {
  const Extent range{first, std::uint64_t{last} - first + 1, Use::reads};
  const auto touches = [&](const Footprint& command) {
    return std::any_of(command.begin(), command.end(),
                       [&](const Extent& each) { return overlap(each, range); });
  };
  return std::any_of(in_flight_.begin(), in_flight_.end(), [&](const std::deque<Footprint>& commands) {
    return std::any_of(commands.begin(), commands.end(), touches);
  });
}

void HazardChecker::check_against(unsigned unit, const Extent& range, const std::string& who) {
  for (unsigned owner = 0; owner < max_units; ++owner) {
    if (owner == unit) continue;
    for (const Footprint& command : in_flight_[owner]) {
      for (const Extent& owned : command) compare(owner, owned, range, who);
    }
  }
}

void HazardChecker::compare(unsigned owner, const Extent& owned, const Extent& range,
                            const std::string& who) {
  if (!overlap(owned, range) || !conflict(owned.use, range.use)) return;
  ++hazards_;
  const std::uint32_t pc = pc_();
  if (!reported_.insert({pc, owner}).second) return;
  const std::uint64_t first = std::max(owned.address, range.address);
  const std::uint64_t end = std::min(owned.address + owned.bytes, range.address + range.bytes);
  report_(fmt::format("hazard at pc {:#010x}: {} {} {:#010x} to {:#010x}, which {} {}", pc, who,
                      verb(range.use), first, end - 1, name_of(owner), still(owned.use)));
}

}  // namespace weft::unit
