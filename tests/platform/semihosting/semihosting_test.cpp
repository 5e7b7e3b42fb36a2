// SPDX-License-Identifier: Apache-2.0
#include "platform/semihosting/semihosting.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "platform/semihosting/operations.h"
#include "tests/support/program.h"

using namespace weft;
using namespace weft::semihosting;
using weft::test::read_text;
using weft::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t memory_base = 0x80000000;
constexpr std::uint32_t memory_size = 0x40000;
constexpr std::uint32_t block = memory_base;            // parameter block
constexpr std::uint32_t names = memory_base + 0x100;    // names of files
constexpr std::uint32_t buffer = memory_base + 0x1000;  // everything else
constexpr std::uint32_t minus_one = ~0u;

// The program's side: memory, and requests made of words in it.
class Guest {
 public:
  Guest() : memory_(memory_size) {
    fs::create_directory(root);
    semihosting::SemihostingConfig config;
    config.root = root;
    config.command_line = "one two";
    config.heap_base = 0x80010000;
    config.memory_end = 0x80040000;
    semihosting::Services services;
    services.memory.read = [this](std::uint32_t address, void* data, std::uint32_t size) {
      return copy(address, size, [&](std::uint8_t* here) { std::memcpy(data, here, size); });
    };
    services.memory.write = [this](std::uint32_t address, const void* data, std::uint32_t size) {
      return copy(address, size, [&](std::uint8_t* here) { std::memcpy(here, data, size); });
    };
    services.output = [this](std::uint8_t byte) { output += static_cast<char>(byte); };
    services.errors = [this](std::uint8_t byte) { errors += static_cast<char>(byte); };
    services.input = [this] {
      if (input.empty()) return -1;
      const int byte = static_cast<unsigned char>(input.front());
      input.erase(0, 1);
      return byte;
    };
    services.nanoseconds = [this] { return nanoseconds; };
    services.exit = [this](std::uint32_t code) { exits.push_back(code); };
    host.emplace(config, services);
  }

  std::uint32_t call(std::uint32_t operation, const std::vector<std::uint32_t>& words) {
    std::memcpy(at(block), words.data(), 4 * words.size());
    return host->call(operation, block);
  }
  int error() { return static_cast<int>(host->call(sys_errno, 0)); }

  std::uint32_t put_name(const std::string& name, std::uint32_t offset = 0) {
    std::memcpy(at(names + offset), name.c_str(), name.size() + 1);
    return names + offset;
  }
  std::uint32_t open(const std::string& name, std::uint32_t mode) {
    return call(sys_open, {put_name(name), mode, static_cast<std::uint32_t>(name.size())});
  }
  std::uint32_t write(std::uint32_t handle, const std::string& text) {
    std::memcpy(at(buffer), text.data(), text.size());
    return call(sys_write, {handle, buffer, static_cast<std::uint32_t>(text.size())});
  }
  std::string read(std::uint32_t handle, std::uint32_t size) {
    const std::uint32_t missing = call(sys_read, {handle, buffer, size});
    REQUIRE(missing <= size);
    return {reinterpret_cast<const char*>(at(buffer)), size - missing};
  }
  std::uint32_t word(std::uint32_t address) {
    std::uint32_t value = 0;
    std::memcpy(&value, at(address), sizeof value);
    return value;
  }
  std::uint8_t* at(std::uint32_t address) { return memory_.data() + (address - memory_base); }

  TemporaryFolder outside;
  fs::path root = outside / "root";
  std::string output;
  std::string errors;
  std::string input;
  std::uint64_t nanoseconds = 0;
  std::vector<std::uint32_t> exits;
  std::optional<Semihosting> host;

 private:
  template <typename Copy>
  bool copy(std::uint32_t address, std::uint32_t size, Copy access) {
    if (address < memory_base || address - memory_base > memory_size) return false;
    if (size > memory_size - (address - memory_base)) return false;
    access(at(address));
    return true;
  }

  std::vector<std::uint8_t> memory_;
};

}  // namespace

