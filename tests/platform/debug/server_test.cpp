// SPDX-License-Identifier: Apache-2.0
// Clients over TCP, well-behaved and not, while simulated time passes. A client is a thread of its own; what
// it finds is checked when it has ended.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "models/common/error.h"
#include "platform/debug/debugger.h"
#include "tests/platform/debug/rig.h"

using namespace weft;
using namespace weft::test;
using debug::Debugger;
using debug::frame;
using debug::Order;

namespace {

class Client {
 public:
  explicit Client(const Debugger& debugger) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const std::string& address = debugger.address();
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { hang_up(); }

  void raw(const std::string& bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // The next packet from the server; "closed" when there is none any more.
  std::string packet() {
    for (;;) {
      while (const auto input = reader_.next()) {
        if (input->kind != debug::InputKind::packet) continue;
        raw("+");
        return input->payload;
      }
      char buffer[4096];
      const ssize_t count = recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) return "closed";
      reader_.feed({buffer, static_cast<std::size_t>(count)});
    }
  }
  std::string ask(const std::string& payload) {
    raw(frame(payload));
    return packet();
  }
  void hang_up() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

  bool connected = false;

 private:
  int socket_;
  debug::PacketReader reader_;
};

struct Server {
  DebugRig rig;
  std::vector<std::string> notices;
  std::atomic<bool> interrupted{false};
  std::atomic<bool> asleep{false};  // nothing is left to happen in simulated time
  std::unique_ptr<Debugger> debugger;
  Order last = Order::go_on;

  Server() {
    Debugger::Options options;
    options.notice = [this](const std::string& line) { notices.push_back(line); };
    options.interrupted = [this] { return interrupted.load(); };
    debugger = std::make_unique<Debugger>(rig.target(), options);
  }

