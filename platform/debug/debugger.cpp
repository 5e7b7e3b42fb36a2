// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/debugger.h"

#include <fmt/format.h>

#include <algorithm>

namespace weft::debug {

namespace {

// How often a halted machine looks whether the run is to end.
constexpr int patience_ms = 100;
constexpr const char* ended_notice = "the debugger's connection has ended, the simulation goes on";

}  // namespace

Debugger::Debugger(Target target, Options options)
    : target_(std::move(target)), options_(std::move(options)), listener_(options_.address) {
  target_.commands.push_back({"log", "on|off", "What blocks say while the simulation runs",
                              [this](const std::vector<std::string>& words) { return switch_log(words); }});
  for (const Thread& thread : target_.threads) thread.hart->set_debug_listener(this);
}

Debugger::~Debugger() {
  session_.reset();
  for (const Thread& thread : target_.threads) thread.hart->set_debug_listener(nullptr);
}

// In the thread of a hart. The kernel comes back to whoever started it at the end of this delta cycle.
void Debugger::stopped(hart::Hart& hart, const hart::DebugStop& stop) {
  const auto found = std::find_if(target_.threads.begin(), target_.threads.end(),
                                  [&hart](const Thread& thread) { return thread.hart == &hart; });
  stops_.emplace_back(found - target_.threads.begin(), stop);
  sc_core::sc_pause();
}

Order Debugger::wait_for_client() {
  for (const Thread& thread : target_.threads) thread.hart->hold();
  // Before the end of elaboration not even debug accesses reach everything.
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  while (!attached()) {
    if (options_.interrupted && options_.interrupted()) return Order::end;
    wait_for_input(listener_.descriptor(), -1, patience_ms);
    accept_client();
  }
  return serve();
}

Order Debugger::attend() {
  accept_client();
  if (!attached()) return Order::go_on;
  report_pending_stop();
  return serve();
}

Order Debugger::halt(const std::string& reason) {
  if (!attached()) return Order::end;
  // It may have been interrupted just now, and then has its stop report.
  if (session_->running()) {
    session_->print(reason + "\n");
    report_interrupt();
  }
  return serve();
}

void Debugger::report_exit(unsigned code) {
  if (!attached()) return;
  if (session_->running()) session_->report_exit(code);
  drop_client("");
}

// As long as the client has something to say or the machine is halted.
Order Debugger::serve() {
  while (attached()) {
    if (!receive()) {
      drop_client(ended_notice);
      break;
    }
    Wish wish = Wish::none;
    while (attached() && (wish = session_->next()) != Wish::none) {
      if (obey(wish) == Order::end) return Order::end;
    }
    if (!attached() || session_->running()) break;
    if (options_.interrupted && options_.interrupted()) return Order::end;
    wait_for_input(connection_->descriptor(), listener_.descriptor(), patience_ms);
    accept_client();
  }
  return Order::go_on;
}

Order Debugger::obey(Wish wish) {
  switch (wish) {
    case Wish::resume:
      if (!report_pending_stop()) release_harts();
      break;
    case Wish::interrupt:
      report_interrupt();
      break;
    case Wish::detach:
      drop_client("the debugger has detached, the simulation goes on");
      break;
    case Wish::kill:
      drop_client("the debugger has ended the run");
      return Order::end;
    case Wish::none:
      break;
  }
  return Order::go_on;
}

bool Debugger::receive() {
  const std::optional<std::string> bytes = connection_->receive();
  if (!bytes) return false;
  session_->feed(*bytes);
  return true;
}

// Several harts may stop at one instant; each report waits for the client to go on from the one before.
bool Debugger::report_pending_stop() {
  while (!stops_.empty()) {
    const auto [thread, stop] = stops_.front();
    stops_.pop_front();
    const hart::Core& core = target_.threads[thread].hart->core();
    const bool step = stop.reason == hart::DebugStop::Reason::step;
    if (core.pc() != stop.pc || !(step || core.still_wanted(stop))) continue;
    cancel_steps();
    session_->report_stop(thread, stop);
    return true;
  }
  return false;
}

// A step that has not come to its end is not made later: the client has been told of another stop.
void Debugger::report_interrupt() {
  cancel_steps();
  session_->report_interrupt();
}

void Debugger::cancel_steps() {
  for (const Thread& thread : target_.threads) thread.hart->cancel_step();
}

std::string Debugger::switch_log(const std::vector<std::string>& words) {
  if (words.size() != 1 || (words.front() != "on" && words.front() != "off")) {
    return "monitor log on, or monitor log off\n";
  }
  shows_log_ = words.front() == "on";
  return "";
}

void Debugger::log(const LogEntry& entry) {
  // Only while the program runs can the protocol carry text.
  if (!shows_log_ || !attached() || !session_->running()) return;
  session_->print(fmt::format("[{}] {}: {}\n", entry.time, entry.source, entry.text));
}

void Debugger::release_harts() {
  for (const Thread& thread : target_.threads) thread.hart->resume();
}

// One at a time, so that clients who try again and again cannot keep the simulation from going on.
void Debugger::accept_client() {
  std::optional<Connection> connection = listener_.accept();
  if (!connection) return;
  if (attached() && connection_->ended()) drop_client(ended_notice);
  if (attached()) {
    refuse(std::move(*connection));
    return;
  }
  connection_ = std::make_unique<Connection>(std::move(*connection));
  session_ =
      std::make_unique<Session>(target_, [this](const std::string& bytes) { connection_->send(bytes); });
  if (options_.notice) options_.notice("a debugger has attached");
}

void Debugger::refuse(Connection connection) const {
  connection.send("+" + frame("E.another debugger is attached"));
  if (options_.notice) options_.notice("a second debugger has been refused");
}

void Debugger::drop_client(const std::string& why) {
  session_.reset();
  connection_.reset();
  stops_.clear();
  shows_log_ = false;
  cancel_steps();
  release_harts();
  if (options_.notice && !why.empty()) options_.notice(why);
}

std::unique_ptr<Debugger> listen(Target target, const GdbOptions& options,
                                 const std::atomic<bool>* interrupted) {
  Debugger::Options debugging;
  debugging.address = options.address;
  debugging.notice = options.notice;
  debugging.interrupted = [interrupted] { return interrupted != nullptr && interrupted->load(); };
  auto debugger = std::make_unique<Debugger>(std::move(target), debugging);
  if (options.notice) {
    options.notice(fmt::format("{} at {}", options.wait ? "waiting for a debugger" : "debuggers may attach",
                               debugger->address()));
  }
  return debugger;
}

}  // namespace weft::debug