TEST_CASE("an ebreak is a request between the two marks only") {
  std::vector<std::uint32_t> code{0x01f01013, 0x00100073, 0x40705013};
  const auto is_request = [&] {
    semihosting::GuestMemory memory;
    memory.read = [&](std::uint32_t address, void* data, std::uint32_t size) {
      if (address != 0x1000 || size != 12) return false;
      std::memcpy(data, code.data(), size);
      return true;
    };
    return semihosting::is_request(memory, 0x1004);
  };
  CHECK(is_request());
  for (std::uint32_t& word : code) {
    word ^= 0x100;
    CHECK_FALSE(is_request());
    word ^= 0x100;
  }
}

TEST_CASE("a file is written, appended to, read back, measured and truncated") {
  Guest guest;
  const std::uint32_t written = guest.open("a.txt", 4);
  REQUIRE(written != minus_one);
  CHECK(guest.write(written, "first") == 0);
  CHECK(guest.call(sys_close, {written}) == 0);
  CHECK(read_text(guest.root / "a.txt") == "first");

  const std::uint32_t appended = guest.open("a.txt", 8);
  CHECK(guest.write(appended, " second") == 0);
  guest.call(sys_close, {appended});

  const std::uint32_t file = guest.open("a.txt", 2);
  CHECK(guest.call(sys_flen, {file}) == 12);
  CHECK(guest.call(sys_istty, {file}) == 0);
  CHECK(guest.read(file, 5) == "first");
  CHECK(guest.read(file, 100) == " second");
  CHECK(guest.read(file, 100).empty());
  CHECK(guest.call(sys_seek, {file, 6}) == 0);
  CHECK(guest.write(file, "S") == 0);
  CHECK(guest.read(file, 100) == "econd");
  guest.call(sys_close, {file});
  CHECK(read_text(guest.root / "a.txt") == "first Second");

  guest.call(sys_close, {guest.open("a.txt", 6)});
  CHECK(read_text(guest.root / "a.txt").empty());
}

