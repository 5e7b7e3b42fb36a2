// SPDX-License-Identifier: Apache-2.0
// What packets mean, without sockets and mostly without time.
#include "platform/debug/session.h"

#include <catch2/catch.hpp>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "tests/platform/debug/rig.h"

using namespace weft;
using namespace weft::test;
using namespace weft::debug;

namespace {

// A client that reads what the session sends.
struct Talk {
  DebugRig rig{ns(10)};  // it must not run ahead of what is written
  debug::Target target;
  std::string sent;
  Session session;

  Talk() : target(rig.target()), session(target, [this](const std::string& bytes) { sent += bytes; }) {
    rig.start(counting_program());
  }

  // The payloads of all answers, joined by '|'.
  std::string ask(const std::string& payload) {
    sent.clear();
    session.feed(frame(payload));
    last_wish = session.next();
    PacketReader reader;
    reader.feed(sent);
    std::string answers;
    while (const auto input = reader.next()) {
      if (input->kind == InputKind::packet) answers += (answers.empty() ? "" : "|") + input->payload;
    }
    return answers;
  }
  std::string monitor(const std::string& line) {
    std::string text;
    std::string answers = ask("qRcmd," + to_hex(line));
    for (std::size_t at = 0; answers[at] == 'O' && answers[at + 1] != 'K';) {
      const std::size_t end = answers.find('|', at);
      text += from_hex(std::string_view(answers).substr(at + 1, end - at - 1)).value();
      at = end + 1;
    }
    CHECK(answers.substr(answers.size() - 2) == "OK");
    return text;
  }
  hart::Core& core() { return rig.tile.hart().core(); }

