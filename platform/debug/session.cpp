// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/debug/registers.h"

namespace weft::debug {

namespace {

// Error numbers mean nothing to GDB but are shown; these are what Linux would say, in decimal digits.
constexpr const char* error_access = "E14";   // EFAULT
constexpr const char* error_busy = "E16";     // EBUSY
constexpr const char* error_invalid = "E22";  // EINVAL

constexpr std::size_t max_memory = PacketReader::max_payload / 2 - 1;
constexpr std::uint64_t address_space = std::uint64_t{1} << 32;

std::string register_digits(std::uint32_t value) {
  return to_hex({reinterpret_cast<const char*>(&value), sizeof value});
}

// The value of eight digits, low byte first.
std::optional<std::uint32_t> register_value(std::string_view digits) {
  const std::optional<std::string> bytes = from_hex(digits);
  std::uint32_t value = 0;
  if (!bytes || bytes->size() != sizeof value) return std::nullopt;
  bytes->copy(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

const char* watch_word(hart::WatchKind kind) {
  switch (kind) {
    case hart::WatchKind::write:
      return "watch";
    case hart::WatchKind::read:
      return "rwatch";
    case hart::WatchKind::access:
      break;
  }
  return "awatch";
}

// Two numbers with a comma between them.
struct Range {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
};
std::optional<Range> take_range(std::string_view& text) {
  const std::optional<std::uint64_t> start = take_number(text);
  if (!start || !take(text, ",")) return std::nullopt;
  const std::optional<std::uint64_t> length = take_number(text);
  if (!length) return std::nullopt;
  return Range{*start, *length};
}

bool in_address_space(const Range& range) {
  return range.start < address_space && range.length <= address_space - range.start;
}

// As many bytes from the start as answer.
std::string peek_prefix(hart::Hart& hart, std::uint32_t address, std::uint32_t size) {
  std::string bytes(size, '\0');
  if (size == 0 || hart.peek(address, bytes.data(), size) == Status::ok) return bytes;
  // Registers answer whole words only.
  std::uint32_t done = 0;
  while (done < size) {
    const std::uint32_t at = address + done;
    const bool word = at % 4 == 0 && size - done >= 4;
    if (word && hart.peek(at, &bytes[done], 4) == Status::ok) {
      done += 4;
    } else if (hart.peek(at, &bytes[done], 1) == Status::ok) {
      done += 1;
    } else {
      break;
    }
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

Session::Session(const Target& target, Sender send)
    : target_(target), send_(std::move(send)), points_(target.threads) {
  last_stop_ = "T05thread:1;";
}

Wish Session::next() {
  while (const std::optional<Input> input = reader_.next()) {
    switch (input->kind) {
      case InputKind::ack:
        break;
      case InputKind::nack:
        if (acknowledges_) send_(last_sent_);
        break;
      case InputKind::bad_checksum:
        if (acknowledges_) send_("-");
        break;
      case InputKind::interrupt:
        if (running_) return Wish::interrupt;
        break;
      case InputKind::oversized:
        if (acknowledges_) send_("+");
        reply(error_invalid);
        break;
      case InputKind::packet: {
        if (acknowledges_) send_("+");
        const Wish wish = handle(input->payload);
        if (wish != Wish::none) return wish;
      }
    }
  }
  return Wish::none;
}

Wish Session::handle(std::string_view packet) {
  const char command = packet.empty() ? '\0' : packet.front();
  const std::string_view rest = packet.substr(packet.empty() ? 0 : 1);
  if (running_ && command != 'k' && command != 'D') {
    reply(error_busy);
    return Wish::none;
  }
  switch (command) {
    case '?':
      reply(last_stop_);
      break;
    case 'g':
      read_registers();
      break;
    case 'G':
      write_registers(rest);
      break;
    case 'p':
      read_one_register(rest);
      break;
    case 'P':
      write_one_register(rest);
      break;
    case 'm':
      read_memory(rest);
      break;
    case 'M':
    case 'X':
      write_memory(rest, command == 'X');
      break;
    case 'Z':
    case 'z':
      change_point(rest, command == 'Z');
      break;
    case 'H':
      select_thread(rest);
      break;
    case 'T': {
      std::string_view text = rest;
      reply(take_thread(text) ? "OK" : error_invalid);
      break;
    }
    case 'c':
    case 'C':
    case 's':
    case 'S':
      return resume(packet);
    case 'D':
      reply("OK");
      return Wish::detach;
    case 'k':
      return Wish::kill;
    case 'q':
      query(rest);
      break;
    case 'Q':
      set_option(rest);
      break;
    case 'v': {
      std::string_view text = rest;
      if (take(text, "Cont;")) return resume_by_action(text);
      if (take(text, "Kill")) {
        reply("OK");
        return Wish::kill;
      }
      reply(rest == "Cont?" ? "vCont;c;C;s;S" : "");
      break;
    }
    default:
      reply("");
  }
  return Wish::none;
}

// c [address], C signal [;address], and the same with s. There are no signals to deliver.
Wish Session::resume(std::string_view packet) {
  const bool step = packet.front() == 's' || packet.front() == 'S';
  const bool has_signal = packet.front() == 'C' || packet.front() == 'S';
  packet.remove_prefix(1);
  if (has_signal && !take_number(packet)) {
    reply(error_invalid);
    return Wish::none;
  }
  if (has_signal) take(packet, ";");
  if (!packet.empty()) {
    const std::optional<std::uint64_t> address = take_number(packet);
    if (!address || *address >= address_space ||
        !target_.threads[present_].hart->set_pc(static_cast<std::uint32_t>(*address))) {
      reply(error_invalid);
      return Wish::none;
    }
  }
  return go(step ? std::optional(present_) : std::nullopt);
}

// action[:thread][;action[:thread]]…; the first step counts, and everybody else runs along.
Wish Session::resume_by_action(std::string_view actions) {
  std::optional<std::size_t> stepping;
  while (!actions.empty()) {
    const char action = actions.front();
    actions.remove_prefix(1);
    const bool step = action == 's' || action == 'S';
    std::optional<std::size_t> thread = present_;
    if ((action == 'C' || action == 'S') && !take_number(actions)) thread.reset();
    if (take(actions, ":")) thread = take_thread(actions);
    const bool known = step || action == 'c' || action == 'C';
    if (!known || !thread || (!actions.empty() && !take(actions, ";"))) {
      reply(error_invalid);
      return Wish::none;
    }
    if (step && !stepping) stepping = thread;
  }
  return go(stepping);
}

Wish Session::go(std::optional<std::size_t> stepping) {
  if (stepping) target_.threads[*stepping].hart->request_step();
  running_ = true;
  return Wish::resume;
}

void Session::select_thread(std::string_view packet) {
  const char operation = packet.empty() ? '\0' : packet.front();
  std::string_view text = packet.substr(packet.empty() ? 0 : 1);
  const std::optional<std::size_t> thread = take_thread(text);
  if (!thread || (operation != 'g' && operation != 'c')) {
    reply(error_invalid);
    return;
  }
  (operation == 'g' ? selected_ : present_) = *thread;
  reply("OK");
}

std::optional<std::size_t> Session::take_thread(std::string_view& text) const {
  if (take(text, "-1")) return present_;
  const std::optional<std::uint64_t> number = take_number(text);
  if (!number || *number > target_.threads.size()) return std::nullopt;
  return *number == 0 ? present_ : static_cast<std::size_t>(*number - 1);
}

void Session::read_registers() {
  std::string digits;
  for (unsigned number = 0; number < general_registers; ++number) {
    digits += register_digits(read_register(hart(), number).value_or(0));
  }
  reply(digits);
}

void Session::write_registers(std::string_view packet) {
  constexpr std::size_t digits = 8;
  bool good = packet.size() == digits * general_registers && from_hex(packet).has_value();
  for (unsigned number = 0; good && number < general_registers; ++number) {
    const std::uint32_t value = register_value(packet.substr(digits * number, digits)).value_or(0);
    good = value == read_register(hart(), number) || write_register(hart(), number, value);
  }
  reply(good ? "OK" : error_invalid);
}

void Session::read_one_register(std::string_view packet) {
  const std::optional<std::uint64_t> number = take_number(packet);
  if (!number || *number > 0xffff || !is_register(static_cast<unsigned>(*number))) {
    reply(error_invalid);
    return;
  }
  const std::optional<std::uint32_t> value = read_register(hart(), static_cast<unsigned>(*number));
  reply(value ? register_digits(*value) : "xxxxxxxx");
}

void Session::write_one_register(std::string_view packet) {
  const std::optional<std::uint64_t> number = take_number(packet);
  const std::optional<std::uint32_t> value =
      number && take(packet, "=") ? register_value(packet) : std::nullopt;
  const bool good =
      value && *number <= 0xffff && write_register(hart(), static_cast<unsigned>(*number), *value);
  reply(good ? "OK" : error_invalid);
}

void Session::read_memory(std::string_view packet) {
  const std::optional<Range> range = take_range(packet);
  if (!range || !packet.empty()) {
    reply(error_invalid);
    return;
  }
  if (range->start >= address_space) {
    reply(error_access);
    return;
  }
  const std::uint64_t size =
      std::min({range->length, std::uint64_t{max_memory}, address_space - range->start});
  const std::string bytes =
      peek_prefix(hart(), static_cast<std::uint32_t>(range->start), static_cast<std::uint32_t>(size));
  reply(bytes.empty() && size != 0 ? error_access : to_hex(bytes));
}

void Session::write_memory(std::string_view packet, bool binary) {
  const std::optional<Range> range = take_range(packet);
  if (!range || !take(packet, ":")) {
    reply(error_invalid);
    return;
  }
  const std::optional<std::string> bytes = binary ? std::string(packet) : from_hex(packet);
  if (!bytes || bytes->size() != range->length) {
    reply(error_invalid);
    return;
  }
  if (!in_address_space(*range)) {
    reply(error_access);
    return;
  }
  const Status status = bytes->empty() ? Status::ok
                                       : hart().poke(static_cast<std::uint32_t>(range->start), bytes->data(),
                                                     static_cast<std::uint32_t>(bytes->size()));
  for (const Thread& thread : target_.threads) thread.hart->flush_code();
  reply(status == Status::ok ? "OK" : error_access);
}

void Session::change_point(std::string_view packet, bool insert) {
  const std::optional<std::uint64_t> type = take_number(packet);
  if (type && *type > static_cast<std::uint64_t>(PointType::access)) {
    reply("");
    return;
  }
  const std::optional<Range> range = type && take(packet, ",") ? take_range(packet) : std::nullopt;
  if (!range || !in_address_space(*range) || range->length == 0) {
    reply(error_invalid);
    return;
  }
  const auto kind = static_cast<PointType>(*type);
  const auto address = static_cast<std::uint32_t>(range->start);
  const auto length = static_cast<std::uint32_t>(std::min<std::uint64_t>(range->length, 0xffffffff));
  insert ? points_.insert(kind, address, length) : points_.remove(kind, address, length);
  reply("OK");
}

void Session::report_stop(std::size_t thread, const hart::DebugStop& stop) {
  present_ = thread;
  std::string report = fmt::format("T05thread:{:x};", thread + 1);
  if (stop.reason == hart::DebugStop::Reason::watchpoint) {
    report += fmt::format("{}:{:x};", watch_word(stop.watchpoint.kind), stop.data_address);
  } else if (stop.reason == hart::DebugStop::Reason::breakpoint) {
    const bool hardware = points_.is_hardware(stop.pc);
    if (hardware && says_hwbreak_) report += "hwbreak:;";
    if (!hardware && says_swbreak_) report += "swbreak:;";
  }
  stopped(report);
}

void Session::report_interrupt() { stopped(fmt::format("T02thread:{:x};", present_ + 1)); }

void Session::stopped(const std::string& report) {
  running_ = false;
  selected_ = present_;
  last_stop_ = report;
  reply(report);
}

void Session::print(const std::string& text) {
  constexpr std::size_t piece = 1024;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reply("O" + to_hex(std::string_view(text).substr(at, piece)));
  }
}

void Session::report_exit(unsigned code) {
  running_ = false;
  reply(fmt::format("W{:02x}", code & 0xffu));
}

void Session::reply(std::string_view payload) {
  last_sent_ = frame(payload);
  send_(last_sent_);
}

}  // namespace weft::debug
