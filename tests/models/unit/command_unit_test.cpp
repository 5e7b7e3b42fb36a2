// SPDX-License-Identifier: Apache-2.0
#include "models/unit/command_unit.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "models/common/error.h"
#include "tests/models/unit/rig.h"

using namespace weft;
using namespace weft::unit;
using weft::test::Master;
using weft::test::ns;
namespace r = weft::unit::registers;

namespace {

constexpr std::uint8_t refused_opcode = 99;
constexpr std::uint8_t failing_opcode = 77;

// Takes LENGTH nanoseconds a command and notes when each began.
class Sleeper : public CommandUnit {
 public:
  struct Start {
    std::uint32_t src0;
    sc_core::sc_time time;
  };
  std::vector<Start> started;

  using CommandUnit::CommandUnit;

 protected:
  std::optional<Fault> check(const Command& command) const override {
    if (command.opcode == refused_opcode) return Fault{Cause::load_misaligned, command.src0};
    return std::nullopt;
  }
  std::optional<Fault> execute(const Command& command) override {
    started.push_back({command.src0, sc_core::sc_time_stamp()});
    wait(ns(command.length));
    if (command.opcode == failing_opcode) return Fault{Cause::store_access_fault, command.dst};
    return std::nullopt;
  }
  Command announced(const Command& command) const override {
    Command told = command;
    told.src1 = 0x700d;
    return told;
  }
};

// Writes down what the unit says.
struct Recorder : CompletionInterface {
  struct Event {
    char kind;  // accepted, completed, failed
    std::uint32_t value;
    sc_core::sc_time time;
  };
  std::vector<Event> events;
  std::uint32_t told_src1 = 0;

  void accepted(unsigned unit) override { events.push_back({'a', unit, sc_core::sc_time_stamp()}); }
  void completed(unsigned, const Command& command) override {
    events.push_back({'c', command.src0, sc_core::sc_time_stamp()});
    told_src1 = command.src1;
  }
  void failed(unsigned, const Fault& fault) override {
    events.push_back({'f', fault.value, sc_core::sc_time_stamp()});
  }
  void failed_late(unsigned, const Fault& fault) override {
    events.push_back({'l', fault.value, sc_core::sc_time_stamp()});
  }
  std::string kinds() const {
    std::string text;
    for (const Event& event : events) text += event.kind;
    return text;
  }
};

class NoMemory : public sc_core::sc_module {
 public:
  TargetSocket socket{"socket"};
  explicit NoMemory(const sc_core::sc_module_name& name) : sc_module(name) {}
};

struct Bench {
  Context context;
  Recorder recorder;
  Sleeper unit;
  NoMemory memory{"memory"};
  Master master;

  explicit Bench(std::function<void(Master&)> script, unsigned depth = 4)
      : unit("unit", config(depth), context), master("master", std::move(script)) {
    master.socket.bind(unit.window);
    unit.operands.bind(memory.socket);
    unit.completion.bind(recorder);
  }
  static CommandUnitConfig config(unsigned depth) {
    CommandUnitConfig config;
    config.index = 5;
    config.queue_depth = depth;
    config.counters = 16;
    return config;
  }
};

Command sleep(std::uint32_t nanoseconds, std::uint32_t mark = 0) {
  Command command;
  command.opcode = 1;
  command.length = nanoseconds;
  command.src0 = mark;
  return command;
}

}  // namespace

TEST_CASE("writing COMPLETION, the last of the words, issues the command") {
  std::array<bool, 9> busy_after{};
  Bench bench([&](Master& master) {
    std::uint32_t offset = 0;
    for (const std::uint32_t word : encode(sleep(10, 42))) {
      master.write_at(offset, word);
      busy_after[offset / 4] = master.busy();
      offset += 4;
    }
  });
  sc_core::sc_start(ns(100));
  CHECK(busy_after == std::array<bool, 9>{false, false, false, false, false, false, false, false, true});
  REQUIRE(bench.unit.started.size() == 1);
  CHECK(bench.unit.started[0].src0 == 42);
  CHECK(bench.recorder.kinds() == "ac");
  CHECK(bench.recorder.events[0].value == 5);
  CHECK(bench.recorder.events[1].time == ns(10));
}

TEST_CASE("a burst over the whole descriptor issues the command once") {
  Status status = Status::generic_error;
  Bench bench([&](Master& master) { status = master.issue(sleep(10, 7)); });
  sc_core::sc_start(ns(100));
  CHECK(status == Status::ok);
  CHECK(bench.recorder.kinds() == "ac");
  CHECK(bench.unit.started.at(0).src0 == 7);
}