TEST_CASE("more than one chunk is moved as a whole") {
  Guest guest;
  std::string text;
  for (int i = 0; i < 150'000; ++i) text += static_cast<char>('a' + i % 23);
  const std::uint32_t file = guest.open("big", 6);
  CHECK(guest.write(file, text) == 0);
  CHECK(guest.call(sys_seek, {file, 0}) == 0);
  std::memset(guest.at(buffer), 0, text.size());
  CHECK(guest.read(file, 160'000) == text);
}

TEST_CASE("what fails answers -1 and says why in errno") {
  Guest guest;
  const auto fails_with = [&](std::uint32_t answer, int error) {
    CHECK(answer == minus_one);
    CHECK(guest.error() == error);
  };
  fails_with(guest.open("missing", 0), ENOENT);
  fails_with(guest.open("a", 12), EINVAL);
  fails_with(guest.call(sys_close, {7}), EBADF);
  fails_with(guest.call(sys_close, {0}), EBADF);
  fails_with(guest.call(sys_seek, {guest.open(":tt", 4), 0}), ESPIPE);
  fails_with(guest.call(sys_system, {names, 4}), ENOSYS);
  fails_with(guest.host->call(0x999, block), ENOSYS);
  fails_with(guest.host->call(sys_open, 0x100), EFAULT);
  fails_with(guest.call(sys_open, {0x100, 0, 3}), EFAULT);
  fails_with(guest.call(sys_open, {names, 0, 5000}), ENAMETOOLONG);
  std::memcpy(guest.at(names), "a\0b", 3);
  fails_with(guest.call(sys_open, {names, 4, 3}), EINVAL);
  fails_with(guest.call(sys_remove, {guest.put_name("missing"), 7}), ENOENT);

  const std::uint32_t file = guest.open("a", 4);
  CHECK(guest.call(sys_write, {file, 0x100, 10}) == 10);
  CHECK(guest.error() == EFAULT);
  fails_with(guest.call(sys_read, {file, buffer, 10}), EBADF);  // opened for writing
}

TEST_CASE("nothing outside the folder can be reached") {
  Guest guest;
  guest.outside.file("secret", "secret");
  fs::create_directory(guest.root / "inner");
  fs::create_symlink(guest.outside / "secret", guest.root / "link");
  fs::create_symlink(guest.outside / "new", guest.root / "dangling");
  fs::create_symlink("..", guest.root / "up");
  fs::create_directory(guest.outside / "rootlike");
  REQUIRE(mkfifo((guest.root / "pipe").c_str(), 0600) == 0);
  const std::string absolute = (guest.root / "a").string();
  for (const std::string& name :
       {std::string("../secret"), std::string("inner/../../secret"), std::string("link"),
        std::string("up/secret"), std::string("../rootlike/a"), std::string("/etc/passwd"), absolute,
        std::string(""), std::string("."), std::string("inner"), std::string("pipe")}) {
    CAPTURE(name);
    CHECK(guest.open(name, 0) == minus_one);
    CHECK(guest.open(name, 4) == minus_one);
    CHECK(guest.open(name, 8) == minus_one);
  }
  CHECK(guest.open("dangling", 4) == minus_one);
  CHECK_FALSE(fs::exists(guest.outside / "new"));
  const auto size_of = [](const std::string& name) { return static_cast<std::uint32_t>(name.size()); };
  for (const std::string& name : {std::string("../secret"), std::string("up/secret"), std::string("link")}) {
    CHECK(guest.call(sys_remove, {guest.put_name(name), size_of(name)}) == minus_one);
    CHECK(guest.call(sys_rename, {guest.put_name(name), size_of(name), guest.put_name("mine", 0x80), 4}) ==
          minus_one);
  }
  guest.call(sys_close, {guest.open("own", 4)});
  CHECK(guest.call(sys_rename, {guest.put_name("own"), 3, guest.put_name("../own", 0x80), 6}) == minus_one);
  CHECK(read_text(guest.outside / "secret") == "secret");
  CHECK(guest.open("inner/../fine", 4) != minus_one);
}

TEST_CASE("a file is renamed and removed") {
  Guest guest;
  guest.call(sys_close, {guest.open("old", 4)});
  CHECK(guest.call(sys_rename, {guest.put_name("old"), 3, guest.put_name("new", 0x80), 3}) == 0);
  CHECK_FALSE(fs::exists(guest.root / "old"));
  REQUIRE(fs::exists(guest.root / "new"));
  CHECK(guest.call(sys_remove, {guest.put_name("new"), 3}) == 0);
  CHECK_FALSE(fs::exists(guest.root / "new"));
}

TEST_CASE("the console has standard input, output and error") {
  Guest guest;
  guest.input = "first\nsecond";
  const std::uint32_t input = guest.open(":tt", 0);
  const std::uint32_t output = guest.open(":tt", 4);
  const std::uint32_t errors = guest.open(":tt", 8);
  CHECK(guest.call(sys_istty, {input}) == 1);
  CHECK(guest.write(output, "out") == 0);
  CHECK(guest.write(errors, "err") == 0);
  CHECK(guest.read(input, 100) == "first\n");
  CHECK(guest.host->call(sys_readc, 0) == 's');
  CHECK(guest.read(input, 3) == "eco");
  CHECK(guest.read(input, 100) == "nd");
  CHECK(guest.host->call(sys_readc, 0) == minus_one);
  guest.put_name("text");
  CHECK(guest.host->call(sys_write0, names) == 0);
  CHECK(guest.host->call(sys_writec, names + 2) == 0);
  CHECK(guest.output == "outtextx");
  CHECK(guest.errors == "err");
  CHECK(guest.call(sys_write, {input, buffer, 4}) == 4);
}

TEST_CASE("a string without an end is written up to the end of memory") {
  Guest guest;
  std::memset(guest.at(memory_base + memory_size - 5), 'x', 5);
  CHECK(guest.host->call(sys_write0, memory_base + memory_size - 5) == minus_one);
  CHECK(guest.output == "xxxxx");
}

TEST_CASE("the features are announced in a file of their own") {
  Guest guest;
  const std::uint32_t file = guest.open(":semihosting-features", 0);
  CHECK(guest.call(sys_flen, {file}) == 5);
  CHECK(guest.read(file, 4) == "SHFB");
  CHECK(guest.read(file, 10) == "\x03");
  CHECK(guest.call(sys_seek, {file, 4}) == 0);
  CHECK(guest.read(file, 10) == "\x03");
  CHECK(guest.call(sys_seek, {file, minus_one}) == 0);
  CHECK(guest.read(file, 10).empty());
  CHECK(guest.open(":semihosting-features", 4) == minus_one);
}

TEST_CASE("time is simulated time") {
  Guest guest;
  CHECK(guest.host->call(sys_tickfreq, 0) == 1'000'000'000);
  guest.nanoseconds = 12'345'678'901;
  CHECK(guest.host->call(sys_clock, 0) == 1234);
  CHECK(guest.host->call(sys_time, 0) == 12);
  CHECK(guest.host->call(sys_elapsed, buffer) == 0);
  CHECK(guest.word(buffer) == static_cast<std::uint32_t>(guest.nanoseconds));
  CHECK(guest.word(buffer + 4) == 2);
}

TEST_CASE("exit codes: an application's own, and 1 for every other reason") {
  Guest guest;
  guest.host->call(sys_exit, 0x20026);
  guest.host->call(sys_exit, 0x20023);
  guest.call(sys_exit_extended, {0x20026, 42});
  guest.call(sys_exit_extended, {0x20024, 42});
  CHECK(guest.exits == std::vector<std::uint32_t>{0, 1, 42, 1});
}

TEST_CASE("command line, heap, temporary names and the sign of a status") {
  Guest guest;
  CHECK(guest.call(sys_get_cmdline, {buffer, 8}) == 0);
  CHECK(std::strcmp(reinterpret_cast<const char*>(guest.at(buffer)), "one two") == 0);
  CHECK(guest.word(block + 4) == 7);
  CHECK(guest.call(sys_get_cmdline, {buffer, 7}) == minus_one);

  CHECK(guest.call(sys_heapinfo, {buffer}) == 0);
  CHECK(guest.word(buffer) == 0x80010000);
  CHECK(guest.word(buffer + 4) == 0x80040000);
  CHECK(guest.word(buffer + 8) == 0x80040000);
  CHECK(guest.word(buffer + 12) == 0x80010000);

  CHECK(guest.call(sys_tmpnam, {buffer, 17, 12}) == 0);
  CHECK(std::strcmp(reinterpret_cast<const char*>(guest.at(buffer)), "weft-tmp-17") == 0);
  CHECK(guest.call(sys_tmpnam, {buffer, 17, 11}) == minus_one);

  CHECK(guest.call(sys_iserror, {0}) == 0);
  CHECK(guest.call(sys_iserror, {minus_one}) == 1);
}

TEST_CASE("handles run out, and closed ones are used again") {
  Guest guest;
  std::uint32_t last = 0;
  for (int i = 0; i < 256; ++i) last = guest.open(":tt", 4);
  CHECK(last == 256);
  CHECK(guest.open(":tt", 4) == minus_one);
  CHECK(guest.error() == EMFILE);
  CHECK(guest.call(sys_close, {100}) == 0);
  CHECK(guest.open(":tt", 4) == 100);
}

TEST_CASE("a folder that does not exist is refused") {
  CHECK_THROWS_WITH(semihosting::HostFolder("/nowhere/at/all"), Catch::Contains("/nowhere/at/all"));
  const TemporaryFolder folder;
  CHECK_THROWS_AS(semihosting::HostFolder(folder.file("plain", "")), Error);
}

TEST_CASE("random requests do no harm") {
  Guest guest;
  guest.outside.file("secret", "secret");
  CounterRng random(1, 2, 3);
  const std::vector<std::string> texts{"a", "../secret", ":tt", "b", "../c", ":semihosting-features"};
  for (int round = 0; round < 20'000; ++round) {
    guest.put_name(texts[random.below(static_cast<std::uint32_t>(texts.size()))]);
    std::vector<std::uint32_t> words;
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t choices[] = {random.below(6),
                                       names,
                                       buffer + random.below(64),
                                       random.below(1000),
                                       memory_base + memory_size - random.below(8),
                                       random.below(~0u)};
      words.push_back(choices[random.below(6)]);
    }
    guest.call(random.below(0x34), words);
    guest.output.clear();
    guest.errors.clear();
  }
  CHECK(read_text(guest.outside / "secret") == "secret");
  CHECK(std::distance(fs::directory_iterator(guest.outside.path()), {}) == 2);
}
