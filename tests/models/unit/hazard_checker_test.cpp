// SPDX-License-Identifier: Apache-2.0
#include "models/unit/hazard_checker.h"

#include <catch2/catch.hpp>

using namespace weft::unit;
using Use = Extent::Use;

namespace {

struct Book {
  std::uint32_t pc = 0x100;
  std::vector<std::string> reports;
  int changes = 0;
  HazardChecker checker{[this](const std::string& text) { reports.push_back(text); }, [this] { return pc; }};

  Book() {
    checker.on_change([this] { ++changes; });
  }
};

}  // namespace

TEST_CASE("two uses of the same bytes are a hazard unless both read or both add") {
  const Use uses[] = {Use::reads, Use::writes, Use::accumulates};
  for (const Use first : uses) {
    for (const Use second : uses) {
      Book book;
      book.checker.issued(vector_index, {{100, 10, first}});
      book.checker.issued(dma_index, {{109, 10, second}});
      const bool harmless = first == second && first != Use::writes;
      CAPTURE(static_cast<int>(first), static_cast<int>(second));
      CHECK(book.checker.hazards() == (harmless ? 0 : 1));
    }
  }
}

TEST_CASE("bytes beside each other, commands of one unit and finished commands are no hazard") {
  Book book;
  book.checker.issued(vector_index, {{100, 10, Use::writes}});
  book.checker.issued(dma_index, {{90, 10, Use::writes}, {110, 4, Use::writes}});
  book.checker.issued(vector_index, {{100, 10, Use::writes}});
  CHECK(book.checker.hazards() == 0);
  CHECK(book.checker.owns(109, 120));
  CHECK_FALSE(book.checker.owns(114, 200));
  book.checker.finished(vector_index);
  CHECK(book.checker.owns(100, 100));
  book.checker.finished(vector_index);
  CHECK_FALSE(book.checker.owns(100, 109));
  book.checker.finished(vector_index);
  book.checker.access(100, 4, true);
  CHECK(book.checker.hazards() == 0);
  CHECK(book.changes == 5);
  book.checker.reset();
  CHECK_FALSE(book.checker.owns(0, 0xffffffff));
}

TEST_CASE("a report says where, who, which bytes and whose they are, once for every pc and owner") {
  Book book;
  book.checker.issued(first_crossbar_index + 3, {{0x1000, 0x40, Use::writes}});
  book.checker.issued(first_inversion_index, {{0x2000, 0x40, Use::reads}});
  book.checker.access(0x103c, 4, false);
  book.checker.access(0x1038, 4, false);
  CHECK(book.reports ==
        std::vector<std::string>{"hazard at pc 0x00000100: the hart reads 0x0000103c to 0x0000103f, "
                                 "which crossbar 3 has still to write"});
  book.checker.access(0x2000, 1, true);
  book.pc = 0x104;
  book.checker.issued(first_fp_pim_index + 1, {{0x0ff0, 0x20, Use::accumulates}});
  CHECK(book.checker.hazards() == 4);
  REQUIRE(book.reports.size() == 3);
  CHECK(book.reports[1] ==
        "hazard at pc 0x00000100: the hart writes 0x00002000 to 0x00002000, which inversion 0 has still to "
        "read");
  CHECK(book.reports[2] ==
        "hazard at pc 0x00000104: a command of floating-point PIM 1 adds to 0x00001000 to 0x0000100f, which "
        "crossbar 3 has still to write");
}

TEST_CASE("rows without gaps are one range, others one each") {
  Footprint footprint;
  add_rows(footprint, 100, 8, 3, 8, Use::reads);
  REQUIRE(footprint.size() == 1);
  CHECK(footprint[0].bytes == 24);
  footprint.clear();
  add_rows(footprint, 100, -16, 3, 8, Use::writes);
  REQUIRE(footprint.size() == 3);
  CHECK(footprint[2].address == 68);
  CHECK(footprint[2].bytes == 8);
  footprint.clear();
  add_rows(footprint, 100, 0, 1, 8, Use::reads);
  CHECK(footprint.size() == 1);
  footprint.clear();
  add_rows(footprint, 100, 0, 0, 8, Use::reads);
  CHECK(footprint.empty());
}

TEST_CASE("a range that ends with the address space does not begin it") {
  Book book;
  book.checker.issued(vector_index, {{0xfffffff0, 16, Use::writes}});
  CHECK_FALSE(book.checker.owns(0, 0xffffffef));
  CHECK(book.checker.owns(0xffffffff, 0xffffffff));
}