TEST_CASE("rewriting only COMPLETION issues the same command again") {
  Bench bench([&](Master& master) {
    master.issue(sleep(10, 7));
    master.write(r::completion, 0);
  });
  sc_core::sc_start(ns(100));
  CHECK(bench.recorder.kinds() == "aacc");
  CHECK(bench.unit.started.at(1).src0 == 7);
}

TEST_CASE("commands run one after the other in the order of issue") {
  Bench bench([](Master& master) {
    master.issue(sleep(30, 1));
    master.issue(sleep(5, 2));
    master.sleep(ns(10));
    master.issue(sleep(1, 3));
  });
  sc_core::sc_start(ns(100));
  REQUIRE(bench.unit.started.size() == 3);
  CHECK(bench.unit.started[0].time == ns(0));
  CHECK(bench.unit.started[1].time == ns(30));
  CHECK(bench.unit.started[2].time == ns(35));
  CHECK(bench.recorder.kinds() == "aaaccc");
  CHECK(bench.recorder.events[3].value == 1);
  CHECK(bench.recorder.events[5].value == 3);
}

TEST_CASE("a command begins after the delay its issue was annotated with") {
  Bench bench([](Master& master) {
    master.issue(sleep(10, 1), ns(50));
    master.issue(sleep(10, 2), ns(55));
  });
  sc_core::sc_start(ns(100));
  REQUIRE(bench.unit.started.size() == 2);
  CHECK(bench.unit.started[0].time == ns(50));
  CHECK(bench.unit.started[1].time == ns(60));
}

TEST_CASE("ISSUED and COMPLETED count like tickets do") {
  std::uint32_t issued = 0;
  std::uint32_t completed_early = 0;
  std::uint32_t completed_late = 0;
  Bench bench([&](Master& master) {
    master.issue(sleep(10));
    master.issue(sleep(10));
    master.issue(sleep(10));
    issued = master.read(r::issued);
    master.sleep(ns(15));
    completed_early = master.read(r::completed);
    master.sleep(ns(20));
    completed_late = master.read(r::completed);
  });
  sc_core::sc_start(ns(100));
  CHECK(issued == 3);
  CHECK(completed_early == 1);
  CHECK(completed_late == 3);
}

TEST_CASE("a full queue answers a bus error, shows in STATUS and keeps what it holds") {
  std::vector<Status> answers;
  std::vector<std::uint32_t> status;
  Bench bench(
      [&](Master& master) {
        for (std::uint32_t i = 0; i < 4; ++i) {
          answers.push_back(master.issue(sleep(10, i)));
          status.push_back(master.read(r::status));
        }
        master.sleep(ns(15));
        answers.push_back(master.issue(sleep(10, 4)));
      },
      2);
  sc_core::sc_start(ns(100));
  CHECK(answers == std::vector<Status>{Status::ok, Status::ok, Status::generic_error, Status::generic_error,
                                       Status::ok});
  const std::uint32_t one = r::status_busy | 1u << r::status_queued_shift;
  const std::uint32_t two = r::status_busy | r::status_full | 2u << r::status_queued_shift;
  CHECK(status == std::vector<std::uint32_t>{one, two, two, two});
  CHECK(bench.recorder.kinds() == "aacacc");
  REQUIRE(bench.unit.started.size() == 3);
  CHECK(bench.unit.started[2].src0 == 4);
}

TEST_CASE("a descriptor that cannot be is refused with the word that is wrong") {
  Command command = sleep(10, 0x1234);
  std::uint32_t cause = 0;
  std::uint32_t value = 0;
  SECTION("format") {
    cause = 2;
    value = 0x00000601;
  }
  SECTION("counter beyond the last") {
    command.completion = test::completion_word(16, 1);
    cause = 2;
    value = command.completion;
  }
  SECTION("what the unit itself refuses") {
    command.opcode = refused_opcode;
    cause = 4;
    value = 0x1234;
  }
  Descriptor words = encode(command);
  if (value == 0x601) words[0] = value;
  Status status = Status::ok;
  std::array<std::uint32_t, 4> seen{};
  Bench bench([&](Master& master) {
    sc_core::sc_time delay;
    status = master.socket.write(0, words.data(), sizeof words, delay);
    seen = {master.read(r::status), master.read(r::error_cause), master.read(r::error_value),
            master.read(r::issued)};
  });
  sc_core::sc_start(ns(100));
  CHECK(status == Status::command_error);
  CHECK(seen == std::array<std::uint32_t, 4>{r::status_error, cause, value, 0});
  CHECK(bench.recorder.events.empty());
  CHECK(bench.unit.started.empty());
}

