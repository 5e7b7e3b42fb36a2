// SPDX-License-Identifier: Apache-2.0
// The accelerator that a platform and a technology preset describe, with programs and data put into its tiles
// directly, and what it spent by kind of operation.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/models/tile/tile_rig.h"
#include "tests/models/tlm/debug_values.h"
#include "tests/platform/assembly/preset_scenario.h"

namespace weft::test {

constexpr std::uint32_t window(unsigned tile) { return tile_base + tile * tile::window_size; }

// Count and energy by operation, over all components.
class Books {
 public:
  Books() = default;
  explicit Books(const EnergyLedger& ledger) {
    for (const EnergyLedger::Account& account : ledger.accounts()) {
      auto& [count, joule] = sums_[account.operation()];
      count += static_cast<double>(account.count());
      joule += account.total().value();
    }
  }
  friend Books operator-(Books after, const Books& before) {
    for (auto& [operation, sum] : after.sums_) {
      sum.first -= before.sums_.at(operation).first;
      sum.second -= before.sums_.at(operation).second;
    }
    return after;
  }

  double count(const std::vector<std::string>& operations) const {
    double sum = 0;
    for (const std::string& operation : operations) sum += sums_.at(operation).first;
    return sum;
  }
  double joule(const std::vector<std::string>& operations) const {
    double sum = 0;
    for (const std::string& operation : operations) sum += sums_.at(operation).second;
    return sum;
  }
  double joule() const {
    double sum = 0;
    for (const auto& [operation, own] : sums_) sum += own.second;
    return sum;
  }
  std::string describe() const {
    std::string text;
    for (const auto& [operation, own] : sums_) {
      if (own.first != 0) text += fmt::format("{}: {}, {:.3f} nJ\n", operation, own.first, own.second * 1e9);
    }
    return text;
  }

 private:
  std::map<std::string, std::pair<double, double>> sums_;
};

class PresetMachine {
 public:
  explicit PresetMachine(const std::vector<std::string>& overrides)
      : accelerator_("accelerator", assembly::machine_config(preset_scenario(overrides), 0).accelerator,
                     context_) {
    host_.socket.bind(accelerator_.host);
    accelerator_.system.bind(system_.socket);
    accelerator_.irq.bind(irq_);
  }

  template <typename Element>
  void put(std::uint32_t address, const std::vector<Element>& values) {
    put_values(host_.socket, address, values);
  }
  template <typename Element>
  std::vector<Element> get(std::uint32_t address, std::size_t count) {
    return get_values<Element>(host_.socket, address, count);
  }
  // At the given offset of the tile's buffer; after elaboration.
  void start(unsigned tile, std::uint32_t entry) {
    accelerator_.tile(static_cast<int>(tile)).hart().start(window(tile) + entry);
  }
  const crossbar::CrossbarUnit& unit(unsigned tile, unsigned number) const {
    return *accelerator_.tile(static_cast<int>(tile)).crossbars()[number];
  }
  Books books() const { return Books(context_.energy); }

 private:
  Context context_;
  machine::Accelerator accelerator_;
  Driver host_{"host"};
  Target system_{"system"};
  sc_core::sc_signal<bool> irq_{"irq"};
};

}  // namespace weft::test
