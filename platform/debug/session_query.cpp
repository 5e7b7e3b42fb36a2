// SPDX-License-Identifier: Apache-2.0
// The q and Q packets.
#include <fmt/format.h>

#include "platform/debug/registers.h"
#include "platform/debug/session.h"

namespace weft::debug {

namespace {

constexpr const char* error_invalid = "E22";

std::string supported() {
  return fmt::format(
      "PacketSize={:x};QStartNoAckMode+;qXfer:features:read+;qXfer:threads:read+;vContSupported+;swbreak+;"
      "hwbreak+",
      PacketReader::max_payload);
}

std::string escape_xml(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '<':
        result += "&lt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += letter;
    }
  }
  return result;
}

bool names_feature(std::string_view list, std::string_view feature) {
  return list.find(feature) != std::string_view::npos;
}

}  // namespace

void Session::query(std::string_view packet) {
  std::string_view rest = packet;
  if (take(rest, "Supported")) {
    says_swbreak_ = names_feature(rest, "swbreak+");
    says_hwbreak_ = names_feature(rest, "hwbreak+");
    reply(supported());
  } else if (take(rest, "Xfer:")) {
    transfer(rest);
  } else if (take(rest, "Rcmd,")) {
    monitor(rest);
  } else if (take(rest, "ThreadExtraInfo,")) {
    const std::optional<std::size_t> thread = take_thread(rest);
    if (!thread) {
      reply(error_invalid);
      return;
    }
    const Thread& named = target_.threads[*thread];
    reply(to_hex(named.name + ": " + state_text(*named.hart)));
  } else if (packet == "fThreadInfo") {
    std::string list = "m";
    for (std::size_t index = 0; index < target_.threads.size(); ++index) {
      list += fmt::format("{}{:x}", index == 0 ? "" : ",", index + 1);
    }
    reply(list);
  } else if (packet == "sThreadInfo") {
    reply("l");
  } else if (packet == "C") {
    reply(fmt::format("QC{:x}", present_ + 1));
  } else if (take(rest, "Attached")) {
    // So that a client that quits detaches instead of killing.
    reply("1");
  } else if (packet == "Offsets") {
    reply("Text=0;Data=0;Bss=0");
  } else if (take(rest, "Symbol:")) {
    reply("OK");
  } else {
    reply("");
  }
}

void Session::set_option(std::string_view packet) {
  if (packet != "StartNoAckMode") {
    reply("");
    return;
  }
  reply("OK");
  acknowledges_ = false;
}

// object:read:annex:offset,length
void Session::transfer(std::string_view packet) {
  const std::string* document = nullptr;
  if (take(packet, "features:read:target.xml:")) {
    if (description_.empty()) {
      std::vector<hart::Hart*> harts;
      for (const Thread& thread : target_.threads) harts.push_back(thread.hart);
      description_ = describe_registers(harts);
    }
    document = &description_;
  } else if (take(packet, "threads:read::")) {
    document = &threads_;
  } else {
    reply("");
    return;
  }
  const std::optional<std::uint64_t> offset = take_number(packet);
  const std::optional<std::uint64_t> length = take(packet, ",") ? take_number(packet) : std::nullopt;
  if (!offset || !length || !packet.empty()) {
    reply(error_invalid);
    return;
  }
  if (document == &threads_ && *offset == 0) threads_ = thread_list();
  if (*offset > document->size()) {
    reply(error_invalid);
    return;
  }
  // Escaping may double a piece.
  const std::uint64_t most = std::min<std::uint64_t>(*length, PacketReader::max_payload / 2 - 1);
  const std::string piece = document->substr(*offset, most);
  reply((*offset + piece.size() == document->size() ? "l" : "m") + piece);
}

std::string Session::thread_list() const {
  std::string text = "<?xml version=\"1.0\"?>\n<threads>\n";
  for (std::size_t index = 0; index < target_.threads.size(); ++index) {
    const Thread& thread = target_.threads[index];
    text += fmt::format("<thread id=\"{:x}\" name=\"{}\">{}</thread>\n", index + 1, escape_xml(thread.name),
                        escape_xml(state_text(*thread.hart)));
  }
  return text + "</threads>\n";
}

void Session::monitor(std::string_view digits) {
  const std::optional<std::string> line = from_hex(digits);
  if (!line) {
    reply(error_invalid);
    return;
  }
  print(run_monitor(target_, *line));
  reply("OK");
}

}  // namespace weft::debug