TEST_CASE("the last counter may be named") {
  Command command = sleep(10);
  command.completion = test::completion_word(15, 1);
  Status status = Status::generic_error;
  Bench bench([&](Master& master) { status = master.issue(command); });
  sc_core::sc_start(ns(100));
  CHECK(status == Status::ok);
}

TEST_CASE("a command that fails reports its fault and the next one runs") {
  Command bad = sleep(10, 1);
  bad.opcode = failing_opcode;
  bad.dst = 0x2000;
  Command worse = bad;
  worse.dst = 0x3000;
  std::array<std::uint32_t, 7> seen{};
  Bench bench([&](Master& master) {
    master.issue(bad);
    master.issue(worse);
    master.issue(sleep(10, 2));
    master.sleep(ns(40));
    seen = {master.read(r::status),
            master.read(r::error_cause),
            master.read(r::error_value),
            master.read(r::completed),
            master.read(r::operations),
            0,
            0};
    master.write(r::error_clear, 0);
    seen[5] = master.read(r::status);
    seen[6] = master.read(r::error_cause);
  });
  sc_core::sc_start(ns(100));
  CHECK(bench.recorder.kinds() == "aaaffc");
  CHECK(bench.recorder.events[3].value == 0x2000);
  CHECK(bench.recorder.events[4].value == 0x3000);
  CHECK(seen == std::array<std::uint32_t, 7>{r::status_error, 7, 0x2000, 3, 1, 0, 0});
}

TEST_CASE("the tile is told what the unit wants it to know") {
  Bench bench([](Master& master) { master.issue(sleep(1)); });
  sc_core::sc_start(ns(10));
  CHECK(bench.recorder.told_src1 == 0x700d);
}

TEST_CASE("BUSY_NS counts whole nanoseconds exactly") {
  std::vector<std::uint32_t> seen;
  Bench bench([&](Master& master) {
    for (int i = 0; i < 100; ++i) {
      master.issue(sleep(1));
      master.sleep(ns(2));
      seen.push_back(master.read(r::busy_ns));
    }
  });
  sc_core::sc_start(ns(1000));
  REQUIRE(seen.size() == 100);
  for (std::uint32_t i = 0; i < 100; ++i) CHECK(seen[i] == i + 1);
  CHECK(bench.unit.busy_time() == ns(100));
  CHECK(bench.unit.operations() == 100);
}

TEST_CASE("a debug access to any register has no side effect and takes no time") {
  Command bad = sleep(10, 1);
  bad.opcode = failing_opcode;
  std::vector<std::uint32_t> before;
  std::vector<std::uint32_t> after;
  sc_core::sc_time passed;
  Bench bench([&](Master& master) {
    master.issue(bad);
    master.sleep(ns(20));
    master.issue(sleep(1000, 2));
    passed = sc_core::sc_time_stamp();
    const auto look = [&] {
      std::vector<std::uint32_t> values;
      for (const RegisterInfo& info : r::table()) {
        if (info.access != RegisterAccess::write_only) values.push_back(master.peek(info));
      }
      return values;
    };
    before = look();
    for (const RegisterInfo& info : r::table()) {
      if (info.access == RegisterAccess::read_only) continue;
      const std::uint32_t value = info.offset == r::error_clear.offset ? 1 : master.peek(info);
      master.socket.write_debug(info.offset, &value, sizeof value);
    }
    after = look();
    passed = sc_core::sc_time_stamp() - passed;
  });
  sc_core::sc_start(ns(100));
  REQUIRE_FALSE(before.empty());
  CHECK(before == after);
  CHECK(passed == sc_core::SC_ZERO_TIME);
  CHECK(bench.recorder.kinds() == "afa");
}

TEST_CASE("a debug write prepares a descriptor that a bus write issues") {
  Bench bench([&](Master& master) {
    const Descriptor words = encode(sleep(10, 9));
    master.socket.write_debug(0, words.data(), sizeof words);
    master.sleep(ns(5));
    master.write(r::completion, 0);
  });
  sc_core::sc_start(ns(100));
  REQUIRE(bench.unit.started.size() == 1);
  CHECK(bench.unit.started[0].src0 == 9);
  CHECK(bench.unit.started[0].time == ns(5));
}

