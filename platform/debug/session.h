// SPDX-License-Identifier: Apache-2.0
// One client of the GDB remote serial protocol, from its first packet to its last: all-stop mode, every hart
// a thread. What the packets mean is here; sockets and the running of the simulation are not.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/debug/packet.h"
#include "platform/debug/points.h"
#include "platform/debug/target.h"

namespace weft::debug {

// What the client wants of the simulation.
enum class Wish { none, resume, interrupt, detach, kill };

class Session {
 public:
  using Sender = std::function<void(const std::string& bytes)>;

  // The simulation is halted. The target must outlive the session.
  Session(const Target& target, Sender send);

  // Bytes from the client, then what they ask for, one wish at a time until Wish::none.
  void feed(std::string_view bytes) { reader_.feed(bytes); }
  Wish next();

  bool running() const { return running_; }

  // The simulation has halted: a hart (index into the target's threads) has stopped, or the client has
  // interrupted it.
  void report_stop(std::size_t thread, const hart::DebugStop& stop);
  void report_interrupt();
  // Text for the user's console, while running.
  void print(const std::string& text);
  // The program has ended.
  void report_exit(unsigned code);

 private:
  Wish handle(std::string_view packet);
  Wish resume(std::string_view packet);
  Wish resume_by_action(std::string_view actions);
  Wish go(std::optional<std::size_t> stepping);
  void query(std::string_view packet);
  void set_option(std::string_view packet);
  void transfer(std::string_view packet);
  void select_thread(std::string_view packet);
  void read_registers();
  void write_registers(std::string_view packet);
  void read_one_register(std::string_view packet);
  void write_one_register(std::string_view packet);
  void read_memory(std::string_view packet);
  void write_memory(std::string_view packet, bool binary);
  void change_point(std::string_view packet, bool insert);
  void monitor(std::string_view digits);

  hart::Hart& hart() const { return *target_.threads[selected_].hart; }
  // A thread of the client's: "-1" and "0" mean the present one. Nothing if there is no such thread.
  std::optional<std::size_t> take_thread(std::string_view& text) const;
  std::string thread_list() const;
  void reply(std::string_view payload);
  void stopped(const std::string& report);

  const Target& target_;
  Sender send_;
  PacketReader reader_;
  Points points_;
  std::string description_;  // target description, made when first asked for
  std::string threads_;      // thread list, made at the start of a transfer
  std::string last_sent_;
  std::string last_stop_;
  bool acknowledges_ = true;
  bool running_ = false;
  bool says_swbreak_ = false;  // the client understands these stop reasons
  bool says_hwbreak_ = false;
  std::size_t selected_ = 0;  // for registers and memory
  std::size_t present_ = 0;   // for stepping; the one that stopped last
};

}  // namespace weft::debug