  // Runs the counting program as a tool would, from the first instruction under the eyes of the script.
  void run(const std::function<void(Client&)>& script) {
    rig.start(counting_program());
    std::atomic<bool> done{false};
    std::thread client([&] {
      Client own(*debugger);
      script(own);
      own.hang_up();
      done = true;
    });
    try {
      serve(done);
    } catch (...) {
      debugger.reset();  // the client's next read ends
      client.join();
      throw;
    }
    if (last == Order::end) debugger.reset();
    client.join();
    if (debugger) finish();
  }
  void serve(const std::atomic<bool>& done) {
    // A short visit may be over within one call.
    while (last == Order::go_on && !debugger->attached() && !done) last = debugger->attend();
    while (last == Order::go_on && !(done && !debugger->attached())) {
      if (sc_core::sc_pending_activity()) {
        sc_core::sc_start(std::max(ns(5000), sc_core::sc_time_to_pending_activity()),
                          sc_core::SC_EXIT_ON_STARVATION);
      } else {  // the client may still have something to say
        asleep = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      last = debugger->attend();
    }
  }
  // For the client's thread.
  void await_sleep() const {
    while (!asleep) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // The rest of the program, without a client.
  void finish() {
    debugger.reset();
    if (sc_core::sc_pending_activity()) sc_core::sc_start();
  }
};

struct Result {
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
  std::uint32_t counted = 0;
  std::uint32_t filled = 0;

  bool operator==(const Result& other) const {
    return cycles == other.cycles && instructions == other.instructions && counted == other.counted &&
           filled == other.filled;
  }
};

Result result(DebugRig& rig) {
  return {rig.tile.hart().core().cycles(), rig.tile.hart().core().instructions(), rig.word(data_at),
          rig.word(data_at + 64)};
}

Result undisturbed() {
  fresh_kernel();
  DebugRig rig;
  rig.run(counting_program());
  const Result found = result(rig);
  CHECK(found.counted == 3 * rounds);
  CHECK(found.filled == 7);
  return found;
}

std::vector<std::string> play(Server& server, const std::vector<std::string>& packets) {
  std::vector<std::string> answers;
  server.run([&](Client& client) {
    for (const std::string& each : packets) answers.push_back(client.ask(each));
  });
  return answers;
}

}  // namespace

TEST_CASE("a program that is stopped and stepped ends as one that is not") {
  const Result expected = undisturbed();
  const std::vector<std::vector<std::string>> scripts{
      {"vCont;s:1;c", "vCont;s:1", "s", "vCont;s:1;c", "D"},
      {"Z0,40000010,4", "c", "c", "c", "vCont;s:1", "c", "z0,40000010,4", "D"},
      {"Z1,40000014,4", "Z2,40001000,4", "Z3,40001000,4", "c", "c", "c", "c", "c", "D"},
      {"Z4,40001040,4", "Z4,40001000,1", "c", "c", "c", "z4,40001000,1", "D"}};
  for (const auto& script : scripts) {
    fresh_kernel();
    Server server;
    play(server, script);
    CHECK((result(server.rig) == expected));
  }
}

TEST_CASE("stops are reported with thread, reason and address, the program standing before the instruction") {
  Server server;
  const std::vector<std::string> answers = play(server, {"qSupported:swbreak+;hwbreak+",
                                                         "Z0,40000010,4",
                                                         "Z1,40000014,4",
                                                         "Z2,40001000,4",
                                                         "c",
                                                         "p20",
                                                         "c",
                                                         "p20",
                                                         "c",
                                                         "p20",
                                                         "c",
                                                         "z0,40000010,4",
                                                         "z1,40000014,4",
                                                         "z2,40001000,4",
                                                         "Z3,40001000,4",
                                                         "c",
                                                         "p20",
                                                         "z3,40001000,4",
                                                         "Z4,40001002,1",
                                                         "c",
                                                         "p20",
                                                         "vCont;s:1",
                                                         "p20",
                                                         "D"});
  const auto pc = [](std::uint32_t address) {
    return debug::to_hex({reinterpret_cast<const char*>(&address), 4});
  };
  REQUIRE(answers.size() == 24);
  CHECK(answers[4] == "T05thread:1;swbreak:;");
  CHECK(answers[5] == pc(loop_at));
  CHECK(answers[6] == "T05thread:1;hwbreak:;");
  CHECK(answers[7] == pc(store_at));
  // The breakpoint has been passed, and the watchpoint on the same instruction with it.
  CHECK(answers[8] == "T05thread:1;swbreak:;");
  CHECK(answers[9] == pc(loop_at));
  CHECK(answers[10] == "T05thread:1;hwbreak:;");
  CHECK(answers[15] == "T05thread:1;rwatch:40001000;");
  CHECK(answers[16] == pc(store_at + 4));
  CHECK(answers[19] == "T05thread:1;awatch:40001002;");
  CHECK(answers[20] == pc(store_at));
  CHECK(answers[21] == "T05thread:1;");
  CHECK(answers[22] == pc(store_at + 4));
}

TEST_CASE("stepping goes through sleep and traps one instruction at a time") {
  Server server;
  std::vector<std::uint64_t> counts;
  server.run([&](Client& client) {
    for (int step = 0; step < 130; ++step) {
      if (client.ask("vCont;s:1;c") != "T05thread:1;") break;
      counts.push_back(server.rig.tile.hart().core().instructions());
      if (server.rig.word(data_at + 64) == 7) break;  // behind `wait`, which slept
    }
    client.ask("D");
  });
  REQUIRE(counts.size() > 100);
  for (std::size_t i = 0; i < counts.size(); ++i) CHECK(counts[i] == i + 1);
  CHECK(server.rig.word(data_at + 64) == 7);
}

TEST_CASE("a hart that sleeps can be stepped until it wakes or the client interrupts") {
  Server server;
  std::vector<std::string> answers;
  server.run([&](Client& client) {
    client.raw(frame("c"));
    server.await_sleep();
    client.raw("\x03");
    answers.push_back(client.packet());
    client.raw(frame("vCont;s:1"));  // it is in wfi
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    client.raw("\x03");
    answers.push_back(client.packet());
    answers.push_back(client.ask("qThreadExtraInfo,1"));
    answers.push_back(client.ask("P20=08000040"));  // away from there
    answers.push_back(client.ask("vCont;s:1"));
    answers.push_back(client.ask("p20"));
    client.ask("D");
  });
  REQUIRE(answers.size() == 6);
  CHECK(answers[0] == "T02thread:1;");
  CHECK(answers[1] == "T02thread:1;");
  CHECK(debug::from_hex(answers[2]) == "tile.hart: wfi");
  CHECK(answers[3] == "OK");
  CHECK(answers[4] == "T05thread:1;");
  CHECK(answers[5] == "0c000040");
}

TEST_CASE("a step that the client has interrupted is not made when it goes on") {
  Server server;
  std::vector<std::string> answers;
  server.run([&](Client& client) {
    client.raw(frame("c"));
    server.await_sleep();
    client.raw("\x03");
    client.packet();
    client.raw(frame("vCont;s:1"));  // it is in wfi
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    client.raw("\x03");
    client.packet();
    answers.push_back(client.ask("P20=08000040"));  // away from there
    answers.push_back(client.ask("Z0,40000014,4"));
    answers.push_back(client.ask("c"));
    answers.push_back(client.ask("p20"));
    client.ask("D");
  });
  CHECK(answers == std::vector<std::string>{"OK", "OK", "T05thread:1;", "14000040"});
}

TEST_CASE("what blocks log is shown to a client that asks, while the machine runs") {
  DebugRig rig;
  Debugger debugger(rig.target(), {});
  const LogEntry entry{LogLevel::info, "5 ns", "tile.dma", "something"};
  const std::string line = "O" + debug::to_hex("[5 ns] tile.dma: something\n");
  debugger.log(entry);  // to nobody
  const auto visit = [&](const std::string& command) {
    std::vector<std::string> answers;
    std::thread client([&] {
      Client own(debugger);
      if (!command.empty()) answers.push_back(own.ask("qRcmd," + debug::to_hex(command)));
      own.raw(frame("c"));
      answers.push_back(own.packet());
    });
    while (!debugger.attached()) debugger.attend();
    debugger.log(entry);
    debugger.report_exit(0);
    client.join();
    return answers;
  };
  CHECK(visit("") == std::vector<std::string>{"W00"});
  CHECK(visit("log on") == std::vector<std::string>{"OK", line});
  CHECK(visit("log off") == std::vector<std::string>{"OK", "W00"});
  CHECK(visit("") == std::vector<std::string>{"W00"});
}

TEST_CASE("bad clients leave the simulation as it is, and the next one is served") {
  const Result expected = undisturbed();
  const std::vector<std::string> openings{
      "",
      "+$qSup",
      frame("c") + "$m4000",
      "\x03\x03\x03",
      "GET / HTTP/1.1\r\nHost: here\r\n\r\n",
      std::string(200000, '$'),
      "$" + std::string(200000, 'z') + "#00",
      frame("Z0,40000010,4") + frame("Z2,40001000,4") + frame("vCont;s:1"),
      "$c#00$c#ff-----",
  };
  for (const std::string& opening : openings) {
    fresh_kernel();
    Server server;
    std::string answer;
    server.run([&](Client& client) {
      client.raw(opening);
      client.hang_up();
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (answer != "T05thread:1;" && std::chrono::steady_clock::now() < deadline) {
        Client next(*server.debugger);
        answer = next.ask("?");
        if (answer == "T05thread:1;") next.ask("D");
      }
    });
    CAPTURE(opening.substr(0, 20));
    CHECK(answer == "T05thread:1;");
    CHECK((result(server.rig) == expected));
  }
}

TEST_CASE("a second client is refused with a reason and the first one is not disturbed") {
  Server server;
  std::string refusal;
  std::string then;
  std::string first;
  server.run([&](Client& client) {
    client.ask("?");
    Client second(*server.debugger);
    refusal = second.packet();
    then = second.packet();
    first = client.ask("qC");
    client.ask("D");
  });
  CHECK(refusal == "E.another debugger is attached");
  CHECK(then == "closed");
  CHECK(first == "QC1");
  CHECK(server.notices == std::vector<std::string>{"a debugger has attached",
                                                   "a second debugger has been refused",
                                                   "the debugger has detached, the simulation goes on"});
}

TEST_CASE("kill ends the run, and so does an interrupt from elsewhere while the machine is halted") {
  const bool kill = GENERATE(true, false);
  Server server;
  std::string answer;
  std::string then;
  server.run([&](Client& client) {
    answer = client.ask("?");
    if (kill) {
      client.raw(frame("k"));
    } else {
      server.interrupted = true;
    }
    then = client.packet();
  });
  CHECK(then == "closed");
  CHECK(answer == "T05thread:1;");
  CHECK(server.last == Order::end);
}

TEST_CASE("when nothing more can happen an attached client is told why, and can change that") {
  DebugRig rig;
  Debugger debugger(rig.target(), {});
  CHECK(debugger.halt("nobody there") == Order::end);
  rig.start(counting_program());
  std::vector<std::string> answers;
  std::thread client([&] {
    Client own(debugger);
    answers.push_back(own.ask("c"));
    answers.push_back(own.packet());
    answers.push_back(own.ask("P20=08000040"));
    answers.push_back(own.ask("Z0,40000014,4"));
    answers.push_back(own.ask("c"));
    answers.push_back(own.ask("z0,40000014,4"));
    own.raw(frame("c"));
    answers.push_back(own.packet());
    answers.push_back(own.packet());
    answers.push_back(own.packet());
  });
  while (!debugger.attached()) debugger.attend();
  sc_core::sc_start();
  debugger.attend();
  CHECK(debugger.halt("all asleep") == Order::go_on);
  for (int turn = 0; turn < 3 && sc_core::sc_pending_activity(); ++turn) {
    sc_core::sc_start(ns(100'000), sc_core::SC_EXIT_ON_STARVATION);
    debugger.attend();
  }
  debugger.report_exit(259);
  client.join();
  REQUIRE(answers.size() == 9);
  CHECK(answers[0] == "O" + debug::to_hex("all asleep\n"));
  CHECK(answers[1] == "T02thread:1;");
  CHECK(answers[4] == "T05thread:1;");
  CHECK(answers[6] == "W03");
  CHECK(answers[7] == "closed");
}

TEST_CASE("a port that is taken and an address that is none are errors that name it") {
  DebugRig rig;
  Debugger first(rig.target(), {});
  Debugger::Options options;
  options.address = first.address();
  CHECK_THROWS_WITH(Debugger(rig.target(), options),
                    Catch::Contains(first.address()) && Catch::Contains("already in use"));
  for (const char* bad :
       {"", ":", "here", ":70000", ":-1", "127.0.0.1", "127.0.0.1:", "no.such.host.invalid:1"}) {
    CAPTURE(bad);
    options.address = bad;
    CHECK_THROWS_AS(Debugger(rig.target(), options), Error);
  }
}
