// SPDX-License-Identifier: Apache-2.0
#include "models/hart/isa.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "models/common/error.h"

namespace weft::hart {

namespace {

struct Extension {
  const char* name;
  bool Isa::*member;  // null: always there
};

constexpr Extension letters[] = {{"i", nullptr},          {"m", &Isa::muldiv},
                                 {"a", &Isa::atomics},    {"f", &Isa::single_float},
                                 {"c", &Isa::compressed}, {"u", &Isa::user_mode}};
constexpr Extension names[] = {{"zicntr", nullptr},   {"zicsr", nullptr}, {"zifencei", nullptr},
                               {"zba", &Isa::zba},    {"zbb", &Isa::zbb}, {"zbs", &Isa::zbs},
                               {"xweft", &Isa::xweft}};
constexpr const char* prefix = "rv32";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Isa parse() {
    const std::string text = lower(text_);
    if (text.rfind(prefix, 0) != 0) fail("does not begin with 'rv32'");
    const std::size_t end = text.find('_');
    const std::string base = text.substr(4, end == std::string::npos ? end : end - 4);
    if (base.empty() || base[0] != 'i') fail(why_not_base(base));
    for (const char letter : base) single_letter(letter);
    for (std::size_t at = end; at != std::string::npos;) {
      const std::size_t next = text.find('_', at + 1);
      named(text.substr(at + 1, next == std::string::npos ? next : next - at - 1));
      at = next;
    }
    return isa_;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(
        fmt::format("ISA '{}' {}; allowed is rv32i, then letters of m, a, f, c, b, u, then any of _zicsr, "
                    "_zifencei, _zicntr, _zba, _zbb, _zbs, _xweft",
                    text_, reason));
  }

  static std::string why_not_base(const std::string& base) {
    if (!base.empty() && base[0] == 'g')
      return "names 'g', which includes double precision (d), which there is not";
    return "has a base other than 'i'";
  }

  void single_letter(char letter) {
    const std::string name(1, letter);
    if (letter == 'd') fail("names 'd': there is no double precision");
    if (letter == 'b') {
      once(name);
      isa_.zba = isa_.zbb = isa_.zbs = true;
      return;
    }
    if (!set(letters, name)) fail(fmt::format("names '{}', which there is not", name));
  }

  void named(const std::string& name) {
    if (name.size() == 1) return single_letter(name[0]);
    if (!set(names, name)) fail(fmt::format("names '{}', which there is not", name));
  }

  template <std::size_t count>
  bool set(const Extension (&known)[count], const std::string& name) {
    const auto* found =
        std::find_if(std::begin(known), std::end(known), [&](const Extension& e) { return name == e.name; });
    if (found == std::end(known)) return false;
    once(name);
    if (found->member != nullptr) isa_.*found->member = true;
    return true;
  }

  void once(const std::string& name) {
    if (!seen_.insert(name).second) fail(fmt::format("names '{}' twice", name));
  }

  std::string text_;
  Isa isa_;
  std::set<std::string> seen_;
};

}  // namespace

Isa parse_isa(const std::string& text) { return Parser(text).parse(); }

std::string to_string(const Isa& isa) {
  std::string text = prefix;
  for (const Extension& letter : letters) {
    if (letter.member == nullptr || isa.*letter.member) text += letter.name;
  }
  for (const Extension& name : names) {
    if (name.member == nullptr || isa.*name.member) text += fmt::format("_{}", name.name);
  }
  return text;
}

void apply(const Isa& isa, CoreConfig& config) {
  config.muldiv = isa.muldiv;
  config.atomics = isa.atomics;
  config.single_float = isa.single_float;
  config.compressed = isa.compressed;
  config.zba = isa.zba;
  config.zbb = isa.zbb;
  config.zbs = isa.zbs;
  config.vendor_extension = isa.xweft;
}

}  // namespace weft::hart
