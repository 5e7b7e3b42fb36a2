// SPDX-License-Identifier: Apache-2.0
// Base of every unit of a tile: the command window, the queue, error and status registers, and the thread
// that runs one command after the other. A unit adds what a command means.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <systemc>
#include <utility>

#include "models/common/context.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"
#include "models/unit/command.h"
#include "models/unit/completion.h"
#include "models/unit/hazard_checker.h"

namespace weft::unit {

// Where operands may lie: the tile's buffer.
struct OperandWindow {
  std::uint32_t base = 0;
  std::uint32_t size = 0;

  bool contains(std::uint32_t address, std::uint64_t bytes) const {
    return address >= base && address - base <= size && bytes <= size - (address - base);
  }
};

// What STATUS can count.
constexpr unsigned max_queue_depth = 255;

struct CommandUnitConfig {
  unsigned index = 0;        // the unit's number in its tile, below max_units
  unsigned queue_depth = 8;  // commands running or waiting, 1 to max_queue_depth
  unsigned counters = 32;    // sync counters that a completion may name
  OperandWindow window;
};

class CommandUnit : public sc_core::sc_module {
 public:
  TargetSocket window;
  InitiatorSocket operands;
  sc_core::sc_port<CompletionInterface> completion;

  // Throws weft::Error when the index or the depth of the queue is out of range.
  CommandUnit(const sc_core::sc_module_name& name, const CommandUnitConfig& config, Context& context);

  // Back to the state after power-on. Waiting commands are dropped; one that is running completes unseen.
  virtual void reset();
  // Commands are entered there while they are in flight; null: nowhere.
  void set_hazard_checker(HazardChecker* checker) { hazards_ = checker; }
  // Called for every command that fails or is refused.
  void on_error(std::function<void()> action) { on_error_ = std::move(action); }
  bool has_error() const { return error_.has_value(); }
  bool busy() const { return !queue_.empty(); }
  sc_core::sc_time busy_time() const { return busy_time_; }
  std::uint64_t operations() const { return operations_; }

 protected:
  // Called when a command is issued: what can be refused at once.
  virtual std::optional<Fault> check(const Command& command) const = 0;
  // Runs one command in the unit's thread: reads operands, lets time pass, writes results.
  virtual std::optional<Fault> execute(const Command& command) = 0;
  // Memory that a command which check() accepts reads and writes, as far as it is known before it runs; asked
  // for only where hazards are checked.
  virtual Footprint footprint(const Command&) const { return {}; }
  // What the register SATURATED shows.
  virtual std::uint32_t saturated(unsigned /*slice*/) const { return 0; }
  // What is written to the register FALLBACK.
  virtual void note_fallback(std::uint32_t /*way*/) {}
  // What the tile is told when `command` has completed. A unit that has raised the counter itself, in
  // another tile, clears the completion word.
  virtual Command announced(const Command& command) const { return command; }

  // Operand of `bytes` bytes at `address`, aligned to `alignment`: the fault if it is not in the buffer.
  std::optional<Fault> check_load(std::uint32_t address, std::uint64_t bytes, unsigned alignment) const;
  std::optional<Fault> check_store(std::uint32_t address, std::uint64_t bytes, unsigned alignment) const;

  // Transfers in simulated time; the fault of the transaction if it was refused.
  std::optional<Fault> load(std::uint32_t address, void* data, std::uint32_t bytes, sc_core::sc_time& delay);
  std::optional<Fault> store(std::uint32_t address, const void* data, std::uint32_t bytes,
                             sc_core::sc_time& delay);

  // As store(), offering that the network delivers it on its own.
  std::optional<Fault> post(std::uint32_t address, const void* data, std::uint32_t bytes, Posting& posting,
                            sc_core::sc_time& delay);
  // Tells the tile of a fault of a command that has completed; after a reset it does nothing.
  std::function<void(const Fault&)> late_fault();

  const CommandUnitConfig& config() const { return config_; }
  Context& context() { return context_; }

 private:
  struct Entry {
    Command command;
    sc_core::sc_time ready;
    unsigned generation;
  };

  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  bool take_descriptor(const Transfer& transfer);
  void take_words(const Transfer& transfer);
  Status issue(const sc_core::sc_time& delay);
  void run();
  void note_fault(const Fault& fault);
  void declare_registers();

  CommandUnitConfig config_;
  Context& context_;
  RegisterFile registers_;
  Descriptor descriptor_{};
  std::deque<Entry> queue_;
  sc_core::sc_event arrived_;
  unsigned generation_ = 0;
  std::optional<Fault> error_;
  std::function<void()> on_error_;
  HazardChecker* hazards_ = nullptr;
  std::uint32_t issued_ = 0;
  std::uint32_t completed_ = 0;
  std::uint64_t operations_ = 0;
  sc_core::sc_time busy_time_;
};

}  // namespace weft::unit