TEST_CASE("reset drops waiting commands and the running one completes unseen") {
  std::vector<std::uint32_t> registers_after;
  Bench* tile = nullptr;
  Bench bench([&](Master& master) {
    Command bad = sleep(1);
    bad.opcode = failing_opcode;
    master.issue(bad);
    master.sleep(ns(2));
    master.issue(sleep(30, 1));
    master.issue(sleep(30, 2));
    master.sleep(ns(8));
    tile->unit.reset();
    for (const RegisterInfo& info : r::table()) {
      if (info.access != RegisterAccess::write_only) registers_after.push_back(master.read(info));
    }
    master.sleep(ns(5));
    master.issue(sleep(1, 3));
    master.sleep(ns(30));
    registers_after.push_back(master.read(r::busy_ns) - 1);
    registers_after.push_back(master.read(r::operations) - 1);
  });
  tile = &bench;
  sc_core::sc_start(ns(200));
  REQUIRE(registers_after.size() > 10);
  for (const std::uint32_t value : registers_after) CHECK(value == 0);
  CHECK(bench.recorder.kinds() == "afaaac");
  CHECK(bench.recorder.events.back().value == 3);
  // The new command waits for the old one to leave the data path, at 2 + 30 ns.
  CHECK(bench.unit.started.back().time == ns(32));
}

TEST_CASE("reset drops a command whose annotated start has not come yet") {
  Bench* tile = nullptr;
  Bench bench([&](Master& master) {
    master.issue(sleep(10, 1), ns(50));
    master.sleep(ns(20));
    tile->unit.reset();
  });
  tile = &bench;
  sc_core::sc_start(ns(200));
  CHECK(bench.unit.started.empty());
  CHECK(bench.recorder.kinds() == "a");
}

TEST_CASE("accesses that the command window does not have are refused") {
  std::vector<Status> seen;
  Bench bench([&](Master& master) {
    seen.push_back(master.write(r::status, 0));
    seen.push_back(master.write_at(0x64, 0));
    seen.push_back(master.write_at(2, 0));
    std::uint8_t byte = 0;
    sc_core::sc_time delay;
    seen.push_back(master.socket.write(r::completion.offset, &byte, 1, delay));
    std::uint32_t word = 0;
    seen.push_back(master.socket.read(r::error_clear.offset, &word, 4, delay));
  });
  sc_core::sc_start(ns(10));
  CHECK(seen == std::vector<Status>{Status::command_error, Status::address_error, Status::burst_error,
                                    Status::burst_error, Status::command_error});
  CHECK(bench.recorder.events.empty());
}

TEST_CASE("bits that the window does not have are logged and not stored") {
  std::uint32_t stored = 1;
  std::vector<std::string> texts;
  Bench bench([&](Master& master) {
    master.write(r::control, 0xf8000000);
    stored = master.read(r::control);
  });
  bench.context.log.set_sink([&](const LogEntry& entry) { texts.push_back(entry.source + " " + entry.text); },
                             LogLevel::info);
  sc_core::sc_start(ns(10));
  CHECK(stored == 0);
  CHECK(texts == std::vector<std::string>{"unit CONTROL: bits 0xf8000000 are not modelled"});
}

TEST_CASE("a buffer at the end of the address space does not wrap") {
  OperandWindow window;
  window.base = 0xfffff000;
  window.size = 0x1000;
  CHECK(window.contains(0xfffff000, 0x1000));
  CHECK(window.contains(0xffffffff, 1));
  CHECK_FALSE(window.contains(0xffffffff, 2));
  CHECK_FALSE(window.contains(0xffffefff, 1));
  CHECK_FALSE(window.contains(0xfffff000, std::uint64_t{1} << 33));
}

TEST_CASE("a unit that cannot be is refused") {
  Context context;
  CommandUnitConfig config;
  config.queue_depth = 0;
  CHECK_THROWS_WITH(Sleeper("a", config, context),
                    Catch::Contains("a queue of 0 commands; allowed are 1 to 255"));
  config.queue_depth = 256;
  CHECK_THROWS_AS(Sleeper("b", config, context), Error);
  config.queue_depth = 255;
  config.index = 48;
  CHECK_THROWS_WITH(Sleeper("c", config, context), Catch::Contains("unit number 48"));
}
