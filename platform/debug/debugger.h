// SPDX-License-Identifier: Apache-2.0
// Lets a GDB client attach to harts over TCP. Whoever runs the simulation calls attend() between slices of
// simulated time; while a client has the machine halted, attend() does not return, so no time passes.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/common/log.h"
#include "platform/debug/connection.h"
#include "platform/debug/session.h"
#include "platform/debug/target.h"

namespace weft::debug {

// What the simulation does next.
enum class Order { go_on, end };

class Debugger : private hart::DebugListener {
 public:
  struct Options {
    std::string address = ":0";                      // as for Listener
    std::function<void(const std::string&)> notice;  // a line for the user: attached, detached, refused
    // The run is to end for another reason; looked at while the machine is halted.
    std::function<bool()> interrupted;
  };

  // Throws weft::Error when it cannot listen. The harts must outlive the debugger.
  Debugger(Target target, Options options);
  ~Debugger() override;

  const std::string& address() const { return listener_.address(); }
  bool attached() const { return session_ != nullptr; }

  // In place of the first sc_start: returns when a client has come and let the simulation run. No hart has
  // executed anything and no time has passed.
  Order wait_for_client();
  // Takes in clients, stops, and what the client says. Call it at least 20 times a second, whenever sc_start
  // has returned.
  Order attend();
  // Nothing more can happen in the simulation: tells the client why, halts, and returns as attend() does.
  Order halt(const std::string& reason);
  // What a block says: for the console of a client that has asked with `monitor log on`.
  void log(const LogEntry& entry);
  // The program has ended.
  void report_exit(unsigned code);

 private:
  void stopped(hart::Hart& hart, const hart::DebugStop& stop) override;
  void accept_client();
  void refuse(Connection connection) const;
  void drop_client(const std::string& why);
  // Feeds what has arrived to the session; false if the client is gone.
  bool receive();
  bool report_pending_stop();
  void report_interrupt();
  void cancel_steps();
  std::string switch_log(const std::vector<std::string>& words);
  Order serve();
  Order obey(Wish wish);
  void release_harts();

  Target target_;
  Options options_;
  Listener listener_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Session> session_;
  // Harts that have stopped and are not reported yet, by index.
  std::deque<std::pair<std::size_t, hart::DebugStop>> stops_;
  bool shows_log_ = false;
};

// How the user of a program that simulates asks for a debugger.
struct GdbOptions {
  std::string address;                             // where to listen, as for Listener
  bool wait = false;                               // for a client, before the first instruction
  std::function<void(const std::string&)> notice;  // a line for the user
};

// Listens and says where. `interrupted`, if not null: the run is to end.
std::unique_ptr<Debugger> listen(Target target, const GdbOptions& options,
                                 const std::atomic<bool>* interrupted);

}  // namespace weft::debug