  Wish last_wish = Wish::none;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a session introduces itself with what it can do") {
  Talk talk;
  const std::string features = talk.ask("qSupported:multiprocess+;swbreak+;hwbreak+");
  for (const char* each : {"PacketSize=4000", "QStartNoAckMode+", "qXfer:features:read+",
                           "qXfer:threads:read+", "vContSupported+", "swbreak+", "hwbreak+"}) {
    CHECK(contains(features, each));
  }
  CHECK(talk.ask("?") == "T05thread:1;");
  CHECK(talk.ask("qAttached") == "1");
  CHECK(talk.ask("qC") == "QC1");
  CHECK(talk.ask("qOffsets") == "Text=0;Data=0;Bss=0");
  CHECK(talk.ask("qSymbol::") == "OK");
  CHECK(talk.ask("vCont?") == "vCont;c;C;s;S");
  for (const char* unknown : {"vMustReplyEmpty", "!", "qTStatus", "QNonStop:1", "", "Z9,0,1", "vRun"}) {
    CHECK(talk.ask(unknown).empty());
  }
}

TEST_CASE("packets are acknowledged until the client asks not to, and sent again when it says so") {
  Talk talk;
  talk.session.feed("$?#00");
  CHECK(talk.session.next() == Wish::none);
  CHECK(talk.sent == "-");
  talk.ask("?");
  CHECK(talk.sent == "+" + frame("T05thread:1;"));
  talk.sent.clear();
  talk.session.feed("-");
  talk.session.next();
  CHECK(talk.sent == frame("T05thread:1;"));
  CHECK(talk.ask("QStartNoAckMode") == "OK");
  talk.ask("?");
  CHECK(talk.sent == frame("T05thread:1;"));
  talk.sent.clear();
  talk.session.feed("-$?#00" + frame(std::string(PacketReader::max_payload + 1, 'm')));
  talk.session.next();
  CHECK(talk.sent == frame("E22"));
}

TEST_CASE("every hart is a thread with its name and what it is doing") {
  Talk talk;
  CHECK(talk.ask("qfThreadInfo") == "m1,2");
  CHECK(talk.ask("qsThreadInfo") == "l");
  CHECK(from_hex(talk.ask("qThreadExtraInfo,2")) == "other: halted");
  CHECK(talk.ask("T1") == "OK");
  CHECK(talk.ask("T3") == "E22");
  CHECK(talk.ask("Hg3") == "E22");
  CHECK(talk.ask("Hx1") == "E22");
  const std::string list = talk.ask("qXfer:threads:read::0,1000");
  CHECK(contains(list, R"(<thread id="1" name="tile.hart">running</thread>)"));
  CHECK(contains(list, R"(<thread id="2" name="other">halted</thread>)"));
  CHECK(talk.ask("qXfer:threads:read::ffff,10") == "E22");
}

TEST_CASE("the target description holds every register of every hart and arrives in pieces") {
  Talk talk;
  const std::string whole = talk.ask("qXfer:features:read:target.xml:0,3000").substr(1);
  for (const char* each :
       {R"(<reg name="zero" bitsize="32" regnum="0")", R"(<reg name="pc" bitsize="32" regnum="32")",
        R"(<reg name="mstatus" bitsize="32" regnum="833")", R"(<reg name="wlen" bitsize="32" regnum="2050")",
        "org.gnu.gdb.riscv.cpu", "org.gnu.gdb.riscv.csr", "riscv:rv32"}) {
    CHECK(contains(whole, each));
  }
  std::string joined;
  for (std::string piece = "m"; piece[0] == 'm';) {
    char offset[16];
    std::snprintf(offset, sizeof offset, "%zx", joined.size());
    piece = talk.ask("qXfer:features:read:target.xml:" + std::string(offset) + ",65");
    joined += piece.substr(1);
  }
  CHECK(joined == whole);
  CHECK(talk.ask("qXfer:features:read:other.xml:0,10").empty());
}

TEST_CASE("registers are read and written singly and together, CSRs included") {
  Talk talk;
  CHECK(talk.ask("P5=78563412") == "OK");
  CHECK(talk.core().x(5) == 0x12345678);
  CHECK(talk.ask("p5") == "78563412");
  CHECK(talk.ask("p0") == "00000000");
  CHECK(talk.ask("P20=08000040") == "OK");
  CHECK(talk.core().pc() == 0x40000008);
  const std::string all = talk.ask("g");
  CHECK(all.size() == 33 * 8);
  CHECK(all.substr(5 * 8, 8) == "78563412");
  CHECK(all.substr(32 * 8) == "08000040");
  std::string changed = all;
  changed.replace(6 * 8, 8, "01000000");
  CHECK(talk.ask("G" + changed) == "OK");
  CHECK(talk.ask("g") == changed);
  CHECK(talk.ask("P381=99000000") == "OK");  // mscratch
  CHECK(talk.ask("p381") == "99000000");
  CHECK(talk.ask("P802=10000000") == "OK");  // wlen
  CHECK(talk.ask("p802") == "10000000");
  CHECK(talk.ask("p1002") == "00000000");  // wtile
  CHECK(talk.ask("P1002=01000000") == "E22");
  CHECK(talk.ask("Hg2") == "OK");
  CHECK(talk.ask("p802") == "xxxxxxxx");  // no Xweft there
  CHECK(talk.ask("p5") == "00000000");
}

TEST_CASE("float registers are described and reached only where there is an F extension") {
  Talk without;
  CHECK_FALSE(contains(without.ask("qXfer:features:read:target.xml:0,1fff"), "riscv.fpu"));
  CHECK(without.ask("p21") == "xxxxxxxx");
  fresh_kernel();
  hart::HartConfig config;
  config.core.single_float = true;
  Context context;
  hart::Hart hart("hart", config, context);
  debug::Target target{{{"hart", &hart}}, {}};
  std::string sent;
  Session session(target, [&sent](const std::string& bytes) { sent += bytes; });
  for (const char* packet : {"P2b=0000803f", "p2b", "qXfer:features:read:target.xml:0,1fff"}) {
    session.feed(frame(packet));
    session.next();
  }
  CHECK(hart.core().f(10) == 0x3f800000);
  CHECK(contains(sent, "$0000803f"));
  CHECK(contains(sent, R"(<reg name="fa0" bitsize="32" regnum="43" type="ieee_single")"));
  CHECK(contains(sent, R"(<reg name="fcsr" bitsize="32" regnum="68")"));
}

TEST_CASE("memory is read and written without time, and code that was written is executed") {
  Talk talk;
  char place[32];
  std::snprintf(place, sizeof place, "%x,4", data_at);
  CHECK(talk.ask("m" + std::string(place)) == "00000000");
  CHECK(talk.ask("M" + std::string(place) + ":0a0b0c0d") == "OK");
  CHECK(talk.ask("m" + std::string(place)) == "0a0b0c0d");
  CHECK(talk.ask("X" + std::string(place) + ":$#}*") == "OK");
  CHECK(talk.ask("m" + std::string(place)) == to_hex("$#}*"));
  CHECK(talk.ask("X40000000,0:") == "OK");
  // Up to where memory ends, and not a byte from where there is none.
  CHECK(talk.ask("m4000fffc,10").size() == 2 * 4);
  CHECK(talk.ask("m90000000,4") == "E14");
  CHECK(talk.ask("mfffffffc,10") == "E14");
  CHECK(talk.ask("m100000000,4") == "E14");
  CHECK(talk.ask("Mf0000000,1:00") == "E14");
  CHECK(talk.ask("Mffffffff,2:0000") == "E14");
  CHECK(talk.ask("m40000000,0").empty());
  CHECK(sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME);

  sc_core::sc_start(ns(20));  // the loop is decoded
  REQUIRE(talk.core().instructions() > 0);
  const std::uint32_t instead = addi(a4, a4, 100);
  std::snprintf(place, sizeof place, "%x,4:", loop_at);
  CHECK(talk.ask("M" + std::string(place) + to_hex({reinterpret_cast<const char*>(&instead), 4})) == "OK");
  sc_core::sc_start();
  CHECK(talk.rig.word(data_at) >= 100);
}

TEST_CASE("monitor commands answer with text, unknown ones with what there is") {
  Talk talk;
  talk.target.commands.push_back({"fail", "", "Fails", [](const std::vector<std::string>&) -> std::string {
                                    throw Error("no such thing");
                                  }});
  CHECK(talk.monitor("time") == "0 s\n");
  CHECK(contains(talk.monitor("harts"), "other"));
  CHECK(contains(talk.monitor("help"), "Simulated time"));
  CHECK(contains(talk.monitor(""), "Simulated time"));
  CHECK(contains(talk.monitor("fly away"), "there is no monitor command 'fly'"));
  CHECK(contains(talk.monitor("time please"), "takes no arguments"));
  CHECK(talk.monitor("fail") == "no such thing\n");
  CHECK(talk.ask("qRcmd,0") == "E22");
}

TEST_CASE("while the machine runs only interrupt, detach and kill are heard") {
  Talk talk;
  CHECK(talk.ask("vCont;c").empty());
  CHECK(talk.last_wish == Wish::resume);
  CHECK(talk.session.running());
  CHECK(talk.ask("g") == "E16");
  talk.session.feed("\x03");
  CHECK(talk.session.next() == Wish::interrupt);
  talk.session.report_interrupt();
  CHECK(talk.ask("?") == "T02thread:1;");
  CHECK(talk.ask("c").empty());
  CHECK(talk.ask("D") == "OK");
  CHECK(talk.last_wish == Wish::detach);
  CHECK(talk.ask("k").empty());
  CHECK(talk.last_wish == Wish::kill);
}

TEST_CASE("malformed packets are refused and change nothing") {
  Talk talk;
  const std::string before = talk.ask("g");
  for (const char* bad : {"m",
                          "m1",
                          "m1,",
                          "m,1",
                          "mzz,4",
                          "m0,4x",
                          "M0,4",
                          "M40000000,4:00",
                          "M40000000,1:0g",
                          "X40000000,2:a",
                          "P",
                          "P5",
                          "P5=",
                          "P5=1234",
                          "P5=123456789a",
                          "Pffff=00000000",
                          "p",
                          "pffffff",
                          "p2000",
                          "G00",
                          "H",
                          "Hg",
                          "T",
                          "Z0",
                          "Z0,40000000",
                          "Z0,40000000,0",
                          "Z2,ffffffff,2",
                          "Z0,100000000,4",
                          "vCont;",
                          "vCont;x",
                          "vCont;s:9",
                          "vCont;c:",
                          "C",
                          "Cxx",
                          "czz",
                          "c100000000",
                          "qThreadExtraInfo,",
                          "qXfer:threads:read::",
                          "qXfer:threads:read::0",
                          "qXfer:threads:read::0,zz"}) {
    CAPTURE(bad);
    const std::string answer = talk.ask(bad);
    if (std::string(bad) != "vCont;") CHECK(answer == "E22");
    if (talk.session.running()) talk.session.report_interrupt();
  }
  CHECK(talk.ask("g") == before);
}

TEST_CASE("no sequence of random packets does harm") {
  Talk talk;
  CounterRng rng(7, 1, 1);
  const std::string_view letters = "?gGpPmMXcCsSzZHTDkqQv0123456789abcdef,:;=.-tCont";
  std::size_t answers = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string packet;
    const std::uint32_t length = rng.below(14);
    for (std::uint32_t i = 0; i < length; ++i)
      packet += letters[rng.below(static_cast<std::uint32_t>(letters.size()))];
    talk.session.feed(frame(packet));
    while (talk.session.next() != Wish::none) continue;
    if (talk.session.running()) talk.session.report_interrupt();
    answers += talk.sent.empty() ? 0u : 1u;
    talk.sent.clear();
  }
  CHECK(answers == 4000);
  CHECK(talk.ask("qC").substr(0, 2) == "QC");
}

TEST_CASE("breakpoints and watchpoints are set in all harts and go with the session") {
  Talk talk;
  const auto probe = [&](const char* packet) { return talk.ask(packet); };
  hart::DebugStop at;
  at.pc = loop_at;
  CHECK(probe("Z0,40000010,4") == "OK");
  CHECK(probe("Z0,40000010,4") == "OK");
  CHECK(probe("Z1,40000010,2") == "OK");
  CHECK(talk.core().still_wanted(at));
  CHECK(talk.rig.other.core().still_wanted(at));
  CHECK(probe("z0,40000010,4") == "OK");
  CHECK(talk.core().still_wanted(at));
  CHECK(probe("z1,40000010,4") == "OK");
  CHECK_FALSE(talk.core().still_wanted(at));
  CHECK(probe("z1,40000010,4") == "OK");

  hart::DebugStop watch;
  watch.reason = hart::DebugStop::Reason::watchpoint;
  watch.watchpoint = {data_at, 4, hart::WatchKind::write};
  {
    Session second(talk.target, [](const std::string&) {});
    second.feed(frame("Z2,40001000,4"));
    second.next();
    CHECK(talk.core().still_wanted(watch));
  }
  CHECK_FALSE(talk.core().still_wanted(watch));
}
